"""Which trip a vehicle is on, and how far along it.

The trip comes from the driver's log-on (``ping.trip``) or from the vehicle's scheduled duty.  On a
line that crosses or repeats itself one fix may mean several places.  All of them are kept as long
as they are possible, each with the cost of the likeliest way there (Viterbi's algorithm): metres
off the line, a heading against it, and moves along the line that were not made on the ground.  A
vehicle hardly goes back, and no faster than 30 m/s.  Weights after ``reference/location.md`` §4-§5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, inf, log1p, radians
from operator import itemgetter

from busloc.course import Course, Run, Timetable
from busloc.ping import Ping
from gtfs.geo import Line, distance_m

OFF_ROUTE_M = 150.0
OFF_STRAIGHT_M = 400.0
"""Where there is no shape, the bus follows the road and the line does not: on long legs by more."""
BACK_M = 60.0
AHEAD_MPS = 30.0
AHEAD_M = 200.0
START_M = 250.0
EARLY_S = 20 * 60
LOGGED_ON_EARLY_S = 60 * 60
"""A driver who has logged on may wait this long at the first stop."""
EARLY_ON_WAY_S = 5 * 60
"""Earlier than this nobody begins a duty's trip in the middle of its way."""
LATE_S = 90 * 60
EARLY_WEIGHT = 3.0
DELAY_SCALE_S = 420.0
OFF_SCALE_M, OFF_WEIGHT = 30.0, 1.3
MOVE_SCALE_M, MOVE_SHARE, MOVE_MAX = 60.0, 0.3, 10.0
HEADING_WEIGHT, HEADING_MPS = 1.5, 3.0
STAY = 4.0
"""What leaving a trip before its end must be worth."""
ANEW = 12.0
"""What giving up the whole way so far must be worth."""
PLACES_MAX = 6
PRUNE = 20.0
_OFF_M = itemgetter(1)


