"""Ruin and recreate: take parties out of the plan that belong together, put them back better.

Removals: random, related (Shaw 1998), dear, one whole route, and strings of consecutive stops in
neighbouring routes (Christiaens and Vanden Berghe 2020, "Slack induction by string removals").
Repairs: one party after another with blinks, or by regret.  A worse plan is accepted as simulated
annealing does; a party without a place waits in the bank at a price.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatcher.search_kernel import place, recalled
from dispatcher.search_route import link, rebuild, take_out
from dispatcher.search_state import Floats, Ints, Records, State, Work, World, compiled

LARGEST: Final = 20
"""At most so many parties are taken out at once, and at most a third of all; strings apart."""

_STRING: Final = 6
"""The longest string."""

_STRINGS: Final = 3
"""At most so many routes lose a string."""

_IN_TURN: Final = 0.7
"""How often parties are put in one after another; else by regret, mostly with two or three."""

_CROWD: Final = 60
"""So many waiting are never put in by regret, which takes the square of their number."""

_BLINK: Final = 0.02
"""The chance that a vehicle is overlooked when a party is put in."""


@compiled
def uniform(random: Ints) -> float:
    """Return a number in (0, 1): L'Ecuyer's combined generator, the same on every machine."""
    one = random[0] * 40_014 % 2_147_483_563
    two = random[1] * 40_692 % 2_147_483_399
    random[0], random[1] = one, two
    mixed = (one - two) % 2_147_483_562
    return float((mixed + 0.5) / 2_147_483_562.0)


@compiled
def below(random: Ints, count: int) -> int:
    """Return a whole number from 0 to ``count`` - 1."""
    return min(int(uniform(random) * count), count - 1)


@compiled
def copy(source: State, target: State, changed: Ints) -> None:
    """Make the changed vehicles of one plan, and the bank, like the other's."""
    for v in range(len(source.fleet)):
        if changed[v] == 1:
            changed[v] = 0
            node = int(source.fleet[v]["start"])
            target.fleet[v] = source.fleet[v]
            while node >= 0:
                target.nodes[node] = source.nodes[node]
                node = int(source.nodes[node]["next"])
    target.size[0] = source.size[0]
    for at in range(source.size[0]):
        r = source.bank[at]
        target.bank[at] = r
        target.nodes[2 * r]["vehicle"] = target.nodes[2 * r + 1]["vehicle"] = -1


@compiled
def total(state: State, unserved: float) -> float:
    """Return what a plan costs, the bank included."""
    cost = unserved * state.size[0]
    for v in range(len(state.fleet)):
        cost += state.fleet[v]["cost"]
    return float(cost)


@compiled
def remove(state: State, work: Work, r: int) -> None:
    """Take one party out of its route."""
    v = int(state.nodes[2 * r]["vehicle"])
    take_out(state.nodes, 2 * r)
    take_out(state.nodes, 2 * r + 1)
    state.nodes[2 * r]["vehicle"] = state.nodes[2 * r + 1]["vehicle"] = -1
    work.dirty[v] = work.touched[v] = work.stale[v] = 1
    state.bank[state.size[0]] = r
    state.size[0] += 1


@compiled
def insert(world: World, state: State, work: Work, v: int, r: int, i: int, j: int) -> bool:
    """Put one party into a route; the caller takes it out of the bank."""
    link(state.nodes, 2 * r, 2 * r + 1, i, j)
    state.nodes[2 * r]["vehicle"] = state.nodes[2 * r + 1]["vehicle"] = v
    work.touched[v] = work.stale[v] = 1
    return rebuild(world, state, v)


@compiled
def _random(state: State, work: Work, parties: int, count: int) -> None:
    for _ in range(count):
        r = below(work.random, parties)
        if state.nodes[2 * r]["vehicle"] >= 0:
            remove(state, work, r)


@compiled
def _related(near: Ints, state: State, work: Work, count: int) -> None:
    """Remove parties like one that is out already."""
    first = state.size[0]
    _random(state, work, len(near), 1)
    for _ in range(3 * count):
        out = state.size[0] - first
        if out == 0 or out >= count:
            return
        like = near[state.bank[first + below(work.random, out)]]
        r = like[int(uniform(work.random) ** 4 * len(like))]
        if state.nodes[2 * r]["vehicle"] >= 0:
            remove(state, work, r)


@compiled
def _dear(world: World, state: State, work: Work, count: int) -> None:
    """Remove the parties whose detour is longest, give or take a half."""
    parties = len(world.near)
    for r in range(parties):
        work.weight[r] = 0.0
        v = state.nodes[2 * r]["vehicle"]
        if v >= 0:
            saved = _detour(state.nodes, world.drives[state.fleet[v]["profile"]], r)
            work.weight[r] = -saved * (0.5 + uniform(work.random))
    for _ in range(min(count, parties)):
        r = 0
        for other in range(parties):
            if work.weight[other] < work.weight[r]:
                r = other
        work.weight[r] = np.inf
        if state.nodes[2 * r]["vehicle"] >= 0:
            remove(state, work, r)


