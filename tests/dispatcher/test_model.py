"""What a request, a vehicle, a route and a plan refuse to be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.model import Place, Plan, Request, Route, Stop, StopKind, Vehicle

REQUEST = Request("a", Place(1), Place(5), 600, 1200, 0, 2400, ride_max_s=900)
VAN = Vehicle("van", Place(0), Place(0), 0, 7200, seats=4)
IN, OUT = Stop("a", StopKind.PICKUP), Stop("a", StopKind.DROPOFF)


def test_a_request_can_be_exactly_as_tight_as_possible() -> None:
    tight = replace(REQUEST, latest_pickup_s=600, earliest_dropoff_s=1560, latest_dropoff_s=1560)

    assert tight.riders == 1
    assert replace(REQUEST, latest_dropoff_s=660).latest_dropoff_s == 660
    assert replace(REQUEST, seats=0, wheelchairs=1, boarding_s=0, alighting_s=0).riders == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seats": 0}, "nobody"),
        ({"seats": -1, "wheelchairs": 2}, "nobody"),
        ({"seats": 2, "wheelchairs": -1}, "nobody"),
        ({"boarding_s": -1}, "less than no time"),
        ({"alighting_s": -1}, "less than no time"),
        ({"latest_pickup_s": 599}, "pickup window"),
        ({"earliest_dropoff_s": 2000, "latest_dropoff_s": 1999}, "dropoff window"),
        ({"latest_dropoff_s": 659}, "due before"),
        ({"earliest_dropoff_s": 2161}, "cannot reach"),
        ({"ride_max_s": -1}, "less than no time"),
    ],
)
def test_a_request_no_ride_could_keep_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(REQUEST, **changes)


def test_a_vehicle_may_have_no_time_and_no_room_left() -> None:
    assert replace(VAN, end_s=0, seats=0).seats == 0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seats": -1}, "less than nobody"),
        ({"wheelchair_places": -1}, "less than nobody"),
        ({"seats_lost_per_wheelchair": -1}, "less than nobody"),
        ({"end_s": -1}, "shift ends before"),
    ],
)
def test_an_impossible_vehicle_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(VAN, **changes)


def test_a_wheelchair_takes_its_place_and_the_seats_it_displaces() -> None:
    van = replace(VAN, wheelchair_places=2, seats_lost_per_wheelchair=2)

    assert van.holds(4, 0)
    assert van.holds(2, 1)
    assert van.holds(0, 2)
    assert not van.holds(5, 0)
    assert not van.holds(3, 1)
    assert not van.holds(1, 2)
    assert not replace(van, seats=9).holds(0, 3)


@pytest.mark.parametrize(
    ("stops", "boarded_s", "says"),
    [
        ((OUT,), {}, "without having got in"),
        ((OUT, IN), {}, "without having got in"),
        ((IN,), {}, "never get out"),
        ((), {"a": 0}, "never get out"),
        ((IN, OUT), {"a": 0}, "in twice"),
        ((IN, OUT, IN, OUT), {}, "in twice"),
        ((IN, IN, OUT), {}, "in twice"),
        ((OUT, OUT), {"a": 0}, "without having got in"),
    ],
)
def test_a_route_lets_everybody_in_once_and_then_out(
    stops: tuple[Stop, ...], boarded_s: dict[str, int], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Route(VAN, stops, boarded_s)


@pytest.mark.parametrize("locked", [-1, 3])
def test_a_route_locks_no_more_stops_than_it_has(locked: int) -> None:
    assert Route(VAN, (IN, OUT), locked=2).locked == 2

    with pytest.raises(ValueError, match="locked"):
        Route(VAN, (IN, OUT), locked=locked)


def test_a_plan_files_a_route_under_its_vehicle() -> None:
    with pytest.raises(ValueError, match="filed under"):
        Plan(0, {"bus": Route(VAN)}, {})


def test_a_changed_plan_has_the_next_version_and_leaves_the_old_alone() -> None:
    before = Plan(7, {"van": Route(VAN)}, {})

    after = before.with_route(Route(VAN, (IN, OUT)), REQUEST)

    assert (before.version, dict(before.requests)) == (7, {})
    assert (after.version, dict(after.requests)) == (8, {"a": REQUEST})
    assert after.route_of("a") == Route(VAN, (IN, OUT))
    assert after.route_of("b") is None


def test_a_cancelled_party_leaves_its_route_and_the_lock_shrinks_with_it() -> None:
    other = replace(REQUEST, id="b")
    stops = (IN, Stop("b", StopKind.PICKUP), OUT, Stop("b", StopKind.DROPOFF))
    plan = Plan(1, {"van": Route(VAN, stops, locked=2)}, {"a": REQUEST, "b": other})

    after = plan.without("a")

    assert after.version == 2
    assert after.requests == {"b": other}
    assert after.routes["van"] == Route(VAN, (stops[1], stops[3]), locked=1)


def test_a_party_that_waits_for_a_route_can_be_cancelled() -> None:
    plan = Plan(1, {"van": Route(VAN)}, {"a": REQUEST})

    assert plan.without("a").requests == {}


def test_a_party_on_board_or_unknown_cannot_be_cancelled() -> None:
    plan = Plan(1, {"van": Route(VAN, (OUT,), {"a": 100})}, {"a": REQUEST})

    with pytest.raises(ValueError, match="on board"):
        plan.without("a")
    with pytest.raises(KeyError):
        plan.without("b")
