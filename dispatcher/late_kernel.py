"""The inner loops of a repair: where one more party makes promises late by least.

``kernel`` finds the cheapest place that keeps every limit.  Here the limits of riders may be
passed, those of the vehicle, its driver's tasks and its room may not.  A vehicle drives on as soon
as it can; somebody gets in later than that only within the window, and only to ride shorter.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dispatcher import kernel
from dispatcher.kernel import _lasts, _nothing, _onward, _splice
from dispatcher.nodes import Ints

Rows = NDArray[np.int64]
EARLY, LATE, SERVICE, LEG, PICKUP, RIDE, BOARDS, TIMES = range(8)
"""The rows of a route being tried, as ``kernel`` writes them, with five more for the battery."""
OTHER, HARD, LEVEL, ROWS = range(13, 17)
"""Other times, whether a limit may not be passed, and whose promise it is."""
FIXED: Final = -1
"""The level of those whose promise may not be passed any further."""


@njit(cache=True, nogil=True)
def soft_times(rows: Rows, late_s: Ints, room_s: Ints) -> bool:
    """Write when everything happens and by how much each level's promises are passed.

    False when a limit would be passed that may not be.
    """
    count = rows.shape[1]
    long = _soonest(rows, rows[TIMES], 0)
    _late(rows, rows[TIMES], late_s)
    if long:
        _soonest(rows, rows[OTHER], 1)
        _late(rows, rows[OTHER], room_s)
        if _less(room_s, late_s) and not _passed(rows, rows[OTHER]):
            for k in range(count):
                rows[TIMES, k] = rows[OTHER, k]
            for k in range(len(late_s)):
                late_s[k] = room_s[k]
    return not _passed(rows, rows[TIMES])


@njit(cache=True, nogil=True)
def _soonest(rows: Rows, out: Ints, wait: int) -> bool:
    """Write how soon everything can happen; return whether a ride gets longer than promised.

    With ``wait`` 1 somebody gets in later, within the window, if that makes the ride short enough
    even though others have to wait for it.
    """
    count = rows.shape[1]
    for k in range(count):
        out[k] = rows[EARLY, k]
    k = 1
    while k < count:
        out[k] = max(out[k], out[k - 1] + rows[SERVICE, k - 1] + rows[LEG, k - 1])
        p = rows[PICKUP, k]
        if wait == 1 and p >= 0 and out[k] - rows[RIDE, k] > out[p] and out[p] < rows[LATE, p]:
            shortest = 0
            for q in range(p, k):
                shortest += rows[SERVICE, q] + rows[LEG, q]
            later = min(out[k] - max(rows[RIDE, k], shortest), rows[LATE, p])
            if later > out[p]:
                out[p] = later
                k = p
        k += 1
    for k in range(count - 2, -1, -1):
        if rows[BOARDS, k] == 1:
            still = out[k + 1] - rows[SERVICE, k] - rows[LEG, k]
            out[k] = max(out[k], min(rows[LATE, k], still))
    for k in range(count):
        p = rows[PICKUP, k]
        if p >= 0 and out[k] - out[p] > rows[RIDE, k]:
            return True
    return False


@njit(cache=True, nogil=True)
def _late(rows: Rows, times: Ints, late_s: Ints) -> None:
    """Add up by how much the promises of each level are passed, once for every party."""
    late_s[:] = 0
    for k in range(rows.shape[1]):
        if rows[HARD, k] == 0 and rows[BOARDS, k] == 0:
            by = max(0, times[k] - rows[LATE, k])
            p = rows[PICKUP, k]
            if p >= 0:
                by = max(by, times[p] - rows[LATE, p], times[k] - times[p] - rows[RIDE, k])
            late_s[rows[LEVEL, k]] += by


@njit(cache=True, nogil=True)
def _passed(rows: Rows, times: Ints) -> bool:
    """Whether a limit is passed that may not be."""
    passed: bool = False
    for k in range(rows.shape[1]):
        if rows[HARD, k] == 1 and times[k] > rows[LATE, k]:
            passed = True
    return passed


@njit(cache=True, nogil=True)
def _less(these: Ints, those: Ints) -> bool:
    """Whether the first level that differs is less."""
    for k in range(len(these)):
        if these[k] != those[k]:
            return bool(these[k] < those[k])
    return False


@njit(cache=True, nogil=True)
def least_late(
    fleet: kernel.Fleet,
    levels: Ints,
    party: kernel.Party,
    level: int,
    drives: kernel.Drives,
    weights: kernel.Weights,
    open_to: Ints,
    longer_s: int,
    different: int,
) -> kernel.Found:
    """Find the place of a party in the fleet that passes least, the cheapest of those.

    ``levels`` says for every node whose promise it is, 0 for those that count most, of so many
    ``different`` ones, or ``FIXED``.  Every shift may end ``longer_s`` later.
    """
    found = _nothing(1)
    best_s, late_s = np.zeros(different, np.int64), np.zeros(different, np.int64)
    other_s = np.zeros(different, np.int64)
    longest = 0
    for v in range(len(fleet.locked)):
        longest = max(longest, fleet.first[v + 1] - fleet.first[v])
    room = np.empty((ROWS, longest + 2), np.int64)
    n, place, soonest = fleet.nodes, fleet.place, fleet.soonest
    people = party.seats + party.chairs
    for v in range(len(fleet.locked)):
        a, end = fleet.first[v], fleet.first[v + 1] - 1
        seats_left = fleet.seats[v] - party.seats - fleet.lost[v] * party.chairs
        chairs_left, bags_left = fleet.chairs[v] - party.chairs, fleet.bags[v] - party.bags
        if open_to[v] == 0 or fleet.shut[v] == 1 or min(seats_left, chairs_left, bags_left) < 0:
            continue
        shift_s, rows = n.late[end] + longer_s, room[:, : end - a + 3]
        for i in range(a + fleet.locked[v], end):
            if n.seats[i] > seats_left or n.chairs[i] > chairs_left or n.bags[i] > bags_left:
                continue
            if party.alone == 1 and n.riders[i] > 0:
                continue
            to_p = np.int64(drives.to_p[place[i]])
            at_p = max(soonest[i] + n.service[i] + to_p, party.early_p)
            late_p = at_p - party.late_p
            if at_p > shift_s or _worse(late_p, level, best_s, found):
                continue
            begin = at_p + party.boarding
            for j in range(i, end):
                to_d = np.int64(drives.direct[v])
                if j > i:
                    begin += np.int64(drives.from_p[place[j]]) if j == i + 1 else n.leg[j - 1]
                    begin = max(begin, n.early[j])
                    if begin > shift_s or (people > 0 and n.bar[j] == 1):
                        break
                    if n.seats[j] > seats_left or n.chairs[j] > chairs_left:
                        break
                    if n.bags[j] > bags_left or (party.alone == 1 and n.riders[j] > 0):
                        break
                    if _worse(begin - party.late_d, level, best_s, found):
                        break
                    begin += n.service[j]
                    to_d = np.int64(drives.to_d[place[j]])
                at_d = max(begin + to_d, party.early_d)
                if at_d > shift_s or _worse(max(late_p, at_d - party.late_d), level, best_s, found):
                    continue
                _splice(fleet, v, party, drives, i - a, j - a, room)
                _mark(fleet, v, levels, level, longer_s, i - a, j - a, rows)
                found.tried[0] += 1
                if not soft_times(rows, late_s, other_s):
                    continue
                cost = _cost(fleet, v, party, drives, weights, i, j)
                first = found.vehicle[0] < 0
                if (
                    not first
                    and not _less(late_s, best_s)
                    and (_less(best_s, late_s) or cost >= found.cost[0])
                ):
                    continue
                if fleet.battery[v, 0] > 0 and not _lasts(
                    fleet, v, party, drives, i - a, j - a, room
                ):
                    continue
                best_s[:] = late_s
                found.cost[0], found.vehicle[0] = cost, v
                found.after_p[0], found.after_d[0] = i - a, j - a
                found.pickup[0], found.dropoff[0] = rows[TIMES, i - a + 1], rows[TIMES, j - a + 2]
    return found


@njit(cache=True, nogil=True)
def late_without(
    rows: Rows, drives_s: NDArray[np.int32], open_end: int, pairs: Rows, late_s: Rows
) -> None:
    """Write what a route would pass without each of some parties, a row a party.

    ``pairs`` are the nodes where they get in and out, ``drives_s`` the drives between all nodes.
    The first column of ``late_s`` is what may not be passed, then come the levels.
    """
    few = np.zeros((ROWS, rows.shape[1] - 2), np.int64)
    other_s = np.zeros(late_s.shape[1] - 1, np.int64)
    last = few.shape[1] - 1
    for m in range(len(pairs)):
        p, d, to, before = pairs[m, 0], pairs[m, 1], 0, 0
        for k in range(rows.shape[1]):
            if k in (p, d):
                continue
            few[:, to] = rows[:, k]
            q = rows[PICKUP, k]
            if q >= 0:
                few[PICKUP, to] = q - (1 if q > p else 0) - (1 if q > d else 0)
            if to > 0:
                few[LEG, to - 1] = 0 if to == last and open_end == 1 else drives_s[before, k]
            to, before = to + 1, k
        soft_times(few, late_s[m, 1:], other_s)
        late_s[m, 0] = 0
        for k in range(last + 1):
            if few[HARD, k] == 1:
                late_s[m, 0] += max(0, few[TIMES, k] - few[LATE, k])


@njit(cache=True, nogil=True)
def _worse(by_s: int, level: int, best_s: Ints, found: kernel.Found) -> bool:
    """Whether being late by so much alone is worse than the best so far."""
    if found.vehicle[0] < 0:
        return False
    for k in range(level):
        if best_s[k] > 0:
            return False
    return bool(by_s > best_s[level])


@njit(cache=True, nogil=True)
def _mark(
    fleet: kernel.Fleet,
    v: int,
    levels: Ints,
    level: int,
    longer_s: int,
    i: int,
    j: int,
    rows: Rows,
) -> None:
    """Write whose promises the limits are, and which may not be passed."""
    a, b = fleet.first[v], fleet.first[v + 1]
    for k in range(b - a):
        to = k if k <= i else (k + 1 if k <= j else k + 2)
        rows[LEVEL, to] = levels[a + k]
        rows[HARD, to] = 1 if levels[a + k] == FIXED else fleet.nodes.bar[a + k]
    rows[HARD, 0] = rows[HARD, -1] = 1
    rows[HARD, i + 1] = rows[HARD, j + 2] = 0
    rows[LEVEL, i + 1] = rows[LEVEL, j + 2] = level
    rows[LATE, -1] += longer_s


@njit(cache=True, nogil=True)
def _cost(
    fleet: kernel.Fleet,
    v: int,
    party: kernel.Party,
    drives: kernel.Drives,
    weights: kernel.Weights,
    i: int,
    j: int,
) -> float:
    """Return what the place behind nodes ``i`` and ``j`` adds to the cost of the plan."""
    n, place, end = fleet.nodes, fleet.place, fleet.first[v + 1] - 1
    people, open_end = party.seats + party.chairs, fleet.open_end[v]
    on_i = weights.drive + weights.aboard * n.riders[i]
    on_j = weights.drive + weights.aboard * n.riders[j]
    more = weights.aboard * people
    on_d = _onward(drives.from_d, place, j + 1, end, open_end)
    cost = np.int64(drives.to_p[place[i]]) * on_i + on_d * on_j - n.leg[i] * on_i
    if i == j:
        return float(cost + drives.direct[v] * (on_i + more))
    cost += np.int64(drives.from_p[place[i + 1]]) * (on_i + more)
    for k in range(i + 1, j):
        cost += n.leg[k] * more
    return float(cost + np.int64(drives.to_d[place[j]]) * (on_j + more) - n.leg[j] * on_j)
