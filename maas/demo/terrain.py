"""A smooth made-up (合成) surface like the town's plateau, as SRTM tiles for the importer.

Only three numbers are the town's: 200 to 500 m over the plateau, 697 m at the highest point.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maas.demo.gazetteer import HALL_LAT, HALL_LON, M_PER_LAT, M_PER_LON

SAMPLES = 1201
TILES = ((34, 133), (34, 134), (35, 133), (35, 134))
PEAK = (9_300.0, 8_900.0)
Metres = NDArray[np.float64]


def height_m(x: Metres, y: Metres) -> Metres:
    """Return metres above the sea at points of the plane: 200-500 in the town, less outside."""
    rolling = 350 + 70 * np.sin(x / 1500 + 0.7) * np.cos(y / 1700) + 45 * np.sin((x + y) / 1100)
    away_m = np.hypot(x - 5_000, y + 300)
    share = 1 / (1 + np.exp((away_m - 17_000) / 2_500))
    peak = np.exp(-((x - PEAK[0]) ** 2 + (y - PEAK[1]) ** 2) / (2 * 1_500.0**2))
    ground = 40 + (np.clip(rolling, 205, 495) - 40) * share
    return np.asarray(ground + (697 - ground) * peak)


def write_tiles(folder: Path) -> list[Path]:
    """Write the four tiles around the town and return their paths."""
    return [_write_tile(folder, lat, lon) for lat, lon in TILES]


def _write_tile(folder: Path, lat: int, lon: int) -> Path:
    """Write one tile: big-endian int16, the northern row first."""
    lats = np.linspace(lat + 1, lat, SAMPLES)
    lons = np.linspace(lon, lon + 1, SAMPLES)
    x, y = np.meshgrid((lons - HALL_LON) * M_PER_LON, (lats - HALL_LAT) * M_PER_LAT)
    path = folder / f"N{lat:02d}E{lon:03d}.hgt"
    path.write_bytes(np.rint(height_m(x, y)).astype(">i2").tobytes())
    return path
