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
    """Return the path along legs that follow each other."""
    points: list[NDArray[np.float64]] = []
    times: list[NDArray[np.float64]] = []
    clock_ds, length_m, climb_m, descent_m = 0, 0.0, 0.0, 0.0
    for leg in legs:
        line, share = _piece(network, leg)
        at_ds = clock_ds + share * leg.spent_ds
        clock_ds += leg.spent_ds + leg.wait_ds
        at_ds[-1] = clock_ds
        skip = 1 if points else 0
        points.append(line[skip:])
        times.append(at_ds[skip:])
        part = leg.end - leg.start
        length_m += part * float(network.length_m[leg.arc >> 1])
        up, down = _climb(network, leg.arc)
        climb_m += part * up
        descent_m += part * down
    return RoadPath(
        duration_s=(clock_ds + 5) // 10,
        length_m=length_m,
        lonlats=[(float(lon), float(lat)) for lon, lat in np.concatenate(points)],
        times_s=[float(ds) / 10 for ds in np.concatenate(times)],
        climb_m=climb_m,
        descent_m=descent_m,
        arcs=tuple(leg.arc for leg in legs),
    )


def _climb(network: RoadNetwork, arc: int) -> tuple[float, float]:
    up, down = float(network.climb_m[arc >> 1]), float(network.descent_m[arc >> 1])
    return (down, up) if arc & 1 else (up, down)


def _piece(network: RoadNetwork, leg: Leg) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the vertices of a leg and how much of its time has gone at each (0 to 1)."""
    edge = leg.arc >> 1
    rows = slice(network.edge_start[edge], network.edge_start[edge + 1])
    line = np.stack((network.vertex_lon[rows], network.vertex_lat[rows]), axis=1)
    along = network.vertex_m[rows] / network.length_m[edge]
    if leg.arc & 1:
        line, along = line[::-1], 1 - along[::-1]
    inner = (along > leg.start) & (along < leg.end)
    at = np.concatenate(([leg.start], along[inner], [leg.end]))
    cut = np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1)
    return cut, (at - leg.start) / max(leg.end - leg.start, 1e-12)
