"""The inner loops, compiled: exact times of a route, and the best place for one more party.

Every limit of a route has the form *this begins at least so long after that*: a stop after the one
before it, a pickup after its own dropoff less the longest ride.  Such limits have a least solution,
found by pushing times up until none is broken; the route is feasible exactly when no time is pushed
past its latest.  (Cordeau and Laporte's eight-step procedure decides the same question by delaying
one pickup after another; Firat and Woeginger (2011) is the difference-constraint view.)  Since a
cycle of limits drives back over every leg it drove forward, it grows without end only when one
ride alone is longer than allowed, which is tested first.

``soonest`` and ``latest`` of the search leave ride limits out, so they bound every feasible time of
a node behind which the route stays as it is, even where the travel times break the triangle
inequality: they prune, the exact test decides.
Batteries are walked along the whole route, and only where the times are right.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dispatcher.energy import ENOUGH, walk
from dispatcher.nodes import Ints, Nodes

Floats = NDArray[np.float64]
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
    bags: Ints
    shut: Ints
    """1 when the route breaks a limit that no order of stops would mend: it takes nobody."""
    battery: Floats
    """See ``energy.figures``; one row a vehicle."""


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
    bags: int = 0
    alone: int = 0
    """1 when no other people may be on board."""


class Drives(NamedTuple):
    """Driving times between the party's two places and everybody else's, in seconds."""

    to_p: NDArray[np.int32]
    to_d: NDArray[np.int32]
    from_p: NDArray[np.int32]
    from_d: NDArray[np.int32]
    direct: Ints
    """From the party's origin to its destination, one entry a vehicle."""
    use: NDArray[np.int32]
    """Watt-hours of the same four columns, with the driver alone and for each rider; of no size
    where no vehicle has a battery."""
    use_direct: NDArray[np.int32]
    """Watt-hours from the origin to the destination, alone and for each rider, likewise."""


class Asks(NamedTuple):
    """Several parties, each between its own two places, a row each."""

    party: Ints
    """In the order of ``Party``."""
    drive: NDArray[np.int32]
    """The first four columns of ``Drives``."""
    direct: Ints
    use: NDArray[np.int32]
    use_direct: NDArray[np.int32]
    open_to: Ints
    extra: Floats


class Weights(NamedTuple):
    """See ``dispatcher.cost``."""

    drive: float
    aboard: float


class Found(NamedTuple):
    """The cheapest places found, one entry a vehicle or one a party; an infinite cost for none."""

    cost: Floats
    after_p: Ints
    """The node behind which the party gets in."""
    after_d: Ints
    """The node of the old route behind which it gets out."""
    pickup: Ints
    dropoff: Ints
    tried: Ints
    """How many exact tests were needed."""
    vehicle: Ints
    """The row of the vehicle; -1 for none."""


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
def search(
    fleet: Fleet, party: Party, drives: Drives, weights: Weights, open_to: Ints, extra: Floats
) -> Found:
    """Find the cheapest feasible place of the party in every vehicle that is ``open_to`` it.

    Whatever the place, the vehicle costs ``extra`` more.
    """
    found = nothing(len(fleet.locked))
    _search_fleet(fleet, party, drives, weights, open_to, extra, _room(fleet), found, -1)
    return found


@njit(cache=True, nogil=True)
def search_many(
    fleet: Fleet,
    parties: NDArray[np.int64],
    drives: Drives,
    weights: Weights,
    open_to: NDArray[np.int64],
    extra: Floats,
) -> Found:
    """Find the cheapest feasible place of every party, one row each, in the whole fleet.

    The parties are rows of ``Party`` between the same two places.  A vehicle is searched for what
    is cheaper than the best place of a party so far; ``open_to`` and ``extra`` have a row a party.
    """
    found, room = nothing(len(parties)), _room(fleet)
    for t in range(len(parties)):
        p = parties[t]
        party = Party(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10])
        _search_fleet(fleet, party, drives, weights, open_to[t], extra[t], room, found, t)
    return found


