"""Other rides than the one asked for: which are looked for, which are said, in what order."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings

from dispatcher.alternatives import MOST_OFFERS, Offer, Other, Seek, choose, classes_of, differ
from dispatcher.ask import Ask, Nearby, OfferRules
from dispatcher.check import check
from dispatcher.fleet import Fleet
from dispatcher.insert import Insertion, insertions
from dispatcher.model import Place, Plan, Request, Route, TravelTimes, Vehicle
from dispatcher.offer import offers, take
from dispatcher.refuse import Refusal
from dispatcher.windows import bounds, wanted
from tests.dispatcher.test_insert import planned
from tests.dispatcher.test_refuse import wishes
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride
from tests.towns import LineTown

RULES = OfferRules(
    window_s=600, earlier_s=1800, later_s=1800, ride_max_extra_s=120, arrive_slack_s=900,
    much_s=300, shuffle_s=0,
)  # fmt: skip
ASK = Ask("new", Place(3), Place(9), desired_s=3600)
DAY = replace(VAN, end_s=20_000)
BOTH = {"car": LineTown(), "micro_ev": LineTown(90)}


def found(plan: Plan, ask: Ask = ASK, rules: OfferRules = RULES, **more: Any) -> list[Offer]:  # noqa: ANN401
    answer = offers(plan, ask, more.pop("travel", TRAVEL), rules, **more)
    assert isinstance(answer, list), answer
    return answer


def seek(plan: Plan, ask: Ask = ASK, rules: OfferRules = RULES) -> Seek:
    return Seek(plan, ask, rules, Fleet(plan, TRAVEL), frozenset())


def test_more_than_fifty_alternatives_are_looked_at() -> None:
    ask = replace(ASK, desired_s=9000, nearby=(Nearby(Place(4), 60),))
    plan = planned("", van=replace(VAN, end_s=30_000))

    tried = seek(plan, ask, OfferRules()).offers([Other.EARLIER, Other.LATER, Other.NEARBY])

    assert len(tried) == 53
    assert all(offer is not None for offer in tried)
    assert tried[0] is not None
    assert tried[-2] is not None
    assert (tried[0].pickup_s, tried[-2].pickup_s) == (8700, 16_800)


def test_a_short_walk_that_saves_the_town_much_is_offered_before_another_time() -> None:
    ask = replace(ASK, origin=Place(20), nearby=(Nearby(Place(9), 60), Nearby(Place(14), 60)))

    answer = found(planned("", van=DAY), ask)

    assert [one.other for one in answer] == [Other.NOTHING, Other.NEARBY, Other.EARLIER]
    assert (answer[1].promise.origin, answer[1].walk_s, answer[1].pickup_s) == (14, 60, 3660)
    assert answer[1].because.en() == "A walk of 1 min to another stop, pick-up there at about 1:01."


def test_the_way_one_stands_at_or_goes_to_is_no_other_place() -> None:
    ask = replace(ASK, nearby=(Nearby(Place(3), 0), Nearby(Place(9), 0)))

    assert Other.NEARBY not in {one.other for one in found(planned("", van=DAY), ask)}


def test_another_class_of_vehicle_is_promised_with_the_offer() -> None:
    small = Vehicle("small", Place(3), Place(3), 0, 20_000, seats=2, profile="micro_ev")
    plan = Plan(1, {"van": Route(DAY), "small": Route(small)}, {})

    answer = found(plan, travel=BOTH)
    only_small = found(plan, replace(ASK, only=frozenset({"small"})), travel=BOTH)

    assert [(one.vehicle_class, one.other) for one in answer[:2]] == [
        ("car", Other.NOTHING),
        ("micro_ev", Other.VEHICLE),
    ]
    assert (answer[0].promise.only, answer[1].promise.only) == (None, frozenset({"small"}))
    assert (answer[1].pickup_s, answer[1].kind) == (3600, "asked")
    assert Other.VEHICLE not in {one.other for one in only_small}
    assert classes_of(plan) == {"car": {"van"}, "micro_ev": {"small"}}


def test_a_ride_much_shorter_or_sooner_over_is_offered_and_promised() -> None:
    rules = replace(RULES, ride_max_extra_s=3000)
    a = ride("a", 3, 30, earliest_pickup_s=3600, latest_pickup_s=3600, latest_dropoff_s=5350)
    van = replace(DAY, start=Place(3), end=Place(30))
    plan = planned("+a -a", a, van=van, locked=1)
    other = Vehicle("other", Place(50), Place(50), 0, 20_000, seats=4)
    plan = Plan(1, {**plan.routes, "other": Route(other)}, plan.requests)
    looking = seek(plan, replace(ASK, destination=Place(10)), rules)

    first = looking.asked()
    assert first is not None
    shorter, sooner = looking.besides(first)

    # a has 70 seconds to spare: enough to let somebody in, not to let them out at 10 on the way.
    assert (first.vehicle_id, first.ride_s, first.dropoff_s) == ("van", 2850, 6570)
    assert (shorter.other, sooner.other) == (Other.SHORTER, Other.SOONER)
    assert (shorter.vehicle_id, shorter.ride_s) == (sooner.vehicle_id, sooner.ride_s)
    assert (shorter.vehicle_id, shorter.ride_s) == ("other", 420)
    assert shorter.promise.ride_max_s == 2850 - 300
    assert sooner.promise.latest_dropoff_s <= 6570 - 300
    assert differ(first, shorter, rules)
    assert differ(first, sooner, rules)
    assert looking.besides(shorter) == []


def offer(**changes: Any) -> Offer:  # noqa: ANN401
    pickup_s = changes.pop("pickup_s", 3600)
    promise = Request("new", Place(3), Place(9), pickup_s, pickup_s + 600, 0, 9000, 2000)
    values: dict[str, Any] = {
        "kind": "asked", "vehicle_id": "van", "promise": promise, "pickup_s": pickup_s,
        "insertion": Insertion("van", 0, 1, 100.0, pickup_s, pickup_s + 420, 360),
        "dropoff_s": pickup_s + 420, "direct_s": 360, "detour_s": 0, "shared_with": 0,
        **changes,
    }  # fmt: skip
    return Offer(**values)


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({}, False),
        ({"pickup_s": 4199}, False),
        ({"pickup_s": 4200}, True),
        ({"pickup_s": 3000}, True),
        ({"vehicle_class": "bus"}, False),
        ({"vehicle_class": "bus", "other": Other.VEHICLE}, True),
        ({"other": Other.VEHICLE}, False),
        ({"dropoff_s": 3721}, False),
        ({"dropoff_s": 3720, "other": Other.SOONER}, True),
        ({"dropoff_s": 3721, "other": Other.SOONER}, False),
        ({"insertion": Insertion("van", 0, 1, 1.0, 0, 0, 60), "other": Other.SHORTER}, True),
        ({"insertion": Insertion("van", 0, 1, 1.0, 0, 0, 61), "other": Other.SHORTER}, False),
    ],
)
def test_two_offers_differ_when_a_rider_would_say_so(
    changes: dict[str, Any],
    differs: bool,  # noqa: FBT001
) -> None:
    assert differ(offer(), offer(**changes), RULES) is differs
    assert differ(offer(**changes), offer(), RULES) is differs


def test_a_window_that_begins_with_the_other_one_is_no_other_time() -> None:
    late = offer(pickup_s=4200)
    same = replace(late, promise=offer().promise)

    assert differ(offer(), late, RULES)
    assert not differ(offer(), same, RULES)


def test_another_place_is_another_ride() -> None:
    there = replace(offer().promise, origin=Place(4))

    assert differ(offer(), offer(promise=there), RULES)


def test_nothing_differs_from_itself_even_without_windows() -> None:
    none = replace(RULES, window_s=0, much_s=0)

    assert not differ(offer(other=Other.SOONER), offer(other=Other.SOONER), none)


def test_of_every_way_to_differ_the_best_comes_before_a_second_of_any() -> None:
    first = offer(score_s=500.0)
    later = [offer(pickup_s=4200 + 600 * n, other=Other.LATER, score_s=100.0 + n) for n in range(3)]
    earlier = offer(pickup_s=3000, other=Other.EARLIER, score_s=900.0)

    assert [one.pickup_s for one in choose(first, [*later, earlier], RULES)] == [3600, 4200, 3000]
    assert [one.pickup_s for one in choose(first, later, RULES)] == [3600, 4200, 4800]
    assert [one.pickup_s for one in choose(None, [earlier, *later], RULES)] == [4200, 4800, 3000]
    assert choose(None, [], RULES) == []
    assert len(choose(first, [*later, earlier], RULES)) == MOST_OFFERS


def test_what_is_said_to_be_earlier_is_earlier_than_the_first() -> None:
    first = offer(pickup_s=3600)
    early, late = offer(pickup_s=4200, other=Other.EARLIER), offer(pickup_s=3000, other=Other.LATER)

    assert choose(first, [early, late], RULES) == [first]
    swapped = [replace(early, other=Other.LATER), replace(late, other=Other.EARLIER)]
    beside = choose(first, swapped, RULES)
    assert [one.by_s for one in beside] == [0, 600, 600]


def test_an_offer_costs_the_town_and_the_rider() -> None:
    plan = planned("", van=DAY)
    ask = replace(ASK, nearby=(Nearby(Place(4), 240),))
    request = wanted(ask, RULES, bounds(plan, ask), 300, place=Place(4), walk_s=240)
    assert request is not None

    near = seek(plan, ask).offers([Other.NEARBY])[0]

    # Twice 9 minutes and an eighth of 5; half of four minutes later, and four on foot twice.
    assert near is not None
    assert near.insertion == insertions(plan, request, TRAVEL)[0]
    assert near.score_s == 1080 + 37.5 + 120 + 480


@settings(max_examples=150, deadline=None, derandomize=True)
@given(wishes())
def test_offers_differ_pairwise_and_each_can_be_taken_and_breaks_no_promise(
    drawn: tuple[Plan, dict[str, TravelTimes], Ask],
) -> None:
    plan, travel, ask = drawn
    rules = replace(RULES, window_s=300, much_s=120)
    answer = offers(plan, ask, travel, rules)
    given_ = list(answer.alternatives) if isinstance(answer, Refusal) else answer
    assert len(given_) <= MOST_OFFERS
    for a, b in combinations(given_, 2):
        assert differ(a, b, rules)
    for one in given_:
        assert one.because.ja()
        assert one.promise.earliest_pickup_s <= one.pickup_s <= one.promise.latest_pickup_s
        assert one.promise.earliest_dropoff_s <= one.dropoff_s <= one.promise.latest_dropoff_s
        assert one.pickup_s >= ask.not_before_s + one.walk_s
        assert one.promise.allows(one.vehicle_id)
        taken = take(plan, one.promise, travel, prefer=one.vehicle_id, rules=rules)
        assert isinstance(taken, Plan)
        assert "new" in taken.routes[one.vehicle_id].request_ids
        assert check(taken, travel) == []
