"""What is in the battery along a route: worked examples on a hill, charges by two reckonings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dispatcher.check import Violation, check
from dispatcher.check_battery import first_empty
from dispatcher.energy import charge_along, charged_wh
from dispatcher.insert import insert, insertions
from dispatcher.model import Battery, Place, Plan, Request, Route, Stop, StopKind, Task
from dispatcher.plan import boarded, done, dropped, moved, relaxed
from dispatcher.schedule import Breach, Rule, Schedule, schedule
from tests.dispatcher.draw import Case, full_cases
from tests.dispatcher.oracle import has_charge, has_room
from tests.dispatcher.test_schedule import VAN, ride, stops
from tests.towns import LineTown


class HillTown(LineTown):
    """A line town that climbs: 100 Wh up to the next place, 10 more a rider, 40 and 4 back down."""

    def energy(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return watt-hours with the driver alone, and for each rider."""
        up = np.asarray(destinations)[None, :] - np.asarray(origins)[:, None]
        return np.stack([np.where(up > 0, 100, 40) * up, np.where(up > 0, 10, 4) * up]).astype(
            np.int32
        )


HILL = {"car": HillTown()}
FULL = Battery(1000, 1000, 100)
EV = replace(VAN, battery=FULL)
CHARGE = Task("c", StopKind.CHARGE, Place(0), 0, 7200, 600, power_w=3000)
PAUSE = Task("p", StopKind.BREAK, Place(0), 0, 7200, 600)
CHARGING = Stop("c", StopKind.CHARGE)


def route_of(words: str, battery: Battery = FULL) -> Route:
    parts = [CHARGING if word == "!" else stops(word)[0] for word in words.split()]
    tasks = {"c": CHARGE} if CHARGING in parts else {}
    return Route(replace(VAN, battery=battery), tuple(parts), {}, 0, tasks)


def plan_of(words: str, *asked: Request, battery: Battery = FULL) -> Plan:
    return Plan(1, {"van": route_of(words, battery)}, {request.id: request for request in asked})


def test_climbing_takes_and_rolling_down_gives_back_until_the_battery_is_full() -> None:
    a = ride("a", 3, 5, seats=2)

    # 3 up alone, 2 up with two riders, 5 down alone gives back 200.
    assert charge_along(route_of("+a -a"), {"a": a}, HILL) == (700, 460)
    down = ride("a", 5, 0, seats=2)
    assert charge_along(route_of("+a -a"), {"a": down}, HILL) == (500, 740)
    start_up = replace(EV, start=Place(5), end=Place(0))
    route = Route(start_up, (Stop("c", StopKind.CHARGE),), tasks={"c": replace(CHARGE, power_w=0)})
    assert charge_along(route, {}, HILL) == (1000,)


def test_without_a_battery_there_is_nothing_to_tell() -> None:
    assert charge_along(Route(VAN, stops("+a -a")), {"a": ride("a", 3, 5)}, HILL) == ()


