"""A timetable in memory: every table as it was, typed rows, and the indexes riders ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeVar

from gtfs import flex, rows
from gtfs.calls import calls_by_trip, shapes_by_id
from gtfs.fares import FaresV2, fares_v2
from gtfs.flex import Location, LocationGroup
from gtfs.frequencies import ExpandedCalls, Frequency, expanded_trips, frequencies
from gtfs.geo import Line, distance_m
from gtfs.rows import Agency, Calendar, CalendarDate, Route, Stop, StopTime, Trip
from gtfs.tables import REQUIRED_TABLES, FeedError, Table

__all__ = [
    "Agency",
    "Calendar",
    "CalendarDate",
    "Feed",
    "FeedError",
    "Route",
    "Stop",
    "StopTime",
    "Table",
    "Trip",
]

T = TypeVar("T")
K = TypeVar("K")

UNFIT_M = 1000.0


class Feed:
    """A whole feed; nothing changes after it is made.

    ``tables`` holds each known file by its name without ``.txt``; ``extras`` holds the bytes of
    every other file by its full name, so that a feed can be written back without a loss.
    In ``trips`` and ``stop_times`` a trip by headway stands as one trip a departure.
    """

    def __init__(
        self, tables: Mapping[str, Table], extras: Mapping[str, bytes] | None = None
    ) -> None:
        """Raise ``FeedError`` when a required table, column or value is missing or malformed."""
        for name in REQUIRED_TABLES:
            if name not in tables:
                raise FeedError(f"{name}.txt", None, None, "the file is missing")
        self.tables: Mapping[str, Table] = dict(tables)
        self.extras: Mapping[str, bytes] = dict(extras or {})
        self.agencies: Sequence[Agency] = rows.agencies(self.table("agency").loaded())
        self.stops = _by_id(
            self.table("stops").loaded(), "stop_id", rows.stops, lambda stop: stop.id
        )
        self.routes = _by_id(
            self.table("routes").loaded(), "route_id", rows.routes, lambda route: route.id
        )
        self.trips = _by_id(
            self.table("trips").loaded(), "trip_id", rows.trips, lambda trip: trip.id
        )
        self.stop_times = calls_by_trip(self.table("stop_times"))
        self.frequencies: Sequence[Frequency] = frequencies(self.table("frequencies"))
        if self.frequencies:
            self.trips = expanded_trips(self.trips, self.frequencies)
            self.stop_times = ExpandedCalls(self.stop_times, self.trips, self.frequencies)
        self.calendars = _by_id(
            self.table("calendar").loaded(),
            "service_id",
            rows.calendars,
            lambda week: week.service_id,
        )
        self.calendar_dates: Sequence[CalendarDate] = rows.calendar_dates(
            self.table("calendar_dates").loaded()
        )
        self.shapes = shapes_by_id(self.table("shapes"))
        self.booking_rules = _by_id(
            self.table("booking_rules"), "booking_rule_id", flex.booking_rules, lambda rule: rule.id
        )
        self.location_groups: Sequence[LocationGroup] = flex.location_groups(
            self.table("location_groups"), self.table("location_group_stops")
        )
        geojson = self.extras.get(flex.LOCATIONS)
        self.locations: Sequence[Location] = flex.locations(geojson) if geojson else ()
        self.fares: FaresV2 = fares_v2(self.table)
        self._services = lru_cache(maxsize=64)(self._find_services)
        self._ways: dict[tuple[str, tuple[str, ...]], tuple[Line, tuple[float, ...]]] = {}

    def __repr__(self) -> str:
        return f"Feed({len(self.routes)} routes, {len(self.trips)} trips, {len(self.stops)} stops)"

    def table(self, name: str) -> Table:
        """Return a table as it was read, or an empty one."""
        return self.tables.get(name) or Table(name, (), ())

    @property
    def timezone(self) -> str:
        """The time zone of every time in the feed, such as ``Asia/Tokyo``."""
        return self.agencies[0].timezone if self.agencies else ""

    # Days

    def services_on(self, day: date) -> frozenset[str]:
        """Return the ids of the services that run on a service day."""
        return self._services(day)

    def trips_on(self, day: date) -> list[Trip]:
        """Return the trips of a service day in the order of the file."""
        services = self.services_on(day)
        return [trip for trip in self.trips.values() if trip.service_id in services]

    def _find_services(self, day: date) -> frozenset[str]:
        running = {
            week.service_id
            for week in self.calendars.values()
            if week.start <= day <= week.end and week.weekdays[day.weekday()]
        }
        for change in self._changes.get(day, ()):
            (running.add if change.added else running.discard)(change.service_id)
        return frozenset(running)

    @cached_property
    def _changes(self) -> dict[date, list[CalendarDate]]:
        return _grouped(self.calendar_dates, lambda change: change.day)

    # Stops

    def calls_at(self, stop_id: str, day: date) -> list[tuple[Trip, StopTime]]:
        """Return the timed calls at a stop on a service day, by departure.

        A station has the calls of all its platforms.  An unknown stop has none.
        """
        services = self.services_on(day)
        calls = [
            (departure_s, self.trips[call.trip_id], call)
            for platform in (stop_id, *self.children.get(stop_id, ()))
            for call in self._calls.get(platform, ())
            if (departure_s := call.departure_s) is not None
            and self.trips[call.trip_id].service_id in services
        ]
        calls.sort(key=lambda found: (found[0], found[1].id, found[2].stop_sequence))
        return [(trip, call) for _, trip, call in calls]

    @cached_property
    def children(self) -> Mapping[str, Sequence[str]]:
        """The ids of the platforms of each station."""
        inner = (stop for stop in self.stops.values() if stop.parent_station)
        grouped = _grouped(inner, lambda stop: stop.parent_station)
        return {station: [stop.id for stop in stops] for station, stops in grouped.items()}

    @cached_property
    def _calls(self) -> dict[str, list[StopTime]]:
        known = (calls for trip_id, calls in self.stop_times.items() if trip_id in self.trips)
        return _grouped((call for calls in known for call in calls), lambda call: call.stop_id)

    # The way of a trip

    def line(self, trip_id: str) -> Line:
        """Return the way a trip takes: its shape, else straight from stop to stop.

        A shape that misses a stop by more than ``UNFIT_M`` is not taken for the trip's way.
        Raises ``KeyError`` for an unknown trip, ``ValueError`` when it has no places at all.
        """
        return self._way(trip_id)[0]

    def stop_offsets_m(self, trip_id: str) -> tuple[float, ...]:
        """Return how far along ``line(trip_id)`` each of its stops lies, never decreasing."""
        return self._way(trip_id)[1]

    def follows_shape(self, trip_id: str) -> bool:
        """Say whether a trip's way is its shape.

        ``True`` also where nothing speaks against it: no shape, or a stop without a place.
        """
        shape = self.shapes.get(self.trips[trip_id].shape_id)
        calls = self.stop_times.get(trip_id, ())
        if shape is None or not all(self._has_place(call.stop_id) for call in calls):
            return True
        return self.line(trip_id) is shape

    def _has_place(self, stop_id: str) -> bool:
        stop = self.stops.get(stop_id)
        return stop is not None and stop.place is not None

    def _way(self, trip_id: str) -> tuple[Line, tuple[float, ...]]:
        trip = self.trips[trip_id]
        stop_ids = tuple(call.stop_id for call in self.stop_times.get(trip_id, ()))
        key = (trip.shape_id if trip.shape_id in self.shapes else "", stop_ids)
        if key not in self._ways:
            self._ways[key] = self._find_way(*key)
        return self._ways[key]

    def _find_way(self, shape_id: str, stop_ids: Sequence[str]) -> tuple[Line, tuple[float, ...]]:
        places = [self._place(stop_id) for stop_id in stop_ids]
        shape = self.shapes.get(shape_id)
        if shape is not None:
            offsets_m = _offsets_m(shape, places)
            if _fits(shape, places, offsets_m):
                return shape, offsets_m
        straight = Line([lat for lat, _ in places], [lon for _, lon in places])
        return straight, _offsets_m(straight, places)

    def _place(self, stop_id: str) -> tuple[float, float]:
        stop = self.stops.get(stop_id)
        if stop is None or stop.place is None:
            raise ValueError(f"stop {stop_id!r} has no place")
        return stop.place

    # Words

    def translate(
        self, table: str, field: str, value: str, language: str, *, record_id: str | None = None
    ) -> str | None:
        """Return a text of the feed in another language, or ``None``; ``ja-Hrkt`` is kana.

        ``value`` is the text as the feed has it, in ``translate("stops", "stop_name", "岡山駅",
        "en")``; a translation given for ``record_id`` wins over one for the text.
        """
        words = self._words
        return (
            words.get((table, field, language, "id", record_id or ""))
            or words.get((table, field, language, "text", value))
            or words.get(("", "", language, "text", value))
        )

    def route_name(self, route_id: str, language: str) -> str | None:
        """Return what the bus shows of a route in another language, or ``None``."""
        route = self.routes.get(route_id)
        if route is None:
            return None
        field = "route_short_name" if route.short_name else "route_long_name"
        return self.translate("routes", field, route.name, language, record_id=route_id)

    @cached_property
    def _words(self) -> dict[tuple[str, str, str, str, str], str]:
        """Both forms: by record or text of one field, and (before 2020) by text anywhere."""
        words: dict[tuple[str, str, str, str, str], str] = {}
        for row in self.table("translations").records():
            cell = {column: text.strip() for column, text in row.items()}.get
            if "trans_id" in row:
                key = ("", "", cell("lang", ""), "text", cell("trans_id", ""))
            else:
                kind = "id" if cell("record_id") else "text"
                key = (
                    cell("table_name", ""),
                    cell("field_name", ""),
                    cell("language", ""),
                    kind,
                    cell("record_id") or cell("field_value", ""),
                )
            words.setdefault(key, cell("translation", ""))
        return words


def _by_id(
    table: Table, field: str, read: Callable[[Table], list[T]], id_of: Callable[[T], str]
) -> Mapping[str, T]:
    found: dict[str, T] = {}
    for i, row in enumerate(read(table)):
        if id_of(row) in found:
            raise table.error(i, field, f"{id_of(row)!r} is there twice")
        found[id_of(row)] = row
    return found


def _grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)


def _fits(shape: Line, places: Sequence[tuple[float, float]], offsets_m: Sequence[float]) -> bool:
    return all(
        distance_m(*place, *shape.at(along_m)[:2]) <= UNFIT_M
        for place, along_m in zip(places, offsets_m, strict=True)
    )


class _Reached(NamedTuple):
    """A way to place the stops so far: its sum of squared distances, and where each lies."""

    cost: float
    along_m: float
    offsets_m: tuple[float, ...]


def _offsets_m(line: Line, places: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Return places along the line in order, as near to their stops as the order allows.

    Where the line runs a street twice, the passes are chosen together: the least sum of squared
    distances over all stops.  Of equals the earlier passes win.
    """
    best = [_Reached(0.0, 0.0, ())]
    for lat, lon in places:
        passes = line.passes(lat, lon)
        near_m = min(off_m for _, off_m in passes) + 100.0
        passes = [(along_m, off_m) for along_m, off_m in passes if off_m <= near_m]
        best = _worth_keeping(
            _Reached(before.cost + round(off_m, 2) ** 2, along_m, (*before.offsets_m, along_m))
            for before in best
            for along_m, off_m in (*passes, line.project(lat, lon, from_m=before.along_m))
            if along_m >= before.along_m
        )
    return min(best).offsets_m


def _worth_keeping(reached: Iterable[_Reached]) -> list[_Reached]:
    """Keep what is cheaper than everything that comes no further along."""
    kept: list[_Reached] = []
    for state in sorted(reached, key=lambda state: (state.along_m, state.cost)):
        if not kept or state.cost < kept[-1].cost:
            kept.append(state)
    return kept
