"""Rollouts rank plans by what they leave room for; whatever they say, every promise is kept."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.day import Call, Day, Decision, Moment, Outcome
from dispatcher.fleet import Fleet
from dispatcher.foresight import Foresight
from dispatcher.insert import insert, insertions
from dispatcher.model import Place, Plan, Route, Vehicle
from dispatcher.policies import Insert
from dispatcher.rollout import History, Rollout, warm_rollout
from dispatcher.rollout_kernel import play
from dispatcher.simulate import simulate
from tests.dispatcher.test_simulate import Road, day, faults, party, some_calls

WITHIN_S = 300


def moment(plan: Plan, now_s: int = 0) -> Moment:
    return Moment(now_s, plan, {"car": Road()})


def plan_of(*vans: Vehicle) -> Plan:
    return Plan(0, {van.id: Route(van) for van in vans}, {})


def van(id_: str, at: int, *, from_s: int = 0, seats: int = 4) -> Vehicle:
    return Vehicle(id_, Place(at), None, from_s, 36_000, seats=seats)


def taken(plan: Plan, *calls: Call, now_s: int = 0, waits: dict[str, Place] | None = None) -> float:
    """Return how many of the calls of one past day a plan could carry."""
    decision = Decision(plan, waits=waits or {})
    rollout = Rollout(moment(plan, now_s), [decision], History((calls,)))
    return float(rollout.play([0], np.array([0]), 99, WITHIN_S)[0, 0])


def test_a_call_is_carried_when_a_vehicle_can_be_there_in_time() -> None:
    plan = plan_of(van("a", 0))

    assert taken(plan, Call(100, party("ann", 10, 12, 100, wait_s=600))) == 1
    assert taken(plan, Call(100, party("ann", 10, 12, 100, wait_s=599))) == 0


def test_calls_before_now_are_history() -> None:
    plan = plan_of(van("a", 0))
    calls = [Call(100, party("ann", 1, 2, 100)), Call(200, party("bob", 1, 2, 200))]

    assert taken(plan, *calls, now_s=99) == 2
    assert taken(plan, *calls, now_s=100) == 1
    assert taken(plan, *calls, now_s=200) == 0


def test_seats_are_counted_along_the_way() -> None:
    two, three = party("two", 1, 9, seats=2), party("three", 2, 8, 60, seats=3)

    assert taken(plan_of(van("a", 0, seats=5)), Call(1, two), Call(60, three)) == 2
    small = plan_of(van("a", 0, seats=4))
    tight = replace(three, latest_pickup_s=600)
    assert taken(small, Call(1, two), Call(60, tight)) == 1


def test_rides_are_no_longer_than_allowed() -> None:
    """Bob can come after Ann has got out; Cat's way back would keep her for longer."""
    ann = replace(party("ann", 1, 9), ride_max_s=8 * 60 + 100)
    bob = party("bob", 11, 13, 100, wait_s=1000)
    cat = replace(party("cat", 1, 0, 100, wait_s=100), ride_max_s=60)

    assert taken(plan_of(van("a", 0)), Call(1, ann), Call(100, bob)) == 2
    assert taken(plan_of(van("a", 0)), Call(1, ann), Call(100, cat)) == 1
    dan = party("dan", 0, 12, 100, wait_s=100)
    assert taken(plan_of(van("a", 0)), Call(1, ann), Call(100, dan)) == 1


def test_a_promise_binds_in_the_rollout() -> None:
    """Ann was to be fetched at 60; at most five minutes later leaves no time to fetch Bob first."""
    ann, bob = party("ann", 1, 2, 0), party("bob", -9, -10, 1, wait_s=600)
    near = party("near", -1, -2, 1, wait_s=120)

    assert taken(plan_of(van("a", 0)), Call(1, replace(ann, origin=Place(5))), Call(2, bob)) == 1
    assert taken(plan_of(van("a", 0)), Call(1, ann), Call(2, near)) == 2


