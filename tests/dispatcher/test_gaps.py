"""Chargers, drivers and batteries that make sense, and how a battery fills."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.breaks import BreakRule, Over, Rest
from dispatcher.energy import charged_wh
from dispatcher.gaps import Charger, Driver, chords_of
from dispatcher.model import Battery, Place, Plan, Route, Stop, StopKind, Task
from dispatcher.placing import Budget
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
from tests.towns import IslandTown


def test_only_plugs_that_fit_are_used() -> None:
    other = replace(SIX_KW, profiles=frozenset({"car"}))

    answer = place_charges(day(EV), [other], TRAVEL, ready_wh={"ev": 7000})

    assert isinstance(answer, TaskRefusal)
    fits = [other, Charger("fits", Place(3), 1, 6000, frozenset({"ev"}))]
    (charge,) = tasks_of(placed(place_charges(day(EV), fits, TRAVEL, ready_wh={"ev": 7000})), "ev")
    assert charge.charger_id == "fits"


def test_what_nobody_can_have_meant_is_refused_with_its_field() -> None:
    for places, power_w in ((0, 3000), (1, 0)):
        with pytest.raises(ValueError, match=r"places|power_w"):
            Charger("c", DEPOT, places, power_w)
    for hours in ((-1, 5), (5, 4)):
        with pytest.raises(ValueError, match="start_s"):
            Driver("d", ("van",), *hours)
    with pytest.raises(ValueError, match="vehicle_ids"):
        Driver("d", (), 0, 1)
    for rests in ((Rest(5, 9), Rest(8, 10)), (Rest(9, 5),), (Rest(-1, 5),)):
        with pytest.raises(ValueError, match="rests"):
            Driver("d", ("van",), 0, 20, rests)
    for effort, wall_s in ((0.0, 1.0), (1.0, 0.0)):
        with pytest.raises(ValueError, match="effort"):
            Budget(effort, wall_s)


def test_the_chords_lie_below_the_curve_of_the_battery_and_close_to_it() -> None:
    battery = Battery(10_000, 6000, 1000)
    for lasts_s in range(0, 4 * H, 300):
        steady = 8000 + 6000 * lasts_s // H
        chords = [c.at_from_wh + c.slope * (steady - c.from_wh) for c in chords_of(battery)]
        filled = charged_wh(8000.0, 6000.0, float(lasts_s), 10_000.0, 8000.0)

        assert min(chords) <= filled + 1
        assert min(chords) > filled - 60


def test_a_task_keeps_clear_of_the_ids_that_are_taken() -> None:
    kept = Task("break-van-1", StopKind.BREAK, DEPOT, EIGHT, at(9), 10 * MIN)
    locked = Route(VAN, (Stop("break-van-1", StopKind.BREAK),), locked=1, tasks={kept.id: kept})

    plan = placed(place_breaks(Plan(1, {"van": locked}, {}), [ONE_HOUR], [DEPOT], TRAVEL))

    assert [task.id for task in tasks_of(plan)] == ["break-van-1", "break-van-2"]


def test_places_no_road_leads_to_are_no_places_to_rest() -> None:
    island = {"car": IslandTown()}

    plan = placed(place_breaks(day(VAN), [ONE_HOUR], [Place(150), Place(30)], island))

    assert [task.place for task in tasks_of(plan)] == [30]


def test_a_vehicle_that_may_end_anywhere_rests_last_without_a_way_home() -> None:
    anywhere = replace(VAN, end=None, end_s=at(14, 45))
    plan = day(anywhere, ride("a", 0, 20, at(13), 0))
    late = BreakRule("late", Over.SHIFT, 6 * H, 30 * MIN, 30 * MIN, "made up")

    after = placed(place_breaks(plan, [late], [Place(75)], TRAVEL))

    assert order(after) == "+a -a *"