def test_a_charge_is_full_power_up_to_the_taper_and_then_fades() -> None:
    assert charged_wh(200.0, 3000.0, 600.0, 1000.0, 800.0) == 700
    assert charged_wh(700.0, 3000.0, 120.0, 1000.0, 800.0) == 800
    # 200 Wh are missing at the taper; after two minutes more exp(-0.5) of them.
    assert charged_wh(800.0, 3000.0, 120.0, 1000.0, 800.0) == 878
    assert charged_wh(700.0, 3000.0, 240.0, 1000.0, 800.0) == 878
    assert charged_wh(500.0, 3000.0, 10.0**6, 1000.0, 800.0) == 1000
    assert charged_wh(471.0, 11_000.0, 2016.0, 969.0, 775.2) == 969  # full but for rounding
    assert charged_wh(500.0, 0.0, 3600.0, 1000.0, 800.0) == 500
    assert charged_wh(900.0, 0.0, 3600.0, 1000.0, 800.0) == 900


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.sampled_from([997, 1000, 6000]),
    st.floats(0, 1),
    st.sampled_from([0, 1, 1500, 3000, 22_000]),
    st.integers(0, 9000),
    st.sampled_from([0.333, 0.5, 0.8]),
)
def test_the_verifier_charges_as_much_by_its_own_reckoning(
    capacity_wh: int, share: float, power_w: int, lasts_s: int, taper: float
) -> None:
    battery = Battery(capacity_wh, int(share * capacity_wh), 0, taper)
    task = replace(CHARGE, power_w=power_w, lasts_s=lasts_s)
    figures = (float(battery.now_wh), float(power_w), float(lasts_s), float(capacity_wh))
    level_wh = charged_wh(*figures, taper * capacity_wh)

    def lasts(reserve_wh: int) -> bool:
        # Up the hill after the charge: 100 Wh to the end.
        van = replace(VAN, end=Place(1), battery=Battery(capacity_wh, battery.now_wh, 0, taper))
        route = Route(van, (CHARGING,), tasks={"c": task})
        object.__setattr__(van.battery, "reserve_wh", reserve_wh)
        return first_empty(route, van.battery, {}, HILL["car"]) is None  # type: ignore[arg-type]

    # The reserve binds on the way after the charge only where it is not above the level before.
    if level_wh - 100 <= battery.now_wh:
        assert lasts(level_wh - 100)
        assert not lasts(level_wh - 99)


def test_the_reserve_is_not_touched_at_any_node() -> None:
    a = ride("a", 3, 5)
    plan = plan_of("+a -a", a, battery=Battery(1000, 600, 80))

    # 600 less 300 less 220 leaves exactly the reserve at 5; it is all downhill from there.
    assert isinstance(schedule(plan.routes["van"], plan.requests, HILL), Schedule)
    assert check(plan, HILL) == []
    short = plan_of("+a -a", a, battery=Battery(1000, 600, 81))
    assert schedule(short.routes["van"], short.requests, HILL) == Breach(Rule.BATTERY, 1, "a", 1)
    assert check(short, HILL) == [Violation("battery", "van", "a", 1)]
    twice = plan_of("+a -a", a, battery=Battery(1000, 350, 100))
    assert schedule(twice.routes["van"], twice.requests, HILL) == Breach(Rule.BATTERY, 0, "a", 50)
    assert check(twice, HILL) == [Violation("battery", "van", "a", 50)]


def test_the_way_to_the_depot_needs_energy_too() -> None:
    van = replace(EV, end=Place(9), battery=Battery(1000, 890, 0))
    route = Route(van)

    assert schedule(route, {}, HILL) == Breach(Rule.BATTERY, 0, None, 10)
    assert check(Plan(1, {"van": route}, {}), HILL) == [Violation("battery", "van", None, 10)]
    anywhere = Route(replace(van, end=None, battery=Battery(1000, 890, 890)))
    assert isinstance(schedule(anywhere, {}, HILL), Schedule)
    assert check(Plan(1, {"van": anywhere}, {}), HILL) == []


def test_a_battery_under_its_reserve_takes_nobody_and_says_so() -> None:
    plan = plan_of("", battery=Battery(1000, 99, 100))

    assert schedule(plan.routes["van"], {}, HILL) == Breach(Rule.BATTERY, 0, None, 1)
    assert check(plan, HILL) == [Violation("battery", "van", None, 1)]
    assert insertions(plan, ride("a", 0, 0), HILL) == []


def test_a_full_battery_takes_nothing_more_on_the_way_down() -> None:
    a = ride("a", 0, 9)
    van = replace(EV, start=Place(5), end=None)
    plan = Plan(1, {"van": Route(van, stops("+a -a"))}, {"a": a})

    assert schedule(plan.routes["van"], plan.requests, HILL) == Breach(Rule.BATTERY, 1, "a", 90)
    assert check(plan, HILL) == [Violation("battery", "van", "a", 90)]
    assert insertions(Plan(1, {"van": Route(van)}, {}), a, HILL) == []


