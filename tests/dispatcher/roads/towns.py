"""Small OpenStreetMap files written in a line or two, one degree-hundredth to the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

from dispatcher.roads import RoadNetwork, Roads
from dispatcher.roads.build import BuildReport, build

STEP = 0.01
"""Degrees between neighbouring points of a town's grid."""

LAT, LON = 42.0, 1.0
"""The south-west corner: outside Japan, so that no country default interferes."""

Tags = Mapping[str, str]
ROAD: Tags = {"highway": "residential"}


@dataclass
class Town:
    """A town under construction; points are (x, y) on the grid, x east, y north."""

    points: dict[tuple[float, float], int] = field(default_factory=dict)
    point_tags: dict[tuple[float, float], Tags] = field(default_factory=dict)
    ways: list[tuple[list[tuple[float, float]], Tags]] = field(default_factory=list)
    relations: list[tuple[Tags, list[tuple[str, int, str]]]] = field(default_factory=list)
    corner: tuple[float, float] = (LAT, LON)

    def way(self, *points: tuple[float, float], **tags: str) -> int:
        """Draw a way and return its id."""
        named = {key.replace("__", ":"): value for key, value in tags.items()}
        self.ways.append(
            (list(points), named if "highway" in named or "route" in named else {**ROAD, **named})
        )
        for point in points:
            self.node(point)
        return 100 + len(self.ways)

    def node(self, point: tuple[float, float], **tags: str) -> int:
        """Place a node, with tags if given, and return its id."""
        if tags:
            self.point_tags[point] = tags
        return self.points.setdefault(point, 1 + len(self.points))

    def restrict(
        self, kind: str, from_way: int, via: int | Sequence[int], to_way: int, **tags: str
    ) -> None:
        """Forbid or order a turn, through a node or some ways."""
        vias = [("node", via, "via")] if isinstance(via, int) else [("way", v, "via") for v in via]
        members = [("way", from_way, "from"), *vias, ("way", to_way, "to")]
        named = {key.replace("__", ":"): value for key, value in tags.items()}
        self.relations.append(({"type": "restriction", "restriction": kind, **named}, members))

    def lat_lon(self, point: tuple[float, float]) -> tuple[float, float]:
        """Return where a point is, in degrees."""
        return self.corner[0] + STEP * point[1], self.corner[1] + STEP * point[0]

    def write(self, path: Path) -> Path:
        """Write the town as an .osm file and return its path."""
        lines = ["<?xml version='1.0' encoding='UTF-8'?>", "<osm version='0.6'>"]
        for point, node in self.points.items():
            lat, lon = self.lat_lon(point)
            lines.append(f"<node id='{node}' version='1' lat='{lat:.7f}' lon='{lon:.7f}'>")
            lines += [*_tags(self.point_tags.get(point, {})), "</node>"]
        for number, (points, tags) in enumerate(self.ways, start=101):
            lines.append(f"<way id='{number}' version='1'>")
            lines += [f"<nd ref='{self.points[point]}'/>" for point in points]
            lines += [*_tags(tags), "</way>"]
        for number, (tags, members) in enumerate(self.relations, start=1001):
            lines.append(f"<relation id='{number}' version='1'>")
            lines += [f"<member type='{t}' ref='{ref}' role='{role}'/>" for t, ref, role in members]
            lines += [*_tags(tags), "</relation>"]
        path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
        return path

    def build(self, folder: Path) -> tuple[RoadNetwork, BuildReport]:
        """Build the town's network in a folder and load it."""
        folder.mkdir(parents=True, exist_ok=True)
        report = build(self.write(folder / "town.osm"), folder / "roads")
        return RoadNetwork.load(folder / "roads"), report

    def roads(self, folder: Path, profile: str = "car", engine: str = "auto") -> Roads:
        """Build the town and return its roads."""
        return Roads(self.build(folder)[0], profile, engine)


def _tags(tags: Tags) -> list[str]:
    return [f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]


def seconds(roads: Roads, town: Town, a: tuple[float, float], b: tuple[float, float]) -> int:
    """Return the driving time between two points of a town."""
    start, end = (roads.snap(*town.lat_lon(point)).anchor for point in (a, b))
    return int(roads.table([start], [end])[0, 0])
