"""What becomes of a file: junctions, loops, islands, and refusals that name the file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from dispatcher.roads import RoadNetwork
from dispatcher.roads.build import build
from dispatcher.roads.osm import RoadFileError
from tests.dispatcher.roads.towns import Town, seconds


def cross() -> Town:
    town = Town()
    town.way((0, 1), (1, 1), (2, 1), name="East street")
    town.way((1, 0), (1, 1), (1, 2))
    return town


def test_ways_are_cut_where_they_meet(tmp_path: Path) -> None:
    network, report = cross().build(tmp_path)

    assert (report.junctions, report.edges, report.ways) == (5, 4, 2)
    assert report.length_m == pytest.approx(2 * 1112 + 2 * 826, rel=0.01)
    assert network.meta["synthetic"] is False
    assert "OpenStreetMap" in network.meta["attribution"]


def test_a_network_loads_as_it_was_saved(tmp_path: Path) -> None:
    network, report = cross().build(tmp_path)
    network.save(tmp_path)

    again = RoadNetwork.load(tmp_path)

    assert again.id == report.network_id == network.id
    assert all(np.array_equal(a, again.arrays()[name]) for name, a in network.arrays().items())


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    town = cross()
    town.build(tmp_path / "a")
    town.build(tmp_path / "b")

    for name in ("meta.json", "words.json", "report.json", "roads.pmtiles", "network.npz"):
        first, second = (tmp_path / folder / "roads" / name for folder in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_building_again_replaces_the_old_network_and_leaves_nothing_behind(tmp_path: Path) -> None:
    cross().build(tmp_path)
    bigger = cross()
    bigger.way((2, 1), (3, 1))

    _, report = bigger.build(tmp_path)

    assert report.edges == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["roads", "town.osm"]
    written = json.loads((tmp_path / "roads" / "report.json").read_text(encoding="utf-8"))
    assert written["network_id"] == report.network_id


def test_a_failed_build_leaves_the_old_network(tmp_path: Path) -> None:
    network, _ = cross().build(tmp_path)
    (tmp_path / "bad.osm").write_text("<osm version='0.6'></osm>")

    with pytest.raises(RoadFileError):
        build(tmp_path / "bad.osm", tmp_path / "roads")

    assert RoadNetwork.load(tmp_path / "roads").id == network.id


def test_synthetic_roads_say_so(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0), synthetic="yes")

    network, _ = town.build(tmp_path)

    assert network.meta["synthetic"] is True
    assert network.meta["attribution"].startswith("合成道路データ")
    assert "OpenStreetMap" not in network.meta["attribution"]


def test_houses_on_a_loop_road_are_reached_from_both_sides(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0))
    town.way((1, 0), (2, 0), (2, 1), (1, 1), (1, 0))
    roads = town.roads(tmp_path)

    near_start = seconds(roads, town, (1, 0), (2, 0))
    near_end = seconds(roads, town, (1, 0), (1, 1))

    assert near_start == pytest.approx(122, abs=5)
    assert near_end == pytest.approx(163, abs=5)
    assert roads.network.edge_count == 3


def test_a_way_drawn_twice_counts_once(tmp_path: Path) -> None:
    town = cross()
    town.way((2, 1), (1, 1))

    _, report = town.build(tmp_path)

    assert (report.edges, report.duplicates) == (4, 1)


def test_an_island_is_dropped_and_listed(tmp_path: Path) -> None:
    town = cross()
    town.way((5, 5), (6, 5), name="Far away")

    _, report = town.build(tmp_path)

    (island,) = report.islands
    assert island.why.startswith("no way in or out")
    assert island.length_m == pytest.approx(824, abs=5)
    assert island.names == ("Far away",)
    assert island.way_ids == (103,)
    assert report.edges == 4


def test_a_one_way_dead_end_is_dropped_with_its_reason(tmp_path: Path) -> None:
    town = cross()
    town.way((2, 1), (3, 1), oneway="yes")
    town.way((0, 1), (0, 2), oneway="-1")

    _, report = town.build(tmp_path)

    assert {island.way_ids: island.why for island in report.islands} == {
        (103,): "one-way dead end: it can be driven into but not out of",
        (104,): "one-way dead end: it can be driven out of but not into",
    }


def test_roads_behind_a_barrier_or_a_closed_road_are_restricted(tmp_path: Path) -> None:
    town = cross()
    town.way((2, 1), (3, 1), (4, 1))
    town.node((3, 1), barrier="bollard")
    town.way((1, 2), (1, 3), access="no")
    town.way((1, 3), (1, 4))

    network, report = town.build(tmp_path)

    reasons = {island.way_ids: island.why for island in report.islands}
    assert (
        reasons[103,] == f"restricted access only: a barrier closes it (node {town.node((3, 1))})"
    )
    assert (
        reasons[105,]
        == "restricted access only; way 104 (highway=residential) is closed: access=no"
    )
    assert network.edge_count == 5


def test_what_only_a_micro_ev_loses_is_listed_for_it(tmp_path: Path) -> None:
    town = cross()
    town.way((2, 1), (3, 1), highway="trunk", motorroad="yes")
    town.way((3, 1), (4, 1))

    network, report = town.build(tmp_path)

    (island,) = report.islands
    assert (island.profile, island.way_ids) == ("micro_ev", (104,))
    assert "motor road" in island.why
    assert network.edge_count == 6


def test_ways_whose_nodes_the_extract_left_out_are_cut_there(tmp_path: Path) -> None:
    town = cross()
    town.way((2, 1), (3, 1), (4, 1))
    text = town.write(tmp_path / "town.osm").read_text(encoding="utf-8")
    gone = town.node((4, 1))
    lines = [line for line in text.splitlines() if f"<node id='{gone}'" not in line]
    kept = "\n".join(lines).replace("</node>\n</node>", "</node>")
    (tmp_path / "town.osm").write_text(kept, encoding="utf-8")

    report = build(tmp_path / "town.osm", tmp_path / "roads")

    assert report.edges == 5


def test_a_gzipped_file_is_read_too(tmp_path: Path) -> None:
    plain = cross().write(tmp_path / "town.osm")
    (tmp_path / "town.osm.gz").write_bytes(gzip.compress(plain.read_bytes()))

    assert build(tmp_path / "town.osm.gz", tmp_path / "roads").edges == 4


NOT_ROADS = {
    "empty.osm": (b"", "empty"),
    "page.osm": (b"<html><body>not found</body></html>", "not readable as OpenStreetMap data"),
    "text.osm.pbf": (b"this is no protocol buffer at all", "not readable as OpenStreetMap data"),
    "notes.txt": (b"highway=residential", "not readable as OpenStreetMap data"),
    "sea.osm": (b"<osm version='0.6'><node id='1' lat='1' lon='1' version='1'/></osm>", "no road"),
}


@pytest.mark.parametrize("name", NOT_ROADS)
def test_a_file_that_holds_no_roads_is_refused_by_name(tmp_path: Path, name: str) -> None:
    content, problem = NOT_ROADS[name]
    (tmp_path / name).write_bytes(content)

    with pytest.raises(RoadFileError, match=problem) as refusal:
        build(tmp_path / name, tmp_path / "roads")

    assert name in str(refusal.value)
    assert not (tmp_path / "roads").exists()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RoadFileError, match="no such file"):
        build(tmp_path / "none.osm", tmp_path / "roads")


def test_a_file_broken_off_is_refused(tmp_path: Path) -> None:
    whole = cross().write(tmp_path / "town.osm").read_bytes()
    (tmp_path / "half.osm").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(RoadFileError, match="not readable"):
        build(tmp_path / "half.osm", tmp_path / "roads")


def test_ways_before_their_nodes_are_refused_with_advice(tmp_path: Path) -> None:
    text = cross().write(tmp_path / "town.osm").read_text(encoding="utf-8")
    first_way = text.index("<way")
    ways = text[first_way:].replace("</osm>", "")
    nodes = text[text.index("<node") : first_way]
    (tmp_path / "town.osm").write_text(f"<osm version='0.6'>{ways}{nodes}</osm>")

    with pytest.raises(RoadFileError, match="sort"):
        build(tmp_path / "town.osm", tmp_path / "roads")


def test_a_file_without_a_drivable_way_is_refused(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0), highway="footway")

    with pytest.raises(RoadFileError, match="none of its 1 ways may be driven on"):
        town.build(tmp_path)


def test_a_file_with_only_a_one_way_street_is_refused(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0), oneway="yes")

    with pytest.raises(RoadFileError, match="there and back"):
        town.build(tmp_path)
