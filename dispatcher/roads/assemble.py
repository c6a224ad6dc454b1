"""From what a file says to a network: edges, turns, the main part of it, heights."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads.climbs import Line, climbs_of
from dispatcher.roads.elevation import Elevation
from dispatcher.roads.graph import RawGraph, edge_classes, raw_graph
from dispatcher.roads.islands import Island, islands_of, main_arcs
from dispatcher.roads.network import RoadNetwork, Turns
from dispatcher.roads.osm import OsmRoads
from dispatcher.roads.profiles import PROFILES
from dispatcher.roads.turns import turns_of

_OSM_CREDIT = "© OpenStreetMap contributors"
_SYNTHETIC_CREDIT = "合成道路データ (demo) – synthetic roads"
_SRTM_CREDIT = "SRTM (NASA/USGS)"


@dataclass(frozen=True, slots=True)
class Assembly:
    """A network and what was left out of it.

    ``main`` is (profiles, arcs of ``graph``): what each profile keeps.
    """

    network: RoadNetwork
    graph: RawGraph
    main: NDArray[np.bool_]
    islands: tuple[Island, ...]
    restrictions_skipped: tuple[int, ...]


def assemble(roads: OsmRoads, heights: Elevation) -> Assembly | str:
    """Return the network of some roads, or why there is none."""
    graph = raw_graph(roads)
    if not graph.edges:
        return f"none of its {len(roads.ways)} ways may be driven on"
    turns, skipped = turns_of(graph, roads.restrictions)
    main = np.stack([main_arcs(speed, turns, graph.length_m) for speed in graph.speed_kmh])
    if not main[0].any():
        return "none of its roads can be driven there and back"
    network = _network(graph, turns, main, heights)
    return Assembly(network, graph, main, tuple(islands_of(graph, main, turns)), tuple(skipped))


def _network(
    graph: RawGraph,
    turns: Turns,
    main: NDArray[np.bool_],
    heights: Elevation,
) -> RoadNetwork:
    """Return the network of the edges some profile keeps."""
    anyone: NDArray[np.bool_] = np.logical_or.reduce(main)
    kept = np.flatnonzero(anyone[0::2] | anyone[1::2])
    arcs = np.stack((2 * kept, 2 * kept + 1), axis=1).ravel()
    _, ends = np.unique(np.concatenate((graph.tail[kept], graph.head[kept])), return_inverse=True)
    tail, head = ends[: len(kept)].astype(np.int32), ends[len(kept) :].astype(np.int32)
    counts = np.diff(graph.start)[kept]
    start = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    vertices = np.concatenate([np.arange(graph.start[e], graph.start[e + 1]) for e in kept])
    lon, lat = graph.lon[vertices], graph.lat[vertices]
    node_lon, node_lat = np.zeros(ends.max() + 1), np.zeros(ends.max() + 1)
    node_lon[tail], node_lat[tail] = lon[start[:-1]], lat[start[:-1]]
    node_lon[head], node_lat[head] = lon[start[1:] - 1], lat[start[1:] - 1]
    tags = [graph.edges[edge].raw.way.tags for edge in kept.tolist()]
    words = tuple(
        sorted({"", *(t.get("name", "") for t in tags), *(t.get("ref", "") for t in tags)})
    )
    row = {word: index for index, word in enumerate(words)}
    synthetic = np.array([t.get("synthetic") == "yes" for t in tags], dtype=np.bool_)
    kept_turns = _kept_turns(turns, arcs, anyone)
    climb = _climbs(graph, kept, heights)
    credit = _credit(synthetic, heights)
    arrays: dict[str, NDArray[Any]] = {
        "node_lon": node_lon,
        "node_lat": node_lat,
        "edge_tail": tail,
        "edge_head": head,
        "edge_start": start,
        "vertex_lon": lon,
        "vertex_lat": lat,
        "edge_class": edge_classes(graph)[kept],
        "edge_way": np.array([graph.edges[e].raw.way.id for e in kept.tolist()], dtype=np.int64),
        "edge_name": np.array([row[t.get("name", "")] for t in tags], dtype=np.int32),
        "edge_ref": np.array([row[t.get("ref", "")] for t in tags], dtype=np.int32),
        "edge_synthetic": synthetic,
        "speed_kmh": np.where(main, graph.speed_kmh, 0).astype(np.float32)[:, arcs],
        "delay_ds": graph.delay_ds[arcs],
        "visitors_only": graph.visitors_only[arcs],
        "climb_m": climb[:, 0],
        "descent_m": climb[:, 1],
        "turn_arc": kept_turns.arc,
        "turn_tail": kept_turns.tail,
        "turn_head": kept_turns.head,
        "turn_cost_ds": kept_turns.cost_ds,
        "turn_enters": kept_turns.enters,
    }
    meta = _meta(arrays, words, synthetic=bool(synthetic.any()), credit=credit)
    profiles = tuple(profile.name for profile in PROFILES)
    return RoadNetwork(words=words, profiles=profiles, meta=meta, **arrays)


def _kept_turns(turns: Turns, arcs: NDArray[np.int64], main: NDArray[np.bool_]) -> Turns:
    """Return the turns between arcs of the main networks, renumbered and sorted by tail."""
    new_arc = np.full(len(main), -1, dtype=np.int64)
    new_arc[arcs] = np.arange(len(arcs))
    copies = np.arange(len(main), len(turns.arc))
    copies = copies[main[turns.arc[copies]]]
    new_state = np.full(len(turns.arc), -1, dtype=np.int64)
    new_state[: len(main)] = new_arc
    new_state[copies] = len(arcs) + np.arange(len(copies))
    kept = main[turns.arc[turns.tail]] & main[turns.arc[turns.head]]
    rows = np.flatnonzero(kept)
    rows = rows[np.lexsort((new_state[turns.head[rows]], new_state[turns.tail[rows]]))]
    return Turns(
        np.concatenate((np.arange(len(arcs)), new_arc[turns.arc[copies]])).astype(np.int32),
        new_state[turns.tail[rows]].astype(np.int32),
        new_state[turns.head[rows]].astype(np.int32),
        turns.cost_ds[rows],
        turns.enters[rows],
    )


def _climbs(graph: RawGraph, kept: NDArray[np.int64], heights: Elevation) -> NDArray[np.float32]:
    """Return climb and descent of each kept edge, zero where no tile covers it."""
    if heights.empty:
        return np.zeros((len(kept), 2), dtype=np.float32)
    lines = []
    for edge in kept.tolist():
        tags = graph.edges[edge].raw.way.tags
        built = any(tags.get(key, "no") != "no" for key in ("bridge", "tunnel"))
        at = slice(graph.start[edge], graph.start[edge + 1])
        ends = int(graph.tail[edge]), int(graph.head[edge])
        lines.append(Line(graph.lon[at], graph.lat[at], *ends, built))
    return climbs_of(heights, lines).astype(np.float32)


def _meta(
    arrays: dict[str, NDArray[Any]], words: tuple[str, ...], *, synthetic: bool, credit: str
) -> dict[str, Any]:
    digest = hashlib.sha256("\n".join(words).encode())
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    lon, lat = arrays["vertex_lon"], arrays["vertex_lat"]
    bounds = [float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())]
    return {
        "id": digest.hexdigest()[:16],
        "bounds": bounds,
        "center": [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2],
        "synthetic": synthetic,
        "attribution": credit,
        "profiles": [profile.name for profile in PROFILES],
        "elevation": bool(arrays["climb_m"].any() or arrays["descent_m"].any()),
    }


def _credit(synthetic: NDArray[np.bool_], heights: Elevation) -> str:
    parts = [_SYNTHETIC_CREDIT] if synthetic.any() else []
    parts += [] if synthetic.all() else [_OSM_CREDIT]
    parts += [] if heights.empty else [_SRTM_CREDIT]
    return " · ".join(parts)
