"""Which run a vehicle is on when nobody says.

All runs whose way passes near the fixes are followed at once, as *trails*: a trail's cost grows
with the metres off the way and with moves along it that the vehicle did not make on the ground; a
run's score adds how well its times are kept (``habits``), and whether it is one the vehicle would
go on to from the run it was on (``onward``).  Scores become probabilities, of one vehicle here and
of all that are seen at once in ``share``.  A guess is confident only when it is
likely enough, after several fixes of a vehicle that moved and stayed near its way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from busloc.course import Run
from busloc.habits import END_M, ENDS, WAITS, Habits, rows_of
from busloc.network import Network, Places
from busloc.onward import onward
from busloc.ping import Ping
from gtfs.geo import distance_m

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

BACK_M = 60.0
AHEAD_MPS, AHEAD_M = 30.0, 200.0
OFF_M, OFF_LEG_SHARE, OFF_LEG_M = 30.0, 0.05, 2000.0
OFF_WEIGHT = 1.3
"""The cost of metres off the line is that of a heavy tail: roads are not straight."""
MOVE_M, MOVE_SHARE, MOVE_MAX = 60.0, 0.3, 10.0
MISS, MISSES_MAX = 8.0, 2
LEAVE, LEAVE_AT_END = 12.0, 2.0
PRUNE, TRAILS_MAX, DEEP = 20.0, 40, 12.0
KEEP, KEEP_TIMES = 0.9, 0.8
"""How much of what was known outlasts one more fix."""
TIMES_WEIGHT = 2.0
CONFIDENT = 0.97
FIXES_MIN, FIXES_KEPT = 3, 5
MOVED_MIN_M = 300.0
ASTRAY = 40.0
"""A vehicle whose best trail costs more is on none of the ways."""
NONE = -8.0
ROUNDS = 2
"""More rounds of belief propagation count the same rivalry twice, and are surer than is right."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A run that a vehicle may be on, and how likely that is."""

    run: Run
    probability: float


class Guesser:
    """Watches one vehicle that has neither trip nor duty."""

    def __init__(self, network: Network, habits: Habits) -> None:
        self._network = network
        self._habits = habits
        self._fixes: deque[Ping] = deque(maxlen=FIXES_KEPT)
        self._trails: _Trails | None = None
        self._guesses: list[Guess] = []
        self._onward = np.zeros(len(network.runs))
        """What speaks for each run because of those before it (log), also while on none."""

    def see(self, ping: Ping, *, taken: Collection[Run] = ()) -> list[Guess]:
        """Return the likeliest runs after one more fix, best first, less those that are taken."""
        places = self._network.near(ping.lat, ping.lon)
        cost, before = _off_cost(places), self._trails
        origin = None
        if before is not None and len(before.pattern):
            last = self._fixes[-1]
            ground_m = distance_m(last.lat, last.lon, ping.lat, ping.lon)
            origin, moved = _origin(before, places, ping.t - last.t, ground_m, self._network)
            cost = cost + moved
        best = np.argsort(cost, kind="stable")[:TRAILS_MAX]
        kept = np.sort(best[cost[best] <= cost.min(initial=np.inf) + PRUNE])
        trails = self._begin(places, cost, kept, ping.t)
        if before is not None and origin is not None:
            trails = _go_on(trails, before, origin.only(kept), self._network.count)
        self._trails = trails
        if len(trails.pattern):
            self._onward = onward(self._network, self._habits.onward, *self._values(trails))
        self._fixes.append(ping)
        self._guesses = weigh(self.scores(), taken)
        return self._guesses

    def scores(self) -> dict[Run, float]:
        """Return the log likelihood of the likelier runs, up to one addend, best first."""
        trails = self._trails
        if trails is None or not len(trails.pattern):
            return {}
        runs, values = self._values(trails)
        best = np.flatnonzero(values >= values.max() - DEEP)
        found: dict[Run, float] = {}
        for k in best[np.argsort(-values[best], kind="stable")].tolist():
            found.setdefault(self._network.runs[runs[k]], float(values[k]))
        return found

    def _values(self, trails: _Trails) -> tuple[Ints, Floats]:
        """Return the run of each entry of the trails' times, and its score."""
        owner = np.repeat(np.arange(len(trails.pattern)), self._network.count[trails.pattern])
        run = self._network.first[trails.pattern] - trails.first
        times = TIMES_WEIGHT * trails.times / trails.weight[owner]
        return run[owner] + np.arange(len(owner)), times + trails.onward - trails.cost[owner]

    def confident(self, guesses: Sequence[Guess] | None = None) -> Guess | None:
        """Return the run the vehicle is on, ``None`` while that is not sure enough.

        ``guesses`` are those shared out among all vehicles, if there are such (``share``).
        """
        best = next(iter(self._guesses if guesses is None else guesses), None)
        if best is None or best.probability < CONFIDENT or len(self._fixes) < FIXES_MIN:
            return None
        astray = self._trails is None or float(self._trails.cost.min(initial=np.inf)) > ASTRAY
        return None if astray or self._moved_m() < MOVED_MIN_M else best

    def _moved_m(self) -> float:
        last = self._fixes[-1]
        return max(distance_m(fix.lat, fix.lon, last.lat, last.lon) for fix in self._fixes)

    def _begin(self, places: Places, cost: Floats, kept: Ints, t: float) -> _Trails:
        """Return trails that consist of the places kept, with how well each run's times fit."""
        network = self._network
        pattern, along_m = places.pattern[kept], places.along_m[kept]
        place, run, due = network.runs_at(pattern, along_m)
        row = rows_of(along_m, network.length_m[pattern])[place]
        due = np.where(row == WAITS, network.starts[run], due)
        due = np.where(row == ENDS, network.ends[run], due)
        return _Trails(
            pattern=pattern,
            along_m=along_m,
            cost=cost[kept],
            weight=np.ones(len(kept)),
            misses=np.zeros(len(kept), dtype=np.int64),
            first=_starts(network.count[pattern]),
            times=self._habits.presence(row, t - due),
            onward=self._onward[run],
        )


