"""The 46 oaza of the town, the points its main roads pass, and a plane to draw on.

The plane has its origin at the main town hall: metres east and north, good to a few metres.
"""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import cos, hypot, radians
from typing import Any

import numpy as np

SEED = 33681
"""The town's JIS code: the seed of everything drawn or invented."""

HALL_LAT, HALL_LON = 34.86342, 133.69350
M_PER_LAT = 110_940.0
M_PER_LON = 111_320.0 * cos(radians(HALL_LAT))


@dataclass(frozen=True, slots=True)
class Oaza:
    """One oaza and its representative point; the kana reading is unverified."""

    name: str
    kana: str
    name_en: str
    lat: float
    lon: float

    @property
    def xy(self) -> tuple[float, float]:
        """Where the point lies on the plane, in metres."""
        return to_plane(self.lat, self.lon)


def to_plane(lat: float, lon: float) -> tuple[float, float]:
    """Return metres east and north of the town hall."""
    return (lon - HALL_LON) * M_PER_LON, (lat - HALL_LAT) * M_PER_LAT


def to_lat_lon(x: float, y: float) -> tuple[float, float]:
    """Return WGS 84 degrees, rounded to a centimetre so that files are the same everywhere."""
    return round(HALL_LAT + y / M_PER_LAT, 7), round(HALL_LON + x / M_PER_LON, 7)


def data_text(name: str) -> str:
    """Return a packaged data file as text."""
    return (files("maas.demo") / "data" / name).read_text(encoding="utf-8")


def data_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a packaged CSV file."""
    return list(csv.DictReader(data_text(name).splitlines()))


@cache
def oaza() -> tuple[Oaza, ...]:
    """Return the 46 oaza in the order of their readings."""
    return tuple(
        Oaza(r["name"], r["kana"], r["name_en"], float(r["lat"]), float(r["lon"]))
        for r in data_rows("oaza.csv")
    )


def nearest_oaza(x: float, y: float) -> Oaza:
    """Return the oaza whose point is closest: our stand-in for the boundaries we do not have."""
    return min(oaza(), key=lambda place: hypot(place.xy[0] - x, place.xy[1] - y))


@cache
def main_roads() -> Mapping[str, Any]:
    """Return the points and courses of the roads that exist."""
    return tomllib.loads(data_text("main_roads.toml"))


def randomness(*key: int) -> np.random.Generator:
    """Return a stream of its own for one thing drawn, so that one change does not move the rest."""
    return np.random.Generator(np.random.PCG64([SEED, *key]))
