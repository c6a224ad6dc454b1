"""How badly promises are broken, and in which order people hear of it."""

from __future__ import annotations

from dataclasses import replace

from dispatcher.broken import BrokenPromise, Told, named, score, told_by
from dispatcher.model import Plan, Request, Route
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
