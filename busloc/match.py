"""Which trip a vehicle is on, and how far along it.

The trip comes from the driver's log-on (``ping.trip``) or from the vehicle's scheduled duty.  The
place on a line that crosses or repeats itself is kept by progress: a vehicle hardly goes back, and
no faster than 30 m/s.  Weights after ``reference/location.md`` §4.8 and §5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from busloc.course import Course, Run, Timetable
from busloc.ping import Ping

OFF_ROUTE_M = 150.0
OFF_STRAIGHT_M = 400.0
"""Where there is no shape, the bus follows the road and the line does not."""
BACK_M = 60.0
AHEAD_MPS = 30.0
AHEAD_M = 200.0
EARLY_S = 20 * 60
LATE_S = 90 * 60
EARLY_WEIGHT = 3.0
OFF_SCALE_M = 60.0
DELAY_SCALE_S = 420.0
STAY = 4.0
"""What leaving a trip before its end must be worth."""


@dataclass(frozen=True, slots=True)
class Match:
    """A fix placed on a run: metres along and off its line, seconds late, epoch of the fix."""

    run: Run
    along_m: float
    off_m: float
    delay_s: float
    t: float


def match(
    timetable: Timetable, ping: Ping, block_id: str | None, before: Match | None
) -> Match | None:
    """Return the likeliest run and place of a fix, ``None`` when no run is near enough.

    ``before`` is the vehicle's last match, if it is still trusted.
    """
    best: tuple[float, Match] | None = None
    for run in candidates(timetable, ping, block_id):
        course = timetable.course(run.trip_id)
        if course is None:
            continue
        time_s = ping.t - timetable.day_start(run.day)
        same = before if before is not None and before.run == run else None
        found = _place(course, run, ping, time_s, same)
        if found is None:
            continue
        cost = _cost(found) + (0.0 if same else _leaving(timetable, before))
        if best is None or cost < best[0]:
            best = cost, found
    return None if best is None else best[1]


def candidates(timetable: Timetable, ping: Ping, block_id: str | None) -> Iterator[Run]:
    """Yield the runs a fix may belong to, on the service days around it.

    A fix soon after midnight is late on yesterday's trip rather than a day early on today's.
    """
    for day in timetable.days_around(ping.t):
        time_s = ping.t - timetable.day_start(day)
        if ping.trip is not None and timetable.runs(ping.trip, day):
            runs: tuple[Run, ...] = (Run(ping.trip, day),)
        elif ping.trip is None and block_id is not None:
            runs = timetable.block_runs(block_id, day)
        else:
            continue
        for run in runs:
            course = timetable.course(run.trip_id)
            if course and course.depart_s[0] - EARLY_S <= time_s <= course.arrive_s[-1] + LATE_S:
                yield run


def _place(
    course: Course, run: Run, ping: Ping, time_s: float, before: Match | None
) -> Match | None:
    if before is None:
        places = course.line.passes(ping.lat, ping.lon)
    else:
        ahead_m = before.along_m + AHEAD_MPS * max(0.0, ping.t - before.t) + AHEAD_M
        places = [
            course.line.project(
                ping.lat, ping.lon, from_m=before.along_m - BACK_M, to_m=ahead_m
            )
        ]  # fmt: skip
    near_m = OFF_STRAIGHT_M if course.straight else OFF_ROUTE_M
    found = [
        Match(run, along_m, off_m, course.delay_s(along_m, time_s), ping.t)
        for along_m, off_m in places
        if off_m <= near_m
    ]
    return min(found, key=_cost, default=None)


def _cost(found: Match) -> float:
    delay_s = found.delay_s if found.delay_s >= 0 else -EARLY_WEIGHT * found.delay_s
    return (found.off_m / OFF_SCALE_M) ** 2 + (delay_s / DELAY_SCALE_S) ** 2


def _leaving(timetable: Timetable, before: Match | None) -> float:
    """Return the cost of changing trips: none at the end of the line."""
    course = None if before is None else timetable.course(before.run.trip_id)
    if before is None or course is None:
        return 0.0
    return STAY if course.next_call(before.along_m) < len(course.calls) - 1 else 0.0
