"""The search's inner loops: routes as linked nodes, exact times, the best place for a party.

As in ``kernel``, all limits are difference constraints.  Every route keeps its ``least`` times and
its ``great`` (latest) ones, ride limits included.  Putting a party in only pushes times up, so a
place is tested by pushing the least times from there until nothing moves.  Most pushes end after a
few stops, where the vehicle waits anyway; a time pushed past its greatest ends the test at once.
What passes is feasible whatever the travel times are; where they break the triangle inequality a
feasible place may be overlooked.

The best place of a party in a route depends on that route alone, so it is remembered under a
fingerprint of the route (a few megabytes, the newest overwrites).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

EPS: Final = 1e-9
"""Rounding in sums of floats; whole seconds never differ by so little."""

REMEMBERED: Final = 2**16
"""How many places are remembered; a power of two."""

_PRIME: Final = 2**31 - 1

_SPREAD: Final = 40_503


class Problem(NamedTuple):
    """What is to be planned, node by node: party ``r`` gets in at ``2 r`` and out at ``2 r + 1``.

    After the parties come the nodes nobody may move: starts, ends and fixed stops.
    """

    early: Floats
    late: Floats
    service: Floats
    ride: Floats
    """The longest time from the begin of ``pick`` to that of this node."""
    pick: Ints
    """For a dropoff where the party got in, for an end with a longest day its start; else -1."""
    drop: Ints
    """The inverse of ``pick``; else -1."""
    seats: Ints
    """Seats taken (+) or freed (-) at the node; at a start by those on board already."""
    chairs: Ints
    drives: NDArray[np.float64]
    """Driving times by profile, node and next node."""
    toward: NDArray[np.float64]
    """The same by profile, next node and node: what leads to a node lies together in memory."""
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
    """Seats in each vehicle, wheelchair places, and seats lost to each wheelchair."""
    near: Ints
    """For each party the parties most like it in place and time, itself first."""
    aboard: float
    """What a rider's second on board costs, beside one for the vehicle's."""
    unserved: float
    """What it costs to leave a party out."""


class State(NamedTuple):
    """A whole plan."""

    next: Ints
    last: Ints
    vehicle: Ints
    """-1 for parties in the bank."""
    least: Floats
    great: Floats
    seats: Ints
    chairs: Ints
    """Taken after the node."""
    leg: Floats
    """The drive to the next node."""
    cost: Floats
    key: Ints
    """A fingerprint of each vehicle's route."""
    bank: Ints
    """Parties without a vehicle; the first ``size[0]`` count."""
    size: Ints


class Work(NamedTuple):
    """Scratch room, and what is remembered."""

    random: Ints
    pushed: Ints
    before: Floats
    dirty: Ints
    order: Ints
    weight: Floats
    table: Floats
    after_p: Ints
    after_d: Ints
    at: Ints
    known: Ints
    """key, party, after_p, after_d; a pickup at -1 says that only the bound is known"""
    known_cost: Floats
    idle: Ints
    tried: Ints
    """Exact tests made, places looked up, places computed."""


@njit(cache=True, nogil=True)
def rebuild(problem: Problem, state: State, v: int) -> bool:
    """Compute all that hangs on one route anew; return False when it is infeasible."""
    _load(problem, state, v)
    return _least(problem, state, v) and _great(problem, state, v)


@njit(cache=True, nogil=True)
def _load(problem: Problem, state: State, v: int) -> None:
    """Walk the route for loads, cost and fingerprint."""
    drives = problem.drives[problem.profile[v]]
    node, end = problem.start[v], problem.end[v]
    seats, chairs = np.int64(0), np.int64(0)
    cost, one, two = 0.0, np.int64(v + 1), np.int64(v + 7)
    while True:
        seats += problem.seats[node]
        chairs += problem.chairs[node]
        state.seats[node], state.chairs[node] = seats, chairs
        if node == end:
            break
        onward = state.next[node]
        state.leg[node] = drives[node, onward]
        cost += state.leg[node] * (1.0 + problem.aboard * (seats + chairs))
        one = (one * 1_103_515_245 + onward + 1) % _PRIME
        two = (two * 69_621 + onward + 1) % _PRIME
        node = onward
    state.cost[v] = cost
    state.key[v] = one * 2**31 + two


