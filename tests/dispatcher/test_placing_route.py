"""Tasks take the shortest way, keep every promise, and leave the battery its reserve."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.breaks import BreakRule, Over
from dispatcher.check import check
from dispatcher.energy import charge_along
from dispatcher.model import Battery, Place, Plan, Route, Stop, StopKind, Task
from dispatcher.relief import Change
from dispatcher.tasks import TaskRefusal, place_breaks, place_charges
from tests.dispatcher.test_tasks import (
    DEPOT,
    EIGHT,
    EV,
    MIN,
    ONE_HOUR,
    SIX_KW,
    TRAVEL,
    VAN,
    H,
    at,
    day,
    order,
    placed,
    ride,
    tasks_of,
)


def test_a_break_is_taken_where_the_way_is_shortest() -> None:
    bookings = ride("a", 2, 20, at(9)), ride("b", 21, 3, at(12)), ride("c", 2, 1, at(14))

    plan = placed(place_breaks(day(VAN, *bookings), [ONE_HOUR], [Place(40), Place(20)], TRAVEL))

    assert order(plan) == "+a -a * +b -b +c -c"
    assert [task.place for task in tasks_of(plan)] == [20]
    assert check(plan, TRAVEL) == []


def test_a_battery_is_charged_for_what_the_day_needs_in_steps_of_five_minutes() -> None:
    # Out and back twice: 4 x 30 minutes of 60 Wh and 30 of 6 more, twice: 7560 Wh; 5000 are there.
    plan = day(EV, ride("a", 0, 30, at(9)), ride("b", 0, 30, at(14)))

    after = placed(place_charges(plan, [SIX_KW], TRAVEL))

    assert order(after, "ev") in ("# +a -a +b -b", "+a -a # +b -b")
    (charge,) = tasks_of(after, "ev")
    assert (charge.lasts_s, charge.power_w, charge.charger_id) == (30 * MIN, 6000, "slow")
    assert min(charge_along(after.routes["ev"], after.requests, TRAVEL)) >= 1000
    assert check(after, TRAVEL) == []


def test_a_target_for_tomorrow_is_met_at_the_end_along_the_taper() -> None:
    after = placed(place_charges(day(EV), [SIX_KW], TRAVEL, ready_wh={"ev": 9500}))

    # 6000 -> 8000 takes 20 min; 2000 missing fall to 500 in 2000 / 6000 h x ln 4 = 27.7 min.
    (charge,) = tasks_of(after, "ev")
    assert charge.lasts_s == 50 * MIN
    assert charge_along(after.routes["ev"], {}, TRAVEL) >= (9500,)


def test_breaks_alone_keep_the_battery_above_its_reserve() -> None:
    vehicle = replace(EV, battery=Battery(10_000, 1500, 1000))

    plan = placed(place_breaks(day(vehicle), [ONE_HOUR], [Place(5), Place(4)], TRAVEL))

    assert [task.place for task in tasks_of(plan, "ev")] == [4]
    answer = place_breaks(day(vehicle), [ONE_HOUR], [Place(5)], TRAVEL)
    assert isinstance(answer, TaskRefusal)
    assert answer.faults[0].ways == ((Change("ev", None, "reserve_wh", 100),),)


def test_a_break_begins_only_once_the_vehicle_can_be_there() -> None:
    # The rest must begin by 13:00; the ride of 270 minutes is over at 12:30.
    rule = BreakRule("half", Over.SHIFT, 6 * H, 30 * MIN, 30 * MIN, "made up", edge_s=1 * H)
    far = replace(VAN, end=Place(270), end_s=at(14, 30))
    plan = day(far, replace(ride("a", 0, 270, at(8), 0), latest_dropoff_s=at(13), ride_max_s=5 * H))

    assert order(placed(place_breaks(plan, [rule], [Place(300)], TRAVEL))) == "+a -a *"
    assert isinstance(place_breaks(plan, [rule], [Place(301)], TRAVEL), TaskRefusal)


@st.composite
def small_days(draw: st.DrawFn) -> Plan:
    requests = []
    now_s = EIGHT
    for name in "ab"[: draw(st.integers(0, 2))]:
        now_s += MIN * 5 * draw(st.integers(0, 20))
        origin, destination = draw(st.integers(0, 30)), draw(st.integers(0, 30))
        requests.append(ride(name, origin, destination, now_s, 5 * draw(st.integers(0, 8))))
        now_s += MIN * abs(origin - destination)
    van = replace(VAN, end_s=EIGHT + MIN * 5 * draw(st.integers(26, 50)))
    return day(van, *requests)


RULE_4 = BreakRule("short", Over.SHIFT, 2 * H, 30 * MIN, 30 * MIN, "made up", edge_s=15 * MIN)
SPOTS = [Place(4), Place(17)]


def soonest(route: Route, plan: Plan) -> bool:
    """Whether everybody is served in time when the vehicle hurries (rides have no limit here)."""
    now_s, place = route.vehicle.start_s, route.vehicle.start
    for stop in route.stops:
        task, party = route.tasks.get(stop.request_id), plan.requests.get(stop.request_id)
        if task is not None:
            there, early_s, late_s, lasts_s = (
                task.place,
                task.earliest_s,
                task.latest_s,
                task.lasts_s,
            )
        elif party is not None and stop.kind is StopKind.PICKUP:
            there, early_s, late_s = party.origin, party.earliest_pickup_s, party.latest_pickup_s
            lasts_s = 0
        elif party is not None:
            there, early_s, late_s, lasts_s = party.destination, 0, party.latest_dropoff_s, 0
        now_s = max(early_s, now_s + MIN * abs(there - place))
        if now_s > late_s:
            return False
        now_s, place = now_s + lasts_s, there
    return now_s + MIN * abs(place - DEPOT) <= route.vehicle.end_s


def way(route: Route, plan: Plan) -> int:
    places = [DEPOT]
    for stop in route.stops:
        party = plan.requests.get(stop.request_id)
        if party is None:
            places.append(route.tasks[stop.request_id].place)
        else:
            pickup = stop.kind is StopKind.PICKUP
            places.append(party.origin if pickup else party.destination)
    return sum(abs(a - b) for a, b in pairwise([*places, DEPOT]))


def cheapest(plan: Plan) -> int | None:
    """The shortest way with a break of half an hour anywhere, tried out one by one."""
    route, found = plan.routes["van"], []
    latest_s = route.vehicle.end_s - 45 * MIN
    for gap, place in product(range(0, len(route.stops) + 1, 2), SPOTS):
        task = Task("rest", StopKind.BREAK, place, EIGHT + 15 * MIN, latest_s, 30 * MIN)
        stops = [*route.stops[:gap], Stop("rest", StopKind.BREAK), *route.stops[gap:]]
        tried = replace(route, stops=tuple(stops), tasks={"rest": task})
        if task.latest_s >= task.earliest_s and soonest(tried, plan):
            found.append(way(tried, plan))
    return min(found, default=None)


@settings(max_examples=25, deadline=None)
@given(small_days())
def test_a_break_is_found_exactly_when_there_is_one_and_costs_least(plan: Plan) -> None:
    if not soonest(plan.routes["van"], plan):
        return
    answer = place_breaks(plan, [RULE_4], SPOTS, TRAVEL)
    best = cheapest(plan) if plan.routes["van"].vehicle.end_s - EIGHT > 2 * H else None

    if isinstance(answer, Plan):
        assert way(answer.routes["van"], answer) == (
            way(plan.routes["van"], plan) if best is None else best
        )
        assert (best is None) == (answer is plan)
        assert check(answer, TRAVEL) == []
    else:
        assert best is None
        assert answer.faults[0].rule == "short"
