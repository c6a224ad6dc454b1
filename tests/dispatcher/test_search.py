"""The search finds what brute force finds, and moves nobody it must not."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatcher import search_kernel
from dispatcher.check import check
from dispatcher.cost import NOT_PREFERRED_S, plan_cost_s, route_cost_s
from dispatcher.insert import insertions
from dispatcher.model import (
    RIDER_STOPS,
    Battery,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    Task,
    TravelTimes,
    Vehicle,
)
from dispatcher.schedule import Schedule, schedule
from dispatcher.search import MaxCpu, MaxIterations, _state, _work, _world, search
from dispatcher.search_plan import PlanTask, search_plan, shuffle_in
from tests.dispatcher import oracle
from tests.dispatcher.draw import (
    Case,
    PoweredTown,
    cases_and_parties,
    full_cases_and_parties,
    parties,
)
from tests.dispatcher.test_improve import (
    EAST,
    WEST,
    A,
    B,
    busy_day,
    busy_party,
    crossed,
    full_plans,
)
from tests.dispatcher.test_schedule import TRAVEL, ride, stops
from tests.towns import LineTown


def orders(ids: tuple[str, ...]) -> Iterator[tuple[Stop, ...]]:
    """Every lawful order of the stops of some parties."""
    every = [Stop(id_, kind) for id_ in ids for kind in RIDER_STOPS]
    for order in permutations(every):
        if all(
            order.index(every[at]) < order.index(every[at + 1]) for at in range(0, len(order), 2)
        ):
            yield order


def least_cost(plan: Plan) -> float:
    """What the best of all plans costs, judged by linear programming."""
    ids, routes = sorted(plan.requests), list(plan.routes.values())
    best = {}
    for route, taken in product(routes, product([True, False], repeat=len(ids))):
        mine = tuple(id_ for id_, is_mine in zip(ids, taken, strict=True) if is_mine)
        cases = [
            Case(replace(route, stops=o), dict(plan.requests), LineTown()) for o in orders(mine)
        ]
        cases.sort(key=oracle.cost)
        feasible = (oracle.cost(case) for case in cases if oracle.is_feasible(case))
        best[route.vehicle.id, mine] = next(feasible, np.inf)
    first, second = (route.vehicle.id for route in routes)
    costs = []
    for taken in product([True, False], repeat=len(ids)):
        mine = tuple(id_ for id_, is_mine in zip(ids, taken, strict=True) if is_mine)
        rest = tuple(id_ for id_ in ids if id_ not in mine)
        costs.append(best[first, mine] + best[second, rest])
    return min(costs)


def two_vehicles(seed: int) -> Plan:
    """Three parties with tight limits, each where it was put first rather than best."""
    rng = random.Random(seed)  # noqa: S311 -- not a secret
    car = Vehicle("car", Place(0), Place(0), 0, 20_000, seats=3)
    van = Vehicle("van", Place(20), None, 0, 20_000, 4, 1, 2)
    plan = Plan(1, {"car": Route(car), "van": Route(van)}, {})
    while len(plan.requests) < 3:
        party = busy_party(rng, str(len(plan.requests)))
        early_s = party.earliest_pickup_s % 1200
        party = replace(party, earliest_pickup_s=early_s, earliest_dropoff_s=0)
        fuller = shuffle_in(plan, party, TRAVEL, stop=MaxIterations(1), seed=seed)
        plan = plan if fuller is None else fuller
    return plan


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_cheaper_than_what_the_search_finds(seed: int) -> None:
    plan = two_vehicles(seed)

    better = search_plan(plan, TRAVEL, stop=MaxIterations(300), seed=seed)

    assert check(better, TRAVEL) == []
    assert plan_cost_s(better, TRAVEL) == pytest.approx(least_cost(plan))


def cost_of(place: np.void) -> float:
    return float(place["cost"]) if place["after_p"] >= 0 else np.inf


@settings(max_examples=150, deadline=None)
@given(cases_and_parties())
def test_the_best_place_in_a_route_is_that_of_difference_constraints(
    drawn: tuple[Case, Request],
) -> None:
    case, party = drawn
    if not oracle.is_feasible(case):
        return
    task = PlanTask(case.plan, case.travel, (party,))
    problem = task.problem()
    world, work = _world(problem), _work(problem, 1)
    state = _state(problem, world, task.nodes)

    found = cost_of(search_kernel.place(world, state, work, 0, len(task.parties) - 1, np.inf))

    places = oracle.places_for(case)
    longer = [oracle.with_party(case, party, i, j) for i, j in places]
    costs = [oracle.cost(new) - oracle.cost(case) for new in longer if oracle.is_feasible(new)]
    best = min(costs, default=np.inf)
    if isinstance(case.town, LineTown):
        assert found == pytest.approx(best)
    elif found < np.inf:  # a detour that is shorter than the direct way may hide a place
        assert any(found == pytest.approx(cost) for cost in costs)


@settings(max_examples=300, deadline=None)
@given(full_cases_and_parties())
def test_luggage_tasks_batteries_and_wishes_bound_the_best_place_too(
    drawn: tuple[Case, Request],
) -> None:
    case, party = drawn
    task = PlanTask(case.plan, case.travel, (party,))
    assert bool(task.sound) == oracle.is_feasible(case)
    if not task.sound:
        return
    problem = task.problem()
    world, work = _world(problem), _work(problem, 1)
    state = _state(problem, world, task.nodes)

    found = cost_of(search_kernel.place(world, state, work, 0, len(task.parties) - 1, np.inf))

    longer = [oracle.with_party(case, party, i, j) for i, j in oracle.places_for(case)]
    costs = [oracle.cost(new) - oracle.cost(case) for new in longer if oracle.is_feasible(new)]
    if isinstance(case.town, PoweredTown) and isinstance(case.town.town, LineTown):
        assert found == pytest.approx(min(costs, default=np.inf))
    elif found < np.inf:
        assert any(found == pytest.approx(cost) for cost in costs)


@settings(max_examples=60, deadline=None)
@given(cases_and_parties())
def test_a_place_remembered_is_the_place_found(drawn: tuple[Case, Request]) -> None:
    case, party = drawn
    if not oracle.is_feasible(case):
        return
    task = PlanTask(case.plan, case.travel, (party,))
    problem = task.problem()
    world, work = _world(problem), _work(problem, 1)
    state = _state(problem, world, task.nodes)
    newcomer = len(task.parties) - 1
    first = search_kernel.place(world, state, work, 0, newcomer, np.inf).copy()

    again = search_kernel.place(world, state, work, 0, newcomer, np.inf)

    assert work.tried[:2].tolist() == [2, 1]
    assert again == first


def task_order(route: Route) -> list[str]:
    return [stop.request_id for stop in route.stops if stop.kind not in RIDER_STOPS]


@settings(max_examples=150, deadline=None)
@given(full_plans(), st.data())
def test_whatever_the_search_finds_keeps_every_promise(
    drawn: tuple[Plan, TravelTimes], data: st.DataObject
) -> None:
    plan, town = drawn
    travel = {"car": town}
    party = data.draw(parties("new", town, full=True))
    task = PlanTask(plan, travel, (party,))
    if not task.sound:
        return

    found = search(task.problem(), stop=MaxIterations(15), first=task.nodes)

    after = task.plan_of(found)
    if found.unserved:
        (out,) = found.unserved  # the newcomer, unless another costs more to carry
        rest = {id_: one for id_, one in after.requests.items() if id_ != task.parties[out]}
        after = Plan(2, after.routes, rest)
    assert set(check(after, travel)) <= set(check(plan, travel))
    for id_, route in after.routes.items():
        assert task_order(route) == task_order(plan.routes[id_])
    sound = [after.routes[route.vehicle.id] for route in task.sound]
    unwanted = sum(
        not after.requests[id_].likes(route.vehicle.id)
        for route in sound
        for id_ in route.request_ids - set(task.parties)
    )
    costs = sum(route_cost_s(route, after, travel) for route in sound)
    assert found.cost + NOT_PREFERRED_S * unwanted == pytest.approx(costs)


def test_what_is_remembered_of_another_route_is_not_taken() -> None:
    task = PlanTask(Plan(1, {"west": Route(WEST, stops("+b -b"))}, {"b": B}), TRAVEL, (A,))
    problem = task.problem()
    world, work = _world(problem), _work(problem, 1)
    state = _state(problem, world, task.nodes)
    right = search_kernel.place(world, state, work, 0, 1, np.inf).copy()
    work.memo[1, 0] = state.fleet[0]["key"] + 1, 0.0, 0, 0

    assert search_kernel.place(world, state, work, 0, 1, np.inf) == right


@pytest.mark.parametrize("size", [{"seats": 2}, {"seats": 0, "wheelchairs": 1}])
def test_nobody_gets_in_while_there_is_no_room(size: dict[str, int]) -> None:
    # Sharing would be shortest; both do not fit at once.
    van = replace(WEST, seats=3, wheelchair_places=1)
    a, b = (
        replace(ride(name, at, at + 6), **size)  # type: ignore[arg-type]
        for name, at in (("a", 3), ("b", 5))
    )
    plan = Plan(1, {"west": Route(van, stops("+b -b"))}, {"b": b})

    fuller = shuffle_in(plan, a, TRAVEL, stop=MaxIterations(5))

    assert fuller is not None
    assert fuller.routes["west"].stops in (stops("+a -a +b -b"), stops("+b -b +a -a"))


@pytest.mark.parametrize(
    ("a_is", "b_is"), [({"alone": True}, {}), ({}, {"alone": True}), ({"bags": 1}, {"bags": 1})]
)
def test_nobody_joins_who_rides_alone_and_no_luggage_is_left_over(
    a_is: dict[str, int], b_is: dict[str, int]
) -> None:
    # Sharing would be shortest, but only one bag fits.
    van = replace(WEST, bags=1)
    a = replace(ride("a", 3, 9), **a_is)  # type: ignore[arg-type]
    b = replace(ride("b", 5, 11), **b_is)  # type: ignore[arg-type]
    plan = Plan(1, {"west": Route(van, stops("+b -b"))}, {"b": b})

    fuller = shuffle_in(plan, a, TRAVEL, stop=MaxIterations(5))

    assert fuller is not None
    assert fuller.routes["west"].stops in (stops("+a -a +b -b"), stops("+b -b +a -a"))


def test_a_rider_gets_out_before_a_break_and_a_parcel_waits_on_board() -> None:
    lunch = Task("lunch", StopKind.BREAK, Place(5), 0, 7200, 600)
    rest = Stop("lunch", StopKind.BREAK)
    van = replace(WEST, end=None, bags=1)
    plan = Plan(1, {"west": Route(van, (rest,), tasks={"lunch": lunch})}, {})
    rider = ride("a", 2, 8, ride_max_s=3600)
    parcel = replace(rider, seats=0, bags=1)
    get_in, get_out = stops("+a -a")

    found = [shuffle_in(plan, party, TRAVEL, stop=MaxIterations(5)) for party in (rider, parcel)]

    assert found[0] is not None
    assert found[0].routes["west"].stops == (get_in, get_out, rest)
    assert found[1] is not None
    assert found[1].routes["west"].stops == (get_in, rest, get_out)


def test_a_party_stays_in_the_vehicle_it_may_ride_in() -> None:
    for kept in ({"only": frozenset({"east"})}, {"pinned": "east"}):
        plan = crossed(replace(A, **kept), B)

        better = search_plan(plan, TRAVEL, stop=MaxIterations(50))

        assert better.routes["east"].request_ids == {"a", "b"}


class HillTown(LineTown):
    """Every minute on the road takes ten watt-hours."""

    def energy(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return watt-hours with the driver alone, and for each rider."""
        drive_wh = self.table(origins, destinations) // 6
        return np.stack([drive_wh, 0 * drive_wh])