@compiled
def _detour(nodes: Records, drives: Floats, r: int) -> float:
    """Return the driving that would be saved without a party."""
    p, d = 2 * r, 2 * r + 1
    a, b, c, e = nodes[p]["last"], nodes[p]["next"], nodes[d]["last"], nodes[d]["next"]
    if b == d:
        return float(drives[a, p] + drives[p, d] + drives[d, e] - drives[a, e])
    saved = drives[a, p] + drives[p, b] - drives[a, b]
    return float(saved + drives[c, d] + drives[d, e] - drives[c, e])


@compiled
def _string(state: State, work: Work, parties: int, node: int, length: int) -> None:
    """Remove a few parties whose stops follow one another, ``node`` among them."""
    nodes, v = state.nodes, int(state.nodes[node]["vehicle"])
    start, end = state.fleet[v]["start"], state.fleet[v]["end"]
    for _ in range(below(work.random, length)):
        if nodes[node]["last"] == start:
            break
        node = int(nodes[node]["last"])
    while node != end and length > 0:
        onward = int(nodes[node]["next"])
        r = node // 2
        if r < parties and nodes[node]["vehicle"] == v:
            if onward == 2 * r + 1:
                onward = int(nodes[onward]["next"])
            remove(state, work, r)
            length -= 1
        node = onward


@compiled
def _strings(near: Ints, state: State, work: Work, strings: int) -> None:
    """Remove a string of stops from each of some neighbouring routes."""
    seed = below(work.random, len(near))
    for r in near[seed]:
        v = int(state.nodes[2 * r]["vehicle"])
        if v < 0 or work.dirty[v] == 1:
            continue
        node = 2 * r + below(work.random, 2)
        _string(state, work, len(near), node, 1 + below(work.random, _STRING))
        strings -= 1
        if strings == 0:
            return


@compiled
def ruin(world: World, state: State, work: Work, largest: int) -> bool:
    """Take some parties out; False when what is left is infeasible, which odd drives can do."""
    work.dirty[:] = 0
    way, count = uniform(work.random), 1 + below(work.random, largest)
    if way < 0.75:
        _strings(world.near, state, work, 1 + below(work.random, _STRINGS))
    elif way < 0.9:
        _related(world.near, state, work, count)
    elif way < 0.94:
        _random(state, work, len(world.near), count)
    elif way < 0.98:
        _dear(world, state, work, count)
    else:
        v = below(work.random, len(state.fleet))
        node = int(state.nodes[state.fleet[v]["start"]]["next"])
        if node != state.fleet[v]["end"]:
            _string(state, work, len(world.near), node, len(world.near))
    for v in range(len(state.fleet)):
        if work.dirty[v] == 1 and not rebuild(world, state, v):
            return False
    return True


@compiled
def _find_idle(state: State, work: Work) -> None:
    """Mark vehicles that need not be looked at: empty, and like one that is empty too."""
    work.dirty[:] = 0
    for v in range(len(state.fleet)):
        car = state.fleet[v]
        work.idle[v] = 0
        if state.nodes[car["start"]]["next"] == car["end"]:
            work.idle[v] = work.dirty[car["kind"]]
            work.dirty[car["kind"]] = 1


@compiled
def _in_turn(world: World, state: State, work: Work) -> bool:
    """Put the bank's parties in one after another, each where it costs least."""
    count, way, depot = state.size[0], uniform(work.random), state.fleet[0]["start"]
    for at in range(count):
        r = state.bank[at]
        weight = uniform(work.random)
        if way < 0.25:
            weight = state.nodes[2 * r]["early"] + state.nodes[2 * r]["late"]
        elif way < 0.45:
            weight = -world.drives[0, 2 * r, 2 * r + 1]
        elif way < 0.55:
            weight = world.drives[0, depot, 2 * r]
        elif way < 0.7:
            weight = -world.drives[0, depot, 2 * r]
        back = at
        while back > 0 and work.weight[back - 1] > weight:
            work.weight[back], work.order[back] = work.weight[back - 1], work.order[back - 1]
            back -= 1
        work.weight[back], work.order[back] = weight, r
    state.size[0] = 0
    _find_idle(state, work)
    for at in range(count):
        r = work.order[at]
        best, vehicle, i, j, waiting = np.inf, -1, 0, 0, 0
        # What is remembered is looked at first: the less a place may cost the sooner a test ends.
        for v in range(len(state.fleet)):
            if work.idle[v] == 1 or uniform(work.random) < _BLINK:
                continue
            found = recalled(state, work, v, r, best)
            if found["key"] < 0:
                work.dirty[waiting] = v
                waiting += 1
            elif found["after_p"] >= 0 and found["cost"] < best:
                best, vehicle, i, j = found["cost"], v, found["after_p"], found["after_d"]
        for at_v in range(waiting):
            v = work.dirty[at_v]
            found = place(world, state, work, v, r, best)
            if found["after_p"] >= 0 and found["cost"] < best:
                best, vehicle, i, j = found["cost"], v, found["after_p"], found["after_d"]
        if vehicle < 0:
            state.bank[state.size[0]] = r
            state.size[0] += 1
            continue
        was_empty = i == state.fleet[vehicle]["start"]
        if not insert(world, state, work, vehicle, r, i, j):
            return False
        if was_empty:
            _find_idle(state, work)
    return True


