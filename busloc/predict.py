"""When a vehicle comes, and within what bounds.

Taught by a model, the times are those of ``busloc.outlook``.  Untaught, the delay is carried along:
a late vehicle makes up time only where the timetable has it stand, and the bounds grow with how far
ahead and how old the last fix is.  Either way an early vehicle waits for the timetable at its time
points, times strictly increase, and a silent vehicle's bounds widen rather than its times vanish.
Times are service-day seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from busloc.course import Course, Run, Timetable
from busloc.daytypes import DayType, day_type
from busloc.model import Model, Outlook, Weights, outlook
from busloc.outlook import Progress, Traffic, Way, move, view
from busloc.usual import Seen, Table
from busloc.visits import Visit

DWELL_S = 15
"""What a late vehicle still stands where the timetable has it stand longer."""
LAYOVER_S = 60
FRESH_S = 30.0
"""A fix as old as this is as good as new to what was learnt."""
AGED_LOW, AGED_HIGH = 0.35, 0.7
"""Seconds the bounds give way for each second that the last fix is older."""
QUICKEST = 0.6
"""No leg is driven in less than this share of its planned time after a kept departure."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The departure lies between ``low_s`` and ``high_s`` four times of five.

    ``be_there_by_s`` is when a rider should stand at the stop.
    """

    low_s: int
    high_s: int
    be_there_by_s: int


@dataclass(frozen=True, slots=True)
class Expected:
    """A call to come: its index in the trip, arrival and departure, and bounds of the departure."""

    index: int
    arrive_s: int
    depart_s: int
    low_s: int
    high_s: int
    be_there_by_s: int

    @property
    def spread(self) -> Spread:
        """The bounds alone."""
        return Spread(self.low_s, self.high_s, self.be_there_by_s)


@dataclass
class _Day:
    """What is known of one kind of day, and what its vehicles did of late."""

    table: Table
    weights: Weights
    traffic: Traffic


class Predictor:
    """Predicts the calls of runs, taught by ``model`` or by the timetable and the delay alone.

    ``see`` it every visit: vehicles ahead tell of those behind.
    """

    def __init__(self, timetable: Timetable, model: Model | None = None) -> None:
        self._timetable = timetable
        self._model = model
        self._given = {} if model is None else model.given
        self._days: dict[DayType, _Day] = {}
        self._ways: dict[tuple[str, DayType], Way] = {}
        self._under_way: dict[Run, Progress] = {}

    def see(self, visit: Visit) -> None:
        """Take in an arrival or a departure; one behind the last of its run tells nothing."""
        course = self._timetable.course(visit.run.trip_id)
        at_s = visit.depart_s if visit.index == 0 or visit.arrive_s is None else visit.arrive_s
        if self._model is None or course is None or at_s is None:
            return
        start = self._timetable.day_start(visit.run.day)
        progress = self._under_way.get(visit.run)
        if progress is None:
            way = self._way(visit.run, course)
            progress = Progress(way, start, visit.index, start + at_s)
            self._under_way[visit.run] = progress
        elif visit.index > progress.index:
            day = self._day(visit.run.day)
            move(progress, day.traffic, day.table, visit.index, start + at_s)
        if visit.index == progress.index and visit.depart_s is not None:
            progress.left_s = start + visit.depart_s

    def forget_before(self, day: date) -> None:
        """Drop the runs of service days before ``day``."""
        self._under_way = {run: seen for run, seen in self._under_way.items() if run.day >= day}

    def ahead(
        self, run: Run, *, along_m: float, delay_s: float, fix_s: float, now_s: float,
        at: Visit | None = None, most: int | None = None,
    ) -> list[Expected]:  # fmt: skip
        """Return the calls a vehicle has yet to leave, none for an unknown run.

        ``along_m`` is where it was at ``fix_s``: 0 before the start, then ``delay_s`` is how late
        it will start.  ``at`` is the last visit, for a caller that did not have it seen; only the
        first ``most`` calls are wanted.
        """
        course = self._timetable.course(run.trip_id)
        if course is None:
            return []
        if at is not None:
            self.see(at)
        if self._model is None:
            return carried(
                course, along_m=along_m, delay_s=delay_s, fix_s=fix_s, now_s=now_s, most=most
            )
        first = course.next_call(along_m)
        if first >= len(course.calls):
            return []
        place = self._place(run, course, first, along_m, delay_s, fix_s, now_s)
        if place.progress.index == len(course.calls) - 1:
            return [_standing(course, place, now_s, 0.0)]
        day, model = self._day(run.day), self._model
        seen = view(
            place.progress, day.traffic, day.table, self._timetable.day_start(run.day) + now_s,
            calls=None if most is None else first - place.progress.index + most + 1,
        )  # fmt: skip
        told = outlook(seen, day.weights)
        age_s = max(0.0, now_s - fix_s - FRESH_S)
        return _calls(course, model, place, told, now_s=now_s, age_s=age_s, most=most)

    def _day(self, day: date) -> _Day:
        kind = day_type(day, self._given)
        if kind not in self._days and self._model is not None:
            table, weights = self._model.table_for(kind)
            self._days[kind] = _Day(table, weights, Traffic(len(table.number)))
        return self._days[kind]

    def _way(self, run: Run, course: Course) -> Way:
        kind = day_type(run.day, self._given)
        key = run.trip_id, kind
        if key not in self._ways:
            due_s = np.array([course.depart_s[0], *course.arrive_s[1:]], dtype=np.float64)
            stops = [call.stop_id for call in course.calls]
            self._ways[key] = Way(self._day(run.day).table.legs(stops), due_s)
        return self._ways[key]

    def _place(
        self, run: Run, course: Course, first: int, along_m: float, delay_s: float,
        fix_s: float, now_s: float,
    ) -> _Place:  # fmt: skip
        """Return where a vehicle is among its calls, by its visits and its last fix."""
        start = self._timetable.day_start(run.day)
        known = self._under_way.get(run)
        behind = first - 1
        if known is not None and known.index == first and first > 0:
            return _Place(known, first, standing=known.left_s is None)
        if behind < 0:
            leaves_s = max(course.depart_s[0] + max(delay_s, 0.0), now_s)
            return _Place(
                Progress(self._way(run, course), start, 0, start + leaves_s), 0, standing=True
            )
        leg_m = course.offsets_m[first] - course.offsets_m[behind]
        gone_m = min(max(along_m - course.offsets_m[behind], 0.0), leg_m)
        seen = Seen(start + fix_s, behind, gone_m / leg_m if leg_m > 0 else 0.0)
        since = _since(known, self._way(run, course), start, seen)
        since.look(seen)
        return _Place(since, first, standing=False)


def _since(known: Progress | None, way: Way, day_s: float, seen: Seen) -> Progress:
    """Return what is known of a vehicle on a leg, as if it drove evenly where it was not heard."""
    if known is not None and known.index == seen.index:
        return replace(known)
    came_s = seen.at_s - seen.share * float(way.planned_s[seen.index])
    since = Progress(way, day_s, seen.index, came_s, came_s)
    if known is not None:
        since.over_s, since.usual_s = known.over_s, known.usual_s
    return since


@dataclass(frozen=True, slots=True)
class _Place:
    """A vehicle's progress, its first call to come, and whether it stands there."""

    progress: Progress
    first: int
    standing: bool


