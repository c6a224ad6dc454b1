"""What the tags of a way or node mean to a car and to a micro-EV."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dispatcher.roads.profiles import (
    CAR,
    MICRO_EV,
    Profile,
    country_at,
    metres,
    node_rules,
    speed_limit_kmh,
    way_rules,
)


def speeds(
    tags: Mapping[str, str], profile: Profile = CAR, country: str | None = None
) -> tuple[float, float]:
    rules = way_rules({"highway": "primary"} | dict(tags), profile, country)
    return rules.forward.speed_kmh, rules.backward.speed_kmh


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({}, 65, 65),
        ({"oneway": "yes"}, 65, 0),
        ({"oneway": "-1"}, 0, 65),
        ({"oneway": "no", "junction": "roundabout"}, 65, 65),
        ({"junction": "roundabout"}, 65, 0),
        ({"junction": "circular"}, 65, 0),
        ({"highway": "motorway"}, 90, 0),
        ({"oneway": "yes", "oneway:motor_vehicle": "no"}, 65, 65),
        ({"maxspeed": "50"}, 40, 40),
        ({"maxspeed": "30 mph"}, 30 * 1.609 * 0.8, 30 * 1.609 * 0.8),
        ({"maxspeed:forward": "30", "maxspeed": "50"}, 24, 40),
        ({"maxspeed": "JP:urban"}, 48, 48),
        ({"maxspeed": "signals"}, 65, 65),
        ({"maxspeed:advisory": "20", "maxspeed": "50"}, 16, 16),
        ({"maxspeed": "100", "surface": "gravel"}, 40, 40),
        ({"surface": "gravel"}, 40, 40),
        ({"smoothness": "very_bad"}, 20, 20),
        ({"highway": "track", "motorcar": "yes", "tracktype": "grade5"}, 10, 10),
        ({"highway": "service", "service": "driveway"}, 7.5, 7.5),
        ({"width": "3"}, 32.5, 32.5),
        ({"width": "3.5"}, 39, 39),
        ({"width": "3", "oneway": "yes"}, 65, 0),
        ({"lanes": "1"}, 32.5, 32.5),
        ({"priority": "backward"}, 45.5, 65),
        ({"route": "ferry", "highway": ""}, 5, 5),
    ],
)
def test_speed_of_a_car(tags: dict[str, str], forward: float, backward: float) -> None:
    assert speeds(tags) == pytest.approx((forward, backward))


@pytest.mark.parametrize(
    "tags",
    [
        {"access": "no"},
        {"motor_vehicle": "agricultural"},
        {"motorcar": "no", "access": "yes"},
        {"vehicle": "forestry"},
        {"highway": "track"},
        {"highway": "footway"},
        {"highway": "construction"},
        {"highway": "track", "access": "private"},
        {"construction": "yes"},
        {"impassable": "yes"},
        {"area": "yes"},
        {"oneway": "reversible"},
        {"service": "emergency_access"},
        {"smoothness": "impassable"},
        {"maxheight": "2.1"},
        {"maxheight": "6'6\""},
        {"maxwidth": "1.8"},
        {"maxweight": "1.8"},
        {"maxlength": "4.5"},
        {"highway": "steps", "access": "yes"},
    ],
)
def test_no_way_for_a_car(tags: dict[str, str]) -> None:
    assert speeds(tags) == (0, 0)


@pytest.mark.parametrize(
    "tags",
    [
        {"motorcar": "yes", "access": "no"},
        {"access": "no;yes"},
        {"construction": "minor"},
        {"construction": "primary"},
        {"highway": "footway", "motor_vehicle": "yes"},
        {"maxheight": "default"},
        {"maxweight": "3.5"},
        {"proposed": "trunk"},
    ],
)
def test_a_way_for_a_car_all_the_same(tags: dict[str, str]) -> None:
    assert min(speeds(tags)) > 0


@pytest.mark.parametrize("access", ["private", "destination", "delivery", "customers"])
def test_visitors_only(access: str) -> None:
    rules = way_rules({"highway": "residential", "access": access}, CAR)

    assert rules.forward.visitors_only
    assert rules.forward.speed_kmh == 25


def test_access_may_differ_by_direction() -> None:
    assert speeds({"motor_vehicle:forward": "no"}) == (0, 65)


def test_a_micro_ev_keeps_off_motorways_and_under_60() -> None:
    assert speeds({"highway": "motorway"}, MICRO_EV) == (0, 0)
    assert speeds({"highway": "motorway_link"}, MICRO_EV) == (0, 0)
    assert speeds({"highway": "trunk", "motorroad": "yes"}, MICRO_EV) == (0, 0)
    assert speeds({"highway": "trunk", "maxspeed": "100"}, MICRO_EV) == (60, 60)
    assert speeds({"highway": "trunk", "maxspeed": "100"}, CAR) == (80, 80)


def test_a_micro_ev_fits_where_a_van_does_not() -> None:
    assert speeds({"maxwidth": "1.8", "maxheight": "1.9"}, MICRO_EV) == (60, 60)


def test_japan_drives_at_60_where_nothing_is_posted() -> None:
    assert speeds({}, CAR, "jp") == (48, 48)
    assert speeds({"highway": "motorway"}, CAR, "jp") == (80, 0)
    assert speeds({"highway": "tertiary"}, CAR, "jp") == (40, 40)
    assert speeds({"maxspeed": "40"}, CAR, "jp") == (32, 32)


def test_where_japan_is() -> None:
    assert country_at(34.85, 133.75) == "jp"
    assert country_at(26.2, 127.7) == "jp"
    assert country_at(42.5, 1.5) is None
    assert country_at(37.5, 127.0) is None


@pytest.mark.parametrize(
    ("tags", "blocked"),
    [
        ({"barrier": "bollard"}, True),
        ({"barrier": "bollard", "bollard": "rising"}, False),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, False),
        ({"barrier": "gate", "access": "no"}, True),
        ({"barrier": "gate", "access": "private"}, False),
        ({"barrier": "cattle_grid"}, False),
        ({"barrier": "kerb", "kerb": "lowered"}, False),
        ({"barrier": "height_restrictor", "maxheight": "2"}, True),
        ({"barrier": "height_restrictor", "maxheight": "3"}, False),
        ({"highway": "crossing"}, False),
    ],
)
def test_barriers(tags: dict[str, str], *, blocked: bool) -> None:
    assert node_rules(tags).blocked is blocked


def test_a_gate_takes_a_minute_and_a_signal_two_seconds() -> None:
    assert node_rules({"barrier": "gate"}).delay_s == 60
    assert node_rules({"highway": "traffic_signals"}).delay_s == 2
    assert node_rules({"highway": "stop", "direction": "forward"}).towards == "forward"


def test_a_ferry_takes_the_time_it_says() -> None:
    assert way_rules({"route": "ferry", "duration": "00:20"}, CAR).duration_s == 1200
    assert way_rules({"route": "ferry", "duration": "15"}, CAR).duration_s == 900
    assert way_rules({"route": "ferry", "duration": "soon"}, CAR).duration_s is None


def test_reading_of_limits_and_lengths() -> None:
    assert speed_limit_kmh("de:rural") == 100
    assert speed_limit_kmh("xx:urban") == 50
    assert metres("12'6\"") == pytest.approx(3.81)
    assert metres("3,5 m") == 3.5
    assert metres("wide") is None
