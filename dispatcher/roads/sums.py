"""Sums along the fastest ways, found together with them.

A *key* is a time and a sum in one number, ``time * 2**31 - sum``.  Keys add up as times and sums
do, and the smaller of two keys is the faster way or, of two equally fast ones, that with the larger
sum.  So the sweep for times finds keys as well; here it does it for several sums at once.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dispatcher.roads.sweep import SweepTopology, with_higher

Keys = NDArray[np.int64]

_SHIFT: Final = 31
_HALF: Final = 2 ** (_SHIFT - 1)
NO_WAY: Final = (2**30 - 1) << _SHIFT
"""The key of a way that does not exist; two of them still fit into 64 bits."""
_LANES = 8


def keys_of(times: NDArray[np.int64], sums: NDArray[np.int64]) -> Keys:
    """Return the keys of some times below 2**30 and sums between -2**30 and 2**30."""
    return (times << _SHIFT) - sums


def times_of(keys: Keys) -> NDArray[np.int64]:
    """Return the times in some keys."""
    return (keys + _HALF) >> _SHIFT


def sums_of(keys: Keys) -> NDArray[np.int64]:
    """Return the sums in some keys."""
    return (times_of(keys) << _SHIFT) - keys


class SumsMetric:
    """A contracted graph under keys, ``weights[turn, layer]``, a layer for each sum."""

    def __init__(self, topology: SweepTopology, weights: Keys) -> None:
        self._graph = topology
        shape = len(topology.upper), weights.shape[1]
        self._up = np.full(shape, NO_WAY, dtype=np.int64)
        self._down = np.full(shape, NO_WAY, dtype=np.int64)
        rises = topology.rises
        np.minimum.at(self._up, topology.slot[rises], weights[rises])
        np.minimum.at(self._down, topology.slot[~rises], weights[~rises])
        _customize(topology.first, topology.upper, self._up, self._down)

    def table(self, sources: NDArray[np.int64], targets: NDArray[np.int64]) -> Keys:
        """Return the keys as (layers, sources, targets), ``NO_WAY`` or more where none."""
        rank = self._graph.rank
        if len(sources) > len(targets):
            found = self._rows(rank[targets], rank[sources], self._down, self._up)
            return found.transpose(0, 2, 1)
        return self._rows(rank[sources], rank[targets], self._up, self._down)

    def _rows(
        self, starts: NDArray[np.int32], goals: NDArray[np.int32], up: Keys, down: Keys
    ) -> Keys:
        return _swept(self._graph.first, self._graph.upper, up, down, starts, goals)


@njit(cache=True, nogil=True)
def _customize(first: NDArray[np.int64], upper: NDArray[np.uint32], up: Keys, down: Keys) -> None:
    """Shorten every pair of neighbours by the ways over lower nodes, in place."""
    for node in range(len(first) - 1):
        for i in range(first[node], first[node + 1]):
            j = first[upper[i]]
            for k in range(i + 1, first[node + 1]):
                while upper[j] < upper[k]:
                    j += 1
                for layer in range(up.shape[1]):
                    up[j, layer] = min(up[j, layer], down[i, layer] + up[k, layer])
                    down[j, layer] = min(down[j, layer], down[k, layer] + up[i, layer])


@njit(cache=True, nogil=True)
def _swept(
    first: NDArray[np.int64],
    upper: NDArray[np.uint32],
    up: Keys,
    down: Keys,
    starts: NDArray[np.int32],
    goals: NDArray[np.int32],
) -> Keys:
    """Return the keys from starts to goals, as (layers, starts, goals)."""
    layers = up.shape[1]
    table = np.empty((layers, len(starts), len(goals)), dtype=np.int64)
    wanted = with_higher(first, upper, goals)
    lanes = min(_LANES, (len(starts) + 3) // 4 * 4)
    keys = np.empty((len(first) - 1, layers, lanes), dtype=np.int64)
    for batch in range(0, len(starts), lanes):
        some = starts[batch : batch + lanes]
        _from_some(first, upper, up, down, some, wanted, keys)
        for lane in range(len(some)):
            for layer in range(layers):
                for column in range(len(goals)):
                    table[layer, batch + lane, column] = keys[goals[column], layer, lane]
    return table


@njit(cache=True, nogil=True)
def _from_some(
    first: NDArray[np.int64],
    upper: NDArray[np.uint32],
    up: Keys,
    down: Keys,
    starts: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    keys: Keys,
) -> None:
    """Fill ``keys`` (nodes, layers, lanes) with those from each start to the wanted nodes."""
    keys[:] = NO_WAY
    for lane in range(len(starts)):
        keys[starts[lane], :, lane] = 0
    reached = with_higher(first, upper, starts)
    for node in range(len(keys)):
        if reached[node]:
            for i in range(first[node], first[node + 1]):
                for layer in range(up.shape[1]):
                    _relax(keys[upper[i], layer], keys[node, layer], up[i, layer])
    for node in range(len(keys) - 1, -1, -1):
        if wanted[node]:
            for i in range(first[node], first[node + 1]):
                for layer in range(up.shape[1]):
                    _relax(keys[node, layer], keys[upper[i], layer], down[i, layer])


@njit(cache=True, nogil=True, inline="always")
def _relax(here: Keys, there: Keys, weight: np.int64) -> None:
    """Lower every lane of ``here`` to what it is by way of ``there``."""
    for lane in range(len(here)):
        here[lane] = min(here[lane], there[lane] + weight)
