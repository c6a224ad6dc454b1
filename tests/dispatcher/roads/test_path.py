"""The line a vehicle drives and when it is where."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dispatcher.roads import RoadPath, Roads
from tests.dispatcher.roads.towns import Town


def bent() -> Town:
    """An L: two steps east, a junction, one step north, with bends drawn as vertices."""
    town = Town()
    town.way((0, 0), (0.5, 0), (1, 0), (2, 0))
    town.way((2, 0), (2, 0.5), (2, 1))
    town.way((2, 0), (3, 0))
    return town


def line(town: Town, *points: tuple[float, float]) -> NDArray[np.float64]:
    return np.array([town.lat_lon(point)[::-1] for point in points])


def drive(roads: Roads, town: Town, a: tuple[float, float], b: tuple[float, float]) -> RoadPath:
    start, end = (roads.snap(*town.lat_lon(point)).anchor for point in (a, b))
    path = roads.path(start, end)
    assert path is not None
    assert path.duration_s == roads.table([start], [end])[0, 0]
    return path


def test_a_path_starts_and_ends_at_its_places_and_bends_between(tmp_path: Path) -> None:
    town = bent()
    path = drive(town.roads(tmp_path), town, (0.75, 0), (2, 0.75))

    expected = [(0.75, 0), (1, 0), (2, 0), (2, 0.5), (2, 0.75)]
    assert np.array(path.lonlats) == pytest.approx(line(town, *expected), abs=1e-6)
    assert path.length_m == pytest.approx(1.25 * 826 + 0.75 * 1112, rel=0.01)


def test_time_passes_along_a_path_and_ends_with_its_duration(tmp_path: Path) -> None:
    town = bent()
    path = drive(town.roads(tmp_path), town, (0.75, 0), (2, 0.75))

    assert path.times_s[0] == 0
    assert round(path.times_s[-1]) == path.duration_s
    assert all(earlier < later for earlier, later in pairwise(path.times_s))
    assert path.times_s[1] == pytest.approx(0.25 * 119, abs=1)
    assert len(path.times_s) == len(path.lonlats)


def test_the_way_back_is_the_same_line_backwards(tmp_path: Path) -> None:
    town = bent()
    roads = town.roads(tmp_path)

    there, back = drive(roads, town, (0.75, 0), (2, 0.75)), drive(roads, town, (2, 0.75), (0.75, 0))

    assert np.array(back.lonlats) == pytest.approx(np.array(there.lonlats[::-1]), abs=1e-9)
    assert back.length_m == pytest.approx(there.length_m)
    assert [arc ^ 1 for arc in back.arcs] == list(there.arcs[::-1])


def test_a_path_on_one_edge_is_a_straight_piece(tmp_path: Path) -> None:
    town = bent()
    path = drive(town.roads(tmp_path), town, (1.75, 0), (1.25, 0))

    assert np.array(path.lonlats) == pytest.approx(line(town, (1.75, 0), (1.25, 0)), abs=1e-6)
    assert len(path.arcs) == 1


def test_a_path_to_where_one_is_takes_no_time(tmp_path: Path) -> None:
    town = bent()
    path = drive(town.roads(tmp_path), town, (1.5, 0), (1.5, 0))

    assert (path.duration_s, path.length_m) == (0, 0)
    assert path.times_s == [0, 0]


def test_a_path_round_a_one_way_block_comes_back_to_its_own_street(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (2, 0), oneway="yes")
    town.way((2, 0), (2, 1), (0, 1), (0, 0), oneway="yes")
    roads = town.roads(tmp_path)

    path = drive(roads, town, (1.5, 0), (0.5, 0))

    assert path.arcs[0] == path.arcs[-1]
    assert len(path.arcs) == 3
    assert path.length_m == pytest.approx(3 * 826 + 2 * 1112, rel=0.01)
