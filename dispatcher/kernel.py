"""The inner loops, compiled: exact times of a route, and the best place for one more party.

Every limit of a route has the form *this begins at least so long after that*: a stop after the one
before it, a pickup after its own dropoff less the longest ride.  Such limits have a least solution,
found by pushing times up until none is broken; the route is feasible exactly when no time is pushed
past its latest.  (Cordeau and Laporte's eight-step procedure decides the same question by delaying
one pickup after another; Firat and Woeginger (2011) is the difference-constraint view.)  Since a
cycle of limits drives back over every leg it drove forward, it grows without end only when one
ride alone is longer than allowed, which is tested first.

``soonest`` and ``latest`` of the search leave ride limits out, so they bound every feasible time
even where the travel times break the triangle inequality: they prune, the exact test decides.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dispatcher.nodes import Ints, Nodes

FEASIBLE: Final = -1


class Fleet(NamedTuple):
    """All routes end to end in one set of arrays, and what limits each vehicle."""

    nodes: Nodes
    soonest: Ints
    latest: Ints
    place: Ints
    """The row of every node in the tables of driving times."""
    first: Ints
    """Where each vehicle's nodes begin; one more entry than vehicles."""
    locked: Ints
    seats: Ints
    chairs: Ints
    lost: Ints
    """Seats lost to each wheelchair."""
    open_end: Ints
    """1 when the last stop may be anywhere."""


class Party(NamedTuple):
    """The request to be placed, in the words of a node."""

    early_p: int
    late_p: int
    early_d: int
    late_d: int
    boarding: int
    alighting: int
    ride: int
    seats: int
    chairs: int


class Drives(NamedTuple):
    """Driving times between the party's two places and everybody else's, in seconds."""

    to_p: NDArray[np.int32]
    to_d: NDArray[np.int32]
    from_p: NDArray[np.int32]
    from_d: NDArray[np.int32]
    direct: Ints
    """From the party's origin to its destination, one entry a vehicle."""


class Weights(NamedTuple):
    """See ``dispatcher.cost``."""

    drive: float
    aboard: float


class Found(NamedTuple):
    """The cheapest place in every vehicle's route; an infinite cost where there is none."""

    cost: NDArray[np.float64]
    after_p: Ints
    """The node behind which the party gets in."""
    after_d: Ints
    """The node of the old route behind which it gets out."""
    pickup: Ints
    dropoff: Ints
    tried: Ints
    """How many exact tests were needed."""


@njit(cache=True, nogil=True)
def least_times(
    early: Ints, late: Ints, service: Ints, leg: Ints, pickup: Ints, ride: Ints, out: Ints
) -> int:
    """Write the least feasible begin of every node; return ``FEASIBLE`` or the node that fails.

    When it fails, ``out`` holds lower bounds of all times up to that node.
    """
    count = len(early)
    for k in range(count):
        out[k] = early[k]
    k = 1
    while k < count:
        out[k] = max(out[k], out[k - 1] + service[k - 1] + leg[k - 1])
        if out[k] > late[k]:
            return k
        p = pickup[k]
        if p >= 0 and out[k] - ride[k] > out[p]:
            shortest = 0
            for q in range(p, k):
                shortest += service[q] + leg[q]
            if shortest > ride[k]:
                return k
            out[p] = out[k] - ride[k]
            if out[p] > late[p]:
                return k
            k = p
        k += 1
    return FEASIBLE


@njit(cache=True, nogil=True)
def board_late(late: Ints, service: Ints, leg: Ints, boards: Ints, out: Ints) -> None:
    """Let riders board as late as leaves every arrival as early as it is in ``out``."""
    for k in range(len(late) - 2, -1, -1):
        if boards[k] == 1:
            out[k] = min(late[k], out[k + 1] - service[k] - leg[k])


@njit(cache=True, nogil=True)
def soonest_times(early: Ints, service: Ints, leg: Ints, out: Ints) -> None:
    """Write how soon every node can begin whatever its latest time and ride limits say."""
    out[0] = early[0]
    for k in range(1, len(early)):
        out[k] = max(early[k], out[k - 1] + service[k - 1] + leg[k - 1])


@njit(cache=True, nogil=True)
def latest_times(late: Ints, service: Ints, leg: Ints, out: Ints) -> None:
    """Write how late every node can begin so that no later node is late."""
    last = len(late) - 1
    out[last] = late[last]
    for k in range(last - 1, -1, -1):
        out[k] = min(late[k], out[k + 1] - leg[k] - service[k])


@njit(cache=True, nogil=True)
def search(fleet: Fleet, party: Party, drives: Drives, weights: Weights, open_to: Ints) -> Found:
    """Find the cheapest feasible place of the party in every vehicle that is ``open_to`` it."""
    count = len(fleet.locked)
    found = Found(
        np.full(count, np.inf),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
    )
    longest = 0
    for v in range(count):
        longest = max(longest, fleet.first[v + 1] - fleet.first[v])
    room = np.empty((8, longest + 2), np.int64)
    for v in range(count):
        if open_to[v] == 1:
            _search_route(fleet, v, party, drives, weights, room, found)
    return found


