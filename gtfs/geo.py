"""Distances on the ground, and places along a line.

A ``Line`` measures its length on the sphere and finds the nearest place on a flat map drawn
around it, which is exact to a few parts in a thousand for lines up to 100 km.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, atan2, cos, degrees, radians, sin, sqrt

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_M = 6_371_008.8
DEGREE_M = radians(1.0) * EARTH_RADIUS_M

Floats = NDArray[np.float64]


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance between two places, in metres (haversine).

    >>> round(distance_m(34.0, 133.0, 35.0, 133.0))
    111195
    """
    rise, run = radians(lat2 - lat1) / 2, radians(lon2 - lon1) / 2
    chord = sin(rise) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(run) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))


def bearing_deg(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the direction from the first place to the second, degrees clockwise from north."""
    east = (lon2 - lon1) * cos(radians((lat1 + lat2) / 2))
    return degrees(atan2(east, lat2 - lat1)) % 360.0


class Line:
    """A way on the ground through one place or more, measured in metres from its start."""

    __slots__ = ("_cos", "_east", "_lats", "_length", "_lons", "_north", "_starts")

    def __init__(self, lats: Sequence[float] | Floats, lons: Sequence[float] | Floats) -> None:
        """Raise ``ValueError`` unless there are as many latitudes as longitudes, at least one."""
        if len(lats) != len(lons) or len(lats) == 0:
            raise ValueError(f"a line of {len(lats)} latitudes and {len(lons)} longitudes")
        self._lats, self._lons = _at_least_two(lats), _at_least_two(lons)
        self._cos = cos(radians(float(self._lats.mean())))
        self._east = (self._lons - self._lons[0]) * (DEGREE_M * self._cos)
        self._north = (self._lats - self._lats[0]) * DEGREE_M
        self._starts = np.concatenate(([0.0], np.cumsum(_leg_lengths_m(self._lats, self._lons))))
        self._length = float(self._starts[-1])

    @property
    def length_m(self) -> float:
        """The length of the whole line."""
        return self._length

    @property
    def points(self) -> list[tuple[float, float]]:
        """The (lat, lon) of every vertex."""
        return list(zip(self._lats.tolist(), self._lons.tolist(), strict=True))

    def project(
        self, lat: float, lon: float, *, from_m: float = 0.0, to_m: float | None = None
    ) -> tuple[float, float]:
        """Return the nearest place on the line as metres along it, and the metres off it.

        Only the part between ``from_m`` and ``to_m`` (``None``: the end) is looked at; of two
        equally near places the earlier one wins.
        """
        low_m = min(max(from_m, 0.0), self._length)
        high_m = self._length if to_m is None else min(max(to_m, low_m), self._length)
        first, last = self._leg(low_m), self._leg(high_m)
        along, off = self._nearest_on_legs(lat, lon, first, last + 1, low_m, high_m)
        best = int(np.argmin(off))
        return float(along[best]), float(off[best])

    def passes(self, lat: float, lon: float) -> list[tuple[float, float]]:
        """Return every place where the line comes close and goes away again, in order.

        Each is (metres along, metres off); a line that runs the same street twice has two.
        """
        legs = len(self._starts) - 1
        along, off = self._nearest_on_legs(lat, lon, 0, legs, 0.0, self._length)
        at_start, at_end = along <= self._starts[:-1], along >= self._starts[1:]
        away_next = np.append(at_start[1:], [True])
        near = ~(at_start | at_end) | (at_end & away_next)
        near[0] |= at_start[0]
        return [(float(along[i]), float(off[i])) for i in np.flatnonzero(near)]

    def at(self, along_m: float) -> tuple[float, float, float]:
        """Return (lat, lon, bearing) at a distance along the line, clamped to its ends."""
        along_m = min(max(along_m, 0.0), self._length)
        i = self._leg(along_m)
        leg_m = float(self._starts[i + 1] - self._starts[i])
        share = (along_m - float(self._starts[i])) / leg_m if leg_m else 0.0
        (lat1, lat2), (lon1, lon2) = self._lats[i : i + 2].tolist(), self._lons[i : i + 2].tolist()
        lat, lon = lat1 + share * (lat2 - lat1), lon1 + share * (lon2 - lon1)
        return lat, lon, bearing_deg(lat1, lon1, lat2, lon2)

    def _leg(self, along_m: float) -> int:
        """Return the leg with length that holds this distance (the earlier one at a vertex)."""
        return max(0, int(np.searchsorted(self._starts, along_m, side="left")) - 1)

    def _nearest_on_legs(
        self, lat: float, lon: float, first: int, last: int, low_m: float, high_m: float
    ) -> tuple[Floats, Floats]:
        east = (lon - self._lons[0]) * (DEGREE_M * self._cos)
        north = (lat - self._lats[0]) * DEGREE_M
        east0, north0 = self._east[first:last], self._north[first:last]
        run = self._east[first + 1 : last + 1] - east0
        rise = self._north[first + 1 : last + 1] - north0
        square = run * run + rise * rise
        share = ((east - east0) * run + (north - north0) * rise) / np.where(square, square, 1.0)
        starts = self._starts[first:last]
        lengths = self._starts[first + 1 : last + 1] - starts
        along = np.clip(starts + np.clip(share, 0.0, 1.0) * lengths, low_m, high_m)
        share = (along - starts) / np.where(lengths, lengths, 1.0)
        off = np.hypot(east0 + share * run - east, north0 + share * rise - north)
        return along, off


def _at_least_two(degrees_: Sequence[float] | Floats) -> Floats:
    line = np.asarray(degrees_, dtype=np.float64)
    return line if len(line) > 1 else np.repeat(line, 2)


def _leg_lengths_m(lats: Floats, lons: Floats) -> Floats:
    lat, lon = np.radians(lats), np.radians(lons)
    chord = (
        np.sin(np.diff(lat) / 2) ** 2
        + np.cos(lat[:-1]) * np.cos(lat[1:]) * np.sin(np.diff(lon) / 2) ** 2
    )
    lengths: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(chord)))
    return lengths