@pytest.mark.parametrize(("reserve_wh", "unserved"), [(40, []), (41, [0])])
def test_nobody_is_carried_on_the_reserve(reserve_wh: int, unserved: list[int]) -> None:
    # Sixteen minutes there and back.
    van = replace(WEST, battery=Battery(500, 200, reserve_wh))
    task = PlanTask(Plan(1, {"west": Route(van)}, {}), {"car": HillTown()}, (ride("a", 1, 8),))

    found = search(task.problem(), stop=MaxIterations(5), first=task.nodes)

    assert found.unserved == unserved


def test_two_vehicles_that_cross_change_their_parties() -> None:
    better = search_plan(crossed(A, B), TRAVEL, stop=MaxIterations(50))

    assert better.version == 6
    assert better.routes["west"].stops == stops("+a -a")
    assert better.routes["east"].stops == stops("+b -b")


def test_a_plan_nothing_is_better_than_comes_back_itself() -> None:
    plan = search_plan(crossed(A, B), TRAVEL, stop=MaxIterations(50))

    assert search_plan(plan, TRAVEL, stop=MaxIterations(50)) is plan


def test_an_empty_plan_and_an_idle_fleet_come_back_themselves() -> None:
    empty, idle = Plan(1, {}, {}), Plan(1, {"west": Route(WEST)}, {})

    assert search_plan(empty, TRAVEL, stop=MaxIterations(5)) is empty
    assert search_plan(idle, TRAVEL, stop=MaxIterations(5)) is idle


