"""What is not part of the main network, and why.

The main network of a profile is the largest set of arcs each of which can be reached from each
other one.  A place anywhere else could be driven to but not left, left but not driven to, or
neither, so the rest is dropped and listed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from dispatcher.roads.graph import RawGraph
from dispatcher.roads.network import Turns
from dispatcher.roads.osm import OsmWay
from dispatcher.roads.profiles import PROFILES, road_class

_EDGE_OF_FILE_M = 100.0
_LISTED = 8
_GAP_M = 5.0


@dataclass(frozen=True, slots=True)
class Island:
    """Roads that a profile may drive on but that are not part of its main network.

    ``lat`` and ``lon`` are a point on it; ``nearest_m`` is how far (as the crow flies) its nearest
    junction is from the main network.
    """

    profile: str
    why: str
    length_m: float
    lat: float
    lon: float
    nearest_m: float
    way_ids: tuple[int, ...]
    names: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it for the report file, metres rounded."""
        rounded = {"length_m": round(self.length_m), "nearest_m": round(self.nearest_m)}
        return {**asdict(self), **rounded}


def main_arcs(
    speed_kmh: NDArray[np.float32], turns: Turns, length_m: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which arcs belong to the main network of a profile with these speeds."""
    drivable = speed_kmh[turns.arc] > 0
    kept = drivable[turns.tail] & drivable[turns.head]
    size = len(turns.arc)
    ones = np.ones(int(kept.sum()), dtype=np.int8)
    graph = csr_array((ones, (turns.tail[kept], turns.head[kept])), shape=(size, size))
    _, part = connected_components(graph, directed=True, connection="strong")
    weight = np.where(drivable, length_m[turns.arc >> 1], 0.0)
    total = np.bincount(part, weights=weight)
    total[np.bincount(part) < 2] = 0.0
    mask = np.zeros(len(speed_kmh), dtype=np.bool_)
    if not total.any():
        return mask
    mask[turns.arc[drivable & (part == int(np.argmax(total)))]] = True
    return mask


def islands_of(graph: RawGraph, main: NDArray[np.bool_], turns: Turns) -> list[Island]:
    """Return what each profile loses, the longest first.

    ``main`` is (profiles, arcs).  What a later profile loses just as the first one does is listed
    once, under the first.
    """
    found: list[Island] = []
    listed = np.zeros(len(graph.edges), dtype=np.bool_)
    for row, profile in enumerate(PROFILES):
        open_arc = graph.speed_kmh[row] > 0
        drivable = open_arc[0::2] | open_arc[1::2]
        inside = main[row][0::2] | main[row][1::2]
        lost = drivable & ~inside & ~listed
        listed |= lost
        describe = _Describer(graph, main[row], turns, inside, profile.name)
        found += [describe.island(edges) for edges in _parts(graph, lost)]
    return sorted(found, key=lambda island: -island.length_m)


def _parts(graph: RawGraph, lost: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return the edges of each connected part of what is lost."""
    edges = np.flatnonzero(lost)
    size = len(graph.node_ids)
    ones = np.ones(len(edges), dtype=np.int8)
    joined = csr_array((ones, (graph.tail[edges], graph.head[edges])), shape=(size, size))
    _, part = connected_components(joined, directed=False)
    groups: dict[int, list[int]] = defaultdict(list)
    for edge, label in zip(edges.tolist(), part[graph.tail[edges]].tolist(), strict=True):
        groups[label].append(edge)
    return [np.array(group) for group in groups.values()]


class _Describer:
    """Finds the words for the islands of one profile."""

    def __init__(
        self,
        graph: RawGraph,
        main: NDArray[np.bool_],
        turns: Turns,
        inside: NDArray[np.bool_],
        profile: str,
    ) -> None:
        self._graph = graph
        self._profile = profile
        self._row = [p.name for p in PROFILES].index(profile)
        self._drivable = graph.speed_kmh[self._row] > 0
        self._main = main
        self._turns = turns
        self._main_nodes = np.unique(np.concatenate((graph.tail[inside], graph.head[inside])))
        self._blocked_ways: dict[int, list[tuple[OsmWay, str]]] = defaultdict(list)
        for way, why in self._closed():
            for node in way.nodes:
                self._blocked_ways[node].append((way, why))

    def _closed(self) -> list[tuple[OsmWay, str]]:
        """Return the ways this profile may not drive on, though they are roads."""
        own = {
            edge.raw.way.id: (edge.raw.way, edge.raw.rules[self._row].why_closed)
            for edge in self._graph.edges
            if edge.raw.rules[self._row].why_closed
        }
        return [*self._graph.closed_ways, *own.values()]

    def island(self, edges: NDArray[np.int64]) -> Island:
        """Return the description of an island made of these edges."""
        graph = self._graph
        nodes = np.unique(np.concatenate((graph.tail[edges], graph.head[edges])))
        ways = [graph.edges[edge].raw.way for edge in edges.tolist()]
        lat, lon, nearest_m = self._nearest(edges)
        names = sorted({w.tags.get("name") or w.tags.get("ref", "") for w in ways} - {""})
        return Island(
            profile=self._profile,
            why=self._why(edges, nodes) + _gap(nearest_m),
            length_m=float(graph.length_m[edges].sum()),
            lat=round(lat, 6),
            lon=round(lon, 6),
            nearest_m=nearest_m,
            way_ids=tuple(sorted({way.id for way in ways})[:_LISTED]),
            names=tuple(names[:_LISTED]),
        )

    def _why(self, edges: NDArray[np.int64], nodes: NDArray[np.int32]) -> str:
        own = np.zeros(len(self._main), dtype=np.bool_)
        own[2 * edges] = own[2 * edges + 1] = True
        own &= self._drivable
        tail, head = self._turns.arc[self._turns.tail], self._turns.arc[self._turns.head]
        enters = bool((self._main[tail] & own[head]).any())
        leaves = bool((own[tail] & self._main[head]).any())
        if enters:
            return "one-way dead end: it can be driven into but not out of" + self._closed_at(edges)
        if leaves:
            return "one-way dead end: it can be driven out of but not into" + self._closed_at(edges)
        return self._cut_off(edges, nodes)

    def _closed_at(self, edges: NDArray[np.int64]) -> str:
        """Return a half-sentence naming a closed road that joins these edges, if one does."""
        inner = {node for edge in edges.tolist() for node in self._graph.edges[edge].nodes}
        ways = {w.id: (w, why) for node in inner for w, why in self._blocked_ways.get(node, ())}
        if not ways:
            return ""
        way, why = min(
            ways.values(), key=lambda found: (road_class(found[0].tags) == "other", found[0].id)
        )
        return f"; way {way.id} (highway={way.tags.get('highway', '')}) is closed: {why}"

    def _cut_off(self, edges: NDArray[np.int64], nodes: NDArray[np.int32]) -> str:
        ids = self._graph.node_ids[nodes].tolist()
        barriers = [n for n in ids if n in self._graph.nodes and self._graph.nodes[n].blocked]
        if barriers:
            return f"restricted access only: a barrier closes it (node {barriers[0]})"
        closed = self._closed_at(edges)
        if closed:
            return f"restricted access only{closed}"
        if any(self._graph.edges[edge].raw.way.cut for edge in edges.tolist()):
            return "no way in or out of the main network: the file cuts it off at its edge"
        if set(nodes.tolist()) & set(self._main_nodes.tolist()):
            return "no way in or out of the main network: every turn is forbidden"
        return "no way in or out of the main network" + self._near_edge(nodes)

    def _near_edge(self, nodes: NDArray[np.int32]) -> str:
        start = self._graph.start
        lon, lat = self._graph.lon, self._graph.lat
        edges = np.flatnonzero(np.isin(self._graph.tail, nodes) | np.isin(self._graph.head, nodes))
        rows = np.concatenate([np.arange(start[e], start[e + 1]) for e in edges.tolist()])
        margin = _EDGE_OF_FILE_M / 111_195
        touches = (
            (lat[rows] < lat.min() + margin).any()
            or (lat[rows] > lat.max() - margin).any()
            or (lon[rows] < lon.min() + margin).any()
            or (lon[rows] > lon.max() - margin).any()
        )
        return ": it touches the edge of the file" if touches else ""

    def _nearest(self, edges: NDArray[np.int64]) -> tuple[float, float, float]:
        """Return the point of the island nearest to a main junction, and how far that is."""
        lon, lat = self._ends(edges)
        main_lon, main_lat = self._positions(self._main_nodes)
        shrink = np.cos(np.radians(float(lat.mean())))
        d2 = ((lon[:, None] - main_lon) * shrink) ** 2 + (lat[:, None] - main_lat) ** 2
        row = int(np.argmin(d2.min(axis=1)))
        return float(lat[row]), float(lon[row]), float(111_195 * np.sqrt(d2[row].min()))

    def _ends(self, edges: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows = np.concatenate((self._graph.start[edges], self._graph.start[edges + 1] - 1))
        return self._graph.lon[rows], self._graph.lat[rows]

    def _positions(
        self, nodes: NDArray[np.int32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        lon = np.zeros(len(self._graph.node_ids))
        lat = np.zeros(len(self._graph.node_ids))
        first, last = self._graph.start[:-1], self._graph.start[1:] - 1
        lon[self._graph.tail], lat[self._graph.tail] = (
            self._graph.lon[first],
            self._graph.lat[first],
        )
        lon[self._graph.head], lat[self._graph.head] = self._graph.lon[last], self._graph.lat[last]
        return lon[nodes], lat[nodes]


def _gap(nearest_m: float) -> str:
    """Return a half-sentence about a gap so small that the roads were probably meant to meet."""
    return f"; not joined to the road {nearest_m:.0f} m away" if 0 < nearest_m < _GAP_M else ""
