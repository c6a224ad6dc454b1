"""A whole plan from nothing, or a better one, by ruin and recreate in a budget; or room for more.

``search(problem, stop=MaxCpu(1), seed=0)`` works on plain arrays, and so does ``make_room``;
``search_plan`` makes them of a live plan.  With the same iterations and seed the outcome is the
same on every machine.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dispatcher.search_moves import LARGEST, anneal
from dispatcher.search_room import MOVES, QUIET, Ejection, eject
from dispatcher.search_route import rebuild
from dispatcher.search_state import (
    BAGS,
    CHAIRS,
    FULL,
    NODE,
    PLACE,
    VEHICLE,
    Floats,
    Ints,
    Records,
    State,
    Work,
    World,
)

__all__ = [
    "Either",
    "MaxCpu",
    "MaxIterations",
    "Problem",
    "Solution",
    "Stopping",
    "alike",
    "is_compiled",
    "make_room",
    "search",
]

_NEAR: Final = 30
"""How many like parties each party knows."""

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


class Problem(NamedTuple):
    """What is to be planned, node by node: party ``r`` gets in at ``2 r`` and out at ``2 r + 1``.

    After the parties come the nodes nobody may move: fixed stops, starts and ends.
    """

    early: Floats
    late: Floats
    service: Floats
    ride: Floats
    """The longest time from the begin of ``pick`` to that of this node."""
    pick: Ints
    """For a dropoff where the party got in, for an end with a longest day its start; else -1."""
    seats: Ints
    """Seats taken (+) or freed (-) at the node; at a start by those on board already."""
    chairs: Ints
    bags: Ints
    alone: Ints
    """Parties that ride alone that get in (+) or out (-)."""
    bar: Ints
    """1 where nobody may be on board: at a task."""
    power: Floats
    """The watts of the charger; 0 where there is none."""
    drives: NDArray[np.float64]
    """Driving times by profile, node and next node."""
    energy: NDArray[np.float64]
    """Watt-hours in the same order, twice a profile: the drive, and what each rider adds; nothing
    at all where no vehicle has a battery."""
    profile: Ints
    start: Ints
    end: Ints
    behind: Ints
    """The node of each vehicle's route behind which nodes may be put in."""
    kind: Ints
    """Vehicles of the same kind are the same in every respect; an empty one stands for all."""
    room: Ints
    places: Ints
    lost: Ints
    luggage: Ints
    """Seats in each vehicle, wheelchair places, seats lost to each wheelchair, and bags."""
    battery: Floats
    """Capacity, content, reserve and taper in watt-hours, a row a vehicle; no capacity, none."""
    extra: Floats
    """What it costs that a vehicle carries a party, a row a party; infinite where it may not."""
    near: Ints
    """For each party the parties most like it in place and time, itself first."""
    aboard: float
    """What a rider's second on board costs, beside one for the vehicle's."""
    unserved: float
    """What it costs to leave a party out."""


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
) -> Solution:
    """Return the best plan found until ``stop``, never a worse one than ``first``.

    ``first`` lists every vehicle's nodes to begin with; without it nobody is served at first.
    Raises ``ValueError`` when a route of ``first`` keeps not all limits.
    """
    routes = first if first is not None else [[] for _ in problem.start]
    world, work = _world(problem), _work(problem, seed)
    best = _state(problem, world, routes)
    now, trial = _copied(best), _copied(best)
    parties, done = len(problem.near), 0
    largest = max(1, min(LARGEST, parties // 3))
    while parties > 0 and (spent := stop.spent(done)) < 1:
        heat = _heat(problem, best, spent, warm=first is not None)
        rounds = stop.rounds(done)
        anneal(world, now, best, trial, work, heat, rounds, largest)
        done += rounds
    return _solution(best, done)


def make_room(
    problem: Problem, *, stop: Stopping, seed: int = 0, first: Sequence[Sequence[int]]
) -> Solution:
    """Return a plan in which nobody is left out, or one that still leaves somebody out.

    ``first`` lists every vehicle's nodes to begin with.  Few are moved who need not be, but what
    the plan costs is not looked at.  Raises ``ValueError`` as ``search`` does.
    """
    world, work = _world(problem), _work(problem, seed)
    state, room, done = _state(problem, world, first), Ejection.of(len(problem.near)), 0
    hope = True
    while hope and state.size[0] > 0 and stop.spent(done) < 1:
        turns = stop.rounds(done)
        hope = eject(world, state, work, room, turns, MOVES if done >= QUIET else 0)
        done += turns
    return _solution(state, done)


def is_compiled() -> bool:
    """Whether this process has compiled the search, or loaded it compiled."""
    both = [getattr(each, "signatures", None) for each in (anneal, eject)]
    return all(signatures is None or len(signatures) > 0 for signatures in both)


def _heat(problem: Problem, best: State, spent: float, *, warm: bool) -> float:
    """Return the temperature; a plan that is good already is not heated as much."""
    hot = _HOT / 4 if warm else _HOT
    served = max(1, len(problem.near) - int(best.size[0]))
    return float(hot * (_COLD / hot) ** spent * best.fleet["cost"].sum() / served)


def _world(problem: Problem) -> World:
    return World(
        drives=problem.drives,
        toward=problem.drives.transpose(0, 2, 1).copy(),
        energy=problem.energy,
        extra=problem.extra,
        near=problem.near,
        aboard=problem.aboard,
        unserved=problem.unserved,
    )


def _state(problem: Problem, world: World, routes: Sequence[Sequence[int]]) -> State:
    """Return the plan with these routes; everybody else is in the bank."""
    parties = len(problem.near)
    bank = np.zeros(parties, dtype=np.int64)
    state = State(_nodes(problem), _fleet(problem), bank, np.zeros(1, dtype=np.int64))
    for v, route in enumerate(routes):
        _lay(problem, world, state, v, route)
    movable = np.zeros(2 * parties, dtype=bool)
    movable[[node for node in chain(*routes) if node < 2 * parties]] = True
    left = np.flatnonzero(~movable[::2])
    state.bank[: len(left)], state.size[0] = left, len(left)
    return state


def _nodes(problem: Problem) -> Records:
    nodes = np.zeros(len(problem.early), dtype=NODE)
    for name in ("next", "last", "vehicle", "drop"):
        nodes[name] = -1
    for name in ("early", "late", "service", "ride", "pick", "bar", "power"):
        nodes[name] = getattr(problem, name)
    nodes["drop"][problem.pick[problem.pick >= 0]] = np.flatnonzero(problem.pick >= 0)
    nodes["riders"] = problem.seats + problem.chairs
    nodes["gain"] = problem.seats + FULL * problem.alone
    nodes["gain"] += (problem.chairs << CHAIRS) + (problem.bags << BAGS)
    return nodes


def _fleet(problem: Problem) -> Records:
    fleet = np.zeros(len(problem.start), dtype=VEHICLE)
    for name in ("profile", "start", "end", "behind", "kind", "lost"):
        fleet[name] = getattr(problem, name)
    fleet["seats"], fleet["chairs"] = problem.room, problem.places
    fleet["bags"] = problem.luggage
    for name, column in zip(
        ("capacity", "now", "reserve", "taper"), problem.battery.T, strict=True
    ):
        fleet[name] = column
    return fleet


def _copied(state: State) -> State:
    return State(state.nodes.copy(), state.fleet.copy(), state.bank.copy(), state.size.copy())


def _lay(problem: Problem, world: World, state: State, v: int, route: Sequence[int]) -> None:
    nodes = [int(problem.start[v]), *route, int(problem.end[v])]
    state.nodes["next"][nodes[:-1]] = nodes[1:]
    state.nodes["last"][nodes[1:]] = nodes[:-1]
    state.nodes["vehicle"][nodes] = v
    if not rebuild(world, state, v):
        raise ValueError(f"route {v} keeps not all limits")


def _work(problem: Problem, seed: int) -> Work:
    parties, vehicles = max(1, len(problem.near)), len(problem.start)
    draw = random.Random(seed)  # noqa: S311 -- not a secret
    nodes = len(problem.early) + 1

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int64)

    memo = np.zeros((parties + 1, vehicles, 2), dtype=PLACE)
    memo["key"] = -1
    return Work(
        random=np.array([draw.randrange(1, 2_147_483_399) for _ in range(2)], dtype=np.int64),
        pushed=ints(20 * nodes),
        before=np.zeros(20 * nodes),
        route=ints(nodes),
        dear=np.zeros(nodes),
        rest=np.zeros(nodes),
        bound=np.zeros(nodes),
        dirty=ints(vehicles),
        touched=ints(vehicles),
        stale=ints(vehicles),
        idle=ints(vehicles),
        order=ints(parties),
        weight=np.zeros(parties),
        table=np.zeros((parties, vehicles)),
        memo=memo,
        tried=ints(3),
    )


def _solution(state: State, iterations: int) -> Solution:
    routes = []
    for start, end in zip(state.fleet["start"].tolist(), state.fleet["end"].tolist(), strict=True):
        route, node = [], int(state.nodes["next"][start])
        while node != end:
            route.append(node)
            node = int(state.nodes["next"][node])
        routes.append(route)
    unserved = sorted(state.bank[: state.size[0]].tolist())
    return Solution(routes, unserved, float(state.fleet["cost"].sum()), iterations)


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
