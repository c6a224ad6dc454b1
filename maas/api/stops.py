"""Bus stops and their next departures."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict

from busloc import Departure
from busloc.ghost import RiderState
from gtfs import Feed, Stop
from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.places import Limit, Search
from maas.api.problems import Problem
from maas.api.reserved import reserved_at
from maas.api.service import Service
from maas.api.shapes import Shape
from maas.auth.roles import Permission
from maas.buses import stop_names

router = APIRouter(prefix="/stops", tags=["stops"])

PAST_S: Final = 900
"""A planned bus that nobody sees may be so late."""

StopId = Annotated[str, Path(min_length=1, max_length=200)]


class StopOut(BaseModel):
    """A bus stop."""

    id: str
    name: str
    kana: str | None
    name_en: str | None
    lat: float
    lon: float


class DepartureOut(Shape):
    """One departure; instants are epoch seconds, `expected` null while only the plan is known."""

    id: str
    trip: str
    route: str
    route_name: str
    route_name_en: str
    headsign: str
    headsign_kana: str
    headsign_en: str
    color: str
    text_color: str
    platform: str
    scheduled: int
    expected: int | None
    low: int | None
    high: int | None
    be_there_by: int
    state: str
    delay_s: int | None
    vehicle: str | None


class NoticeOut(BaseModel):
    """A notice to riders; `spoken` is how it is read aloud where that differs."""

    text: str
    text_en: str
    spoken: str = ""
    severity: Literal["info", "warning", "severe"] = "info"


class ReservedOut(Shape):
    """A booked vehicle that comes to a stop: its number and times, never whom it fetches.

    `planned` is when it is expected, `window_from` and `window_to` what was promised, all epoch
    seconds; `digits` are the last two of the rider's reception number.
    """

    id: str
    vehicle: str
    vehicle_en: str
    planned: int
    window_from: int
    window_to: int
    arrived: bool
    digits: str


class DeparturesOut(BaseModel):
    """What the sign of a stop shows; `now` is the service's epoch seconds.

    `phone` is where one books a ride, empty when the town has none.
    """

    stop: StopOut
    now: float
    departures: list[DepartureOut]
    notices: list[NoticeOut]
    reserved: list[ReservedOut]
    phone: str


class LineOut(Shape):
    """Of which line a departure is, and where it goes."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    route: str
    route_name: str
    route_name_en: str
    headsign: str
    headsign_kana: str
    headsign_en: str
    color: str
    text_color: str
    platform: str


class TimetableOut(BaseModel):
    """A stop's departures by the timetable until `until`, for when nothing else can be asked.

    Each has its epoch second, the number of its line, and its `id` on the board; `off` are the
    ids of those that do not run.
    """

    until: int
    lines: list[LineOut]
    departures: list[tuple[int, int, str]]
    off: list[str]


@router.get("", operation_id="searchStops", **needs(Permission.PUBLIC))
async def search_stops(service: The, q: Search = "", limit: Limit = 50) -> list[StopOut]:
    """Find stops by name, kana, romaji or English name, best match first."""
    return [stop_out(*found) for found in service.buses.stop_index.search(q, limit)]


@router.get("/{stop_id}", operation_id="readStop", **needs(Permission.PUBLIC, "not-found"))
async def read_stop(stop_id: StopId, service: The) -> StopOut:
    """Return one stop."""
    return stop_out(*known_stop(service, stop_id))


@router.get(
    "/{stop_id}/departures", operation_id="listDepartures", **needs(Permission.PUBLIC, "not-found")
)
async def list_departures(
    stop_id: StopId, service: The, limit: Annotated[int, Query(ge=1, le=50)] = 8
) -> DeparturesOut:
    """Return the next departures of a stop: when they are due, when expected, and how sure."""
    feed, stop = known_stop(service, stop_id)
    now = service.clock()
    departures: list[Departure] = service.buses.departures(stop_id, now, limit)
    return DeparturesOut(
        stop=stop_out(feed, stop),
        now=now,
        departures=[DepartureOut.model_validate(departure) for departure in departures],
        notices=notices_of(service, stop_id),
        reserved=[ReservedOut.model_validate(row) for row in reserved_at(service, stop, now)],
        phone=service.town.booking_phone if service.town else "",
    )


@router.get(
    "/{stop_id}/timetable",
    operation_id="readStopTimetable",
    **needs(Permission.PUBLIC, "not-found"),
)
async def read_timetable(
    stop_id: StopId, service: The, days: Annotated[int, Query(ge=1, le=14)] = 14
) -> TimetableOut:
    """Return what a sign shows while it hears nothing: from yesterday's last buses on."""
    known_stop(service, stop_id)
    today, now = service.today(), service.clock()
    lines: dict[LineOut, int] = {}
    found: list[tuple[int, int, str]] = []
    off: list[str] = []
    for number in range(-1, days):
        for row in service.buses.departures_on(stop_id, today + timedelta(days=number)):
            line = LineOut.model_validate(row)
            if row.scheduled >= now - PAST_S:
                found.append((row.scheduled, lines.setdefault(line, len(lines)), row.id))
                if row.state == RiderState.CANCELLED:
                    off.append(row.id)
    end = datetime.combine(today + timedelta(days=days), time(), ZoneInfo(service.timezone))
    found.sort()
    return TimetableOut(until=int(end.timestamp()), lines=list(lines), departures=found, off=off)


def notices_of(service: Service, stop_id: str) -> list[NoticeOut]:
    """Return what riders are told at a stop: the alerts that hold there, then the town's own."""
    rows = service.buses.notices.at_stop(stop_id, service.clock())
    found = [
        NoticeOut(
            text=f"{row.header}{row.text}",
            text_en=f"{row.header_en} {row.text_en}".strip(),
            spoken=row.spoken,
            severity=_severity(row.severity),
        )
        for row in reversed(rows)
    ]
    town = service.town
    if town is not None and town.notice:
        found.append(NoticeOut(text=town.notice, text_en=town.notice_en))
    return found


def _severity(name: str) -> Literal["info", "warning", "severe"]:
    known: dict[str, Literal["info", "warning", "severe"]] = {
        "WARNING": "warning",
        "SEVERE": "severe",
    }
    return known.get(name, "info")


def known_stop(service: Service, stop_id: str) -> tuple[Feed, Stop]:
    """Return a stop and the timetable it is in, or raise the problem 404."""
    found = service.buses.stop(stop_id)
    if found is None:
        raise Problem("not-found")
    return found


def stop_out(feed: Feed, stop: Stop) -> StopOut:
    """Return a stop as it is shown."""
    name, kana, name_en = stop_names(feed, stop)
    return StopOut(
        id=stop.id,
        name=name,
        kana=kana or None,
        name_en=name_en or None,
        lat=stop.lat or 0.0,
        lon=stop.lon or 0.0,
    )
