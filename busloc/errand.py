"""Where a demand vehicle is on the road path its plan gives it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from busloc.ping import Ping
from gtfs.geo import Line, distance_m

LatLon: TypeAlias = tuple[float, float]

BACK_M = 60.0
ASTRAY_M = 100.0
"""Farther from its path, a vehicle has taken another road."""
END_M = 50.0
"""So near to its end it has come there: what it waits for riders does not make it later."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A path to drive: its vertices as (lat, lon) and when it is planned to be at each, epoch s.

    Raises ``ValueError`` unless there are as many times as vertices, two or more.
    """

    line: Line
    offsets_m: tuple[float, ...]
    times: tuple[float, ...]

    @classmethod
    def of(cls, points: Sequence[LatLon], times: Sequence[float]) -> Errand:
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
    late_s = ping.t - errand.due(along_m)
    if before is not None and max(left_m, before.left_m) < END_M:
        late_s = before.late_s
    return Progress(along_m, left_m, off_m, late_s, astray)


class Errands:
    """The errands of all demand vehicles, and how far each is on its own."""

    def __init__(self) -> None:
        self._errands: dict[str, Errand] = {}
        self._progress: dict[str, Progress] = {}

    def give(self, vehicle: str, points: Sequence[LatLon], times: Sequence[float]) -> None:
        """Tell a vehicle's path to its next stop, and when it is to be where; no points: none.

        On the same path with other times it stays where it is.
        """
        known = self._errands.pop(vehicle, None)
        if known is None or known.line.points != list(points):
            self._progress.pop(vehicle, None)
        if len(points) > 1:
            self._errands[vehicle] = Errand.of(points, times)

    def see(self, ping: Ping) -> None:
        """Take in the newest fix of a vehicle."""
        errand = self._errands.get(ping.vehicle)
        if errand is not None:
            before = self._progress.get(ping.vehicle)
            self._progress[ping.vehicle] = progress(errand, ping, before)

    def of(self, vehicle: str) -> Progress | None:
        """Return how far a vehicle is, ``None`` without an errand or before a fix on it."""
        return self._progress.get(vehicle)
