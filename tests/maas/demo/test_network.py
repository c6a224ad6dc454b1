"""The demo's roads: the same every time, all of one piece, and as fast as the town says."""

from __future__ import annotations

from itertools import pairwise
from math import hypot
from pathlib import Path
from statistics import median

import numpy as np

from dispatcher.roads import Roads
from maas.demo.draw import Ground, bent
from maas.demo.gazetteer import main_roads, oaza, randomness, to_lat_lon, to_plane
from maas.demo.network import Network, draw_network, write_osm
from maas.demo.terrain import height_m, write_tiles
from maas.demo.trunk import gabriel

PUBLISHED_MIN = {"高梁市": 20, "総社市": 40, "岡山市": 60, "倉敷市": 60, "津山市": 60, "新見市": 50}
"""Minutes by car from the town, as its page gives them (data/town, access_minutes)."""


def drive_s(roads: Roads, a: tuple[float, float], b: tuple[float, float]) -> int:
    path = roads.path(roads.snap(*a).anchor, roads.snap(*b).anchor)
    assert path is not None
    return path.duration_s


def test_the_same_seed_draws_the_same_bytes(network: Network, tmp_path: Path) -> None:
    write_osm(network, tmp_path / "one.osm")
    write_osm(draw_network(), tmp_path / "two.osm")

    assert (tmp_path / "one.osm").read_bytes() == (tmp_path / "two.osm").read_bytes()


def test_every_way_says_it_is_synthetic(network: Network) -> None:
    assert all(way.tags["synthetic"] == "yes" for way in network.ways)


def test_drives_to_the_neighbour_towns_take_what_the_town_publishes(roads: Roads) -> None:
    hall = tuple(main_roads()["points"]["賀陽庁舎"])
    for town, minutes in PUBLISHED_MIN.items():
        took_s = drive_s(roads, hall, tuple(main_roads()["points"][town]))
        assert abs(took_s / 60 - minutes) <= 0.16 * minutes, town


def test_main_road_trips_go_at_30_to_36_km_h_as_the_crow_flies(roads: Roads) -> None:
    points = main_roads()["points"]
    hall = tuple(points["賀陽庁舎"])
    speeds = [
        3.6 * hypot(*to_plane(*points[town])) / drive_s(roads, hall, tuple(points[town]))
        for town in PUBLISHED_MIN
    ]

    assert 30 <= median(speeds) <= 36


def test_every_oaza_reaches_every_other(roads: Roads) -> None:
    anchors = [roads.snap(place.lat, place.lon).anchor for place in oaza()]

    table = roads.table(anchors, anchors)

    assert int(table.max()) < 3600


def test_every_house_lane_is_joined_to_the_roads(network: Network, roads: Roads) -> None:
    spots = [to_lat_lon(*network.nodes[node]) for node in network.lane_nodes[::50]]

    assert max(roads.snap(*spot).distance_m for spot in spots) < 1.0


def test_a_link_has_no_third_point_in_its_circle() -> None:
    at = {"a": (0.0, 0.0), "b": (10.0, 0.0), "between": (5.0, 1.0), "aside": (5.0, 6.0)}

    assert ("a", "b") not in gabriel(at)
    assert ("a", "between") in gabriel(at)


def test_a_bent_road_keeps_its_ends_and_does_not_wander_far() -> None:
    line = bent((0.0, 0.0), (4000.0, 0.0), 0.2, randomness(9))

    assert (line[0], line[-1]) == ((0.0, 0.0), (4000.0, 0.0))
    assert sum(hypot(q[0] - p[0], q[1] - p[1]) for p, q in pairwise(line)) < 1.4 * 4000


def test_a_lane_meets_the_road_it_crosses_and_not_the_one_it_starts_from() -> None:
    ground = Ground()
    ground.add([(0.0, -50.0), (0.0, 50.0)])

    assert ground.met((-30.0, 0.0), (30.0, 1.0)) == (0.0, 50.0)
    assert ground.met((0.0, -50.0), (30.0, 1.0)) is None
    assert ground.met((-30.0, 0.0), (-10.0, 0.0)) is None


def test_the_plateau_is_as_high_as_the_towns_page_says() -> None:
    x, y = np.array([place.xy for place in oaza()]).T

    heights = height_m(x, y)

    assert heights.min() >= 200
    assert heights.max() <= 697
    assert 280 <= np.median(heights) <= 420


def test_a_tile_is_a_big_endian_square_with_the_north_first(tmp_path: Path) -> None:
    tile = write_tiles(tmp_path)[0]

    heights = np.frombuffer(tile.read_bytes(), ">i2").reshape(1201, 1201)
    lat, lon = 34.9, 133.7
    row, column = round((35 - lat) * 1200), round((lon - 133) * 1200)
    x, y = to_plane(35 - row / 1200, 133 + column / 1200)
    assert heights[row, column] == round(float(height_m(np.array(x), np.array(y))))
