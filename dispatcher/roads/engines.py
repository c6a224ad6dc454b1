"""Ways to find shortest driving times over the same states and weights.

``pyroutingkit`` and ``routingkit_cch`` are Customizable Contraction Hierarchies (Dibbelt, Strasser,
Wagner, 2016) over RoutingKit; ``sweep`` is our own in Numba, four times as fast on large tables;
``scipy`` is Dijkstra's algorithm, slower but always there.  All answer in the same integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

INFINITE = 2_147_483_647
"""A weight or distance that means: not at all."""


class Topology(Protocol):
    """A network prepared once, whatever its weights."""

    def metric(self, weights: NDArray[np.uint32]) -> Metric:
        """Return the network under these weights (one per turn)."""
        ...


class Metric(Protocol):
    """A network under one set of weights."""

    def table(self, sources: NDArray[np.uint32], targets: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return the distance from every source to every target, ``INFINITE`` where none."""
        ...

    def route(self, source: int, target: int) -> list[int]:
        """Return the states of a shortest route, both ends included; empty when there is none."""
        ...


class _PyRoutingKit:
    """Prepares the graph and its reverse: a table is cheap by its sources, dear by its targets."""

    def __init__(
        self,
        tail: NDArray[np.uint32],
        head: NDArray[np.uint32],
        lat: NDArray[np.float32],
        lon: NDArray[np.float32],
    ) -> None:
        import pyroutingkit

        self._kit = pyroutingkit
        self._forth, self._back = pyroutingkit.CCHTopology(), pyroutingkit.CCHTopology()
        self._forth.build(tail, head, lat, lon, len(lat))
        self._back.build(head, tail, lat, lon, len(lat))

    def metric(self, weights: NDArray[np.uint32]) -> Metric:
        return _PyRoutingKitMetric(
            _Spares(lambda: self._customized(self._forth, weights)),
            _Spares(lambda: self._customized(self._back, weights)),
        )

    def _customized(self, topology: Any, weights: NDArray[np.uint32]) -> Any:  # noqa: ANN401
        metric = self._kit.CCHMetric(topology)
        metric.customize(weights)
        return metric


