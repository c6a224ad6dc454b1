"""How long the ways from stop to stop usually take, by kind of day and time of day.

A leg runs from arrival to arrival, so it holds the stand at its first stop; the first leg of a trip
starts when the vehicle leaves.  What is kept of each leg is not its time alone but what the
timetable gave for it, because the *difference* between both carries over from one kind of day to
another, as the time itself does not (``reference/location.md`` §4.3).  Half-hours with few drives
borrow from those beside them; a leg never driven takes the timetable's time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

Leg = tuple[str, str]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

BIN_S = 1800
BINS = 64
"""Half-hours of a service day, which may end late in the next night."""
REACH_S = 3600.0
"""How far a drive tells of other times of the day (standard deviation)."""
TRUST = 1.0
"""Drives the timetable is worth."""
LEAST_S = 3.0
STAND_MAX_S = 180.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A vehicle at ``at_s``, with ``share`` (0 to 1) of the leg after call ``index`` behind it."""

    at_s: float
    index: int
    share: float


@dataclass(frozen=True, slots=True)
class Drive:
    """A trip as it was driven.  All times in service-day seconds; ``None`` where not observed.

    ``due_s`` are the planned arrivals, of the first stop the departure.  ``seen`` is where it was
    between its calls, if that is known.
    """

    day_type: str
    stops: tuple[str, ...]
    due_s: tuple[float, ...]
    arrive_s: tuple[float | None, ...]
    leave_s: tuple[float | None, ...]
    seen: tuple[Seen, ...] = ()

    def legs(self) -> Iterable[tuple[int, float, float]]:
        """Yield (index, start, seconds taken) of each leg seen at both its ends."""
        for i in range(len(self.stops) - 1):
            end_s, start_s = self.arrive_s[i + 1], self.start_s(i)
            if start_s is not None and end_s is not None:
                yield i, start_s, end_s - start_s

    def start_s(self, index: int) -> float | None:
        """Return when the leg from a stop began: on arrival, at the first stop on leaving."""
        return self.leave_s[0] if index == 0 and self.leave_s[0] else self.arrive_s[index]


Tally = tuple[int, int, float, float]
"""A half-hour: its number, how many drives, their seconds and the timetable's, in sum."""


@dataclass(frozen=True)
class Usual:
    """Sums by leg and kind of day, from which the usual times are told."""

    tallies: Mapping[Leg, Mapping[str, tuple[Tally, ...]]]
    stand_s: Mapping[str, float]

    @classmethod
    def of(cls, drives: Iterable[Drive]) -> Usual:
        """Sum up drives, each leg clipped to what its own drives show to be likely."""
        found: defaultdict[Leg, list[tuple[str, float, float, float]]] = defaultdict(list)
        every = list(drives)
        for drive in every:
            for i, start_s, took_s in drive.legs():
                due_s = drive.due_s[i + 1] - drive.due_s[i]
                leg = drive.stops[i], drive.stops[i + 1]
                found[leg].append((drive.day_type, start_s, took_s, due_s))
        return cls({leg: _tallied(rows) for leg, rows in found.items()}, _stands(every))

    @cached_property
    def number(self) -> dict[Leg, int]:
        """A number for each leg known."""
        return {leg: i for i, leg in enumerate(self.tallies)}

    @cached_property
    def day_types(self) -> frozenset[str]:
        """The kinds of days there are drives of."""
        return frozenset(kind for kinds in self.tallies.values() for kind in kinds)

    def table(self, kinds: Sequence[str]) -> Table:
        """Return the usual times on days like these, which must be some that there are."""
        sums = np.zeros((3, len(self.number) + 1, BINS))
        for leg, i in self.number.items():
            for kind in kinds:
                for k, n, took_s, due_s in self.tallies[leg].get(kind, ()):
                    sums[:, i, k] += n, took_s, due_s
        n, took_s, due_s = sums @ _borrowing()
        return Table(self.number, n, took_s, due_s)


def _tallied(rows: list[tuple[str, float, float, float]]) -> dict[str, tuple[Tally, ...]]:
    usual_s = median(took_s for _, _, took_s, _ in rows)
    low_s, high_s = 0.35 * usual_s, 2.2 * usual_s + 20
    sums: defaultdict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for kind, start_s, took_s, due_s in rows:
        total = sums[kind, half_hour(start_s)]
        for k, value in enumerate((1, min(max(took_s, low_s), high_s), due_s)):
            total[k] += value
    kinds: defaultdict[str, list[Tally]] = defaultdict(list)
    for (kind, k), (n, took_s, due_s) in sorted(sums.items()):
        kinds[kind].append((k, int(n), round(took_s, 1), round(due_s, 1)))
    return {kind: tuple(tallies) for kind, tallies in kinds.items()}


def _stands(drives: Iterable[Drive]) -> dict[str, float]:
    """Return how long vehicles stand at each stop on average, where that was seen."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for drive in drives:
        inner = zip(drive.stops[1:-1], drive.arrive_s[1:-1], drive.leave_s[1:-1], strict=True)
        for stop, came_s, left_s in inner:
            if came_s is not None and left_s is not None:
                found[stop].append(min(left_s - came_s, STAND_MAX_S))
    return {stop: round(fmean(times), 1) for stop, times in found.items()}


def half_hour(time_s: float) -> int:
    """Return the number of a half-hour of the service day."""
    return min(max(int(time_s // BIN_S), 0), BINS - 1)


def _borrowing() -> Floats:
    gap_s = (np.arange(BINS)[:, None] - np.arange(BINS)[None, :]) * BIN_S
    return np.exp(-0.5 * (gap_s / REACH_S) ** 2) + 1e-3


@dataclass(frozen=True, slots=True)
class Table:
    """Weighed sums by leg (the last row: a leg not known) and half-hour."""

    number: Mapping[Leg, int]
    n: Floats
    took_s: Floats
    due_s: Floats

    def stretched(self, factor: float) -> Table:
        """Return the table of a day that takes so many times as long."""
        return replace(self, took_s=self.took_s * factor)

    def legs(self, stops: Sequence[str]) -> Indices:
        """Return the numbers of a trip's legs."""
        unknown = len(self.number)
        pairs = pairwise(stops)
        return np.array([self.number.get(leg, unknown) for leg in pairs], dtype=np.intp)

    def times(self, legs: Indices, due_s: Floats, bins: Indices) -> tuple[Floats, Floats]:
        """Return the seconds expected of each leg, by the timetable's difference and outright."""
        n, took_s = self.n[legs, bins], self.took_s[legs, bins]
        carried_s = due_s + (took_s - self.due_s[legs, bins]) / (n + TRUST)
        outright_s = (took_s + TRUST * due_s) / (n + TRUST)
        floor_s = np.maximum(LEAST_S, 0.3 * outright_s)
        return np.maximum(carried_s, floor_s), np.maximum(outright_s, floor_s)
