"""Who leaves a route that is late, so that it no longer is."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dispatcher import kernel
from dispatcher.late_kernel import (
    BOARDS,
    EARLY,
    HARD,
    LATE,
    LEG,
    LEVEL,
    PICKUP,
    RIDE,
    ROWS,
    SERVICE,
    TIMES,
    Rows,
    less,
    soft_times,
)
from dispatcher.nodes import Ints
from dispatcher.search_state import compiled


@njit(cache=True, nogil=True)
def give_up(
    rows: Rows, drives_s: NDArray[np.int32], open_end: int, pairs: Rows, different: int, most: int
) -> tuple[Ints, Ints]:
    """Return who leaves a late route, in this order, and who of those left could put it right then.

    ``pairs`` are the nodes where each party gets in and out, in this order, ``drives_s`` the drives
    between all nodes.  Without whoever leaves the route is least late: the vehicle's limits first,
    then level by level; of equals it is who counts least, then who gets in last.  That ends when
    the times are right, or when two or more of the ``most`` next ones would each put them right.
    """
    at, left = np.arange(rows.shape[1]), np.arange(len(pairs))
    gone, times = np.empty(len(pairs), np.int64), np.empty(rows.shape[1], np.int64)
    away, other_s = 0, np.empty(different, np.int64)
    while len(left) > 0:
        late_s = np.zeros((len(left), 1 + different), np.int64)
        for m in range(len(left)):
            few = _without(rows, at, pairs[left[m]], drives_s, open_end)
            soft_times(few, late_s[m, 1:], other_s)
            for k in range(few.shape[1]):
                if few[HARD, k] == 1:
                    late_s[m, 0] += max(0, few[TIMES, k] - few[LATE, k])
        best = _first(rows, at, pairs, left, late_s, most)
        able = best[np.array([not late_s[m].any() for m in best])]
        if len(able) > 1:
            return gone[:away], left[able]
        gone[away], away = left[best[0]], away + 1
        pair = pairs[left[best[0]]]
        rows = _without(rows, at, pair, drives_s, open_end)
        at = at[(at != pair[0]) & (at != pair[1])]
        left = np.delete(left, best[0])
        limits = rows[LATE], rows[SERVICE], rows[LEG], rows[PICKUP], rows[RIDE]
        if kernel.least_times(rows[EARLY], *limits, times) == kernel.FEASIBLE:
            break
    return gone[:away], left[:0]


@njit(cache=True, nogil=True)
def _without(rows: Rows, at: Ints, pair: Ints, drives_s: NDArray[np.int32], open_end: int) -> Rows:
    """Return a route without one party, where ``at`` are the nodes that it had at first."""
    few, last, to, before = np.zeros((ROWS, len(at) - 2), np.int64), len(at) - 3, 0, 0
    p, d = 0, 0
    for k in range(len(at)):
        if at[k] == pair[0]:
            p = k
        elif at[k] == pair[1]:
            d = k
    for k in range(len(at)):
        if k in (p, d):
            continue
        for row in range(BOARDS + 1):
            few[row, to] = rows[row, k]
        few[HARD, to], few[LEVEL, to] = rows[HARD, k], rows[LEVEL, k]
        q = rows[PICKUP, k]
        if q >= 0:
            few[PICKUP, to] = q - (1 if q > p else 0) - (1 if q > d else 0)
        if to > 0:
            few[LEG, to - 1] = 0 if to == last and open_end == 1 else drives_s[at[before], at[k]]
        to, before = to + 1, k
    return few


@njit(cache=True, nogil=True)
def _first(rows: Rows, at: Ints, pairs: Rows, left: Ints, late_s: Rows, most: int) -> Ints:
    """Return the first of those left, at ``most`` so many, in the order in which they leave."""
    best, count = np.empty(min(most, len(left)), np.int64), 0
    ranks = np.empty(len(left), np.int64)
    for m in range(len(left)):
        ranks[m] = rows[LEVEL, np.searchsorted(at, pairs[left[m], 0])]
    for m in range(len(left)):
        to = count
        while to > 0 and _leaves_first(m, best[to - 1], late_s, ranks):
            if to < len(best):
                best[to] = best[to - 1]
            to -= 1
        if to < len(best):
            best[to], count = m, min(count + 1, len(best))
    return best


@compiled
def _leaves_first(m: int, other: int, late_s: Rows, ranks: Ints) -> bool:
    """Whether a party leaves before another that gets in earlier."""
    if less(late_s[m], late_s[other]):
        return True
    return not less(late_s[other], late_s[m]) and ranks[m] >= ranks[other]
