"""Driving times between anchors: closures, slow zones, and engines that agree."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dispatcher.roads import UNREACHABLE_S, Anchor, RoadNetwork, Roads
from dispatcher.roads.assemble import assemble
from dispatcher.roads.elevation import Elevation
from dispatcher.roads.osm import read_osm
from tests.dispatcher.roads.oracle import drive_s
from tests.dispatcher.roads.towns import Town, seconds

ENGINES = ("sweep", "pyroutingkit", "routingkit_cch", "scipy")
STREET_S = 119  # one step east at 25 km/h


def line() -> Town:
    """One road with four junctions, each with a short side road so that nothing merges."""
    town = Town()
    town.way(*[(x, 0) for x in range(5)])
    for x in range(1, 4):
        town.way((x, 0), (x, 0.2))
    return town


def square(**north_tags: str) -> Town:
    """A block: the south side short, the way round by the north three times as long."""
    town = Town()
    town.way((0, 0), (2, 0))
    town.way((0, 0), (0, 1), (2, 1), (2, 0), **north_tags)
    town.way((-1, 0), (0, 0))
    town.way((2, 0), (3, 0))
    return town


@pytest.mark.parametrize("engine", ENGINES)
def test_times_add_up_along_a_road(tmp_path: Path, engine: str) -> None:
    town = line()
    roads = town.roads(tmp_path, engine=engine)

    assert seconds(roads, town, (0, 0), (4, 0)) == pytest.approx(4 * STREET_S, abs=2)
    assert seconds(roads, town, (0.5, 0), (3.25, 0)) == pytest.approx(2.75 * STREET_S, abs=2)
    assert seconds(roads, town, (0.25, 0), (0.75, 0)) == pytest.approx(STREET_S / 2, abs=1)
    assert seconds(roads, town, (0.75, 0), (0.25, 0)) == pytest.approx(STREET_S / 2, abs=1)
    assert seconds(roads, town, (1.3, 0), (1.3, 0)) == 0


def test_a_table_is_its_single_drives(tmp_path: Path) -> None:
    town = line()
    roads = town.roads(tmp_path)
    places = [roads.snap(*town.lat_lon((x / 3, 0.05))).anchor for x in range(12)]

    table = roads.table(places, places[:5])

    assert table.dtype == np.int32
    assert table.tolist() == [
        [int(roads.table([a], [b])[0, 0]) for b in places[:5]] for a in places
    ]


def test_an_empty_table_has_its_shape(tmp_path: Path) -> None:
    roads = line().roads(tmp_path)

    assert roads.table([], [Anchor(0, 0.5)]).shape == (0, 1)
    assert roads.table([Anchor(0, 0.5)], []).shape == (1, 0)


def test_one_way_streets_are_driven_one_way(tmp_path: Path) -> None:
    town = square()
    town.ways[0][1]["oneway"] = "yes"  # type: ignore[index]
    roads = town.roads(tmp_path)

    assert seconds(roads, town, (0, 0), (2, 0)) == pytest.approx(2 * STREET_S, abs=6)
    assert seconds(roads, town, (2, 0), (0, 0)) > 2 * STREET_S + 300
    ahead_s = seconds(roads, town, (0.5, 0), (1.5, 0))
    behind_s = seconds(roads, town, (1.5, 0), (0.5, 0))
    assert ahead_s == pytest.approx(STREET_S, abs=1)
    assert behind_s == pytest.approx(STREET_S / 2 * 2 + 2 * STREET_S + 320 + 12, abs=12)


def test_a_roundabout_is_driven_round(tmp_path: Path) -> None:
    town = Town()
    ring = [(1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0), (1.0, 0.0)]
    town.way(*ring, junction="roundabout")
    for inner, outer in zip(ring[:4], [(0, -1), (3, -1), (3, 2), (0, 2)], strict=True):
        town.way(inner, outer)
    roads = town.roads(tmp_path)

    quarter_s = seconds(roads, town, (1, 0), (2, 0))
    back_s = seconds(roads, town, (2, 0), (1, 0))

    assert quarter_s < 140
    assert back_s > 119 + 2 * 160


@pytest.mark.parametrize("engine", ENGINES)
def test_a_closed_road_is_driven_round_until_it_opens(tmp_path: Path, engine: str) -> None:
    town = square()
    roads = town.roads(tmp_path, engine=engine)
    a, b = (roads.snap(*town.lat_lon(p)).anchor for p in ((-0.5, 0), (2.5, 0)))
    closed = roads.snap(*town.lat_lon((1, 0))).anchor
    free_s = int(roads.table([a], [b])[0, 0])

    version = roads.close([closed], until_s=1000.0)
    round_s = int(roads.table([a], [b])[0, 0])
    path = roads.path(a, b)

    assert version == roads.version == 1
    assert round_s > free_s + 300
    assert path is not None
    assert path.duration_s == round_s
    assert closed.edge not in {arc >> 1 for arc in path.arcs}
    assert int(roads.table([closed], [b])[0, 0]) == UNREACHABLE_S
    assert int(roads.table([a], [closed])[0, 0]) == UNREACHABLE_S
    assert roads.path(closed, b) is None
    assert roads.reopen_due(999.0) == 1
    assert roads.reopen_due(1000.0) == 2
    assert int(roads.table([a], [b])[0, 0]) == free_s
    assert roads.reopen_due(2000.0) == 2


def test_closing_one_direction_leaves_the_other(tmp_path: Path) -> None:
    town = square()
    roads = town.roads(tmp_path)
    a, b = (roads.snap(*town.lat_lon(p)).anchor for p in ((-0.5, 0), (2.5, 0)))
    there_s, back_s = (int(roads.table([x], [y])[0, 0]) for x, y in ((a, b), (b, a)))
    edge = roads.snap(*town.lat_lon((1, 0))).anchor.edge

    roads.close([2 * edge])

    assert int(roads.table([a], [b])[0, 0]) > there_s + 300
    assert int(roads.table([b], [a])[0, 0]) == back_s


def test_reopening_names_what_it_reopens(tmp_path: Path) -> None:
    town = line()
    roads = town.roads(tmp_path)
    first, second = (roads.snap(*town.lat_lon((x, 0))).anchor for x in (0.5, 2.5))
    roads.close([first])
    roads.close([second])

    roads.reopen([])
    assert {arc >> 1 for arc in roads.closed_until_s} == {first.edge, second.edge}
    roads.reopen([first])
    assert {arc >> 1 for arc in roads.closed_until_s} == {second.edge}
    roads.reopen()
    assert not roads.closed_until_s


def test_a_slow_zone_is_slow_and_ends(tmp_path: Path) -> None:
    town = line()
    roads = town.roads(tmp_path)
    lat, lon = town.lat_lon((0, 0))
    free_s = seconds(roads, town, (0, 0), (4, 0))

    roads.slow(roads.network.arcs_within(lat - 0.001, lon - 0.001, lat + 0.001, lon + 0.001), 0.5)
    slow_s = seconds(roads, town, (0, 0), (4, 0))
    roads.reopen()

    assert slow_s - free_s == pytest.approx(STREET_S, abs=2)
    assert seconds(roads, town, (0, 0), (4, 0)) == free_s


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    network, _ = line().build(tmp_path)
    roads = Roads(network)

    for factor in (0.0, -1.0, 1.5, float("nan")):
        with pytest.raises(ValueError, match="factor"):
            roads.slow([0], factor)
    with pytest.raises(ValueError, match="no arc"):
        roads.close([Anchor(999, 0.5)])
    with pytest.raises(ValueError, match="no arc"):
        roads.close([-1])
    for lat, lon in ((float("nan"), 1.0), (91.0, 1.0), (42.0, float("inf"))):
        with pytest.raises(ValueError, match="position"):
            roads.snap(lat, lon)
    with pytest.raises(ValueError, match="band"):
        roads.table([Anchor(0, 0.5)], [Anchor(1, 0.5)], band="teatime")
    with pytest.raises(ValueError, match="profile"):
        Roads(network, "bicycle")
    with pytest.raises(ValueError, match="engine"):
        Roads(network, engine="horse")


def test_bands_drive_at_their_own_speed(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (3, 0), highway="secondary")
    town.way((3, 0), (6, 0), highway="tertiary")
    roads = town.roads(tmp_path)
    ends = [roads.snap(*town.lat_lon((x, 0))).anchor for x in (0, 2.9, 3.1, 6)]

    day, peak, night = (roads.table(ends, ends, band) for band in ("day", "peak", "night"))

    assert peak[0, 1] == pytest.approx(day[0, 1] / 0.85, abs=1)
    assert peak[2, 3] == day[2, 3]
    assert night[2, 3] == pytest.approx(day[2, 3] / 0.9, abs=1)


def test_a_private_road_is_no_short_cut_but_its_houses_are_reached_in_true_time(
    tmp_path: Path,
) -> None:
    town = square()
    town.ways[0][1]["access"] = "private"  # type: ignore[index]
    roads = town.roads(tmp_path)

    through_s = seconds(roads, town, (-0.5, 0), (2.5, 0))
    house_s = seconds(roads, town, (-0.5, 0), (0.5, 0))
    leave_s = seconds(roads, town, (0.5, 0), (2.5, 0))

    assert through_s > 3 * STREET_S + 300
    assert house_s == pytest.approx(STREET_S, abs=6)
    assert leave_s == pytest.approx(2 * STREET_S, abs=6)


def test_a_micro_ev_stays_off_the_motorway_and_does_not_stop_there(tmp_path: Path) -> None:
    town = square()
    for a, b in (((0, 0), (2, 0)), ((2, 0), (0, 0))):
        town.way(a, (1, -0.1 if a < b else -0.2), b, highway="motorway")
    network, _ = town.build(tmp_path)
    car, micro = Roads(network), Roads(network, "micro_ev")
    west, east = (car.snap(*town.lat_lon(p)).anchor for p in ((-0.5, 0), (2.5, 0)))
    on_motorway = town.lat_lon((1, -0.1))

    assert car.table([west], [east])[0, 0] < micro.table([west], [east])[0, 0] - 100
    assert network.edge_class[car.snap(*on_motorway).anchor.edge] == 0
    assert network.edge_class[micro.snap(*on_motorway).anchor.edge] != 0
    assert micro.table([west], [car.snap(*on_motorway).anchor])[0, 0] == UNREACHABLE_S


def test_a_snap_tells_where_how_far_and_which_road(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (2, 0), name="大通り")
    town.way((2, 0), (4, 0), ref="R484")
    roads = town.roads(tmp_path)

    snap = roads.snap(*town.lat_lon((0.5, 0.1)))
    other = roads.snap(*town.lat_lon((3, -0.1)))

    assert snap.road_name == "大通り"
    assert other.road_name == "R484"
    assert snap.distance_m == pytest.approx(111.2, abs=0.5)
    assert (snap.lat, snap.lon) == pytest.approx(town.lat_lon((0.5, 0)), abs=1e-6)
    assert snap.anchor.fraction == pytest.approx(0.25, abs=1e-3)


def test_an_anchor_survives_being_text(tmp_path: Path) -> None:
    roads = line().roads(tmp_path)
    anchor = roads.snap(42.0003, 1.0123).anchor

    assert Anchor.parse(str(anchor)) == anchor
    for text in ("", "1", "x:0.5", "1:2", "-1:0.5", "1:nan", "1:0.5:3"):
        with pytest.raises(ValueError, match="anchor"):
            Anchor.parse(text)


@pytest.mark.parametrize("missing", [(), ("routingkit_cch",), ("routingkit_cch", "pyroutingkit")])
def test_without_a_package_the_next_engine_answers_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...]
) -> None:
    town = line()
    network, _ = town.build(tmp_path)
    expected_s = seconds(Roads(network), town, (0, 0), (4, 0))
    for package in missing:
        monkeypatch.setitem(sys.modules, package, None)

    assert seconds(Roads(network), town, (0, 0), (4, 0)) == expected_s
    for package in missing:
        with pytest.raises(ImportError):
            Roads(network, engine=package)


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_may_share_the_roads(tmp_path: Path, engine: str) -> None:
    roads = line().roads(tmp_path, engine=engine)
    rng = np.random.default_rng(1)
    places = [
        Anchor(int(e), float(f))
        for e, f in zip(rng.integers(0, 7, 60), rng.random(60), strict=True)
    ]
    expected = roads.table(places, places)
    wrong: list[str] = []

    def ask() -> None:
        for _ in range(20):
            if not np.array_equal(roads.table(places, places), expected):
                wrong.append("table")
            path = roads.path(places[0], places[1])
            if path is None or path.duration_s != expected[0, 1]:
                wrong.append("path")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


# -- random towns against an oracle that walks -----------------------------------------------

GRID = [(x, y) for x in range(3) for y in range(3)]
WAY_TAGS: list[dict[str, str]] = [
    {},
    {},
    {"oneway": "yes"},
    {"oneway": "-1"},
    {"access": "private"},
    {"highway": "primary"},
    {"lanes": "1"},
    {"junction": "roundabout"},
]


@st.composite
def networks(draw: st.DrawFn, folder: Path) -> RoadNetwork:
    """A grid of nine junctions with random streets, loops, gates and turn restrictions."""
    town = Town()
    pairs = st.tuples(st.sampled_from(GRID), st.sampled_from(GRID)).filter(lambda p: p[0] != p[1])
    for a, b in draw(st.lists(pairs, min_size=4, max_size=14)):
        tags = draw(st.sampled_from(WAY_TAGS))
        bend = (a[0] + draw(st.sampled_from((0.1, 0.3))), a[1] + 0.2)
        town.way(a, bend, b, **tags)
    if draw(st.booleans()):
        corner = draw(st.sampled_from(GRID))
        x, y = corner
        town.way(corner, (x + 0.5, y), (x + 0.5, y + 0.4), corner)
    if draw(st.booleans()):
        town.node(draw(st.sampled_from(GRID)), barrier=draw(st.sampled_from(("gate", "bollard"))))
    numbers = st.integers(101, 100 + len(town.ways))
    for kind in draw(st.lists(st.sampled_from(("no_left_turn", "only_straight_on")), max_size=3)):
        from_, via, to = draw(numbers), draw(numbers), draw(numbers)
        node = town.points[town.ways[to - 101][0][0]]
        town.restrict(kind, from_, node if draw(st.booleans()) else [via], to)
    found = assemble(read_osm(town.write(folder / "random.osm")), Elevation(()))
    assume(not isinstance(found, str))
    assert not isinstance(found, str)
    return found.network


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_every_engine_agrees_with_walking(tmp_path: Path, data: st.DataObject) -> None:
    network = data.draw(networks(tmp_path))
    edges = st.integers(0, network.edge_count - 1)
    fractions = st.sampled_from((0.0, 0.02, 0.3, 0.5, 0.9, 1.0))
    places = data.draw(st.lists(st.builds(Anchor, edges, fractions), min_size=2, max_size=6))
    places += [Anchor(places[0].edge, f) for f in (0.1, 0.95)]  # always some on one edge
    arcs = st.integers(0, 2 * network.edge_count - 1)
    closed = data.draw(st.lists(arcs, max_size=2))
    slow = dict.fromkeys(data.draw(st.lists(arcs, max_size=2)), 0.25)

    tables, paths = [], []
    for engine in ENGINES:
        roads = Roads(network, engine=engine)
        roads.close(closed)
        roads.slow(slow, 0.25)
        tables.append(roads.table(places, places))
        paths.append([[roads.path(a, b) for b in places] for a in places[:2]])

    assert all(np.array_equal(table, tables[0]) for table in tables)
    for row, origin in enumerate(places):
        for column, destination in enumerate(places):
            expected = drive_s(network, origin, destination, closed=closed, slow=slow)
            assert tables[0][row, column] == pytest.approx(expected, abs=2.5)
            if row < 2:
                for found in paths:
                    path = found[row][column]
                    length = UNREACHABLE_S if path is None else path.duration_s
                    assert length == tables[0][row, column]
