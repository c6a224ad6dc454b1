"""From an OpenStreetMap file to a folder the service runs on.

The folder holds ``network.npz`` and ``words.json`` (the network), ``meta.json`` (where it is, whose
data it is), ``report.json`` (what was read and what was dropped) and ``roads.pmtiles`` (the map).
It is written beside its place and moved there whole.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dispatcher.roads.assemble import Assembly, assemble
from dispatcher.roads.elevation import Elevation, read_tile
from dispatcher.roads.graph import RawGraph
from dispatcher.roads.islands import Island
from dispatcher.roads.network import distances_m
from dispatcher.roads.osm import OsmRoads, OsmWay, RoadFileError, read_osm
from dispatcher.roads.profiles import road_class
from dispatcher.roads.tiles import map_roads, write_tiles

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ClosedRoad:
    """A road, not a path or track, that its tags close to every profile."""

    way_id: int
    road_class: str
    name: str
    length_m: float
    why: str


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
    closed: tuple[ClosedRoad, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it for ``report.json``."""
        values = {**asdict(self), "islands": [island.as_json() for island in self.islands]}
        return {key: round(v) if isinstance(v, float) else v for key, v in values.items()}


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
    say("finding junctions, turns and islands")
    assembly = assemble(roads, heights)
    if isinstance(assembly, str):
        raise RoadFileError(osm_path, assembly)
    network = assembly.network
    say("drawing the map")
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out_dir.parent, prefix=f".{out_dir.name}-") as scratch:
        fresh = Path(scratch) / "network"
        fresh.mkdir()
        network.save(fresh)
        drawn = map_roads(roads, _ways(assembly.graph))
        west, south, east, north = network.meta["bounds"]
        tiles = write_tiles(
            fresh / "roads.pmtiles",
            drawn,
            bounds=(west, south, east, north),
            attribution=str(network.meta["attribution"]),
        )
        report = _report(osm_path, roads, assembly, tiles)
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


def _ways(graph: RawGraph) -> list[OsmWay]:
    """Return the ways somebody may drive on, islands included: they are on the map."""
    return list({edge.raw.way.id: edge.raw.way for edge in graph.edges}.values())


def _report(osm_path: Path, roads: OsmRoads, assembly: Assembly, tiles: int) -> BuildReport:
    network, graph, main = assembly.network, assembly.graph, assembly.main[0]
    lost = (graph.speed_kmh[0] > 0) & ~main
    half = (lost[0::2] | lost[1::2]) & (main[0::2] | main[1::2])
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
        restrictions_skipped=assembly.restrictions_skipped,
        duplicates=graph.duplicates,
        tiles=tiles,
        climb_m=float(network.climb_m.sum() + network.descent_m.sum()),
        without_elevation_m=float(network.length_m[flat].sum()),
        one_direction_m=float(graph.length_m[half].sum()),
        islands=assembly.islands,
        closed=_closed(graph, roads),
    )


def _closed(graph: RawGraph, roads: OsmRoads) -> tuple[ClosedRoad, ...]:
    found = []
    for way, why in graph.closed_ways:
        name = road_class(way.tags)
        if name != "other":
            lon, lat = np.array([roads.positions[node] for node in way.nodes]).T
            length_m = round(float(distances_m(lon, lat).sum()))
            label = way.tags.get("name") or way.tags.get("ref", "")
            found.append(ClosedRoad(way.id, name, label, length_m, why))
    return tuple(sorted(found, key=lambda road: -road.length_m))