@njit(cache=True, nogil=True)
def _search_route(
    fleet: Fleet,
    v: int,
    party: Party,
    drives: Drives,
    weights: Weights,
    room: NDArray[np.int64],
    found: Found,
) -> None:
    """Try every pair of positions in one route, cheap tests first."""
    a, b = fleet.first[v], fleet.first[v + 1]
    n = fleet.nodes
    early, late, service, leg = n.early[a:b], n.late[a:b], n.service[a:b], n.leg[a:b]
    seats, chairs, riders = n.seats[a:b], n.chairs[a:b], n.riders[a:b]
    soonest, latest, place = fleet.soonest[a:b], fleet.latest[a:b], fleet.place[a:b]
    seats_left = fleet.seats[v] - party.seats - fleet.lost[v] * party.chairs
    chairs_left = fleet.chairs[v] - party.chairs
    people, direct = party.seats + party.chairs, drives.direct[v]
    last = b - a - 1
    for k in range(b - a):
        if seats[k] > fleet.seats[v] or chairs[k] > fleet.chairs[v]:
            return  # too full as it is: nobody more until those on board have got out
    for i in range(last):
        if soonest[i] > late[i]:
            break
        if i < fleet.locked[v]:
            continue
        if seats[i] > seats_left or chairs[i] > chairs_left:
            continue
        to_p = np.int64(drives.to_p[place[i]])
        at_p = max(soonest[i] + service[i] + to_p, party.early_p)
        if at_p > party.late_p:
            continue
        on_i = weights.drive + weights.aboard * riders[i]
        with_party = on_i + weights.aboard * people
        # The party's own drive: straight to its destination, then on along the route.
        at_d = max(at_p + party.boarding + direct, party.early_d)
        on_d = _onward(drives.from_d, place, i + 1, last, fleet.open_end[v])
        if at_d <= party.late_d and at_d + party.alighting + on_d <= latest[i + 1]:
            cost = to_p * on_i + direct * with_party + on_d * on_i - leg[i] * on_i
            if cost < found.cost[v]:
                _try(fleet, v, party, drives, i, i, cost, room, found)
        # Or along the route to the node after which it gets out.
        on_p = _onward(drives.from_p, place, i + 1, last, fleet.open_end[v])
        begin = at_p + party.boarding + on_p
        so_far = to_p * on_i + on_p * with_party - leg[i] * on_i
        for j in range(i + 1, last):
            begin = max(begin, early[j])
            if begin > latest[j] or seats[j] > seats_left or chairs[j] > chairs_left:
                break
            to_d = np.int64(drives.to_d[place[j]])
            at_d = max(begin + service[j] + to_d, party.early_d)
            on_d = _onward(drives.from_d, place, j + 1, last, fleet.open_end[v])
            if at_d <= party.late_d and at_d + party.alighting + on_d <= latest[j + 1]:
                on_j = weights.drive + weights.aboard * riders[j]
                cost = so_far + to_d * (on_j + weights.aboard * people)
                cost += on_d * on_j - leg[j] * on_j
                if cost < found.cost[v]:
                    _try(fleet, v, party, drives, i, j, cost, room, found)
            begin += service[j] + leg[j]
            so_far += leg[j] * weights.aboard * people


@njit(cache=True, nogil=True)
def _onward(table: NDArray[np.int32], place: Ints, node: int, last: int, open_end: int) -> np.int64:
    """Return the drive to the next node, which is no drive when the day ends anywhere."""
    if node == last and open_end == 1:
        return np.int64(0)
    return np.int64(table[place[node]])


@njit(cache=True, nogil=True)
def _try(
    fleet: Fleet,
    v: int,
    party: Party,
    drives: Drives,
    i: int,
    j: int,
    cost: float,
    room: NDArray[np.int64],
    found: Found,
) -> None:
    """Test one place exactly and keep it when it is feasible."""
    size = fleet.first[v + 1] - fleet.first[v] + 2
    early, late, service, leg = room[0, :size], room[1, :size], room[2, :size], room[3, :size]
    pickup, ride, boards, times = room[4, :size], room[5, :size], room[6, :size], room[7, :size]
    _splice(fleet, v, party, drives, i, j, room)
    found.tried[v] += 1
    if least_times(early, late, service, leg, pickup, ride, times) != FEASIBLE:
        return
    board_late(late, service, leg, boards, times)
    found.cost[v] = cost
    found.after_p[v], found.after_d[v] = i, j
    found.pickup[v], found.dropoff[v] = times[i + 1], times[j + 2]


@njit(cache=True, nogil=True)
def _splice(
    fleet: Fleet, v: int, party: Party, drives: Drives, i: int, j: int, room: NDArray[np.int64]
) -> None:
    """Write the route with the party in it, getting in after node ``i`` and out after ``j``."""
    a, b = fleet.first[v], fleet.first[v + 1]
    n, place, last = fleet.nodes, fleet.place[a:b], b - a - 1
    for k in range(b - a):
        to = k if k <= i else (k + 1 if k <= j else k + 2)
        room[0, to], room[1, to] = n.early[a + k], n.late[a + k]
        room[2, to], room[3, to] = n.service[a + k], n.leg[a + k]
        p = n.pickup[a + k]
        room[4, to] = p if p <= i else (p + 1 if p <= j else p + 2)
        room[5, to], room[6, to] = n.ride[a + k], n.boards[a + k]
    p, d = i + 1, j + 2
    room[0, p], room[1, p], room[2, p] = party.early_p, party.late_p, party.boarding
    room[4, p], room[5, p], room[6, p] = -1, 0, 1
    room[0, d], room[1, d], room[2, d] = party.early_d, party.late_d, party.alighting
    room[4, d], room[5, d], room[6, d] = p, party.ride, 0
    room[3, i] = drives.to_p[place[i]]
    if i == j:
        room[3, p] = drives.direct[v]
    else:
        room[3, p] = _onward(drives.from_p, place, i + 1, last, fleet.open_end[v])
        room[3, j + 1] = drives.to_d[place[j]]
    room[3, d] = _onward(drives.from_d, place, j + 1, last, fleet.open_end[v])
