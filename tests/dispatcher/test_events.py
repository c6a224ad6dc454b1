"""Days that do not go as planned: worked examples on a straight road, and random ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from dispatcher import events
from dispatcher.broken import BrokenPromise, Replanned, Told
from dispatcher.check import check
from dispatcher.model import (
    Battery,
    Connection,
    Follows,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    Task,
    TravelTimes,
    Vehicle,
)
from tests.dispatcher.test_schedule import TRAVEL, ride, stops
from tests.towns import IslandTown, LineTown


def van(name: str, start: int = 0, start_s: int = 0, end_s: int = 7200) -> Vehicle:
    return Vehicle(name, Place(start), Place(0), start_s, end_s, seats=4)


def plan_of(routes: dict[str, str], *asked: Request, **aboard: dict[str, int]) -> Plan:
    """``plan_of({"one": "+a -a"}, a)``: vehicles at 0, or where ``aboard`` were picked up last."""
    known = {request.id: request for request in asked}
    made = {
        id_: Route(van(id_), stops(words), aboard.get(id_, {})) for id_, words in routes.items()
    }
    return Plan(1, made, known)


def broken(done: Replanned) -> list[tuple[str, str, int | None, str | None]]:
    return [(one.request_id, one.what, one.by_s, one.vehicle_id) for one in done.broken]


def carried_by(done: Replanned, request_id: str) -> str | None:
    route = done.plan.route_of(request_id)
    return None if route is None else route.vehicle.id


# A vehicle breaks down


def two_aboard(*others: Vehicle) -> Plan:
    """Van one is at 5 with two on board, one to 9 and one to 8, and nobody else booked."""
    a = ride("a", 3, 9, latest_dropoff_s=900, ride_max_s=600)
    b = ride("b", 4, 8, latest_dropoff_s=1000, ride_max_s=600)
    one = Route(van("one", 5, 400), stops("-b -a"), {"a": 200, "b": 300})
    return Plan(1, {"one": one, **{each.id: Route(each) for each in others}}, {"a": a, "b": b})


def test_riders_of_a_vehicle_that_breaks_down_are_fetched_and_the_least_late_order_is_driven() -> (
    None
):
    plan = two_aboard(van("two", 0, 400))

    done = events.broken_down(plan, "one", Place(5), 420, TRAVEL)

    # Two is there at 700, both are in at 820; b is set down at 1000 instead of 900, a at 1090
    # instead of 800: any other order makes it worse.
    assert done.plan.routes["two"].stops[2:] == stops("-b -a")
    assert done.broken == (
        BrokenPromise("a", "ride", 290, 600, 890, "two", 1),
        BrokenPromise("b", "ride", 100, 600, 700, "two", 2),
    )
    assert done.out_of_service == ("one",)
    assert "one" not in done.plan.routes
    assert set(done.moved) == {"a", "b"}
    assert check(done.plan, TRAVEL) == []


def test_riders_who_are_fetched_in_time_break_nothing() -> None:
    plan = two_aboard(van("two", 5, 400))

    done = events.broken_down(plan, "one", Place(5), 420, TRAVEL)

    assert done.broken == ()
    assert {id_: carried_by(done, id_) for id_ in "ab"} == {"a": "two", "b": "two"}
    assert done.plan.requests["a"].origin == 5
    assert done.plan.requests["a"].latest_dropoff_s == 800


def test_the_time_spent_waiting_for_another_vehicle_counts_as_riding() -> None:
    plan = two_aboard(van("two", 5, 450))

    done = events.broken_down(plan, "one", Place(5), 420, TRAVEL)

    # In at 450 and 510, gone at 570; a is at 9 at 810, 610 s after getting in, b back at 8 at 900.
    assert broken(done) == [("a", "ride", 10, "two")]


def test_a_promise_that_was_past_saving_is_late_by_what_it_was_and_what_came_after() -> None:
    a = ride("a", 3, 9, latest_dropoff_s=700)
    one = Route(van("one", 5, 400), stops("-a"), {"a": 200})
    plan = Plan(1, {"one": one, "two": Route(van("two", 5, 900))}, {"a": a})

    done = events.broken_down(plan, "one", Place(5), 900, TRAVEL)

    assert done.broken == (BrokenPromise("a", "dropoff", 500, 700, 1200, "two", 1),)


def test_riders_on_board_go_before_everybody_who_is_not() -> None:
    vip = replace(ride("vip", 6, 7, latest_pickup_s=900), priority=9)
    plan = two_aboard(van("two", 0, 400))
    route = replace(plan.routes["one"], stops=stops("-b -a +vip -vip"))
    plan = plan.with_route(route, vip)

    done = events.broken_down(plan, "one", Place(5), 420, TRAVEL)

    by_s = {one.request_id: one.by_s for one in done.broken}
    assert (by_s["a"], by_s["b"]) == (290, 100)
    assert check(done.plan, TRAVEL) == []


def test_when_the_only_vehicle_breaks_down_everybody_is_named_and_kept() -> None:
    plan = two_aboard()
    c = ride("c", 5, 7, latest_pickup_s=600)
    plan = plan.with_route(replace(plan.routes["one"], stops=stops("-b -a +c -c")), c)

    done = events.broken_down(plan, "one", Place(5), 420, TRAVEL)

    assert done.plan.requests == {}
    assert [(b.request_id, b.by_s, b.now_s, b.call_first) for b in done.broken] == [
        ("a", None, None, 1),
        ("b", None, None, 2),
        ("c", None, None, 3),
    ]
    assert {one.request.id: one.aboard for one in done.unplaced} == {
        "a": True,
        "b": True,
        "c": False,
    }


def test_riders_for_whom_there_is_no_room_wait_until_there_is() -> None:
    plan = two_aboard(replace(van("two", 5, 400), seats=1))

    done = events.broken_down(plan, "one", Place(5), 420, TRAVEL)

    assert len(done.plan.routes["two"].stops) == 4
    assert {b.request_id for b in done.broken} <= {"a", "b"}
    assert check(done.plan, TRAVEL) == []


def test_riders_on_board_are_fetched_even_if_a_driver_has_to_work_longer() -> None:
    plan = two_aboard(van("two", 30, 400, end_s=1000))

    done = events.broken_down(plan, "one", Place(5), 420, TRAVEL)

    # There at 1900, away at 2020, at 8 and 9 until 2320, and nine minutes home.
    assert done.overtime_s == {"two": 1860}
    assert done.unplaced == ()
    assert check(done.plan, TRAVEL) == []


def test_somebody_who_is_only_booked_gets_half_an_hour_of_overtime_and_no_more() -> None:
    a = ride("a", 3, 6)
    late = van("two", 0, 0, end_s=0)
    plan = Plan(1, {"one": Route(van("one"), stops("+a -a")), "two": Route(late)}, {"a": a})

    # Out, round and home again takes 180 + 60 + 180 + 30 + 360 = 810 s.
    done = events.broken_down(plan, "one", Place(0), 0, TRAVEL)
    none = events.broken_down(
        plan.with_route(plan.routes["one"], replace(a, boarding_s=1060)), "one", Place(0), 0, TRAVEL
    )

    assert done.overtime_s == {"two": 810}
    assert done.broken == ()
    assert broken(none) == [("a", "pickup", None, None)]


def test_a_pin_to_a_vehicle_that_is_gone_is_lifted_and_said() -> None:
    a = replace(ride("a", 3, 9), pinned="one")
    plan = plan_of({"one": "+a -a", "two": ""}, a)

    done = events.broken_down(plan, "one", Place(0), 0, TRAVEL)

    assert carried_by(done, "a") == "two"
    assert done.unpinned == ("a",)
    assert done.plan.requests["a"].pinned is None


def test_who_may_ride_in_one_vehicle_only_is_not_put_into_another() -> None:
    a = replace(ride("a", 3, 9), only=frozenset({"one"}))
    plan = plan_of({"one": "+a -a", "two": ""}, a)

    done = events.broken_down(plan, "one", Place(0), 0, TRAVEL)

    assert broken(done) == [("a", "pickup", None, None)]


def test_but_riders_on_board_are_carried_on_by_whom_they_would_not_have() -> None:
    plan = two_aboard(van("two", 5, 400))
    picky = replace(plan.requests["a"], only=frozenset({"one"}))
    plan = plan.with_route(plan.routes["one"], picky)

    done = events.broken_down(plan, "one", Place(5), 420, TRAVEL)

    assert carried_by(done, "a") == "two"
    assert done.unpinned == ("a",)
    assert check(done.plan, TRAVEL) == []


def test_the_breaks_of_a_vehicle_that_is_gone_are_no_longer_planned() -> None:
    rest = Task("rest", StopKind.BREAK, Place(0), 0, 7200, 1800)
    one = Route(van("one"), (Stop("rest", StopKind.BREAK),), tasks={"rest": rest})

    done = events.broken_down(Plan(1, {"one": one}, {}), "one", Place(0), 0, TRAVEL)

    assert done.off_tasks == (rest,)


# Which promise to break


def rivals(p_priority: int = 0, c_priority: int = 0) -> Plan:
    """Two stands at 0 and has promised to be at 5 by 300 s, one at 2 by 120 s."""
    c = replace(ride("c", 5, 9, latest_pickup_s=300), priority=c_priority)
    p = replace(ride("p", 2, 9, latest_pickup_s=120), priority=p_priority)
    return plan_of({"one": "+p -p", "two": "+c -c"}, p, c)


@pytest.mark.parametrize(
    ("p_priority", "c_priority", "named"),
    [(0, 0, ("c", 60)), (1, 0, ("c", 60)), (0, 1, ("p", 420))],
)
def test_the_least_broken_promise_is_chosen_priority_first(
    p_priority: int, c_priority: int, named: tuple[str, int]
) -> None:
    # With p first, c waits for p's minute of boarding; with c first, p waits for five minutes'
    # drive to c, its boarding and three minutes back.
    plan = rivals(p_priority, c_priority)

    done = events.broken_down(plan, "one", Place(0), 0, TRAVEL)

    assert [(one.request_id, one.by_s) for one in done.broken] == [named]
    assert check(done.plan, TRAVEL) == []


def test_where_only_one_can_be_carried_it_is_who_counts_more() -> None:
    first, second = ride("first", 3, 40, seats=4), ride("second", 3, 40, seats=4)
    plan = plan_of({"one": "+first -first +second -second"}, first, replace(second, priority=1))
    plan = plan.with_route(Route(van("two", end_s=5000)))

    done = events.broken_down(plan, "one", Place(0), 0, TRAVEL)

    assert broken(done) == [("first", "pickup", None, None)]
    assert carried_by(done, "second") == "two"


def test_the_widened_limits_are_those_of_the_plan() -> None:
    done = events.broken_down(rivals(), "one", Place(0), 0, TRAVEL)

    assert done.plan.requests["c"] == replace(rivals().requests["c"], latest_pickup_s=360)
    assert done.plan.requests["p"] == rivals().requests["p"]
    assert done.broken == (BrokenPromise("c", "pickup", 60, 300, 360, "two", 1),)
    assert done.plan.version == 2


def test_who_is_to_be_called_first_is_whose_promise_passes_first() -> None:
    asked = [ride(name, 3, 9, latest_pickup_s=late_s) for name, late_s in [("x", 900), ("y", 600)]]
    urgent = replace(ride("z", 3, 9, latest_pickup_s=900), priority=1)
    plan = plan_of({"one": "+x -x +y -y +z -z"}, *asked, urgent)

    done = events.broken_down(plan, "one", Place(0), 0, TRAVEL)

    assert [(one.request_id, one.call_first) for one in done.broken] == [
        ("y", 1),
        ("z", 2),
        ("x", 3),
    ]


# Vehicles and drivers


def test_a_vehicle_that_is_late_keeps_its_promises_by_giving_some_away() -> None:
    a = ride("a", 3, 9, latest_pickup_s=300, ride_max_s=370)
    b = ride("b", 10, 12, latest_pickup_s=800)
    plan = plan_of({"one": "+a -a +b -b"}, a, b).with_route(Route(van("two", 12)))

    # Eleven minutes' drive and a minute and a half at the stops bring one to b at 801.
    done = events.vehicle_late(plan, "one", Place(0), 111, TRAVEL)

    assert done.broken == ()
    assert done.moved == ("b",)
    assert (carried_by(done, "a"), carried_by(done, "b")) == ("one", "two")


def test_a_late_vehicle_keeps_its_riders_if_that_breaks_less() -> None:
    a = ride("a", 3, 9, latest_pickup_s=300)
    plan = plan_of({"one": "+a -a", "two": ""}, a)
    plan = plan.with_route(Route(van("two", 20)))

    done = events.vehicle_late(plan, "one", Place(0), 240, TRAVEL)

    assert done.broken == (BrokenPromise("a", "pickup", 120, 300, 420, "one", 1),)
    assert done.moved == ()


def test_a_vehicle_that_is_not_too_late_changes_nothing_but_where_it_is() -> None:
    a = ride("a", 3, 9, latest_pickup_s=300)
    plan = plan_of({"one": "+a -a", "two": ""}, a)

    done = events.vehicle_late(plan, "one", Place(1), 100, TRAVEL)

    assert (done.broken, done.moved) == ((), ())
    assert done.plan.routes["one"].vehicle.start == 1
    assert done.plan.requests == plan.requests


def test_a_locked_stop_stays_with_its_late_vehicle() -> None:
    a = ride("a", 3, 9, latest_pickup_s=300)
    plan = plan_of({"one": "+a -a", "two": ""}, a)
    plan = plan.with_route(replace(plan.routes["one"], locked=1))

    done = events.vehicle_late(plan, "one", Place(0), 240, TRAVEL)

    assert broken(done) == [("a", "pickup", 120, "one")]


def test_a_driver_who_goes_early_sets_down_who_is_on_board_and_gives_the_rest_away() -> None:
    a, b = ride("a", 3, 9), ride("b", 9, 5)
    one = Route(van("one", 3, 300), stops("-a +b -b"), {"a": 300})
    plan = Plan(1, {"one": one, "two": Route(van("two"))}, {"a": a, "b": b})

    done = events.driver_off(plan, "one", 1300, TRAVEL)

    assert done.plan.routes["one"].stops == stops("-a")
    assert done.plan.routes["one"].vehicle.end_s == 1300
    assert carried_by(done, "b") == "two"
    assert done.broken == ()


def test_a_driver_who_has_to_go_at_once_still_sets_down_who_is_on_board() -> None:
    a = ride("a", 3, 9)
    one = Route(van("one", 3, 300), stops("-a"), {"a": 300})

    done = events.driver_off(Plan(1, {"one": one}, {"a": a}), "one", 300, TRAVEL)

    # Six minutes to 9, half a minute to get out, nine minutes home.
    assert done.plan.routes["one"].vehicle.end_s == 1230
    assert done.broken == ()
    assert check(done.plan, TRAVEL) == []


def test_riders_on_board_are_fetched_by_a_driver_who_works_an_hour_longer_for_it() -> None:
    a = ride("a", 3, 30, latest_dropoff_s=6000, ride_max_s=6000)
    one = Route(van("one", 5, 400), stops("-a"), {"a": 240})
    plan = Plan(1, {"one": one, "two": Route(van("two", end_s=600))}, {"a": a})

    done = events.broken_down(plan, "one", Place(5), 420, TRAVEL)

    # Two is there at 420 and in at 480, has set a down at 2010 and is back at 3810.
    assert done.unplaced == ()
    assert done.overtime_s == {"two": 3810 - 600}


def test_nobody_is_put_into_the_overtime_of_a_driver_who_has_gone() -> None:
    b = ride("b", 3, 5)
    plan = plan_of({"one": "+b -b"}, b)

    done = events.driver_off(plan, "one", 60, TRAVEL)

    assert broken(done) == [("b", "pickup", None, None)]
    assert done.overtime_s == {}


def test_who_waits_is_placed_as_soon_as_there_is_room_and_stays_waiting_while_there_is_none() -> (
    None
):
    a, b = ride("a", 3, 5), ride("b", 3, 5)
    small = replace(van("one"), seats=1)
    full = Plan(1, {"one": Route(replace(small, seats=0))}, {})
    free = Plan(1, {"one": Route(small)}, {})

    still = events.tried_again(full, TRAVEL, waiting=[Told(a), Told(b)])
    done = events.tried_again(free, TRAVEL, waiting=[Told(a)])

    assert [one.request.id for one in still.unplaced] == ["a", "b"]
    assert (done.unplaced, done.broken, carried_by(done, "a")) == ((), (), "one")


@pytest.mark.parametrize("closed", [(), ("two",)])
def test_a_driver_who_has_gone_home_already_is_not_asked_by_later_events(
    closed: tuple[str, ...],
) -> None:
    b = ride("b", 3, 5)
    plan = Plan(
        1, {"one": Route(van("one"), stops("+b -b")), "two": Route(van("two", end_s=60))}, {"b": b}
    )

    out = events.broken_down(plan, "one", Place(0), 0, TRAVEL, closed=closed)
    off = events.driver_off(plan, "one", 0, TRAVEL, closed=closed)
    waits = replace(plan.without("b"), routes={"two": plan.routes["two"]})
    again = events.tried_again(waits, TRAVEL, waiting=[Told(b)], closed=closed)
    shut = events.road_closed(waits, TRAVEL, waiting=[Told(b)], closed=closed)

    carrier = None if closed else "two"
    assert [carried_by(done, "b") for done in (out, off, again, shut)] == [carrier] * 4


def test_a_driver_who_goes_early_needs_no_break_after_that() -> None:
    rest = Task("rest", StopKind.BREAK, Place(0), 600, 1000, 1800)
    soon = Task("soon", StopKind.BREAK, Place(0), 0, 100, 60)
    words = (Stop("soon", StopKind.BREAK), Stop("rest", StopKind.BREAK))
    one = Route(van("one"), words, tasks={"rest": rest, "soon": soon}, locked=2)

    done = events.driver_off(Plan(1, {"one": one}, {}), "one", 2700, TRAVEL)

    assert done.off_tasks == (rest,)
    assert done.plan.routes["one"].stops == words[:1]
    assert done.plan.routes["one"].locked == 1


def test_a_shift_that_ends_as_planned_is_no_event() -> None:
    plan = plan_of({"one": "+b -b"}, ride("b", 3, 5))

    done = events.driver_off(plan, "one", 8000, TRAVEL)

    assert done.plan == replace(plan, version=2)


def test_a_break_that_cannot_begin_in_time_for_those_on_board_begins_later_and_is_named() -> None:
    a = ride("a", 3, 9)
    rest = Task("rest", StopKind.BREAK, Place(9), 0, 700, 60)
    words = (*stops("-a"), Stop("rest", StopKind.BREAK))
    one = Route(van("one", 3, 300), words, {"a": 300}, tasks={"rest": rest})

    done = events.vehicle_late(Plan(1, {"one": one}, {"a": a}), "one", Place(3), 400, TRAVEL)

    assert done.late_tasks == (replace(rest, latest_s=790),)
    assert check(done.plan, TRAVEL) == []


def test_parties_make_way_for_a_break_before_it_is_late() -> None:
    a = ride("a", 3, 9, latest_pickup_s=400)
    rest = Task("rest", StopKind.BREAK, Place(9), 0, 700, 60)
    words = (*stops("+a -a"), Stop("rest", StopKind.BREAK))
    one = Route(van("one"), words, tasks={"rest": rest})
    plan = Plan(1, {"one": one, "two": Route(van("two"))}, {"a": a})

    done = events.vehicle_late(plan, "one", Place(0), 110, TRAVEL)

    assert (done.late_tasks, done.broken) == ((), ())
    assert carried_by(done, "a") == "two"


def resting(at_s: int, lasts_s: int, *places: int) -> list[Task]:
    return [Task("rest", StopKind.BREAK, Place(each), at_s, at_s, lasts_s) for each in places]


def words_of(done: Replanned, vehicle_id: str) -> str:
    sign = {StopKind.PICKUP: "+", StopKind.DROPOFF: "-", StopKind.BREAK: "="}
    route = done.plan.routes[vehicle_id]
    return " ".join(sign[stop.kind] + stop.request_id for stop in route.stops)


def test_a_new_break_stands_where_nobody_is_on_board_and_the_way_is_shortest() -> None:
    a = ride("a", 2, 4, earliest_pickup_s=1800, latest_pickup_s=2400)
    b = ride("b", 6, 8, earliest_pickup_s=5400, latest_pickup_s=6000)
    plan = plan_of({"one": "+a -a +b -b"}, a, b)

    done = events.rest_added(plan, "one", resting(3600, 1200, 0, 4), TRAVEL)

    assert words_of(done, "one") == "+a -a =rest +b -b"
    assert done.plan.routes["one"].tasks["rest"].place == Place(4)
    assert (done.broken, done.late_tasks) == ((), ())
    assert check(done.plan, TRAVEL) == []
    at_the_depot = events.rest_added(plan, "one", resting(3600, 1200, 0), TRAVEL)
    assert at_the_depot.plan.routes["one"].tasks["rest"].place == Place(0)


def test_riders_whom_a_new_break_leaves_no_time_for_ride_with_others_or_later() -> None:
    b = ride("b", 6, 8, earliest_pickup_s=3600, latest_pickup_s=4200)
    rest = resting(3600, 1800, 0)

    alone = events.rest_added(plan_of({"one": "+b -b"}, b), "one", rest, TRAVEL)
    helped = events.rest_added(plan_of({"one": "+b -b", "two": ""}, b), "one", rest, TRAVEL)

    # From 0 at 5400 to 6 in 360 s: 1560 s later than told.
    assert words_of(alone, "one") == "=rest +b -b"
    assert broken(alone) == [("b", "pickup", 1560, "one")]
    assert (words_of(helped, "one"), carried_by(helped, "b")) == ("=rest", "two")
    assert helped.broken == ()


def test_a_new_break_waits_for_those_on_board_and_its_lateness_is_seen() -> None:
    a = ride("a", 3, 9)
    plan = plan_of({"one": "-a"}, a, one={"a": 0})

    done = events.rest_added(plan, "one", resting(0, 600, 0, 9), TRAVEL)

    assert words_of(done, "one") == "-a =rest"
    task = done.plan.routes["one"].tasks["rest"]
    assert (task.place, task.latest_s) == (Place(9), 540 + a.alighting_s)


def test_a_new_break_is_not_put_before_a_locked_stop() -> None:
    b = ride("b", 6, 8, earliest_pickup_s=3600, latest_pickup_s=4200)
    plan = plan_of({"one": "+b -b"}, b)
    plan = plan.with_route(replace(plan.routes["one"], locked=1))

    done = events.rest_added(plan, "one", resting(0, 600, 0), TRAVEL)

    assert words_of(done, "one") == "+b -b =rest"


def test_a_break_that_is_withdrawn_leaves_room_for_who_waits() -> None:
    b = ride("b", 6, 8, earliest_pickup_s=3600, latest_pickup_s=4200)
    plan = events.rest_added(plan_of({"one": ""}), "one", resting(3600, 1800, 0), TRAVEL).plan
    plan = plan.with_route(replace(plan.routes["one"], locked=1))

    done = events.rest_withdrawn(plan, "rest", TRAVEL, waiting=[Told(b)])

    assert words_of(done, "one") == "+b -b"
    assert (done.plan.routes["one"].tasks, done.broken) == ({}, ())
    with pytest.raises(KeyError, match="rest"):
        events.rest_withdrawn(done.plan, "rest", TRAVEL)


def test_a_vehicle_back_in_service_takes_those_who_wait() -> None:
    plan = two_aboard()
    gone = events.broken_down(plan, "one", Place(5), 420, TRAVEL)
    one = plan.routes["one"].vehicle

    done = events.back_in_service(gone.plan, one, Place(5), 1000, TRAVEL, waiting=gone.unplaced)

    assert done.unplaced == ()
    assert {carried_by(done, "a"), carried_by(done, "b")} == {"one"}
    # Both in at 1120; b at 8 at 1300 instead of 900, a at 9 at 1390 instead of 800.
    assert broken(done) == [("a", "ride", 590, "one"), ("b", "ride", 400, "one")]
    assert check(done.plan, TRAVEL) == []


# Roads and batteries


def test_a_longer_way_breaks_what_cannot_be_kept_and_no_more() -> None:
    a = ride("a", 3, 9, latest_pickup_s=200, latest_dropoff_s=700, ride_max_s=400)
    plan = plan_of({"one": "+a -a"}, a)

    done = events.road_closed(plan, {"car": LineTown(90)})

    # In at 270 instead of 200, set down at 870 instead of 700, riding 540 s instead of 400 s.
    assert done.broken == (BrokenPromise("a", "dropoff", 170, 700, 870, "one", 1),)
    assert done.plan.requests["a"] == replace(
        a, latest_pickup_s=270, latest_dropoff_s=870, ride_max_s=540
    )


def test_somebody_on_board_whom_no_road_leads_home_is_named_first_and_kept() -> None:
    a, b = ride("a", 3, 100), ride("b", 3, 9)
    one = Route(van("one", 3, 300), stops("-a -b"), {"a": 300, "b": 240})
    plan = Plan(1, {"one": one}, {"a": a, "b": b})

    done = events.road_closed(plan, {"car": IslandTown()})

    assert [(one.request_id, one.by_s) for one in done.broken] == [("a", None)]
    assert [(one.request.id, one.aboard, one.request.origin) for one in done.unplaced] == [
        ("a", True, 3)
    ]
    assert done.plan.routes["one"].stops == stops("-b")
    assert check(done.plan, {"car": IslandTown()}) == []


def test_a_vehicle_that_is_cut_off_is_out_of_service() -> None:
    a = ride("a", 3, 9)
    plan = plan_of({"one": "+a -a", "two": ""}, a)
    plan = plan.with_route(replace(plan.routes["one"], vehicle=van("one", 100)))

    done = events.road_closed(plan, {"car": IslandTown()})

    assert done.out_of_service == ("one",)
    assert carried_by(done, "a") == "two"


class PoweredTown(LineTown):
    """A line town in which every minute of driving takes 10 Wh and every rider 1 Wh more."""

    def energy(self, origins: list[Place], destinations: list[Place], /) -> NDArray[np.int32]:
        minutes = self.table(origins, destinations) // 60
        return np.stack([10 * minutes, minutes]).astype(np.int32)


POWERED: dict[str, TravelTimes] = {"car": PoweredTown()}


def electric(now_wh: int, start: int = 0) -> Vehicle:
    return replace(van("ev", start), battery=Battery(1000, now_wh, 100))


def test_a_battery_with_less_than_thought_gives_riders_away() -> None:
    a, b = ride("a", 3, 9), ride("b", 10, 12)
    plan = plan_of({"two": ""}, a, b)
    plan = plan.with_route(Route(electric(1000), stops("+a -a +b -b")))

    # With a alone it is 9 minutes out and back with a rider for 6 of them: 186 Wh and the reserve.
    done = events.battery_read(plan, "ev", 290, POWERED)

    assert carried_by(done, "a") == "ev"
    assert carried_by(done, "b") == "two"
    assert done.broken == ()
    assert check(done.plan, POWERED) == []


def test_riders_on_board_may_use_the_reserve_and_it_is_said() -> None:
    a = ride("a", 3, 9)
    plan = Plan(1, {"ev": Route(electric(1000, 3), stops("-a"), {"a": 0})}, {"a": a})

    # Six minutes with a rider and nine home: 156 Wh.
    done = events.battery_read(plan, "ev", 200, POWERED)

    assert done.reserve_wh == {"ev": 44}
    assert done.broken == ()
    assert check(done.plan, POWERED) == []


def test_riders_of_a_battery_that_is_empty_are_fetched() -> None:
    a = ride("a", 3, 9)
    plan = plan_of({"two": ""}, a)
    plan = plan.with_route(Route(electric(1000, 3), stops("-a"), {"a": 0}))

    done = events.battery_read(plan, "ev", 20, POWERED)

    assert carried_by(done, "a") == "two"
    assert done.out_of_service == ("ev",)
    assert done.plan.requests["a"].origin == 3


# Riders and buses


def test_a_seat_that_becomes_free_goes_to_who_waits() -> None:
    a, c = ride("a", 3, 9, seats=4), ride("c", 4, 8, seats=4, latest_pickup_s=300)
    waiting = events.broken_down(plan_of({"two": "+c -c"}, c), "two", Place(0), 0, TRAVEL).unplaced
    plan = plan_of({"one": "+a -a"}, a)

    done = events.cancelled(plan, "a", TRAVEL, waiting=waiting)

    assert (done.broken, done.unplaced) == ((), ())
    assert done.plan.requests == {"c": c}


def test_a_return_leg_whose_outward_leg_is_not_ridden_is_in_doubt_and_stays() -> None:
    out = ride("out", 3, 9, latest_dropoff_s=1500)
    back = replace(ride("back", 9, 3, earliest_pickup_s=3000), follows=Follows("out", 600))
    plan = plan_of({"one": "+out -out +back -back"}, out, back)

    done = events.no_show(plan, "out", TRAVEL)

    assert done.in_doubt == ("back",)
    assert carried_by(done, "back") == "one"
    assert done.broken == ()


def test_a_rider_who_comes_late_breaks_only_what_they_wait_beyond_that() -> None:
    a = ride("a", 3, 9, latest_pickup_s=300, latest_dropoff_s=900)
    plan = plan_of({"one": "+a -a"}, a)

    done = events.rider_late(plan, "a", 500, TRAVEL)

    assert done.broken == ()
    late = done.plan.requests["a"]
    assert (late.earliest_pickup_s, late.latest_pickup_s, late.latest_dropoff_s) == (500, 500, 1100)


def test_a_rider_who_comes_within_the_window_only_narrows_it() -> None:
    a = ride("a", 3, 9, latest_pickup_s=600, latest_dropoff_s=900)
    plan = plan_of({"one": "+a -a"}, a)

    done = events.rider_late(plan, "a", 400, TRAVEL)

    assert done.plan.requests["a"] == replace(a, earliest_pickup_s=400)


def test_for_a_rider_who_comes_late_others_are_not_late_if_another_vehicle_can_wait() -> None:
    a = ride("a", 3, 9, latest_pickup_s=300)
    b = ride("b", 5, 25, latest_pickup_s=420, ride_max_s=1300)
    plan = plan_of({"one": "+a +b -a -b", "two": ""}, a, b)

    done = events.rider_late(plan, "a", 600, TRAVEL)

    assert done.broken == ()
    assert (carried_by(done, "a"), carried_by(done, "b")) == ("two", "one")


def linked(toward: str, **limits: int) -> Request:
    bus_s = 1800
    asked = ride("a", 3, 9, **limits)
    connection = Connection("trip", "to_bus" if toward == "to_bus" else "from_bus", bus_s, 120)
    return replace(asked, connection=connection)


def test_a_ride_from_a_bus_that_is_late_moves_with_it() -> None:
    a = linked("from_bus", earliest_pickup_s=1920, latest_pickup_s=2520, latest_dropoff_s=3500)
    plan = plan_of({"one": "+a -a"}, a)

    done = events.bus_late(plan, "trip", 900, TRAVEL, confirmed=False)

    late = done.plan.requests["a"]
    assert late.connection == Connection("trip", "from_bus", 2700, 120)
    assert (late.earliest_pickup_s, late.latest_pickup_s, late.latest_dropoff_s) == (
        2820,
        3420,
        4400,
    )
    assert done.broken == ()
    assert check(done.plan, TRAVEL) == []


def test_a_ride_to_a_bus_may_be_later_only_once_its_delay_is_confirmed() -> None:
    a = linked("to_bus", latest_dropoff_s=1680)
    plan = plan_of({"one": "+a -a"}, a)

    maybe = events.bus_late(plan, "trip", 900, TRAVEL, confirmed=False)
    surely = events.bus_late(plan, "trip", 900, TRAVEL, confirmed=True)

    assert maybe.plan.requests["a"] == a
    assert surely.plan.requests["a"].latest_dropoff_s == 2580
    assert surely.broken == ()


def test_a_bus_that_is_not_that_late_after_all_is_caught_or_named() -> None:
    a = linked("to_bus", latest_dropoff_s=1680)
    plan = plan_of({"one": "+a -a"}, a)

    caught = events.bus_late(plan, "trip", -300, TRAVEL, confirmed=False)
    missed = events.bus_late(plan, "trip", -1200, TRAVEL, confirmed=True)

    assert caught.broken == ()
    assert caught.plan.requests["a"].latest_dropoff_s == 1380
    # In at 180, there at 600 instead of 480.
    assert missed.broken == (BrokenPromise("a", "dropoff", 120, 480, 600, "one", 1, "trip"),)
    assert missed.plan.requests["a"].connection is None
    assert check(missed.plan, TRAVEL) == []


def test_a_bus_that_goes_before_anybody_could_be_there_is_missed() -> None:
    a = linked("to_bus", latest_dropoff_s=1680)

    done = events.bus_late(plan_of({"one": "+a -a"}, a), "trip", -1700, TRAVEL, confirmed=True)

    assert done.broken == (BrokenPromise("a", "dropoff", 620, -20, 600, "one", 1, "trip"),)


def test_another_bus_changes_nothing() -> None:
    a = linked("to_bus", latest_dropoff_s=1680)
    plan = plan_of({"one": "+a -a"}, a)

    assert events.bus_late(plan, "other", 900, TRAVEL, confirmed=True).plan.requests == {"a": a}


def test_who_is_on_board_has_left_the_bus_already() -> None:
    a = linked("from_bus", earliest_pickup_s=1920, latest_pickup_s=2520)
    one = Route(van("one", 3, 2000), stops("-a"), {"a": 2000})
    plan = Plan(1, {"one": one}, {"a": a})

    assert events.bus_late(plan, "trip", 900, TRAVEL, confirmed=True).plan.requests == {"a": a}


def test_who_is_on_board_to_a_bus_may_be_later_with_it() -> None:
    a = linked("to_bus", latest_dropoff_s=1680)
    one = Route(van("one", 3, 1000), stops("-a"), {"a": 1000})

    done = events.bus_late(Plan(1, {"one": one}, {"a": a}), "trip", 900, TRAVEL, confirmed=True)

    assert done.plan.requests["a"].latest_dropoff_s == 2580
    assert carried_by(done, "a") == "one"


def test_who_is_on_board_to_a_bus_that_goes_earlier_may_miss_it() -> None:
    a = linked("to_bus", latest_dropoff_s=1680)
    one = Route(van("one", 3, 1000), stops("-a"), {"a": 1000})

    done = events.bus_late(Plan(1, {"one": one}, {"a": a}), "trip", -400, TRAVEL, confirmed=True)

    assert done.broken == (BrokenPromise("a", "dropoff", 80, 1280, 1360, "one", 1, "trip"),)


def test_a_return_leg_begins_after_an_outward_leg_that_is_late() -> None:
    out = ride("out", 3, 9, latest_pickup_s=200, latest_dropoff_s=700)
    back = replace(
        ride("back", 9, 3, earliest_pickup_s=760, latest_pickup_s=900), follows=Follows("out", 30)
    )
    plan = plan_of({"one": "+out -out +back -back"}, out, back)

    done = events.vehicle_late(plan, "one", Place(0), 600, TRAVEL)

    # Out is there at 1200, gets out until 1230 and stays half a minute.
    assert broken(done) == [("out", "pickup", 580, "one"), ("back", "pickup", 360, "one")]
    assert done.plan.requests["back"].earliest_pickup_s == 1260
    assert check(done.plan, TRAVEL) == []


# What cannot have happened


@pytest.mark.parametrize(
    ("happen", "error", "says"),
    [
        (lambda plan: events.cancelled(plan, "x", TRAVEL), KeyError, "x"),
        (lambda plan: events.cancelled(plan, "a", TRAVEL), ValueError, "a is on board of one"),
        (lambda plan: events.no_show(plan, "x", TRAVEL), KeyError, "x"),
        (lambda plan: events.rider_late(plan, "x", 0, TRAVEL), KeyError, "x"),
        (lambda plan: events.rider_late(plan, "a", 0, TRAVEL), ValueError, "a is on board already"),
        (lambda plan: events.vehicle_late(plan, "x", Place(0), 0, TRAVEL), KeyError, "x"),
        (lambda plan: events.broken_down(plan, "x", Place(0), 0, TRAVEL), KeyError, "x"),
        (lambda plan: events.driver_off(plan, "x", 0, TRAVEL), KeyError, "x"),
        (lambda plan: events.battery_read(plan, "x", 0, TRAVEL), KeyError, "x"),
        (lambda plan: events.battery_read(plan, "one", 0, TRAVEL), ValueError, "no battery"),
        (
            lambda plan: events.back_in_service(plan, van("one"), Place(0), 0, TRAVEL),
            ValueError,
            "one is in service already",
        ),
    ],
)
def test_what_cannot_have_happened_is_a_bug(
    happen: Callable[[Plan], Replanned], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        happen(two_aboard())


# In the background


def test_what_was_broken_in_haste_is_kept_if_others_can_make_room() -> None:
    done = events.broken_down(rivals(), "one", Place(0), 0, TRAVEL)
    helped = done.plan.with_route(Route(van("three")))

    better = events.improved(replace(done, plan=helped), TRAVEL, time_limit_s=1.0)

    assert better.broken == ()
    assert better.plan.requests["c"].latest_pickup_s == 300
    assert check(better.plan, TRAVEL) == []


def test_what_cannot_be_made_better_is_left_alone() -> None:
    done = events.broken_down(rivals(), "one", Place(0), 0, TRAVEL)

    assert events.improved(done, TRAVEL, time_limit_s=0.2) == done


def test_who_is_on_board_stays_there_however_late() -> None:
    a = ride("a", 3, 9, latest_dropoff_s=700)
    one = Route(van("one", 3, 300), stops("-a"), {"a": 300})
    plan = Plan(1, {"one": one, "two": Route(van("two", 3))}, {"a": a})
    done = events.vehicle_late(plan, "one", Place(3), 400, TRAVEL)
    assert broken(done) == [("a", "dropoff", 60, "one")]

    assert events.improved(done, TRAVEL, time_limit_s=0.2) == done


def test_who_was_unplaced_is_placed_when_there_is_a_vehicle() -> None:
    gone = events.broken_down(two_aboard(), "one", Place(5), 420, TRAVEL)
    helped = gone.plan.with_route(Route(van("three", 5, 420)))

    better = events.improved(replace(gone, plan=helped), TRAVEL, time_limit_s=0.5)

    assert better.unplaced == ()
    assert {carried_by(better, "a"), carried_by(better, "b")} == {"three"}


def without_time_for(*waiting: Request) -> Replanned:
    """One could fetch w, who waits, only before a, and a too late then; two drives to and fro."""
    one = frozenset({"one"})
    a = replace(ride("a", 9, 60, latest_pickup_s=250), only=one)
    plan = plan_of({"two": "+b +c -b -c"}, ride("b", 1, 2), ride("c", 10, 11))
    plan = plan.with_route(Route(van("one", 5), stops("+a -a")), a)
    w = replace(ride("w", 1, 70, latest_pickup_s=400), priority=9, only=one)
    told = {party.id: Told(party) for party in (w, *waiting)}
    lost = [BrokenPromise(id_, "pickup", None, 400, None, None, 1) for id_ in told]
    return Replanned(plan, tuple(lost), unplaced=tuple(told.values()), told=told)


def test_who_could_only_be_placed_at_the_cost_of_others_still_waits() -> None:
    done = without_time_for()

    better = events.improved(done, TRAVEL, time_limit_s=0.5)

    assert better.plan.routes["two"].stops != done.plan.routes["two"].stops
    assert better.plan.requests["a"] == done.plan.requests["a"]
    assert better.broken == done.broken
    assert better.unplaced == done.unplaced


def test_a_return_leg_that_has_to_begin_too_late_waits_beside_who_waits() -> None:
    # Four could fetch back in time, but out is set down after four's driver has to be home.
    out = ride("out", 3, 9, earliest_pickup_s=2500, latest_pickup_s=2800)
    back = ride("back", 9, 3, earliest_pickup_s=760, latest_pickup_s=900)
    back = replace(back, follows=Follows("out", 30), only=frozenset({"four"}))
    done = without_time_for(back)
    plan = done.plan.with_route(Route(van("three"), stops("+out -out")), out)
    plan = plan.with_route(Route(van("four", 9, 700, 1530)))

    better = events.improved(replace(done, plan=plan), TRAVEL, time_limit_s=0.5)

    assert better.plan.routes["two"].stops != plan.routes["two"].stops
    assert {one.request.id for one in better.unplaced} == {"w", "back"}


@pytest.mark.parametrize(
    ("closed", "overtime_s", "waits"), [((), {"three": 380}, []), (("three",), {}, ["a", "b"])]
)
def test_whoever_works_longer_for_an_improvement_is_named_and_nobody_who_cannot(
    closed: tuple[str, ...], overtime_s: dict[str, int], waits: list[str]
) -> None:
    gone = events.broken_down(two_aboard(), "one", Place(5), 420, TRAVEL)
    helped = gone.plan.with_route(Route(van("three", 5, 420, 1000)))

    better = events.improved(replace(gone, plan=helped), TRAVEL, time_limit_s=0.5, closed=closed)

    # Both are in at 540; b is set down at 720, a at 810, and three is back at 0 at 1380.
    assert better.overtime_s == overtime_s
    assert sorted(one.request.id for one in better.unplaced) == waits


def test_a_vehicle_that_cannot_be_reached_is_sent_to_nobody() -> None:
    a = ride("a", 3, 9)
    plan = plan_of({"one": "+a -a", "two": ""}, a).with_route(Route(van("two", 100)))

    done = events.broken_down(plan, "one", Place(0), 0, {"car": IslandTown()})

    assert broken(done) == [("a", "pickup", None, None)]


def late(request_id: str, by_s: int | None) -> BrokenPromise:
    return BrokenPromise(request_id, "pickup", by_s, 900, None, None, 1)


@pytest.mark.parametrize(
    ("after", "further"),
    [
        ([late("a", 60)], []),
        ([], []),
        ([late("a", 61)], ["a"]),
        ([late("a", None)], ["a"]),
        ([late("b", 1)], ["b"]),
        ([late("c", 500)], []),
    ],
)
def test_an_improvement_may_break_nothing_further(
    after: list[BrokenPromise], further: list[str]
) -> None:
    plan = Plan(1, {}, {})
    done = Replanned(plan, broken=(late("a", 60), late("c", None)))

    assert events._breaks_more(done, Replanned(plan, broken=tuple(after))) == bool(further)


@pytest.mark.parametrize(
    ("name", "found"),
    [("_breaks_more", lambda *_plans: True), ("check", lambda plan, _travel: [plan.version])],
)
def test_what_breaks_more_or_fails_the_verifier_is_not_returned(
    monkeypatch: pytest.MonkeyPatch, name: str, found: Callable[..., object]
) -> None:
    done = events.broken_down(rivals(), "one", Place(0), 0, TRAVEL)
    waiting = replace(done, plan=done.plan.with_route(Route(van("three"))))
    monkeypatch.setattr(events, name, found)

    assert events.improved(waiting, TRAVEL, time_limit_s=0.5) is waiting
