"""When a vehicle comes: its delay carried along the trip, with a spread.

A late vehicle makes up time only where the timetable has it stand; an early one waits for the
timetable at its time points.  Times are service-day seconds and strictly increase.  The spread is
a first guess to be learnt later: it grows with how far ahead and how old the last fix is.
"""

from __future__ import annotations

from dataclasses import dataclass

from busloc.course import Course

DWELL_S = 15
"""What a late vehicle still stands where the timetable has it stand longer."""
LAYOVER_S = 60


@dataclass(frozen=True, slots=True)
class Expected:
    """A call to come: its index in the trip, arrival and departure in service-day seconds."""

    index: int
    arrive_s: int
    depart_s: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The departure lies between ``low_s`` and ``high_s`` four times of five.

    ``be_there_by_s`` is when a rider should stand at the stop.
    """

    low_s: int
    high_s: int
    be_there_by_s: int


def predict(
    course: Course, *, along_m: float, delay_s: float, now_s: float, calls_max: int | None = None
) -> list[Expected]:
    """Return the calls a vehicle has yet to leave, none of them before ``now_s``."""
    first = course.next_call(along_m)
    last = len(course.calls) if calls_max is None else first + calls_max
    expected = []
    late_s, clear_s = round(delay_s), int(now_s)
    for i in range(first, min(last, len(course.calls))):
        planned_arrive_s, planned_depart_s = course.arrive_s[i], course.depart_s[i]
        arrive_s = max(planned_arrive_s + late_s, clear_s + 1)
        waits = course.calls[i].timepoint or late_s >= 0
        leave_s = planned_depart_s if waits else planned_depart_s + late_s
        stand_s = min(planned_depart_s - planned_arrive_s, DWELL_S)
        depart_s = max(leave_s, arrive_s + stand_s)
        expected.append(Expected(i, arrive_s, depart_s))
        late_s, clear_s = depart_s - planned_depart_s, depart_s
    return expected


def start_after(course: Course, free_s: float) -> float:
    """Return the delay of a trip whose vehicle is free from ``free_s`` on, after a short rest."""
    return max(0.0, free_s + LAYOVER_S - course.depart_s[0])


def spread(course: Course, call: Expected, *, now_s: float, fix_s: float) -> Spread:
    """Return the interval round a departure, seen from ``now_s`` with the last fix at ``fix_s``."""
    ahead_s = max(0.0, call.depart_s - now_s)
    age_s = max(0.0, now_s - fix_s)
    earliest_s = max(int(now_s), _may_leave_s(course, call))
    low_s = call.depart_s - round(10 + 0.06 * ahead_s + 0.25 * age_s)
    high_s = call.depart_s + round(20 + 0.12 * ahead_s + 0.5 * age_s)
    by_s = call.depart_s - round(15 + 0.04 * ahead_s + 0.25 * age_s)
    return Spread(
        low_s=min(max(low_s, earliest_s), call.depart_s),
        high_s=high_s,
        be_there_by_s=min(max(by_s, earliest_s), call.depart_s),
    )


def _may_leave_s(course: Course, call: Expected) -> int:
    """Return the planned departure where it is kept, else nothing that binds."""
    return course.depart_s[call.index] if course.calls[call.index].timepoint else 0