@njit(cache=True, nogil=True)
def _least(problem: Problem, state: State, v: int) -> bool:
    """Write the least times, as ``kernel.least_times`` does."""
    early, late, least = problem.early, problem.late, state.least
    node, end = problem.start[v], problem.end[v]
    budget = 0
    while True:
        least[node] = early[node]
        budget += 40
        if node == end:
            break
        node = state.next[node]
    node = problem.start[v]
    while node != end:
        onward = state.next[node]
        at = least[node] + problem.service[node] + state.leg[node]
        least[onward] = max(least[onward], at)
        budget -= 1
        if least[onward] > late[onward] + EPS or budget < 0:
            return False
        p = problem.pick[onward]
        if p >= 0 and least[onward] - problem.ride[onward] > least[p] + EPS:
            least[p] = least[onward] - problem.ride[onward]
            if least[p] > late[p] + EPS:
                return False
            onward = p
        node = onward
    return True


@njit(cache=True, nogil=True)
def _great(problem: Problem, state: State, v: int) -> bool:
    """Write the greatest times: the same, mirrored."""
    late, great = problem.late, state.great
    node, start = problem.end[v], problem.start[v]
    budget = 0
    while True:
        great[node] = late[node]
        budget += 40
        if node == start:
            break
        node = state.last[node]
    node = problem.end[v]
    while node != start:
        back = state.last[node]
        at = great[node] - problem.service[back] - state.leg[back]
        great[back] = min(great[back], at)
        budget -= 1
        if budget < 0:
            return False
        d = problem.drop[back]
        if d >= 0 and great[d] > great[back] + problem.ride[d] + EPS:
            great[d] = great[back] + problem.ride[d]
            back = d
        node = back
    return True


@njit(cache=True, nogil=True)
def place(problem: Problem, state: State, work: Work, v: int, r: int, cut: float) -> float:
    """Return the least cost of a party in one route, infinite if none below ``cut``.

    Where that is stands in ``at``.
    """
    known, bound = work.known, work.known_cost
    slot = recalled(known, bound, state.key[v], r, cut)
    work.tried[1] += 1
    if slot < 0:
        slot = (state.key[v] + r * _SPREAD) & (REMEMBERED - 1)
        work.tried[2] += 1
        work.at[0] = -1
        bound[slot] = _search(problem, state, work, v, 2 * r, 2 * r + 1, cut)
        known[slot, 0], known[slot, 1] = state.key[v], r
        known[slot, 2], known[slot, 3] = work.at[0], work.at[1]
    work.at[0], work.at[1] = known[slot, 2], known[slot, 3]
    return float(bound[slot]) if known[slot, 2] >= 0 else np.inf


@njit(cache=True, nogil=True)
def recalled(known: Ints, bound: Floats, key: int, r: int, cut: float) -> int:
    """Return the slot where a place is remembered, or that none costs less than ``cut``; else -1.

    ``place`` asks it too, but a call that hands over a whole plan takes longer than the answer.
    """
    slot = (key + r * _SPREAD) & (REMEMBERED - 1)
    same = known[slot, 0] == key and known[slot, 1] == r
    return slot if same and (known[slot, 2] >= 0 or bound[slot] >= cut) else -1


