"""Distances on the ground, and places along a line.

A ``Line`` measures its length on the sphere and finds the nearest place on a flat map drawn
around it, which is exact to a few parts in a thousand for lines up to 100 km.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, atan2, cos, degrees, hypot, inf, radians, sin, sqrt

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

    __slots__ = (
        "_cos", "_east", "_inverse", "_lats", "_length", "_lengths", "_lons", "_north", "_rise",
        "_run", "_starts",
    )  # fmt: skip

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
        self._lengths = np.diff(self._starts)
        self._run, self._rise = np.diff(self._east), np.diff(self._north)
        square = self._run * self._run + self._rise * self._rise
        self._inverse = np.divide(1.0, square, out=np.zeros_like(square), where=square > 0)

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
        along, off = self._nearest(lat, lon, slice(first, last + 1))
        best = int(off.argmin())
        spots = [(float(along[best]), float(off[best]))]
        if not low_m <= spots[0][0] <= high_m:
            spots = [self._within(lat, lon, leg, low_m, high_m) for leg in {first, last}]
            if last > first + 1:
                best = int(off[1:-1].argmin())
                spots.append((float(along[1:-1][best]), float(off[1:-1][best])))
        return min(spots, key=lambda spot: (spot[1], spot[0]))

    def passes(self, lat: float, lon: float, *, within_m: float = inf) -> list[tuple[float, float]]:
        """Return every place where the line comes close and goes away again, in order.

        Each is (metres along, metres off), none farther off than ``within_m``; a line that runs
        the same street twice has two.
        """
        along, off = self._nearest(lat, lon, slice(None))
        at_start, at_end = along <= self._starts[:-1], along >= self._starts[1:]
        near = ~(at_start | at_end)
        near[:-1] |= at_end[:-1] & at_start[1:]
        near[0] |= at_start[0]
        near[-1] |= at_end[-1]
        near &= off <= within_m
        return list(zip(along[near].tolist(), off[near].tolist(), strict=True))

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

    def _nearest(self, lat: float, lon: float, legs: slice) -> tuple[Floats, Floats]:
        """Return the nearest place on each of the legs: metres along the line, metres off it."""
        east = self._east[:-1][legs] - (lon - self._lons[0]) * (DEGREE_M * self._cos)
        north = self._north[:-1][legs] - (lat - self._lats[0]) * DEGREE_M
        run, rise = self._run[legs], self._rise[legs]
        share = (east * run + north * rise) * -self._inverse[legs]
        share = np.minimum(np.maximum(share, 0.0), 1.0)
        east += share * run
        north += share * rise
        off = np.sqrt(east * east + north * north)
        return self._starts[:-1][legs] + share * self._lengths[legs], off

    def _within(
        self, lat: float, lon: float, leg: int, low_m: float, high_m: float
    ) -> tuple[float, float]:
        """Return the nearest place on one leg that lies between two distances along the line."""
        start_m, length_m = float(self._starts[leg]), float(self._lengths[leg])
        along = float(self._nearest(lat, lon, slice(leg, leg + 1))[0][0])
        along_m = min(max(along, low_m), high_m)
        share = (along_m - start_m) / length_m if length_m else 0.0
        east = (
            self._east[leg] + share * self._run[leg] - (lon - self._lons[0]) * DEGREE_M * self._cos
        )
        north = self._north[leg] + share * self._rise[leg] - (lat - self._lats[0]) * DEGREE_M
        return along_m, hypot(east, north)


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
