"""Cutting a plan to what happens around a time of the day, and putting it together again."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatcher.fleet import Fleet
from dispatcher.model import Plan, Route
from dispatcher.schedule import Schedule, schedule
from dispatcher.stretch import stretch
from tests.dispatcher.draw import Case, full_cases
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride, stops

LONG = replace(VAN, end_s=20_000)
A = ride("a", 1, 3, earliest_pickup_s=1000, latest_pickup_s=1600, latest_dropoff_s=2400)
B = ride("b", 4, 6, earliest_pickup_s=4000, latest_pickup_s=4600, latest_dropoff_s=5400)
C = ride("c", 6, 9, earliest_pickup_s=8000, latest_pickup_s=8600, latest_dropoff_s=9400)
DAY = Plan(1, {"van": Route(LONG, stops("+a -a +b -b +c -c"))}, {one.id: one for one in (A, B, C)})


def times_of(plan: Plan) -> Schedule:
    times = schedule(plan.routes["van"], plan.requests, TRAVEL)
    assert isinstance(times, Schedule)
    return times


def test_only_what_happens_around_the_time_is_kept() -> None:
    times = times_of(DAY)
    part = stretch(DAY, Fleet(DAY, TRAVEL), 3500, 6000).part
    van = part.routes["van"]

    assert van.stops == stops("+b -b")
    assert part.requests.keys() == {"b"}
    assert (van.vehicle.start, van.vehicle.start_s) == (A.destination, times.depart_s[1])
    assert (van.vehicle.end, van.vehicle.end_s) == (C.origin, times.begin_s[4])


def test_nobody_is_cut_off_while_on_board() -> None:
    shared = DAY.with_route(Route(LONG, stops("+a +b -a +c -b -c")))
    wide = {id_: replace(one, latest_dropoff_s=19_000, ride_max_s=18_000)
            for id_, one in DAY.requests.items()}  # fmt: skip
    shared = Plan(1, shared.routes, wide)

    assert stretch(shared, Fleet(shared, TRAVEL), 3500, 3600).part.routes == shared.routes


def test_locked_stops_stay_where_they_are() -> None:
    locked = DAY.with_route(replace(DAY.routes["van"], locked=3))
    van = stretch(locked, Fleet(locked, TRAVEL), 7000, 19_000).part.routes["van"]

    assert (van.stops, van.locked) == (stops("+c -c"), 0)
    assert (
        stretch(locked, Fleet(locked, TRAVEL), 3500, 19_000).part.routes["van"]
        == locked.routes["van"]
    )


def test_a_route_that_is_late_already_is_left_out() -> None:
    late = Plan(1, DAY.routes, {**DAY.requests, "c": replace(C, ride_max_s=60)})

    assert stretch(late, Fleet(late, TRAVEL), 0, 20_000).part == Plan(1, {}, {})


@settings(max_examples=300, deadline=None, derandomize=True)
@given(full_cases(), st.integers(0, 6000), st.integers(0, 3000))
def test_a_stretch_can_be_driven_and_leaves_out_only_what_is_before_and_after(
    case: Case, from_s: int, lasts_s: int
) -> None:
    ((id_, route),) = case.plan.routes.items()
    times = schedule(route, case.requests, case.travel)
    assume(isinstance(times, Schedule))
    assert isinstance(times, Schedule)
    to_s = from_s + lasts_s
    cut = stretch(case.plan, Fleet(case.plan, case.travel), from_s, to_s)
    first, end = cut.cuts[id_]
    part = cut.part.routes[id_]

    assert all(times.depart_s[at] <= from_s for at in range(first))
    assert all(times.begin_s[at] >= to_s for at in range(end, len(route.stops)))
    flat = replace(part, vehicle=replace(part.vehicle, battery=None))
    assert isinstance(schedule(flat, cut.part.requests, case.travel), Schedule)
    whole = cut.joined(cut.part, ride("nobody", 0, 1))
    assert whole.routes == case.plan.routes
    assert whole.requests.keys() == {*case.requests, "nobody"}