@njit(cache=True, nogil=True)
def search_each(
    fleet: Fleet, asks: Asks, weights: Weights, rows: Ints, only: int, all_: Found
) -> None:
    """Find the cheapest feasible place of some parties in the vehicle ``only``, -1 for every one.

    What is found takes the place of what was known; a row of ``all_`` is a party, a column a
    vehicle.
    """
    room = _room(fleet)
    open_to = np.zeros(len(fleet.locked), np.int64)
    for row in rows:
        p, to, found = asks.party[row], asks.drive[row], _row(all_, row)
        party = Party(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10])
        use, use_direct = asks.use[row], asks.use_direct[row]
        drives = Drives(to[0], to[1], to[2], to[3], asks.direct[row], use, use_direct)
        for v in range(len(open_to)):
            if only in (-1, v):
                found.cost[v], open_to[v] = np.inf, asks.open_to[row, v]
        _search_fleet(fleet, party, drives, weights, open_to, asks.extra[row], room, found, -1)


@njit(cache=True, nogil=True)
def _row(all_: Found, row: int) -> Found:
    """Return what is known of one party."""
    return Found(
        all_.cost[row],
        all_.after_p[row],
        all_.after_d[row],
        all_.pickup[row],
        all_.dropoff[row],
        all_.tried[row],
        all_.vehicle[row],
    )


@njit(cache=True, nogil=True)
def nothing(count: int) -> Found:
    """Return that many slots in which no place has been found yet."""
    return Found(
        np.full(count, np.inf),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.full(count, -1),
    )


@njit(cache=True, nogil=True)
def _room(fleet: Fleet) -> NDArray[np.int64]:
    """Return where the longest route and one more party can be written."""
    longest = 0
    for v in range(len(fleet.locked)):
        longest = max(longest, fleet.first[v + 1] - fleet.first[v])
    return np.empty((13, longest + 2), np.int64)


@njit(cache=True, nogil=True)
def _search_fleet(
    fleet: Fleet,
    party: Party,
    drives: Drives,
    weights: Weights,
    open_to: Ints,
    extra: Floats,
    room: NDArray[np.int64],
    found: Found,
    only: int,
) -> None:
    """Try every pair of positions, cheap tests first, for less than what is ``found``.

    The best place in a vehicle is written to the vehicle's own slot, or to slot ``only`` where
    that is not -1.  (Handing over so many arrays takes longer than a hopeless route: one call.)
    """
    n, soonest, latest = fleet.nodes, fleet.soonest, fleet.latest
    people = party.seats + party.chairs
    for v in range(len(fleet.locked)):
        a, end = fleet.first[v], fleet.first[v + 1] - 1
        seats_left = fleet.seats[v] - party.seats - fleet.lost[v] * party.chairs
        chairs_left, bags_left = fleet.chairs[v] - party.chairs, fleet.bags[v] - party.bags
        if open_to[v] == 0 or fleet.shut[v] == 1 or min(seats_left, chairs_left, bags_left) < 0:
            continue
        direct, open_end = drives.direct[v], fleet.open_end[v]
        slot = v if only < 0 else only
        for i in range(a + fleet.locked[v], end):
            if soonest[i] > n.late[i] or soonest[i] + n.service[i] > party.late_p:
                break
            if party.early_p + party.boarding > n.late[i + 1]:
                continue
            if n.seats[i] > seats_left or n.chairs[i] > chairs_left or n.bags[i] > bags_left:
                continue
            if party.alone == 1 and n.riders[i] > 0:
                continue
            to_p = np.int64(drives.to_p[fleet.place[i]])
            at_p = max(soonest[i] + n.service[i] + to_p, party.early_p)
            if at_p > party.late_p:
                continue
            on_i = weights.drive + weights.aboard * n.riders[i]
            with_party = on_i + weights.aboard * people
            # The party's own drive: straight to its destination, then on along the route.
            at_d = max(at_p + party.boarding + direct, party.early_d)
            on_d = onward(drives.from_d, fleet.place, i + 1, end, open_end)
            if at_d <= party.late_d and at_d + party.alighting + on_d <= latest[i + 1]:
                cost = extra[v] + (
                    to_p * on_i + direct * with_party + on_d * on_i - n.leg[i] * on_i
                )
                if cost < found.cost[slot]:
                    _try(fleet, v, party, drives, i - a, i - a, cost, room, found, slot)
            # Or along the route to the node after which it gets out.
            on_p = onward(drives.from_p, fleet.place, i + 1, end, open_end)
            begin = at_p + party.boarding + on_p
            so_far = extra[v] + (to_p * on_i + on_p * with_party - n.leg[i] * on_i)
            for j in range(i + 1, end):
                begin = max(begin, n.early[j])
                # Not ``latest``: it reckons with the leg that getting out further on may shorten.
                if begin > n.late[j] or begin > party.late_d or (people > 0 and n.bar[j] == 1):
                    break
                if n.seats[j] > seats_left or n.chairs[j] > chairs_left or n.bags[j] > bags_left:
                    break
                if party.alone == 1 and n.riders[j] > 0:
                    break
                to_d = np.int64(drives.to_d[fleet.place[j]])
                at_d = max(begin + n.service[j] + to_d, party.early_d)
                on_d = onward(drives.from_d, fleet.place, j + 1, end, open_end)
                if at_d <= party.late_d and at_d + party.alighting + on_d <= latest[j + 1]:
                    on_j = weights.drive + weights.aboard * n.riders[j]
                    cost = so_far + to_d * (on_j + weights.aboard * people)
                    cost += on_d * on_j - n.leg[j] * on_j
                    if cost < found.cost[slot]:
                        _try(fleet, v, party, drives, i - a, j - a, cost, room, found, slot)
                begin += n.service[j] + n.leg[j]
                so_far += n.leg[j] * weights.aboard * people


