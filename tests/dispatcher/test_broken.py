"""How badly promises are broken, and in which order people hear of it."""

from __future__ import annotations

from dataclasses import replace

from dispatcher.broken import BrokenPromise, Replanned, Told, named, score, told_by
from dispatcher.model import Place, Plan, Request, Route, StopKind, Task
from tests.dispatcher.test_events import van
from tests.dispatcher.test_schedule import ride, stops

A = ride("a", 3, 9, latest_pickup_s=300, latest_dropoff_s=900, ride_max_s=500)
B = replace(ride("b", 3, 9, latest_pickup_s=300), priority=1)


def later(request: Request, by_s: int) -> Request:
    return replace(request, latest_pickup_s=request.latest_pickup_s + by_s)


def test_a_promise_is_broken_by_the_largest_excess() -> None:
    now = replace(A, latest_pickup_s=310, latest_dropoff_s=930, ride_max_s=520)

    assert score(told_by([A]), {"a": now}) == ((0, 30),)
    assert score(told_by([A]), {"a": replace(A, latest_dropoff_s=800)}) == ((0, 0),)


def test_whoever_counts_more_comes_first_and_riders_without_a_vehicle_before_all() -> None:
    told = {**told_by([A, B]), "c": Told(ride("c", 3, 9), aboard=True)}
    now = {"a": later(A, 10), "b": later(B, 20), "c": told["c"].request}

    assert score(told, now) == ((0, 0), (0, 20), (0, 10))


def test_not_to_be_carried_is_worse_than_any_delay() -> None:
    told = told_by([A])

    assert score(told, {"a": later(A, 80_000)}) < score(told, {})


def test_what_is_past_saving_counts_too() -> None:
    told = {"a": Told(A, lost_s=40)}

    assert score(told, {"a": A}) == ((0, 40),)
    plan = Plan(1, {"one": Route(van("one"), stops("+a -a"))}, {"a": A})
    assert named(told, plan) == (BrokenPromise("a", "dropoff", 40, 860, 900, "one", 1),)


def test_two_events_are_told_as_one() -> None:
    rest, charge = (Task(id_, StopKind.BREAK, Place(0), 0, 9, 60) for id_ in ("rest", "charge"))
    later = replace(rest, latest_s=90)
    plan = Plan(1, {}, {})
    first = Replanned(
        plan, moved=("a", "b"), unpinned=("a",), off_tasks=(charge,), late_tasks=(rest, charge),
        overtime_s={"one": 60, "two": 30}, reserve_wh={"ev": 90}, out_of_service=("x",),
        in_doubt=("back",),
    )  # fmt: skip
    second = Replanned(
        replace(plan, version=2), moved=("b", "c"), unpinned=("d",), late_tasks=(later,),
        overtime_s={"two": 15, "three": 5}, reserve_wh={"ev": 40}, out_of_service=("y",),
    )  # fmt: skip

    both = first.then(second)

    assert both == Replanned(
        second.plan, moved=("a", "b", "c"), unpinned=("a", "d"), off_tasks=(charge,),
        late_tasks=(later, charge), overtime_s={"one": 60, "two": 45, "three": 5},
        reserve_wh={"ev": 40}, out_of_service=("x", "y"), in_doubt=("back",),
    )  # fmt: skip