def weigh(scores: Mapping[Run, float], taken: Collection[Run] = ()) -> list[Guess]:
    """Return probabilities that add up to 1, best first, less the runs that are taken."""
    free = {run: score for run, score in scores.items() if run not in taken}
    runs = sorted(free, key=lambda run: (-free[run], run.trip_id, run.day))
    if not runs:
        return []
    share = np.exp(np.array([free[run] for run in runs]) - free[runs[0]])
    return [Guess(run, p) for run, p in zip(runs, (share / share.sum()).tolist(), strict=True)]


def share(scores: Mapping[str, Mapping[Run, float]]) -> dict[str, list[Guess]]:
    """Return each vehicle's guesses when no run may have two vehicles, best first.

    ``scores`` are the ``Guesser.scores`` of all vehicles seen lately.  The probabilities are
    nearly those of all ways to share the runs out, by belief propagation.
    """
    vehicles = [vehicle for vehicle, own in scores.items() if own]
    numbers: dict[Run, int] = {}
    tops = [max(scores[vehicle].values()) for vehicle in vehicles]
    edges = [
        (v, numbers.setdefault(run, len(numbers)), score - tops[v])
        for v, vehicle in enumerate(vehicles)
        for run, score in scores[vehicle].items()
    ]
    if not edges:
        return {vehicle: [] for vehicle in scores}
    v, r = (np.array([edge[k] for edge in edges]) for k in (0, 1))
    weight = np.exp(np.array([edge[2] for edge in edges]))
    alone, free = np.exp(NONE), np.ones(len(edges))
    for _ in range(ROUNDS):
        claim = weight * free
        others = np.maximum(np.bincount(v, claim)[v] - claim, 0.0)
        wanted = weight / (alone + others)
        rivals = np.maximum(np.bincount(r, wanted)[r] - wanted, 0.0)
        free = 1.0 / (1.0 + rivals)
    claim = weight * free
    sure = claim / (alone + np.bincount(v, claim))[v]
    shared: dict[str, list[Guess]] = {vehicle: [] for vehicle in scores}
    runs = list(numbers)
    for k in np.argsort(-sure, kind="stable").tolist():
        shared[vehicles[v[k]]].append(Guess(runs[r[k]], float(sure[k])))
    return shared


