"""Whatever happens within the windows of tasks is lawful and leaves the chargers free."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatcher.breaks import FOUR_HOURS, BreakRule, Rest
from dispatcher.check import check
from dispatcher.gaps import Driver, Option, Wanted
from dispatcher.model import Battery, Place, Plan, Route, Stop, StopKind, Task
from dispatcher.placing import Budget, Crew, Placing
from dispatcher.placing_route import Slot
from dispatcher.relief import Change, Fault
from dispatcher.schedule import Schedule, schedule
from dispatcher.tasks import TaskRefusal, lacks, place_breaks, place_charges, place_tasks
from tests.dispatcher.test_breaks import lawful
from tests.dispatcher.test_tasks import (
    DEPOT,
    EIGHT,
    EV,
    FIVE_PM,
    MIN,
    ONE_HOUR,
    RULES,
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
    windows,
)


def test_four_hours_at_most_give_two_half_hours_with_two_hours_of_freedom_each() -> None:
    plan = placed(place_breaks(day(VAN), RULES, [DEPOT], TRAVEL))

    assert windows(plan) == [(at(10), at(12), H // 2), (at(12, 30), at(14, 30), H // 2)]


def test_nobody_is_on_board_at_a_break_and_locked_stops_stay_together() -> None:
    a, b = ride("a", 2, 20, at(9)), ride("b", 20, 2, at(12))
    kinds = (StopKind.PICKUP, StopKind.DROPOFF)
    stops = tuple(Stop(id_, kind) for kind in kinds for id_ in "ab")
    long = replace(a, latest_pickup_s=at(12), latest_dropoff_s=FIVE_PM, ride_max_s=8 * H)
    plan = Plan(1, {"van": Route(VAN, stops, locked=3)}, {"a": long, "b": b})

    after = placed(place_breaks(plan, [ONE_HOUR], [Place(20)], TRAVEL))

    assert order(after) == "+a +b -a -b *"
    assert after.routes["van"].locked == 3


def test_two_vehicles_never_meet_at_one_charger_whenever_they_come_within_their_windows() -> None:
    routes = {f"ev{k}": Route(replace(EV, id=f"ev{k}")) for k in range(3)}
    plan = Plan(1, routes, {})
    ready_wh = dict.fromkeys(routes, 8000)

    after = placed(place_charges(plan, [SIX_KW], TRAVEL, ready_wh=ready_wh))

    spans = sorted(
        (t.earliest_s, t.latest_s + t.lasts_s) for id_ in routes for t in tasks_of(after, id_)
    )
    assert len(spans) == 3
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    two = replace(SIX_KW, places=2)
    wide = placed(place_charges(plan, [two], TRAVEL, ready_wh=ready_wh))
    assert sum(b - a for id_ in routes for a, b, _ in windows(wide, id_)) > sum(
        b - a for id_ in routes for a, b, _ in windows(after, id_)
    )


def test_charges_that_stay_keep_their_place_at_the_charger() -> None:
    kept = Task("kept", StopKind.CHARGE, DEPOT, EIGHT, at(15, 30), H, 6000, "slow")
    locked = Route(
        replace(EV, id="first"), (Stop("kept", StopKind.CHARGE),), locked=1, tasks={"kept": kept}
    )
    plan = Plan(1, {"first": locked, "ev": Route(EV)}, {})

    after = placed(place_charges(plan, [SIX_KW], TRAVEL, ready_wh={"ev": 7000}))

    assert windows(after, "first") == [(EIGHT, at(15, 30), H)]
    assert windows(after, "ev") == [(at(16, 30), at(16, 50), 10 * MIN)]
    full = replace(kept, latest_s=at(16))
    packed = Plan(1, {"first": replace(locked, tasks={"kept": full}), "ev": Route(EV)}, {})
    answer = place_charges(packed, [SIX_KW], TRAVEL, ready_wh={"ev": 7000})
    assert isinstance(answer, TaskRefusal)
    changes = Change("ev", None, "shift_end", 600), Change("ev", None, "ready_wh", 1000)
    assert answer.faults == (Fault("ev", "charger_places", tuple((one,) for one in changes)),)


def test_a_driver_rests_while_the_vehicle_charges_where_the_rule_allows_it() -> None:
    charging = replace(ONE_HOUR, while_charging=True)
    arguments = [DEPOT], [SIX_KW], TRAVEL

    strict = placed(place_tasks(day(EV), [ONE_HOUR], *arguments, ready_wh={"ev": 9500}))
    lenient = placed(place_tasks(day(EV), [charging], *arguments, ready_wh={"ev": 9500}))

    assert sorted(task.kind for task in tasks_of(strict, "ev")) == ["break", "charge"]
    assert [task.kind for task in tasks_of(lenient, "ev")] == ["charge"]
    assert tasks_of(lenient, "ev")[0].lasts_s == H
    assert lacks(lenient, [charging]) == {}


def test_a_charge_between_two_half_rests_makes_no_rest_full() -> None:
    bookings = [ride(f"r{k}", 2, 20, at(8, 15) + 80 * MIN * k) for k in range(6)]
    battery = Battery(10_000, 9000, 1500)

    plan = placed(
        place_tasks(day(replace(EV, battery=battery), *bookings), RULES, [DEPOT], [SIX_KW], TRAVEL)
    )

    assert {task.kind for task in tasks_of(plan, "ev")} == {StopKind.BREAK, StopKind.CHARGE}
    assert lacks(plan, RULES) == {}
    assert check(plan, TRAVEL) == []


@pytest.mark.parametrize(
    ("lasts_s", "starts_s", "rest_s"),
    [
        (20 * MIN, at(9), 20 * MIN),
        (5 * MIN, at(9), 0),
        (20 * MIN, at(8, 5), 0),
        (20 * MIN, at(16, 45), 0),
    ],
)
def test_a_charge_is_as_much_rest_as_it_is_and_not_less(
    lasts_s: int, starts_s: int, rest_s: int
) -> None:
    rule = replace(FOUR_HOURS, while_charging=True, edge_s=10 * MIN)
    driver = Driver("ev", ("ev",), EIGHT, FIVE_PM)
    possible = []
    for counted_s in (0, lasts_s):
        placing = Placing([], Wanted())
        slot = Slot(placing.model, driver, [Option(0, 0, 0, SIX_KW, 0)])
        counted = placing._counted(rule, Crew(driver, (), (rule,), charges=True, settled=()), slot)
        for value, wanted_s in (
            (slot.lasts_s, lasts_s), (slot.earliest_s, starts_s), (slot.latest_s, starts_s),
            (counted, counted_s),
        ):  # fmt: skip
            placing.model.add(value == wanted_s)
        if placing.is_possible(Budget()):
            possible.append(counted_s)
    assert possible == [rest_s]


RESTING_RULES = tuple(replace(rule, while_charging=True) for rule in RULES)


def fleet(charged_wh: dict[str, int], rides: dict[str, dict[int, int]]) -> Plan:
    """Vehicles with what is in their batteries, and how far they ride at ten past which hours."""
    plans = []
    for name, now_wh in charged_wh.items():
        battery = Battery(10_000, now_wh, 1000)
        vehicle = replace(EV, id=name, start_s=EIGHT, end_s=at(16), battery=battery)
        asked = [ride(f"{name}{k}", 5, to, at(8 + k, 10)) for k, to in rides[name].items()]
        plans.append(day(vehicle, *asked))
    routes = {id_: route for plan in plans for id_, route in plan.routes.items()}
    requests = {id_: party for plan in plans for id_, party in plan.requests.items()}
    return Plan(1, routes, requests)


@st.composite
def fleets(draw: st.DrawFn) -> Plan:
    charged_wh, rides = {}, {}
    for name in ("x", "y"):
        charged_wh[name] = draw(st.integers(15, 90)) * 100
        times = sorted(draw(st.sets(st.integers(0, 6), min_size=1, max_size=2)))
        rides[name] = {k: draw(st.integers(6, 20)) for k in times}
    return fleet(charged_wh, rides)


# y charges for 35 minutes, which is a rest, and the ten minutes after it are none.
@example(fleet({"x": 1500, "y": 1500}, {"x": {0: 6}, "y": {1: 6}}), RESTING_RULES)
@settings(max_examples=4, deadline=None)
@given(fleets(), st.sampled_from([RULES, RESTING_RULES]))
def test_whatever_happens_within_the_windows_is_lawful_and_leaves_room_at_the_charger(
    plan: Plan, rules: tuple[BreakRule, ...]
) -> None:
    answer = place_tasks(plan, rules, [DEPOT, Place(9)], [SIX_KW], TRAVEL, budget=Budget(0.2, 1))
    after = answer if isinstance(answer, Plan) else answer.plan
    failed = set() if isinstance(answer, Plan) else {fault.driver_id for fault in answer.faults}

    spans = []
    for id_, route in after.routes.items():
        if id_ in failed:
            continue
        assert isinstance(schedule(route, after.requests, TRAVEL), Schedule)
        assert set(plan.routes[id_].stops) <= set(route.stops)
        tasks = tasks_of(after, id_)
        spans += [(t.earliest_s, t.latest_s + t.lasts_s) for t in tasks if t.charger_id]
        resters = [t for t in tasks if t.kind is StopKind.BREAK or rules[0].while_charging]
        for starts in product(*((t.earliest_s, t.latest_s) for t in resters)):
            rests = [Rest(s, s + t.lasts_s) for s, t in zip(starts, resters, strict=True)]
            if all(a.end_s <= b.start_s for a, b in pairwise(rests)):
                assert all(lawful(rule, rests, EIGHT, at(16)) for rule in rules)
    assert all(end <= start for (_, end), (start, _) in pairwise(sorted(spans)))
