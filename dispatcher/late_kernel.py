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
from dispatcher.kernel import lasts, nothing, onward, splice
from dispatcher.nodes import Ints
from dispatcher.search_state import compiled

Rows = NDArray[np.int64]
EARLY, LATE, SERVICE, LEG, PICKUP, RIDE, BOARDS, TIMES = range(8)
"""The rows of a route being tried, as ``kernel`` writes them, with five more for the battery."""
OTHER, HARD, LEVEL, ROWS = range(13, 17)
"""Other times, whether a limit may not be passed, and whose promise it is."""
MOVED, BY, HOLDS, TIME, MOVES, REST = range(6)
"""The rows of what a route passes anyway: driving and service until a node, by how much whoever
gets out there is late at least, how late it can begin for the sake of what may not be passed; when
it begins and what is driven until then with a detour; the rows from ``REST`` on add up a level's
``BY`` from a node on."""
BEST, HEAD, UPTO, WHOLE, NOW, OTHERS = range(6)
"""The rows of sums by level: of the best place, up to the pickup, the dropoff and the end."""
ENDLESS: Final = 2**60
FIXED: Final = -1
"""The level of those whose promise may not be passed any further."""


@compiled
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
        if less(room_s, late_s) and not _passed(rows, rows[OTHER]):
            for k in range(count):
                rows[TIMES, k] = rows[OTHER, k]
            for k in range(len(late_s)):
                late_s[k] = room_s[k]
    return not _passed(rows, rows[TIMES])


@compiled
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


@compiled
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


@compiled
def _passed(rows: Rows, times: Ints) -> bool:
    """Whether a limit is passed that may not be."""
    passed: bool = False
    for k in range(rows.shape[1]):
        if rows[HARD, k] == 1 and times[k] > rows[LATE, k]:
            passed = True
    return passed


@compiled
def less(these: Ints, those: Ints) -> bool:
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
    found, longest = nothing(1), 0
    for v in range(len(fleet.locked)):
        longest = max(longest, fleet.first[v + 1] - fleet.first[v])
    room = np.empty((ROWS, longest + 2), np.int64)
    bound = np.empty((REST + different, longest + 2), np.int64)
    sums = np.zeros((6, different), np.int64)
    sums[BEST] = ENDLESS
    for v in range(len(fleet.locked)):
        if open_to[v] == 1 and fleet.shut[v] == 0:
            _measure(fleet, v, levels, longer_s, bound)
            _try_route(
                fleet, v, levels, party, level, drives, weights, longer_s, room, bound, sums, found
            )
    return found


@compiled
def _measure(fleet: kernel.Fleet, v: int, levels: Ints, longer_s: int, bound: Rows) -> None:
    """Write by how much a route passes promises as it is, and when its hard limits bind."""
    n, a, end = fleet.nodes, fleet.first[v], fleet.first[v + 1] - 1
    last = end - a
    bound[MOVED, 0] = 0
    for k in range(last):
        bound[MOVED, k + 1] = bound[MOVED, k] + n.service[a + k] + n.leg[a + k]
        bound[BY, k] = 0
        if levels[a + k] != FIXED and n.bar[a + k] == 0 and n.boards[a + k] == 0:
            bound[BY, k] = max(0, fleet.soonest[a + k] - n.late[a + k])
            p = n.pickup[a + k]
            if p >= 0:
                moved_s = bound[MOVED, k] - bound[MOVED, p]
                wait_s = fleet.soonest[a + p] - n.late[a + p]
                bound[BY, k] = max(bound[BY, k], wait_s, moved_s - n.ride[a + k])
    bound[HOLDS, last], bound[BY, last], bound[REST:, last] = n.late[end] + longer_s, 0, 0
    for k in range(last - 1, -1, -1):
        bound[HOLDS, k] = bound[HOLDS, k + 1] - n.leg[a + k] - n.service[a + k]
        if levels[a + k] == FIXED or n.bar[a + k] == 1:
            bound[HOLDS, k] = min(bound[HOLDS, k], n.late[a + k])
        for row in range(REST, len(bound)):
            bound[row, k] = bound[row, k + 1]
        if bound[BY, k] > 0:
            bound[REST + levels[a + k], k] += bound[BY, k]