def test_a_vehicle_on_its_way_is_somewhere_between() -> None:
    """At 301 it has passed 5 of the way from 0 to 10: five minutes back, not ten."""
    plan = plan_of(van("a", 0))
    far = party("far", 10, 12, 0)
    found = insertions(plan, far, {"car": Road()})[0]
    plan = insert(plan, far, found)
    back = Call(300, party("back", 0, -1, 300, wait_s=300))
    sooner = Call(300, party("back", 0, -1, 300, wait_s=298))

    assert taken(plan, back) == 1
    assert taken(plan, sooner) == 0


def test_an_idle_vehicle_can_be_sent_where_calls_come_from() -> None:
    plan = plan_of(van("a", 0))
    call = Call(600, party("ann", 10, 12, 600, wait_s=60))

    assert taken(plan, call) == 0
    assert taken(plan, call, waits={"a": Place(10)}) == 1


def test_of_two_plans_the_one_with_room_is_taken() -> None:
    """Both vehicles could fetch Ann; calls come from where one of them stands."""
    ann = party("ann", 20, 30)
    usual = (Call(400, party("p", 10, 5, 400, wait_s=100)),)
    plan = plan_of(van("near", 10), van("far", 6))

    greedy = Insert().answer(moment(plan), ann)
    wise = Foresight(history=History((usual,) * 3)).answer(moment(plan), ann)

    assert greedy.plan.routes["near"].stops
    assert wise.plan.routes["far"].stops
    assert wise.offered_s == 14 * 60


def test_a_rider_who_hardly_ever_calls_is_not_driven_for() -> None:
    """Four minutes more of driving now, for a twentieth of a rider, who is worth 33 minutes."""
    seldom = (Call(400, party("p", 10, 5, 400, wait_s=100)),)
    plan, ann = plan_of(van("near", 10), van("far", 6)), party("ann", 20, 30)

    answer = Foresight(history=History((seldom, *((),) * 19))).answer(moment(plan), ann)
    dear = Foresight(history=History((seldom, *((),) * 19)), rider_s=8000)

    assert answer.plan.routes["near"].stops
    assert dear.answer(moment(plan), ann).plan.routes["far"].stops


def test_an_idle_vehicle_is_sent_to_a_hub_only_for_more_riders() -> None:
    plan = plan_of(van("a", 0))
    usual = (Call(900, party("p", 14, 12, 900, wait_s=60)),)
    wise = Foresight(history=History((usual,) * 3), hubs=(Place(-5), Place(14)))
    blind = replace(wise, history=History((((Call(900, party("p", 1, 2, 900))),),) * 3))

    assert wise.review(moment(plan)).waits == {"a": Place(14)}
    assert blind.review(moment(plan)).waits == {}


def rollout_day(seed: int, policy: Foresight) -> tuple[Day, Outcome]:
    today = day(*some_calls(seed), vans=2)
    return today, simulate(today, policy, seed=seed, divert_until_s=0)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6))
def test_every_promise_is_kept_whatever_the_rollouts_say(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    days = tuple(tuple(some_calls(draw.randrange(10**6))) for _ in range(4))
    policy = Foresight(
        history=History(days), settle=20, iterations=20, shuffles=1000, hubs=(Place(3),), gain=0.0
    )

    today, went = rollout_day(seed, policy)

    assert faults(today, went, timed=True) == []
    assert went.kept_share() == 1.0
    assert rollout_day(seed, policy)[1] == went


def test_a_party_that_fits_is_never_refused() -> None:
    """Rollouts choose among plans that carry it; they have no way to say no."""
    plan = plan_of(van("a", 0))
    usual = tuple(Call(1 + n, party(f"p{n}", 1, 2, 1)) for n in range(30))
    ann = party("ann", 25, 60)

    answer = Foresight(history=History((usual,) * 3)).answer(moment(plan), ann)

    assert answer.offered_s is not None
    assert Fleet(answer.plan, {"car": Road()}).plan.requests.keys() == {"ann"}


def test_without_history_it_still_answers() -> None:
    plan = plan_of(van("a", 0), van("b", 3))

    answer = Foresight().answer(moment(plan), party("ann", 4, 6))

    assert answer.offered_s == 60


def test_warming_compiles_what_a_rollout_needs() -> None:
    warm_rollout()

    if hasattr(play, "signatures"):
        assert len(play.signatures) == 1
