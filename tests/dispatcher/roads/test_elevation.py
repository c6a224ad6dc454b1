"""Heights: tiles read, voids filled, and what a road climbs."""

from __future__ import annotations

import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dispatcher.roads import RoadNetwork, Roads
from dispatcher.roads.build import build
from dispatcher.roads.climbs import Line, climbs_of
from dispatcher.roads.elevation import Elevation, read_tile
from dispatcher.roads.osm import RoadFileError
from tests.dispatcher.roads.towns import Town

SIDE = 101


def slope(rise_east_m: float = 0.0, rise_north_m: float = 0.0) -> NDArray[np.int16]:
    """Heights of a square that rise evenly from its south-west corner."""
    east, north = np.meshgrid(np.linspace(0, 1, SIDE), np.linspace(1, 0, SIDE))
    return np.rint(500 + rise_east_m * east + rise_north_m * north).astype(np.int16)


def write_tile(path: Path, heights: NDArray[np.int16]) -> Path:
    path.write_bytes(heights.astype(">i2").tobytes())
    return path


def test_a_tile_knows_its_corner_and_interpolates(tmp_path: Path) -> None:
    tile = read_tile(write_tile(tmp_path / "N42E001.hgt", slope(1000, 500)))

    heights = tile.at(np.array([42.0, 43.0, 42.5]), np.array([1.0, 1.0, 1.25]))

    assert (tile.south, tile.west) == (42, 1)
    assert heights == pytest.approx([500, 1000, 1000], abs=0.6)


def test_a_tile_may_be_zipped_and_lie_south_west(tmp_path: Path) -> None:
    plain = write_tile(tmp_path / "S01W070.hgt", slope())
    with zipfile.ZipFile(tmp_path / "S01W070.hgt.zip", "w") as archive:
        archive.write(plain, plain.name)

    tile = read_tile(tmp_path / "S01W070.hgt.zip")

    assert (tile.south, tile.west) == (-1, -70)
    assert tile.at(np.array([-0.5]), np.array([-69.5])).tolist() == [500]


def test_voids_are_filled_from_around_them(tmp_path: Path) -> None:
    heights = slope(rise_east_m=1000)
    heights[40:45, 40:45] = -32768

    tile = read_tile(write_tile(tmp_path / "N42E001.hgt", heights))

    filled = tile.heights_m[40:45, 40:45]
    assert filled == pytest.approx(slope(rise_east_m=1000)[40:45, 40:45], abs=3)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("heights.hgt", b"\0" * 8, "named by its corner"),
        ("N42E001.hgt", b"\0" * 10, "not a square"),
        ("N42E001.hgt", b"", "not a square"),
        ("N42E001.hgt", b"\x80\x00" * 9, "only voids"),
        ("N42E001.hgt.zip", b"PK no", "not a zip"),
    ],
)
def test_what_is_no_tile_is_refused(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(RoadFileError, match=problem):
        read_tile(tmp_path / name)


def test_a_zip_without_a_tile_and_a_missing_tile_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "N42E001.hgt.zip", "w") as archive:
        archive.writestr("readme.txt", "no heights")

    with pytest.raises(RoadFileError, match=r"0 \.hgt files"):
        read_tile(tmp_path / "N42E001.hgt.zip")
    with pytest.raises(RoadFileError, match="no such elevation file"):
        read_tile(tmp_path / "N42E002.hgt")


def heights_of(tmp_path: Path, heights: NDArray[np.int16]) -> Elevation:
    return Elevation([read_tile(write_tile(tmp_path / "N42E001.hgt", heights))])


def climb_of(
    elevation: Elevation, lon: NDArray[np.float64], lat: NDArray[np.float64], *, built: bool = False
) -> tuple[float, float]:
    """The climb and descent of one line that ends nowhere else."""
    climb_m, descent_m = climbs_of(elevation, [Line(lon, lat, 0, 1, built)])[0]
    return float(climb_m), float(descent_m)


