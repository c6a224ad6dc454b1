"""The town's buses as rides meet them: at a stop, by the timetable and as they are known to run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from busloc import Run, Timetable
from busloc.course import Course
from gtfs.geo import distance_m
from maas.buses import Buses
from maas.rides.connections import WALK_MOST_M, Bus, Sighted
from maas.store.links import Toward
from maas.town.calendars import clock_words
from maas.town.messages import Text

MOST: Final = 20


class TownBuses:
    """The buses of the town's own timetable; see `maas.rides.connections.BusTimes`."""

    def __init__(self, buses: Buses) -> None:
        self._buses = buses

    def bus(self, trip_id: str, stop_id: str, day: date, toward: Toward) -> Bus | None:
        """Return a bus by the timetable, `None` when it does not call there that day."""
        timetable = self._buses.timetable
        if timetable is None or not timetable.runs(trip_id, day):
            return None
        course = timetable.course(trip_id)
        index = None if course is None else _call(course, stop_id, toward)
        return None if course is None or index is None else _bus(timetable, course, index, toward)

    def sighted(self, bus: Bus, day: date, toward: Toward, now: float) -> Sighted:
        """Return what is known of a bus at the epoch second `now`."""
        live, timetable = self._buses.live, self._buses.timetable
        run = Run(bus.trip_id, day)
        if run in live.cancelled:
            return Sighted(off=True)
        course = None if timetable is None else timetable.course(bus.trip_id)
        index = None if course is None else _call(course, bus.stop_id, toward)
        for call in live.ahead(run, now):
            if call.index == index:
                return Sighted(call.depart_s if toward == "to_bus" else call.arrive_s)
        return Sighted()

    def after(self, bus: Bus, day: date, toward: Toward, at_s: int) -> Bus | None:
        """Return the next bus of the same line and way at the stop from `at_s` on."""
        timetable = self._buses.timetable
        if timetable is None:
            return None
        mine = timetable.feed.trips[bus.trip_id]
        found = [
            other
            for other in self._all(timetable, bus.stop_id, day, toward)
            if other.at_s >= at_s
            and other.trip_id != bus.trip_id
            and Run(other.trip_id, day) not in self._buses.live.cancelled
            and (trip := timetable.feed.trips[other.trip_id]).route_id == mine.route_id
            and trip.direction_id == mine.direction_id
        ]
        return min(found, key=lambda other: other.at_s, default=None)

    def near(
        self, lat: float, lon: float, day: date, toward: Toward, at_s: int
    ) -> list[tuple[Bus, int]]:
        """Return the next buses within a walk of a place, each at the nearest stop, in metres."""
        timetable = self._buses.timetable
        if timetable is None:
            return []
        found: dict[str, tuple[Bus, int]] = {}
        for stop in timetable.feed.stops.values():
            if stop.location_type != 0 or stop.place is None:
                continue
            apart_m = round(distance_m(lat, lon, *stop.place))
            if apart_m > WALK_MOST_M:
                continue
            for bus in self._all(timetable, stop.id, day, toward):
                known = found.get(bus.trip_id)
                if bus.at_s >= at_s and (known is None or apart_m < known[1]):
                    found[bus.trip_id] = bus, apart_m
        return sorted(found.values(), key=lambda one: (one[0].at_s, one[1]))[:MOST]

    def _all(self, timetable: Timetable, stop_id: str, day: date, toward: Toward) -> Iterator[Bus]:
        for trip, _ in timetable.feed.calls_at(stop_id, day):
            found = self.bus(trip.id, stop_id, day, toward)
            if found is not None:
                yield found


def _call(course: Course, stop_id: str, toward: Toward) -> int | None:
    """Return which call of a trip is at a stop where one can get in, or out."""
    last = len(course.calls) - 1
    able = range(last) if toward == "to_bus" else range(1, last + 1)
    return next((at for at in able if course.calls[at].stop_id == stop_id), None)


def _bus(timetable: Timetable, course: Course, index: int, toward: Toward) -> Bus | None:
    feed, trip = timetable.feed, course.trip
    stop_id = course.calls[index].stop_id
    place = feed.stops[stop_id].place
    if place is None:
        return None
    at_s = course.depart_s[index] if toward == "to_bus" else course.arrive_s[index]
    route = feed.routes.get(trip.route_id)
    line, clock = route.name if route else "", clock_words(at_s)
    name = Text(
        f"{clock}{'発' if toward == 'to_bus' else '着'} {line} {trip.headsign}行き".strip(),
        f"the {clock} {line} bus for {trip.headsign}",
    )
    return Bus(trip.id, stop_id, at_s, name, *place)
