"""Room that was found for a plan of a moment before, made in the plan as it is now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.check import check
from dispatcher.model import Plan, Request, Route, Stop
from dispatcher.rebase import Room, Swap
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride, stops

DAY_LONG = replace(VAN, end_s=20_000)
A = ride("a", 1, 3, earliest_pickup_s=1000, latest_pickup_s=1600, latest_dropoff_s=2400)
B = ride("b", 4, 6, earliest_pickup_s=4000, latest_pickup_s=4600, latest_dropoff_s=5400)
LATE = ride("late", 6, 9, earliest_pickup_s=8000, latest_pickup_s=8600, latest_dropoff_s=9400)
NEW = ride("new", 5, 7, earliest_pickup_s=4000, latest_pickup_s=4600, latest_dropoff_s=5600)


def plan_of(one: str, two: str, *parties: Request, locked: int = 0) -> Plan:
    """Two vans with these stops."""
    routes = {
        "van": Route(DAY_LONG, stops(one), locked=locked),
        "other": Route(replace(DAY_LONG, id="other"), stops(two)),
    }
    return Plan(1, routes, {party.id: party for party in parties})


BEFORE = plan_of("+a -a +b -b", "", A, B)
AFTER = plan_of("+a -a +new -new", "+b -b", A, B, NEW)
ROOM = Room.of(BEFORE, AFTER, "new")
PROMISE = replace(NEW, id="booking")


def test_the_shortest_row_is_swapped_with_a_stop_more_at_either_end() -> None:
    swap = Swap.of(stops("+a -a +b -b +c -c"), stops("+a -a +c -c"))

    assert swap == Swap(stops("-a +b -b +c"), stops("-a +c"), begins=False, ends=False)
    assert Swap.of((), stops("+a -a")) == Swap((), stops("+a -a"), begins=True, ends=True)


def test_what_is_elsewhere_in_a_route_may_have_changed() -> None:
    swap = Swap.of(stops("+a -a +b -b +c -c"), stops("+a -a +c -c"))

    assert swap.made_in(stops("-a +b -b +c +d -d -c")) == stops("-a +c +d -d -c")


@pytest.mark.parametrize(
    ("old", "new", "now"),
    [
        ("+a -a +b -b", "+a -a", "+a -a +d +b -b -d"),  # somebody gets in between
        ("+a -a +b -b", "+a -a", "+a -a"),  # they have gone already
        ("+b -b", "+a -a +b -b", "+d -d +b -b"),  # it did begin there
        ("+b -b", "+b -b +a -a", "+b -b +d -d"),  # it did end there
        ("", "+a -a", "+d -d"),
    ],
)
def test_stops_that_are_not_as_they_were_are_not_swapped(old: str, new: str, now: str) -> None:
    assert Swap.of(stops(old), stops(new)).made_in(stops(now)) is None


ROWS = st.lists(st.sampled_from(stops("+a -a +b -b +c -c +d -d")), unique=True).map(tuple)


@settings(max_examples=300, deadline=None)
@given(ROWS, ROWS)
def test_a_swap_made_where_it_was_found_gives_what_was_found(
    old: tuple[Stop, ...], new: tuple[Stop, ...]
) -> None:
    assert Swap.of(old, new).made_in(old) == new


def test_the_room_is_there_while_others_come_and_go_elsewhere() -> None:
    now = plan_of("+b -b +late -late", "", B, LATE)
    # "a" has been cancelled, so that "b" comes first: the stop before it is no longer there.
    assert ROOM.made_in(now, PROMISE, TRAVEL) is None

    now = plan_of("+a -a +b -b", "+late -late", A, B, LATE)
    assert ROOM.made_in(now, PROMISE, TRAVEL) is None  # the other van was empty

    after = plan_of("+a -a +new -new", "+b -b +late -late", A, B, LATE, NEW)
    seen = Room.of(now, after, "new")
    first = ride("first", 1, 2, latest_pickup_s=900, latest_dropoff_s=1200)
    now = plan_of("+first -first +a -a +b -b", "+late -late", first, A, B, LATE)

    made = seen.made_in(now, PROMISE, TRAVEL)

    assert made is not None
    assert made.routes["van"].stops == stops("+first -first +a -a +booking -booking")
    assert made.routes["other"].stops == stops("+b -b +late -late")
    assert made.requests["booking"] == PROMISE
    assert check(made, TRAVEL) == []


def test_there_is_no_room_where_a_stop_is_locked_by_now() -> None:
    assert ROOM.made_in(BEFORE, PROMISE, TRAVEL) is not None
    locked = plan_of("+a -a +b -b", "", A, B, locked=3)

    assert ROOM.made_in(locked, PROMISE, TRAVEL) is None


def test_there_is_no_room_when_somebody_it_moves_has_been_given_their_vehicle_since() -> None:
    pinned = Plan(2, BEFORE.routes, {"a": A, "b": replace(B, pinned="van")})

    assert ROOM.made_in(pinned, PROMISE, TRAVEL) is None


def test_there_is_no_room_in_a_vehicle_that_is_gone() -> None:
    gone = Plan(2, {"van": BEFORE.routes["van"]}, BEFORE.requests)

    assert ROOM.made_in(gone, PROMISE, TRAVEL) is None


def test_room_that_would_break_a_promise_by_now_is_none() -> None:
    slow = Plan(2, BEFORE.routes, {"a": replace(A, alighting_s=5000), "b": B})

    assert ROOM.made_in(slow, PROMISE, TRAVEL) is None


def test_a_party_that_another_vehicle_has_by_now_is_not_put_in_two() -> None:
    seen = Room("new", {"other": Swap.of((), stops("+b -b +new -new"))})

    assert seen.made_in(BEFORE, PROMISE, TRAVEL) is None
