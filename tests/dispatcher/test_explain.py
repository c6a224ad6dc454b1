"""Why this vehicle and not that one: what another would cost, or whom it would make late."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatcher.check import check
from dispatcher.cost import plan_cost_s
from dispatcher.explain import pin, unpin, why, why_not
from dispatcher.explain_messages import MESSAGES, Explanation
from dispatcher.fleet import Fleet
from dispatcher.insert import insert, insertions
from dispatcher.model import Place, Plan, Request, Route, Stop, StopKind, Task, TravelTimes
from dispatcher.schedule import Rule
from tests.dispatcher.draw import Case, parties, towns, vehicles
from tests.dispatcher.oracle import is_feasible, places_for, with_party
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride, stops
from tests.towns import IslandTown

NEAR = replace(VAN, id="near", start=Place(3), end=Place(3))


def two(words: str = "+a -a", others: str = "", *asked: Request, **changes: object) -> Plan:
    """A van at 0 with ``words`` to do, and one at 3, ``near``, with ``others``."""
    near = replace(NEAR, **changes)  # type: ignore[arg-type]
    routes_ = {"van": Route(VAN, stops(words)), "near": Route(near, stops(others))}
    return Plan(1, routes_, {request.id: request for request in asked})


A = ride("a", 3, 9)


def test_the_cheapest_vehicle_says_by_how_much() -> None:
    plan = two("", "+a -a", A)

    found = why(plan, "a", TRAVEL)

    # From 3 to 9 and back is 12 minutes, from 0 it is 18; the rider's six minutes count an eighth.
    assert (found.code, found.values["cost_s"]) == ("why.cheapest", 765)
    assert (found.values["other"], found.values["other_cost_s"]) == ("van", 1125)
    assert found.values["by_s"] == 360
    assert [(one.vehicle_id, one.cost_s, one.limit) for one in found.options] == [
        ("van", 1125, None)
    ]
    assert found.en() == "near costs 6 min less than the next best, van."
    assert found.ja({"near": "1号車", "van": "2号車"}) == (
        "1号車なら、2号車より運転などの手間が6分少なくてすみます。"
    )


def test_a_dearer_vehicle_is_not_said_to_be_the_cheapest() -> None:
    found = why(two("+a -a", "", A), "a", TRAVEL)

    assert (found.code, found.values["other"]) == ("why.not_cheapest", "near")
    assert found.values["by_s"] == 360


def test_the_only_vehicle_that_can_says_so_and_what_the_other_would_break() -> None:
    b = ride("b", 3, 30, earliest_pickup_s=600, latest_pickup_s=600, latest_dropoff_s=2280)
    a = ride("a", 3, 0, earliest_pickup_s=600, latest_pickup_s=900, latest_dropoff_s=1500)
    plan = two("+a -a", "+b -b", a, b)

    found = why(plan, "a", TRAVEL)

    assert (found.code, found.values["could"]) == ("why.only_one", 0)
    limit = found.options[0].limit
    assert limit is not None
    assert limit.code.startswith("why_not.latest_")
    assert limit == why_not(plan, "a", "near", TRAVEL)


def test_an_explanation_may_leave_out_the_limits() -> None:
    found = why(two("+a -a", "", replace(A, seats=3), seats=2), "a", TRAVEL, limits=False)

    assert [(one.cost_s, one.limit) for one in found.options] == [(None, None)]


def test_a_compiled_fleet_gives_the_same_explanation() -> None:
    plan = two("+a -a", "", A)

    assert why(plan, "a", TRAVEL, fleet=Fleet(plan, TRAVEL)) == why(plan, "a", TRAVEL)


def test_whoever_is_on_board_on_the_way_or_pinned_is_not_compared() -> None:
    plan = two("+a -a", "", A)
    aboard = plan.with_route(Route(VAN, stops("-a"), {"a": 0}))
    locked = plan.with_route(replace(plan.routes["van"], locked=1))
    pinned = plan.with_route(plan.routes["van"], replace(A, pinned="van"))

    for name, one in [("aboard", aboard), ("locked", locked), ("pinned", pinned)]:
        assert why(one, "a", TRAVEL).code == f"why.{name}"
        assert why_not(one, "a", "near", TRAVEL).code == f"why_not.{name}"
    assert why(aboard, "a", TRAVEL).options == ()
    assert [o.cost_s for o in why(pinned, "a", TRAVEL).options] == [765]


def test_only_those_before_the_lock_are_on_the_way() -> None:
    plan = two("+b -b +a -a", "", A, ride("b", 1, 2))
    locked = plan.with_route(replace(plan.routes["van"], locked=2))

    assert why(locked, "a", TRAVEL).code == "why.not_cheapest"
    assert why(locked, "b", TRAVEL).code == "why.locked"


@pytest.mark.parametrize(
    ("a", "changes", "code", "by"),
    [
        ({}, {}, "why_not.cheaper", {"by_s": 360}),
        ({}, {"start": Place(9), "end": Place(9)}, "why_not.cheaper", {"by_s": 360}),
        ({}, {"start": Place(30), "end": Place(30)}, "why_not.dearer", {"by_s": 2160}),
        ({"only": frozenset({"van"})}, {}, "why_not.not_allowed", {}),
        ({"seats": 4}, {"seats": 3}, "why_not.too_large", {}),
        ({"bags": 1}, {}, "why_not.too_large", {}),
        ({"latest_pickup_s": 300}, {"start_s": 420}, "why_not.latest_pickup.own", {"by_s": 120}),
        ({"latest_dropoff_s": 600}, {"start_s": 420}, "why_not.latest_dropoff.own", {"by_s": 240}),
        ({}, {"end_s": 700}, "why_not.shift_end", {"by_s": 110}),
    ],
)  # fmt: skip
def test_why_not_the_other_vehicle(
    a: dict[str, object], changes: dict[str, object], code: str, by: dict[str, int]
) -> None:
    van = replace(VAN, bags=1)
    plan = two("+a -a", "", replace(A, **a), **changes)  # type: ignore[arg-type]
    plan = plan.with_route(replace(plan.routes["van"], vehicle=van))

    found = why_not(plan, "a", "near", TRAVEL)

    assert found.code == code
    assert by.items() <= found.values.items()
    assert (found.values["vehicle"], found.values["other"]) == ("near", "van")


def test_the_vehicle_that_comes_needs_no_excuse() -> None:
    assert why_not(two("+a -a", "", A), "a", "van", TRAVEL).code == "why_not.it_does"


def test_a_promise_to_somebody_else_names_who_and_by_how_much() -> None:
    b = ride("b", 3, 9, earliest_pickup_s=600, latest_pickup_s=600, latest_dropoff_s=1020)
    a = ride("a", 9, 3, latest_pickup_s=480, latest_dropoff_s=1000)

    found = why_not(two("+a -a", "+b -b", a, b), "a", "near", TRAVEL)

    # At 9 after 6 minutes, one to board, at 3 after 13, half a one to get out: 3.5 late.
    assert (found.code, found.values["rider"]) == ("why_not.latest_pickup", "b")
    assert found.values["by_s"] == 210
    assert found.en() == "With near, b would be picked up 4 min late."


def test_a_ride_of_somebody_else_that_would_get_too_long_is_named() -> None:
    b = ride("b", 3, 9, earliest_pickup_s=600, latest_pickup_s=600, ride_max_s=400)
    a = ride("a", 5, 6, earliest_pickup_s=600, latest_pickup_s=900)

    found = why_not(two("+a -a", "+b -b", a, b), "a", "near", TRAVEL)

    # A minute to let a in on a ride that may take 40 seconds more; a gets out after b.
    assert (found.code, found.values["rider"]) == ("why_not.ride_max", "b")
    assert found.values["by_s"] == 20


def test_a_full_vehicle_says_how_many_seats_it_lacks() -> None:
    b = ride("b", 3, 40, seats=3, earliest_pickup_s=600, latest_pickup_s=600)
    a = ride("a", 20, 28, seats=2, earliest_pickup_s=1700, latest_pickup_s=1900)

    found = why_not(two("+a -a", "+b -b", a, b), "a", "near", TRAVEL)

    # Before b, or after b, somebody would be more than half an hour late.
    assert (found.code, found.values["by"]) == ("why_not.seats", 1)


def test_a_minute_late_says_more_than_a_seat_too_few() -> None:
    b = ride("b", 3, 9, seats=3, earliest_pickup_s=600, latest_pickup_s=600)
    a = ride("a", 9, 12, seats=2, earliest_pickup_s=600, latest_pickup_s=990)

    found = why_not(two("+a -a", "+b -b", a, b), "a", "near", TRAVEL)

    # b is out at 9 by 1050; until then one seat is free.
    assert (found.code, found.values["by_s"]) == ("why_not.latest_pickup.own", 60)


def test_a_late_vehicle_has_no_time_for_anybody() -> None:
    b = ride("b", 9, 12, latest_pickup_s=60)

    found = why_not(two("+a -a", "+b -b", A, b), "a", "near", TRAVEL)

    assert found.code == "why_not.late"


def test_a_vehicle_no_road_leads_from_says_so() -> None:
    plan = two("", "", ride("a", 101, 102))
    van, near = replace(VAN, start=Place(101), end=Place(101)), replace(NEAR, profile="boat")
    plan = plan.with_route(Route(van, stops("+a -a"))).with_route(Route(near))
    travel = {"car": TRAVEL["car"], "boat": IslandTown()}

    assert why_not(plan, "a", "near", travel).code == "why_not.unreachable"


def test_a_break_that_would_begin_late_is_named() -> None:
    rest = Task("rest", StopKind.BREAK, Place(3), 300, 300, 3000)
    a = ride("a", 3, 9, latest_pickup_s=300, latest_dropoff_s=900)
    plan = two("+a -a", "", a)
    near = Route(replace(NEAR, end_s=9000), (Stop("rest", StopKind.BREAK),), tasks={"rest": rest})

    found = why_not(plan.with_route(near), "a", "near", TRAVEL)

    # There and back takes 12 minutes, and 1.5 to get in and out: 13.5 instead of 5.
    assert (found.code, found.values["by_s"]) == ("why_not.task_late", 510)


def test_a_party_nobody_carries_or_knows_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no vehicle carries a"):
        why(two("", "", A), "a", TRAVEL)
    with pytest.raises(KeyError):
        why_not(two("+a -a", "", A), "b", "near", TRAVEL)
    with pytest.raises(KeyError):
        why_not(two("+a -a", "", A), "a", "sold", TRAVEL)


def test_pinning_a_party_moves_it_and_keeps_it_there() -> None:
    plan = two("+a -a", "", A)

    moved = pin(plan, "a", "near", TRAVEL)

    assert isinstance(moved, Plan)
    assert (moved.version, moved.requests["a"].pinned) == (2, "near")
    assert moved.routes["near"].request_ids == {"a"}
    assert not moved.routes["van"].request_ids
    assert why(moved, "a", TRAVEL).code == "why.pinned"
    assert insertions(moved.without("a"), moved.requests["a"], TRAVEL)[0].vehicle_id == "near"


def test_pinning_a_party_where_it_is_moves_no_stop() -> None:
    plan = two("+b +a -a -b", "", A, ride("b", 1, 12))

    kept = pin(plan, "a", "van", TRAVEL)

    assert isinstance(kept, Plan)
    assert kept.routes == plan.routes
    assert kept.requests["a"].pinned == "van"
    freed = unpin(kept, "a")
    assert (freed.requests, freed.version) == (plan.requests, kept.version + 1)


def test_a_pin_the_vehicle_cannot_keep_says_why_not() -> None:
    plan = two("+a -a", "", replace(A, seats=4), seats=3)
    aboard = plan.with_route(Route(VAN, stops("-a"), {"a": 0}))
    locked = two("+a -a", "", A).with_route(Route(VAN, stops("+a -a"), locked=1))

    refused = pin(plan, "a", "near", TRAVEL)

    assert isinstance(refused, Explanation)
    assert refused.code == "why_not.too_large"
    for one, code in [(aboard, "why_not.aboard"), (locked, "why_not.locked")]:
        answer = pin(one, "a", "near", TRAVEL)
        assert isinstance(answer, Explanation)
        assert answer.code == code


def test_a_pin_gives_way_to_another_pin() -> None:
    plan = two("+a -a", "", replace(A, pinned="van"))

    moved = pin(plan, "a", "near", TRAVEL)

    assert isinstance(moved, Plan)
    assert moved.requests["a"].pinned == "near"


def test_every_limit_a_route_can_break_has_its_sentence() -> None:
    for rule in Rule:
        assert f"why_not.{rule}" in MESSAGES


@pytest.mark.parametrize("code", MESSAGES)
def test_both_languages_of_a_sentence_say_the_same_numbers(code: str) -> None:
    japanese, english = (
        {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for text in MESSAGES[code]
    )
    assert japanese == english
    assert MESSAGES[code][0].endswith("。")
    assert MESSAGES[code][1].endswith(".")


def test_seconds_are_said_as_clock_times_and_whole_minutes() -> None:
    values = {"by_s": 61, "pickup_s": 34_259}

    assert Explanation("relax.later", values).en() == (
        "Asked for 2 min later it works, with pick-up at about 9:30."
    )
    assert Explanation("relax.later", {**values, "by_s": -120}).en().startswith("Asked for 2 min")


@st.composite
def fleets(draw: st.DrawFn) -> tuple[Plan, dict[str, TravelTimes], str]:
    """Two vehicles with parties that keep their limits, one of which is to be explained."""
    town = draw(towns())
    vans = [draw(vehicles("v")), draw(vehicles("w"))]
    plan = Plan(1, {van.id: Route(van) for van in vans}, {})
    for number in range(draw(st.integers(1, 5))):
        party = draw(parties(f"p{number}", town))
        found = insertions(plan, party, {"car": town})
        if found:
            plan = insert(plan, party, draw(st.sampled_from(found)))
    assume(plan.requests)
    for route in list(plan.routes.values()):
        locked = draw(st.integers(0, min(1, len(route.stops))))
        plan = plan.with_route(replace(route, locked=locked))
    return plan, {"car": town}, draw(st.sampled_from(sorted(plan.requests)))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(fleets(), st.sampled_from(["v", "w"]))
def test_every_explanation_is_true(
    drawn: tuple[Plan, dict[str, TravelTimes], str], vehicle_id: str
) -> None:
    plan, travel, request_id = drawn

    found = why_not(plan, request_id, vehicle_id, travel)
    pinned = pin(plan, request_id, vehicle_id, travel)

    assert found.ja()
    assert found.en()
    free = {"why_not.it_does", "why_not.dearer", "why_not.cheaper"}
    assert (found.code in free) == isinstance(pinned, Plan)
    if isinstance(pinned, Plan):
        assert check(pinned, travel) == []
        assert pinned.routes[vehicle_id].request_ids >= {request_id}
    if found.code in ("why_not.dearer", "why_not.cheaper") and isinstance(pinned, Plan):
        by_s = plan_cost_s(pinned, travel) - plan_cost_s(plan, travel)
        assert found.values["by_s"] == abs(round(by_s))
        assert (by_s >= 0) == (found.code == "why_not.dearer") or abs(by_s) < 1


@settings(max_examples=150, deadline=None, derandomize=True)
@given(fleets())
def test_the_limit_named_is_one_that_stands_in_the_way(
    drawn: tuple[Plan, dict[str, TravelTimes], str],
) -> None:
    plan, travel, request_id = drawn
    for option in why(plan, request_id, travel).options:
        if option.limit is None:
            assert option.cost_s is not None
            continue
        route = plan.routes[option.vehicle_id]
        alone = {id_: plan.requests[id_] for id_ in route.request_ids}
        base = Case(route, alone, travel["car"])
        party = replace(plan.requests[request_id], pinned=None)
        grown = [with_party(base, party, i, j) for i, j in places_for(base)]
        assert not any(is_feasible(one) for one in grown)
        by_s = option.limit.values.get("by_s")
        if by_s is not None:
            assert any(is_feasible(_eased(one, int(by_s))) for one in grown)


def _eased(case: Case, by_s: int) -> Case:
    """Every limit of time wider by as much as the worst of the least bad place."""
    wide = {
        id_: replace(
            request,
            latest_pickup_s=request.latest_pickup_s + by_s,
            latest_dropoff_s=request.latest_dropoff_s + by_s,
            ride_max_s=request.ride_max_s + by_s,
        )
        for id_, request in case.requests.items()
    }
    vehicle = replace(case.route.vehicle, end_s=case.route.vehicle.end_s + by_s)
    return Case(replace(case.route, vehicle=vehicle), wide, case.town)
