"""One more party: worked examples, and every position tried by linear programming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatcher.check import check
from dispatcher.fleet import Fleet, party_of
from dispatcher.insert import Insertion, best_in, found_in, insert, insertions, warm
from dispatcher.model import Place, Plan, Request, Route, Stop, StopKind, Vehicle
from dispatcher.schedule import Schedule, schedule
from tests.dispatcher.draw import (
    Case,
    cases_and_parties,
    full_cases_and_parties,
    parties,
    powered_towns,
    routes,
    towns,
)
from tests.dispatcher.oracle import cost, is_feasible, places_for, with_party
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride, stops
from tests.towns import IslandTown, LineTown


def planned(words: str, *asked: Request, van: Vehicle = VAN, locked: int = 0) -> Plan:
    route = Route(van, stops(words), locked=locked)
    return Plan(1, {van.id: route}, {request.id: request for request in asked})


def best(plan: Plan, party: Request) -> Insertion | None:
    found = insertions(plan, party, TRAVEL)
    return found[0] if found else None


def tried(plan: Plan, party: Request) -> int:
    """How many exact tests the search needed."""
    approach = Fleet(plan, TRAVEL).approach(party.origin, party.destination)
    return int(approach.search(party_of(party)).tried.sum())


def test_an_empty_vehicle_drives_there_and_back() -> None:
    a = ride("a", 3, 9, earliest_pickup_s=600)

    # 3 + 6 + 9 minutes of driving, and an eighth of the six the rider sits through.
    assert best(planned(""), a) == Insertion("van", 0, 1, 1080 + 45, 600, 1020, 360)


def test_a_party_on_the_way_costs_its_own_time_only() -> None:
    a, b = ride("a", 3, 9), ride("b", 4, 8)

    found = best(planned("+a -a", a), b)

    assert found is not None
    assert (found.pickup_index, found.dropoff_index, found.cost_s) == (1, 2, 30)


def test_riders_on_board_make_a_detour_dearer() -> None:
    a, b = ride("a", 3, 9, seats=2), ride("b", 9, 10)

    # With a on board the minute to 10 and back would cost an eighth more for each rider.
    found = best(planned("+a -a", a, van=replace(VAN, end=Place(9))), b)

    assert found is not None
    assert (found.dropoff_index, found.cost_s) == (3, 120 + 7.5)


def test_the_vehicle_that_is_near_comes_first() -> None:
    far, near = replace(VAN, id="far"), replace(VAN, id="near", start=Place(3), end=Place(3))
    plan = Plan(1, {"far": Route(far), "near": Route(near)}, {})

    found = insertions(plan, ride("a", 3, 4), TRAVEL)

    assert [(one.vehicle_id, one.cost_s) for one in found] == [("near", 127.5), ("far", 487.5)]
    others = insertions(plan, ride("a", 3, 4), TRAVEL, banned=frozenset({"near"}))
    assert [one.vehicle_id for one in others] == ["far"]


@pytest.mark.parametrize(
    "changes",
    [
        {"latest_pickup_s": 179},
        {"latest_dropoff_s": 599},
        {"ride_max_s": 359},
        {"seats": 5},
        {"wheelchairs": 1},
        {"earliest_pickup_s": 6600},
    ],
)
def test_no_vehicle_is_offered_that_would_break_a_limit(changes: dict[str, int]) -> None:
    fits = ride("a", 3, 9, latest_pickup_s=180, latest_dropoff_s=600, ride_max_s=360, seats=4)
    roomy = ride("a", 3, 9, **changes)

    assert best(planned(""), fits) is not None
    assert best(planned(""), roomy) is None


def test_a_promise_given_earlier_is_kept() -> None:
    a = ride("a", 3, 9, earliest_pickup_s=180, latest_pickup_s=180, latest_dropoff_s=600)

    found = best(planned("+a -a", a), ride("b", 5, 4))

    # On the way would cost a two minutes; the way home has time.
    assert found is not None
    assert found.pickup_index == 2


def test_nothing_comes_before_a_locked_stop() -> None:
    a, b = ride("a", 3, 9), ride("b", 1, 2)

    free, locked = best(planned("+a -a", a), b), best(planned("+a -a", a, locked=1), b)
    both = best(planned("+a -a", a, locked=2), b)

    assert free is not None
    assert locked is not None
    assert both is not None
    assert (free.pickup_index, locked.pickup_index, both.pickup_index) == (0, 2, 2)


def test_a_seat_that_is_taken_half_way_is_no_seat() -> None:
    van = replace(VAN, seats=2)
    a = ride("a", 3, 9, latest_pickup_s=180, latest_dropoff_s=1000)
    b = ride("b", 5, 7, latest_pickup_s=450)
    plan = planned("+a +b -b -a", a, b, van=van)

    through = best(plan, ride("c", 4, 8, latest_pickup_s=800, latest_dropoff_s=1000))
    after = best(plan, ride("c", 7, 8, latest_pickup_s=800, latest_dropoff_s=1000))

    assert through is None
    assert after is not None


def test_wheelchairs_trade_places_for_seats() -> None:
    van = replace(VAN, seats=3, wheelchair_places=2, seats_lost_per_wheelchair=1)
    a = ride("a", 3, 9, latest_pickup_s=180, latest_dropoff_s=900)
    plan = planned("+a -a", a, van=van)
    tight = {"latest_pickup_s": 400, "latest_dropoff_s": 900}

    assert best(plan, ride("c", 4, 8, seats=0, wheelchairs=2, **tight)) is not None
    assert best(plan, ride("c", 4, 8, seats=1, wheelchairs=1, **tight)) is not None
    assert best(plan, ride("c", 4, 8, seats=1, wheelchairs=2, **tight)) is None
    assert best(plan, ride("c", 4, 8, seats=0, wheelchairs=3, **tight)) is None


def test_wheelchairs_on_board_on_the_way_take_the_places() -> None:
    van = replace(VAN, wheelchair_places=1)
    a = ride("a", 5, 6, seats=0, wheelchairs=1, latest_pickup_s=400)
    plan = planned("+a -a", a, van=van)
    tight = {"latest_pickup_s": 300, "latest_dropoff_s": 700}

    assert best(plan, ride("c", 4, 8, seats=0, wheelchairs=1, **tight)) is None
    assert best(plan, ride("c", 4, 8, **tight)) is not None


def test_a_day_that_ends_anywhere_needs_no_way_home() -> None:
    van = replace(VAN, end=None, end_s=630)

    found = best(planned("", van=van), ride("a", 3, 9))
    second = best(planned("+a -a", ride("a", 3, 9), van=replace(van, end_s=720)), ride("b", 4, 9))

    assert found is not None
    assert found.cost_s == 540 + 45
    assert second is not None
    assert second.cost_s == 37.5
    assert best(planned("", van=replace(van, end_s=629)), ride("a", 3, 9)) is None


def test_no_road_leads_to_an_island() -> None:
    travel = {"car": IslandTown()}

    assert insertions(planned(""), ride("a", 3, 100), travel) == []
    assert insertions(planned(""), ride("a", 100, 3), travel) == []


class SlowWayHome(LineTown):
    """Minutes along a line, but twenty from 9 to 0, where nine by way of 8 would do."""

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        seconds = super().table(origins, destinations)
        slow = np.equal(origins, 9)[:, None] & np.equal(destinations, 0)
        return np.where(slow, np.int32(1200), seconds)


def test_a_rider_on_a_quicker_way_home_may_come_though_it_is_late_for_the_slow_one() -> None:
    van, a = replace(VAN, end_s=630 + 1200), ride("a", 3, 9)
    b = ride("b", 2, 8, earliest_pickup_s=200)

    [found] = insertions(planned("+a -a", a, van=van), b, {"car": SlowWayHome()})

    assert (found.pickup_index, found.dropoff_index, found.dropoff_s) == (0, 3, 830)


def test_each_vehicle_is_timed_in_its_own_profile() -> None:
    slow = replace(VAN, id="slow", profile="micro_ev")
    plan = Plan(1, {"slow": Route(slow), "van": Route(VAN)}, {})
    town = TRAVEL["car"]
    travel = {"car": town, "micro_ev": type(town)(minute_s=90)}

    found = insertions(plan, ride("a", 3, 9), travel)

    assert [(one.vehicle_id, one.ride_s) for one in found] == [("van", 360), ("slow", 540)]


def test_a_short_ride_stays_short_when_others_get_in_before_it() -> None:
    plan = planned("+a -a", ride("a", 5, 9, ride_max_s=240))

    before, around = best(plan, ride("b", 1, 3)), best(plan, ride("b", 1, 9))

    assert before is not None
    assert (before.pickup_index, before.dropoff_index, before.cost_s) == (0, 1, 15)
    assert around is not None
    assert (around.pickup_index, around.dropoff_index, around.cost_s) == (0, 3, 60)


def test_a_party_is_put_in_once() -> None:
    a = ride("a", 3, 9)
    place = Insertion("van", 0, 1, 0, 0, 0, 0)

    after = insert(planned(""), a, place)

    assert after.routes["van"].stops == (Stop("a", StopKind.PICKUP), Stop("a", StopKind.DROPOFF))
    with pytest.raises(ValueError, match="already"):
        insert(after, a, place)


def test_a_fleet_answers_for_its_own_plan_only() -> None:
    plan = planned("")
    fleet = Fleet(plan, TRAVEL)
    later = insert(plan, ride("a", 3, 9), Insertion("van", 0, 1, 0, 0, 0, 0))

    with pytest.raises(ValueError, match="used for plan 2"):
        insertions(later, ride("b", 3, 9), TRAVEL, fleet=fleet)

    b = ride("b", 4, 8)
    assert insertions(later, b, TRAVEL, fleet=fleet.at(later)) == insertions(later, b, TRAVEL)


def test_a_later_plan_compiles_only_the_route_that_changed() -> None:
    plan = Plan(1, {"van": Route(VAN), "bus": Route(replace(VAN, id="bus"))}, {})
    fleet = Fleet(plan, TRAVEL)

    later = fleet.at(insert(plan, ride("a", 3, 9), Insertion("van", 0, 1, 0, 0, 0, 0)))

    assert later.compiled["bus"] is fleet.compiled["bus"]
    assert later.compiled["van"] is not fleet.compiled["van"]


def test_a_promise_changed_without_moving_a_stop_is_compiled_anew() -> None:
    a, b = ride("a", 3, 9), ride("b", 4, 8)
    plan = planned("+a -a", a)
    fleet = Fleet(plan, TRAVEL)
    narrowed = plan.with_route(plan.routes["van"], replace(a, latest_dropoff_s=600))

    before = insertions(plan, b, TRAVEL, fleet=fleet)
    after = insertions(narrowed, b, TRAVEL, fleet=fleet.at(narrowed))

    assert (before[0].pickup_index, after[0].pickup_index) == (1, 2)


def test_no_fleet_offers_nothing() -> None:
    assert insertions(Plan(0, {}, {}), ride("a", 1, 2), TRAVEL) == []


def test_warming_needs_nothing_and_returns() -> None:
    warm()


@pytest.mark.parametrize(
    ("party", "most"),
    [
        ({"latest_pickup_s": 100}, 0),  # nobody can be there so soon
        ({"latest_pickup_s": 100, "earliest_pickup_s": 50}, 0),
        ({"latest_dropoff_s": 400}, 0),
        ({"seats": 5}, 0),
        ({"wheelchairs": 1}, 0),
        ({"earliest_pickup_s": 6900}, 0),  # the shift ends first
    ],
)
def test_hopeless_places_cost_no_exact_test(party: dict[str, int], most: int) -> None:
    a = ride("a", 4, 9, latest_pickup_s=500, latest_dropoff_s=900)

    assert tried(planned("+a -a", a), ride("b", 5, 8, **party)) <= most


def test_a_dearer_place_costs_no_exact_test() -> None:
    a = ride("a", 5, 9)

    # The first place tried is the cheapest of the six.
    assert tried(planned("+a -a", a), ride("b", 1, 2)) == 1


@pytest.mark.parametrize(
    ("crowd", "van"),
    [
        ({"seats": 5}, Vehicle("van", Place(0), Place(0), 0, 7200, seats=4)),
        (
            {"seats": 0, "wheelchairs": 2},
            Vehicle("van", Place(0), Place(0), 0, 7200, seats=4, wheelchair_places=1),
        ),
    ],
)
def test_nobody_is_put_into_a_vehicle_that_is_too_full_already(
    crowd: dict[str, int], van: Vehicle
) -> None:
    route = Route(van, (Stop("a", StopKind.DROPOFF),), {"a": 0})
    plan = Plan(0, {"van": route}, {"a": ride("a", 0, 2, **crowd)})

    assert insertions(plan, ride("b", 5, 6), TRAVEL) == []


@settings(max_examples=250, deadline=None, derandomize=True)
@given(cases_and_parties() | full_cases_and_parties())
def test_the_best_place_is_the_cheapest_that_linear_programming_allows(
    drawn: tuple[Case, Request],
) -> None:
    case, party = drawn
    grown = [with_party(case, party, i, j) for i, j in places_for(case)]
    allowed = [cost(one) - cost(case) for one in grown if is_feasible(one)]

    found = insertions(case.plan, party, case.travel)

    assert [one.cost_s for one in found] == pytest.approx([min(allowed)] if allowed else [])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(cases_and_parties() | full_cases_and_parties())
def test_an_insertion_is_the_schedule_it_announces(drawn: tuple[Case, Request]) -> None:
    case, party = drawn
    for one in insertions(case.plan, party, case.travel):
        after = insert(case.plan, party, one)
        times = schedule(after.routes["van"], after.requests, case.travel)
        assert check(after, case.travel) == []
        assert isinstance(times, Schedule)
        assert times.begin_s[one.pickup_index] == one.pickup_s
        assert times.begin_s[one.dropoff_index] == one.dropoff_s
        assert one.ride_s == one.dropoff_s - one.pickup_s - party.boarding_s <= party.ride_max_s


@st.composite
def _fleets(draw: st.DrawFn) -> tuple[list[Case], Request]:
    full = draw(st.booleans())
    town = draw(powered_towns() if full else towns())
    cases = [draw(routes(town, name, most=2, full=full)) for name in ("one", "two", "three")]
    return cases, draw(parties("new", town, full=full))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(_fleets())
def test_a_fleet_finds_for_every_vehicle_what_the_vehicle_alone_finds(
    drawn: tuple[list[Case], Request],
) -> None:
    cases, party = drawn
    every = {name: request for case in cases for name, request in case.requests.items()}
    fleet = Plan(1, {case.route.vehicle.id: case.route for case in cases}, every)

    together = insertions(fleet, party, cases[0].travel)
    alone = [one for case in cases for one in insertions(case.plan, party, case.travel)]

    assert together == sorted(alone, key=lambda one: one.cost_s)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(_fleets())
def test_many_alternatives_are_answered_as_one_by_one(drawn: tuple[list[Case], Request]) -> None:
    cases, party = drawn
    every = {name: request for case in cases for name, request in case.requests.items()}
    plan = Plan(1, {case.route.vehicle.id: case.route for case in cases}, every)
    approach = Fleet(plan, cases[0].travel).approach(party.origin, party.destination)
    others = [
        party,
        replace(party, latest_pickup_s=party.latest_pickup_s + 300),
        replace(party, only=frozenset({"three"}), pinned=None),
        replace(party, prefers=frozenset({"two"})),
        replace(party, bags=party.bags + 1),
    ]

    found = best_in(approach, others, banned=frozenset({"one"}))

    one_by_one = [found_in(approach, other, frozenset({"one"})) for other in others]
    assert found == [every[0] if every else None for every in one_by_one]


def test_no_alternatives_and_no_vehicles_are_no_places() -> None:
    approach = Fleet(Plan(0, {}, {}), TRAVEL).approach(Place(1), Place(2))

    assert best_in(approach, [ride("a", 1, 2)]) == [None]
    assert best_in(approach, []) == []


def allowed(case: Case, plan: Plan, party: Request) -> list[float]:
    """What every place that the verifier allows would add to the cost."""
    now = Case(plan.routes["van"], dict(plan.requests), case.town)
    grown = [with_party(now, party, i, j) for i, j in places_for(now)]
    return [cost(one) - cost(now) for one in grown if check(one.plan, case.travel) == []]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_every_accepted_promise_survives_later_ones_and_none_is_refused_for_nothing(
    data: st.DataObject,
) -> None:
    town = data.draw(towns())
    case = data.draw(routes(town, most=0))
    plan = case.plan
    fleet = Fleet(plan, case.travel)
    for number in range(5):
        party = data.draw(parties(str(number), town))
        found = insertions(plan, party, case.travel, fleet=fleet)
        costs = allowed(case, plan, party)
        assert [one.cost_s for one in found] == pytest.approx([min(costs)] if costs else [])
        if found:
            plan = insert(plan, party, found[0])
            fleet = fleet.at(plan)
            assert check(plan, case.travel) == []
