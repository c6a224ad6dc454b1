"""A road network like Kibichuo's, as an OpenStreetMap file for the production importer.

The courses of the main roads are facts, the lines are drawn: every way says ``synthetic=yes``.
Same seed, same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import atan2, cos, exp, hypot, pi, sin
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from maas.demo.draw import Ground, bent, wandering
from maas.demo.gazetteer import nearest_oaza, oaza, randomness, to_lat_lon
from maas.demo.trunk import Link, Point, links, points

LANES = 1500
CARRIAGEWAY_M = 9.0
RAMP = 3
"""How many vertices before and after a junction its ramps leave the motorway."""


@dataclass(frozen=True, slots=True)
class Way:
    """One OSM way: its nodes in order and its tags."""

    nodes: tuple[int, ...]
    tags: Mapping[str, str]


@dataclass(slots=True)
class Network:
    """Nodes on the plane and the ways over them.

    ``lane_nodes`` are where houses may stand; ``courses`` the line of each main road by its ends.
    """

    nodes: list[Point] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    lane_nodes: list[int] = field(default_factory=list)
    courses: dict[tuple[str, str], list[Point]] = field(default_factory=dict)
    _known: dict[Point, int] = field(default_factory=dict)

    def add(self, line: Sequence[Point], tags: Mapping[str, str]) -> tuple[int, ...]:
        """Draw a way and return its nodes; a point drawn before is the same node."""
        nodes = tuple(self._node(point) for point in line)
        self.ways.append(Way(nodes, {**tags, "synthetic": "yes"}))
        return nodes

    def _node(self, point: Point) -> int:
        if point not in self._known:
            self._known[point] = len(self.nodes)
            self.nodes.append(point)
        return self._known[point]


def draw_network() -> Network:
    """Draw the whole demo network: main roads, the motorway, the bus rotary, then lanes."""
    network, ground = Network(), Ground()
    at, motorway = points(), list[tuple[Link, list[Point]]]()
    for number, link in enumerate(links()):
        line = bent(at[link.ends[0]], at[link.ends[1]], link.winding, randomness(1, number))
        if link.tags["highway"] == "motorway":
            motorway.append((link, line))
        else:
            ground.add(line)
            network.add(line, link.tags)
            network.courses[link.ends] = line
    _draw_motorway(network, motorway)
    _draw_rotary(network, at["吉川"])
    _grow_lanes(network, ground)
    return network


def _draw_motorway(network: Network, legs: Sequence[tuple[Link, list[Point]]]) -> None:
    """Draw two carriageways that keep left and pass over all else, with ramps at junctions."""
    line, junctions = [legs[0][1][0]], {0: legs[0][0].ends[0]}
    for link, leg in legs:
        line += leg[1:]
        junctions[len(line) - 1] = link.ends[1]
    tags = {**legs[0][0].tags, "oneway": "yes", "lanes": "2", "layer": "1", "bridge": "yes"}
    for course, named in (
        (line, junctions),
        (line[::-1], {len(line) - 1 - i: name for i, name in junctions.items()}),
    ):
        carriageway = _beside(course)
        network.add(carriageway, tags)
        for i, name in named.items():
            _draw_ramps(network, carriageway, i, course[i], name)


def _draw_ramps(
    network: Network, carriageway: Sequence[Point], i: int, junction: Point, name: str
) -> None:
    """Join a carriageway to the junction at its ``i``-th point: off before it, on after it."""
    tags = {"highway": "motorway_link", "oneway": "yes", "maxspeed": "40", "name": f"{name} ランプ"}
    last = len(carriageway) - 1
    if i > 0:
        network.add([carriageway[i if i == last else i - RAMP], junction], tags)
    if i < last:
        network.add([junction, carriageway[i if i == 0 else i + RAMP]], tags)


def _beside(line: Sequence[Point]) -> list[Point]:
    """Return the line moved left by half a motorway."""
    headings = [atan2(q[1] - p[1], q[0] - p[0]) for p, q in pairwise(line)]
    return [
        (x - CARRIAGEWAY_M * sin(h), y + CARRIAGEWAY_M * cos(h))
        for (x, y), h in zip(line, [headings[0], *headings], strict=True)
    ]


def _draw_rotary(network: Network, hub: Point) -> None:
    """Draw the bus rotary in front of きびプラザ: clockwise, as Japan drives."""
    radius_m, stub_m = 22.0, 60.0
    centre = hub[0] + 0.6 * (stub_m + radius_m), hub[1] - 0.8 * (stub_m + radius_m)
    start = atan2(hub[1] - centre[1], hub[0] - centre[0])
    ring = [
        (
            centre[0] + radius_m * cos(start - k * pi / 5),
            centre[1] + radius_m * sin(start - k * pi / 5),
        )
        for k in range(10)
    ]
    name = "きびプラザ ロータリー（合成）"
    network.add([hub, ring[0]], {"highway": "unclassified", "name": name})
    network.add(
        [*ring, ring[0]], {"highway": "unclassified", "junction": "roundabout", "name": name}
    )


def _grow_lanes(network: Network, ground: Ground) -> None:
    """Let lanes grow out of the town's roads until they end or meet another road."""
    random = randomness(2)
    roots = _roots(network)
    for number in range(LANES):
        root = network.nodes[roots[int(random.random() * len(roots))]]
        length_m = 550.0 * exp(0.5 * _normal(random))
        lane = _until_met(
            wandering(root, 2 * pi * random.random(), length_m, randomness(3, number)), ground
        )
        if len(lane) < 2:
            continue
        ground.add(lane)
        nodes = network.add(lane, _lane_tags(number, lane))
        roots += nodes[1::3]
        network.lane_nodes += nodes[1:]


