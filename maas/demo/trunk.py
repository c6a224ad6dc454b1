"""Which places the town's main roads join, and what kind of road each link is.

A Gabriel graph of the oaza and junctions (no third point inside the circle over a link) looks
like the road net of a hill country: connected, planar, few long detours.  The roads that exist are
laid over it first; the rest is classed by betweenness, the count of shortest ways that use a link.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import hypot

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from maas.demo.gazetteer import main_roads, oaza, to_plane

JUNCTIONS = ("賀陽庁舎", "賀陽IC", "上竹南", "吉備高原都市南")
"""Points that are no oaza but belong to the town's own net."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Link:
    """A main road between two named points, with its OSM tags; ``winding`` scales its bends."""

    ends: tuple[str, str]
    tags: Mapping[str, str]
    winding: float


def points() -> dict[str, Point]:
    """Return every named point on the plane, the town's own first."""
    known = {name: to_plane(lat, lon) for name, (lat, lon) in main_roads()["points"].items()}
    town = {place.name: place.xy for place in oaza()}
    return town | {name: known[name] for name in JUNCTIONS} | known


def own_points() -> dict[str, Point]:
    """Return the points whose Gabriel graph is the town's net."""
    everywhere = points()
    return {name: everywhere[name] for name in (*(p.name for p in oaza()), *JUNCTIONS)}


def gabriel(at: Mapping[str, Point]) -> list[tuple[str, str]]:
    """Return the pairs with no third point inside the circle that has the pair as diameter."""

    def lonely(a: str, b: str) -> bool:
        centre = (at[a][0] + at[b][0]) / 2, (at[a][1] + at[b][1]) / 2
        radius = hypot(at[a][0] - at[b][0], at[a][1] - at[b][1]) / 2
        others = (p for name, p in at.items() if name not in (a, b))
        return all(hypot(x - centre[0], y - centre[1]) >= radius for x, y in others)

    return [pair for pair in combinations(at, 2) if lonely(*pair)]


class Ways:
    """Shortest ways over the Gabriel links of the town."""

    def __init__(self, at: Mapping[str, Point], links: list[tuple[str, str]]) -> None:
        self.names = list(at)
        index = {name: i for i, name in enumerate(self.names)}
        rows = [index[a] for a, _ in links]
        columns = [index[b] for _, b in links]
        lengths = [hypot(at[a][0] - at[b][0], at[a][1] - at[b][1]) for a, b in links]
        size = len(self.names)
        graph = csr_array((lengths, (rows, columns)), shape=(size, size))
        _, self._before = dijkstra(graph, directed=False, return_predecessors=True)

    def between(self, a: str, b: str) -> list[str]:
        """Return the points of the shortest way from ``a`` to ``b``."""
        start, here = self.names.index(a), self.names.index(b)
        way = [b]
        while here != start:
            here = int(self._before[start, here])
            way.append(self.names[here])
        return way[::-1]

    def betweenness(self) -> Counter[frozenset[str]]:
        """Count for every link the shortest ways over it."""
        pairs = combinations(self.names, 2)
        return Counter(frozenset(leg) for a, b in pairs for leg in pairwise(self.between(a, b)))


def links() -> list[Link]:
    """Return every main road of the demo, those that exist before those that are made up."""
    at = own_points()
    pairs = gabriel(at)
    ways = Ways(at, pairs)
    laid = _laid_roads(ways)
    taken = {frozenset(link.ends) for link in laid if link.tags["highway"] != "motorway"}
    return laid + _made_up(pairs, ways.betweenness(), taken)


def _laid_roads(ways: Ways) -> list[Link]:
    """Return the links of ``main_roads.toml``; where two run together the first keeps the name."""
    found: dict[tuple[str, frozenset[str]], Link] = {}
    for road in main_roads()["roads"]:
        tags = {k: str(v) for k, v in road.items() if k != "via"}
        kind = "motorway" if road["highway"] == "motorway" else "road"
        for leg in pairwise(road["via"]):
            inside = kind == "road" and all(end in ways.names for end in leg)
            for ends in pairwise(ways.between(*leg)) if inside else [leg]:
                found.setdefault(
                    (kind, frozenset(ends)), Link(ends, tags, 0.19 if inside else 0.15)
                )
    return list(found.values())


def _made_up(
    pairs: list[tuple[str, str]], use: Counter[frozenset[str]], taken: set[frozenset[str]]
) -> list[Link]:
    """Class the other links by use: a fifth secondary, to 60 % tertiary, the rest lesser."""
    free = [pair for pair in pairs if frozenset(pair) not in taken]
    busy, some = np.quantile([use[frozenset(pair)] for pair in free], (0.8, 0.4))

    def made_up(a: str, b: str) -> Link:
        count = use[frozenset((a, b))]
        if count >= busy:
            tags = {"highway": "secondary", "maxspeed": "50"}
        elif count >= some:
            tags = {"highway": "tertiary", "maxspeed": "40"}
        else:
            tags = {"highway": "unclassified", "maxspeed": "40"}
        name = f"町道（合成）{a}{b}線"
        return Link((a, b), {"name": name} | tags, 0.21 if count >= some else 0.26)

    return [made_up(*pair) for pair in free]
