"""The routes of a plan in repair, compiled: with a party more or fewer, and whether they stand.

A route is one array: what ``nodes.Nodes`` has, a row each, then the rows named here.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from dispatcher import kernel, late_kernel
from dispatcher.energy import ENOUGH, walk
from dispatcher.kernel import board_late, latest_times, least_times, onward, soonest_times
from dispatcher.late_kernel import (
    BOARDS,
    EARLY,
    HARD,
    LATE,
    LEG,
    LEVEL,
    PICKUP,
    RIDE,
    SERVICE,
    TIMES,
    Rows,
    soft_times,
)
from dispatcher.nodes import Ints

SEATS, CHAIRS, RIDERS, BAGS, BAR, USE, USE_RIDER, CHARGE = range(7, 15)
SOONEST, LATEST, PLACE, RANK, ROWS = range(15, 20)
"""How soon and how late a node can begin, its row in the drives, whose promise it is."""
FULL, LATE_ONLY, SOUND = range(3)
"""A route lacks room or energy; or it has them, but is late; or it keeps every limit."""
AT_P, AT_D, TAKES, WHEELS, PEOPLE, UNITS, ALONE = range(7)
"""Of a party in a route: where it gets in and out, what it takes, whether it rides alone."""
HAS_SEATS, HAS_CHAIRS, LOST, OPEN_END, POWERED = range(5)
"""Of a vehicle: its room, the seats lost to each wheelchair, and 1 where so."""


@njit(cache=True, nogil=True)
def state_of(rows: Rows, battery: kernel.Floats) -> int:
    """Write how soon and how late every node can begin; return what the route keeps."""
    soonest_times(rows[EARLY], rows[SERVICE], rows[LEG], rows[SOONEST])
    latest_times(rows[LATE], rows[SERVICE], rows[LEG], rows[LATEST])
    times = np.empty(rows.shape[1], np.int64)
    if battery[0] > 0:
        loads = rows[USE], rows[USE_RIDER], rows[RIDERS], rows[CHARGE], rows[SERVICE]
        if walk(loads[0], loads[1], loads[2], loads[3], loads[4], battery, times) != ENOUGH:
            return FULL
    failed = least_times(
        rows[EARLY], rows[LATE], rows[SERVICE], rows[LEG], rows[PICKUP], rows[RIDE], times
    )
    return SOUND if failed == kernel.FEASIBLE else LATE_ONLY


@njit(cache=True, nogil=True)
def back_s(rows: Rows) -> int:
    """Return when the vehicle of a route that keeps its limits is back."""
    times = np.empty(rows.shape[1], np.int64)
    least_times(rows[EARLY], rows[LATE], rows[SERVICE], rows[LEG], rows[PICKUP], rows[RIDE], times)
    board_late(rows[LATE], rows[SERVICE], rows[LEG], rows[BOARDS], times)
    return int(times[-2] + rows[SERVICE, -2] + rows[LEG, -2])


@njit(cache=True, nogil=True)
def with_party(
    rows: Rows,
    party: kernel.Party,
    rank: int,
    drives: kernel.Drives,
    v: int,
    i: int,
    j: int,
    vehicle: Ints,
    place_p: int,
    place_d: int,
) -> Rows:
    """Return a route with a party in it, getting in behind node ``i`` and out behind ``j``."""
    count = rows.shape[1]
    out, p, d = np.empty((ROWS, count + 2), np.int64), i + 1, j + 2
    for k in range(count):
        to = k if k <= i else (k + 1 if k <= j else k + 2)
        for row in range(ROWS):
            out[row, to] = rows[row, k]
        q = rows[PICKUP, k]
        out[PICKUP, to] = q if q <= i else (q + 1 if q <= j else q + 2)
    for row in range(SEATS, ROWS):
        out[row, p], out[row, d] = rows[row, i], rows[row, j]
    for at in (p, d):
        for row in (BAR, USE, USE_RIDER, CHARGE, RIDE, BOARDS):
            out[row, at] = 0
        out[RANK, at], out[PICKUP, at] = rank, -1
    out[EARLY, p], out[LATE, p], out[SERVICE, p] = party.early_p, party.late_p, party.boarding
    out[EARLY, d], out[LATE, d], out[SERVICE, d] = party.early_d, party.late_d, party.alighting
    out[PICKUP, d], out[RIDE, d], out[BOARDS, p] = p, party.ride, 1
    _connect(rows, out, drives, v, i, j, vehicle)
    people = party.seats + party.chairs
    for k in range(p, d):
        out[RIDERS, k] += people
        out[BAGS, k] += party.bags
        out[SEATS, k] += party.seats + vehicle[LOST] * party.chairs
        out[CHAIRS, k] += party.chairs
        if party.alone == 1:
            out[SEATS, k] = max(out[SEATS, k], vehicle[HAS_SEATS])
            out[CHAIRS, k] = max(out[CHAIRS, k], vehicle[HAS_CHAIRS])
    out[PLACE, p], out[PLACE, d] = place_p, place_d
    if vehicle[OPEN_END] == 1:
        out[PLACE, -1] = out[PLACE, -2]
    return out


@njit(cache=True, nogil=True)
def _connect(
    rows: Rows, out: Rows, drives: kernel.Drives, v: int, i: int, j: int, vehicle: Ints
) -> None:
    """Write the drives to and from the places of a party, and their energy."""
    place, last, open_end, p, d = rows[PLACE], rows.shape[1] - 1, vehicle[OPEN_END], i + 1, j + 2
    out[LEG, i] = drives.to_p[place[i]]
    out[LEG, d] = onward(drives.from_d, place, j + 1, last, open_end)
    if i == j:
        out[LEG, p] = drives.direct[v]
    else:
        out[LEG, p] = onward(drives.from_p, place, i + 1, last, open_end)
        out[LEG, j + 1] = drives.to_d[place[j]]
    for layer in range(2 if vehicle[POWERED] == 1 else 0):
        row, use = USE + layer, drives.use
        out[row, i] = use[0, layer, place[i]]
        out[row, d] = onward(use[3, layer], place, j + 1, last, open_end)
        if i == j:
            out[row, p] = drives.use_direct[layer, v]
        else:
            out[row, p] = onward(use[2, layer], place, i + 1, last, open_end)
            out[row, j + 1] = use[1, layer, place[j]]


@njit(cache=True, nogil=True)
def without(rows: Rows, parties: Rows, open_end: int) -> tuple[Rows, Ints]:
    """Return a route without some parties, and behind which of its nodes the drives are new.

    ``parties`` has a row each; the new drives are left for the caller to write.
    """
    count = rows.shape[1]
    left, to = np.ones(count, np.int64), np.empty(count, np.int64)
    for m in range(len(parties)):
        left[parties[m, AT_P]] = left[parties[m, AT_D]] = 0
    out = np.empty((ROWS, left.sum()), np.int64)
    fresh, news, at = np.empty(count, np.int64), 0, 0
    for k in range(count):
        to[k] = at
        if left[k] == 0:
            continue
        for row in range(ROWS):
            out[row, at] = rows[row, k]
        if rows[PICKUP, k] >= 0:
            out[PICKUP, at] = to[rows[PICKUP, k]]
        if k > 0 and left[k - 1] == 0:
            fresh[news], news = at - 1, news + 1
        at += 1
    for m in range(len(parties)):
        party = parties[m]
        for k in range(to[party[AT_P]], to[party[AT_D]]):
            out[RIDERS, k] -= party[PEOPLE]
            out[BAGS, k] -= party[UNITS]
            out[SEATS, k] = 0 if party[ALONE] == 1 else out[SEATS, k] - party[TAKES]
            out[CHAIRS, k] = 0 if party[ALONE] == 1 else out[CHAIRS, k] - party[WHEELS]
    if open_end == 1:
        out[PLACE, -1] = out[PLACE, -2]
    return out, fresh[:news]


@njit(cache=True, nogil=True)
def soft(rows: Rows, different: int) -> tuple[Ints, bool]:
    """Return when everything happens with each level's promises passed by as little as can be.

    And whether that is so without passing a limit that may not be.
    """
    trial = trial_of(rows)
    late_s, room_s = np.empty(different, np.int64), np.empty(different, np.int64)
    able = soft_times(trial, late_s, room_s)
    return trial[TIMES].copy(), able


@njit(cache=True, nogil=True)
def passed(rows: Rows, times: Ints) -> Ints:
    """Return the tasks that begin too late, and the dropoffs of those whose limits are passed."""
    nodes, count = np.empty(rows.shape[1], np.int64), 0
    for k in range(1, rows.shape[1] - 1):
        p = rows[PICKUP, k]
        late = times[k] > rows[LATE, k] and rows[BOARDS, k] == 0
        if p >= 0:
            late = late or times[p] > rows[LATE, p] or times[k] - times[p] > rows[RIDE, k]
        if late:
            nodes[count], count = k, count + 1
    return nodes[:count]


@njit(cache=True, nogil=True)
def trial_of(rows: Rows) -> Rows:
    """Return a route in the words of ``late_kernel``."""
    trial = np.zeros((late_kernel.ROWS, rows.shape[1]), np.int64)
    for row in range(BOARDS + 1):
        trial[row] = rows[row]
    trial[HARD], trial[LEVEL] = rows[BAR], rows[RANK]
    trial[HARD, 0] = trial[HARD, -1] = 1
    return trial