@pytest.mark.parametrize("stop", [MaxIterations(0), MaxCpu(0)])
def test_without_a_budget_the_plan_comes_back_itself(stop: MaxIterations | MaxCpu) -> None:
    plan = crossed(A, B)

    assert search_plan(plan, TRAVEL, stop=stop) is plan


def test_processor_time_ends_the_search() -> None:
    assert check(search_plan(busy_day(1), TRAVEL, stop=MaxCpu(0.05)), TRAVEL) == []


def test_locked_stops_stay_where_they_are() -> None:
    plan = crossed(A, B, locked=1)

    assert search_plan(plan, TRAVEL, stop=MaxIterations(50)) is plan


def test_nobody_is_put_in_front_of_a_locked_stop() -> None:
    plan = Plan(1, {"west": Route(WEST, stops("+b -b"), locked=1)}, {"b": B})

    fuller = shuffle_in(plan, A, TRAVEL, stop=MaxIterations(50))

    assert fuller is not None
    assert fuller.routes["west"].stops == stops("+b -b +a -a")


def test_a_route_that_is_late_already_is_left_alone() -> None:
    late = replace(WEST, end_s=3000)
    plan = crossed(A, B, west=late)
    assert not isinstance(schedule(plan.routes["west"], plan.requests, TRAVEL), Schedule)

    assert search_plan(plan, TRAVEL, stop=MaxIterations(50)).routes["west"] == plan.routes["west"]
    only_late = Plan(1, {"west": plan.routes["west"]}, {"b": B})
    assert shuffle_in(only_late, A, TRAVEL, stop=MaxIterations(5)) is None


