"""One route of the search: its loads, its cost, its times and its battery, all from the beginning.

As in ``kernel``, all limits are difference constraints.  Every route keeps its ``least`` times and
its ``great`` (latest) ones, ride limits included.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.energy import charged_wh
from dispatcher.search_state import (
    CHAIRS,
    EPS,
    FULL,
    MOST,
    Floats,
    Records,
    State,
    World,
    compiled,
)

_HASH: Final = 2**31 - 1


@compiled
def rebuild(world: World, state: State, v: int) -> bool:
    """Compute all that hangs on one route anew; return False when it is infeasible."""
    nodes, car = state.nodes, state.fleet[v]
    budget = 40 * _load(nodes, car, world.drives[car["profile"]], world.extra, world.aboard, v)
    if not _least(nodes, car["start"], car["end"], budget):
        return False
    if not _great(nodes, car["start"], car["end"], budget):
        return False
    return bool(car["capacity"] == 0) or lasts(nodes, car, world.energy, -1, -1, -1, -1)


@compiled
def _load(
    nodes: Records, car: np.void, drives: Floats, extra: Floats, aboard: float, v: int
) -> int:
    """Walk the route for loads, cost and fingerprint, and undo all times; return its length."""
    node, end, parties = car["start"], car["end"], len(extra)
    gain, riders = np.int64(0), np.int64(0)
    cost, one, two, length = 0.0, np.int64(v + 1), np.int64(v + 7), 1
    while True:
        this = nodes[node]
        this["least"], this["great"] = this["early"], this["late"]
        gain += this["gain"]
        riders += this["riders"]
        load = gain + car["lost"] * ((gain >> CHAIRS) & MOST)
        this["load"], this["through"] = load, load + FULL * this["bar"]
        this["on"] = 1.0 + aboard * riders
        if node == end:
            break
        onward = int(this["next"])
        this["leg"] = drives[node, onward]
        cost += this["leg"] * this["on"]
        if onward < 2 * parties and this["next"] % 2 == 0:
            cost += extra[onward // 2, v]
        one = ((one ^ (one >> 13)) * 1_103_515_245 + onward) & _HASH
        two = ((two ^ (two >> 15)) * 1_597_334_677 + onward) & _HASH
        node = onward
        length += 1
    car["cost"] = cost
    car["key"] = one * 2**31 + two
    return length


@compiled
def _least(nodes: Records, start: int, end: int, budget: int) -> bool:
    """Write the least times, as ``kernel.least_times`` does."""
    node, far, nested = start, -1, False
    while node != end:
        this = nodes[node]
        onward = int(this["next"])
        then = nodes[onward]
        at = this["least"] + this["service"] + this["leg"]
        budget -= 1
        if at > then["least"]:
            then["least"] = at
            if at > then["late"] + EPS or budget < 0:
                return False
        elif far >= 0 and not nested:
            # Nothing moves any more from here to where a ride limit sent us back.
            node, far = far, -1
            continue
        p = int(then["pick"])
        if p >= 0 and then["least"] - then["ride"] > nodes[p]["least"] + EPS:
            nodes[p]["least"] = then["least"] - then["ride"]
            if nodes[p]["least"] > nodes[p]["late"] + EPS:
                return False
            nested = far >= 0
            far = onward if far < 0 else far
            node = p
            continue
        if onward == far:
            far, nested = -1, False
        node = onward
    return True


@compiled
def _great(nodes: Records, start: int, end: int, budget: int) -> bool:
    """Write the greatest times: the same, mirrored."""
    node, far, nested = end, -1, False
    while node != start:
        this = nodes[node]
        back = int(this["last"])
        then = nodes[back]
        at = this["great"] - then["service"] - then["leg"]
        budget -= 1
        if at < then["great"]:
            then["great"] = at
            if budget < 0:
                return False
        elif far >= 0 and not nested:
            node, far = far, -1
            continue
        d = int(then["drop"])
        if d >= 0 and nodes[d]["great"] > then["great"] + nodes[d]["ride"] + EPS:
            nodes[d]["great"] = then["great"] + nodes[d]["ride"]
            nested = far >= 0
            far = back if far < 0 else far
            node = d
            continue
        if back == far:
            far, nested = -1, False
        node = back
    return True


@compiled
def lasts(
    nodes: Records,
    car: np.void,
    energy: NDArray[np.float64],
    p: int,
    d: int,
    i: int,
    j: int,
) -> bool:
    """Whether the battery lasts, with ``p`` behind ``i`` and ``d`` behind ``j`` put in."""
    use, more = energy[2 * car["profile"]], energy[2 * car["profile"] + 1]
    node, end, level, riders = int(car["start"]), car["end"], car["now"], np.int64(0)
    while True:
        this = nodes[node]
        riders += this["riders"]
        if level < car["reserve"] - EPS:
            return False
        if node == end:
            return True
        if this["power"] > 0:
            level = float(
                charged_wh(level, this["power"], this["service"], car["capacity"], car["taper"])
            )
        onward = int(this["next"])
        if node == p:
            onward = d if i == j else int(nodes[i]["next"])
        elif node == d:
            onward = int(nodes[j]["next"])
        elif node == i:
            onward = p
        elif node == j:
            onward = d
        level = min(car["capacity"], level - use[node, onward] - riders * more[node, onward])
        node = onward


@compiled
def link(nodes: Records, p: int, d: int, i: int, j: int) -> None:
    """Put ``p`` behind ``i`` and ``d`` behind the old node ``j``."""
    put(nodes, d, j)
    put(nodes, p, i)


@compiled
def put(nodes: Records, node: int, behind: int) -> None:
    """Put one node behind another."""
    after = nodes[behind]["next"]
    nodes[behind]["next"], nodes[after]["last"] = node, node
    nodes[node]["next"], nodes[node]["last"] = after, behind


@compiled
def take_out(nodes: Records, node: int) -> None:
    """Take one node out of its route."""
    before, after = nodes[node]["last"], nodes[node]["next"]
    nodes[before]["next"], nodes[after]["last"] = after, before
