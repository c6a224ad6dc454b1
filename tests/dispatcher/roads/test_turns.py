"""What it costs to turn, and what is forbidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dispatcher.roads.towns import Town, seconds


def crossing() -> Town:
    """Four roads meet at (2, 2); each is three steps long."""
    town = Town()
    for x, y in ((0, 2), (4, 2), (2, 0), (2, 4)):
        town.way((x, y), ((x + 2) / 2, (y + 2) / 2), (2, 2))
    return town


WEST, EAST, SOUTH, NORTH = 101, 102, 103, 104


def test_turning_costs_seconds_and_straight_on_costs_none(tmp_path: Path) -> None:
    town = crossing()
    roads = town.roads(tmp_path)
    half_s = (seconds(roads, town, (0, 2), (4, 2)) + seconds(roads, town, (2, 0), (2, 4))) / 2

    left = seconds(roads, town, (0, 2), (2, 4))
    right = seconds(roads, town, (0, 2), (2, 0))

    assert left - half_s == pytest.approx(4.5, abs=1.5)
    assert right - half_s == pytest.approx(3, abs=1.5)
    assert left > right


def test_in_japan_turning_right_is_the_dearer_turn(tmp_path: Path) -> None:
    town = crossing()
    town.corner = (34.8, 133.7)
    roads = town.roads(tmp_path)

    assert seconds(roads, town, (0, 2), (2, 0)) > seconds(roads, town, (0, 2), (2, 4))


def test_a_way_that_goes_on_under_another_name_is_no_turn(tmp_path: Path) -> None:
    town = Town()
    town.way((0, 0), (1, 0))
    town.way((1, 0), (1, 1))
    roads = town.roads(tmp_path)
    network = roads.network

    assert seconds(roads, town, (0, 0), (1, 1)) == pytest.approx(119 + 160, abs=1)
    assert ((network.turn_tail ^ 1) == network.turn_head).sum() == 2  # round only at both ends


def around(town: Town, **tags: str) -> None:
    """Add a road round the north-west of the crossing, so that a banned turn has a way round."""
    town.way((0, 2), (0, 4), (2, 4), **tags)


def test_a_forbidden_turn_is_driven_round(tmp_path: Path) -> None:
    free, ruled = crossing(), crossing()
    ruled.restrict("no_left_turn", WEST, ruled.node((2, 2)), NORTH)
    at, to = (1, 2), (2, 3)

    before_s = seconds(free.roads(tmp_path / "free"), free, at, to)
    roads = ruled.roads(tmp_path / "ruled")

    assert before_s < 119 + 160 + 8
    assert seconds(roads, ruled, at, to) > before_s + 25  # straight on, round, and back
    assert seconds(roads, ruled, to, at) == pytest.approx(before_s, abs=3)
    assert seconds(roads, ruled, at, (2, 1)) < before_s + 8


def test_an_ordered_turn_forbids_the_others(tmp_path: Path) -> None:
    town = crossing()
    town.restrict("only_straight_on", WEST, town.node((2, 2)), EAST)
    roads = town.roads(tmp_path)

    assert seconds(roads, town, (1, 2), (3, 2)) == pytest.approx(2 * 119, abs=2)
    assert seconds(roads, town, (1, 2), (2, 3)) > 119 + 160 + 20
    assert seconds(roads, town, (1, 2), (2, 1)) > 119 + 160 + 20


def test_a_restriction_that_excepts_cars_does_not_bind(tmp_path: Path) -> None:
    town = crossing()
    town.restrict("no_left_turn", WEST, town.node((2, 2)), NORTH, **{"except": "bus;motorcar"})
    roads = town.roads(tmp_path)

    assert seconds(roads, town, (1, 2), (2, 3)) < 119 + 160 + 10


def test_turning_round_is_possible_unless_forbidden(tmp_path: Path) -> None:
    free, ruled = crossing(), crossing()
    for town in (free, ruled):
        town.ways[0] = (town.ways[0][0], {"highway": "primary"})
    ruled.restrict("no_u_turn", EAST, ruled.node((2, 2)), EAST)

    # Both places on the east road: its own far end is the dead end, the crossing the other turn.
    roads = ruled.roads(tmp_path / "ruled")
    network = roads.network
    round_turns = [
        (tail, head)
        for tail, head in zip(network.turn_tail.tolist(), network.turn_head.tolist(), strict=True)
        if tail ^ 1 == head and network.edge_way[tail >> 1] == EAST
    ]
    assert len(round_turns) == 1
    free_network, _ = free.build(tmp_path / "free")
    assert ((free_network.turn_tail ^ 1) == free_network.turn_head).sum() == 8


def via_town() -> tuple[Town, int, int, int]:
    """Two parallel roads joined by a short link: turning back over the link is forbidden."""
    town = Town()
    south = town.way((0, 0), (2, 0))
    town.way((2, 0), (4, 0))
    link = town.way((2, 0), (2, 0.5))
    north = town.way((2, 0.5), (0, 0.5))
    town.way((2, 0.5), (4, 0.5))
    return town, south, link, north


def test_a_restriction_through_a_way_binds_only_who_came_that_way(tmp_path: Path) -> None:
    free = via_town()[0]
    town, south, link, north = via_town()
    town.restrict("no_u_turn", south, [link], north)
    free_roads, roads = free.roads(tmp_path / "free"), town.roads(tmp_path / "ruled")

    def both(a: tuple[float, float], b: tuple[float, float]) -> tuple[int, int]:
        return seconds(free_roads, free, a, b), seconds(roads, town, a, b)

    banned = both((1, 0), (1, 0.5))
    assert banned[1] > banned[0] + 20
    assert len(set(both((3, 0), (1, 0.5)))) == 1  # came from the east: free to go west
    assert len(set(both((1, 0), (3, 0.5)))) == 1  # came the restricted way, goes elsewhere
    assert len(set(both((1, 0), (2, 0.4)))) == 1  # a place on the link itself
    start, link_end = (roads.snap(*town.lat_lon(p)).anchor for p in ((1, 0), (2, 0.4)))
    path = roads.path(start, link_end)
    assert path is not None
    assert path.duration_s == seconds(roads, town, (1, 0), (2, 0.4))
    assert len(set(both((2, 0.1), (1, 0.5)))) == 1  # starts on the link
    assert len(set(both((1, 0.5), (1, 0)))) == 1  # the other way round is not forbidden


def test_only_through_a_way_forbids_leaving_it(tmp_path: Path) -> None:
    town, south, link, north = via_town()
    town.restrict("only_straight_on", south, [link], north)
    roads = town.roads(tmp_path)

    assert seconds(roads, town, (1, 0), (1, 0.5)) < 2 * 119 + 80 + 20
    assert seconds(roads, town, (1, 0), (3, 0.5)) > 2 * 119 + 80 + 25
    assert roads.path(
        roads.snap(*town.lat_lon((1, 0))).anchor, roads.snap(*town.lat_lon((1, 0.5))).anchor
    )


def test_a_restriction_that_fits_no_road_is_reported(tmp_path: Path) -> None:
    town = crossing()
    town.restrict("no_left_turn", WEST, town.node((4, 2)), NORTH)

    _, report = town.build(tmp_path)

    assert report.restrictions_skipped == (1001,)


def test_signals_and_gates_hold_everyone_up_once(tmp_path: Path) -> None:
    free, held = crossing(), crossing()
    held.node((1, 2), barrier="gate")
    held.node((2, 2), highway="traffic_signals")

    free_s = seconds(free.roads(tmp_path / "free"), free, (0, 2), (4, 2))
    held_s = seconds(held.roads(tmp_path / "held"), held, (0, 2), (4, 2))

    assert held_s - free_s == 62