@dataclass(frozen=True, slots=True)
class _Trails:
    """Ways the fixes may have come: parallel arrays of the pattern, the place on it and the cost.

    ``times`` has, trail by trail from ``first`` on, the decayed sum of each run's log presence,
    ``weight`` the decayed sum of ones, ``onward`` what spoke for each run when the trail began.
    """

    pattern: Ints
    along_m: Floats
    cost: Floats
    weight: Floats
    misses: Ints
    first: Ints
    times: Floats
    onward: Floats


@dataclass(frozen=True, slots=True)
class _Origin:
    """The trail each place is reached from most cheaply, and whether it stays on that trail."""

    trail: Ints
    stays: Flags

    def only(self, kept: Ints) -> _Origin:
        return _Origin(self.trail[kept], self.stays[kept])


def _off_cost(places: Places) -> Floats:
    scale_m = OFF_M + OFF_LEG_SHARE * np.minimum(places.leg_m, OFF_LEG_M)
    cost: Floats = OFF_WEIGHT * np.log1p((places.off_m / scale_m) ** 2)
    return cost


def _origin(
    before: _Trails, places: Places, after_s: float, ground_m: float, network: Network
) -> tuple[_Origin, Floats]:
    """Return where each place is reached from, and the cost up to there and of getting here."""
    move_m = places.along_m[:, None] - before.along_m
    barred = (
        (places.pattern[:, None] != before.pattern)
        | (move_m < -BACK_M)
        | (move_m > AHEAD_MPS * after_s + AHEAD_M)
    )
    strain = np.minimum(np.abs(move_m - ground_m) / (MOVE_M + MOVE_SHARE * ground_m), MOVE_MAX)
    total = np.where(barred, np.inf, KEEP * before.cost + strain)
    trail = total.argmin(axis=1)
    least = total[np.arange(len(total)), trail]
    at_end = before.along_m > network.length_m[before.pattern] - END_M
    leave = KEEP * before.cost + np.where(at_end, LEAVE_AT_END, LEAVE)
    left = int(leave.argmin())
    stays = least <= leave[left]
    return _Origin(np.where(stays, trail, left), stays), np.minimum(least, leave[left])


def _go_on(new: _Trails, before: _Trails, origin: _Origin, count: Ints) -> _Trails:
    """Return new trails with the past of those they go on from, and beside them the ones missed.

    A trail that begins where another ended takes over the best that was known of that one.
    """
    trail, stays = origin.trail, origin.stays
    owner = np.repeat(np.arange(len(new.pattern)), count[new.pattern])
    past = before.first[trail[owner]] + np.arange(len(owner)) - new.first[owner]
    past = np.where(stays[owner], past, 0)
    best = np.maximum.reduceat(before.times, before.first)[trail[owner]]
    ahead_m = np.maximum(new.along_m, before.along_m[trail])
    going = _Trails(
        pattern=new.pattern,
        along_m=np.where(stays, ahead_m, new.along_m),
        cost=new.cost,
        weight=new.weight + KEEP_TIMES * before.weight[trail],
        misses=new.misses,
        first=new.first,
        times=new.times + KEEP_TIMES * np.where(stays[owner], before.times[past], best),
        onward=np.where(stays[owner], before.onward[past], new.onward),
    )
    missed = np.setdiff1d(np.flatnonzero(before.misses < MISSES_MAX), trail[stays])
    near = KEEP * before.cost[missed] + MISS <= new.cost.min(initial=np.inf) + PRUNE
    return _joined(going, before, missed[near], count)


def _joined(going: _Trails, before: _Trails, missed: Ints, count: Ints) -> _Trails:
    counts = count[before.pattern[missed]]
    kept = np.repeat(before.first[missed] - _starts(counts), counts) + np.arange(counts.sum())
    pattern = np.concatenate([going.pattern, before.pattern[missed]])
    return _Trails(
        pattern=pattern,
        along_m=np.concatenate([going.along_m, before.along_m[missed]]),
        cost=np.concatenate([going.cost, KEEP * before.cost[missed] + MISS]),
        weight=np.concatenate([going.weight, before.weight[missed]]),
        misses=np.concatenate([going.misses, before.misses[missed] + 1]),
        first=_starts(count[pattern]),
        times=np.concatenate([going.times, before.times[kept]]),
        onward=np.concatenate([going.onward, before.onward[kept]]),
    )


def _starts(counts: Ints) -> Ints:
    starts: Ints = np.cumsum(counts) - counts
    return starts