@njit(cache=True, nogil=True)
def _search(
    problem: Problem, state: State, work: Work, v: int, p: int, d: int, cut: float
) -> float:
    """Try all pairs of positions, cheap tests first; return ``cut`` when none costs less."""
    profile, aboard = problem.profile[v], problem.aboard
    from_p, from_d = problem.drives[profile, p], problem.drives[profile, d]
    to_p, to_d = problem.toward[profile, p], problem.toward[profile, d]
    early, late, service, ride = problem.early, problem.late, problem.service, problem.ride
    onward, least, great, leg = state.next, state.least, state.great, state.leg
    seats_left = problem.room[v] - problem.seats[p] - problem.lost[v] * problem.chairs[p]
    chairs_left = problem.places[v] - problem.chairs[p]
    lost, people = problem.lost[v], aboard * (problem.seats[p] + problem.chairs[p])
    i, end, direct = problem.behind[v], problem.end[v], from_p[d]
    best = cut
    while i != end:
        here, after = i, onward[i]
        i = after
        free_p = least[here] + service[here]
        if free_p > late[p] + EPS:
            break
        on = 1.0 + aboard * (state.seats[here] + state.chairs[here])
        added = (to_p[here] - leg[here]) * on
        if added + from_p[after] * on >= best:
            continue
        at_p = max(free_p + to_p[here], early[p])
        last_p = min(late[p], great[after] - from_p[after] - service[p])
        if at_p > last_p + EPS:
            continue
        if (
            state.seats[here] + lost * state.chairs[here] > seats_left
            or state.chairs[here] > chairs_left
        ):
            continue
        # The party's own drive: straight to its destination.
        at_d = max(at_p + service[p] + direct, early[d])
        back = at_d + service[d] + from_d[after]
        if at_d <= min(late[d], last_p + ride[d]) + EPS and back <= great[after] + EPS:
            cost = added + direct * (on + people) + from_d[after] * on
            if cost < best - EPS and _fits(problem, state, work, v, p, d, here, here):
                best, work.at[0], work.at[1] = cost, here, here
        # Or along the route to the node behind which it gets out.
        added += from_p[after] * (on + people)
        j, begin = after, at_p + service[p] + from_p[after]
        rides = service[p] + from_p[after]
        while j != end and added < best:
            begin = max(begin, least[j])
            if (
                begin > great[j] + EPS
                or begin > late[d] + EPS
                or rides > ride[d] + EPS
                or state.seats[j] + lost * state.chairs[j] > seats_left
                or state.chairs[j] > chairs_left
            ):
                break
            beyond = onward[j]
            at_d = max(begin + service[j] + to_d[j], early[d])
            if (
                at_d <= min(late[d], last_p + ride[d]) + EPS
                and at_d + service[d] + from_d[beyond] <= great[beyond] + EPS
                and rides + service[j] + to_d[j] <= ride[d] + EPS
            ):
                on = 1.0 + aboard * (state.seats[j] + state.chairs[j])
                cost = added + to_d[j] * (on + people) + (from_d[beyond] - leg[j]) * on
                if cost < best - EPS and _fits(problem, state, work, v, p, d, here, j):
                    best, work.at[0], work.at[1] = cost, here, j
            rides += service[j] + leg[j]
            begin += service[j] + leg[j]
            added += people * leg[j]
            j = beyond
    return best


@njit(cache=True, nogil=True)
def link(state: State, p: int, d: int, i: int, j: int) -> None:
    """Put ``p`` behind ``i`` and ``d`` behind the old node ``j``."""
    put(state, d, j)
    put(state, p, i)


@njit(cache=True, nogil=True)
def put(state: State, node: int, behind: int) -> None:
    """Put one node behind another."""
    after = state.next[behind]
    state.next[behind], state.last[node] = node, behind
    state.next[node], state.last[after] = after, node


@njit(cache=True, nogil=True)
def take_out(state: State, node: int) -> None:
    """Take one node out of its route."""
    before, after = state.last[node], state.next[node]
    state.next[before], state.last[after] = after, before


@njit(cache=True, nogil=True)
def _fits(
    problem: Problem, state: State, work: Work, v: int, p: int, d: int, i: int, j: int
) -> bool:
    """Test one place exactly; the state is as before afterwards."""
    work.tried[0] += 1
    for node in (p, d):
        state.least[node], state.great[node] = problem.early[node], problem.late[node]
    link(state, p, d, i, j)
    work.tried[3] = 0
    fits = _push(problem, state, work, v, i, d)
    for step in range(work.tried[3] - 1, -1, -1):
        state.least[work.pushed[step]] = work.before[step]
    take_out(state, p)
    take_out(state, d)
    return fits


@njit(cache=True, nogil=True)
def _push(problem: Problem, state: State, work: Work, v: int, node: int, d: int) -> bool:
    """Push least times up from ``node`` at least as far as ``d`` and until nothing moves."""
    drives, end = problem.drives[problem.profile[v]], problem.end[v]
    least, great, onward = state.least, state.great, state.next
    far = d
    while node != end:
        k = int(onward[node])
        at = least[node] + problem.service[node] + drives[node, k]
        if at > least[k]:
            if at > great[k] + EPS or not _raise(state, work, k, at):
                return False
        elif far < 0:
            return True
        p = int(problem.pick[k])
        if p >= 0 and least[k] - problem.ride[k] > least[p] + EPS:
            at = least[k] - problem.ride[k]
            if at > great[p] + EPS or not _raise(state, work, p, at):
                return False
            far = k if far < 0 else far
            node = p
            continue
        if k == far:
            far = -1
        node = k
    return True


@njit(cache=True, nogil=True)
def _raise(state: State, work: Work, node: int, at: float) -> bool:
    """Write a time and remember the old one; False when there have been too many."""
    step = work.tried[3]
    if step == len(work.pushed):
        return False
    work.pushed[step], work.before[step] = node, state.least[node]
    work.tried[3] = step + 1
    state.least[node] = at
    return True
