"""A plan that changes in its arrays: the same as if it were compiled anew after every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatcher.bids import Bids
from dispatcher.draft import Draft
from dispatcher.insert import insertions
from dispatcher.leave_kernel import give_up
from dispatcher.line import Line
from dispatcher.line_kernel import OPEN_END, trial_of
from dispatcher.model import Follows, Place, Plan, Request, Route, TravelTimes, Vehicle
from dispatcher.nodes import places_of
from dispatcher.schedule import Schedule, schedule
from dispatcher.search_plan import movable
from tests.dispatcher.test_events import PoweredTown, van
from tests.dispatcher.test_repair import random_day
from tests.dispatcher.test_schedule import TRAVEL, ride, stops


def drafted(plan: Plan, travel: Mapping[str, TravelTimes]) -> Draft:
    """A draft in which priority alone says whose promise counts more."""
    ranks = {id_: 1 - request.priority for id_, request in plan.requests.items()}
    return Draft(plan, travel, list(plan.requests.values()), ranks, 2)


def one_van(words: str, *asked: Request, vehicle: Vehicle | None = None, locked: int = 0) -> Draft:
    route = Route(vehicle or van("one"), stops(words), locked=locked)
    return drafted(Plan(1, {"one": route}, {one.id: one for one in asked}), TRAVEL)


class Courtyards(PoweredTown):
    """A town in which it takes a while to drive from a place to the same place."""

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        return super().table(origins, destinations) + np.int32(20)


def assert_as_if_compiled_anew(draft: Draft, everybody: Plan) -> None:
    fresh = replace(drafted(everybody, draft.travel), plan=draft.plan, ranks=draft.ranks)
    packed, anew = draft.packed(), fresh.packed()
    for vehicle_id, line, other in zip(draft.plan.routes, packed.lines, anew.lines, strict=True):
        assert line is draft.line(vehicle_id)
        assert line.route is draft.plan.routes[vehicle_id]
        assert np.array_equal(line.rows, other.rows)
        assert (line.is_sound, line.has_room) == (other.is_sound, other.has_room)
        assert line.is_sound == is_sound(line, draft)
    assert np.array_equal(packed.ranks, anew.ranks)
    for mine, theirs in zip(packed.fleet[1:], anew.fleet[1:], strict=True):
        assert np.array_equal(mine, theirs)
    for mine, theirs in zip(packed.fleet.nodes, anew.fleet.nodes, strict=True):
        assert np.array_equal(mine, theirs)


def is_sound(line: Line, draft: Draft) -> bool:
    return isinstance(schedule(line.route, draft.plan.requests, draft.travel), Schedule)


def something_changes(dice: Random, draft: Draft, off: dict[str, Request]) -> None:
    vehicle_id = dice.choice(sorted(draft.plan.routes))
    line = draft.line(vehicle_id)
    match dice.randrange(5):
        case 0 if able := movable(line.route):
            gone = dice.sample(able, dice.randint(1, min(2, len(able))))
            off.update((id_, draft.plan.requests[id_]) for id_ in gone)
            draft.take_off(vehicle_id, gone)
        case 1 if off:
            party = off[dice.choice(sorted(off))]
            bids = draft.bids_for([party])
            if bids.any():
                draft.put(off.pop(party.id), bids.cheapest())
        case 2 if off:
            party = off[dice.choice(sorted(off))]
            spot = draft.least_late(party, 0)
            if spot is not None:
                changed = draft.put(off.pop(party.id), spot)
                draft.widen(changed, draft.line(changed).times(2)[0])
        case 3:
            end_s = line.route.vehicle.end_s + dice.choice([-300, 600])
            draft.end(vehicle_id, max(line.route.vehicle.start_s, end_s))
        case _:
            at_s = line.route.vehicle.start_s + dice.randrange(600)
            late = replace(line.route.vehicle, start_s=at_s, end_s=line.route.vehicle.end_s + 600)
            draft.change(replace(line.route, vehicle=late))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_a_draft_is_what_its_plan_would_be_compiled_anew(seed: int) -> None:
    dice = Random(seed)  # noqa: S311
    plan, travel = random_day(dice)
    if dice.random() < 0.5:
        open_ended = plan.routes["two"]
        vehicle = replace(open_ended.vehicle, end=None)
        plan = plan.with_route(replace(open_ended, vehicle=vehicle))
    if dice.random() < 0.5:
        travel = {"car": Courtyards()}
    draft, off = drafted(plan, travel), dict[str, Request]()
    for _ in range(6):
        before, copied = draft.plan, draft.copy()
        something_changes(dice, copied, off.copy())
        assert draft.plan is before
        something_changes(dice, draft, off)
        assert_as_if_compiled_anew(draft, plan)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_bids_are_the_places_that_a_quote_finds(seed: int) -> None:
    dice = Random(seed)  # noqa: S311
    plan, travel = random_day(dice)
    draft, off = drafted(plan, travel), dict[str, Request]()
    for vehicle_id, route in plan.routes.items():
        for id_ in movable(route)[:2]:
            off[id_] = plan.requests[id_]
            draft.take_off(vehicle_id, [id_])
    if not off:
        return
    asked = list(off.values())
    bids = draft.bids_for(asked)
    for row in range(len(asked)):
        if bids.any(row):
            spot = bids.cheapest(row)
            draft.put(asked[row], spot)
            bids.served(row)
            draft.bid_again(bids, spot.vehicle)
            for other in bids.waiting.tolist():
                assert_as_a_quote_finds(draft, bids, other, asked[other])


def assert_as_a_quote_finds(draft: Draft, bids: Bids, row: int, waiting: Request) -> None:
    found = insertions(draft.plan, waiting, draft.travel)
    costs = {one.vehicle_id: one.cost_s for one in found}
    never = float("inf")
    assert bids.found.cost[row].tolist() == [costs.get(v, never) for v in draft.plan.routes]
    regret_s = bids.regrets(np.array([row]))[0]
    if not found:
        assert regret_s == -1
        return
    best = bids.cheapest(row)
    same = list(draft.plan.routes)[best.vehicle], best.after_p, best.after_d + 1
    places = [
        (one.vehicle_id, one.pickup_index, one.dropoff_index)
        for one in found
        if one.cost_s == found[0].cost_s
    ]
    assert same in places
    assert regret_s == (found[1].cost_s - found[0].cost_s if len(found) > 1 else never)


def assert_same_without(draft: Draft, *gone: str) -> None:
    everybody = draft.plan
    draft.packed()
    draft.take_off("one", gone)
    assert_as_if_compiled_anew(draft, everybody)


def test_a_parcel_beside_a_party_that_rides_alone_stays_when_that_leaves() -> None:
    alone = replace(ride("a", 3, 9, seats=2), alone=True)
    parcel = replace(ride("b", 4, 8), seats=0, bags=1)
    roomy = replace(van("one"), bags=2)

    assert_same_without(one_van("+a +b -a -b", alone, parcel, vehicle=roomy), "a")


def test_a_vehicle_with_strangers_on_it_has_no_room_until_all_of_them_have_left() -> None:
    strangers = [replace(ride(name, 3, 9), pinned="two") for name in "ab"]
    draft = one_van("+a -a +b -b +c -c", *strangers, ride("c", 3, 9))
    assert not draft.line("one").has_room

    assert_same_without(draft, "a")

    assert not draft.line("one").is_sound
    assert not draft.line("one").has_room
    assert_same_without(draft, "b")
    assert draft.line("one").has_room


def test_a_lock_is_gone_with_the_party_it_was_on() -> None:
    draft = one_van("+a +b -a -b", ride("a", 3, 9), ride("b", 4, 9), locked=1)

    assert_same_without(draft, "a")

    assert draft.plan.routes["one"].locked == 0


def test_a_return_leg_makes_anybody_late_but_its_own_outward_leg() -> None:
    # Whoever is fetched first at 3 makes the other late: a by 60 s, or the new party by far more.
    a = ride("a", 3, 9, latest_pickup_s=180, latest_dropoff_s=600, ride_max_s=6000)
    due = {"latest_pickup_s": 240, "latest_dropoff_s": 660, "ride_max_s": 6000}
    draft = one_van("+a -a", a)
    for follows, first in ((None, True), (Follows("a"), False)):
        back = replace(ride("b", 3, 9, **due), follows=follows)
        other = Draft(draft.plan, TRAVEL, [a, back], {"a": 1, "b": 0}, 2)

        spot = other.least_late(back, 0)

        assert spot is not None
        assert (spot.after_d == 0 or spot.after_p == 0) == first


def test_of_equal_places_the_one_in_the_vehicle_that_changed_longest_ago_is_taken() -> None:
    asked = [ride(name, 3, 9, latest_pickup_s=600, latest_dropoff_s=6000) for name in "ab"]
    plan = Plan(1, {id_: Route(van(id_)) for id_ in ("one", "two")}, {})
    draft = Draft(plan, TRAVEL, asked, {"a": 0, "b": 0}, 1)
    bids = draft.bids_for(asked)
    assert bids.cheapest(1).vehicle == 0

    assert draft.bid_again(bids, 0).tolist() == [0, 1]  # nothing has changed, but it might have

    assert bids.cheapest(1).vehicle == 1


def test_whoever_has_a_place_or_no_bid_of_a_vehicle_is_not_asked_again() -> None:
    asked = [ride(name, 3, 9, latest_pickup_s=600, latest_dropoff_s=6000) for name in "abc"]
    asked[1] = replace(asked[1], only=frozenset({"two"}))
    plan = Plan(1, {id_: Route(van(id_)) for id_ in ("one", "two")}, {})
    draft = Draft(plan, TRAVEL, asked, dict.fromkeys("abc", 0), 1)
    bids = draft.bids_for(asked)

    draft.put(asked[0], bids.cheapest(0))
    bids.served(0)

    assert bids.waiting.tolist() == [1, 2]
    assert draft.bid_again(bids, 0).tolist() == [2]
    assert bids.regrets(bids.waiting)[0] == float("inf")


def test_only_a_ride_may_be_too_long() -> None:
    a = ride("a", 3, 9, ride_max_s=400)
    draft = one_van("+a -a", a)

    draft.widen("one", np.array([0, 180, 700, 1300]))

    assert draft.plan.requests["a"] == replace(a, ride_max_s=460)


def test_a_shift_ends_when_the_vehicle_is_back_though_it_may_wait_for_a_pickup() -> None:
    a = ride("a", 3, 9, earliest_pickup_s=600, latest_pickup_s=900, latest_dropoff_s=6000)

    # In at 600, a minute to board, six to drive, half a minute to get out, nine to drive.
    assert one_van("+a -a", a).line("one").back_s() == 600 + 60 + 360 + 30 + 540


def leaving(draft: Draft, *ids: str, most: int = 4) -> tuple[list[str], list[str]]:
    [line] = (draft.line(vehicle_id) for vehicle_id in draft.plan.routes)
    places = places_of(line.route, draft.plan.requests)
    drives_s = draft.travel["car"].table(places, places)
    open_end = int(line.vehicle[OPEN_END])
    args = drives_s, open_end, line.nodes_of(ids), draft.different, most
    gone, able = give_up(trial_of(line.rows), *args)
    return [ids[at] for at in gone], [ids[at] for at in able]


def test_who_counts_least_and_gets_in_last_leaves_first() -> None:
    limits = {"latest_pickup_s": 400, "latest_dropoff_s": 900, "ride_max_s": 6000}
    late = [ride(name, 3, 9, **limits) for name in "abc"]
    draft = one_van("+a +b +c -a -b -c", replace(late[2], priority=1), *late[:2])

    # All wait until 240, and each of the others is a minute more: two may stay.
    assert leaving(draft, "a", "b", "c", most=2) == ([], ["b", "a"])
    assert leaving(draft, "a", "b", "c") == ([], ["b", "a", "c"])


def test_the_vehicle_itself_comes_before_all_promises() -> None:
    far = ride("far", 3, 30, latest_dropoff_s=9000, ride_max_s=9000)
    near = ride("near", 3, 9, latest_pickup_s=100, latest_dropoff_s=200, priority=1)
    draft = one_van("+far +near -near -far", far, near, vehicle=van("one", end_s=2000))

    assert leaving(draft, "far", "near") == (["far", "near"], [])


def test_a_vehicle_that_may_end_anywhere_is_back_where_its_last_party_gets_out() -> None:
    anywhere = replace(van("one", end_s=1000), end=None)
    late = {"latest_dropoff_s": 9000, "ride_max_s": 9000}
    near, far = ride("near", 3, 9, **late), ride("far", 9, 30, **late)
    draft = one_van("+near -near +far -far", near, far, vehicle=anywhere)

    # Without the far one everything is over at 630.
    assert leaving(draft, "near", "far") == (["far"], [])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_parties_leave_until_the_times_are_right_or_some_would_put_them_right(seed: int) -> None:
    dice = Random(seed)  # noqa: S311
    plan, travel = random_day(dice)
    route = max(plan.routes.values(), key=lambda route: len(movable(route)))
    start_s, end_s = route.vehicle.start_s + dice.randrange(1800), 2 * route.vehicle.end_s
    late = replace(route.vehicle, start_s=start_s, end_s=end_s, battery=None)
    only = Plan(1, {late.id: replace(route, vehicle=late)}, plan.requests)
    draft = drafted(only, travel)
    if draft.line(late.id).is_sound or not movable(route):
        return

    gone, able = leaving(draft, *movable(route))

    for id_ in gone:
        assert not draft.line(late.id).is_sound
        draft.take_off(late.id, [id_])
    for id_ in able:
        other = draft.copy()
        other.take_off(late.id, [id_])
        assert other.line(late.id).is_sound
    left = movable(draft.plan.routes[late.id])
    assert len(able) > 1 or draft.line(late.id).is_sound or not left
