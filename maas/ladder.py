"""The town's bus lines as ladders: where every run should be and is along its line, and when.

A ladder has one line's stops in a row, at the metres of its longest way; runs of its other ways,
those back too, are laid on it by the names of their stops.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from busloc import Course, LiveMap, RiderState, Run, Timetable
from gtfs import Feed, Route

BEFORE_S: Final = 3600
AHEAD_S: Final = 5400
"""Runs that end or begin within so long around now are shown."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A stop of a ladder, so many metres from its first."""

    name: str
    name_en: str
    at_m: int


@dataclass(frozen=True, slots=True)
class Call:
    """When a run should be at a rung: arrival and departure, epoch seconds."""

    at_m: int
    arrive: int
    depart: int


@dataclass(frozen=True, slots=True)
class Spotted:
    """Where a vehicle was on its run at the epoch second `ts`; late when `delay_s` is positive."""

    vehicle: str
    name: str
    at_m: int
    ts: float
    delay_s: int


@dataclass(frozen=True, slots=True)
class Climb:
    """One run of a line: `bus` is `None` while no vehicle is known to be on it."""

    trip: str
    headsign: str
    headsign_en: str
    state: RiderState
    calls: tuple[Call, ...]
    bus: Spotted | None


@dataclass(frozen=True, slots=True)
class Ladder:
    """A bus line with what runs on it around now."""

    route: str
    name: str
    name_en: str
    color: str
    rungs: tuple[Rung, ...]
    runs: tuple[Climb, ...]


def ladders(live: LiveMap, now: float) -> list[Ladder]:
    """Return the lines that have runs around an epoch second, in the order of the timetable."""
    timetable = live.timetable
    if timetable is None:
        return []
    found: dict[str, list[tuple[Run, Course]]] = {}
    for run, course in _around(timetable, now):
        found.setdefault(course.trip.route_id, []).append((run, course))
    routes = timetable.feed.routes
    return [
        _ladder(live, timetable, routes[route_id], found[route_id], now)
        for route_id in routes
        if route_id in found
    ]


def _around(timetable: Timetable, now: float) -> Iterator[tuple[Run, Course]]:
    """Yield the runs that are under way within the window around now."""
    for day in timetable.days_around(now)[:2]:
        start = timetable.day_start(day)
        for trip in timetable.feed.trips_on(day):
            course = timetable.course(trip.id)
            if course is None:
                continue
            begins, ends = start + course.depart_s[0], start + course.arrive_s[-1]
            if begins <= now + AHEAD_S and ends >= now - BEFORE_S:
                yield Run(trip.id, day), course


def _ladder(
    live: LiveMap,
    timetable: Timetable,
    route: Route,
    runs: Sequence[tuple[Run, Course]],
    now: float,
) -> Ladder:
    feed = timetable.feed
    spine = max((course for _, course in runs), key=lambda one: len(one.calls))
    rungs = _rungs(feed, spine)
    places = {rung.name: rung.at_m for rung in rungs}
    climbs = [_climb(live, timetable, run, course, places, now) for run, course in runs]
    shown = sorted((one for one in climbs if one is not None), key=lambda one: one.calls[0].depart)
    english = feed.route_name(route.id, "en") or ""
    return Ladder(route.id, route.name, english, route.color, rungs, tuple(shown))


def _rungs(feed: Feed, spine: Course) -> tuple[Rung, ...]:
    found: dict[str, Rung] = {}
    for call, at_m in zip(spine.calls, spine.offsets_m, strict=True):
        name = _name(feed, call.stop_id)
        english = feed.translate("stops", "stop_name", name, "en") or ""
        found.setdefault(name, Rung(name, english, round(at_m)))
    return tuple(found.values())


def _name(feed: Feed, stop_id: str) -> str:
    return feed.stops[stop_id].name


def _climb(
    live: LiveMap,
    timetable: Timetable,
    run: Run,
    course: Course,
    places: Mapping[str, int],
    now: float,
) -> Climb | None:
    """Return a run on its ladder, `None` when fewer than two of its stops are there."""
    feed, start = timetable.feed, timetable.day_start(run.day)
    known = [
        (offset_m, Call(places[name], start + arrive_s, start + depart_s))
        for call, offset_m, arrive_s, depart_s in zip(
            course.calls, course.offsets_m, course.arrive_s, course.depart_s, strict=True
        )
        if (name := _name(feed, call.stop_id)) in places
    ]
    if len(known) < 2:
        return None
    headsign = course.trip.headsign
    return Climb(
        trip=run.trip_id,
        headsign=headsign,
        headsign_en=feed.translate("trips", "trip_headsign", headsign, "en") or "",
        state=live.state(run, now),
        calls=tuple(call for _, call in known),
        bus=_bus(live, run, known),
    )


def _bus(live: LiveMap, run: Run, known: Sequence[tuple[float, Call]]) -> Spotted | None:
    """Return the vehicle that was last placed on a run, where it is among the rungs."""
    vehicle = live.runs_it(run)
    track = None if vehicle is None else live.track(vehicle)
    if vehicle is None or track is None or track.match is None or track.match.run != run:
        return None
    shown = live.shown.get(vehicle)
    at_m = _between(track.match.along_m, known)
    name = shown.name if shown else vehicle
    return Spotted(vehicle, name, at_m, track.match.t, round(track.match.delay_s))


def _between(along_m: float, known: Sequence[tuple[float, Call]]) -> int:
    """Return the rung metres of a place on a run's own way, in proportion between two stops."""
    i = min(max(bisect_right(known, along_m, key=lambda one: one[0]), 1), len(known) - 1)
    (low_m, low), (high_m, high) = known[i - 1], known[i]
    share = min(1.0, max(0.0, (along_m - low_m) / (high_m - low_m or 1.0)))
    return round(low.at_m + share * (high.at_m - low.at_m))
