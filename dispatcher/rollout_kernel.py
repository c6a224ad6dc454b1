"""Rollouts, compiled: calls of past days go to their cheapest place, one after the other.

A rollout is coarser than the day: vehicles leave at once, riders board when the vehicle comes, and
where a vehicle under way is follows from the two ends of its drive (Stewart's theorem).  That only
ranks plans: each of them keeps every promise before it gets here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ROOM: Final = 64
"""The longest route a rollout can hold, done stops included."""

_FAR: Final = 2**30


class Futures(NamedTuple):
    """Calls of past days, one row a day, ordered by when they became known; -1 fills rows up."""

    known: Ints
    early: Ints
    late: Ints
    ride: Ints
    seats: Ints
    boarding: Ints
    alighting: Ints
    origin: Ints
    destination: Ints
    """Rows in the table of driving times."""


class Routes(NamedTuple):
    """The routes of one candidate plan, a row a vehicle; positions from ``size`` on are empty."""

    place: Ints
    early: Ints
    late: Ints
    service: Ints
    ride: Ints
    pick: Ints
    """Where the party of a dropoff gets in; -1 when it is on board or at a pickup."""
    seats: Ints
    """Seats taken (+) or freed (-)."""
    size: Ints
    wait: Ints
    """Where a vehicle without stops is to go; -1 is nowhere."""


class Vans(NamedTuple):
    """What all candidates share: where each vehicle is, from when on, and how full."""

    place: Ints
    free: Ints
    aboard: Ints
    room: Ints


@njit(cache=True, nogil=True)
def play(
    drive: NDArray[np.int32],
    vans: Vans,
    routes: Routes,
    futures: Futures,
    first: Ints,
    days: Ints,
    calls: int,
    within: int,
    out: Floats,
) -> None:
    """Write for each of some days how many of its calls, from ``first`` on, a plan can take."""
    count = len(vans.place)
    room = np.empty((8, count, ROOM), np.int64)
    extra = np.empty((4, count), np.int64)
    trial = np.empty(ROOM, np.int64)
    for at in range(len(days)):
        day = days[at]
        out[at] = _play(
            drive, vans, routes, futures, day, int(first[day]), calls, within, room, extra, trial
        )


@njit(cache=True, nogil=True)
def _play(
    drive: NDArray[np.int32],
    vans: Vans,
    routes: Routes,
    futures: Futures,
    day: int,
    first: int,
    calls: int,
    within: int,
    room: NDArray[np.int64],
    extra: NDArray[np.int64],
    trial: Ints,
) -> int:
    """Return how many of one day's next calls this plan can take."""
    seats, begin = room[6], room[7]
    size, head, target, load = extra[0], extra[1], extra[2], extra[3]
    for v in range(len(size)):
        size[v], head[v], target[v], load[v] = routes.size[v], 0, routes.wait[v], vans.aboard[v]
        _lay(drive, vans, v, routes, room)
    taken = 0
    last = min(first + calls, futures.known.shape[1])
    for call in range(first, last):
        now = futures.known[day, call]
        if now < 0:
            break
        best, best_v, best_i, best_j = np.inf, -1, 0, 0
        for v in range(len(size)):
            while head[v] < size[v] and begin[v, head[v]] <= now:
                load[v] += seats[v, head[v]]
                head[v] += 1
            if size[v] + 2 > ROOM:
                continue
            cost, i, j = _best(
                drive, vans, v, now, futures, day, call, room, size[v], head[v], target[v],
                load[v], trial, best,
            )  # fmt: skip
            if cost < best:
                best, best_v, best_i, best_j = cost, v, i, j
        if best_v >= 0:
            taken += 1
            _put(drive, vans, best_v, now, futures, day, call, within, best_i, best_j, room, extra)
    return taken