class _Spares:
    """Lends each thread a metric of its own: two threads in one crash the process (0.2.1)."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._idle = [make()]

    @contextmanager
    def one(self) -> Iterator[Any]:
        """Lend a metric nobody else is using."""
        try:
            metric = self._idle.pop()
        except IndexError:
            metric = self._make()
        try:
            yield metric
        finally:
            self._idle.append(metric)


class _PyRoutingKitMetric:
    def __init__(self, forth: _Spares, back: _Spares) -> None:
        self._forth, self._back = forth, back

    def table(self, sources: NDArray[np.uint32], targets: NDArray[np.uint32]) -> NDArray[np.uint32]:
        if len(sources) > len(targets):
            with self._back.one() as metric:
                return np.asarray(metric.distances_many_to_many(targets, sources)).T
        with self._forth.one() as metric:
            return np.asarray(metric.distances_many_to_many(sources, targets))

    def route(self, source: int, target: int) -> list[int]:
        with self._forth.one() as metric:
            distance, states, _ = metric.query(source, target)
        return [] if distance >= INFINITE else [int(state) for state in states]


class _RoutingKitCch:
    def __init__(
        self,
        tail: NDArray[np.uint32],
        head: NDArray[np.uint32],
        lat: NDArray[np.float32],
        lon: NDArray[np.float32],
    ) -> None:
        import routingkit_cch

        self._kit = routingkit_cch
        ends = tail.tolist(), head.tolist()
        order = routingkit_cch.compute_order_inertial(len(lat), *ends, lat.tolist(), lon.tolist())
        self._cch = routingkit_cch.CCH(order, *ends, False)  # noqa: FBT003 - positional there

    def metric(self, weights: NDArray[np.uint32]) -> Metric:
        return _RoutingKitCchMetric(self._kit, self._kit.CCHMetric(self._cch, weights.tolist()))


class _RoutingKitCchMetric:
    def __init__(self, kit: Any, metric: Any) -> None:  # noqa: ANN401 - the package has no types
        self._kit, self._metric = kit, metric

    def table(self, sources: NDArray[np.uint32], targets: NDArray[np.uint32]) -> NDArray[np.uint32]:
        if len(sources) > len(targets):
            return self._rows(targets, self._kit.CCHManyToOne(self._metric, sources.tolist())).T
        return self._rows(sources, self._kit.CCHOneToMany(self._metric, targets.tolist()))

    def _rows(self, ends: NDArray[np.uint32], pinned: Any) -> NDArray[np.uint32]:  # noqa: ANN401
        """Return a row per end with its distances to (or from) the pinned states."""
        ask = getattr(pinned, "distances_from", None) or pinned.distances_to
        rows = [[INFINITE if d is None else d for d in ask(end)] for end in ends.tolist()]
        return np.array(rows, dtype=np.uint32)

    def route(self, source: int, target: int) -> list[int]:
        found = self._kit.CCHQuery(self._metric).run(source, target)
        return [] if found.distance is None else [int(state) for state in found.node_path]


class _Scipy:
    def __init__(
        self,
        tail: NDArray[np.uint32],
        head: NDArray[np.uint32],
        lat: NDArray[np.float32],
        lon: NDArray[np.float32],  # noqa: ARG002 - Dijkstra needs no positions
    ) -> None:
        self._tail, self._head, self._size = tail, head, len(lat)

    def metric(self, weights: NDArray[np.uint32]) -> Metric:
        from scipy.sparse import csr_array

        open_ = weights < INFINITE
        ends = (self._tail[open_].astype(np.int32), self._head[open_].astype(np.int32))
        values = weights[open_].astype(np.float64)
        return _ScipyMetric(csr_array((values, ends), shape=(self._size, self._size)))


class _ScipyMetric:
    def __init__(self, graph: Any) -> None:  # noqa: ANN401 - a csr_array of float64
        self._graph = graph

    def table(self, sources: NDArray[np.uint32], targets: NDArray[np.uint32]) -> NDArray[np.uint32]:
        from scipy.sparse.csgraph import dijkstra

        table = np.empty((len(sources), len(targets)), dtype=np.uint32)
        for first in range(0, len(sources), 64):
            rows = slice(first, first + 64)
            found = dijkstra(self._graph, indices=sources[rows].astype(np.int64))[:, targets]
            table[rows] = np.where(np.isfinite(found), found, INFINITE)
        return table

    def route(self, source: int, target: int) -> list[int]:
        from scipy.sparse.csgraph import dijkstra

        start = np.array([source], dtype=np.int32)
        found, before = dijkstra(self._graph, indices=start, return_predecessors=True)
        if not np.isfinite(found[0, target]):
            return []
        states = [target]
        while states[-1] != source:
            states.append(int(before[0, states[-1]]))
        return states[::-1]


def _sweep(
    tail: NDArray[np.uint32],
    head: NDArray[np.uint32],
    lat: NDArray[np.float32],
    lon: NDArray[np.float32],
) -> Topology:
    from dispatcher.roads.sweep import SweepTopology

    return SweepTopology(tail, head, lat, lon)


_Builder = Callable[
    [NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float32], NDArray[np.float32]], Topology
]
ENGINES: Mapping[str, _Builder] = {
    "sweep": _sweep,
    "pyroutingkit": _PyRoutingKit,
    "routingkit_cch": _RoutingKitCch,
    "scipy": _Scipy,
}
"""The engines by name, the fastest first."""


def topology(
    engine: str,
    tail: NDArray[np.uint32],
    head: NDArray[np.uint32],
    lat: NDArray[np.float32],
    lon: NDArray[np.float32],
) -> Topology:
    """Return a network prepared by an engine; ``auto`` is the first one whose package is there.

    Raises ``ValueError`` for an unknown engine, ``ImportError`` for one that is not installed.
    """
    if engine != "auto":
        if engine not in ENGINES:
            raise ValueError(f"no engine {engine!r}: choose auto, {', '.join(ENGINES)}")
        return ENGINES[engine](tail, head, lat, lon)
    for builder in ENGINES.values():
        try:
            return builder(tail, head, lat, lon)
        except ImportError:
            continue
    raise ImportError("no engine for driving times is installed")
