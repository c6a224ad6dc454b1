"""A whole plan from nothing, or a better one, by ruin and recreate in a budget.

``search(problem, stop=MaxCpu(1), seed=0)`` works on plain arrays; ``search_plan`` makes them of a
live plan.  With the same iterations and seed the outcome is the same on every machine.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple, Protocol

import numpy as np

from dispatcher import search_kernel
from dispatcher.search_kernel import REMEMBERED, Floats, Ints, Problem, State, Work
from dispatcher.search_moves import anneal, duplicate

__all__ = [
    "Either",
    "MaxCpu",
    "MaxIterations",
    "Problem",
    "Solution",
    "Stopping",
    "alike",
    "is_compiled",
    "search",
]

_NEAR: Final = 30
"""How many like parties each party knows."""

_LARGEST: Final = 35
"""At most so many parties are taken out at once, and at most a third of all."""

_ROUNDS: Final = 50
"""So many iterations run at one temperature."""

_TIME: Final = 0.1
"""How far apart a second between two windows is, in seconds of driving."""

_HOT, _COLD = 1.0, 0.02
"""First and last temperature, in costs of an average party."""


class Stopping(Protocol):
    """When to stop."""

    def spent(self, iterations: int, /) -> float:
        """Return the share of the budget that is spent; 1 and more is all of it."""
        ...

    def rounds(self, iterations: int, /) -> int:
        """Return how many iterations may follow before ``spent`` is asked again."""
        ...


@dataclass(frozen=True, slots=True)
class MaxIterations:
    """Stop after so many iterations: the outcome depends on nothing but the seed."""

    count: int

    def spent(self, iterations: int, /) -> float:
        """See ``Stopping``."""
        return iterations / self.count if self.count > 0 else 1.0

    def rounds(self, iterations: int, /) -> int:
        """See ``Stopping``."""
        return min(_ROUNDS, self.count - iterations)


class MaxCpu:
    """Stop when this process has used so many more seconds of processor time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.began = time.process_time()

    def spent(self, _iterations: int, /) -> float:
        """See ``Stopping``."""
        used = time.process_time() - self.began
        return used / self.seconds if self.seconds > 0 else 1.0

    def rounds(self, _iterations: int, /) -> int:
        """See ``Stopping``."""
        return _ROUNDS


@dataclass(frozen=True, slots=True)
class Either:
    """Stop when the first of two budgets is spent."""

    first: Stopping
    second: Stopping

    def spent(self, iterations: int, /) -> float:
        """See ``Stopping``."""
        return max(self.first.spent(iterations), self.second.spent(iterations))

    def rounds(self, iterations: int, /) -> int:
        """See ``Stopping``."""
        return min(self.first.rounds(iterations), self.second.rounds(iterations))


class Solution(NamedTuple):
    """What a search found."""

    routes: list[list[int]]
    """The nodes of every vehicle's route without start and end."""
    unserved: list[int]
    cost: float
    """Without the price of those left out."""
    iterations: int