@njit(cache=True, nogil=True)
def _lay(
    drive: NDArray[np.int32], vans: Vans, v: int, routes: Routes, room: NDArray[np.int64]
) -> None:
    """Copy one route, and write when its stops begin."""
    here, free = vans.place[v], vans.free[v]
    for k in range(routes.size[v]):
        room[0, v, k], room[1, v, k] = routes.place[v, k], routes.early[v, k]
        room[2, v, k], room[3, v, k] = routes.late[v, k], routes.service[v, k]
        room[4, v, k], room[5, v, k] = routes.ride[v, k], routes.pick[v, k]
        room[6, v, k] = routes.seats[v, k]
        room[7, v, k] = max(routes.early[v, k], free + drive[here, routes.place[v, k]])
        here, free = routes.place[v, k], room[7, v, k] + routes.service[v, k]


@njit(cache=True, nogil=True)
def _from(
    drive: NDArray[np.int32],
    vans: Vans,
    v: int,
    now: int,
    room: NDArray[np.int64],
    size: int,
    head: int,
    target: int,
    there: int,
) -> int:
    """Return when a vehicle that changes its mind now could be somewhere."""
    place, service, begin = room[0, v], room[3, v], room[7, v]
    here, free = vans.place[v], vans.free[v]
    if head > 0:
        here, free = place[head - 1], begin[head - 1] + service[head - 1]
    ahead = place[head] if head < size else target
    if head == size and head > 0:
        ahead = -1
    if ahead < 0 or now <= free:
        return int(max(now, free) + drive[here, there])
    whole = drive[here, ahead]
    gone = now - free
    if gone >= whole:
        return int(now + drive[ahead, there])
    share = gone / whole
    a, b = float(drive[here, there]), float(drive[ahead, there])
    square = (1 - share) * a * a + share * b * b - share * (1 - share) * whole * whole
    left = np.sqrt(max(square, 0.0))
    left = max(left, b - (whole - gone), a - gone)
    return now + int(min(left, b + (whole - gone)))


@njit(cache=True, nogil=True)
def _best(
    drive: NDArray[np.int32],
    vans: Vans,
    v: int,
    now: int,
    futures: Futures,
    day: int,
    call: int,
    room: NDArray[np.int64],
    size: int,
    head: int,
    target: int,
    load: int,
    trial: Ints,
    cut: float,
) -> tuple[float, int, int]:
    """Return the cheapest place of a call in one route and its cost, infinite if there is none."""
    place, early, late, service = room[0, v], room[1, v], room[2, v], room[3, v]
    ride, pick, seats, begin = room[4, v], room[5, v], room[6, v], room[7, v]
    p, d = futures.origin[day, call], futures.destination[day, call]
    people = futures.seats[day, call]
    early_p, late_p = futures.early[day, call], futures.late[day, call]
    boards, alights, longest = (
        futures.boarding[day, call], futures.alighting[day, call], futures.ride[day, call],
    )  # fmt: skip
    best, best_i, best_j = cut, -1, -1
    full = load
    for i in range(head, size + 1):
        if i > head:
            full += seats[i - 1]
        if full + people > vans.room[v]:
            continue
        if i == head:
            at_p = _from(drive, vans, v, now, room, size, head, target, p)
            drove = at_p - now
        else:
            drove = drive[place[i - 1], p]
            at_p = begin[i - 1] + service[i - 1] + drove
        if at_p > late_p:
            if i > head:
                break
            continue
        begin_p = max(at_p, early_p)
        old = _leg(drive, vans, v, now, room, head, i) if i < size else 0
        aside = drove + drive[p, place[i]] - old if i < size else drove
        if aside >= best:
            continue
        here, free, inside = p, begin_p + boards, full + people
        for j in range(i, size + 1):
            # Out after the stops i .. j - 1.
            if j > i:
                k = j - 1
                at = max(early[k], free + drive[here, place[k]])
                if at > late[k]:
                    break
                if pick[k] >= 0:
                    since = trial[pick[k]] if pick[k] >= i else begin[pick[k]]
                    if at - since > ride[k]:
                        break
                drove += drive[here, place[k]]
                trial[k] = at
                here, free = place[k], at + service[k]
                inside += seats[k]
                if inside > vans.room[v]:
                    break
                if j < size:
                    old += drive[place[k], place[j]]
            at_d = free + drive[here, d]
            if at_d - begin_p > longest:
                break
            cost = float(drove + drive[here, d] - old)
            if j < size:
                cost += float(drive[d, place[j]])
            if cost < best and _rest(drive, v, room, j, size, i, d, at_d + alights, trial):
                best, best_i, best_j = cost, i, j
    if best_i < 0:
        return np.inf, -1, -1
    return best, best_i, best_j


