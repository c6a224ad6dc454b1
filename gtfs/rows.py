"""Typed rows of the tables a timetable is made of, and how they are read from text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gtfs.calendar import parse_date, parse_time
from gtfs.tables import Table

MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Agency:
    """Who runs the buses."""

    id: str
    name: str
    url: str
    timezone: str
    lang: str
    phone: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A pole, platform or station (``location_type`` 1) where riders wait.

    ``lat`` and ``lon`` are ``None`` only for the inner nodes of a station.
    """

    id: str
    code: str
    name: str
    desc: str
    lat: float | None
    lon: float | None
    zone_id: str
    location_type: int
    parent_station: str
    wheelchair_boarding: int
    platform_code: str

    @property
    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude, ``None`` unless both are known."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)


@dataclass(frozen=True, slots=True)
class Route:
    """A line as riders know it; the colours are six hex digits or empty."""

    id: str
    agency_id: str
    short_name: str
    long_name: str
    desc: str
    type: int
    color: str
    text_color: str
    parent_route_id: str

    @property
    def name(self) -> str:
        """What the bus shows: the short name, else the long one."""
        return self.short_name or self.long_name


@dataclass(frozen=True, slots=True)
class Trip:
    """One run of a route on the days of its service; ``block_id`` is the vehicle's duty.

    A departure of a trip by headway has that trip's id in ``run_of``, and when it starts.
    """

    id: str
    route_id: str
    service_id: str
    headsign: str
    short_name: str
    direction_id: int | None
    block_id: str
    shape_id: str
    wheelchair_accessible: int
    run_of: str = ""
    run_start_s: int | None = None

    @property
    def file_id(self) -> str:
        """The id in trips.txt, as GTFS Realtime wants it."""
        return self.run_of or self.id


@dataclass(frozen=True, slots=True)
class StopTime:
    """A trip's call at a stop; times are service-day seconds, ``None`` where not given.

    A call with one of the two times has both.  ``pickup_type``/``drop_off_type``: 0 regular,
    1 none, 2 phone ahead, 3 ask the driver.  ``timepoint``: ``False`` = the times are estimates.
    Demand service has a group of stops or an area instead of a stop, and a window for times.
    """

    trip_id: str
    stop_sequence: int
    stop_id: str
    arrival_s: int | None
    departure_s: int | None
    headsign: str
    pickup_type: int
    drop_off_type: int
    timepoint: bool
    location_group_id: str = ""
    location_id: str = ""
    window_start_s: int | None = None
    window_end_s: int | None = None
    pickup_rule_id: str = ""
    drop_off_rule_id: str = ""

    @property
    def on_demand(self) -> bool:
        """Whether it is an area or a time to be fetched in, not a stop with a time."""
        return self.window_start_s is not None or not self.stop_id


@dataclass(frozen=True, slots=True)
class Calendar:
    """The weekdays (Monday first) on which a service runs between two days, both included."""

    service_id: str
    weekdays: tuple[bool, ...]
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """A day on which a service runs (``added``) or does not run, whatever its calendar says."""

    service_id: str
    day: date
    added: bool