def search(
    problem: Problem,
    *,
    stop: Stopping,
    seed: int = 0,
    first: Sequence[Sequence[int]] | None = None,
    until_served: bool = False,
) -> Solution:
    """Return the best plan found until ``stop``, never a worse one than ``first``.

    ``first`` lists every vehicle's nodes to begin with; without it nobody is served at first.
    With ``until_served`` the search is over as soon as nobody is left out.
    Raises ``ValueError`` when a route of ``first`` keeps not all limits.
    """
    routes = first if first is not None else [[] for _ in problem.start]
    best = _state(problem, routes)
    now, trial = _copied(best), _copied(best)
    work = _work(problem, seed)
    parties, done = len(problem.near), 0
    largest = max(1, min(_LARGEST, parties // 3))
    while parties > 0 and (spent := stop.spent(done)) < 1:
        heat = _heat(problem, best, spent, warm=first is not None)
        rounds = stop.rounds(done)
        anneal(problem, now, best, trial, work, heat, rounds, largest)
        done += rounds
        if until_served and best.size[0] == 0:
            break
    return _solution(problem, best, done)


def is_compiled() -> bool:
    """Whether this process has compiled the search, or loaded it compiled."""
    return not hasattr(anneal, "signatures") or len(anneal.signatures) > 0


def _heat(problem: Problem, best: State, spent: float, *, warm: bool) -> float:
    """Return the temperature; a plan that is good already is not heated as much."""
    hot = _HOT / 4 if warm else _HOT
    served = max(1, len(problem.near) - int(best.size[0]))
    return float(hot * (_COLD / hot) ** spent * best.cost.sum() / served)


def _state(problem: Problem, routes: Sequence[Sequence[int]]) -> State:
    """Return the plan with these routes; everybody else is in the bank."""
    parties = len(problem.near)
    state = _blank(len(problem.early), len(problem.start), parties)
    for v, route in enumerate(routes):
        _lay(problem, state, v, route)
    movable = np.zeros(2 * parties, dtype=bool)
    movable[[node for node in chain(*routes) if node < 2 * parties]] = True
    bank = np.flatnonzero(~movable[::2])
    state.bank[: len(bank)], state.size[0] = bank, len(bank)
    return state


def _blank(nodes: int, vehicles: int, parties: int) -> State:
    def ints(count: int, value: int = 0) -> Ints:
        return np.full(count, value, dtype=np.int64)

    return State(
        next=ints(nodes, -1),
        last=ints(nodes, -1),
        vehicle=ints(nodes, -1),
        least=np.zeros(nodes),
        great=np.zeros(nodes),
        seats=ints(nodes),
        chairs=ints(nodes),
        leg=np.zeros(nodes),
        cost=np.zeros(vehicles),
        key=ints(vehicles),
        bank=ints(parties),
        size=ints(1),
    )


def _copied(state: State) -> State:
    copy = _blank(len(state.next), len(state.cost), len(state.bank))
    duplicate(state, copy)
    return copy


def _lay(problem: Problem, state: State, v: int, route: Sequence[int]) -> None:
    nodes = [int(problem.start[v]), *route, int(problem.end[v])]
    state.next[nodes[:-1]], state.last[nodes[1:]] = nodes[1:], nodes[:-1]
    state.vehicle[nodes] = v
    if not search_kernel.rebuild(problem, state, v):
        raise ValueError(f"route {v} keeps not all limits")


def _work(problem: Problem, seed: int) -> Work:
    parties, vehicles = max(1, len(problem.near)), len(problem.start)
    draw = random.Random(seed)  # noqa: S311 -- not a secret

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int64)

    pushes = 20 * len(problem.early)
    return Work(
        random=np.array([draw.randrange(1, 2_147_483_399) for _ in range(2)], dtype=np.int64),
        pushed=ints(pushes),
        before=np.zeros(pushes),
        dirty=ints(vehicles),
        order=ints(parties),
        weight=np.zeros(parties),
        table=np.zeros((parties, vehicles)),
        after_p=ints(parties, vehicles),
        after_d=ints(parties, vehicles),
        at=ints(2),
        known=np.full((REMEMBERED, 4), -1, dtype=np.int64),
        known_cost=np.zeros(REMEMBERED),
        idle=ints(vehicles),
        tried=ints(4),
    )


def _solution(problem: Problem, state: State, iterations: int) -> Solution:
    routes = []
    for start, end in zip(problem.start.tolist(), problem.end.tolist(), strict=True):
        route, node = [], int(state.next[start])
        while node != end:
            route.append(node)
            node = int(state.next[node])
        routes.append(route)
    unserved = sorted(state.bank[: state.size[0]].tolist())
    return Solution(routes, unserved, float(state.cost.sum()), iterations)


def alike(early: Floats, late: Floats, drives: Floats, parties: int) -> Ints:
    """Return for each party those most like it: near in place, and in time.

    Two parties differ by the drives between their pickups and between their dropoffs, and by a part
    of what separates the middles of their windows.
    """
    if parties == 0:
        return np.zeros((0, 0), dtype=np.int64)
    p, d = np.arange(parties) * 2, np.arange(parties) * 2 + 1
    apart = drives[np.ix_(p, p)] + drives[np.ix_(d, d)]
    for node in (p, d):
        middle = (early[node] + late[node]) / 2
        apart = apart + _TIME * np.abs(middle[:, None] - middle)
    np.fill_diagonal(apart, -1.0)
    return np.argsort(apart, axis=1, kind="stable")[:, :_NEAR].astype(np.int64)
