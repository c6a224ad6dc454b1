"""Heights from SRTM tiles (.hgt, or .hgt.zip).

A tile is a square of big-endian int16 metres whose first row is the north one; its name gives the
south-west corner (``N42E001``).  Voids (-32768) are filled from the nearest known samples.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from dispatcher.roads.osm import RoadFileError

_VOID = -32768


@dataclass(frozen=True, slots=True)
class Tile:
    """One degree square of heights; row 0 is north, column 0 is west."""

    south: int
    west: int
    heights_m: NDArray[np.float32]

    def at(self, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the heights at points inside the tile, bilinear, in metres."""
        last = self.heights_m.shape[0] - 1
        y = np.clip((self.south + 1 - lat) * last, 0, last - 1e-9)
        x = np.clip((lon - self.west) * last, 0, last - 1e-9)
        row, column = y.astype(np.int64), x.astype(np.int64)
        dy, dx = y - row, x - column
        h = self.heights_m
        north = h[row, column] * (1 - dx) + h[row, column + 1] * dx
        south = h[row + 1, column] * (1 - dx) + h[row + 1, column + 1] * dx
        return np.asarray(north * (1 - dy) + south * dy, dtype=np.float64)


class Elevation:
    """The heights of some tiles."""

    def __init__(self, tiles: Iterable[Tile]) -> None:
        self._tiles = {(tile.south, tile.west): tile for tile in tiles}

    @property
    def empty(self) -> bool:
        """Whether there is no tile at all."""
        return not self._tiles

    def at(self, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the height of each point in metres, NaN where no tile covers it."""
        heights = np.full(len(lat), np.nan)
        south, west = np.floor(lat).astype(int), np.floor(lon).astype(int)
        for (tile_south, tile_west), tile in self._tiles.items():
            inside = (south == tile_south) & (west == tile_west)
            heights[inside] = tile.at(lat[inside], lon[inside])
        return heights


def read_tile(path: Path) -> Tile:
    """Return the tile in an .hgt or .hgt.zip file.

    Raises ``RoadFileError`` when the file is missing, misnamed or not a square of int16.
    """
    if not path.is_file():
        raise RoadFileError(path, "there is no such elevation file")
    name = re.search(r"([NS])(\d{2})([EW])(\d{3})", path.name.upper())
    if name is None:
        raise RoadFileError(path, "an elevation file is named by its corner, such as N34E133.hgt")
    raw = _bytes_of(path)
    side = int(np.sqrt(len(raw) / 2))
    if side < 2 or side * side * 2 != len(raw):
        raise RoadFileError(path, f"{len(raw)} bytes are not a square of 16-bit heights")
    heights = np.frombuffer(raw, dtype=">i2").reshape(side, side).astype(np.float32)
    south = int(name.group(2)) * (1 if name.group(1) == "N" else -1)
    west = int(name.group(4)) * (1 if name.group(3) == "E" else -1)
    return Tile(south, west, _without_voids(path, heights))


def _bytes_of(path: Path) -> bytes:
    if path.suffix.lower() != ".zip":
        return path.read_bytes()
    try:
        with zipfile.ZipFile(path) as archive:
            inner = [n for n in archive.namelist() if n.lower().endswith(".hgt")]
            if len(inner) != 1:
                raise RoadFileError(path, f"holds {len(inner)} .hgt files instead of one")
            return archive.read(inner[0])
    except zipfile.BadZipFile as error:
        raise RoadFileError(path, f"not a zip file ({error})") from error


def _without_voids(path: Path, heights: NDArray[np.float32]) -> NDArray[np.float32]:
    void = heights == _VOID
    if void.all():
        raise RoadFileError(path, "holds no height, only voids")
    if not void.any():
        return heights
    nearest = distance_transform_edt(void, return_distances=False, return_indices=True)
    filled = heights[tuple(nearest)]
    return _relaxed(filled, void)


def _relaxed(heights: NDArray[np.float32], void: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the heights with the filled cells made smooth: each the mean of its neighbours."""
    rows, columns = np.nonzero(void)
    last = heights.shape[0] - 1
    up, down = np.maximum(rows - 1, 0), np.minimum(rows + 1, last)
    left, right = np.maximum(columns - 1, 0), np.minimum(columns + 1, last)
    for _ in range(200):
        around = heights[up, columns] + heights[down, columns]
        heights[rows, columns] = (around + heights[rows, left] + heights[rows, right]) / 4
    return heights
