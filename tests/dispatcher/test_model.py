"""What a request, a vehicle, a route and a plan refuse to be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.model import (
    MOST_S,
    Battery,
    Connection,
    Follows,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    Task,
    Vehicle,
)

REQUEST = Request("a", Place(1), Place(5), 600, 1200, 0, 2400, ride_max_s=900)
VAN = Vehicle("van", Place(0), Place(0), 0, 7200, seats=4)
PAUSE = Task("p", StopKind.BREAK, Place(2), 600, 900, 1800)
REST = Stop("p", StopKind.BREAK)
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
        ({"bags": -2}, "nobody"),
        ({"seats": 0, "bags": 1, "alone": True}, "alone=True"),
        ({"follows": Follows("a")}, "follows itself"),
        ({"earliest_pickup_s": -MOST_S - 1}, "earliest_pickup_s=-2592001 is not between"),
        ({"latest_pickup_s": MOST_S + 1}, "latest_pickup_s=2592001 is not between"),
        ({"earliest_dropoff_s": -MOST_S - 1}, "earliest_dropoff_s=-2592001 is not between"),
        ({"latest_dropoff_s": 1_700_000_000}, "latest_dropoff_s=1700000000 is not between"),
        ({"ride_max_s": MOST_S + 1}, "ride_max_s=2592001 is not between"),
        ({"boarding_s": MOST_S + 1}, "boarding_s=2592001 is not between"),
        ({"alighting_s": MOST_S + 1}, "alighting_s=2592001 is not between"),
        ({"seats": 101}, "seats=101 is not between"),
        ({"wheelchairs": 101}, "wheelchairs=101 is not between"),
        ({"bags": 101}, "bags=101 is not between"),
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
        ({"bags": -1}, "less than nobody"),
        ({"seats": 101}, "at most 100, not 101"),
        ({"bags": 101}, "at most 100, not 101"),
        ({"start_s": -MOST_S - 1}, "start_s=-2592001 is not between"),
        ({"end_s": MOST_S + 1}, "end_s=2592001 is not between"),
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
    assert replace(van, bags=2).holds(1, 0, 2)
    assert not replace(van, bags=2).holds(1, 0, 3)


def test_a_parcel_is_bags_and_nobody() -> None:
    assert replace(REQUEST, seats=0, bags=1).riders == 0


def test_a_party_may_ride_where_it_is_pinned_or_else_where_it_may() -> None:
    choosy = replace(REQUEST, only=frozenset({"van"}), prefers=frozenset({"bus"}))

    assert REQUEST.allows("bus")
    assert choosy.allows("van")
    assert not choosy.allows("bus")
    assert replace(choosy, pinned="bus").allows("bus")
    assert not replace(choosy, pinned="bus").allows("van")
    assert REQUEST.likes("van")
    assert choosy.likes("bus")
    assert not choosy.likes("van")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"capacity_wh": 0, "now_wh": 0, "reserve_wh": 0}, "reserve_wh=0 of capacity_wh=0"),
        ({"capacity_wh": 10_000_001}, "capacity_wh=10000001 is not between"),
        ({"reserve_wh": -1}, "reserve_wh=-1"),
        ({"reserve_wh": 1001}, "reserve_wh=1001"),
        ({"now_wh": -1}, "now_wh=-1"),
        ({"now_wh": 1001}, "now_wh=1001"),
        ({"taper_share": 0.0}, "taper_share"),
        ({"taper_share": 1.0}, "taper_share"),
        ({"taper_share": float("nan")}, "taper_share"),
    ],
)
def test_an_impossible_battery_is_refused(changes: dict[str, Any], says: str) -> None:
    battery = Battery(1000, 1000, 1000)

    with pytest.raises(ValueError, match=says):
        replace(battery, **changes)


def test_a_margin_and_a_stay_are_no_less_than_nothing() -> None:
    assert Connection("t", "to_bus", 0, 0).margin_s == 0

    with pytest.raises(ValueError, match="margin_s=-1"):
        Connection("t", "to_bus", 0, -1)
    with pytest.raises(ValueError, match="bus_s=1700000000"):
        Connection("t", "to_bus", 1_700_000_000)
    with pytest.raises(ValueError, match="stay_s=-1"):
        Follows("a", -1)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"latest_s": 599}, "window ends before"),
        ({"lasts_s": -1}, "lasts_s=-1"),
        ({"power_w": -1}, "power_w=-1"),
        ({"power_w": 10_000_001}, "power_w=10000001"),
        ({"power_w": 1}, "power_w=1 during a break"),
        ({"earliest_s": -MOST_S - 1}, "earliest_s=-2592001"),
        ({"latest_s": MOST_S + 1}, "latest_s=2592001"),
        ({"lasts_s": MOST_S + 1}, "lasts_s=2592001"),
        ({"kind": StopKind.PICKUP}, "pickup is no task"),
    ],
)
def test_an_impossible_task_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(PAUSE, **changes)


@pytest.mark.parametrize(
    ("stops", "tasks", "says"),
    [
        ((), {"p": PAUSE}, "not its tasks"),
        ((REST,), {}, "not its tasks"),
        ((REST, REST), {"p": PAUSE}, "not its tasks"),
        ((Stop("p", StopKind.CHARGE),), {"p": PAUSE}, "not its tasks"),
        ((IN, OUT, Stop("a", StopKind.BREAK)), {"a": replace(PAUSE, id="a")}, "id of a party"),
    ],
)
def test_a_route_does_its_tasks_once_each(
    stops: tuple[Stop, ...], tasks: dict[str, Task], says: str
) -> None:
    assert Route(VAN, (IN, OUT, REST), tasks={"p": PAUSE}).request_ids == {"a"}

    with pytest.raises(ValueError, match=says):
        Route(VAN, stops, tasks=tasks)


def test_ids_are_used_once_in_a_plan() -> None:
    van = Route(VAN, (REST,), tasks={"p": PAUSE})
    bus = Route(replace(VAN, id="bus"), (REST,), tasks={"p": PAUSE})

    assert Plan(0, {"van": van}, {"a": REQUEST}).routes["van"] is van
    with pytest.raises(ValueError, match="id of another"):
        Plan(0, {"van": van, "bus": bus}, {})
    with pytest.raises(ValueError, match="id of another"):
        Plan(0, {"van": van}, {"p": replace(REQUEST, id="p")})


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
