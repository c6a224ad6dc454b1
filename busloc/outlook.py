"""When a vehicle under way comes to the stops ahead, told from all that is known at a moment.

The time to a stop is the usual time of the legs before it, less what has passed since the last
stop (of a vehicle seen on its way: less the share of the leg behind it), and a weighted sum of what
speaks against that: where on its leg it is (it waits before lights more than behind them), how long
it stands or drives already (a bus that is overdue is *still* to come), what the last vehicles took
on the same legs, the pace of the line and of the whole town today, the vehicle's own, the
timetable, and its delay.  The weights are learnt (``busloc.learning``).  Instants are seconds on
any one clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from busloc.usual import Floats, Indices, Seen, Table, half_hour

OVER = np.array([0.0, 0.4, 0.7, 0.9, 1.1, 1.4, 1.9, 2.8, 4.5])
"""Time spent on the present leg, in its usual time: where the weights are given."""
FAR_S = np.array([0.0, 150.0, 400.0, 800.0, 1600.0])
"""Usual time to the stop: where the weights are given."""
VOICES = (
    "level", "scale", "stops", "outright", "timetable", "ahead", "line", "town", "own",
    "late", "very late", "early",
)  # fmt: skip
PLACES = ("stands, next", "stands, later", "drives, next", "drives, later")
SHARES = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
"""The share of the present leg behind a vehicle seen there: where the weights are given."""
BLIND = len(PLACES) * len(OVER) + 2 + len(VOICES) * len(FAR_S)
"""So many features tell of stop events alone; those of the place inside the leg come after them."""
FEATURES = BLIND + 2 * len(SHARES)

SHORT_S = 15.0
"""No leg is taken to be shorter where it measures what was spent on it."""
RECENT = 4
"""So many vehicles ahead are remembered on a leg."""
FADE_S = 1800.0
FORGET_S = 7200.0
DOUBT = 3.0
"""Vehicles' worth of doubt whether those ahead tell anything."""
TOWN_S = 3600.0
LATE_S, VERY_LATE_S = 300.0, 900.0


@dataclass(frozen=True, slots=True)
class Way:
    """A trip as its legs: their numbers in a table, and the timetable's arrivals at its stops."""

    legs: Indices
    due_s: Floats

    @property
    def planned_s(self) -> Floats:
        """The seconds the timetable gives each leg."""
        return np.diff(self.due_s)


@dataclass(slots=True)
class Progress:
    """What a vehicle has done on its run.  ``day_s`` is the instant of second 0 of its day.

    ``came_s`` is when it came to call ``index`` (to the first: left it, or will), ``left_s`` when
    it left there, if it has; ``over_s`` and ``usual_s`` sum up the legs behind it.  ``seen`` is
    where on the leg after that call it was last.
    """

    way: Way
    day_s: float
    index: int
    came_s: float
    left_s: float | None = None
    over_s: float = 0.0
    usual_s: float = 0.0
    seen: Seen | None = None

    def look(self, seen: Seen) -> None:
        """Take in where the vehicle is; not yet under way, or on another leg, it tells nothing."""
        if seen.index == self.index and seen.share > 0.0:
            self.seen = seen

    @property
    def late_s(self) -> float:
        """How late it was at the last call."""
        return float(self.came_s - self.day_s - self.way.due_s[self.index])