@compiled
def _try_route(
    fleet: kernel.Fleet,
    v: int,
    levels: Ints,
    party: kernel.Party,
    level: int,
    drives: kernel.Drives,
    weights: kernel.Weights,
    longer_s: int,
    room: Rows,
    bound: Rows,
    sums: Rows,
    found: kernel.Found,
) -> None:
    """Try every pair of positions in one route that may pass less than what is ``found``.

    Those promises are added up that are passed even if nobody ever waits for anybody: what comes
    before the pickup, the party's own, and what the detours push until waiting takes them up.
    """
    n, place, soonest = fleet.nodes, fleet.place, fleet.soonest
    a, end = fleet.first[v], fleet.first[v + 1] - 1
    seats_left = fleet.seats[v] - party.seats - fleet.lost[v] * party.chairs
    chairs_left, bags_left = fleet.chairs[v] - party.chairs, fleet.bags[v] - party.bags
    if min(seats_left, chairs_left, bags_left) < 0:
        return
    shift_s, people, open_end = (
        n.late[end] + longer_s,
        party.seats + party.chairs,
        fleet.open_end[v],
    )
    more = weights.aboard * people
    best, head, upto, whole = sums[BEST], sums[HEAD], sums[UPTO], sums[WHOLE]
    head[:] = 0
    for i in range(a, end):
        hard = levels[i] == FIXED or n.bar[i] == 1 or i == a
        if hard and soonest[i] > n.late[i]:
            return
        if bound[BY, i - a] > 0:
            head[levels[i]] += bound[BY, i - a]
            if _beyond(head, 0, 0, best):
                return
        if i - a < fleet.locked[v]:
            continue
        if n.seats[i] > seats_left or n.chairs[i] > chairs_left or n.bags[i] > bags_left:
            continue
        if party.alone == 1 and n.riders[i] > 0:
            continue
        to_p = np.int64(drives.to_p[place[i]])
        at_p = max(soonest[i] + n.service[i] + to_p, party.early_p)
        late_p = max(0, at_p - party.late_p)
        if at_p > shift_s or _beyond(head, level, late_p, best):
            continue
        on_i = weights.drive + weights.aboard * n.riders[i]
        so_far = to_p * on_i - n.leg[i] * on_i
        moved_p = bound[MOVED, i - a] + n.service[i] + to_p
        begin, moved, forward = at_p + party.boarding, moved_p + party.boarding, True
        for of in range(len(best)):
            upto[of] = head[of]
        for j in range(i, end):
            to_d = np.int64(drives.direct[v])
            if j > i:
                leg = np.int64(drives.from_p[place[j]]) if j == i + 1 else n.leg[j - 1]
                so_far += leg * (on_i + more) if j == i + 1 else leg * more
                begin, moved = max(begin + leg, n.early[j]), moved + leg
                bound[TIME, j - a], bound[MOVES, j - a] = begin, moved
                forward = forward and moved >= bound[MOVED, j - a]
                if begin > shift_s or (people > 0 and n.bar[j] == 1):
                    break
                if n.seats[j] > seats_left or n.chairs[j] > chairs_left:
                    break
                if n.bags[j] > bags_left or (party.alone == 1 and n.riders[j] > 0):
                    break
                if (levels[j] == FIXED or n.bar[j] == 1) and begin > n.late[j]:
                    break
                by_s = _pushed(fleet, levels, a, i, j, bound)
                if by_s > 0:
                    upto[levels[j]] += by_s
                if _beyond(upto, level, max(late_p, begin - party.late_d), best):
                    break
                begin, moved = begin + n.service[j], moved + n.service[j]
                to_d = np.int64(drives.to_d[place[j]])
            at_d, moved_d = max(begin + to_d, party.early_d), moved + to_d
            own_s = max(late_p, at_d - party.late_d, moved_d - moved_p - party.ride)
            if at_d > shift_s or _beyond(upto, level, own_s, best):
                continue
            on_d = onward(drives.from_d, place, j + 1, end, open_end)
            time, moved_d = at_d + party.alighting + on_d, moved_d + party.alighting + on_d
            if time > bound[HOLDS, j + 1 - a]:
                continue
            for of in range(len(best)):
                whole[of] = upto[of] + (own_s if of == level else 0)
            longer = forward and moved_d >= bound[MOVED, j + 1 - a]
            if _push(fleet, levels, a, i, j + 1, end, time, moved_d, longer, bound, whole, best):
                continue
            on_j = weights.drive + weights.aboard * n.riders[j]
            cost = so_far + to_d * (on_j + more) + on_d * on_j - (n.leg[j] * on_j if j > i else 0)
            if cost >= found.cost[0] and not less(whole, best):
                continue
            found.tried[0] += 1
            splice(fleet, v, party, drives, i - a, j - a, room)
            rows = room[:, : end - a + 3]
            _mark(fleet, v, levels, level, longer_s, i - a, j - a, rows)
            late_s = sums[NOW]
            if not soft_times(rows, late_s, sums[OTHERS]):
                continue
            if not less(late_s, best) and (less(best, late_s) or cost >= found.cost[0]):
                continue
            if fleet.battery[v, 0] > 0 and not lasts(fleet, v, party, drives, i - a, j - a, room):
                continue
            for of in range(len(best)):
                best[of] = late_s[of]
            found.cost[0], found.vehicle[0] = cost, v
            found.after_p[0], found.after_d[0] = i - a, j - a
            found.pickup[0], found.dropoff[0] = rows[TIMES, i - a + 1], rows[TIMES, j - a + 2]