@njit(cache=True, nogil=True)
def _leg(
    drive: NDArray[np.int32], vans: Vans, v: int, now: int, room: NDArray[np.int64],
    head: int, k: int,
) -> int:  # fmt: skip
    """Return the driving still to do before stop ``k`` from the one before it."""
    place, service, begin = room[0, v], room[3, v], room[7, v]
    if k > head:
        return int(drive[place[k - 1], place[k]])
    here, free = vans.place[v], vans.free[v]
    if head > 0:
        here, free = place[head - 1], begin[head - 1] + service[head - 1]
    return int(max(0, drive[here, place[k]] - max(0, now - free)))


@njit(cache=True, nogil=True)
def _rest(
    drive: NDArray[np.int32], v: int, room: NDArray[np.int64], j: int, size: int, i: int,
    here: int, free: int, trial: Ints,
) -> bool:  # fmt: skip
    """Push the stops from ``j`` on; return whether every limit is kept."""
    place, early, late, service = room[0, v], room[1, v], room[2, v], room[3, v]
    ride, pick, begin = room[4, v], room[5, v], room[7, v]
    for k in range(j, size):
        at = max(early[k], free + drive[here, place[k]])
        if at > late[k]:
            return False
        if pick[k] >= 0:
            since = trial[pick[k]] if pick[k] >= i else begin[pick[k]]
            if at - since > ride[k]:
                return False
        trial[k] = at
        here, free = place[k], at + service[k]
    return True


@njit(cache=True, nogil=True)
def _put(
    drive: NDArray[np.int32], vans: Vans, v: int, now: int, futures: Futures, day: int, call: int,
    within: int, i: int, j: int, room: NDArray[np.int64], extra: NDArray[np.int64],
) -> None:  # fmt: skip
    """Put a call into a route, in before stop ``i`` and out before stop ``j``."""
    size, head, target = extra[0], extra[1], extra[2]
    at_p = _from(drive, vans, v, now, room, size[v], head[v], target[v], futures.origin[day, call])
    for row in range(8):
        for k in range(size[v] - 1, i - 1, -1):
            to = k + 2 if k >= j else k + 1
            room[row, v, to] = room[row, v, k]
    size[v] += 2
    p, d = i, j + 1
    room[0, v, p], room[0, v, d] = futures.origin[day, call], futures.destination[day, call]
    room[1, v, p], room[1, v, d] = futures.early[day, call], 0
    room[2, v, p], room[2, v, d] = futures.late[day, call], _FAR
    room[3, v, p], room[3, v, d] = futures.boarding[day, call], futures.alighting[day, call]
    room[4, v, p], room[4, v, d] = 0, futures.ride[day, call]
    room[5, v, p], room[5, v, d] = -1, p
    room[6, v, p], room[6, v, d] = futures.seats[day, call], -futures.seats[day, call]
    for k in range(head[v], size[v]):
        if k != d and room[5, v, k] >= i:
            room[5, v, k] += 2 if room[5, v, k] >= j else 1
    place, early, service, begin = room[0, v], room[1, v], room[3, v], room[7, v]
    for k in range(i, size[v]):
        follows = k > head[v]
        at = begin[k - 1] + service[k - 1] + drive[place[k - 1], place[k]] if follows else at_p
        begin[k] = max(early[k], at)
    room[1, v, p] = max(room[1, v, p], begin[p] - within)
    room[2, v, p] = min(room[2, v, p], begin[p] + within)
