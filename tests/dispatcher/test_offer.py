"""What a caller hears: three offers that differ, or a refusal that says why and what would work."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.check import check
from dispatcher.fleet import Fleet
from dispatcher.insert import Insertion, insert
from dispatcher.model import Place, Plan, Request, Route, Vehicle
from dispatcher.offer import (
    Ask,
    Offer,
    OfferKind,
    OfferRules,
    Reason,
    Refusal,
    offers,
    promised,
    take,
)
from tests.dispatcher.draw import PLACE, Case, routes, towns
from tests.dispatcher.test_insert import planned
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride
from tests.towns import IslandTown, LineTown, MatrixTown

RULES = OfferRules(
    window_s=600,
    earlier_s=1800,
    later_s=1800,
    step_s=300,
    ride_max_factor=1.5,
    ride_max_extra_s=120,
    arrive_slack_s=900,
    shuffle_s=0.0,
)
ASK = Ask("new", Place(3), Place(9), desired_s=3600)
DAY = replace(VAN, end_s=9000)


def answer(plan: Plan, ask: Ask = ASK, **more: Any) -> list[Offer] | Refusal:  # noqa: ANN401
    return offers(plan, ask, TRAVEL, RULES, **more)


def offered(plan: Plan, ask: Ask = ASK, **more: Any) -> list[Offer]:  # noqa: ANN401
    found = answer(plan, ask, **more)
    assert isinstance(found, list), found
    return found


def refused(plan: Plan, ask: Ask = ASK, **more: Any) -> Refusal:  # noqa: ANN401
    found = answer(plan, ask, **more)
    assert isinstance(found, Refusal), found
    return found


def test_a_free_vehicle_is_offered_at_the_time_asked_and_a_window_earlier_and_later() -> None:
    found = offered(planned("", van=DAY))

    assert [(one.kind, one.pickup_s) for one in found] == [
        (OfferKind.ASKED, 3600),
        (OfferKind.EARLIER, 3000),
        (OfferKind.LATER, 4200),
    ]


def test_an_offer_says_everything_about_the_ride() -> None:
    plan = planned("+a -a", ride("a", 5, 8, earliest_pickup_s=3700, latest_pickup_s=3900), van=DAY)

    asked = offered(plan)[0]

    # In at 3 at 3600, a's minute of boarding at 5 and half a minute of alighting at 8 on the way.
    assert (asked.pickup_s, asked.dropoff_s, asked.vehicle_id) == (3600, 4110, "van")
    assert (asked.direct_s, asked.detour_s, asked.shared_with) == (360, 90, 1)
    assert asked.promise == Request(
        "new",
        Place(3),
        Place(9),
        earliest_pickup_s=3600,
        latest_pickup_s=4200,
        earliest_dropoff_s=0,
        latest_dropoff_s=4200 + 60 + 660,
        ride_max_s=660,
    )


def test_whoever_has_to_be_there_is_set_down_shortly_before() -> None:
    asked = offered(planned("", van=DAY), replace(ASK, anchor="arrive"))[0]

    assert (asked.pickup_s, asked.dropoff_s) == (2880, 3300)
    assert asked.promise.earliest_dropoff_s == 3300
    assert asked.promise.latest_dropoff_s == 3600
    assert asked.promise.latest_pickup_s == 3180


def test_whoever_cannot_be_set_down_shortly_before_is_set_down_sooner() -> None:
    a = ride("a", 9, 20, earliest_pickup_s=3200, latest_pickup_s=3200, latest_dropoff_s=3925)
    van = replace(DAY, end=Place(20))

    asked = offered(planned("+a -a", a, van=van), replace(ASK, anchor="arrive"))[0]

    assert 2700 <= asked.dropoff_s <= 3200 - 30
    assert asked.promise.earliest_dropoff_s == 2700


def test_offers_to_somebody_who_calls_late_begin_when_they_may() -> None:
    found = offered(planned("", van=DAY), replace(ASK, not_before_s=3900))

    assert [(one.kind, one.pickup_s) for one in found] == [
        (OfferKind.ASKED, 3900),
        (OfferKind.LATER, 4500),
        (OfferKind.LATER, 5100),
    ]


def test_an_ask_for_the_past_is_refused_with_the_next_time_that_works() -> None:
    refusal = refused(planned("", van=DAY), replace(ASK, not_before_s=4500))

    assert (refusal.reason, refusal.binding) == (Reason.OUT_OF_HOURS, "not_before_s")
    assert [(one.kind, one.pickup_s) for one in refusal.alternatives] == [
        (OfferKind.LATER, 4500),
        (OfferKind.LATER, 5100),
    ]


def test_a_later_offer_is_later_by_a_window_and_not_the_same_ride_again() -> None:
    b = ride("b", 2, 9, earliest_pickup_s=4000, latest_pickup_s=4200, latest_dropoff_s=4900)
    plan = planned("+b -b", b, van=replace(DAY, start=Place(2)), locked=1)

    found = offered(plan)

    assert [one.kind for one in found] == [OfferKind.ASKED, OfferKind.LATER]
    assert found[1].pickup_s - found[0].pickup_s >= RULES.window_s


def test_offers_may_come_from_different_vehicles_and_never_from_a_banned_one() -> None:
    near = Vehicle("near", Place(3), Place(3), 0, 9000, seats=4)
    plan = Plan(1, {"van": Route(DAY), "near": Route(near)}, {})

    assert {one.vehicle_id for one in offered(plan)} == {"near"}
    assert {one.vehicle_id for one in offered(plan, banned=frozenset({"near"}))} == {"van"}


def test_a_compiled_fleet_gives_the_same_answer() -> None:
    plan = planned("+a -a", ride("a", 5, 8), van=DAY)

    assert answer(plan, fleet=Fleet(plan, TRAVEL)) == answer(plan)
    with pytest.raises(ValueError, match="used for plan"):
        answer(planned("", van=DAY), fleet=Fleet(plan, TRAVEL))


def test_no_road_is_named_as_the_reason() -> None:
    ask = replace(ASK, destination=Place(100))

    refusal = offers(planned("", van=DAY), ask, {"car": IslandTown()}, RULES)

    assert refusal == Refusal(Reason.UNREACHABLE, "destination")


def test_no_vehicle_is_out_of_hours() -> None:
    assert refused(Plan(0, {}, {})) == Refusal(Reason.OUT_OF_HOURS, None)
    assert refused(planned("", van=DAY), banned=frozenset({"van"})).binding is None


@pytest.mark.parametrize(
    ("ask", "binding"),
    [
        ({"seats": 5}, "seats"),
        ({"seats": 4, "wheelchairs": 1}, "seats"),
        ({"wheelchairs": 2}, "wheelchair_places"),
    ],
)
def test_a_party_too_large_for_every_vehicle_is_told_so(ask: dict[str, int], binding: str) -> None:
    van = replace(DAY, wheelchair_places=1, seats_lost_per_wheelchair=1)

    refusal = refused(planned("", van=van), replace(ASK, **ask))  # type: ignore[arg-type]

    assert refusal == Refusal(Reason.PARTY_TOO_LARGE, binding)


def test_a_party_only_a_banned_vehicle_would_hold_is_too_large() -> None:
    bus = replace(DAY, id="bus", seats=9)
    plan = Plan(1, {"van": Route(DAY), "bus": Route(bus)}, {})

    refusal = refused(plan, replace(ASK, seats=6), banned=frozenset({"bus"}))

    assert refusal == Refusal(Reason.PARTY_TOO_LARGE, "seats")


@pytest.mark.parametrize(
    ("shift", "binding"),
    [
        ({"start_s": 4201}, "start_s"),
        ({"end_s": 4500}, "end_s"),
        ({"start_s": 4100}, "latest_pickup_s"),
    ],
)
def test_outside_the_shift_the_limit_is_named(shift: dict[str, int], binding: str) -> None:
    refusal = refused(planned("", van=replace(DAY, **shift)))  # type: ignore[arg-type]

    assert (refusal.reason, refusal.binding) == (Reason.OUT_OF_HOURS, binding)


def test_a_full_vehicle_that_passes_is_named_full() -> None:
    a = ride(
        "a", 2, 10, seats=4,
        earliest_pickup_s=3500, latest_pickup_s=3560, latest_dropoff_s=4300,
    )  # fmt: skip
    plan = planned("+a -a", a, van=DAY)

    refusal = refused(plan)

    assert (refusal.reason, refusal.binding) == (Reason.FULL, "seats")
    assert {one.kind for one in refusal.alternatives} == {OfferKind.EARLIER, OfferKind.LATER}


def test_a_taken_wheelchair_place_is_named() -> None:
    a = ride(
        "a", 2, 10, seats=0, wheelchairs=1,
        earliest_pickup_s=3500, latest_pickup_s=3560, latest_dropoff_s=4300,
    )  # fmt: skip
    plan = planned("+a -a", a, van=replace(DAY, wheelchair_places=1))

    refusal = refused(plan, replace(ASK, seats=0, wheelchairs=1))

    assert (refusal.reason, refusal.binding) == (Reason.FULL, "wheelchair_places")


def bound_for_15() -> Plan:
    """Locked to meet a at 3 at 3600, and a has to be at 15 soon: the way back to 2 is long."""
    a = ride("a", 3, 15, earliest_pickup_s=3600, latest_pickup_s=3700, latest_dropoff_s=4490)
    return planned("+a -a", a, van=replace(DAY, start=Place(3), end=Place(15)), locked=1)


def test_a_ride_that_sharing_makes_too_long_is_named() -> None:
    refusal = refused(bound_for_15(), replace(ASK, destination=Place(2), desired_s=3650))

    assert (refusal.reason, refusal.binding) == (Reason.RIDE_TOO_LONG, "ride_max_s")


def test_an_arrival_that_cannot_be_met_is_not_blamed_on_the_ride() -> None:
    ask = replace(ASK, destination=Place(2), desired_s=4000, anchor="arrive")

    assert refused(bound_for_15(), ask).reason is Reason.BUSY


def test_promises_to_others_leave_no_time() -> None:
    a = ride(
        "a", 20, 30,
        earliest_pickup_s=3600, latest_pickup_s=3600, latest_dropoff_s=4300,
    )  # fmt: skip
    plan = planned("+a -a", a, van=replace(DAY, start=Place(20)))

    refusal = refused(plan)

    assert (refusal.reason, refusal.binding) == (Reason.BUSY, "latest_pickup_s")
    # Back at 20 by 3600 takes 18.5 minutes from the pickup; from 30 to 3 it is 27.
    assert [(one.kind, one.pickup_s) for one in refusal.alternatives] == [
        (OfferKind.LATER, 5910),
        (OfferKind.EARLIER, 2400),
        (OfferKind.EARLIER, 1800),
    ]


def test_what_a_banned_vehicle_could_do_explains_nothing() -> None:
    a = ride("a", 20, 30, earliest_pickup_s=3600, latest_pickup_s=3600, latest_dropoff_s=4300)
    van, idle = replace(DAY, start=Place(20)), replace(DAY, id="idle")
    busy = planned("+a -a", a, van=van)
    plan = Plan(1, {**busy.routes, "idle": Route(idle)}, busy.requests)

    assert refused(plan, banned=frozenset({"idle"})).reason is Reason.BUSY


def test_an_offer_taken_goes_to_its_vehicle_or_to_any_other_that_keeps_it() -> None:
    near = Vehicle("near", Place(3), Place(3), 0, 9000, seats=4)
    plan = Plan(1, {"van": Route(DAY), "near": Route(near)}, {})
    promise = offered(plan)[0].promise

    preferred, cheapest = take(plan, promise, TRAVEL, prefer="van"), take(plan, promise, TRAVEL)
    other = take(plan, promise, TRAVEL, prefer="sold")

    assert isinstance(preferred, Plan)
    assert isinstance(cheapest, Plan)
    assert isinstance(other, Plan)
    assert preferred.routes["van"].request_ids == {"new"}
    assert cheapest.routes["near"].request_ids == other.routes["near"].request_ids == {"new"}


def test_an_offer_somebody_else_took_first_is_gone() -> None:
    plan = planned("", van=replace(DAY, seats=1))
    first = offered(plan)[0]
    other = replace(first.promise, id="other")

    taken = take(plan, other, TRAVEL)

    assert isinstance(taken, Plan)
    assert take(taken, first.promise, TRAVEL) == Refusal(Reason.GONE, None)


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


@pytest.mark.parametrize("changes", [{"step_s": 0}, {"window_s": -1}])
def test_rules_that_cannot_be_searched_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="cannot be searched"):
        replace(RULES, **changes)


def test_those_who_get_out_before_or_in_after_do_not_share_the_ride() -> None:
    asked = [
        ride("a", 1, 4, latest_pickup_s=60),
        ride("b", 5, 6, latest_pickup_s=500),
        ride("c", 7, 8, latest_pickup_s=800),
    ]
    plan = planned("+a -a +b -b +c -c", *asked, van=replace(DAY, start=Place(1)), locked=2)
    on_the_way = replace(ASK, origin=Place(5), destination=Place(6), desired_s=300)

    assert offered(plan, on_the_way)[0].shared_with == 1


@st.composite
def _asked(draw: st.DrawFn) -> tuple[Case, Ask]:
    town = draw(towns())
    case = draw(routes(town))
    ask = Ask(
        "new",
        draw(PLACE),
        draw(PLACE),
        desired_s=draw(st.integers(0, 3600)),
        anchor=draw(st.sampled_from(["depart", "arrive"])),
        seats=draw(st.integers(1, 2)),
        wheelchairs=draw(st.integers(0, 1)),
        not_before_s=draw(st.integers(0, 1800)),
    )
    return case, ask


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_asked())
def test_whatever_is_offered_can_be_taken_and_keeps_what_was_said(drawn: tuple[Case, Ask]) -> None:
    case, ask = drawn
    plan = case.plan
    found = offers(plan, ask, case.travel, RULES)
    given_ = found if isinstance(found, list) else list(found.alternatives)
    for offer in given_:
        promise = offer.promise
        assert promise.earliest_pickup_s <= offer.pickup_s <= promise.latest_pickup_s
        assert promise.earliest_dropoff_s <= offer.dropoff_s <= promise.latest_dropoff_s
        assert promise.latest_pickup_s - promise.earliest_pickup_s <= RULES.window_s
        assert offer.pickup_s >= ask.not_before_s
        taken = take(plan, promise, case.travel, prefer=offer.vehicle_id)
        assert isinstance(taken, Plan)
        assert check(taken, case.travel) == []


@settings(max_examples=100, deadline=None, derandomize=True)
@given(_asked())
def test_offers_differ_by_at_least_a_window(drawn: tuple[Case, Ask]) -> None:
    case, ask = drawn
    found = offers(case.plan, ask, case.travel, RULES)
    if isinstance(found, list):
        asked = found[0]
        assert asked.kind is OfferKind.ASKED
        for offer in found[1:]:
            assert abs(offer.pickup_s - asked.pickup_s) >= RULES.window_s


def test_a_slower_profile_does_not_lengthen_the_promise() -> None:
    slow = replace(DAY, id="slow", profile="micro_ev")
    plan = Plan(1, {"slow": Route(slow), "van": Route(DAY)}, {})
    travel = {"car": LineTown(), "micro_ev": LineTown(minute_s=90)}

    found = offers(plan, ASK, travel, RULES)

    assert isinstance(found, list)
    assert found[0].direct_s == 360
    assert found[0].promise.ride_max_s == 660


def test_a_way_round_that_is_quicker_than_direct_is_no_detour() -> None:
    town = MatrixTown([[0, 50, 300], [300, 0, 50], [300, 300, 0]])
    van = Vehicle("van", Place(0), None, 0, 9000, seats=4)
    a = ride("a", 1, 2, earliest_pickup_s=3600)
    plan = planned("+a -a", a, van=van, locked=0)

    found = offers(plan, replace(ASK, origin=Place(0), destination=Place(2)), {"car": town}, RULES)

    assert isinstance(found, list)
    assert (found[0].insertion.ride_s, found[0].direct_s, found[0].detour_s) == (160, 300, 0)


def test_nothing_is_shared_on_an_empty_vehicle() -> None:
    plan = insert(planned("", van=DAY), ride("a", 1, 2), Insertion("van", 0, 1, 0, 0, 0, 0))

    assert offered(plan)[0].shared_with == 0