def _roots(network: Network) -> list[int]:
    """Return the nodes of the town's own main roads, often those near an oaza's point."""
    found = []
    centres = [place.xy for place in oaza()]
    for way in network.ways:
        if way.tags["highway"].startswith("motorway") or "junction" in way.tags:
            continue
        for node in way.nodes:
            x, y = network.nodes[node]
            near_m = min(hypot(x - cx, y - cy) for cx, cy in centres)
            found += [node] * (4 if near_m < 500 else 1 if near_m < 1500 else 0)
    return found


def _normal(random: np.random.Generator) -> float:
    """Return about a standard normal number from twelve uniform ones, the same on every machine."""
    return float(random.random(12).sum()) - 6.0


def _until_met(lane: list[Point], ground: Ground) -> list[Point]:
    """Return the lane up to the first road it would cross, joined to that road."""
    kept = lane[:1]
    for a, b in pairwise(lane):
        joined = ground.met(a, b)
        if joined is not None:
            return [*kept, joined] if joined not in kept else kept
        kept.append(b)
    return kept


def _lane_tags(number: int, lane: Sequence[Point]) -> dict[str, str]:
    kind = "residential" if number % 2 else "unclassified"
    return {
        "highway": kind,
        "name": f"{nearest_oaza(*lane[0]).name}の生活道路（合成）",
        "lanes": "1",
    }


def write_osm(network: Network, path: Path) -> None:
    """Write the network as OSM XML, nodes before ways, in the order drawn."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<osm version="0.6" generator="maas demo (合成)">',
    ]
    for number, point in enumerate(network.nodes, 1):
        lat, lon = to_lat_lon(*point)
        lines.append(f'<node id="{number}" version="1" lat="{lat:.7f}" lon="{lon:.7f}"/>')
    for number, way in enumerate(network.ways, 1):
        lines.append(f'<way id="{number}" version="1">')
        lines += [f'<nd ref="{node + 1}"/>' for node in way.nodes]
        lines += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in way.tags.items()]
        lines.append("</way>")
    path.write_text("\n".join([*lines, "</osm>", ""]), encoding="utf-8")