@compiled
def _by_regret(world: World, state: State, work: Work, depth: int) -> bool:
    """Put in first whoever would lose most by waiting: 1 looks at the cheapest place only."""
    count = state.size[0]
    _find_idle(state, work)
    for at in range(count):
        for v in range(len(state.fleet)):
            _fill(world, state, work, state.bank[at], v)
    while count > 0:
        chosen, vehicle, most = -1, -1, -np.inf
        for at in range(count):
            regret, v = _regret(work.table[state.bank[at]], depth, world.unserved)
            if v >= 0 and regret > most:
                chosen, vehicle, most = at, v, regret
        if chosen < 0:
            break
        r = state.bank[chosen]
        found = work.memo[r, vehicle, work.touched[vehicle]]
        if found["key"] != state.fleet[vehicle]["key"] or found["after_p"] < 0:
            found = work.memo[r, vehicle, 1 - work.touched[vehicle]]
        i, j = found["after_p"], found["after_d"]
        was_empty = i == state.fleet[vehicle]["start"]
        if not insert(world, state, work, vehicle, r, i, j):
            return False
        count -= 1
        state.bank[chosen], state.bank[count] = state.bank[count], r
        for at in range(count):
            _fill(world, state, work, state.bank[at], vehicle)
        if was_empty:
            _find_idle(state, work)
            for v in range(len(state.fleet)):
                if state.nodes[state.fleet[v]["start"]]["next"] == state.fleet[v]["end"]:
                    for at in range(count):
                        _fill(world, state, work, state.bank[at], v)
    state.size[0] = count
    return True


@compiled
def _fill(world: World, state: State, work: Work, r: int, v: int) -> None:
    """Write what the best place in one vehicle costs a party."""
    work.table[r, v] = np.inf
    if work.idle[v] == 0:
        found = place(world, state, work, v, r, np.inf)
        if found["after_p"] >= 0:
            work.table[r, v] = found["cost"]


@compiled
def _regret(costs: Floats, depth: int, none: float) -> tuple[float, int]:
    """Return what waiting may cost a party, and its best vehicle or -1."""
    one = two = three = np.inf
    best = -1
    for v in range(len(costs)):
        cost = costs[v]
        if cost < one:
            one, two, three, best = cost, one, two, v
        elif cost < two:
            two, three = cost, two
        elif cost < three:
            three = cost
    if best < 0 or depth == 1:
        return -one, best
    regret = min(two, none) - one
    if depth == 3:
        regret += min(three, none) - one
    return regret, best


@compiled
def recreate(world: World, state: State, work: Work) -> bool:
    """Put back whom the bank holds; False when a route became infeasible."""
    way = uniform(work.random)
    if way < _IN_TURN or state.size[0] > _CROWD:
        return _in_turn(world, state, work)
    part = (way - _IN_TURN) / (1.0 - _IN_TURN)
    return _by_regret(world, state, work, 1 if part < 0.17 else (2 if part < 0.58 else 3))


@compiled
def anneal(
    world: World,
    now: State,
    best: State,
    trial: State,
    work: Work,
    heat: float,
    rounds: int,
    largest: int,
) -> None:
    """Ruin and recreate ``rounds`` times at one temperature.

    ``trial`` is like ``now`` before and after.
    """
    cost, least = total(now, world.unserved), total(best, world.unserved)
    for _ in range(rounds):
        if ruin(world, trial, work, largest) and recreate(world, trial, work):
            found = total(trial, world.unserved)
            if found < cost - heat * np.log(uniform(work.random)):
                copy(trial, now, work.touched)
                cost = found
                if found < least - 1e-7:
                    copy(trial, best, work.stale)
                    least = found
                continue
        copy(now, trial, work.touched)
