"""What does not fit says by how little."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.breaks import BreakRule, Over
from dispatcher.check import check
from dispatcher.model import Battery, Place, Plan, Route, Stop, StopKind
from dispatcher.relief import Change, Fault, least
from dispatcher.tasks import TaskRefusal, place_breaks, place_charges
from tests.dispatcher.test_tasks import (
    DEPOT,
    EV,
    FIVE_PM,
    MIN,
    ONE_HOUR,
    SIX_KW,
    TRAVEL,
    VAN,
    H,
    at,
    day,
    placed,
    ride,
)
from tests.towns import IslandTown


def busy(gap_min: int) -> Plan:
    """Seven hours: rides of an hour with ``gap_min`` minutes to spare at each pickup."""
    van = replace(VAN, end_s=at(15))
    rides = (ride(f"r{k}", 0, 60, at(8 + 2 * k), gap_min) for k in range(3))
    back = (ride(f"s{k}", 60, 0, at(9 + 2 * k), gap_min) for k in range(3))
    return day(van, *(r for pair in zip(rides, back, strict=True) for r in pair))


def test_a_break_that_fits_nowhere_says_who_would_have_to_wait_how_long() -> None:
    rule = BreakRule("half", Over.SHIFT, 6 * H, 30 * MIN, 30 * MIN, "made up", edge_s=at(0, 30))
    end = replace(busy(10).routes["van"].vehicle, end_s=at(14, 10))
    plan = busy(10)
    plan = replace(plan, routes={"van": replace(plan.routes["van"], vehicle=end)})

    answer = place_breaks(plan, [rule], [DEPOT, Place(60)], TRAVEL)

    assert isinstance(answer, TaskRefusal)
    assert answer.plan is plan
    (fault,) = answer.faults
    later = (
        Change("van", "s2", "latest_pickup", 20 * MIN),
        Change("van", None, "shift_end", 20 * MIN),
    )
    assert (fault.driver_id, fault.rule) == ("van", "half")
    assert fault.ways[0] == later
    wider = {**plan.requests, "s2": replace(plan.requests["s2"], latest_pickup_s=at(13, 30))}
    route = replace(plan.routes["van"], vehicle=replace(end, end_s=at(14, 30)))
    helped = placed(
        place_breaks(Plan(1, {"van": route}, wider), [rule], [DEPOT, Place(60)], TRAVEL)
    )
    assert check(helped, TRAVEL) == []


def test_a_vehicle_that_is_never_empty_has_to_give_a_party_away() -> None:
    early, late = replace(VAN, seats=4), ride("b", 5, 25, at(8))
    a = replace(ride("a", 0, 30, at(8), 0), latest_dropoff_s=FIVE_PM, ride_max_s=9 * H)
    c = replace(ride("c", 25, 0, at(8), 10 * 60), latest_dropoff_s=FIVE_PM, ride_max_s=9 * H)
    stops = [Stop("a", StopKind.PICKUP), Stop("b", StopKind.PICKUP), Stop("b", StopKind.DROPOFF)]
    stops += [Stop("c", StopKind.PICKUP), Stop("a", StopKind.DROPOFF), Stop("c", StopKind.DROPOFF)]
    plan = Plan(1, {"van": Route(early, tuple(stops), locked=0)}, {"a": a, "b": late, "c": c})
    away = replace(VAN, end=Place(0), end_s=at(17))
    tight = replace(plan, routes={"van": replace(plan.routes["van"], vehicle=away)})

    answer = place_breaks(
        tight, [replace(ONE_HOUR, edge_s=at(3, 30))], [Place(200)], {"car": IslandTown()}
    )

    assert isinstance(answer, TaskRefusal)
    assert answer.faults == (Fault("van", "one_hour", ()),)


def test_a_battery_that_cannot_leave_the_depot_is_refused_with_what_it_lacks() -> None:
    flat = replace(EV, battery=Battery(10_000, 800, 1000))

    answer = place_charges(day(flat), [SIX_KW], TRAVEL)

    assert isinstance(answer, TaskRefusal)
    assert answer.faults == (
        Fault("ev", "reserve_wh", ((Change("ev", None, "reserve_wh", 200),),)),
    )


def test_a_target_that_the_charger_cannot_reach_is_named_with_what_it_lacks() -> None:
    short = replace(EV, end_s=at(8, 30))

    answer = place_charges(day(short), [SIX_KW], TRAVEL, ready_wh={"ev": 9500})

    assert isinstance(answer, TaskRefusal)
    (fault,) = answer.faults
    assert (fault.driver_id, fault.rule) == ("ev", "ready_wh")
    assert [[(c.limit, c.by) for c in way] for way in fault.ways] == [
        [("shift_end", 20 * MIN)],
        [("ready_wh", 714)],
    ]


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 45))
def test_halving_finds_the_least_that_suffices(most: int, enough: int) -> None:
    assert least(most, lambda k: k >= enough) == (enough if enough <= most else None)
