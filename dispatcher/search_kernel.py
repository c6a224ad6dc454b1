"""The search's innermost loop: the best place for a party in a route.

Putting a party in only pushes times up, so a place is tested by pushing the least times from there
until nothing moves.  Most pushes end after a few stops, where the vehicle waits anyway, and touch
no ride limit: those are walked without writing anything.  What passes is feasible whatever the
travel times are; where they break the triangle inequality a feasible place may be overlooked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatcher.search_route import lasts, link, take_out
from dispatcher.search_state import (
    BAGS,
    CHAIRS,
    EPS,
    FULL,
    GUARDS,
    MOST,
    Floats,
    Ints,
    Records,
    State,
    Work,
    World,
    compiled,
)


@compiled
def place(world: World, state: State, work: Work, v: int, r: int, cut: float) -> Any:  # noqa: ANN401 -- a record
    """Return the best place of a party in one route, or what says that none costs below ``cut``.

    It depends on that route alone, so it is remembered under the fingerprint of the route.
    """
    known = recalled(state, work, v, r, cut)
    work.tried[0] += 1
    if known["key"] >= 0:
        return known
    key = state.fleet[v]["key"]
    work.tried[1] += 1
    known = work.memo[r, v, work.touched[v]]
    cost, i, j = _search(world, state, work, v, r, cut)
    known["key"], known["cost"], known["after_p"], known["after_d"] = key, cost, i, j
    return known


@compiled
def recalled(state: State, work: Work, v: int, r: int, cut: float) -> Any:  # noqa: ANN401
    """Return what ``place`` remembers, or a record with the key -1."""
    for slot in range(2):
        known = work.memo[r, v, slot]
        same = known["key"] == state.fleet[v]["key"]
        if same and (known["after_p"] >= 0 or known["cost"] >= cut):
            return known
    return work.memo[-1, 0, 0]


@compiled
def room_for(nodes: Records, car: np.void, r: int) -> int:
    """Return the packed load that leaves room for a party, -1 when the vehicle is too small."""
    gain, riders = nodes[2 * r]["gain"], nodes[2 * r]["riders"]
    chairs, bags = (gain >> CHAIRS) & MOST, car["bags"] - (gain >> BAGS)
    if riders == 0:
        return int(-1 if bags < 0 else MOST | (MOST << CHAIRS) | (bags << BAGS))
    alone = (gain & MOST) >= FULL
    seats = car["seats"] - (gain & (FULL - 1)) - car["lost"] * chairs
    chairs = car["chairs"] - chairs
    if seats < 0 or chairs < 0 or bags < 0:
        return -1
    if alone:
        seats = chairs = np.int64(0)
    return int(seats | (chairs << CHAIRS) | (bags << BAGS))


@compiled
def _search(
    world: World, state: State, work: Work, v: int, r: int, cut: float
) -> tuple[float, int, int]:
    """Try all pairs of positions, cheap tests first; return ``cut`` and -1 when none costs less."""
    nodes, car, p, d = state.nodes, state.fleet[v], 2 * r, 2 * r + 1
    limit = room_for(nodes, car, r)
    extra = world.extra[r, v]
    if limit < 0 or extra >= cut:
        return cut, -1, -1
    limit |= GUARDS
    profile = car["profile"]
    from_p, from_d = world.drives[profile, p], world.drives[profile, d]
    to_p, to_d = world.toward[profile, p], world.toward[profile, d]
    early_p, late_p, service_p = nodes[p]["early"], nodes[p]["late"], nodes[p]["service"]
    early_d, late_d, service_d = nodes[d]["early"], nodes[d]["late"], nodes[d]["service"]
    ride, people = nodes[d]["ride"], world.aboard * nodes[p]["riders"]
    direct, best, at_i, at_j = from_p[d], cut - extra, -1, -1
    if service_p + direct > ride + EPS:
        return cut, -1, -1
    route, dear, rest = work.route, work.dear, work.rest
    begin_at = int(car["behind"])
    while begin_at != car["end"]:
        onward = int(nodes[begin_at]["next"])
        if nodes[onward]["great"] >= early_p:
            break
        begin_at = onward
    count = _dropoffs(
        nodes, begin_at, car["end"], to_d, from_d, early_d, late_d, service_d, people, limit,
        route, dear, rest,
    )  # fmt: skip
    bound = work.bound
    count_p, first_i = 0, -1
    for i in range(count):
        this = nodes[route[i]]
        free = this["least"] + this["service"]
        if free > late_p + EPS:
            break
        count_p += 1
        bound[i] = np.inf
        at_p = max(free + to_p[route[i]], early_p)
        if at_p > late_p + EPS or ((limit - this["load"]) & GUARDS) != GUARDS:
            continue
        on, after = this["on"], int(this["next"])
        added = (to_p[route[i]] - this["leg"]) * on
        straight = added + direct * (on + people) + from_d[after] * on
        bound[i] = min(straight, added + from_p[after] * (on + people) + rest[i + 1])
        if first_i < 0 or bound[i] < bound[first_i]:
            first_i = i
    for turn in range(-1, count_p):
        i = first_i if turn < 0 else turn
        if i < 0 or turn == first_i or bound[i] >= best - EPS:
            continue
        here = route[i]
        this = nodes[here]
        on, after = this["on"], int(this["next"])
        added = (to_p[here] - this["leg"]) * on
        straight = added + direct * (on + people) + from_d[after] * on
        added += from_p[after] * (on + people)
        at_p = max(this["least"] + this["service"] + to_p[here], early_p)
        # The party's own drive: straight to its destination.
        if straight < best - EPS:
            at_d = max(at_p + service_p + direct, early_d)
            if at_d <= late_d + EPS and at_d - ride <= late_p + EPS:
                fits = _pushed(nodes, after, at_d + service_d + from_d[after], here, here)
                if fits < 0:
                    fits = _fits(nodes, work, world.drives, profile, p, d, here, here)
                if fits == 1 and (
                    car["capacity"] == 0 or lasts(nodes, car, world.energy, p, d, here, here)
                ):
                    best, at_i, at_j = straight, here, here
        # Or along the route to the node behind which it gets out.
        last_p = min(late_p, nodes[after]["great"] - from_p[after] - service_p)
        if at_p > last_p + EPS:
            continue
        last_d = min(late_d, last_p + ride)
        rides = first = service_p + from_p[after]
        begin, easy = at_p + first, True
        for j in range(i + 1, count):
            if added + rest[j] >= best - EPS:
                break
            node = route[j]
            this = nodes[node]
            begin = max(begin, this["least"])
            if (
                begin > this["great"] + EPS
                or begin > last_d + EPS
                or rides > ride + EPS
                or ((limit - this["through"]) & GUARDS) != GUARDS
            ):
                break
            pick = int(this["pick"])
            if pick >= 0 and begin - this["ride"] > nodes[pick]["least"] + EPS:
                late = _delayed(nodes, pick, begin - this["ride"], here, here)
                if late == 0:
                    break
                easy = easy and late == 1
            begin += this["service"]
            rides += this["service"]
            if added + dear[j] < best - EPS:
                at_d = max(begin + to_d[node], early_d)
                beyond = int(this["next"])
                back = at_d + service_d + from_d[beyond]
                if (
                    at_d <= last_d + EPS
                    and back <= nodes[beyond]["great"] + EPS
                    and rides + to_d[node] <= ride + EPS
                ):
                    fits = -1
                    own = at_d - ride
                    if easy and (own <= at_p + EPS or own + first <= nodes[after]["least"]):
                        fits = _pushed(nodes, beyond, back, here, node)
                    if fits < 0:
                        fits = _fits(nodes, work, world.drives, profile, p, d, here, node)
                    if fits == 1 and (
                        car["capacity"] == 0 or lasts(nodes, car, world.energy, p, d, here, node)
                    ):
                        best, at_i, at_j = added + dear[j], here, node
            leg = this["leg"]
            rides += leg
            begin += leg
            added += people * leg
    return (best + extra if at_i >= 0 else cut), at_i, at_j


@compiled
def _dropoffs(
    nodes: Records,
    node: int,
    end: int,
    to_d: Floats,
    from_d: Floats,
    early_d: float,
    late_d: float,
    service_d: float,
    people: float,
    limit: int,
    route: Ints,
    dear: Floats,
    rest: Floats,
) -> int:
    """List the nodes behind which a party might get out, what that costs, and the least from there.

    Whatever gets in before, no time is less than the route's least times.
    """
    count = 0
    while node != end:
        this = nodes[node]
        free = this["least"] + this["service"]
        if free > late_d + EPS:
            break
        route[count] = node
        dear[count] = np.inf
        after = int(this["next"])
        at_d = max(free + to_d[node], early_d)
        if (
            at_d <= late_d + EPS
            and at_d + service_d + from_d[after] <= nodes[after]["great"] + EPS
            and ((limit - this["load"]) & GUARDS) == GUARDS
        ):
            on = this["on"]
            dear[count] = to_d[node] * (on + people) + (from_d[after] - this["leg"]) * on
        count += 1
        node = after
    rest[count] = np.inf
    for k in range(count - 1, -1, -1):
        rest[k] = min(dear[k], rest[k + 1])
    return count


@compiled
def _pushed(nodes: Records, node: int, at: float, i: int, j: int) -> int:
    """Push least times up from ``node``, writing none: 1 all is well, 0 too late.

    -1 when a ride limit is touched, and with it what comes before.
    """
    while True:
        this = nodes[node]
        if at <= this["least"]:
            return 1
        if at > this["great"] + EPS:
            return 0
        pick = int(this["pick"])
        if pick >= 0 and at - this["ride"] > nodes[pick]["least"] + EPS:
            late = _delayed(nodes, pick, at - this["ride"], i, j)
            if late < 1:
                return late
        node = int(this["next"])
        if node < 0:
            return 1
        at += this["service"] + this["leg"]


@compiled
def _delayed(nodes: Records, node: int, at: float, i: int, j: int) -> int:
    """Delay a node because of a ride limit: 1 nothing else moves, 0 too late, -1 not known.

    The legs behind ``i`` and ``j`` are not those of the route.
    """
    this = nodes[node]
    if at > this["great"] + EPS:
        return 0
    if node in (i, j):
        return -1
    onward = at + this["service"] + this["leg"]
    return 1 if onward <= nodes[int(this["next"])]["least"] else -1


@compiled
def _fits(
    nodes: Records,
    work: Work,
    drives: NDArray[np.float64],
    profile: int,
    p: int,
    d: int,
    i: int,
    j: int,
) -> int:
    """Test one place exactly; the state is as before afterwards."""
    work.tried[2] += 1
    for node in (p, d):
        nodes[node]["least"], nodes[node]["great"] = nodes[node]["early"], nodes[node]["late"]
    link(nodes, p, d, i, j)
    fits, steps = _push(nodes, drives[profile], work.pushed, work.before, i, d)
    for step in range(steps - 1, -1, -1):
        nodes[work.pushed[step]]["least"] = work.before[step]
    take_out(nodes, p)
    take_out(nodes, d)
    return 1 if fits else 0


@compiled
def _push(
    nodes: Records, drives: Floats, pushed: Ints, before: Floats, node: int, d: int
) -> tuple[bool, int]:
    """Push least times up from ``node`` at least as far as ``d`` and until nothing moves.

    Also return how many old times were noted.
    """
    far, step = d, 0
    while step < len(pushed):
        this = nodes[node]
        k = int(this["next"])
        if k < 0:
            return True, step
        then = nodes[k]
        at = this["least"] + this["service"] + drives[node, k]
        if at > then["least"]:
            if at > then["great"] + EPS:
                return False, step
            pushed[step], before[step] = k, then["least"]
            step += 1
            then["least"] = at
        elif far < 0:
            return True, step
        p = int(then["pick"])
        if p >= 0 and then["least"] - then["ride"] > nodes[p]["least"] + EPS:
            if step == len(pushed):
                break
            at = then["least"] - then["ride"]
            if at > nodes[p]["great"] + EPS:
                return False, step
            pushed[step], before[step] = p, nodes[p]["least"]
            step += 1
            nodes[p]["least"] = at
            far = k if far < 0 else far
            node = p
            continue
        if k == far:
            far = -1
        node = k
    return False, step
