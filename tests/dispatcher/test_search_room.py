"""Room is found by taking others out, who find room themselves: wherever brute force finds any."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import pytest

from dispatcher.check import check
from dispatcher.insert import insertions
from dispatcher.model import Place, Plan, Request, Route, Vehicle
from dispatcher.search import MaxIterations, Solution, make_room
from dispatcher.search_plan import PlanTask, shuffle_in
from dispatcher.search_room import MOST_OUT, QUIET
from tests.dispatcher import oracle
from tests.dispatcher.draw import Case
from tests.dispatcher.test_schedule import TRAVEL, ride, stops
from tests.dispatcher.test_search import orders
from tests.towns import LineTown

VANS = {name: Vehicle(name, Place(at), Place(at), 0, 7200, seats=4)
        for name, at in {"west": 0, "middle": 20, "east": 40}.items()}  # fmt: skip
TURNS = 2000


def room_in(plan: Plan, party: Request, turns: int = TURNS, seed: int = 0) -> Solution:
    """What the search says before it is a plan again."""
    task = PlanTask(plan, TRAVEL, (party,))
    return make_room(task.problem(), stop=MaxIterations(turns), seed=seed, first=task.nodes)


def one_van_full() -> Plan:
    """A van with three in it, and two empty ones that could each carry one of them."""
    parties = {
        f"r{n}": ride(f"r{n}", 10, 20, earliest_pickup_s=600, latest_pickup_s=1200)
        for n in range(3)
    }
    full = Route(replace(VANS["west"], seats=3), stops("+r0 +r1 +r2 -r0 -r1 -r2"))
    spare = {
        name: Route(replace(VANS["middle"], id=name, seats=2)) for name in ("middle", "beside")
    }
    return Plan(1, {"west": full, **spare}, parties)


def test_who_makes_room_may_need_room_itself() -> None:
    # Only west is in time for a, only middle then for b, and so c goes to east.
    a = ride("a", 5, 0, earliest_pickup_s=600, latest_pickup_s=700, latest_dropoff_s=1200)
    b = ride("b", 10, 14, earliest_pickup_s=600, latest_pickup_s=1300, latest_dropoff_s=1700)
    c = ride("c", 30, 36, earliest_pickup_s=600, latest_pickup_s=1300, latest_dropoff_s=1800)
    routes = {
        "west": Route(VANS["west"], stops("+b -b")),
        "middle": Route(VANS["middle"], stops("+c -c")),
        "east": Route(VANS["east"]),
    }
    plan = Plan(1, routes, {"b": b, "c": c})
    assert check(plan, TRAVEL) == []
    assert insertions(plan, a, TRAVEL) == []

    fuller = shuffle_in(plan, a, TRAVEL, stop=MaxIterations(TURNS))

    assert fuller is not None
    assert {id_: route.stops for id_, route in fuller.routes.items()} == {
        "west": stops("+a -a"), "middle": stops("+b -b"), "east": stops("+c -c")
    }  # fmt: skip


@pytest.mark.parametrize("seats", range(1, MOST_OUT + 1))
def test_as_many_make_room_as_a_party_needs(seats: int) -> None:
    party = ride("all", 10, 25, earliest_pickup_s=600, latest_pickup_s=1200, seats=seats,
                 only=frozenset({"west"}))  # fmt: skip

    fuller = shuffle_in(one_van_full(), party, TRAVEL, stop=MaxIterations(TURNS))

    assert fuller is not None
    assert check(fuller, TRAVEL) == []
    assert "all" in fuller.routes["west"].request_ids
    assert len(fuller.routes["west"].request_ids) == 1 + 3 - seats


def test_a_search_without_hope_ends_at_once() -> None:
    large = ride("large", 10, 25, seats=5)

    found = room_in(one_van_full(), large)

    assert found.iterations <= QUIET
    assert len(found.unserved) == 1


def test_what_is_found_depends_on_the_seed_alone() -> None:
    plan, (party, *_) = crowded(7)

    assert room_in(plan, party, seed=3) == room_in(plan, party, seed=3)


def has_plan(plan: Plan) -> bool:
    """Whether any plan carries everybody, judged by linear programming."""
    ids, (one, two) = sorted(plan.requests), plan.routes.values()
    for taken in product([True, False], repeat=len(ids)):
        parts = [tuple(i for i, t in zip(ids, taken, strict=True) if t is mine)
                 for mine in (True, False)]  # fmt: skip
        if all(
            any(
                oracle.is_feasible(
                    Case(replace(route, stops=order), dict(plan.requests), LineTown())
                )
                for order in orders(part)
            )
            for route, part in zip((one, two), parts, strict=True)
        ):
            return True
    return False


def crowded(seed: int) -> tuple[Plan, list[Request]]:
    """Two small vans in a quarter of an hour in which everybody wants to ride at once."""
    rng = random.Random(seed)  # noqa: S311 -- not a secret
    vans = (
        Vehicle("car", Place(0), Place(0), 0, 4000, 1),
        Vehicle("van", Place(20), None, 0, 4000, 2),
    )
    plan, asked = Plan(1, {van.id: Route(van) for van in vans}, {}), []
    for n in range(12):
        origin, destination = rng.sample(range(21), 2)
        early_s, direct_s = rng.randrange(600, 1500), 60 * abs(destination - origin)
        late_s = early_s + rng.randrange(120, 900)
        ends = {"latest_pickup_s": late_s, "ride_max_s": direct_s + 300}
        party = ride(f"r{n}", origin, destination, earliest_pickup_s=early_s, **ends)
        places = insertions(plan, party, TRAVEL)
        if len(plan.requests) < 2 and places:
            fuller = shuffle_in(plan, party, TRAVEL, stop=MaxIterations(1))
            assert fuller is not None
            plan = fuller
        elif not places:
            asked.append(party)
    return plan, asked


def test_room_is_found_wherever_there_is_any() -> None:
    found = {True: 0, False: 0}
    for seed in range(60):
        plan, asked = crowded(seed)
        for party in asked[:3]:
            fuller = shuffle_in(plan, party, TRAVEL, stop=MaxIterations(TURNS), seed=seed)
            with_party = replace(plan, requests={**plan.requests, party.id: party})
            assert (fuller is not None) == has_plan(with_party), (seed, party.id)
            found[fuller is not None] += 1
            if fuller is not None:
                assert check(fuller, TRAVEL) == []
                assert fuller.requests == with_party.requests
    assert min(found.values()) >= 10
