"""Windows: what the town rules, what a promise narrows, and what another leg or a bus leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.ask import Ask, OfferRules
from dispatcher.check import check
from dispatcher.model import Connection, Follows, Place, Plan, Request, Route, Vehicle
from dispatcher.offer import offers, take
from dispatcher.refuse import Reason, Refusal
from dispatcher.windows import bounds, implied, promised, wanted
from tests.dispatcher.test_schedule import TRAVEL

RULES = OfferRules(
    window_s=600, earlier_s=1800, later_s=1800, ride_max_extra_s=120, arrive_slack_s=900,
    shuffle_s=0,
)  # fmt: skip
ASK = Ask("new", Place(3), Place(9), desired_s=3600)
VAN = Vehicle("van", Place(0), Place(0), 0, 20_000, seats=4)
EMPTY = Plan(1, {"van": Route(VAN)}, {})
OUT = Request("out", Place(9), Place(3), 1000, 1600, 0, 2500, 700, alighting_s=40)
BACK = Ask("back", Place(3), Place(9), desired_s=2600, follows=Follows("out", 1200))


def asked(ask: Ask, plan: Plan = EMPTY, *, shift_s: int = 0, early_s: int = 0) -> Request | None:
    return wanted(ask, RULES, bounds(plan, ask), 360, shift_s=shift_s, early_s=early_s)


def with_out(out: Request = OUT) -> Plan:
    taken = take(EMPTY, out, TRAVEL)
    assert isinstance(taken, Plan)
    return taken


def test_a_promise_is_drawn_around_the_planned_pickup() -> None:
    wide = Request("a", Place(1), Place(2), 0, 3000, 0, 9000, ride_max_s=500)

    def window(pickup_s: int) -> tuple[int, int]:
        narrow = promised(wide, pickup_s, 600)
        return narrow.earliest_pickup_s, narrow.latest_pickup_s

    assert window(1500) == (1200, 1800)
    assert window(100) == (0, 600)
    assert window(2900) == (2400, 3000)
    assert promised(wide, 1500, 600).latest_dropoff_s == 1800 + 60 + 500
    assert promised(replace(wide, latest_dropoff_s=2000), 1500, 600).latest_dropoff_s == 2000
    short = replace(wide, earliest_pickup_s=1400, latest_pickup_s=1600)
    assert promised(short, 1500, 600) == replace(short, latest_dropoff_s=1600 + 560)


def test_whoever_walks_to_another_place_is_there_later_and_leaves_when_they_said() -> None:
    near = wanted(ASK, RULES, bounds(EMPTY, ASK), 300, place=Place(4), walk_s=240)
    late = replace(ASK, not_before_s=3700)
    later = wanted(late, RULES, bounds(EMPTY, late), 300, place=Place(4), walk_s=240)

    assert near is not None
    assert later is not None
    assert (near.origin, near.earliest_pickup_s, near.latest_pickup_s) == (4, 3840, 4440)
    assert near.ride_max_s == 570
    assert later.earliest_pickup_s == 3940


def test_nothing_is_left_of_an_ask_before_the_deadline() -> None:
    assert asked(replace(ASK, not_before_s=4201)) is None
    assert asked(replace(ASK, not_before_s=4200)) is not None
    assert asked(replace(ASK, not_before_s=4201), shift_s=60) is not None


def test_a_ride_to_a_bus_arrives_a_margin_before_it() -> None:
    bus = replace(ASK, connection=Connection("7", "to_bus", 5000, 300), desired_s=9000)

    request, later = asked(bus, early_s=300), asked(bus, early_s=300, shift_s=600)

    assert request is not None
    assert (request.earliest_dropoff_s, request.latest_dropoff_s) == (4400, 4700)
    assert later is not None
    assert later.latest_dropoff_s == 4700
    assert request.connection == bus.connection


def test_a_ride_from_a_bus_leaves_a_margin_after_it() -> None:
    bus = replace(ASK, connection=Connection("7", "from_bus", 5000, 300))

    request, earlier = asked(bus), asked(bus, shift_s=-300)

    assert request is not None
    assert (request.earliest_pickup_s, request.latest_pickup_s) == (5300, 5900)
    assert earlier is not None
    assert (earlier.earliest_pickup_s, earlier.latest_pickup_s) == (5300, 5600)
    assert asked(bus, shift_s=-601) is None


def test_the_way_back_waits_for_the_last_moment_of_the_way_there() -> None:
    request = asked(BACK, with_out(), shift_s=900)

    # Set down by 2500, out by 2540, and twenty minutes there.
    assert request is not None
    assert request.earliest_pickup_s == 3740
    assert asked(BACK, with_out()) is None
    over = asked(BACK)
    assert over is not None
    assert over.earliest_pickup_s == 2600


def test_a_way_there_asked_anew_is_over_before_the_way_back() -> None:
    back = Request(
        "back", Place(3), Place(9), 4000, 4600, 0, 6000, 700, follows=Follows("new", 500)
    )
    plan = Plan(1, EMPTY.routes, {"back": back})

    request, late = asked(replace(ASK, desired_s=2800), plan), asked(ASK, plan)

    assert request is not None
    assert request.latest_dropoff_s == 4000 - 500 - 30
    assert late is None


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"follows": Follows("out", 1200)}, True),
        ({"follows": Follows("out", 1201)}, False),
        ({"follows": Follows("other", 9999)}, True),
        ({"connection": Connection("7", "to_bus", 4700, 200)}, True),
        ({"connection": Connection("7", "to_bus", 4700, 201)}, False),
        ({"connection": Connection("7", "from_bus", 3540, 200)}, True),
        ({"connection": Connection("7", "from_bus", 3541, 200)}, False),
    ],
)
def test_a_promise_implies_its_other_leg_and_its_bus_or_is_gone(
    changes: dict[str, Follows | Connection],
    kept: bool,  # noqa: FBT001
) -> None:
    promise = Request("new", Place(3), Place(9), 3740, 4000, 0, 4500, 700)
    promise = replace(promise, **changes)  # type: ignore[arg-type]
    plan = with_out()

    taken = take(plan, promise, TRAVEL)

    assert implied(plan, promise) is kept
    assert isinstance(taken, Plan) is kept
    if isinstance(taken, Plan):
        assert check(taken, TRAVEL) == []


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.integers(0, 6000), st.sampled_from(["depart", "arrive"]),
    st.sampled_from([None, Follows("out", 0), Follows("out", 900)]),
    st.sampled_from([None, "to_bus", "from_bus"]), st.integers(2000, 7000), st.integers(0, 600),
)  # fmt: skip
def test_whatever_is_offered_implies_the_other_leg_and_the_bus(
    desired_s: int,
    anchor: str,
    follows: Follows | None,
    toward: str | None,
    bus_s: int,
    margin: int,
) -> None:
    bus = None if toward is None else Connection("7", toward, bus_s, margin)  # type: ignore[arg-type]
    ask = replace(ASK, desired_s=desired_s, anchor=anchor, follows=follows, connection=bus)  # type: ignore[arg-type]
    plan = with_out()

    answer = offers(plan, ask, TRAVEL, RULES)

    given_ = list(answer.alternatives) if isinstance(answer, Refusal) else answer
    given_ += [one.offer for one in answer.relaxations] if isinstance(answer, Refusal) else []
    for offer in given_:
        taken = take(plan, offer.promise, TRAVEL)
        assert isinstance(taken, Plan)
        assert check(taken, TRAVEL) == []


@pytest.mark.parametrize(
    ("ask", "binding", "at_s"),
    [
        (replace(ASK, not_before_s=4300), "not_before_s", 4300),
        (BACK, "follows", 3740),
        (replace(ASK, connection=Connection("7", "to_bus", 900), not_before_s=800),
         "not_before_s", 800),
        (replace(BACK, connection=Connection("7", "to_bus", 3800)), "follows", 3740),
        (replace(ASK, id="way", desired_s=3600), "follows", 2970),
    ],
)  # fmt: skip
def test_what_leaves_no_time_is_named_with_its_time(ask: Ask, binding: str, at_s: int) -> None:
    back = Request(
        "back", Place(3), Place(9), 4000, 4600, 0, 6000, 700, follows=Follows("way", 1000)
    )
    plan = with_out()
    plan = Plan(2, plan.routes, {**plan.requests, "back": back})

    refusal = offers(plan, ask, TRAVEL, RULES)

    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.binding) == (Reason.OUT_OF_HOURS, binding)
    assert refusal.values == {"at_s": at_s}