@dataclass
class Traffic:
    """What today's vehicles took for their legs, beyond the usual."""

    legs: int
    ended_s: Floats = field(init=False)
    over_s: Floats = field(init=False)
    usual_s: Floats = field(init=False)
    _next: Indices = field(init=False)
    _town: deque[tuple[float, float, float]] = field(default_factory=deque)
    _latest_s: float = -np.inf
    _town_over_s: float = 0.0
    _town_usual_s: float = 0.0

    def __post_init__(self) -> None:
        """Start with nothing seen."""
        self.ended_s = np.full((self.legs + 1, RECENT), -np.inf)
        self.over_s = np.zeros((self.legs + 1, RECENT))
        self.usual_s = np.zeros((self.legs + 1, RECENT))
        self._next = np.zeros(self.legs + 1, dtype=np.intp)

    def see(self, leg: int, ended_s: float, over_s: float, usual_s: float) -> None:
        """Note a leg driven: its end, and how much longer than usual it took."""
        if ended_s < self._latest_s - FORGET_S:
            return
        self._latest_s = max(self._latest_s, ended_s)
        over_s = min(max(over_s, -0.6 * usual_s), 1.5 * usual_s + 20)
        if leg < self.legs:
            k = self._next[leg]
            self.ended_s[leg, k], self.over_s[leg, k] = ended_s, over_s
            self.usual_s[leg, k] = usual_s
            self._next[leg] = (k + 1) % RECENT
        self._town.append((ended_s, over_s, usual_s))
        self._town_over_s += over_s
        self._town_usual_s += usual_s

    def pace(self, now_s: float) -> float:
        """Return how much slower than usual the town is in the last hour, as a share."""
        while self._town and self._town[0][0] < now_s - TOWN_S:
            _, over_s, usual_s = self._town.popleft()
            self._town_over_s -= over_s
            self._town_usual_s -= usual_s
        return self._town_over_s / (self._town_usual_s + 3000.0)

    def ahead(self, legs: Indices, now_s: float) -> tuple[Floats, Floats]:
        """Return the faded sum of what those ahead took too long on each leg, and its weight."""
        ended_s = self.ended_s[legs]
        known = (ended_s > now_s - FORGET_S) & (ended_s <= now_s)
        weight = np.where(known, np.exp(-np.maximum(now_s - ended_s, 0.0) / FADE_S), 0.0)
        return (weight * self.over_s[legs]).sum(axis=1), weight.sum(axis=1)


