"""Where a demand vehicle is on the road path its plan gives it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from busloc.ping import Ping
from gtfs.geo import Line, distance_m

BACK_M = 60.0
ASTRAY_M = 100.0
"""Farther from its path, a vehicle has taken another road."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A path to drive: its vertices as (lat, lon) and when it is planned to be at each, epoch s.

    Raises ``ValueError`` unless there are as many times as vertices, two or more.
    """

    line: Line
    offsets_m: tuple[float, ...]
    times: tuple[float, ...]

    @classmethod
    def of(cls, points: Sequence[tuple[float, float]], times: Sequence[float]) -> Errand:
        """Return the errand along a path."""
        if len(points) != len(times) or len(points) < 2:
            raise ValueError(f"a path of {len(points)} points and {len(times)} times")
        offsets = [0.0]
        for (lat1, lon1), (lat2, lon2) in pairwise(points):
            offsets.append(offsets[-1] + distance_m(lat1, lon1, lat2, lon2))
        line = Line([lat for lat, _ in points], [lon for _, lon in points])
        return cls(line, tuple(offsets), tuple(times))

    def due(self, along_m: float) -> float:
        """Return when the plan has the vehicle at a place, epoch seconds."""
        i = min(max(bisect_right(self.offsets_m, along_m), 1), len(self.times) - 1)
        leg_m = self.offsets_m[i] - self.offsets_m[i - 1]
        share = (along_m - self.offsets_m[i - 1]) / leg_m if leg_m else 0.0
        return self.times[i - 1] + min(share, 1.0) * (self.times[i] - self.times[i - 1])


@dataclass(frozen=True, slots=True)
class Progress:
    """Metres behind on the path, metres left and off it, seconds late, and whether it left it."""

    along_m: float
    left_m: float
    off_m: float
    late_s: float
    astray: bool


def progress(errand: Errand, ping: Ping, before: Progress | None = None) -> Progress:
    """Return how far a vehicle is; it hardly goes back from where it was ``before``.

    Astray, it keeps the place where it left the path, unless the path is nearer elsewhere.
    """
    from_m = 0.0 if before is None else before.along_m - BACK_M
    along_m, off_m = errand.line.project(ping.lat, ping.lon, from_m=from_m)
    astray = off_m > ASTRAY_M
    if astray and before is not None:
        along_m = max(along_m, before.along_m) if before.astray else before.along_m
    left_m = max(0.0, errand.line.length_m - along_m)
    return Progress(along_m, left_m, off_m, ping.t - errand.due(along_m), astray)