@njit(cache=True, nogil=True)
def onward(table: NDArray[np.int32], place: Ints, node: int, last: int, open_end: int) -> np.int64:
    """Return what it takes to the next node: nothing to an end that may be anywhere."""
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
    slot: int,
) -> None:
    """Test one place exactly and keep it when it is feasible."""
    size = fleet.first[v + 1] - fleet.first[v] + 2
    early, late, service, leg = room[0, :size], room[1, :size], room[2, :size], room[3, :size]
    pickup, ride, boards, times = room[4, :size], room[5, :size], room[6, :size], room[7, :size]
    splice(fleet, v, party, drives, i, j, room)
    found.tried[slot] += 1
    if least_times(early, late, service, leg, pickup, ride, times) != FEASIBLE:
        return
    if fleet.battery[v, 0] > 0 and not lasts(fleet, v, party, drives, i, j, room):
        return
    board_late(late, service, leg, boards, times)
    found.cost[slot] = cost
    found.after_p[slot], found.after_d[slot] = i, j
    found.pickup[slot], found.dropoff[slot] = times[i + 1], times[j + 2]
    found.vehicle[slot] = v


@njit(cache=True, nogil=True)
def splice(
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
        room[3, p] = onward(drives.from_p, place, i + 1, last, fleet.open_end[v])
        room[3, j + 1] = drives.to_d[place[j]]
    room[3, d] = onward(drives.from_d, place, j + 1, last, fleet.open_end[v])


@njit(cache=True, nogil=True)
def lasts(
    fleet: Fleet, v: int, party: Party, drives: Drives, i: int, j: int, room: NDArray[np.int64]
) -> bool:
    """Whether the battery lasts for the route with the party in it, its times written already."""
    a, b = fleet.first[v], fleet.first[v + 1]
    n, place, last, size = fleet.nodes, fleet.place[a:b], b - a - 1, b - a + 2
    people, p, d = party.seats + party.chairs, i + 1, j + 2
    use, riders, charge_w = room[8:10, :size], room[10, :size], room[11, :size]
    for k in range(b - a):
        to = k if k <= i else (k + 1 if k <= j else k + 2)
        use[0, to], use[1, to] = n.use[a + k], n.use_rider[a + k]
        riders[to] = n.riders[a + k] + (people if i < k <= j else 0)
        charge_w[to] = n.charge_w[a + k]
    riders[p], riders[d] = n.riders[a + i] + people, n.riders[a + j]
    charge_w[p] = charge_w[d] = 0
    for layer in range(2):
        use[layer, i] = drives.use[0, layer, place[i]]
        if i == j:
            use[layer, p] = drives.use_direct[layer, v]
        else:
            use[layer, p] = onward(drives.use[2, layer], place, i + 1, last, fleet.open_end[v])
            use[layer, j + 1] = drives.use[1, layer, place[j]]
        use[layer, d] = onward(drives.use[3, layer], place, j + 1, last, fleet.open_end[v])
    level = room[12, :size]
    return walk(use[0], use[1], riders, charge_w, room[2, :size], fleet.battery[v], level) == ENOUGH
