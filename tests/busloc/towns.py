"""Towns on one meridian: stop ``s0``, ``s1``, … a thousand metres apart, a bus does 10 m/s.

The service day is Wednesday, 2026-11-25, in Japan; ``at("08:00:00")`` is an instant of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from busloc.ping import Ping
from gtfs.calendar import day_start_epoch, parse_time
from gtfs.feed import Feed
from gtfs.geo import DEGREE_M
from gtfs.read import parse_table

TZ = ZoneInfo("Asia/Tokyo")
DAY = date(2026, 11, 25)
REGION = (34.0, 133.0, 36.0, 135.0)
LAT0, LON0 = 34.8, 133.7
CALL = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint,pickup_type"
WEEK = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date"


@dataclass(frozen=True)
class Bus:
    """A trip through stops; each call is (stop, time) or (stop, arrival, departure)."""

    trip: str
    calls: Sequence[tuple[str, ...]]
    block: str = ""
    route: str = "r1"
    shape: str = ""
    timepoints: bool = True
    set_down_only: tuple[str, ...] = ()


def place(metres: float, east_m: float = 0.0) -> tuple[float, float]:
    """Return the (lat, lon) so far north of ``s0`` and east of the meridian."""
    return LAT0 + metres / DEGREE_M, LON0 + east_m / (DEGREE_M * 0.8211)


def at(clock: str, day: date = DAY) -> float:
    """Return the instant of a time of the service day."""
    return day_start_epoch(day, TZ) + parse_time(clock)


def ping(
    metres: float, t: float, *, vehicle: str = "bus", seq: int | None = None,
    trip: str | None = None, east_m: float = 0.0, boot: str = "boot",
) -> Ping:  # fmt: skip
    """Return a fix so far along the meridian."""
    lat, lon = place(metres, east_m)
    number = int(t * 10) if seq is None else seq
    return Ping(vehicle=vehicle, boot=boot, seq=number, t=t, lat=lat, lon=lon, trip=trip)


def feed_of(
    *buses: Bus, stops: int = 8, shapes: dict[str, Sequence[tuple[float, float]]] | None = None
) -> Feed:
    """Return the timetable of a line town; shapes are (metres north, metres east)."""
    stop_rows = [f"s{i},停{i},{place(1000 * i)[0]},{LON0}" for i in range(stops)]
    routes = sorted({bus.route for bus in buses})
    trips = [f"{b.route},daily,{b.trip},行先,{b.block},{b.shape}" for b in buses]
    calls = [
        f"{b.trip},{call[1]},{call[-1]},{call[0]},{i},{int(b.timepoints)},"
        f"{int(call[0] in b.set_down_only)}"
        for b in buses
        for i, call in enumerate(b.calls)
    ]
    points = [
        f"{shape},{place(north, east)[0]},{place(north, east)[1]},{i}"
        for shape, line in (shapes or {}).items()
        for i, (north, east) in enumerate(line)
    ]
    texts = {
        "agency": ["agency_id,agency_name,agency_url,agency_timezone,agency_lang",
                   "a,町,https://example.invalid/,Asia/Tokyo,ja"],
        "stops": ["stop_id,stop_name,stop_lat,stop_lon", *stop_rows],
        "routes": ["route_id,route_short_name,route_long_name,route_type",
                   *(f"{route},{route}線,,3" for route in routes)],
        "trips": ["route_id,service_id,trip_id,trip_headsign,block_id,shape_id", *trips],
        "stop_times": [CALL, *calls],
        "shapes": ["shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence", *points],
        "calendar": [WEEK, "daily,1,1,1,1,1,1,1,20261101,20261231"],
        "translations": ["table_name,field_name,language,translation,field_value",
                         "trips,trip_headsign,en,Somewhere,行先",
                         "trips,trip_headsign,ja-Hrkt,いきさき,行先"],
    }  # fmt: skip
    return Feed({name: parse_table(name, "\n".join(rows).encode()) for name, rows in texts.items()})


def hourly(trip: str = "t8", hour: int = 8, *, block: str = "", stops: int = 6) -> Bus:
    """Return a trip from ``s0`` at the hour, a stop every 100 s."""
    calls = [(f"s{i}", f"{hour:02d}:{i * 100 // 60:02d}:{i * 100 % 60:02d}") for i in range(stops)]
    return Bus(trip, calls, block=block)


def back(trip: str, clock_s: int, *, block: str = "", stops: int = 6) -> Bus:
    """Return a trip from the last stop to ``s0``, a stop every 100 s from ``clock_s`` on."""
    calls = []
    for i in range(stops):
        hours, rest = divmod(clock_s + 100 * i, 3600)
        calls.append((f"s{stops - 1 - i}", f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"))
    return Bus(trip, calls, block=block)
