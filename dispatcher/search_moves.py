"""Ruin and recreate: take parties out of the plan that belong together, put them back better.

Removals: random, related (Shaw 1998), dear, one whole route, and strings of consecutive stops in
neighbouring routes (Christiaens and Vanden Berghe 2020, "Slack induction by string removals").
Repairs: one party after another with blinks, or by regret.  A worse plan is accepted as simulated
annealing does; a party without a place waits in the bank at a price.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from dispatcher.search_kernel import Problem, State, Work, link, place, rebuild, recalled, take_out

_STRING: Final = 10
"""The longest string."""

_STRINGS: Final = 4
"""At most so many routes lose a string."""

_BLINK: Final = 0.02
"""The chance that a vehicle is overlooked when a party is put in."""


@njit(cache=True, nogil=True)
def uniform(work: Work) -> float:
    """Return a number in (0, 1): L'Ecuyer's combined generator, the same on every machine."""
    one = work.random[0] * 40_014 % 2_147_483_563
    two = work.random[1] * 40_692 % 2_147_483_399
    work.random[0], work.random[1] = one, two
    mixed = (one - two) % 2_147_483_562
    return float((mixed + 0.5) / 2_147_483_562.0)


@njit(cache=True, nogil=True)
def below(work: Work, count: int) -> int:
    """Return a whole number from 0 to ``count`` - 1."""
    return min(int(uniform(work) * count), count - 1)


@njit(cache=True, nogil=True)
def duplicate(source: State, target: State) -> None:
    """Make one plan like the other."""
    target.next[:], target.last[:] = source.next, source.last
    target.vehicle[:] = source.vehicle
    target.least[:], target.great[:] = source.least, source.great
    target.seats[:], target.chairs[:] = source.seats, source.chairs
    target.leg[:] = source.leg
    target.cost[:], target.key[:] = source.cost, source.key
    target.bank[:], target.size[:] = source.bank, source.size


@njit(cache=True, nogil=True)
def total(problem: Problem, state: State) -> float:
    """Return what a plan costs, the bank included."""
    return float(state.cost.sum() + problem.unserved * state.size[0])


@njit(cache=True, nogil=True)
def remove(state: State, work: Work, r: int) -> None:
    """Take one party out of its route."""
    v = state.vehicle[2 * r]
    take_out(state, 2 * r)
    take_out(state, 2 * r + 1)
    state.vehicle[2 * r] = state.vehicle[2 * r + 1] = -1
    work.dirty[v] = 1
    state.bank[state.size[0]] = r
    state.size[0] += 1


@njit(cache=True, nogil=True)
def insert(problem: Problem, state: State, v: int, r: int, i: int, j: int) -> bool:
    """Put one party into a route; the caller takes it out of the bank."""
    link(state, 2 * r, 2 * r + 1, i, j)
    state.vehicle[2 * r] = state.vehicle[2 * r + 1] = v
    return rebuild(problem, state, v)


@njit(cache=True, nogil=True)
def _random(problem: Problem, state: State, work: Work, count: int) -> None:
    for _ in range(count):
        r = below(work, len(problem.near))
        if state.vehicle[2 * r] >= 0:
            remove(state, work, r)


@njit(cache=True, nogil=True)
def _related(problem: Problem, state: State, work: Work, count: int) -> None:
    """Remove parties like one that is out already."""
    first = state.size[0]
    _random(problem, state, work, 1)
    for _ in range(3 * count):
        out = state.size[0] - first
        if out == 0 or out >= count:
            return
        like = problem.near[state.bank[first + below(work, out)]]
        r = like[int(uniform(work) ** 4 * len(like))]
        if state.vehicle[2 * r] >= 0:
            remove(state, work, r)


@njit(cache=True, nogil=True)
def _dear(problem: Problem, state: State, work: Work, count: int) -> None:
    """Remove the parties whose detour is longest, give or take a half."""
    parties = len(problem.near)
    for r in range(parties):
        work.weight[r] = 0.0
        if state.vehicle[2 * r] >= 0:
            saved = _detour(problem, state, r)
            work.weight[r] = -saved * (0.5 + uniform(work))
    for r in np.argsort(work.weight[:parties])[:count]:
        if state.vehicle[2 * r] >= 0:
            remove(state, work, int(r))


@njit(cache=True, nogil=True)
def _detour(problem: Problem, state: State, r: int) -> float:
    """Return the driving that would be saved without a party."""
    drives = problem.drives[problem.profile[state.vehicle[2 * r]]]
    p, d = 2 * r, 2 * r + 1
    a, b, c, e = state.last[p], state.next[p], state.last[d], state.next[d]
    if b == d:
        return float(drives[a, p] + drives[p, d] + drives[d, e] - drives[a, e])
    saved = drives[a, p] + drives[p, b] - drives[a, b]
    return float(saved + drives[c, d] + drives[d, e] - drives[c, e])


@njit(cache=True, nogil=True)
def _route(problem: Problem, state: State, work: Work, v: int) -> None:
    """Remove everybody who may be moved from one route."""
    node = state.next[problem.start[v]]
    while node != problem.end[v]:
        onward = state.next[node]
        if node < 2 * len(problem.near) and node % 2 == 1 and state.vehicle[node] == v:
            remove(state, work, int(node // 2))
        node = onward


@njit(cache=True, nogil=True)
def _strings(problem: Problem, state: State, work: Work) -> None:
    """Remove a string of stops from each of some neighbouring routes."""
    parties = len(problem.near)
    strings = 1 + below(work, _STRINGS)
    seed = below(work, parties)
    for r in problem.near[seed]:
        v = int(state.vehicle[2 * r])
        if v < 0 or work.dirty[v] == 1:
            continue
        _string(problem, state, work, v, int(2 * r) + below(work, 2))
        strings -= 1
        if strings == 0:
            return


@njit(cache=True, nogil=True)
def _string(problem: Problem, state: State, work: Work, v: int, node: int) -> None:
    """Remove a few parties whose stops follow one another, ``node`` among them."""
    length = 1 + below(work, _STRING)
    for _ in range(below(work, length)):
        if state.last[node] == problem.start[v]:
            break
        node = int(state.last[node])
    while node != problem.end[v] and length > 0:
        onward = int(state.next[node])
        r = node // 2
        if r < len(problem.near) and state.vehicle[node] == v:
            if onward == 2 * r + 1:
                onward = int(state.next[onward])
            remove(state, work, r)
            length -= 1
        node = onward


@njit(cache=True, nogil=True)
def ruin(problem: Problem, state: State, work: Work, largest: int) -> bool:
    """Take some parties out; False when what is left is infeasible, which odd drives can do."""
    work.dirty[:] = 0
    way, count = uniform(work), 1 + below(work, largest)
    if way < 0.5:
        _strings(problem, state, work)
    elif way < 0.75:
        _related(problem, state, work, count)
    elif way < 0.85:
        _random(problem, state, work, count)
    elif way < 0.95:
        _dear(problem, state, work, count)
    else:
        _route(problem, state, work, below(work, len(problem.start)))
    for v in range(len(problem.start)):
        if work.dirty[v] == 1 and not rebuild(problem, state, v):
            return False
    return True


@njit(cache=True, nogil=True)
def _idle(problem: Problem, state: State, work: Work) -> None:
    """Mark vehicles that need not be looked at: empty, and like one that is empty too."""
    work.dirty[:] = 0
    for v in range(len(problem.start)):
        work.idle[v] = 0
        if state.next[problem.start[v]] == problem.end[v]:
            work.idle[v] = work.dirty[problem.kind[v]]
            work.dirty[problem.kind[v]] = 1


@njit(cache=True, nogil=True)
def _in_turn(problem: Problem, state: State, work: Work) -> bool:
    """Put the bank's parties in one after another, each where it costs least."""
    count, way = state.size[0], uniform(work)
    for at in range(count):
        r = state.bank[at]
        direct = problem.drives[0, 2 * r, 2 * r + 1]
        weight = uniform(work)
        if way < 0.25:
            weight = problem.early[2 * r] + problem.late[2 * r]
        elif way < 0.45:
            weight = -direct
        elif way < 0.55:
            weight = problem.drives[0, problem.start[0], 2 * r]
        elif way < 0.7:
            weight = -problem.drives[0, problem.start[0], 2 * r]
        work.weight[at] = weight
    order = np.argsort(work.weight[:count])
    work.order[:count] = state.bank[:count]
    state.size[0] = 0
    for at in order:
        r = int(work.order[at])
        _idle(problem, state, work)
        best, vehicle, i, j = np.inf, -1, 0, 0
        for v in range(len(problem.start)):
            if work.idle[v] == 1 or uniform(work) < _BLINK:
                continue
            slot = recalled(work.known, work.known_cost, state.key[v], r, best)
            if slot < 0:
                cost = place(problem, state, work, v, r, best)
                if cost < best:
                    best, vehicle, i, j = cost, v, work.at[0], work.at[1]
            elif work.known[slot, 2] >= 0 and work.known_cost[slot] < best:
                best, vehicle = work.known_cost[slot], v
                i, j = work.known[slot, 2], work.known[slot, 3]
        if vehicle < 0:
            state.bank[state.size[0]] = r
            state.size[0] += 1
        elif not insert(problem, state, vehicle, r, i, j):
            return False
    return True