def usual_times(way: Way, table: Table, late_s: float) -> tuple[Floats, Floats]:
    """Return the usual seconds of each leg, by the timetable's difference and outright."""
    start_s = way.due_s[:-1] + late_s
    bins = np.clip(start_s // 1800, 0, table.n.shape[1] - 1).astype(np.intp)
    return table.times(way.legs, way.planned_s, bins)


def move(
    progress: Progress, traffic: Traffic, table: Table, index: int, came_s: float
) -> None:  # fmt: skip
    """Have a vehicle come to call ``index``; the leg behind it is told to the traffic."""
    way, at = progress.way, progress.index
    if index == progress.index + 1:
        start_s = progress.left_s if at == 0 and progress.left_s else progress.came_s
        leg = way.legs[at : at + 1]
        planned_s = way.planned_s[at : at + 1]
        bins = np.array([half_hour(start_s - progress.day_s)])
        usual_s = float(table.times(leg, planned_s, bins)[0][0])
        over_s = came_s - start_s - usual_s
        traffic.see(int(leg[0]), came_s, over_s, usual_s)
        progress.over_s += min(max(over_s, -0.6 * usual_s), 1.5 * usual_s + 20)
        progress.usual_s += usual_s
    progress.index, progress.came_s, progress.left_s = index, came_s, None
    progress.seen = None


@dataclass(frozen=True, slots=True)
class View:
    """The stops ahead as numbers: what is left of the usual times, and what speaks against them."""

    left_s: Floats
    features: Floats
    overdue: float


def view(
    progress: Progress, traffic: Traffic, table: Table, now_s: float, *, calls: int | None = None
) -> View:  # fmt: skip
    """Return the view from ``now_s`` on the calls after the last one made, of which there are some.

    Of a vehicle seen on its leg, the rest of the leg counts from when it was seen.  All calls
    speak; told of are only the first ``calls``.
    """
    way, i, seen = progress.way, progress.index, progress.seen
    carried, outright = usual_times(way, table, progress.late_s)
    carried, outright, legs = carried[i:], outright[i:], way.legs[i:]
    planned_s = way.planned_s[i:]
    whole_s = max(float(carried[0]), SHORT_S)
    if seen is not None:
        for each_s in (carried, outright, planned_s):
            each_s[0] *= 1.0 - seen.share
    gone, spent_s, driven_s = _spent(progress, now_s)
    first_s = max(float(carried[0]), SHORT_S)
    over, weight = traffic.ahead(legs, now_s)
    line = float(over.sum() / ((weight * carried).sum() + 600.0))
    carried, outright, planned_s = carried[:calls], outright[:calls], planned_s[:calls]
    over, weight = over[:calls], weight[:calls]
    sums = np.cumsum(carried)
    left_s = sums - spent_s
    far_s = np.maximum(left_s, 0.0)
    town = traffic.pace(now_s)
    own = progress.over_s / (progress.usual_s + 600.0)
    late_s = progress.late_s
    one = np.ones_like(far_s)
    voices = np.stack([
        one, far_s, np.arange(1.0, len(far_s) + 1.0),
        np.cumsum(outright) - sums, np.cumsum(planned_s) - sums,
        np.cumsum(over / (weight + DOUBT)), line * far_s, town * far_s,
        own * np.minimum(far_s, 1200.0),
        min(max(late_s, 0.0), LATE_S) * one,
        min(max(late_s - LATE_S, 0.0), VERY_LATE_S) * one, max(min(late_s, 0.0), -LATE_S) * one,
    ], axis=1)  # fmt: skip
    nearness = hats(far_s, FAR_S)
    spoken = (voices[:, :, None] * nearness[:, None, :]).reshape(len(far_s), -1)
    waits = _waits(len(far_s), gone=gone, spent_s=spent_s, driven_s=driven_s, first_s=first_s)
    overdue = driven_s / first_s if seen is None else (now_s - progress.came_s) / whole_s
    where = _where(len(far_s), seen, whole_s)
    return View(left_s, np.hstack([waits, spoken, where]), overdue)


def _spent(progress: Progress, now_s: float) -> tuple[bool, float, float]:
    """Return whether a vehicle is under way, and the seconds since its call and since it left.

    Both are those since it was seen, for one that was seen on its leg.
    """
    if progress.seen is not None:
        since_s = now_s - progress.seen.at_s
        return True, since_s, since_s
    spent_s = now_s - progress.came_s
    if progress.left_s is None or progress.left_s > now_s:
        return False, spent_s, spent_s
    return True, spent_s, now_s - progress.left_s


def _waits(
    calls: int, *, gone: bool, spent_s: float, driven_s: float, first_s: float
) -> Floats:  # fmt: skip
    """Return what standing or driving so long already says of each call to come."""
    waits = np.zeros((calls, len(PLACES) * len(OVER) + 2))
    spent = hats(np.array([driven_s / first_s]), OVER)[0] * first_s
    beyond_s = max(spent_s - OVER[-1] * first_s, 0.0)
    for rows, place in ((slice(0, 1), 2 * gone), (slice(1, None), 2 * gone + 1)):
        waits[rows, place * len(OVER) : (place + 1) * len(OVER)] = spent
    waits[0, -2], waits[1:, -1] = beyond_s, beyond_s
    return waits


def _where(calls: int, seen: Seen | None, whole_s: float) -> Floats:
    """Return what the place on the leg says of the next call, and of those after it."""
    where = np.zeros((calls, 2, len(SHARES)))
    if seen is not None:
        says_s = hats(np.array([seen.share]), SHARES)[0] * whole_s
        where[0, 0], where[1:, 1] = says_s, says_s
    return where.reshape(calls, -1)


def hats(values: Floats, knots: Floats) -> Floats:
    """Return how near each value is to each knot: linear between two, sums of 1.

    >>> hats(np.array([0.5, 9.0]), np.array([0.0, 2.0, 4.0])).tolist()
    [[0.75, 0.25, 0.0], [0.0, 0.0, 1.0]]
    """
    clipped = np.clip(values, knots[0], knots[-1])
    k = np.clip(np.searchsorted(knots, clipped, side="right") - 1, 0, len(knots) - 2)
    share = (clipped - knots[k]) / (knots[k + 1] - knots[k])
    found = np.zeros((len(values), len(knots)))
    rows = np.arange(len(values))
    found[rows, k] = 1.0 - share
    found[rows, k + 1] = share
    return found
