"""Breaks and charges go where they cost least, and break neither a promise nor a law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from dispatcher.breaks import FOUR_HOURS, LABOUR_LAW, BreakRule, Lack, Over, Rest
from dispatcher.gaps import Charger, Driver
from dispatcher.model import (
    Battery,
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
from dispatcher.tasks import (
    TaskRefusal,
    lacks,
    place_breaks,
    place_charges,
)
from tests.towns import IslandTown, LineTown

H, MIN = 3600, 60
EIGHT, FIVE_PM = 8 * H, 17 * H
DEPOT = Place(0)
VAN = Vehicle("van", DEPOT, DEPOT, EIGHT, FIVE_PM, seats=4)
RULES = (*LABOUR_LAW, FOUR_HOURS)
ONE_HOUR = BreakRule("one_hour", Over.SHIFT, 6 * H, 1 * H, 1 * H, "made up")


class HillTown(IslandTown):
    """A minute on the road takes 60 Wh, and 6 more for each rider."""

    def energy(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        seconds = self.table(origins, destinations)
        return np.stack([seconds, seconds // 10])


TRAVEL: dict[str, TravelTimes] = {"car": LineTown(), "ev": HillTown(), "island": IslandTown()}


def at(hour: int, minute: int = 0) -> int:
    return hour * H + minute * MIN


def ride(name: str, origin: int, destination: int, from_s: int, slack_min: int = 30) -> Request:
    """Be picked up within ``slack_min`` minutes from ``from_s``, and ride as long as you like."""
    until_s = from_s + slack_min * MIN
    ends = Place(origin), Place(destination)
    return Request(
        name, *ends, from_s, until_s, 0, until_s + 2 * H, 2 * H, boarding_s=0, alighting_s=0
    )


def day(vehicle: Vehicle, *requests: Request, locked: int = 0) -> Plan:
    """One vehicle that serves the parties one after the other."""
    stops = [Stop(r.id, kind) for r in requests for kind in (StopKind.PICKUP, StopKind.DROPOFF)]
    route = Route(vehicle, tuple(stops), locked=locked)
    return Plan(7, {vehicle.id: route}, {request.id: request for request in requests})


def placed(answer: Plan | TaskRefusal) -> Plan:
    assert isinstance(answer, Plan), answer.faults
    return answer


def tasks_of(plan: Plan, vehicle_id: str = "van") -> list[Task]:
    route = plan.routes[vehicle_id]
    return [route.tasks[stop.request_id] for stop in route.stops if stop.request_id in route.tasks]


def windows(plan: Plan, vehicle_id: str = "van") -> list[tuple[int, int, int]]:
    return [(t.earliest_s, t.latest_s, t.lasts_s) for t in tasks_of(plan, vehicle_id)]


def order(plan: Plan, vehicle_id: str = "van") -> str:
    """The stops as +a -a, breaks as * and charges as #."""
    signs = {StopKind.PICKUP: "+", StopKind.DROPOFF: "-"}
    words = [
        signs[s.kind] + s.request_id if s.kind in signs else "*#"[s.kind is StopKind.CHARGE]
        for s in plan.routes[vehicle_id].stops
    ]
    return " ".join(words)


EV = Vehicle(
    "ev", DEPOT, DEPOT, EIGHT, FIVE_PM, 4, profile="ev", battery=Battery(10_000, 6000, 1000)
)
SIX_KW = Charger("slow", DEPOT, places=1, power_w=6000)


def test_nine_hours_without_bookings_get_an_hour_that_floats_nearly_all_day() -> None:
    plan = placed(place_breaks(day(VAN), LABOUR_LAW, [DEPOT], TRAVEL))

    assert windows(plan) == [(at(8, 30), at(15, 30), H)]
    assert plan.version == 8


def test_a_short_shift_needs_no_break_and_its_plan_comes_back_itself() -> None:
    plan = day(replace(VAN, end_s=at(12)))

    assert place_breaks(plan, RULES, [DEPOT], TRAVEL) is plan


def test_rest_taken_and_rest_locked_count_and_what_lacks_is_placed_anew() -> None:
    morning = placed(place_breaks(day(VAN), RULES, [DEPOT], TRAVEL)).routes["van"]
    second = morning.stops[1].request_id
    tasks = {second: morning.tasks[second]}
    noon = Route(replace(VAN, start_s=at(12)), morning.stops[1:], tasks=tasks)
    half, third = (
        Driver("van", ("van",), EIGHT, FIVE_PM, (Rest(at(11), at(11, m)),)) for m in (30, 20)
    )

    plan = Plan(9, {"van": noon}, {})
    after = placed(place_breaks(plan, RULES, [DEPOT], TRAVEL, drivers=[third]))

    assert place_breaks(plan, RULES, [DEPOT], TRAVEL, drivers=[half]) is plan
    assert lacks(after, RULES, [third]) == {}
    assert sum(task.lasts_s for task in tasks_of(after)) == 40 * MIN
    assert min(task.earliest_s for task in tasks_of(after)) >= at(12)
    short = replace(half, rests=(Rest(at(11), at(11, 5)),))
    whole = placed(place_breaks(plan, LABOUR_LAW, [DEPOT], TRAVEL, drivers=[short]))
    assert sum(task.lasts_s for task in tasks_of(whole)) == 60 * MIN
    kept = Plan(9, {"van": replace(noon, locked=1)}, {})
    added = placed(place_breaks(kept, RULES, [DEPOT], TRAVEL, drivers=[third]))
    assert windows(added)[0] == windows(kept)[0]
    assert sum(task.lasts_s for task in tasks_of(added)) == 40 * MIN