@pytest.mark.parametrize(
    ("on_board", "party"),
    [
        ({"seats": 3}, {"seats": 2}),
        ({"wheelchairs": 1}, {"wheelchairs": 1}),
        ({"latest_dropoff_s": 1250}, {}),
        ({"ride_max_s": 1250}, {}),
    ],
)
def test_who_is_on_board_takes_room_and_has_to_get_out_in_time(
    on_board: dict[str, int], party: dict[str, int]
) -> None:
    asked = {
        "z": ride("z", 0, 20, **{"latest_dropoff_s": 1300, **on_board}),
        "a": ride("a", 1, 4, **party),
    }
    west, east = (replace(vehicle, wheelchair_places=1) for vehicle in (WEST, EAST))
    routes = {"west": Route(west, stops("-z"), {"z": 0}), "east": Route(east, stops("+a -a"))}

    better = search_plan(Plan(1, routes, asked), TRAVEL, stop=MaxIterations(50))

    # Together with z it would be cheaper still, but z would be late or have no room.
    assert better.routes["west"].stops == stops("-z +a -a")


def test_a_day_that_ends_anywhere_ends_with_the_last_stop() -> None:
    van = Vehicle("van", Place(5), None, 0, 7200, seats=4)
    asked = {"a": ride("a", 6, 12), "b": ride("b", 4, 3)}
    plan = Plan(1, {"van": Route(van, stops("+a -a +b -b"))}, asked)

    better = search_plan(plan, TRAVEL, stop=MaxIterations(50))

    assert better.routes["van"].stops == stops("+b -b +a -a")


