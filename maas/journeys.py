"""Which buses bring somebody there, on today's timetable as it is known to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from busloc import LiveMap, Run, Timetable
from gtfs import Feed
from gtfs.geo import distance_m
from gtfs.journeys import Network
from gtfs.network import WALK_MPS, Times

TO_STOP_M = 800.0
"""So far an old person walks to a stop."""


Known = Mapping[tuple[str, date], Times | None]
"""Times of trips on service days as they are known now; None: called off."""


@dataclass(slots=True)
class Planner:
    """Keeps the network of a day, which takes a tenth of a second to make."""

    _day: tuple[int, date] | None = None
    _network: Network = field(default_factory=lambda: Network((), {}))

    def network(self, timetable: Timetable, day: date) -> Network:
        """Return the network of a service day as planned."""
        if self._day != (id(timetable), day):
            self._day, self._network = (id(timetable), day), Network.of(timetable.feed, day)
        return self._network


def known_times(live: LiveMap, timetable: Timetable, now: float) -> Known:
    """Return the times of the runs that somebody was seen on or soon will be."""
    return {(run.trip_id, run.day): times for run, times in _known(live, timetable, now)}


def _known(live: LiveMap, timetable: Timetable, now: float) -> Iterator[tuple[Run, Times | None]]:
    for run in live.cancelled:
        yield run, None
    for vehicle in live.shown:
        track = live.track(vehicle)
        if track is None or track.match is None:
            continue
        for run in _following(timetable, track.match.run):
            ahead = {call.index: call for call in live.ahead(run, now)}
            course = timetable.course(run.trip_id)
            if ahead and course is not None and run not in live.cancelled:
                planned = zip(course.arrive_s, course.depart_s, strict=True)
                yield (
                    run,
                    [
                        (ahead[i].arrive_s, ahead[i].depart_s) if i in ahead else times
                        for i, times in enumerate(planned)
                    ],
                )


def _following(timetable: Timetable, run: Run) -> Iterator[Run]:
    """Yield a run and those its duty has after it."""
    course = timetable.course(run.trip_id)
    block = "" if course is None else course.trip.block_id
    runs = timetable.block_runs(block, run.day) if block else ()
    yield run
    if run in runs:
        yield from runs[runs.index(run) + 1 :]


def stops_near(feed: Feed, lat: float, lon: float) -> Mapping[str, int]:
    """Return the stops within a walk of a place, each with the seconds it takes."""
    found: dict[str, int] = {}
    for stop in feed.stops.values():
        if stop.location_type == 0 and stop.place is not None:
            apart_m = distance_m(lat, lon, *stop.place)
            if apart_m <= TO_STOP_M:
                found[stop.id] = round(apart_m / WALK_MPS)
    return found


def platforms(feed: Feed, stop_id: str) -> Mapping[str, int]:
    """Return a stop, or the platforms of a station, all at hand."""
    return dict.fromkeys((stop_id, *feed.children.get(stop_id, ())), 0)
