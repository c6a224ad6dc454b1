"""Many driving times at once: a contraction hierarchy swept for sixteen sources together.

The hierarchy is a Customizable Contraction Hierarchy (Dibbelt, Strasser, Wagner, 2016) in the order
that routingkit-cch finds; a table is answered as in PHAST (Delling, Goldberg, Nowatzyk, Werneck,
2011): one sweep up and one sweep down the hierarchy, each step for all sources of a batch, which
the processor does in its vector registers.  Compiled by Numba; needs no state of its own, so
threads may share it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

_FAR = 2**30 - 1
_LANES = 16
_FEW = 4

Int32 = NDArray[np.int32]


class SweepTopology:
    """A graph contracted once, in a good order.

    Nodes are renumbered by rank.  Node ``v`` has the higher neighbours ``upper[first[v]:first[v +
    1]]``, ascending; turn ``i`` belongs to the pair of nodes at ``slot[i]``, upwards or downwards.
    ``order`` are the nodes from the first contracted to the last (``None``: routingkit-cch's).
    """

    def __init__(
        self,
        tail: NDArray[np.uint32],
        head: NDArray[np.uint32],
        lat: NDArray[np.float32],
        lon: NDArray[np.float32],
        order: Sequence[int] | None = None,
    ) -> None:
        if order is None:
            from routingkit_cch import compute_order_inertial

            ends = tail.tolist(), head.tolist()
            order = compute_order_inertial(len(lat), *ends, lat.tolist(), lon.tolist())
        self.state_of: Int32 = np.array(order, dtype=np.int32)
        self.rank: Int32 = np.empty(len(lat), dtype=np.int32)
        self.rank[self.state_of] = np.arange(len(lat), dtype=np.int32)
        self.tail, self.head = self.rank[tail], self.rank[head]
        self.first, self.upper = _contracted(len(lat), self.tail, self.head)
        self.rises: NDArray[np.bool_] = self.tail < self.head
        low, high = np.minimum(self.tail, self.head), np.maximum(self.tail, self.head)
        owner = np.repeat(np.arange(len(lat), dtype=np.int64), np.diff(self.first).astype(np.int64))
        self.slot = np.searchsorted(
            owner * len(lat) + self.upper, low.astype(np.int64) * len(lat) + high
        )
        self.by_head = np.argsort(self.head, kind="stable")
        self.first_in = np.searchsorted(self.head[self.by_head], np.arange(len(lat) + 1))

    def metric(self, weights: NDArray[np.uint32]) -> SweepMetric:
        """Return the hierarchy under these weights (one per turn)."""
        return SweepMetric(self, np.minimum(weights, _FAR).astype(np.int32))


def _contracted(
    size: int, tail: Int32, head: Int32
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Return each node's higher neighbours once all lower nodes are contracted."""
    higher: list[set[int]] = [set() for _ in range(size)]
    for a, b in zip(np.minimum(tail, head).tolist(), np.maximum(tail, head).tolist(), strict=True):
        higher[a].add(b)
    lists: list[Sequence[int]] = []
    for node in range(size):
        ascending = sorted(higher[node])
        lists.append(ascending)
        if len(ascending) > 1:
            higher[ascending[0]].update(ascending[1:])
    first = np.concatenate(([0], np.cumsum([len(nodes) for nodes in lists]))).astype(np.int64)
    upper = np.array([node for nodes in lists for node in nodes], dtype=np.uint32)
    return first, upper


class SweepMetric:
    """A contracted graph under one set of weights; see ``engines.Metric``."""

    def __init__(self, topology: SweepTopology, weights: Int32) -> None:
        self._graph, self._weights = topology, weights
        self._up = np.full(len(topology.upper), _FAR, dtype=np.int32)
        self._down = np.full(len(topology.upper), _FAR, dtype=np.int32)
        rises = topology.rises
        np.minimum.at(self._up, topology.slot[rises], weights[rises])
        np.minimum.at(self._down, topology.slot[~rises], weights[~rises])
        _customize(topology.first, topology.upper, self._up, self._down)

    def table(self, sources: NDArray[np.uint32], targets: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return the distance from every source to every target, ``INFINITE`` where none."""
        rank = self._graph.rank
        if len(sources) > len(targets):
            return self._rows(rank[targets], rank[sources], self._down, self._up).T
        return self._rows(rank[sources], rank[targets], self._up, self._down)

    def _rows(self, starts: Int32, goals: Int32, up: Int32, down: Int32) -> NDArray[np.uint32]:
        found = _swept(self._graph.first, self._graph.upper, up, down, starts, goals)
        return np.where(found >= _FAR, np.uint32(2**31 - 1), found.astype(np.uint32))

    def route(self, source: int, target: int) -> list[int]:
        """Return the states of a shortest route, both ends included; empty when there is none."""
        rank = self._graph.rank
        everywhere = np.arange(len(rank), dtype=np.int32)
        start = np.array([rank[source]], dtype=np.int32)
        distance = _swept(
            self._graph.first, self._graph.upper, self._up, self._down, start, everywhere
        )[0].tolist()
        if distance[rank[target]] >= _FAR:
            return []
        return self._walked_back(distance, int(rank[source]), int(rank[target]))

    def _walked_back(self, distance: list[int], start: int, goal: int) -> list[int]:
        """Return the states from ``start`` to ``goal`` along turns that lose no time."""
        graph = self._graph
        nodes = [goal]
        while nodes[-1] != start:
            here = nodes[-1]
            turns = graph.by_head[graph.first_in[here] : graph.first_in[here + 1]]
            nodes.append(
                next(
                    before
                    for before, weight in zip(
                        graph.tail[turns].tolist(), self._weights[turns].tolist(), strict=True
                    )
                    if distance[before] + weight == distance[here]
                )
            )
        return [int(state) for state in graph.state_of[nodes[::-1]]]


@njit(cache=True, nogil=True)
def _customize(first: NDArray[np.int64], upper: NDArray[np.uint32], up: Int32, down: Int32) -> None:
    """Shorten every pair of neighbours by the ways over lower nodes, in place."""
    for node in range(len(first) - 1):
        for i in range(first[node], first[node + 1]):
            j = first[upper[i]]
            for k in range(i + 1, first[node + 1]):
                while upper[j] < upper[k]:
                    j += 1
                up[j] = min(up[j], np.int32(down[i] + up[k]))
                down[j] = min(down[j], np.int32(down[k] + up[i]))


@njit(cache=True, nogil=True)
def _swept(
    first: NDArray[np.int64],
    upper: NDArray[np.uint32],
    up: Int32,
    down: Int32,
    starts: Int32,
    goals: Int32,
) -> Int32:
    """Return the distances from starts to goals, as (starts, goals)."""
    table = np.empty((len(starts), len(goals)), dtype=np.int32)
    wanted = with_higher(first, upper, goals)
    if len(starts) <= _FEW:
        few = _from_few(first, upper, up, down, starts, wanted)
        for row in range(len(starts)):
            for column in range(len(goals)):
                table[row, column] = few[goals[column], row]
        return table
    distance = np.empty((len(first) - 1, _LANES), dtype=np.int32)
    for batch in range(0, len(starts), _LANES):
        some = starts[batch : batch + _LANES]
        _from_some(first, upper, up, down, some, wanted, distance)
        for lane in range(len(some)):
            for column in range(len(goals)):
                table[batch + lane, column] = distance[goals[column], lane]
    return table


@njit(cache=True, nogil=True)
def with_higher(
    first: NDArray[np.int64], upper: NDArray[np.uint32], nodes: Int32
) -> NDArray[np.bool_]:
    """Return which nodes a sweep from or to these nodes passes."""
    passed = np.zeros(len(first) - 1, dtype=np.bool_)
    for node in nodes:
        passed[node] = True
    for node in range(len(first) - 1):
        if passed[node] and first[node] < first[node + 1]:
            passed[upper[first[node]]] = True  # the lowest one; the others are above it
    return passed


@njit(cache=True, nogil=True)
def _from_few(
    first: NDArray[np.int64],
    upper: NDArray[np.uint32],
    up: Int32,
    down: Int32,
    starts: Int32,
    wanted: NDArray[np.bool_],
) -> Int32:
    """Return the distances from up to four nodes to the wanted ones, as (nodes, 4)."""
    distance = np.full((len(first) - 1, _FEW), _FAR, dtype=np.int32)
    for lane in range(len(starts)):
        distance[starts[lane], lane] = 0
    reached = with_higher(first, upper, starts)
    for node in range(len(distance)):
        if reached[node]:
            for i in range(first[node], first[node + 1]):
                for lane in range(_FEW):
                    longer = np.int32(distance[node, lane] + up[i])
                    if longer < distance[upper[i], lane]:
                        distance[upper[i], lane] = longer
    for node in range(len(distance) - 1, -1, -1):
        if wanted[node]:
            for i in range(first[node], first[node + 1]):
                for lane in range(_FEW):
                    longer = np.int32(distance[upper[i], lane] + down[i])
                    if longer < distance[node, lane]:
                        distance[node, lane] = longer
    return distance


@njit(cache=True, nogil=True)
def _from_some(
    first: NDArray[np.int64],
    upper: NDArray[np.uint32],
    up: Int32,
    down: Int32,
    starts: Int32,
    wanted: NDArray[np.bool_],
    distance: Int32,
) -> None:
    """Fill ``distance`` (nodes, lanes) with the distances from each start to the wanted nodes."""
    distance[:] = _FAR
    for lane in range(len(starts)):
        distance[starts[lane], lane] = 0
    reached = with_higher(first, upper, starts)
    for node in range(len(distance)):
        if reached[node]:
            for i in range(first[node], first[node + 1]):
                _relax(distance[upper[i]], distance[node], up[i])
    for node in range(len(distance) - 1, -1, -1):
        if wanted[node]:
            for i in range(first[node], first[node + 1]):
                _relax(distance[node], distance[upper[i]], down[i])


@njit(cache=True, nogil=True, inline="always")
def _relax(here: Int32, there: Int32, weight: np.int32) -> None:
    """Lower every lane of ``here`` to what it is by way of ``there``."""
    for lane in range(len(here)):
        here[lane] = min(here[lane], np.int32(there[lane] + weight))
