"""How much every road climbs, from heights that are coarser than roads.

Lines are sampled every 90 m (the grain of SRTM 3") and the heights smoothed along the roads, across
junctions, because a road on a slope crosses cells it does not climb: they spread for a while as
heat does, in three implicit steps, which is a mean weighted over some 120 m either way.  Dead ends
stay where they are; bridges and tunnels rise evenly from end to end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import splu

from dispatcher.roads.elevation import Elevation
from dispatcher.roads.network import distances_m

_SAMPLE_M = 90.0
_SMOOTH_M = 120.0
_STEPS = 3
_FIXED_M = 1e9

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Line:
    """The line of an edge between two junctions; ``built`` is true of a bridge or tunnel."""

    lon: Floats
    lat: Floats
    tail: int
    head: int
    built: bool = False


class _Samples(NamedTuple):
    """Points along lines: the line, the point and the height of each, and metres to the next."""

    line: Rows
    point: Rows
    height_m: Floats
    next_m: Floats


def climbs_of(elevation: Elevation, lines: Sequence[Line]) -> Floats:
    """Return the metres each line climbs and descends, as (lines, 2).

    Both are 0 for a line that no tile covers from end to end.
    """
    climbs = np.zeros((len(lines), 2))
    samples = _samples(elevation, lines)
    if len(samples.line) == 0:
        return climbs
    smooth = _smoothed(samples)[samples.point]
    same = samples.line[1:] == samples.line[:-1]
    steps_m = np.where(same, np.diff(smooth), 0.0)
    np.add.at(climbs[:, 0], samples.line[:-1], np.maximum(steps_m, 0.0))
    np.add.at(climbs[:, 1], samples.line[:-1], np.maximum(-steps_m, 0.0))
    return climbs


def _samples(elevation: Elevation, lines: Sequence[Line]) -> _Samples:
    """Return the samples of all covered lines; junctions are points that lines share."""
    inner = 1 + max((max(line.tail, line.head) for line in lines), default=0)
    parts: list[_Samples] = []
    for at, line in enumerate(lines):
        along_m = np.concatenate(([0.0], np.cumsum(distances_m(line.lon, line.lat))))
        steps = 1 if line.built else max(1, int(np.ceil(along_m[-1] / _SAMPLE_M)))
        at_m = np.linspace(0.0, along_m[-1], steps + 1)
        lat, lon = np.interp(at_m, along_m, line.lat), np.interp(at_m, along_m, line.lon)
        heights = elevation.at(lat, lon)
        if np.isnan(heights).any():
            continue
        point = np.concatenate(([line.tail], np.arange(inner, inner + steps - 1), [line.head]))
        inner += steps - 1
        next_m = np.full(steps + 1, max(along_m[-1] / steps, 1.0))
        parts.append(_Samples(np.full(steps + 1, at), point, heights, next_m))
    if not parts:
        nothing = np.zeros(0)
        return _Samples(nothing.astype(np.int64), nothing.astype(np.int64), nothing, nothing)
    return _Samples(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _smoothed(samples: _Samples) -> Floats:
    """Return the height of every point after spreading along the lines."""
    size = int(samples.point.max()) + 1
    heights = np.zeros(size)
    heights[samples.point] = samples.height_m
    same = samples.line[1:] == samples.line[:-1]
    a, b = samples.point[:-1][same], samples.point[1:][same]
    step_m = samples.next_m[:-1][same]
    extent_m = np.bincount(np.concatenate((a, b)), np.tile(step_m / 2, 2), size)
    extent_m[np.bincount(np.concatenate((a, b)), minlength=size) < 2] = _FIXED_M
    pull = _SMOOTH_M**2 / 2 / _STEPS / step_m
    ends = np.concatenate((a, b)), np.concatenate((b, a))
    between = csc_array((np.tile(pull, 2), ends), shape=(size, size))
    system = diags_array(extent_m + between.sum(axis=1)) - between
    solved = splu(csc_array(system))
    for _ in range(_STEPS):
        heights = solved.solve(extent_m * heights)
    return np.asarray(heights)
