"""The real roads of Andorra with their real heights."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dispatcher.roads import Anchor, RoadNetwork, RoadPath, Roads
from dispatcher.roads.build import BuildReport, build

pytestmark = pytest.mark.shared

ANDORRA_LA_VELLA = (42.5069, 1.5218)
PAS_DE_LA_CASA = (42.5428, 1.7335)
ORDINO = (42.5562, 1.5332)
CANILLO = (42.5671, 1.5976)


@pytest.fixture(scope="module")
def andorra(
    shared_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Roads, BuildReport]:
    folder = tmp_path_factory.mktemp("andorra")
    data = shared_dir / "data" / "roads"
    report = build(data / "andorra.osm.pbf", folder / "roads", elevation=[data / "N42E001.hgt.zip"])
    return Roads(RoadNetwork.load(folder / "roads")), report


def drive(roads: Roads, a: tuple[float, float], b: tuple[float, float]) -> RoadPath:
    path = roads.path(roads.snap(*a).anchor, roads.snap(*b).anchor)
    assert path is not None
    return path


def test_almost_all_of_it_is_one_network(andorra: tuple[Roads, BuildReport]) -> None:
    _, report = andorra
    lost_m = sum(island.length_m for island in report.islands)

    assert report.length_m > 400_000
    assert lost_m < 0.02 * report.length_m
    assert all(island.why and island.length_m > 0 and island.way_ids for island in report.islands)


def test_known_drives_take_about_as_long_as_they_take(andorra: tuple[Roads, BuildReport]) -> None:
    roads, _ = andorra

    assert drive(roads, ANDORRA_LA_VELLA, ORDINO).duration_s / 60 == pytest.approx(14, abs=6)
    assert drive(roads, ANDORRA_LA_VELLA, CANILLO).duration_s / 60 == pytest.approx(17, abs=7)
    assert drive(roads, ANDORRA_LA_VELLA, PAS_DE_LA_CASA).duration_s / 60 == pytest.approx(
        40, abs=12
    )


def test_the_pass_is_climbed(andorra: tuple[Roads, BuildReport]) -> None:
    roads, _ = andorra
    path = drive(roads, ANDORRA_LA_VELLA, PAS_DE_LA_CASA)

    assert path.climb_m - path.descent_m == pytest.approx(2090 - 1020, abs=80)
    assert path.climb_m < 2000


def test_paths_never_drive_against_a_one_way_street(andorra: tuple[Roads, BuildReport]) -> None:
    roads, _ = andorra
    network = roads.network
    rng = np.random.default_rng(7)
    edges = rng.integers(0, network.edge_count, 60)
    tail = np.stack((network.edge_tail, network.edge_head), axis=1).ravel()

    for a, b in pairwise(edges.tolist()):
        path = roads.path(Anchor(a, 0.5), Anchor(b, 0.5))
        assert path is not None
        assert all(network.speed_kmh[0, arc] > 0 for arc in path.arcs)
        assert all(tail[first ^ 1] == tail[then] for first, then in pairwise(path.arcs))


def test_engines_agree_on_real_roads(andorra: tuple[Roads, BuildReport]) -> None:
    roads, _ = andorra
    rng = np.random.default_rng(3)
    places = [
        Anchor(int(edge), round(float(rng.random()), 6))
        for edge in rng.integers(0, roads.network.edge_count, 120)
    ]
    expected = roads.table(places, places)

    for engine in ("pyroutingkit", "routingkit_cch", "scipy"):
        other = Roads(roads.network, engine=engine)
        assert np.array_equal(other.table(places, places), expected)