@dataclass(frozen=True, slots=True)
class Match:
    """A fix placed on a run: metres along and off its line, seconds late, epoch of the fix."""

    run: Run
    along_m: float
    off_m: float
    delay_s: float
    t: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fix may be, and what the way there cost more than the likeliest."""

    match: Match
    cost: float


@dataclass(frozen=True, slots=True)
class Belief:
    """All places where a fix may be, the likeliest first, at least one; ``lat, lon`` of the fix."""

    lat: float
    lon: float
    places: tuple[Place, ...]

    @property
    def match(self) -> Match:
        """The likeliest place."""
        return self.places[0].match


def match(
    timetable: Timetable, ping: Ping, block_id: str | None, before: Match | None
) -> Match | None:
    """Return the likeliest run and place of a fix, ``None`` when no run is near enough.

    ``before`` is the vehicle's last match, if it is still trusted.
    """
    course = None if before is None else timetable.course(before.run.trip_id)
    known = None
    if before is not None and course is not None:
        lat, lon, _ = course.line.at(before.along_m)
        known = Belief(lat, lon, (Place(before, 0.0),))
    belief = believe(timetable, ping, block_id, known)
    return None if belief is None else belief.match


def believe(
    timetable: Timetable, ping: Ping, block_id: str | None, before: Belief | None
) -> Belief | None:
    """Return where a fix may be after what was believed of the one before it."""
    passes: dict[int, list[tuple[float, float]]] = {}
    found: list[Place] = []
    for run, course in candidates(timetable, ping, block_id):
        line = course.line
        if id(line) not in passes:
            within_m = inf if course.straight else OFF_ROUTE_M
            passes[id(line)] = line.passes(ping.lat, ping.lon, within_m=within_m)
        near = passes[id(line)]
        if not near:
            continue
        way = _Way(timetable, run, course, ping, before)
        spots = {round(spot[0]): spot for spot in near + way.reached(near)}
        found += (place for spot in spots.values() if (place := way.place(*spot)) is not None)
    if not found:
        return None
    found.sort(key=lambda place: place.cost + _delay_cost(place.match.delay_s))
    least = min(place.cost for place in found)
    kept = [Place(p.match, p.cost - least) for p in found if p.cost <= least + PRUNE]
    return Belief(ping.lat, ping.lon, tuple(kept[:PLACES_MAX]))


def candidates(
    timetable: Timetable, ping: Ping, block_id: str | None
) -> Iterator[tuple[Run, Course]]:
    """Yield the runs a fix may belong to, on the service days around it.

    A fix soon after midnight is late on yesterday's trip rather than a day early on today's.
    """
    if ping.trip is not None:
        runs_on, driven, early_s = timetable.trip_runs, ping.trip, LOGGED_ON_EARLY_S
    elif block_id is not None:
        runs_on, driven, early_s = timetable.block_runs, block_id, EARLY_S
    else:
        return
    for day in timetable.days_around(ping.t):
        time_s = ping.t - timetable.day_start(day)
        for run in runs_on(driven, day):
            course = timetable.course(run.trip_id)
            if course and course.depart_s[0] - early_s <= time_s <= course.arrive_s[-1] + LATE_S:
                yield run, course


class _Way:
    """What it costs to be anywhere on one run at one fix."""

    def __init__(
        self, timetable: Timetable, run: Run, course: Course, ping: Ping, before: Belief | None
    ) -> None:
        self._run, self._course, self._ping = run, course, ping
        self._time_s = ping.t - timetable.day_start(run.day)
        places = () if before is None else before.places
        self._own = [place for place in places if place.match.run == run]
        self._anew = min((place.cost for place in places), default=-ANEW) + ANEW
        others = (p.cost + _leaving(timetable, p.match) for p in places if p.match.run != run)
        self._enter = min(others, default=self._anew)
        self._ground_m = 0.0
        if before is not None:
            self._ground_m = distance_m(before.lat, before.lon, ping.lat, ping.lon)

    def reached(self, passes: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return the nearest places within reach of where the vehicle may have been.

        Where the nearest of all ``passes`` lies within reach, it is that one.
        """
        nearest_m = min(passes, key=_OFF_M)[0]
        reached: list[tuple[float, float]] = []
        for place in self._own:
            from_m = place.match.along_m - BACK_M
            to_m = place.match.along_m + self._reach_m(place)
            if not from_m <= nearest_m <= to_m:
                lat, lon = self._ping.lat, self._ping.lon
                reached.append(self._course.line.project(lat, lon, from_m=from_m, to_m=to_m))
        return reached

    def place(self, along_m: float, off_m: float) -> Place | None:
        """Return a place on the run with its cost, ``None`` when it is too far off or too early."""
        if off_m > _near_m(self._course, along_m):
            return None
        delay_s = self._course.delay_s(along_m, self._time_s)
        cost = min((self._moving(place, along_m) for place in self._own), default=inf)
        limit_s = EARLY_ON_WAY_S if self._ping.trip is None else EARLY_S
        early = along_m > START_M and delay_s < -limit_s
        if not early:
            cost = min(cost, self._enter, self._anew)
        if cost == inf:
            return None
        cost += OFF_WEIGHT * log1p((off_m / OFF_SCALE_M) ** 2)
        cost += _heading_cost(self._course.line, along_m, self._ping)
        return Place(Match(self._run, along_m, off_m, delay_s, self._ping.t), cost)

    def _moving(self, place: Place, along_m: float) -> float:
        move_m = along_m - place.match.along_m
        if not -BACK_M - 1.0 <= move_m <= self._reach_m(place) + 1.0:
            return inf
        scale_m = MOVE_SCALE_M + MOVE_SHARE * self._ground_m
        return place.cost + min(abs(move_m - self._ground_m) / scale_m, MOVE_MAX)

    def _reach_m(self, place: Place) -> float:
        return AHEAD_MPS * max(0.0, self._ping.t - place.match.t) + AHEAD_M


def _near_m(course: Course, along_m: float) -> float:
    """Return how far off its line a vehicle may be and still be on its way."""
    return max(OFF_STRAIGHT_M, course.leg_m(along_m) / 2) if course.straight else OFF_ROUTE_M


def _heading_cost(line: Line, along_m: float, ping: Ping) -> float:
    if ping.bearing is None or (ping.speed is not None and ping.speed < HEADING_MPS):
        return 0.0
    _, _, bearing = line.at(along_m)
    return HEADING_WEIGHT * (1.0 - cos(radians(ping.bearing - bearing)))


def _delay_cost(delay_s: float) -> float:
    weighed_s = delay_s if delay_s >= 0 else -EARLY_WEIGHT * delay_s
    return (weighed_s / DELAY_SCALE_S) ** 2


def _leaving(timetable: Timetable, before: Match) -> float:
    """Return the cost of changing trips: none at the end of the line."""
    course = timetable.course(before.run.trip_id)
    if course is None:
        return 0.0
    return STAY if course.next_call(before.along_m) < len(course.calls) - 1 else 0.0
