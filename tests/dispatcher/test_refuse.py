"""Why not, and the least that would have to give: minutes, people, wishes, a walk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatcher.ask import Ask, Nearby, OfferRules
from dispatcher.check import check
from dispatcher.model import Battery, Place, Plan, Route, Stop, StopKind, Task, TravelTimes
from dispatcher.offer import offers, take
from dispatcher.refuse import Reason, Refusal, Relaxation
from tests.dispatcher.draw import PLACE
from tests.dispatcher.test_explain import fleets
from tests.dispatcher.test_insert import planned
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride
from tests.towns import LineTown

RULES = OfferRules(
    window_s=600, earlier_s=1800, later_s=1800, ride_max_extra_s=120, arrive_slack_s=900,
    shuffle_s=0,
)  # fmt: skip
ASK = Ask("new", Place(3), Place(9), desired_s=3600)
DAY = replace(VAN, end_s=9000)


def refused(plan: Plan, ask: Ask = ASK, rules: OfferRules = RULES, **more: Any) -> Refusal:  # noqa: ANN401
    found = offers(plan, ask, more.pop("travel", TRAVEL), rules, **more)
    assert isinstance(found, Refusal), found
    return found


def relaxed(refusal: Refusal) -> list[tuple[str, int, str]]:
    return [(one.field, one.by, one.unit) for one in refusal.relaxations]


def busy(**changes: int) -> Plan:
    """One van, full between 3 and 10 from 3500 to 4300 or so."""
    a = ride(
        "a", 2, 10, earliest_pickup_s=3500, latest_pickup_s=3560, latest_dropoff_s=4300,
        **{"seats": 4, **changes},
    )  # fmt: skip
    return planned("+a -a", a, van=replace(DAY, wheelchair_places=1, bags=2))


def test_an_hour_full_of_others_says_how_many_minutes_either_way_would_do() -> None:
    refusal = refused(busy())

    # Out at 10 by 3560 + 60 + 480 and half a minute, at 3 seven minutes later: 4490, or by 4200
    # + 300.  Earlier, 6 + 1 + 0.5 + 7 minutes end at 2 by 3560 when they begin by 2690.
    assert (refusal.reason, refusal.binding) == (Reason.FULL, "seats")
    assert relaxed(refusal) == [("desired_s", 300, "s"), ("desired_s", -960, "s")]
    later, earlier = refusal.relaxations
    assert (later.offer.pickup_s, earlier.offer.pickup_s) == (4490, 2640)
    assert (later.asks_s, earlier.asks_s) == (150, 480)
    assert later.because.en() == ("Asked for 5 min later it works, with pick-up at about 1:14.")
    assert refusal.because.ja() == "その時間に通る車は席が足りません。"


@pytest.mark.parametrize(
    ("seats", "asked", "change", "binding"),
    [
        ({"seats": 2}, {"seats": 3}, ("seats", -1, "people"), "seats"),
        ({"seats": 1}, {"alone": True}, ("alone", -1, "wish"), "alone"),
        ({"seats": 1, "wheelchairs": 1}, {"seats": 1, "wheelchairs": 1},
         ("wheelchairs", -1, "people"), "wheelchair_places"),
        ({"seats": 1, "bags": 1}, {"bags": 2}, ("bags", -1, "bags"), "bags"),
    ],
)  # fmt: skip
def test_a_smaller_party_or_a_wish_less_may_be_enough(
    seats: dict[str, int],
    asked: dict[str, Any],
    change: tuple[str, int, str],
    binding: str,
) -> None:
    refusal = refused(busy(**seats), replace(ASK, **asked))

    assert (refusal.reason, refusal.binding) == (Reason.FULL, binding)
    found = next(one for one in refusal.relaxations if one.field == change[0])
    assert (found.field, found.by, found.unit) == change
    assert found.because.ja()
    assert isinstance(offers(busy(**seats), found.ask, TRAVEL, found.rules), list)


def test_the_three_that_ask_least_come_first() -> None:
    ask = replace(ASK, seats=3, nearby=(Nearby(Place(2), 3600),))

    refusal = refused(busy(seats=2), ask)

    assert relaxed(refusal) == [
        ("desired_s", 300, "s"),
        ("desired_s", -960, "s"),
        ("seats", -1, "people"),
    ]
    assert [one.asks_s for one in refusal.relaxations] == [150, 480, 3600]


def test_nobody_is_asked_to_leave_the_whole_party_at_home() -> None:
    plan = busy()

    assert "seats" not in {one.field for one in refused(plan).relaxations}
    parcels = replace(ASK, seats=0, bags=2)
    full = refused(busy(bags=2), parcels)
    assert (full.reason, full.binding) == (Reason.FULL, "bags")
    assert "bags" not in {one.field for one in full.relaxations}


def test_any_vehicle_may_be_enough() -> None:
    other = replace(DAY, id="other", start=Place(3), end=Place(3))
    plan = busy()
    plan = Plan(1, {**plan.routes, "other": Route(other)}, plan.requests)

    refusal = refused(plan, replace(ASK, only=frozenset({"van"})))
    unknown = refused(plan, replace(ASK, only=frozenset({"sold"})))

    assert ("only", -1, "wish") in relaxed(refusal)
    assert (unknown.reason, unknown.binding) == (Reason.NOT_ALLOWED, "only")
    assert relaxed(unknown) == [("only", -1, "wish")]
    banned = refused(plan, replace(ASK, only=frozenset({"van"})), banned=frozenset({"other"}))
    assert ("only", -1, "wish") not in relaxed(banned)


def test_a_longer_ride_may_be_enough_and_is_as_short_as_can_be() -> None:
    a = ride("a", 3, 15, earliest_pickup_s=3600, latest_pickup_s=3700, latest_dropoff_s=4490)
    plan = planned("+a -a", a, van=replace(DAY, start=Place(3), end=Place(15)), locked=1)

    refusal = refused(plan, replace(ASK, destination=Place(2), desired_s=3650))

    # With a to 15 and back to 2: 12 + 1 + 0.5 + 13 minutes, where 3.5 are allowed.
    assert (refusal.reason, refusal.values) == (Reason.RIDE_TOO_LONG, {"most_s": 210})
    change = next(one for one in refusal.relaxations if one.field == "ride_max_s")
    assert (change.by, change.unit, change.asks_s) == (1320, "s", 1320)
    assert change.offer.ride_s <= 210 + 1320


def test_a_walk_to_another_place_may_be_enough() -> None:
    a = ride("a", 20, 30, earliest_pickup_s=3600, latest_pickup_s=3600, latest_dropoff_s=4400)
    far = replace(DAY, id="far", start=Place(60), end=Place(60), profile="slow")
    plan = planned("+a -a", a, van=replace(DAY, start=Place(20)))
    plan = Plan(1, {**plan.routes, "far": Route(far)}, plan.requests)
    nearby = Nearby(Place(29), 900), Nearby(Place(28), 60)
    ask = replace(ASK, destination=Place(34), nearby=nearby)

    refusal = refused(plan, ask, travel={"car": LineTown(), "slow": LineTown(600)})

    change = next(one for one in refusal.relaxations if one.field == "origin")
    assert (change.by, change.unit, change.asks_s) == (60, "s", 120)
    assert (change.offer.promise.origin, change.offer.walk_s) == (28, 60)
    assert change.ask.origin == 28
    assert change.because.en() == "It works from another stop, a walk of 1 min."


def test_a_break_that_stands_there_is_named() -> None:
    rest = Task("rest", StopKind.BREAK, Place(3), 3600, 3700, 1800)
    van = Route(DAY, (Stop("rest", StopKind.BREAK),), tasks={"rest": rest})
    locked = replace(van, stops=(Stop("rest", StopKind.BREAK),), locked=1)

    for route in (van, locked):
        refusal = refused(Plan(1, {"van": route}, {}))
        assert (refusal.reason, refusal.binding) == (Reason.BREAK, "tasks")
        assert refusal.because.en() == "A driver's break or a charge stands at that time."


class Flat(LineTown):
    """Ten watt-hours a minute."""

    def energy(self, origins: Any, destinations: Any, /) -> Any:  # noqa: ANN401
        return np.stack(
            [self.table(origins, destinations) // 6, 0 * self.table(origins, destinations)]
        )


def test_a_battery_that_would_run_low_is_named() -> None:
    low = replace(DAY, battery=Battery(1000, 150, 50))
    plan = Plan(1, {"van": Route(low)}, {})

    refusal = refused(plan, travel={"car": Flat()})

    # 18 minutes there, on and back take 180 of the 100 watt-hours above the reserve.
    assert (refusal.reason, refusal.binding) == (Reason.BATTERY, "reserve_wh")
    assert refusal.relaxations == ()
    full = Plan(1, {"van": Route(replace(low, battery=Battery(1000, 230, 50)))}, {})
    assert isinstance(offers(full, ASK, {"car": Flat()}, RULES), list)


@pytest.mark.parametrize(
    ("ask", "binding", "values"),
    [
        ({"seats": 5}, "seats", {"asked": 5, "most": 4}),
        ({"wheelchairs": 2}, "wheelchair_places", {"asked": 2, "most": 1}),
        ({"bags": 3}, "bags", {"asked": 3, "most": 2}),
    ],
)
def test_what_no_vehicle_holds_is_said_in_numbers(
    ask: dict[str, int], binding: str, values: dict[str, int]
) -> None:
    van = replace(DAY, wheelchair_places=1, bags=2)

    refusal = refused(planned("", van=van), replace(ASK, **ask))  # type: ignore[arg-type]

    assert (refusal.reason, refusal.binding) == (Reason.PARTY_TOO_LARGE, binding)
    assert refusal.values == values
    assert len(relaxed(refusal)) == 1


@pytest.mark.parametrize(
    ("shift", "binding", "values"),
    [
        ({"start_s": 4201}, "start_s", {"at_s": 4201}),
        ({"end_s": 4500}, "end_s", {"at_s": 4500}),
        ({"start_s": 4100}, "latest_pickup_s", {"by_s": 80}),
    ],
)
def test_a_shift_that_binds_says_until_when(
    shift: dict[str, int], binding: str, values: dict[str, int]
) -> None:
    refusal = refused(planned("", van=replace(DAY, **shift)))  # type: ignore[arg-type]

    assert (refusal.binding, refusal.values) == (binding, values)
    assert refusal.because.ja()


def test_every_reason_has_its_sentence() -> None:
    assert Refusal(Reason.GONE, None).because.en()
    assert Refusal(Reason.OUT_OF_HOURS, None).because.en()
    assert Refusal(Reason.UNREACHABLE, "destination").because.en()
    assert refused(planned("", van=DAY), replace(ASK, not_before_s=4300)).because.en() == (
        "Nothing before 1:11 can be booked any more."
    )


@st.composite
def wishes(draw: st.DrawFn) -> tuple[Plan, dict[str, TravelTimes], Ask]:
    """A small fleet with something to do and an ask that may well be too much for it."""
    plan, travel, _ = draw(fleets())
    seats, wheelchairs = draw(st.sampled_from([(1, 0), (3, 0), (5, 0), (1, 1), (0, 2), (0, 0)]))
    bags = draw(st.sampled_from([0, 0, 1, 3])) or int(seats + wheelchairs == 0)
    vans = {
        id_: replace(route, vehicle=replace(route.vehicle, bags=draw(st.integers(0, 3))))
        for id_, route in plan.routes.items()
    }
    ask = Ask(
        "new",
        draw(PLACE),
        draw(PLACE),
        desired_s=draw(st.integers(0, 3600)),
        anchor=draw(st.sampled_from(["depart", "arrive"])),
        seats=seats,
        wheelchairs=wheelchairs,
        not_before_s=draw(st.sampled_from([0, 1800])),
        bags=bags,
        alone=seats + wheelchairs > 0 and draw(st.booleans()),
        only=draw(st.sampled_from([None, None, frozenset({"v"}), frozenset({"sold"})])),
        prefers=draw(st.sampled_from([frozenset(), frozenset({"w"})])),
        nearby=tuple(Nearby(draw(PLACE), walk_s) for walk_s in (300, 600)),
    )
    return Plan(1, vans, plan.requests), travel, ask


TIGHT = replace(RULES, window_s=120, ride_max_factor=1.0, ride_max_extra_s=60, earlier_s=600)


def _works(plan: Plan, travel: dict[str, TravelTimes], ask: Ask, rules: OfferRules) -> bool:
    return isinstance(offers(plan, ask, travel, rules), list)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(wishes())
def test_every_relaxation_works_and_one_step_less_does_not(
    drawn: tuple[Plan, dict[str, TravelTimes], Ask],
) -> None:
    plan, travel, ask = drawn
    refusal = offers(plan, ask, travel, TIGHT)
    assume(isinstance(refusal, Refusal))
    assert isinstance(refusal, Refusal)
    assert refusal.because.ja()
    assert len(refusal.relaxations) <= 3
    asks_s = [one.asks_s for one in refusal.relaxations]
    assert asks_s == sorted(asks_s)
    for one in refusal.relaxations:
        assert _works(plan, travel, one.ask, one.rules)
        taken = take(plan, one.offer.promise, travel, rules=TIGHT)
        assert isinstance(taken, Plan)
        assert check(taken, travel) == []
        for less_ask, less_rules in _less(one, ask):
            assert not _works(plan, travel, less_ask, less_rules)


def _less(one: Relaxation, ask: Ask) -> list[tuple[Ask, OfferRules]]:
    """The ask with one step less of a relaxation, or with every smaller one of the same kind."""
    match one.field:
        case "desired_s":
            step = 60 if one.by > 0 else -60
            return [
                (replace(ask, desired_s=ask.wanted_s + by), TIGHT) for by in range(0, one.by, step)
            ]
        case "ride_max_s":
            extra_s = TIGHT.ride_max_extra_s + one.by - 60
            return [(ask, replace(TIGHT, ride_max_extra_s=extra_s))]
        case "seats":
            return [(replace(ask, seats=ask.seats + one.by + 1), TIGHT)]
        case "bags":
            return [(replace(ask, bags=ask.bags + one.by + 1), TIGHT)]
        case "wheelchairs":
            fewer = [
                replace(ask, wheelchairs=ask.wheelchairs - n, seats=ask.seats + n)
                for n in range(-one.by)
            ]
            return [(less, TIGHT) for less in fewer]
        case "origin":
            nearer = [
                near for near in ask.nearby if near.walk_s < one.by and near.place != ask.origin
            ]
            return [
                (replace(ask, origin=near.place, not_before_s=ask.not_before_s + near.walk_s,
                         desired_s=ask.desired_s + (0 if ask.arrives else near.walk_s)), TIGHT)
                for near in nearer if near.place != ask.destination
            ]  # fmt: skip
        case _:
            return [(ask, TIGHT)]