def test_who_has_all_that_is_needed_is_left_alone() -> None:
    once = placed(place_breaks(day(VAN), RULES, [DEPOT], TRAVEL))
    other = replace(VAN, id="other")

    both = Plan(1, {**once.routes, "other": Route(other)}, {})
    after = placed(place_breaks(both, RULES, [Place(3)], TRAVEL))

    assert after.routes["van"] is once.routes["van"]
    assert [task.place for task in tasks_of(after, "other")] == [3, 3]


def test_the_same_call_again_changes_nothing() -> None:
    plan = day(VAN, ride("a", 2, 20, at(9)), ride("b", 20, 3, at(12)))
    once = placed(place_breaks(plan, RULES, [DEPOT], TRAVEL))

    assert place_breaks(once, RULES, [DEPOT], TRAVEL) is once


def test_a_driver_of_two_vehicles_has_one_law() -> None:
    first, second = replace(VAN, id="a", end_s=at(12)), replace(VAN, id="b", start_s=at(12, 15))
    plan = Plan(1, {"a": Route(first), "b": Route(second)}, {})

    alone = place_breaks(plan, LABOUR_LAW, [DEPOT], TRAVEL)
    both = [Driver("d", ("a", "b"), EIGHT, FIVE_PM)]
    after = placed(place_breaks(plan, LABOUR_LAW, [DEPOT], TRAVEL, drivers=both))

    assert alone is plan
    assert [len(route.tasks) for route in after.routes.values()] in ([1, 0], [0, 1])
    assert lacks(plan, LABOUR_LAW, both) == {
        "d": [Lack("labour_6h", FIVE_PM, 45 * MIN), Lack("labour_8h", FIVE_PM, 60 * MIN)]
    }
    assert lacks(after, LABOUR_LAW, both) == {}


def test_lacks_looks_at_the_worst_times_the_windows_allow() -> None:
    plan = placed(place_breaks(day(VAN), RULES, [DEPOT], TRAVEL))
    route = plan.routes["van"]
    later = {id_: replace(task, latest_s=task.latest_s + 300) for id_, task in route.tasks.items()}

    found = lacks(Plan(1, {"van": replace(route, tasks=later)}, {}), RULES)

    assert [lack.rule_id for lack in found["van"]] == ["four_hours"]


def test_a_vehicle_that_cannot_rest_leaves_the_others_their_breaks() -> None:
    island = replace(VAN, id="island", profile="island", start=Place(150), end=Place(150))
    plan = Plan(1, {"island": Route(island), "van": Route(VAN)}, {})

    answer = place_breaks(plan, LABOUR_LAW, [DEPOT], TRAVEL)

    assert isinstance(answer, TaskRefusal)
    assert [(fault.driver_id, fault.ways) for fault in answer.faults] == [("island", ())]
    assert [len(route.tasks) for route in answer.plan.routes.values()] == [0, 1]


def test_what_nobody_can_have_meant_is_refused_with_its_field() -> None:
    plan, charger = day(VAN), Charger("c", DEPOT, 1, 3000)
    with pytest.raises(ValueError, match=r"plan\.routes"):
        place_breaks(Plan(1, {}, {}), RULES, [DEPOT], TRAVEL)
    with pytest.raises(ValueError, match="places"):
        place_breaks(plan, RULES, [], TRAVEL)
    with pytest.raises(ValueError, match="rules"):
        place_breaks(plan, [FOUR_HOURS, FOUR_HOURS], [DEPOT], TRAVEL)
    with pytest.raises(ValueError, match="chargers"):
        place_charges(plan, [charger, charger], TRAVEL)
    with pytest.raises(ValueError, match="ready_wh"):
        place_charges(plan, [charger], TRAVEL, ready_wh={"van": 1})
    with pytest.raises(ValueError, match="drivers"):
        place_breaks(plan, RULES, [DEPOT], TRAVEL, drivers=[Driver("d", ("bus",), 0, H)])
    twice = [Driver(name, ("van",), 0, H) for name in "ab"]
    with pytest.raises(ValueError, match="drivers"):
        place_breaks(plan, RULES, [DEPOT], TRAVEL, drivers=twice)


def test_a_battery_that_lasts_the_day_is_left_alone() -> None:
    plan = day(EV, ride("a", 10, 30, at(9)))

    assert place_charges(plan, [SIX_KW], TRAVEL) is plan
