"""From ways to edges: cut ways at junctions, keep what may be driven.

A junction is a node that ends a way, is shared by ways, stops vehicles or carries a turn
restriction.  A loop (an edge that would start and end at one junction) is cut in its middle, so
that houses on loop roads stay reachable and every turn has one meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads.network import distances_m
from dispatcher.roads.osm import OsmRoads, OsmWay
from dispatcher.roads.profiles import (
    CLASSES,
    PROFILES,
    NodeRules,
    WayRules,
    country_at,
    node_rules,
    road_class,
    way_rules,
)


@dataclass(frozen=True, slots=True)
class RawWay:
    """A way somebody may drive on, with its rules per profile."""

    way: OsmWay
    rules: tuple[WayRules, ...]


@dataclass(frozen=True, slots=True)
class RawEdge:
    """A stretch of a way between two junctions."""

    raw: RawWay
    nodes: tuple[int, ...]


@dataclass(slots=True)
class RawGraph:
    """The edges of a file before anything is dropped.

    ``closed_ways`` are roads nobody may drive on, with the reason; ``node_index`` maps the OSM
    node of a junction to its row in ``node_ids``.
    """

    edges: list[RawEdge]
    closed_ways: list[tuple[OsmWay, str]]
    nodes: dict[int, NodeRules]
    country: str | None
    duplicates: int
    node_ids: NDArray[np.int64] = field(init=False)
    tail: NDArray[np.int32] = field(init=False)
    head: NDArray[np.int32] = field(init=False)
    start: NDArray[np.int64] = field(init=False)
    lon: NDArray[np.float64] = field(init=False)
    lat: NDArray[np.float64] = field(init=False)
    length_m: NDArray[np.float64] = field(init=False)
    speed_kmh: NDArray[np.float32] = field(init=False)
    delay_ds: NDArray[np.int32] = field(init=False)
    visitors_only: NDArray[np.bool_] = field(init=False)

    @property
    def arc_tail(self) -> NDArray[np.int32]:
        """The junction each arc starts from."""
        return np.stack((self.tail, self.head), axis=1).ravel()

    @property
    def arc_head(self) -> NDArray[np.int32]:
        """The junction each arc leads to."""
        return np.stack((self.head, self.tail), axis=1).ravel()


def raw_graph(roads: OsmRoads) -> RawGraph:
    """Return the edges of a file with the speeds of every profile."""
    country = _country(roads)
    drivable: list[RawWay] = []
    closed: list[tuple[OsmWay, str]] = []
    for way in roads.ways:
        if len(way.nodes) < 2:
            continue
        rules = tuple(way_rules(way.tags, profile, country) for profile in PROFILES)
        if all(rule.why_closed for rule in rules):
            closed.append((way, rules[0].why_closed))
        else:
            drivable.append(RawWay(way, rules))
    nodes = {node: node_rules(tags) for node, tags in roads.node_tags.items()}
    junctions = _junctions(roads, drivable, nodes)
    edges, duplicates = _without_duplicates(
        edge for raw in drivable for edge in _cut(raw, junctions, roads)
    )
    graph = RawGraph(edges, closed, nodes, country, duplicates)
    _fill_arrays(graph, roads)
    return graph


def _country(roads: OsmRoads) -> str | None:
    lons, lats = np.array(list(roads.positions.values())).T
    return country_at(float(np.median(lats)), float(np.median(lons)))


def _junctions(
    roads: OsmRoads, drivable: Sequence[RawWay], nodes: dict[int, NodeRules]
) -> set[int]:
    uses: Counter[int] = Counter()
    for raw in drivable:
        uses.update(raw.way.nodes)
        uses.update((raw.way.nodes[0], raw.way.nodes[-1]))
    shared = {node for node, count in uses.items() if count > 1}
    blocked = {node for node, rule in nodes.items() if rule.blocked}
    return shared | blocked | {r.via_node for r in roads.restrictions if r.via_node is not None}


def _cut(raw: RawWay, junctions: set[int], roads: OsmRoads) -> Iterator[RawEdge]:
    nodes = raw.way.nodes
    first = 0
    for index in range(1, len(nodes)):
        if nodes[index] in junctions or index == len(nodes) - 1:
            yield from _open_loop(RawEdge(raw, nodes[first : index + 1]), roads)
            first = index


def _open_loop(edge: RawEdge, roads: OsmRoads) -> Iterator[RawEdge]:
    """Yield the edge, cut in two where half its length lies when it is a loop."""
    nodes = edge.nodes
    if nodes[0] != nodes[-1]:
        yield edge
    elif len(nodes) > 2:
        lon, lat = np.array([roads.positions[node] for node in nodes]).T
        along_m = np.cumsum(distances_m(lon, lat))
        middle = 1 + int(np.argmin(np.abs(along_m[:-1] - along_m[-1] / 2)))
        yield RawEdge(edge.raw, nodes[: middle + 1])
        yield RawEdge(edge.raw, nodes[middle:])


def _without_duplicates(edges: Iterator[RawEdge]) -> tuple[list[RawEdge], int]:
    """Return the edges with those drawn twice, node for node, left out the second time."""
    kept: dict[tuple[int, ...], RawEdge] = {}
    count = 0
    for edge in edges:
        count += 1
        if edge.nodes not in kept and edge.nodes[::-1] not in kept:
            kept[edge.nodes] = edge
    return list(kept.values()), count - len(kept)


def _fill_arrays(graph: RawGraph, roads: OsmRoads) -> None:
    edges = graph.edges
    ends = np.array([(e.nodes[0], e.nodes[-1]) for e in edges], dtype=np.int64).reshape(-1, 2)
    graph.node_ids, inverse = np.unique(ends, return_inverse=True)
    rows = inverse.reshape(-1, 2).astype(np.int32)
    graph.tail, graph.head = rows[:, 0].copy(), rows[:, 1].copy()
    graph.start = np.concatenate(([0], np.cumsum([len(e.nodes) for e in edges]))).astype(np.int64)
    points = [roads.positions[node] for edge in edges for node in edge.nodes]
    graph.lon, graph.lat = np.array(points, dtype=np.float64).reshape(-1, 2).T.copy()
    graph.length_m = np.array(
        [distances_m(graph.lon[a:b], graph.lat[a:b]).sum() for a, b in _spans(graph.start)]
    )
    graph.speed_kmh = _speeds(graph)
    graph.visitors_only = np.array(
        [
            lane.visitors_only
            for edge in edges
            for lane in (edge.raw.rules[0].forward, edge.raw.rules[0].backward)
        ],
        dtype=np.bool_,
    )
    graph.delay_ds = _delays(graph)


def _spans(start: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    return zip(start[:-1].tolist(), start[1:].tolist(), strict=True)


def _speeds(graph: RawGraph) -> NDArray[np.float32]:
    """Return the speed per profile and arc; a stated duration is spread over the way's length."""
    way_m: Counter[int] = Counter()
    for edge, length_m in zip(graph.edges, graph.length_m.tolist(), strict=True):
        way_m[edge.raw.way.id] += length_m
    speeds = np.zeros((len(PROFILES), 2 * len(graph.edges)), dtype=np.float32)
    for index, edge in enumerate(graph.edges):
        for profile, rule in enumerate(edge.raw.rules):
            stated_kmh = 3.6 * way_m[edge.raw.way.id] / rule.duration_s if rule.duration_s else None
            for side, lane in enumerate((rule.forward, rule.backward)):
                open_kmh = stated_kmh if stated_kmh and lane.speed_kmh else lane.speed_kmh
                speeds[profile, 2 * index + side] = open_kmh
    return speeds


def _delays(graph: RawGraph) -> NDArray[np.int32]:
    """Return the tenths of a second lost along each arc, its end included, its start not."""
    delay = np.zeros(2 * len(graph.edges), dtype=np.int32)
    slow = {node: rule for node, rule in graph.nodes.items() if rule.delay_s}
    for index, edge in enumerate(graph.edges):
        for position, node in enumerate(edge.nodes):
            rule = slow.get(node)
            if rule is None:
                continue
            delay_ds = round(10 * rule.delay_s)
            if position > 0 and rule.towards != "backward":
                delay[2 * index] += delay_ds
            if position < len(edge.nodes) - 1 and rule.towards != "forward":
                delay[2 * index + 1] += delay_ds
    return delay


def edge_classes(graph: RawGraph) -> NDArray[np.int8]:
    """Return the index into ``CLASSES`` of each edge."""
    return np.array(
        [CLASSES.index(road_class(edge.raw.way.tags)) for edge in graph.edges], dtype=np.int8
    )