@njit(cache=True, nogil=True)
def _by_regret(problem: Problem, state: State, work: Work, depth: int) -> bool:
    """Put in first whoever would lose most by waiting: 1 looks at the cheapest place only."""
    vehicles = len(problem.start)
    count = state.size[0]
    _idle(problem, state, work)
    for v in range(vehicles):
        _fill(problem, state, work, v, count)
    while count > 0:
        chosen, vehicle, most = -1, -1, -np.inf
        for at in range(count):
            regret, v = _regret(problem, work, at, depth)
            if v >= 0 and regret > most:
                chosen, vehicle, most = at, v, regret
        if chosen < 0:
            break
        r = state.bank[chosen]
        i, j = work.after_p[chosen, vehicle], work.after_d[chosen, vehicle]
        if not insert(problem, state, vehicle, r, i, j):
            return False
        count -= 1
        state.bank[chosen], state.bank[count] = state.bank[count], r
        for table in (work.after_p, work.after_d):
            table[chosen] = table[count]
        work.table[chosen] = work.table[count]
        before = work.idle.copy()
        _idle(problem, state, work)
        for v in range(vehicles):
            if v == vehicle or work.idle[v] != before[v]:
                _fill(problem, state, work, v, count)
    state.size[0] = count
    return True


@njit(cache=True, nogil=True)
def _fill(problem: Problem, state: State, work: Work, v: int, count: int) -> None:
    """Write the best place in one vehicle of each of the first ``count`` parties of the bank."""
    for at in range(count):
        work.table[at, v] = np.inf
        if work.idle[v] == 1:
            continue
        r = int(state.bank[at])
        slot = recalled(work.known, work.known_cost, state.key[v], r, np.inf)
        if slot < 0:
            work.table[at, v] = place(problem, state, work, v, r, np.inf)
            work.after_p[at, v], work.after_d[at, v] = work.at[0], work.at[1]
        elif work.known[slot, 2] >= 0:
            work.table[at, v] = work.known_cost[slot]
            work.after_p[at, v], work.after_d[at, v] = work.known[slot, 2], work.known[slot, 3]


