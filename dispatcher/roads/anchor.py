"""Where a place is on the network: found once, stored as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatcher.roads.network import EARTH_M, RoadNetwork

_DEGREE_M = EARTH_M * np.pi / 180


class Anchor(NamedTuple):
    """A point on an edge: how far along, from 0 at its start to 1 at its end.

    ``str`` and ``parse`` are each other's inverse.  It is only meaningful together with the
    ``id`` of its network.
    """

    edge: int
    fraction: float

    def __str__(self) -> str:
        return f"{self.edge}:{self.fraction:.6f}"

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """Return the anchor written as ``edge:fraction``.

        Raises ``ValueError`` when it is not one.

        >>> Anchor.parse("17:0.250000")
        Anchor(edge=17, fraction=0.25)
        """
        edge, _, fraction = text.partition(":")
        try:
            anchor = cls(int(edge), round(float(fraction), 6))
        except ValueError:
            raise ValueError(f"{text!r} is not an anchor (edge:fraction)") from None
        if anchor.edge < 0 or not 0 <= anchor.fraction <= 1:
            raise ValueError(f"{text!r} is not an anchor (edge:fraction)")
        return anchor


@dataclass(frozen=True, slots=True)
class Snap:
    """The nearest point on a road.

    ``distance_m`` is how far off the road the asked point was; ``road_name`` is empty when the
    road has neither a name nor a number.
    """

    anchor: Anchor
    lat: float
    lon: float
    distance_m: float
    road_name: str


class Snapper:
    """Finds the nearest road among the edges that may be driven on."""

    def __init__(self, network: RoadNetwork, drivable: NDArray[np.bool_]) -> None:
        self._network = network
        self._shrink = float(np.cos(np.radians(network.vertex_lat.mean())))
        self._edges = np.flatnonzero(drivable)
        counts = np.diff(network.edge_start)
        kept = np.repeat(drivable, counts)
        points = np.stack((network.vertex_lon * self._shrink, network.vertex_lat), axis=1)[kept]
        owner = np.repeat(np.arange(len(self._edges)), counts[drivable])
        self._lines: list[shapely.LineString] = list(
            shapely.linestrings(points, indices=owner)  # type: ignore[arg-type]  # an array
        )
        self._tree = shapely.STRtree(self._lines)

    def snap(self, lat: float, lon: float) -> Snap:
        """Return the nearest point on a road to a position in degrees.

        Raises ``ValueError`` when that is no position on Earth.
        """
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise ValueError(f"lat={lat}, lon={lon} is no position on Earth")
        point = shapely.Point(lon * self._shrink, lat)
        row = int(self._tree.nearest(point))
        line = self._lines[row]
        fraction = round(min(max(line.project(point, normalized=True), 0.0), 1.0), 6)
        at = line.interpolate(fraction, normalized=True)
        edge = int(self._edges[row])
        return Snap(
            anchor=Anchor(edge, fraction),
            lat=at.y,
            lon=at.x / self._shrink,
            distance_m=float(point.distance(at)) * _DEGREE_M,
            road_name=self._network.name_of(edge),
        )