def test_who_got_in_at_a_locked_stop_stays_in_that_vehicle() -> None:
    plan = Plan(
        1,
        {"west": Route(WEST, stops("+b +a -a -b"), locked=1), "east": Route(EAST)},
        {"a": A, "b": B},
    )

    better = search_plan(plan, TRAVEL, stop=MaxIterations(50))

    assert better.routes["west"].stops[0] == stops("+b")[0]
    assert "b" in better.routes["west"].request_ids


@pytest.mark.parametrize("seed", range(6))
def test_a_busy_day_gets_cheaper_and_nothing_else_changes(seed: int) -> None:
    plan = busy_day(seed)
    assert check(plan, TRAVEL) == []

    better = search_plan(plan, TRAVEL, stop=MaxIterations(300), seed=seed)

    assert plan_cost_s(better, TRAVEL) < plan_cost_s(plan, TRAVEL)
    assert check(better, TRAVEL) == []
    assert better.requests == plan.requests
    for id_, route in plan.routes.items():
        after = better.routes[id_]
        assert (after.vehicle, after.boarded_s) == (route.vehicle, route.boarded_s)
        assert (after.locked, after.stops[: route.locked]) == (
            route.locked,
            route.stops[: route.locked],
        )


def test_the_seed_and_the_iterations_decide_the_outcome() -> None:
    plan = busy_day(3)
    first = search_plan(plan, TRAVEL, stop=MaxIterations(120), seed=1)

    again = search_plan(plan, TRAVEL, stop=MaxIterations(120), seed=1)

    assert first == again


def test_a_first_plan_that_breaks_a_limit_is_refused() -> None:
    task = PlanTask(crossed(A, B), TRAVEL)
    problem = task.problem()
    problem.late[:] = 0

    with pytest.raises(ValueError, match="route 0 keeps not all limits"):
        search(problem, stop=MaxIterations(1), first=task.nodes)


def test_others_make_room_for_a_party_without_a_place() -> None:
    # West is the only one in time for a, and then too late for b, whom east can fetch as well.
    a = ride("a", 5, 0, earliest_pickup_s=600, latest_pickup_s=700, latest_dropoff_s=1200)
    b = ride("b", 10, 20, earliest_pickup_s=600, latest_pickup_s=1500, latest_dropoff_s=2700)
    routes = {"west": Route(WEST, stops("+b -b")), "east": Route(EAST)}
    plan = Plan(1, routes, {"b": b})
    assert insertions(plan, a, TRAVEL) == []

    fuller = shuffle_in(plan, a, TRAVEL, stop=MaxIterations(100))

    assert fuller is not None
    assert fuller.routes["west"].stops == stops("+a -a")
    assert fuller.routes["east"].stops == stops("+b -b")


def test_a_party_nobody_can_carry_is_not_squeezed_in() -> None:
    plan = Plan(1, {"east": Route(EAST)}, {})
    early = ride("a", 1, 4, latest_pickup_s=600, latest_dropoff_s=900)

    assert shuffle_in(plan, early, TRAVEL, stop=MaxIterations(20)) is None


def test_a_party_that_is_in_the_plan_already_is_a_bug() -> None:
    with pytest.raises(ValueError, match="a is in the plan already"):
        shuffle_in(crossed(A, B), A, TRAVEL, stop=MaxIterations(1))