def test_a_road_climbs_what_the_slope_rises(tmp_path: Path) -> None:
    elevation = heights_of(tmp_path, slope(rise_east_m=1000))
    lon, lat = np.array([1.2, 1.25, 1.3]), np.array([42.5, 42.5, 42.5])

    assert climb_of(elevation, lon, lat) == pytest.approx((100, 0), abs=1)
    assert climb_of(elevation, lon[::-1], lat) == pytest.approx((0, 100), abs=1)


def test_a_tunnel_goes_straight_through_the_hill(tmp_path: Path) -> None:
    heights = slope()
    heights[:, 45:56] += 300
    elevation = heights_of(tmp_path, heights)
    lon, lat = np.array([1.4, 1.6]), np.array([42.5, 42.5])

    assert climb_of(elevation, lon, lat) == pytest.approx((300, 300), abs=15)
    assert climb_of(elevation, lon, lat, built=True) == (0, 0)


def test_a_road_outside_all_tiles_is_flat_and_spoils_no_other(tmp_path: Path) -> None:
    elevation = heights_of(tmp_path, slope(rise_east_m=1000))
    inside = Line(np.array([1.9, 1.99]), np.array([42.5, 42.5]), 0, 1)
    across = Line(np.array([1.99, 2.1]), np.array([42.5, 42.5]), 1, 2)

    assert climb_of(elevation, np.array([5.0, 5.1]), np.array([42.5, 42.5])) == (0, 0)
    assert climbs_of(elevation, [inside, across]) == pytest.approx(
        np.array([[90, 0], [0, 0]]), abs=1
    )


def rough() -> NDArray[np.int16]:
    """A plain whose squares of 3\" are up to 12 m too high or too low."""
    rng = np.random.default_rng(5)
    return np.asarray(500 + rng.integers(-12, 13, (1201, 1201)), dtype=np.int16)


def pieces(points: int) -> list[Line]:
    """A road of 12 km cut into pieces at junctions."""
    lon = np.linspace(1.3, 1.45, points)
    return [
        Line(np.array(ends), np.array([42.5, 42.5]), at, at + 1)
        for at, ends in enumerate(pairwise(lon))
    ]


def test_the_roughness_of_heights_is_no_climb_however_often_a_road_is_cut(tmp_path: Path) -> None:
    elevation = heights_of(tmp_path, rough())

    whole_m, cut_m, chopped_m = (
        climbs_of(elevation, pieces(points)).sum() for points in (2, 40, 400)
    )

    raw = elevation.at(np.full(401, 42.5), np.linspace(1.3, 1.45, 401))
    assert whole_m < 0.35 * np.abs(np.diff(raw)).sum()
    assert cut_m == pytest.approx(whole_m, rel=0.2)
    assert chopped_m == pytest.approx(whole_m, rel=0.2)


def test_dead_ends_stay_where_they_are(tmp_path: Path) -> None:
    elevation = heights_of(tmp_path, slope(rise_east_m=2000))
    road = Line(np.array([1.2, 1.201]), np.array([42.5, 42.5]), 0, 1)
    on = Line(np.array([1.201, 1.202]), np.array([42.5, 42.5]), 1, 2)

    assert climbs_of(elevation, [on, road]).sum(axis=0) == pytest.approx([4, 0], abs=0.1)


def test_a_path_knows_its_climb_both_ways(tmp_path: Path) -> None:
    town = Town()
    town.way((10, 50), (20, 50))
    town.way((20, 50), (20, 60))
    tile = write_tile(tmp_path / "N42E001.hgt", slope(rise_east_m=1000))
    build(town.write(tmp_path / "town.osm"), tmp_path / "roads", elevation=[tile])
    network = RoadNetwork.load(tmp_path / "roads")
    roads = Roads(network)
    west, north = (roads.snap(*town.lat_lon(p)).anchor for p in ((10, 50), (20, 60)))

    there, back = roads.path(west, north), roads.path(north, west)

    assert there is not None
    assert back is not None
    assert (there.climb_m, there.descent_m) == pytest.approx((100, 0), abs=1)
    assert (back.climb_m, back.descent_m) == pytest.approx((0, 100), abs=1)
    assert network.meta["elevation"] is True
    assert "SRTM" in network.meta["attribution"]
