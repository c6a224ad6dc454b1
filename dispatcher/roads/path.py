"""A way through the network as a line with the time at every vertex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads.network import RoadNetwork


class Leg(NamedTuple):
    """Part of an arc: from ``start`` to ``end`` (0 to 1 along the arc), then a turn.

    ``spent_ds`` and ``wait_ds`` are tenths of a second on the arc and at the junction after it.
    """

    arc: int
    start: float
    end: float
    spent_ds: int
    wait_ds: int


@dataclass(frozen=True, slots=True)
class RoadPath:
    """A drive: where it is when.

    ``lonlats`` are (longitude, latitude) in degrees, ``times_s`` the seconds since the start at
    each of them (never falling); the time lost at a junction is spent before reaching it.
    """

    duration_s: int
    length_m: float
    lonlats: list[tuple[float, float]]
    times_s: list[float]
    climb_m: float
    descent_m: float
    arcs: tuple[int, ...]


def draw(network: RoadNetwork, legs: Sequence[Leg]) -> RoadPath:
    """Return the path along legs that follow each other; only the ends may be parts of arcs."""
    arc = np.array([leg.arc for leg in legs])
    spent_ds = np.array([leg.spent_ds for leg in legs], dtype=np.float64)
    wait_ds = np.array([leg.wait_ds for leg in legs], dtype=np.float64)
    part = np.array([leg.end - leg.start for leg in legs])
    leaving_ds = np.cumsum(spent_ds + wait_ds)
    rows = np.concatenate([_rows(network, leg.arc) for leg in legs])
    owner = np.repeat(np.arange(len(legs)), np.diff(network.edge_start)[arc >> 1])
    along = network.vertex_m[rows] / network.length_m[arc >> 1][owner]
    along = np.where(arc[owner] & 1, 1 - along, along)
    start, end = (np.array([leg[side] for leg in legs]) for side in (1, 2))
    at_junction = (along == 1) & (owner < len(legs) - 1)
    kept = (along > start[owner]) & ((along < end[owner]) | at_junction)
    share = (along - start[owner]) / np.maximum(part, 1e-12)[owner]
    at_ds = (leaving_ds - wait_ds - spent_ds)[owner] + share * spent_ds[owner]
    at_ds[at_junction] = leaving_ds[owner[at_junction]]
    points = np.stack((network.vertex_lon[rows], network.vertex_lat[rows]), axis=1)[kept]
    first, last = _point(network, legs[0].arc, start[0]), _point(network, legs[-1].arc, end[-1])
    up = np.where(arc & 1, network.descent_m[arc >> 1], network.climb_m[arc >> 1])
    down = np.where(arc & 1, network.climb_m[arc >> 1], network.descent_m[arc >> 1])
    return RoadPath(
        duration_s=(int(leaving_ds[-1]) + 5) // 10,
        length_m=float((part * network.length_m[arc >> 1]).sum()),
        lonlats=[first, *((float(lon), float(lat)) for lon, lat in points), last],
        times_s=[0.0, *(at_ds[kept] / 10).tolist(), float(leaving_ds[-1]) / 10],
        climb_m=float((part * up).sum()),
        descent_m=float((part * down).sum()),
        arcs=tuple(arc.tolist()),
    )


def _rows(network: RoadNetwork, arc: int) -> NDArray[np.int64]:
    """Return the vertices of an arc in the order they are driven."""
    first, last = int(network.edge_start[arc >> 1]), int(network.edge_start[(arc >> 1) + 1])
    return np.arange(last - 1, first - 1, -1) if arc & 1 else np.arange(first, last)


def _point(network: RoadNetwork, arc: int, share: float) -> tuple[float, float]:
    """Return the (longitude, latitude) of a point of an arc."""
    rows = _rows(network, arc)
    along_m = network.vertex_m[rows]
    if arc & 1:
        along_m = along_m[0] - along_m
    at_m = share * float(network.length_m[arc >> 1])
    lon = np.interp(at_m, along_m, network.vertex_lon[rows])
    return float(lon), float(np.interp(at_m, along_m, network.vertex_lat[rows]))