@compiled
def _push(
    fleet: kernel.Fleet,
    levels: Ints,
    a: int,
    i: int,
    first: int,
    end: int,
    time: int,
    moved: int,
    longer: bool,  # noqa: FBT001 -- no keywords in compiled code
    bound: Rows,
    whole: Ints,
    best: Ints,
) -> bool:
    """Add what a route passes from a node on that begins at ``time``; whether it is too much.

    Where ``longer`` says that the detours do not shorten anything, the rest is as it was as soon as
    one node is in time again.
    """
    n = fleet.nodes
    for k in range(first, end):
        if k > first:
            time += n.service[k - 1] + n.leg[k - 1]
            moved += n.service[k - 1] + n.leg[k - 1]
        time = max(time, n.early[k])
        bound[TIME, k - a], bound[MOVES, k - a] = time, moved
        if longer and time == fleet.soonest[k]:
            for of in range(len(whole)):
                whole[of] += bound[REST + of, k - a]
            return _beyond(whole, 0, 0, best)
        by_s = _pushed(fleet, levels, a, i, k, bound)
        if by_s > 0:
            whole[levels[k]] += by_s
            if _beyond(whole, 0, 0, best):
                return True
    return _beyond(whole, 0, 0, best)


@compiled
def _pushed(fleet: kernel.Fleet, levels: Ints, a: int, i: int, k: int, bound: Rows) -> int:
    """Return by how much whoever gets out at node ``k`` is late at least, behind a detour."""
    n = fleet.nodes
    if levels[k] == FIXED or n.bar[k] == 1 or n.boards[k] == 1:
        return 0
    by_s, p = max(0, bound[TIME, k - a] - n.late[k]), n.pickup[k]
    if p < 0:
        return int(by_s)
    if p > i - a:
        wait_s, moved = bound[TIME, p] - n.late[a + p], bound[MOVES, p]
    else:
        wait_s, moved = fleet.soonest[a + p] - n.late[a + p], bound[MOVED, p]
    return int(max(by_s, wait_s, bound[MOVES, k - a] - moved - n.ride[k]))


@compiled
def _beyond(these: Ints, level: int, more: int, best: Ints) -> bool:
    """Whether these seconds, with some ``more`` at one level, are worse than the best."""
    for k in range(len(best)):
        here = these[k] + (more if k == level else 0)
        if here != best[k]:
            return bool(here > best[k])
    return False


@compiled
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