def whole(text: str) -> int:
    """Return a whole number, not negative.  Raises ``ValueError``."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text[:40]!r} is not a whole number")
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def latitude(text: str) -> float:
    """Return degrees north.  Raises ``ValueError``."""
    return degrees(text, 90.0)


def longitude(text: str) -> float:
    """Return degrees east.  Raises ``ValueError``."""
    return degrees(text, 180.0)


def degrees(value: str | float, most: float) -> float:
    """Return degrees between ``-most`` and ``most``.  Raises ``ValueError``."""
    number = float(value)
    if not -most <= number <= most:
        raise ValueError(f"{value!r} is not between -{most:g} and {most:g} degrees")
    return number


def agencies(table: Table) -> list[Agency]:
    """Return the rows of agency.txt."""
    names = ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang")
    columns = [table.texts(name) for name in (*names, "agency_phone")]
    return [Agency(*cells) for cells in zip(*columns, strict=True)]


def stops(table: Table) -> list[Stop]:
    """Return the rows of stops.txt.  Raises ``FeedError``."""
    cells = zip(
        table.required("stop_id", str),
        table.texts("stop_code"),
        table.texts("stop_name"),
        table.texts("stop_desc"),
        table.parsed("stop_lat", latitude, None),
        table.parsed("stop_lon", longitude, None),
        table.texts("zone_id"),
        table.parsed("location_type", whole, 0),
        table.texts("parent_station"),
        table.parsed("wheelchair_boarding", whole, 0),
        table.texts("platform_code"),
        strict=True,
    )
    return [Stop(*row) for row in cells]


def routes(table: Table) -> list[Route]:
    """Return the rows of routes.txt.  Raises ``FeedError``."""
    cells = zip(
        table.required("route_id", str),
        table.texts("agency_id"),
        table.texts("route_short_name"),
        table.texts("route_long_name"),
        table.texts("route_desc"),
        table.required("route_type", whole),
        table.texts("route_color"),
        table.texts("route_text_color"),
        table.texts("jp_parent_route_id"),
        strict=True,
    )
    return [Route(*row) for row in cells]


def trips(table: Table) -> list[Trip]:
    """Return the rows of trips.txt.  Raises ``FeedError``."""
    cells = zip(
        table.required("trip_id", str),
        table.required("route_id", str),
        table.required("service_id", str),
        table.texts("trip_headsign"),
        table.texts("trip_short_name"),
        table.parsed("direction_id", whole, None),
        table.texts("block_id"),
        table.texts("shape_id"),
        table.parsed("wheelchair_accessible", whole, 0),
        strict=True,
    )
    return [Trip(*row) for row in cells]


def stop_times(table: Table) -> list[StopTime]:
    """Return the rows of stop_times.txt in file order.  Raises ``FeedError``."""
    arrivals = table.parsed("arrival_time", parse_time, None)
    departures = table.parsed("departure_time", parse_time, None)
    cells = zip(
        table.required("trip_id", str),
        table.required("stop_sequence", whole),
        table.texts("stop_id"),
        (d if a is None else a for a, d in zip(arrivals, departures, strict=True)),
        (a if d is None else d for a, d in zip(arrivals, departures, strict=True)),
        table.texts("stop_headsign"),
        table.parsed("pickup_type", whole, 0),
        table.parsed("drop_off_type", whole, 0),
        table.parsed("timepoint", _is_one, empty=True),
        table.texts("location_group_id"),
        table.texts("location_id"),
        table.parsed("start_pickup_drop_off_window", parse_time, None),
        table.parsed("end_pickup_drop_off_window", parse_time, None),
        table.texts("pickup_booking_rule_id"),
        table.texts("drop_off_booking_rule_id"),
        strict=True,
    )
    return [StopTime(*row) for row in cells]


def calendars(table: Table) -> list[Calendar]:
    """Return the rows of calendar.txt.  Raises ``FeedError``."""
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    cells = zip(
        table.required("service_id", str),
        zip(*(table.required(name, _is_one) for name in names), strict=True),
        table.required("start_date", parse_date),
        table.required("end_date", parse_date),
        strict=True,
    )
    return [Calendar(*row) for row in cells]


def calendar_dates(table: Table) -> list[CalendarDate]:
    """Return the rows of calendar_dates.txt.  Raises ``FeedError``."""
    cells = zip(
        table.required("service_id", str),
        table.required("date", parse_date),
        table.required("exception_type", _is_added),
        strict=True,
    )
    return [CalendarDate(*row) for row in cells]


def _is_one(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"


def _is_added(text: str) -> bool:
    if text not in {"1", "2"}:
        raise ValueError(f"{text!r} is neither 1 (added) nor 2 (removed)")
    return text == "1"
