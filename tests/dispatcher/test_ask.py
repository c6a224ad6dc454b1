"""The border: what can be asked and what a town may rule, and who says no to the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.ask import ABSURD_S, MOST_AT_ONCE, Ask, Nearby, OfferRules
from dispatcher.model import Connection, Place

ASK = Ask("new", Place(3), Place(9), desired_s=3600)


@pytest.mark.parametrize(
    "changes",
    [
        {"desired_s": ABSURD_S + 1},
        {"desired_s": -ABSURD_S - 1},
        {"not_before_s": ABSURD_S + 1},
        {"not_before_s": -ABSURD_S - 1},
        {"boarding_s": -1},
        {"alighting_s": -1},
        {"alighting_s": ABSURD_S + 1},
        {"seats": -1},
        {"seats": MOST_AT_ONCE + 1},
        {"wheelchairs": -1, "seats": 2},
        {"bags": -1, "seats": 2},
        {"anchor": "whenever"},
        {"seats": 0},
        {"alone": True, "seats": 0, "bags": 1},
        {"nearby": (Nearby(Place(1), 60),) * (MOST_AT_ONCE + 1)},
    ],
)
def test_an_ask_nobody_can_have_names_the_field(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        replace(ASK, **changes)


@pytest.mark.parametrize("walk_s", [-1, ABSURD_S + 1])
def test_nobody_walks_for_a_week_or_less_than_no_time(walk_s: int) -> None:
    with pytest.raises(ValueError, match="walk_s"):
        Nearby(Place(1), walk_s)


@pytest.mark.parametrize(
    "changes",
    [
        {"window_s": -1},
        {"step_s": 0},
        {"window_s": ABSURD_S + 1},
        {"ride_max_extra_s": -1},
        {"arrive_slack_s": -1},
        {"much_s": -1},
        {"earlier_s": -1},
        {"later_s": -1},
        {"later_s": 300 * MOST_AT_ONCE + 1},
        {"ride_max_factor": 0.9},
        {"ride_max_factor": float("nan")},
        {"ride_max_factor": float("inf")},
        {"shuffle_s": -1.0},
        {"shuffle_s": float("nan")},
        {"shuffle_iterations": -1},
    ],
)
def test_rules_that_cannot_be_searched_name_the_rule(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        replace(OfferRules(), **changes)


def test_a_parcel_is_an_ask_and_a_lone_wheelchair_too() -> None:
    assert replace(ASK, seats=0, bags=1).bags == 1
    assert replace(ASK, seats=0, wheelchairs=1, alone=True).alone


def test_the_bus_says_when_and_at_which_end() -> None:
    caught = replace(ASK, connection=Connection("7", "to_bus", 5000, 300), desired_s=9000)
    left = replace(ASK, connection=Connection("7", "from_bus", 5000, 300), anchor="arrive")

    assert (caught.arrives, caught.wanted_s) == (True, 4700)
    assert (left.arrives, left.wanted_s) == (False, 5300)
    assert replace(caught, desired_s=4000).wanted_s == 4000
    assert replace(left, desired_s=6000).wanted_s == 6000


def test_without_a_bus_the_caller_says() -> None:
    assert (ASK.arrives, ASK.wanted_s) == (False, 3600)
    assert replace(ASK, anchor="arrive").arrives


def test_the_default_rules_try_more_than_fifty_times() -> None:
    rules = OfferRules()

    assert (rules.earlier_s + rules.later_s) // rules.step_s >= 50
