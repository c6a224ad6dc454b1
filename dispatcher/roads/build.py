"""From an OpenStreetMap file to a folder the service runs on.

The folder holds ``network.npz`` and ``words.json`` (the network), ``meta.json`` (where it is, whose
data it is), ``report.json`` (what was read and what was dropped) and ``roads.pmtiles`` (the map).
It is written beside its place and moved there whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads.elevation import Elevation, climb_of, read_tile
from dispatcher.roads.graph import RawGraph, edge_classes, raw_graph
from dispatcher.roads.islands import Island, islands_of, main_arcs
from dispatcher.roads.network import RoadNetwork, Turns
from dispatcher.roads.osm import OsmRoads, RoadFileError, read_osm
from dispatcher.roads.profiles import PROFILES
from dispatcher.roads.tiles import map_roads, write_tiles
from dispatcher.roads.turns import turns_of

_OSM_CREDIT = "© OpenStreetMap contributors"
_SYNTHETIC_CREDIT = "合成道路データ (demo) – synthetic roads"
_SRTM_CREDIT = "SRTM (NASA/USGS)"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What became of a road file.

    ``one_direction_m`` is the length of two-way roads of which one direction leads nowhere.
    """

    source: str
    network_id: str
    ways: int
    junctions: int
    edges: int
    length_m: float
    turns: int
    restrictions: int
    restrictions_skipped: tuple[int, ...]
    duplicates: int
    tiles: int
    climb_m: float
    without_elevation_m: float
    one_direction_m: float
    islands: tuple[Island, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it for ``report.json``."""
        names = [name for name in self.__slots__ if name != "islands"]
        values = {name: getattr(self, name) for name in names}
        rounded = {k: round(v) if isinstance(v, float) else v for k, v in values.items()}
        return {**rounded, "islands": [island.as_json() for island in self.islands]}


def build(
    osm_path: Path,
    out_dir: Path,
    *,
    elevation: Sequence[Path] = (),
    progress: Progress | None = None,
) -> BuildReport:
    """Build the network of an .osm or .osm.pbf file into ``out_dir`` and return what was found.

    An older network there is replaced at the end, all at once.  ``elevation`` are SRTM tiles;
    ``progress`` is told each step in a few words.

    Raises ``RoadFileError`` when a file is missing, unreadable or without a drivable road.
    """
    say = progress or (lambda _: None)
    osm_path, out_dir = Path(osm_path), Path(out_dir)
    say(f"reading {osm_path.name}")
    roads = read_osm(osm_path)
    heights = Elevation(read_tile(Path(path)) for path in elevation)
    say("cutting ways at junctions")
    graph = raw_graph(roads)
    if not graph.edges:
        raise RoadFileError(osm_path, f"no way in it may be driven on (of {len(roads.ways)} ways)")
    say("working out turns")
    turns, skipped = turns_of(graph, roads.restrictions)
    say("looking for islands")
    main = np.stack([main_arcs(speed, turns, graph.length_m) for speed in graph.speed_kmh])
    if not main[0].any():
        raise RoadFileError(osm_path, "no two of its roads can be driven there and back")
    islands = islands_of(graph, main, turns)
    network = _network(graph, turns, main, heights, credit=_credit(graph, elevation))
    say("drawing the map")
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out_dir.parent, prefix=f".{out_dir.name}-") as scratch:
        fresh = Path(scratch) / "network"
        fresh.mkdir()
        network.save(fresh)
        drawn = map_roads(roads, _ways(graph))
        west, south, east, north = network.meta["bounds"]
        tiles = write_tiles(
            fresh / "roads.pmtiles",
            drawn,
            bounds=(west, south, east, north),
            attribution=str(network.meta["attribution"]),
        )
        report = _report(osm_path, network, graph, roads, main, skipped, islands, tiles)
        text = json.dumps(report.as_json(), ensure_ascii=False, indent=1)
        (fresh / "report.json").write_text(text + "\n", encoding="utf-8")
        _swap(fresh, out_dir, Path(scratch) / "old")
    say(f"built {network.edge_count} edges, {report.length_m / 1000:.0f} km")
    return report


def _swap(fresh: Path, place: Path, old: Path) -> None:
    if place.exists():
        place.rename(old)
    fresh.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _ways(graph: RawGraph) -> list[Any]:
    return list({edge.raw.way.id: edge.raw.way for edge in graph.edges}.values())


def _credit(graph: RawGraph, elevation: Sequence[Path]) -> str:
    synthetic = {edge.raw.way.tags.get("synthetic") == "yes" for edge in graph.edges}
    parts = [_SYNTHETIC_CREDIT] if True in synthetic else []
    parts += [_OSM_CREDIT] if False in synthetic else []
    parts += [_SRTM_CREDIT] if elevation else []
    return " · ".join(parts)


def _network(
    graph: RawGraph,
    turns: Turns,
    main: NDArray[np.bool_],
    heights: Elevation,
    *,
    credit: str,
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
    climbs = np.zeros((len(kept), 2), dtype=np.float32)
    if heights.empty:
        return climbs
    for row, edge in enumerate(kept.tolist()):
        tags = graph.edges[edge].raw.way.tags
        built = any(tags.get(key, "no") != "no" for key in ("bridge", "tunnel"))
        line = slice(graph.start[edge], graph.start[edge + 1])
        climbs[row] = climb_of(heights, graph.lon[line], graph.lat[line], built=built)
    return climbs


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


def _report(
    osm_path: Path,
    network: RoadNetwork,
    graph: RawGraph,
    roads: OsmRoads,
    main: NDArray[np.bool_],
    skipped: list[int],
    islands: list[Island],
    tiles: int,
) -> BuildReport:
    lost = (graph.speed_kmh[0] > 0) & ~main[0]
    half = (lost[0::2] | lost[1::2]) & (main[0][0::2] | main[0][1::2])
    flat = (network.climb_m == 0) & (network.descent_m == 0)
    return BuildReport(
        source=osm_path.name,
        network_id=network.id,
        ways=len(_ways(graph)),
        junctions=len(network.node_lon),
        edges=network.edge_count,
        length_m=float(network.length_m.sum()),
        turns=len(network.turn_tail),
        restrictions=len(roads.restrictions),
        restrictions_skipped=tuple(skipped),
        duplicates=graph.duplicates,
        tiles=tiles,
        climb_m=float(network.climb_m.sum() + network.descent_m.sum()),
        without_elevation_m=float(network.length_m[flat].sum()),
        one_direction_m=float(graph.length_m[half].sum()),
        islands=tuple(islands),
    )
