"""What a drive really takes: its line walked in steps of ten metres over SRTM, and a battery.

Shares no code with the heights and the energy of ``dispatcher.roads``, nor with
``dispatcher.energy``: the tile is read, its voids filled and roads smoothed in other ways, the law
is applied step by step, and a charge is followed second by second.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium
from numpy.typing import NDArray
from scipy.interpolate import griddata
from scipy.ndimage import binary_dilation, gaussian_filter1d, map_coordinates

from dispatcher.roads import Anchor, RoadNetwork, RoadPath
from dispatcher.roads.consumption import VehicleBody, Weather

Floats = NDArray[np.float64]

STEP_M = 10.0
SMOOTH_M = 120.0
"""Standard deviation: a road on a slope crosses cells of 90 m that it does not climb."""
VOID = -32768


@dataclass(frozen=True, slots=True)
class Walk:
    """A drive in equal steps: metres along and up in each, its speed, and the time of it all."""

    step_m: float
    rise_m: Floats
    speed_mps: Floats
    duration_s: float

    @property
    def length_m(self) -> float:
        """How long the drive is."""
        return self.step_m * len(self.rise_m)


class Ground:
    """The ground under a network's roads, with bridges and tunnels taken straight."""

    def __init__(self, network: RoadNetwork, profile: str, osm: Path, tile: Path) -> None:
        self._speed_mps = network.speed_kmh[network.profiles.index(profile)].astype(float) / 3.6
        self._length_m = network.length_m
        self._built = np.isin(network.edge_way, built_ways(osm))
        self._heights, self._north, self._west = heights_around(tile, network.meta["bounds"])

    def walk(self, origin: Anchor, destination: Anchor, path: RoadPath) -> Walk:
        """Return a drive in steps."""
        lon, lat = np.array(path.lonlats).T
        along_m = np.concatenate(([0.0], np.cumsum(haversine_m(lon, lat))))
        count = max(int(np.ceil(along_m[-1] / STEP_M)), 1)
        at_m = np.linspace(0, along_m[-1], count + 1)
        heights = self._at(np.interp(at_m, along_m, lat), np.interp(at_m, along_m, lon))
        arcs = np.array(path.arcs)
        ends_m = self._ends_m(origin, destination, arcs)
        ends_m *= along_m[-1] / max(ends_m[-1], 1e-9)
        last = len(arcs) - 1
        on_built = self._built[arcs[np.minimum(np.searchsorted(ends_m, at_m), last)] >> 1]
        on_built[[0, -1]] = False
        heights = np.interp(at_m, at_m[~on_built], heights[~on_built])
        step_m = float(along_m[-1]) / count
        heights = smoothed(heights, step_m)
        middle_m = (at_m[1:] + at_m[:-1]) / 2
        arc = arcs[np.minimum(np.searchsorted(ends_m, middle_m), last)]
        return Walk(step_m, np.diff(heights), self._speed_mps[arc], float(path.duration_s))

    def _ends_m(self, origin: Anchor, destination: Anchor, arcs: NDArray[np.int64]) -> Floats:
        """Return how far along the drive each of its arcs ends."""
        part_m = self._length_m[arcs >> 1].copy()
        left = origin.fraction if arcs[0] & 1 else 1 - origin.fraction
        driven = 1 - destination.fraction if arcs[-1] & 1 else destination.fraction
        if len(arcs) == 1:
            part_m *= abs(destination.fraction - origin.fraction)
        else:
            part_m[0] *= left
            part_m[-1] *= driven
        return np.cumsum(part_m)

    def _at(self, lat: Floats, lon: Floats) -> Floats:
        rows, columns = (self._north - lat) * 1200, (lon - self._west) * 1200
        return np.asarray(map_coordinates(self._heights, [rows, columns], order=1, mode="nearest"))


def heights_around(tile: Path, bounds: list[float]) -> tuple[Floats, float, float]:
    """Return the heights of a box of an SRTM 3" tile without voids, and its north-west corner."""
    with zipfile.ZipFile(tile) as archive:
        raw = archive.read(archive.namelist()[0])
    name = tile.name.upper()
    south, west = int(name[1:3]), int(name[4:7])
    whole = np.frombuffer(raw, ">i2").reshape(1201, 1201).astype(float)
    top, bottom = (int((south + 1 - lat) * 1200) for lat in (bounds[3] + 0.02, bounds[1] - 0.02))
    left, right = (int((lon - west) * 1200) for lon in (bounds[0] - 0.02, bounds[2] + 0.02))
    box = whole[top : bottom + 1, left : right + 1]
    known = box != VOID
    spots = np.argwhere(known & binary_dilation(~known, iterations=3))
    box[~known] = griddata(spots, box[tuple(spots.T)], np.argwhere(~known))
    return box, south + 1 - top / 1200, west + left / 1200


