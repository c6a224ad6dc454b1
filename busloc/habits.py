"""How a timetable is kept: where a vehicle may be expected, by how late it is.

The *presence* of a run at a place is the density of finding its vehicle there, as a logarithm that
can be compared between runs and places.  It is learnt from days on which the runs were known, and
so is which run a vehicle goes on to when it has ended one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from busloc.course import Course

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

END_M = 100.0
"""So near to an end of its line, a vehicle may be waiting there."""
FROM_S, TO_S, STEP_S = -3600.0, 7200.0, 20.0
STEPS = round((TO_S - FROM_S) / STEP_S)
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75)
WAITS, ENDS = len(SHARES), len(SHARES) + 1
NEVER = -20.0
SMOOTH_S = 40.0
USUAL_EARLY_S, USUAL_LATE_S = 60.0, 200.0
FLOOR = 0.01
USUAL_ONWARD = (0.86, 0.06, 0.01, 0.03, 0.04)
LEG_S = 20.0
"""A place on the way is as long as what a vehicle drives in this."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A vehicle seen on a run: where, and when, in service-day seconds."""

    course: Course
    along_m: float
    time_s: float


@dataclass(frozen=True, slots=True)
class Habits:
    """A table of log presence by seconds late, a step of 20 s from an hour early to two late.

    Its rows: on the way, one for each share of it that is behind; waiting at the first stop, by
    seconds after the planned start; at the last stop, by seconds after the planned arrival.
    ``onward`` are the shares of vehicles that go on to the next run of their route to leave from
    where they are, the one after, ..., some other run of the route, and one of another route.
    """

    table: Floats
    onward: Floats = field(default_factory=lambda: np.array(USUAL_ONWARD))

    def presence(self, row: Ints, late_s: Floats) -> Floats:
        """Return the log presence of runs so late, each at a place of the given row."""
        step = ((late_s - FROM_S) / STEP_S).astype(np.int64)
        known = (late_s >= FROM_S) & (late_s < TO_S)
        return np.where(known, self.table[row, np.clip(step, 0, STEPS - 1)], NEVER)

    @classmethod
    def usual(cls) -> Habits:
        """Return what may be expected of a town of which nothing was learnt yet.

        A vehicle is at its first stop in the last eight minutes before the start, and leaves the
        last one within three after its arrival.
        """
        late_s = FROM_S + STEP_S * np.arange(STEPS)
        spread = np.where(late_s < 0, -late_s / USUAL_EARLY_S, late_s / USUAL_LATE_S)
        on_way = np.logaddexp(-spread - np.log(USUAL_EARLY_S + USUAL_LATE_S), np.log(FLOOR / 10800))
        waits = -np.where(late_s < 0, np.maximum(0, -late_s - 480) / 120, late_s / 90)
        ends = -np.where(late_s < 0, -late_s / 120, np.maximum(0, late_s - 60) / 180)
        table = [on_way + np.log(LEG_S)] * len(SHARES) + [
            np.maximum(waits, -7),
            np.maximum(ends, -7),
        ]
        return cls(np.array(table))

    @classmethod
    def learn(
        cls, samples: Iterable[Sample], runs: int, every_s: float, onward: Iterable[int] = ()
    ) -> Habits:
        """Count where vehicles were, on ``runs`` runs that were seen every ``every_s``.

        ``onward`` are the places (``onward.place``) of the runs they went on to.
        """
        late_s: list[list[float]] = [[] for _ in range(len(SHARES) + 2)]
        for sample in samples:
            course, row = sample.course, row_of(sample.along_m, sample.course.line.length_m)
            ends = {WAITS: course.depart_s[0], ENDS: course.arrive_s[-1]}
            due_s = ends[row] if row in ends else course.due_s(sample.along_m)
            late_s[row].append(sample.time_s - due_s)
        standing = every_s / STEP_S / max(runs, 1)
        table = [_density(row) for row in late_s[: len(SHARES)]]
        table += [np.log(_counts(row) * standing + 1e-3) for row in late_s[len(SHARES) :]]
        went = np.bincount([*onward, *range(len(USUAL_ONWARD))]).astype(np.float64)
        return cls(np.array(table), went / went.sum())


def rows_of(along_m: Floats, length_m: Floats) -> Ints:
    """Return the rows of the table for places along ways of the given lengths."""
    rows = np.searchsorted(SHARES, along_m / length_m, side="right") - 1
    rows = np.where(along_m > length_m - END_M, ENDS, np.maximum(rows, 0))
    return np.where(along_m < END_M, WAITS, rows)


def row_of(along_m: float, length_m: float) -> int:
    """Return the row of the table for one place."""
    return int(rows_of(np.array([along_m]), np.array([length_m]))[0])


def _density(values: Sequence[float]) -> Floats:
    counts = _counts(values)
    share = counts / max(float(counts.sum()), 1.0)
    return np.asarray(np.log(((1 - FLOOR) * share + FLOOR / STEPS) * (LEG_S / STEP_S)))


def _counts(values: Sequence[float]) -> Floats:
    """Return how many values fall in each step, spread a little to both sides."""
    counts = np.histogram(values, bins=STEPS, range=(FROM_S, TO_S))[0].astype(np.float64)
    reach = np.arange(-4, 5) * (STEP_S / SMOOTH_S)
    bell = np.exp(-(reach**2) / 2)
    spread: Floats = np.convolve(counts, bell / bell.sum(), mode="same").astype(np.float64)
    return spread
