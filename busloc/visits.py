"""Stop events out of positions: when a vehicle came to each stop of its run, and left it.

A vehicle is *at* a stop from ``REACH_M`` before it to ``REACH_M`` behind it, less where stops are
closer together.  Between two fixes it is taken to move evenly; a fix that creeps ahead by less than
``STILL_M`` is taken for a standing vehicle's noise.  A hole in the fixes hides what happened in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from busloc.course import Course, Run, Timetable
from busloc.match import Match

REACH_M = 40.0
STILL_M = 10.0
PASS_S = 20.0
"""At a stop for less, and a vehicle went by."""
APPROACH_S = 8.0
"""From ``REACH_M`` away until it stands, and as long to get away again."""
HOLE_S = 300.0
MISSES_MAX = 2
"""So many fixes off the line in a row, and it may have gone another way."""
BACK_M = 100.0
NEXT_RUN_M = 100.0
"""The first fix of the next run still ends the last one, if it is this near to its line."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A call that was made: ``index`` into the course's calls, service-day seconds of the run.

    First told on arrival, with no departure, and once more when the vehicle has left; a vehicle
    that ``passed`` without standing is told of once.  No arrival: it was there before its first
    fix.  The last call has no departure.
    """

    run: Run
    index: int
    arrive_s: float | None
    depart_s: float | None
    passed: bool


class Visitor:
    """Watches one vehicle's matches for stop events."""

    def __init__(self, timetable: Timetable) -> None:
        self._timetable = timetable
        self._ride: _Ride | None = None
        self._misses = 0

    def see(self, match: Match) -> list[Visit]:
        """Return the arrivals and departures that the next match tells of, in order."""
        visits: list[Visit] = []
        ride = self._ride
        if ride is None or ride.run != match.run:
            if ride is not None and self._misses < MISSES_MAX:
                visits += self._end(ride, match)
            course = self._timetable.course(match.run.trip_id)
            self._ride, self._misses = None, 0
            if course is None:
                return visits
            ride = self._ride = _Ride(match.run, course, self._timetable.day_start(match.run.day))
        visits += ride.move(match.along_m, match.t, hole=self._misses >= MISSES_MAX)
        self._misses = 0
        return visits

    def miss(self) -> None:
        """Note a fix off the line, between two matches."""
        self._misses += 1

    def _end(self, ride: _Ride, match: Match) -> list[Visit]:
        course = self._timetable.course(match.run.trip_id)
        if course is None:
            return []
        lat, lon, _ = course.line.at(match.along_m)
        along_m, off_m = ride.course.line.project(lat, lon, from_m=ride.along_m)
        return ride.move(along_m, match.t, hole=False) if off_m <= NEXT_RUN_M else []


class _Ride:
    """A vehicle's way along one run: the farthest place yet, and until when it stood there."""

    def __init__(self, run: Run, course: Course, start: int) -> None:
        self.run = run
        self.course = course
        self.along_m = 0.0
        self._start = start
        self._until_s: float | None = None
        self._zones = _zones(course)
        self._call = 0
        self._first_s = 0.0
        self._enter_s: float | None = None
        self._at = False
        self._told = False

    def move(self, along_m: float, t: float, *, hole: bool) -> list[Visit]:
        time_s = t - self._start
        until_s = self._until_s
        if until_s is None or hole or time_s - until_s > HOLE_S or along_m < self.along_m - BACK_M:
            self._resume(along_m, time_s)
            return []
        if time_s <= until_s:
            return []
        visits: list[Visit] = []
        if along_m > self.along_m + STILL_M or along_m >= self._zones[-1][0] > self.along_m:
            visits = self._advance(_Leg(until_s, self.along_m, time_s, along_m))
            self.along_m = along_m
        self._until_s = time_s
        return visits + self._arrival(time_s)

    def _resume(self, along_m: float, time_s: float) -> None:
        """Go on after a hole: the calls that lie in it are not told of, those told stay told."""
        still_there = (
            self._at and self._zones[self._call][0] <= along_m < self._zones[self._call][1]
        )
        if not still_there:
            while self._call < len(self._zones) and along_m >= self._zones[self._call][1]:
                self._call += 1
                self._told = False
            self._at = self._call < len(self._zones) and along_m >= self._zones[self._call][0]
            self._enter_s, self._first_s = None, time_s
        self.along_m, self._until_s = along_m, time_s

    def _advance(self, leg: _Leg) -> list[Visit]:
        visits: list[Visit] = []
        while self._call < len(self._zones):
            enter_m, leave_m = self._zones[self._call]
            if not self._at and leg.to_m < enter_m:
                break
            if not self._at:
                self._at, self._told, self._enter_s = True, False, leg.time_s(enter_m)
            if leg.to_m < leave_m:
                break
            visits.append(self._departure(leg))
            self._call, self._at, self._told = self._call + 1, False, False
        return visits

    def _arrival(self, time_s: float) -> list[Visit]:
        """Tell once of a vehicle that stands at a stop, or has come to its last."""
        enter_s, last = self._enter_s, self._call == len(self._zones) - 1
        if not self._at or self._told or enter_s is None or time_s - enter_s < PASS_S * (not last):
            return []
        self._told = True
        return [Visit(self.run, self._call, min(enter_s + APPROACH_S, time_s), None, passed=False)]

    def _departure(self, leg: _Leg) -> Visit:
        enter_s, leave_s = self._enter_s, leg.time_s(self._zones[self._call][1])
        if enter_s is None:
            depart_s = max(leave_s - APPROACH_S, self._first_s)
            return Visit(self.run, self._call, None, depart_s, passed=False)
        if leave_s - enter_s >= PASS_S:
            arrive_s, depart_s = enter_s + APPROACH_S, leave_s - APPROACH_S
            return Visit(self.run, self._call, arrive_s, depart_s, passed=False)
        mid_s = (enter_s + leave_s) / 2
        return Visit(self.run, self._call, mid_s, mid_s, passed=True)


@dataclass(frozen=True, slots=True)
class _Leg:
    """An even move between two places and times."""

    from_s: float
    from_m: float
    to_s: float
    to_m: float

    def time_s(self, along_m: float) -> float:
        if self.to_m <= self.from_m:
            return self.to_s
        share = (along_m - self.from_m) / (self.to_m - self.from_m)
        return self.from_s + min(max(share, 0.0), 1.0) * (self.to_s - self.from_s)


def _zones(course: Course) -> list[tuple[float, float]]:
    """Return from where to where a vehicle is at each call; the last one is never left."""
    middles = [(here + there) / 2 for here, there in pairwise(course.offsets_m)]
    before, behind = [float("-inf"), *middles], [*middles, float("inf")]
    zones = [
        (max(offset_m - REACH_M, low), min(offset_m + REACH_M, high))
        for offset_m, low, high in zip(course.offsets_m, before, behind, strict=True)
    ]
    zones[-1] = zones[-1][0], float("inf")
    return zones