def built_ways(osm: Path) -> NDArray[np.int64]:
    """Return the ways of an OpenStreetMap file that are bridges or tunnels."""
    ways = [
        item.id
        for item in osmium.FileProcessor(str(osm), osmium.osm.WAY)
        if item.tags.get("bridge", "no") != "no" or item.tags.get("tunnel", "no") != "no"
    ]
    return np.array(ways, dtype=np.int64)


def smoothed(heights: Floats, step_m: float) -> Floats:
    """Return a line's heights smoothed, its ends where they were."""
    if step_m < 1e-3:
        return heights
    reach = min(int(3 * SMOOTH_M / step_m), len(heights) - 1)
    padded = np.pad(heights, reach, mode="reflect", reflect_type="odd")
    smooth = gaussian_filter1d(padded, SMOOTH_M / step_m)
    return np.asarray(smooth[reach : len(smooth) - reach])


def haversine_m(lon: Floats, lat: Floats) -> Floats:
    """Return the metres between neighbouring points."""
    east, north = np.radians(lon), np.radians(lat)
    chord = np.sin(np.diff(north) / 2) ** 2
    chord += np.cos(north[1:]) * np.cos(north[:-1]) * np.sin(np.diff(east) / 2) ** 2
    return np.asarray(2 * 6_371_000 * np.arcsin(np.sqrt(chord)))


def taken_wh(walk: Walk, body: VehicleBody, weather: Weather, riders: int) -> Floats:
    """Return what a drive has taken by the end of each of its steps, in watt-hours."""
    mass_kg = body.mass_kg + body.driver_kg + riders * body.rider_kg
    weight_n = 9.81 * mass_kg
    speed = walk.speed_mps
    air_n = 0.5 * 1.2 * 293.15 / (temperature_k(weather)) * body.cd_a_m2 * speed**2
    wheels_j = (body.rolling * weight_n + air_n) * walk.step_m
    swing_j = 0.5 * mass_kg * speed**2 * body.stops_per_km * walk.step_m / 1000
    back = body.efficiency * body.regeneration
    drive_j = wheels_j / body.efficiency + swing_j / body.efficiency - swing_j * back
    height_j = weight_n * walk.rise_m
    height_j = np.where(height_j > 0, height_j / body.efficiency, height_j * back)
    time_s = walk.step_m / speed
    time_s *= walk.duration_s / max(float(time_s.sum()), 1e-9)
    electric_j = (body.aux_w + weather.heater_w) * time_s
    return np.asarray(np.cumsum(drive_j * weather.factor + height_j + electric_j) / 3600)


def balanced_wh(walk: Walk, body: VehicleBody, weather: Weather, riders: int) -> Floats:
    """Return the same by the balance of forces: going down, resistance brakes before the motor."""
    mass_kg = body.mass_kg + body.driver_kg + riders * body.rider_kg
    speed = walk.speed_mps
    air_n = 0.5 * 1.2 * 293.15 / (temperature_k(weather)) * body.cd_a_m2 * speed**2
    wheels_j = (body.rolling * 9.81 * mass_kg + air_n) * walk.step_m * weather.factor
    wheels_j = wheels_j + 9.81 * mass_kg * walk.rise_m
    back = body.efficiency * body.regeneration
    drive_j = np.where(wheels_j > 0, wheels_j / body.efficiency, wheels_j * back)
    swing_j = 0.5 * mass_kg * speed**2 * body.stops_per_km * walk.step_m / 1000
    drive_j = drive_j + swing_j * (1 / body.efficiency - back) * weather.factor
    time_s = walk.step_m / speed
    time_s *= walk.duration_s / max(float(time_s.sum()), 1e-9)
    return np.asarray(np.cumsum(drive_j + (body.aux_w + weather.heater_w) * time_s) / 3600)


def temperature_k(weather: Weather) -> float:
    """Return the temperature in kelvins."""
    return 273.15 + weather.temperature_c


def after_charge_wh(
    level_wh: float, power_w: float, seconds: int, capacity_wh: float, taper_share: float
) -> float:
    """Return what is in the battery after charging for so long, followed second by second."""
    for _ in range(seconds):
        share = (capacity_wh - level_wh) / (capacity_wh * (1 - taper_share))
        level_wh += power_w * min(share, 1.0) / 3600
    return level_wh