@njit(cache=True, nogil=True)
def _regret(problem: Problem, work: Work, at: int, depth: int) -> tuple[float, int]:
    """Return what waiting may cost a party, and its best vehicle or -1."""
    one = two = three = np.inf
    best = -1
    for v in range(len(problem.start)):
        cost = work.table[at, v]
        if cost < one:
            one, two, three, best = cost, one, two, v
        elif cost < two:
            two, three = cost, two
        elif cost < three:
            three = cost
    if best < 0 or depth == 1:
        return -one, best
    none = problem.unserved
    regret = min(two, none) - one
    if depth == 3:
        regret += min(three, none) - one
    return regret, best


@njit(cache=True, nogil=True)
def recreate(problem: Problem, state: State, work: Work) -> bool:
    """Put back whom the bank holds; False when a route became infeasible."""
    way = uniform(work)
    if way < 0.4 or state.size[0] > 60:
        return _in_turn(problem, state, work)
    return _by_regret(problem, state, work, 1 if way < 0.5 else (2 if way < 0.75 else 3))


@njit(cache=True, nogil=True)
def anneal(
    problem: Problem,
    now: State,
    best: State,
    trial: State,
    work: Work,
    heat: float,
    rounds: int,
    largest: int,
) -> None:
    """Ruin and recreate ``rounds`` times at one temperature."""
    cost, least = total(problem, now), total(problem, best)
    for _ in range(rounds):
        duplicate(now, trial)
        if not ruin(problem, trial, work, largest) or not recreate(problem, trial, work):
            continue
        found = total(problem, trial)
        if found < cost - heat * np.log(uniform(work)):
            duplicate(trial, now)
            cost = found
            if found < least - 1e-7:
                duplicate(trial, best)
                least = found
