"""Distances, and the nearest place on a line."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.geo import Line, distance_m

NEAR = st.floats(-0.02, 0.02)
PLACES = st.lists(st.tuples(NEAR, NEAR), min_size=2, max_size=6)


def line_of(places: list[tuple[float, float]]) -> Line:
    return Line([34.8 + north for north, _ in places], [133.7 + east for _, east in places])


def test_a_degree_of_latitude_is_111_km() -> None:
    assert distance_m(34.0, 133.0, 35.0, 133.0) == pytest.approx(111_195, abs=1)


@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(-80, 80), st.floats(-180, 180))
def test_distance_agrees_with_the_chord_through_the_earth(
    lat1: float, lon1: float, lat2: float, lon2: float
) -> None:
    def xyz(lat: float, lon: float) -> tuple[float, float, float]:
        lat, lon = math.radians(lat), math.radians(lon)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    chord = math.dist(xyz(lat1, lon1), xyz(lat2, lon2))

    arc_m = 2 * math.asin(min(1.0, chord / 2)) * 6_371_008.8
    assert distance_m(lat1, lon1, lat2, lon2) == pytest.approx(arc_m, abs=1.0)


def test_a_place_beside_the_road_is_found_along_and_off_it() -> None:
    road = Line([34.80, 34.82], [133.70, 133.70])

    along_m, off_m = road.project(34.81, 133.701)

    assert along_m == pytest.approx(1112, abs=1)
    assert off_m == pytest.approx(91.3, abs=0.2)


@given(PLACES, st.tuples(NEAR, NEAR))
@settings(max_examples=60)
def test_no_sampled_place_on_the_line_is_nearer(
    places: list[tuple[float, float]], seen: tuple[float, float]
) -> None:
    line, (lat, lon) = line_of(places), (34.8 + seen[0], 133.7 + seen[1])

    along_m, off_m = line.project(lat, lon)

    samples = [line.at(line.length_m * i / 400)[:2] for i in range(401)]
    nearest_m = min(distance_m(lat, lon, *sample) for sample in samples)
    assert off_m <= nearest_m * 1.002 + 0.1
    assert distance_m(lat, lon, *line.at(along_m)[:2]) == pytest.approx(off_m, rel=2e-3, abs=0.1)


@given(PLACES, st.tuples(NEAR, NEAR), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=60)
def test_only_the_given_part_of_the_line_is_looked_at(
    places: list[tuple[float, float]], seen: tuple[float, float], one: float, other: float
) -> None:
    line, (lat, lon) = line_of(places), (34.8 + seen[0], 133.7 + seen[1])
    from_m, to_m = sorted((one * line.length_m, other * line.length_m))

    along_m, off_m = line.project(lat, lon, from_m=from_m, to_m=to_m)

    samples = [line.at(from_m + (to_m - from_m) * i / 400)[:2] for i in range(401)]
    assert from_m <= along_m <= to_m
    assert off_m <= min(distance_m(lat, lon, *sample) for sample in samples) * 1.002 + 0.1


@given(PLACES)
def test_the_length_is_the_sum_of_the_legs(places: list[tuple[float, float]]) -> None:
    line = line_of(places)

    legs_m = [distance_m(*a, *b) for a, b in zip(line.points, line.points[1:], strict=False)]
    assert line.length_m == pytest.approx(sum(legs_m), abs=1e-3)


def test_there_and_back_passes_a_place_twice() -> None:
    there_and_back = Line([34.80, 34.82, 34.80], [133.70, 133.70, 133.70])

    passes = there_and_back.passes(34.805, 133.70)

    assert [round(along_m) for along_m, _ in passes] == [556, 3892]


@pytest.mark.parametrize(
    ("lat", "lon", "along_m"),
    [
        (34.805, 133.701, [556]),
        (34.815, 133.701, [1668]),
        (34.80, 133.69, [0]),
        (34.83, 133.69, [2224]),
    ],
)
def test_a_road_in_two_legs_is_passed_once(lat: float, lon: float, along_m: list[int]) -> None:
    road = Line([34.80, 34.81, 34.82], [133.70, 133.70, 133.70])

    assert [round(along) for along, _ in road.passes(lat, lon)] == along_m


def test_the_outside_of_a_bend_is_nearest_to_its_corner() -> None:
    bend = Line([34.80, 34.81, 34.80], [133.70, 133.71, 133.72])

    assert [round(along_m) for along_m, _ in bend.passes(34.82, 133.71)] == [
        round(distance_m(34.80, 133.70, 34.81, 133.71))
    ]


def test_passes_farther_off_than_is_asked_for_are_left_out() -> None:
    hairpin = Line([34.80, 34.82, 34.82, 34.80], [133.70, 133.70, 133.71, 133.71])

    assert len(hairpin.passes(34.81, 133.701)) == 3
    assert [round(along_m) for along_m, _ in hairpin.passes(34.81, 133.701, within_m=150)] == [1112]


@given(PLACES, st.tuples(NEAR, NEAR))
@settings(max_examples=60)
def test_the_nearest_place_is_one_of_the_passes(
    places: list[tuple[float, float]], seen: tuple[float, float]
) -> None:
    line, (lat, lon) = line_of(places), (34.8 + seen[0], 133.7 + seen[1])

    passes = line.passes(lat, lon)

    along_m = [along for along, _ in passes]
    assert along_m == sorted(along_m)
    assert min(off_m for _, off_m in passes) == pytest.approx(line.project(lat, lon)[1])


def test_of_two_equally_near_places_the_earlier_wins() -> None:
    there_and_back = Line([34.80, 34.82, 34.80], [133.70, 133.70, 133.70])

    assert round(there_and_back.project(34.805, 133.70)[0]) == 556
    assert round(there_and_back.project(34.805, 133.70, from_m=1000)[0]) == 3892


@pytest.mark.parametrize(
    ("lat", "lon", "bearing"), [(1, 0, 0), (0, 1, 90), (-1, 0, 180), (0, -1, 270)]
)
def test_bearings_turn_clockwise_from_north(lat: int, lon: int, bearing: float) -> None:
    assert Line([0.0, lat / 100], [0.0, lon / 100]).at(10.0)[2] == pytest.approx(bearing)


def test_a_line_is_held_at_its_ends_and_may_be_a_point() -> None:
    road = Line([34.80, 34.82], [133.70, 133.70])

    assert road.at(-5.0)[:2] == (34.80, 133.70)
    assert road.at(1e9)[:2] == (34.82, 133.70)
    assert Line([34.8], [133.7]).project(34.8, 133.7) == (0.0, 0.0)


@pytest.mark.parametrize(("lats", "lons"), [([], []), ([34.8], [])])
def test_a_line_needs_places(lats: list[float], lons: list[float]) -> None:
    with pytest.raises(ValueError, match="a line of"):
        Line(lats, lons)