@pytest.mark.parametrize(("now_wh", "by_wh"), [(740, None), (739, 1)])
def test_who_is_on_board_already_is_carried_up_too(now_wh: int, by_wh: int | None) -> None:
    a, b = ride("a", 0, 3, seats=2), ride("b", 3, 6, seats=1)
    van = replace(EV, end=None, battery=Battery(1000, now_wh, 50))
    plan = Plan(1, {"van": Route(van, stops("-a +b -b"), {"a": 0})}, {"a": a, "b": b})

    # 3 places with two riders, 3 with one.
    found = schedule(plan.routes["van"], plan.requests, HILL)
    assert isinstance(found, Schedule) == (by_wh is None)
    wanted = [] if by_wh is None else [Violation("battery", "van", "b", by_wh)]
    assert check(plan, HILL) == wanted
    alone = Plan(1, {"van": Route(van, stops("-a"), {"a": 0})}, {"a": a})
    assert bool(insertions(alone, b, HILL)) == (by_wh is None)


@pytest.mark.parametrize("now_wh", [0, 1000])
@pytest.mark.parametrize("power_w", [0, 3000])
def test_a_charge_without_power_or_of_a_full_battery_gives_nothing(
    now_wh: int, power_w: int
) -> None:
    van = replace(EV, end=None, battery=Battery(1000, now_wh, now_wh))
    task = replace(CHARGE, power_w=power_w, lasts_s=3600 if now_wh else 0)
    plan = Plan(1, {"van": Route(van, (CHARGING,), tasks={"c": task})}, {})

    assert charge_along(plan.routes["van"], {}, HILL) == (now_wh,)
    assert check(plan, HILL) == []


def test_rolling_down_first_does_not_mend_a_battery_under_its_reserve() -> None:
    van = replace(EV, start=Place(5), battery=Battery(1000, 99, 100))
    plan = Plan(1, {"van": Route(van)}, {})

    assert schedule(plan.routes["van"], {}, HILL) == Breach(Rule.BATTERY, 0, None, 1)
    assert check(plan, HILL) == [Violation("battery", "van", None, 1)]
    enough = Plan(1, {"van": Route(replace(van, battery=Battery(1000, 100, 100)))}, {})
    assert check(enough, HILL) == []


def test_a_charge_makes_room_for_a_climb() -> None:
    a = ride("a", 0, 7)
    low = Battery(1000, 400, 100)

    assert insertions(plan_of("", battery=low), a, HILL) == []
    found = insertions(plan_of("!", battery=low), a, HILL)

    # 400 and 500 Wh of ten minutes at 3 kW, of which the last 100 fade.
    assert [(one.pickup_index, one.dropoff_index) for one in found] == [(1, 2)]
    after = insert(plan_of("!", battery=low), a, found[0])
    assert check(after, HILL) == []
    assert charge_along(after.routes["van"], after.requests, HILL) == (878, 878, 108)


@pytest.mark.parametrize(
    ("party", "needs_wh"),
    [
        (ride("b", 0, 4), 4 * 140),  # beside the three all the way
        (ride("b", 4, 5), 4 * 130 + 110),  # afterwards, a place higher
        (ride("b", 1, 2, latest_pickup_s=300), 4 * 130 + 10),  # a place of the way
        (ride("b", 3, 4), 4 * 130 + 10),
    ],
)
def test_every_leg_of_an_insertion_is_reckoned_with_who_is_on_board(
    party: Request, needs_wh: int
) -> None:
    a = ride("a", 0, 4, seats=3)

    # Rolling down in between would give back less than climbing again takes.
    enough = plan_of("+a -a", a, battery=Battery(1000, 100 + needs_wh, 100))
    short = plan_of("+a -a", a, battery=Battery(1000, 99 + needs_wh, 100))

    assert len(insertions(enough, party, HILL)) == 1
    assert insertions(short, party, HILL) == []


