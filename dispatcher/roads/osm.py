"""Read what a road network needs out of an OpenStreetMap file (.osm, .osm.gz or .osm.pbf).

Nothing is judged here: ways keep their tags, ``profiles`` decides who may drive on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import osmium
from osmium import filter as osmium_filter

_KEYS = (
    "highway",
    "route",
    "barrier",
    "access",
    "vehicle",
    "motor_vehicle",
    "motorcar",
    "restriction",
    "restriction:motor_vehicle",
    "restriction:motorcar",
)
_RESTRICTION_KEYS = ("restriction:motorcar", "restriction:motor_vehicle", "restriction")
_NOT_FOR = frozenset({"motorcar", "motor_vehicle", "vehicle"})


class RoadFileError(ValueError):
    """A road file that cannot become a network; says which file and what is wrong with it."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


@dataclass(frozen=True, slots=True)
class OsmWay:
    """One way with the nodes whose positions the file knows, in order.

    ``cut`` tells that the file left out some of its nodes (the edge of an extract).
    """

    id: int
    nodes: tuple[int, ...]
    tags: Mapping[str, str]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class OsmRestriction:
    """A turn restriction: from a way, through one node or some ways, onto a way."""

    id: int
    kind: str
    from_ways: tuple[int, ...]
    via_node: int | None
    via_ways: tuple[int, ...]
    to_ways: tuple[int, ...]


@dataclass(slots=True)
class OsmRoads:
    """The ways, tagged nodes and turn restrictions of one file.

    ``positions`` is node id -> (longitude, latitude) in degrees.
    """

    ways: list[OsmWay] = field(default_factory=list)
    positions: dict[int, tuple[float, float]] = field(default_factory=dict)
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    restrictions: list[OsmRestriction] = field(default_factory=list)


def read_osm(path: Path) -> OsmRoads:
    """Return the roads in ``path``.

    Raises ``RoadFileError`` when the file is missing, empty, not OpenStreetMap data, broken off
    or without a single road.
    """
    if not path.is_file():
        raise RoadFileError(path, "there is no such file")
    if path.stat().st_size == 0:
        raise RoadFileError(path, "the file is empty")
    roads = OsmRoads()
    try:
        _read_into(roads, path)
    except RuntimeError as error:
        raise RoadFileError(path, f"not readable as OpenStreetMap data ({error})") from error
    if not roads.ways:
        raise RoadFileError(path, "holds no road (no way with a highway or ferry route tag)")
    if not roads.positions:
        raise RoadFileError(
            path, "holds ways but no node before them: sort it (osmium sort) or add its nodes"
        )
    return roads


def _read_into(roads: OsmRoads, path: Path) -> None:
    files = osmium.FileProcessor(str(path)).with_locations()
    for entity in files.with_filter(osmium_filter.KeyFilter(*_KEYS)):
        if isinstance(entity, osmium.osm.Way):
            _take_way(roads, entity)
        elif isinstance(entity, osmium.osm.Node):
            roads.node_tags[entity.id] = dict(entity.tags)
        elif isinstance(entity, osmium.osm.Relation):
            restriction = _restriction(entity)
            if restriction is not None:
                roads.restrictions.append(restriction)


def _take_way(roads: OsmRoads, way: osmium.osm.Way) -> None:
    tags = dict(way.tags)
    if "highway" not in tags and "route" not in tags:
        return
    nodes: list[int] = []
    missing = 0
    for node in way.nodes:
        if not node.location.valid():
            missing += 1
        elif not nodes or nodes[-1] != node.ref:
            nodes.append(node.ref)
            roads.positions[node.ref] = (node.lon, node.lat)
    roads.ways.append(OsmWay(way.id, tuple(nodes), tags, cut=missing > 0))


def _restriction(relation: osmium.osm.Relation) -> OsmRestriction | None:
    """Return the restriction when it binds a car, ``None`` when it does not or is incomplete."""
    tags = dict(relation.tags)
    kind = next((tags[key] for key in _RESTRICTION_KEYS if key in tags), None)
    if kind is None or not kind.startswith(("no_", "only_")):
        return None
    if _NOT_FOR & {word.strip() for word in tags.get("except", "").split(";")}:
        return None
    members = [(member.type, member.ref, member.role) for member in relation.members]
    ways = {
        role: tuple(ref for kind_, ref, role_ in members if kind_ == "w" and role_ == role)
        for role in ("from", "via", "to")
    }
    via_node = next((ref for kind_, ref, role in members if kind_ == "n" and role == "via"), None)
    if not ways["from"] or not ways["to"] or (via_node is None and not ways["via"]):
        return None
    return OsmRestriction(relation.id, kind, ways["from"], via_node, ways["via"], ways["to"])
