"""Room made by moving others within their promises, before anybody is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from dispatcher import shuffle
from dispatcher.alternatives import Other
from dispatcher.ask import Ask, OfferRules
from dispatcher.check import check
from dispatcher.fleet import Fleet
from dispatcher.model import Place, Plan, Route, TravelTimes, Vehicle
from dispatcher.offer import offers, take
from dispatcher.refuse import Reason, Refusal
from dispatcher.search_plan import fitted, warm_search
from dispatcher.shuffle import Budget, MaxWall, shuffled
from tests.dispatcher.test_refuse import TIGHT, wishes
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride, stops

RULES = OfferRules(
    window_s=600, earlier_s=1800, later_s=1800, ride_max_extra_s=120, arrive_slack_s=900,
    shuffle_s=60.0, shuffle_iterations=300,
)  # fmt: skip
NEVER = replace(RULES, shuffle_s=0.0)
ASK = Ask("new", Place(3), Place(9), desired_s=3600, seats=0, wheelchairs=1)
LIFT = Vehicle("lift", Place(20), Place(20), 0, 9000, seats=4, wheelchair_places=1)
B = ride("b", 20, 30, earliest_pickup_s=3600, latest_pickup_s=4000, latest_dropoff_s=5000)


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    warm_search()


def taken_lift() -> Plan:
    """The only vehicle with a lift carries somebody the van could carry as well."""
    lift = Route(LIFT, stops("+b -b"))
    return Plan(1, {"van": Route(replace(VAN, end_s=9000)), "lift": lift}, {"b": B})


def test_others_make_room_before_anybody_is_refused() -> None:
    refusal = offers(taken_lift(), ASK, TRAVEL, NEVER)
    answer = offers(taken_lift(), ASK, TRAVEL, RULES)

    assert isinstance(refusal, Refusal)
    assert isinstance(answer, list)
    first = answer[0]
    assert (first.shuffled, first.vehicle_id, first.other) == (True, "lift", Other.NOTHING)
    assert first.because.code == "offer.shuffled"
    assert 3600 <= first.pickup_s <= 4200
    assert (first.ride_s, first.detour_s, first.shared_with) == (360, 0, 0)


def test_an_offer_that_needs_room_is_realised_when_it_is_taken() -> None:
    plan = taken_lift()
    answer = offers(plan, ASK, TRAVEL, RULES)
    assert isinstance(answer, list)
    promise = answer[0].promise

    taken = take(plan, promise, TRAVEL, rules=RULES)

    assert isinstance(taken, Plan)
    assert taken.version == plan.version + 1
    assert taken.routes["van"].request_ids == {"b"}
    assert taken.routes["lift"].request_ids == {"new"}
    assert check(taken, TRAVEL) == []
    assert take(plan, promise, TRAVEL, rules=NEVER) == Refusal(Reason.GONE, None)
    assert take(plan, promise, TRAVEL) == taken


def test_nobody_on_the_way_is_moved_to_make_room() -> None:
    plan = taken_lift()
    locked = plan.with_route(replace(plan.routes["lift"], locked=1))

    assert isinstance(offers(locked, ASK, TRAVEL, RULES), Refusal)


def test_a_vehicle_that_is_banned_makes_no_room() -> None:
    plan = taken_lift()

    assert isinstance(offers(plan, ASK, TRAVEL, RULES, banned=frozenset({"van"})), Refusal)
    assert isinstance(offers(plan, ASK, TRAVEL, RULES, banned=frozenset({"lift"})), Refusal)


def test_no_room_is_made_for_whoever_has_a_place_already() -> None:
    refusal = offers(taken_lift(), replace(ASK, id="b"), TRAVEL, RULES)

    assert isinstance(refusal, Refusal)


def test_without_a_compiled_search_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shuffle, "is_compiled", lambda: False)

    assert isinstance(offers(taken_lift(), ASK, TRAVEL, RULES), Refusal)


def test_no_search_is_made_for_what_even_idle_vehicles_cannot_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(shuffle, "fitted", forbidden)
    large = replace(ASK, wheelchairs=2)

    assert isinstance(offers(taken_lift(), large, TRAVEL, RULES), Refusal)
    with pytest.raises(AssertionError):
        offers(taken_lift(), ASK, TRAVEL, RULES)


@pytest.mark.parametrize(("iterations", "seconds"), [(0, 1.0), (10, 0.0)])
def test_a_spent_budget_searches_no_more(iterations: int, seconds: float) -> None:
    plan = taken_lift()
    budget = Budget.of(iterations, seconds)
    approach = Fleet(plan, TRAVEL).approach(Place(3), Place(9))

    assert budget.is_over
    assert shuffled(plan, ride("new", 3, 9), approach, budget) is None


def test_the_clock_ends_a_search_that_iterations_would_not() -> None:
    assert MaxWall(1.0, began=-100.0).spent(0) >= 1
    assert MaxWall(1e9).spent(0) < 1
    assert MaxWall(0.0).spent(0) == 1
    assert 0 < MaxWall(1.0).rounds(0) <= 50


def test_in_a_large_fleet_only_the_nearest_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = taken_lift()
    far = {
        f"far{n}": Route(replace(VAN, id=f"far{n}", start=Place(500 + n), end=None))
        for n in range(40)
    }
    gone = Route(replace(VAN, id="gone", start=Place(3), end=Place(3), end_s=600))
    plan = Plan(1, {**far, "gone": gone, **plan.routes}, plan.requests)
    seen: list[Plan] = []

    def watched(part: Plan, *given_: Any, **more: Any) -> Plan | None:  # noqa: ANN401
        seen.append(part)
        return fitted(part, *given_, **more)

    monkeypatch.setattr(shuffle, "fitted", watched)

    answer = offers(plan, ASK, TRAVEL, RULES)

    assert isinstance(answer, list)
    assert answer[0].shuffled
    assert len(seen[0].routes) == shuffle.MOST_VEHICLES
    assert {"van", "lift"} <= seen[0].routes.keys()
    assert "gone" not in seen[0].routes
    assert seen[0].requests.keys() == {"b"}


def test_a_stretch_that_empties_the_battery_for_the_day_is_no_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shuffle, "breaks_nothing", lambda *_: False)

    assert isinstance(offers(taken_lift(), ASK, TRAVEL, RULES), Refusal)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(wishes())
def test_whatever_room_is_made_for_can_be_taken_and_keeps_every_promise(
    drawn: tuple[Plan, dict[str, TravelTimes], Ask],
) -> None:
    plan, travel, ask = drawn
    rules = replace(TIGHT, shuffle_s=60.0, shuffle_iterations=50)
    answer = offers(plan, ask, travel, rules)
    if isinstance(answer, list):
        first = answer[0]
        taken = take(plan, first.promise, travel, rules=rules)
        assert isinstance(taken, Plan)
        assert check(taken, travel) == []
        assert {id_: taken.requests[id_] for id_ in plan.requests} == plan.requests
        assert first.promise.earliest_pickup_s <= first.pickup_s <= first.promise.latest_pickup_s


def test_nobody_is_moved_who_need_not_be() -> None:
    """Nine cars have one rider each, any of whom could go elsewhere; one has to."""
    parked = Place(200)
    cars = {f"car{n}": Route(replace(VAN, id=f"car{n}", start=parked, end=None, end_s=9000),
                             stops(f"+r{n} -r{n}")) for n in range(9)}  # fmt: skip
    others = {
        f"r{n}": ride(f"r{n}", 200 + n, 210 + n, earliest_pickup_s=0, latest_pickup_s=8000,
                      latest_dropoff_s=9000) for n in range(9)
    }  # fmt: skip
    plan = Plan(1, {**taken_lift().routes, **cars}, {"b": B, **others})

    answer = offers(plan, ASK, TRAVEL, RULES)

    assert isinstance(answer, list)
    assert answer[0].room is not None
    assert len(answer[0].room.swaps) == 2