def _calls(
    course: Course, model: Model, place: _Place, told: Outlook, *, now_s: float, age_s: float,
    most: int | None = None,
) -> list[Expected]:  # fmt: skip
    """Return the calls an outlook comes to, each after the one before and no departure early.

    What follows the last of ``most`` calls must be in the outlook: a wait is made up for on it.
    """
    found: list[Expected] = []
    shift_s, clear_s = 0.0, int(now_s)
    if place.standing:
        stop = course.calls[place.progress.index].stop_id
        found.append(_standing(course, place, now_s, model.usual.stand_s.get(stop, 0.0)))
        clear_s = found[0].depart_s
    since = place.progress.index + 1
    bounds = (told.expected_s, told.low_s, told.high_s, told.by_s)
    for i, row in enumerate(np.column_stack(bounds).tolist(), since):
        if i < place.first:
            continue
        if len(found) == most:
            break
        expected_s, low_s, high_s, by_s = row
        arrive_s = max(round(now_s + expected_s + shift_s), clear_s + 1)
        ends = i == len(course.calls) - 1
        stand_s = 0.0 if ends else _stand_s(course, model, i)
        kept_s = 0 if ends else _kept_s(course, i)
        depart_s = max(arrive_s + round(stand_s), kept_s)
        found.append(_bounded(
            i, arrive_s, depart_s, kept_s, now_s,
            low_s=expected_s - low_s + AGED_LOW * age_s,
            high_s=high_s - expected_s + AGED_HIGH * age_s,
            early_s=expected_s - by_s + AGED_LOW * age_s,
        ))  # fmt: skip
        if not ends and depart_s > arrive_s + round(stand_s):
            soonest_s = depart_s + QUICKEST * (course.arrive_s[i + 1] - course.depart_s[i])
            next_s = now_s + told.expected_s[i + 1 - since] + shift_s
            shift_s += max(0.0, soonest_s - next_s)
        clear_s = depart_s
    return found