def test_roads_that_know_no_energy_are_refused_for_a_vehicle_with_a_battery() -> None:
    plan = Plan(1, {"van": Route(EV)}, {})
    flat = {"car": LineTown()}

    with pytest.raises(ValueError, match="van: a battery"):
        schedule(plan.routes["van"], {}, flat)
    assert check(plan, flat) == [Violation("no_energy_use", "van", None)]


def test_only_profiles_with_a_battery_are_asked_for_energy() -> None:
    ev = replace(EV, id="ev", profile="micro_ev", battery=replace(FULL, now_wh=450))
    plan = Plan(1, {"van": Route(VAN), "ev": Route(ev)}, {})
    travel = {"car": LineTown(), "micro_ev": HillTown()}

    near, far = ride("a", 1, 3), ride("b", 1, 4)

    assert {one.vehicle_id for one in insertions(plan, near, travel)} == {"van", "ev"}
    assert {one.vehicle_id for one in insertions(plan, far, travel)} == {"van"}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(full_cases())
def test_the_battery_along_a_route_is_what_the_verifier_finds(case: Case) -> None:
    levels = charge_along(case.route, case.requests, case.travel)
    battery = case.route.vehicle.battery
    if battery is None:
        assert levels == ()
        return
    empty = first_empty(case.route, battery, case.requests, case.town)  # type: ignore[arg-type]
    assert len(levels) == len(case.route.stops)
    if empty is None:
        assert min(levels, default=battery.now_wh) >= battery.reserve_wh


def test_a_charge_that_is_over_gave_what_it_was_planned_to_give_unless_it_is_read() -> None:
    plan = plan_of("!", battery=Battery(1000, 400, 100))

    planned, read = done(plan, "c", 700), done(plan, "c", 700, battery_wh=850)

    assert planned.routes["van"].vehicle.battery == Battery(1000, 878, 100)
    assert read.routes["van"].vehicle.battery == Battery(1000, 850, 100)
    rested = Route(EV, (Stop("p", StopKind.BREAK),), tasks={"p": PAUSE})
    assert done(Plan(1, {"van": rested}, {}), "p", 900).routes["van"].vehicle.battery == FULL
    flat = Route(VAN, (CHARGING,), tasks={"c": CHARGE})
    assert done(Plan(1, {"van": flat}, {}), "c", 900).routes["van"].vehicle.battery is None


def test_every_event_takes_a_reading() -> None:
    plan = moved(plan_of("+a -a", ride("a", 3, 9)), "van", Place(2), 100, battery_wh=800)
    inside = boarded(plan, "a", 250, battery_wh=700)
    outside = dropped(inside, "a", 900, battery_wh=300)

    levels = [now.routes["van"].vehicle.battery for now in (plan, inside, outside)]
    assert [level.now_wh for level in levels if level is not None] == [800, 700, 300]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(full_cases())
def test_a_day_driven_as_scheduled_keeps_every_limit_to_its_end(case: Case) -> None:
    plan = case.plan
    times = schedule(case.route, case.requests, case.travel)
    if not isinstance(times, Schedule):
        return
    levels = charge_along(case.route, case.requests, case.travel) or [None] * len(case.route.stops)
    for stop, depart_s, level_wh in zip(case.route.stops, times.depart_s, levels, strict=True):
        event = {StopKind.PICKUP: boarded, StopKind.DROPOFF: dropped}.get(stop.kind, done)
        plan = event(plan, stop.request_id, depart_s, level_wh)
        assert check(plan, case.travel) == []
    assert plan.requests == {}
    assert plan.routes["van"] == Route(plan.routes["van"].vehicle)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(full_cases())
def test_a_relaxed_plan_keeps_what_time_can_mend(case: Case) -> None:
    after = relaxed(case.plan, case.travel)

    if has_room(case) and has_charge(case):
        assert check(after, case.travel) == []
    assert after.routes["van"].vehicle.battery == case.route.vehicle.battery
    for id_, task in case.route.tasks.items():
        wider = after.routes["van"].tasks[id_]
        assert wider == replace(task, latest_s=wider.latest_s)
        assert wider.latest_s >= task.latest_s
