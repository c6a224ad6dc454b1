"""The verifier finds what is wrong, however it came about, and nothing where nothing is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from dispatcher.check import Violation, check
from dispatcher.model import Plan, Request, Route, Vehicle
from tests.dispatcher.draw import Case, cases, full_cases
from tests.dispatcher.oracle import is_feasible
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride, stops
from tests.towns import IslandTown


def one_route(
    words: str, *asked: Request, van: Vehicle = VAN, boarded_s: dict[str, int] | None = None
) -> Plan:
    route = Route(van, stops(words), boarded_s or {})
    return Plan(1, {"van": route}, {request.id: request for request in asked})


def forged(words: str, locked: int = 0, boarded_s: dict[str, int] | None = None) -> Route:
    """A route that no constructor would have let pass."""
    route = Route(VAN)
    forge: tuple[tuple[str, object], ...] = (
        ("stops", stops(words)), ("locked", locked), ("boarded_s", boarded_s or {}),
    )  # fmt: skip
    for field, value in forge:
        object.__setattr__(route, field, value)
    return route


def test_a_plan_that_keeps_everything_has_no_violations() -> None:
    assert check(one_route("+a +b -a -b", ride("a", 1, 5), ride("b", 2, 6)), TRAVEL) == []


@pytest.mark.parametrize(
    ("changes", "violation"),
    [
        ({"latest_pickup_s": 179}, Violation("late", "van", "a", 1)),
        ({"latest_dropoff_s": 598}, Violation("late", "van", "a", 2)),
        ({"ride_max_s": 359}, Violation("ride_max", "van", None)),
        ({"seats": 5}, Violation("seats", "van", "a", 1)),
        ({"wheelchairs": 1}, Violation("wheelchair_places", "van", "a", 1)),
    ],
)
def test_a_broken_limit_is_found(changes: dict[str, int], violation: Violation) -> None:
    assert check(one_route("+a -a", ride("a", 3, 9)), TRAVEL) == []
    assert violation in check(one_route("+a -a", ride("a", 3, 9, **changes)), TRAVEL)


def test_a_shift_that_ends_too_late_is_found() -> None:
    a = ride("a", 3, 9)

    assert check(one_route("+a -a", a, van=replace(VAN, end_s=1170)), TRAVEL) == []
    late = check(one_route("+a -a", a, van=replace(VAN, end_s=1160)), TRAVEL)
    assert late == [Violation("late", "van", None, 10)]
    anywhere = replace(VAN, end=None, end_s=629)
    assert check(one_route("+a -a", a, van=anywhere), TRAVEL) == [Violation("late", "van", None, 1)]


def test_a_rider_on_board_too_long_is_found() -> None:
    a = ride("a", 3, 9, ride_max_s=600)

    assert check(one_route("-a", a, boarded_s={"a": -60}), TRAVEL) == []
    assert check(one_route("-a", a, boarded_s={"a": -61}), TRAVEL) == [
        Violation("late", "van", "a", 1)
    ]


def test_riders_on_board_and_displaced_seats_count() -> None:
    van = replace(VAN, wheelchair_places=2, seats_lost_per_wheelchair=2)
    chair = ride("c", 1, 2, seats=0, wheelchairs=1)
    crowd = ride("a", 3, 9, seats=3)
    full = one_route("-a -c", crowd, chair, van=van, boarded_s={"a": 0, "c": 0})

    assert check(full, TRAVEL) == [Violation("seats", "van", None, 1)]


def test_a_stop_no_road_leads_to_is_found() -> None:
    found = check(one_route("+a -a", ride("a", 3, 100)), {"car": IslandTown()})

    assert found == [Violation("unreachable", "van", "a"), Violation("unreachable", "van", None)]


def test_a_party_no_route_carries_is_found() -> None:
    assert check(Plan(1, {"van": Route(VAN)}, {"a": ride("a", 1, 2)}), TRAVEL) == [
        Violation("not_planned", None, "a")
    ]


def test_a_party_on_two_routes_is_found() -> None:
    other = replace(VAN, id="other")
    routes = {"van": Route(VAN, stops("+a -a")), "other": Route(other, stops("+a -a"))}

    assert check(Plan(1, routes, {"a": ride("a", 1, 2)}), TRAVEL) == [
        Violation("planned_twice", "other", "a")
    ]


def test_a_stop_for_nobody_we_know_is_found() -> None:
    plan = Plan(1, {"van": Route(VAN, stops("+a -a"))}, {})

    assert check(plan, TRAVEL) == [Violation("unknown_request", "van", "a")]


@pytest.mark.parametrize(
    ("words", "boarded_s"),
    [("-a +a", {}), ("+a", {}), ("-a", {}), ("+a -a", {"a": 0}), ("", {"a": 0}), ("+a -a -a", {})],
)
def test_a_party_out_before_in_or_never_is_found(words: str, boarded_s: dict[str, int]) -> None:
    plan = Plan(1, {"van": forged(words, boarded_s=boarded_s)}, {"a": ride("a", 1, 2)})

    assert check(plan, TRAVEL) == [Violation("order", "van", "a")]


@pytest.mark.parametrize("locked", [-1, 3])
def test_a_lock_on_more_stops_than_there_are_is_found(locked: int) -> None:
    plan = Plan(1, {"van": forged("+a -a", locked=locked)}, {"a": ride("a", 1, 2)})

    assert check(plan, TRAVEL) == [Violation("lock", "van", None)]


def test_every_route_is_looked_at() -> None:
    other = replace(VAN, id="other")
    routes = {"van": Route(VAN, stops("+a -a")), "other": Route(other, stops("+b -b"))}
    asked = {"a": ride("a", 1, 2), "b": ride("b", 1, 2, latest_pickup_s=59)}

    assert check(Plan(1, routes, asked), TRAVEL) == [Violation("late", "other", "b", 1)]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(cases() | full_cases())
def test_a_plan_has_violations_exactly_when_linear_programming_finds_no_times(case: Case) -> None:
    assert (check(case.plan, case.travel) == []) == is_feasible(case)