def _stand_s(course: Course, model: Model, index: int) -> float:
    """Return how long a vehicle usually stands at a call, by the timetable where never seen."""
    planned_s = course.depart_s[index] - course.arrive_s[index]
    return model.usual.stand_s.get(course.calls[index].stop_id, float(min(planned_s, DWELL_S)))


def _standing(course: Course, place: _Place, now_s: float, stand_s: float) -> Expected:
    """Return the call a vehicle is making, or will start from."""
    progress, i = place.progress, place.progress.index
    came_s = progress.came_s - progress.day_s
    starting = i == 0
    arrive_s = max(round(came_s), int(now_s) + 1)
    kept_s = 0 if i == len(course.calls) - 1 else _kept_s(course, i)
    depart_s = max(arrive_s, kept_s, 0 if starting else round(came_s + stand_s))
    wait_s = max(0.0, depart_s - now_s)
    return _bounded(
        i, arrive_s, depart_s, kept_s, now_s,
        low_s=10 + 0.06 * wait_s, high_s=20 + 0.12 * wait_s, early_s=15 + 0.04 * wait_s,
    )  # fmt: skip


def _bounded(
    index: int, arrive_s: int, depart_s: int, kept_s: int, now_s: float,
    *, low_s: float, high_s: float, early_s: float,
) -> Expected:  # fmt: skip
    """Return a call with its bounds: none before now, or before a departure that is kept."""
    earliest_s = min(max(int(now_s), kept_s), depart_s)
    return Expected(
        index,
        arrive_s,
        depart_s,
        low_s=max(depart_s - round(low_s), earliest_s),
        high_s=depart_s + round(high_s),
        be_there_by_s=max(depart_s - round(early_s), earliest_s),
    )


def _kept_s(course: Course, index: int) -> int:
    """Return the planned departure where it is kept, else nothing that binds."""
    return course.depart_s[index] if course.calls[index].timepoint else 0


# Untaught


def carried(
    course: Course, *, along_m: float, delay_s: float, fix_s: float, now_s: float,
    most: int | None = None,
) -> list[Expected]:  # fmt: skip
    """Return the calls a vehicle has yet to leave, its delay carried along."""
    found: list[Expected] = []
    late_s, clear_s = round(delay_s), int(now_s)
    for i in range(course.next_call(along_m), len(course.calls))[:most]:
        planned_arrive_s, planned_depart_s = course.arrive_s[i], course.depart_s[i]
        arrive_s = max(planned_arrive_s + late_s, clear_s + 1)
        waits = course.calls[i].timepoint or late_s >= 0
        leave_s = planned_depart_s if waits else planned_depart_s + late_s
        stand_s = min(planned_depart_s - planned_arrive_s, DWELL_S)
        depart_s = max(leave_s, arrive_s + stand_s)
        ahead_s, age_s = max(0.0, depart_s - now_s), max(0.0, now_s - fix_s)
        found.append(_bounded(
            i, arrive_s, depart_s, _kept_s(course, i), now_s,
            low_s=10 + 0.06 * ahead_s + 0.25 * age_s,
            high_s=20 + 0.12 * ahead_s + 0.5 * age_s,
            early_s=15 + 0.04 * ahead_s + 0.25 * age_s,
        ))  # fmt: skip
        late_s, clear_s = depart_s - planned_depart_s, depart_s
    return found


def start_after(course: Course, free_s: float) -> float:
    """Return the delay of a trip whose vehicle is free from ``free_s`` on, after a short rest."""
    return max(0.0, free_s + LAYOVER_S - course.depart_s[0])
