"""A plan through its day: in, out, on the way, and late."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from dispatcher.check import check
from dispatcher.model import Place, Plan, Request, Route, Stop, StopKind, Vehicle
from dispatcher.plan import boarded, dropped, moved, relaxed
from dispatcher.schedule import Breach, Rule, Schedule, schedule
from tests.dispatcher.draw import Case, cases
from tests.dispatcher.oracle import has_room
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride, stops

A, B = ride("a", 3, 9), ride("b", 5, 7)
PLAN = Plan(1, {"van": Route(VAN, stops("+a +b -b -a"), locked=2)}, {"a": A, "b": B})


def test_a_vehicle_on_its_way_leaves_from_where_it_is() -> None:
    after = moved(PLAN, "van", Place(2), 100)

    assert after.version == 2
    assert after.routes["van"].stops == PLAN.routes["van"].stops
    assert (after.routes["van"].vehicle.start, after.routes["van"].vehicle.start_s) == (2, 100)
    assert after.routes["van"].vehicle.end_s == 7200


def test_a_vehicle_out_after_its_shift_ends_it_as_soon_as_it_can() -> None:
    after = moved(PLAN, "van", Place(2), 7300)

    assert after.routes["van"].vehicle.end_s == 7300


def test_a_party_that_got_in_is_on_board_where_it_got_in() -> None:
    after = boarded(PLAN, "a", 250)

    route = after.routes["van"]
    assert route.stops == stops("+b -b -a")
    assert route.boarded_s == {"a": 250}
    assert (route.vehicle.start, route.vehicle.start_s, route.locked) == (3, 250, 1)


def test_a_party_may_get_in_before_its_turn_and_keeps_the_lock_of_the_others() -> None:
    first = Plan(1, {"van": Route(VAN, stops("+a +b -b -a"), locked=1)}, {"a": A, "b": B})

    after = boarded(first, "b", 250)

    assert after.routes["van"].stops == stops("+a -b -a")
    assert after.routes["van"].locked == 1


def test_a_party_that_got_out_leaves_the_plan() -> None:
    aboard = boarded(boarded(PLAN, "a", 250), "b", 400)

    after = dropped(aboard, "b", 600)

    route = after.routes["van"]
    assert after.version == 4
    assert after.requests == {"a": A}
    assert (route.stops, route.boarded_s, route.locked) == (stops("-a"), {"a": 250}, 0)
    assert (route.vehicle.start, route.vehicle.start_s) == (7, 600)


def test_what_cannot_have_happened_is_a_bug() -> None:
    aboard = boarded(PLAN, "a", 250)

    with pytest.raises(ValueError, match="on board already"):
        boarded(aboard, "a", 300)
    with pytest.raises(ValueError, match="not on board"):
        dropped(PLAN, "a", 300)
    with pytest.raises(ValueError, match="no vehicle carries c"):
        boarded(PLAN, "c", 300)
    with pytest.raises(ValueError, match="no vehicle carries c"):
        dropped(PLAN, "c", 300)


def one_ride(a: Request, van: Vehicle = VAN) -> Plan:
    return Plan(1, {"van": Route(van, stops("+a -a"))}, {"a": a})


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        ({"latest_pickup_s": 100}, {"latest_pickup_s": 180}),
        ({"latest_dropoff_s": 500}, {"latest_dropoff_s": 600}),
        ({"ride_max_s": 300}, {"ride_max_s": 360}),
        (
            {"latest_pickup_s": 100, "latest_dropoff_s": 500, "ride_max_s": 300},
            {"latest_pickup_s": 180, "latest_dropoff_s": 600, "ride_max_s": 360},
        ),
    ],
)
def test_a_late_promise_is_widened_to_what_can_still_be_kept(
    limit: dict[str, int], kept: dict[str, int]
) -> None:
    after = relaxed(one_ride(ride("a", 3, 9, **limit)), TRAVEL)

    assert after.requests["a"] == ride("a", 3, 9, **kept)


def test_a_shift_that_cannot_end_in_time_ends_as_soon_as_it_can() -> None:
    van = Vehicle("van", Place(0), Place(0), 0, 1000, seats=4)

    after = relaxed(one_ride(A, van), TRAVEL)

    assert after.routes["van"].vehicle.end_s == 1170


def test_a_rider_on_board_too_long_is_widened_in_the_limit_that_breaks() -> None:
    a = ride("a", 3, 9, ride_max_s=500, latest_dropoff_s=540)
    plan = Plan(1, {"van": Route(VAN, stops("-a"), {"a": -100})}, {"a": a})

    after = relaxed(plan, TRAVEL)

    assert after.requests["a"] == ride("a", 3, 9, ride_max_s=640, latest_dropoff_s=540)


def test_a_plan_that_keeps_everything_is_left_alone() -> None:
    assert relaxed(PLAN, TRAVEL) is PLAN


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("changes", "rule"), [({"seats": 5}, Rule.SEATS), ({"wheelchairs": 1}, Rule.WHEELCHAIR_PLACES)]
)
def test_no_lateness_makes_room_in_an_overfull_vehicle(changes: dict[str, int], rule: Rule) -> None:
    plan = one_ride(ride("a", 3, 9, **changes))

    after = relaxed(plan, TRAVEL)

    broken = schedule(after.routes["van"], after.requests, TRAVEL)
    assert isinstance(broken, Breach)
    assert broken.rule is rule


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cases())
def test_a_relaxed_plan_keeps_every_limit_and_narrows_none(case: Case) -> None:
    plan = case.plan

    after = relaxed(plan, case.travel)

    if has_room(case):
        assert check(after, case.travel) == []
    for id_, request in plan.requests.items():
        assert_wider(request, after.requests[id_])


def assert_wider(before: Request, after: Request) -> None:
    assert after.earliest_pickup_s == before.earliest_pickup_s
    assert after.earliest_dropoff_s == before.earliest_dropoff_s
    assert after.latest_pickup_s >= before.latest_pickup_s
    assert after.latest_dropoff_s >= before.latest_dropoff_s
    assert after.ride_max_s >= before.ride_max_s


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cases())
def test_a_day_driven_as_scheduled_keeps_every_promise_to_its_end(case: Case) -> None:
    plan = case.plan
    times = schedule(case.route, case.requests, case.travel)
    if not isinstance(times, Schedule):
        return
    for stop, depart_s in zip(case.route.stops, times.depart_s, strict=True):
        event = boarded if stop.kind is StopKind.PICKUP else dropped
        plan = event(plan, stop.request_id, depart_s)
        assert check(plan, case.travel) == []
    assert plan.requests == {}
    assert plan.routes["van"] == Route(plan.routes["van"].vehicle)


def test_a_stop_is_done_only_for_the_party_it_is_of() -> None:
    after = boarded(PLAN, "b", 250)

    assert Stop("a", StopKind.PICKUP) in after.routes["van"].stops
