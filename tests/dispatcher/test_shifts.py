"""Drivers get vehicles they may drive, change them seldom, and are where they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.breaks import LABOUR_LAW, Rest
from dispatcher.gaps import Driver
from dispatcher.model import Place, Plan, Route, Vehicle
from dispatcher.shifts import HALF_HOUR_S, Assignment, Car, Need, Shift, assign_shifts
from dispatcher.tasks import lacks, place_breaks
from tests.towns import LineTown

H, MIN = 3600, 60
DEPOT, FAR = Place(0), Place(9)


def at(hour: int, minute: int = 0) -> int:
    return hour * H + minute * MIN


def car(name: str, kind: str, *needs: str, depot: Place = DEPOT) -> Car:
    vehicle = Vehicle(name, depot, depot, at(8), at(18), seats=4)
    return Car(vehicle, kind, frozenset(needs))


def shift(name: str, start_s: int, end_s: int, *may: str, prefers: str = "") -> Shift:
    return Shift(name, start_s, end_s, frozenset(may), frozenset(prefers.split()))


def needs(kind: str, start_s: int, end_s: int, vehicles: int = 1) -> list[Need]:
    return [Need(kind, half, vehicles) for half in range(start_s, end_s, HALF_HOUR_S)]


VAN, CAR, SECOND = car("van", "wheelchair", "trained"), car("car", "taxi"), car("second", "taxi")


def rota(answer: Assignment) -> list[tuple[str, str, int, int]]:
    return [(d.driver_id, d.vehicle.id, d.vehicle.start_s, d.vehicle.end_s) for d in answer.duties]


def test_the_wheelchair_van_needs_a_trained_driver() -> None:
    both = [shift("ann", at(8), at(12)), shift("bo", at(8), at(12), "trained")]

    answer = assign_shifts(both, [VAN, CAR], needs("wheelchair", at(8), at(12)))

    assert rota(answer) == [("ann", "car", at(8), at(12)), ("bo", "van", at(8), at(12))]
    assert (answer.uncovered, answer.swaps, answer.unmet, answer.proven) == ((), 0, 0, True)


def test_a_need_that_nobody_may_drive_is_uncovered() -> None:
    demand = [Need("wheelchair", at(9), 1), Need("taxi", at(9), 3)]

    answer = assign_shifts([shift("ann", at(8), at(12))], [VAN, CAR, SECOND], demand)

    assert answer.uncovered == (Need("wheelchair", at(9), 1), Need("taxi", at(9), 2))


def test_a_driver_changes_vehicles_where_that_covers_more_and_loses_the_handover() -> None:
    demand = needs("taxi", at(8), at(10)) + needs("wheelchair", at(10), at(12))

    answer = assign_shifts([shift("bo", at(8), at(12), "trained")], [VAN, CAR], demand)

    assert rota(answer) == [("bo", "car", at(8), at(10)), ("bo", "van", at(10, 10), at(12))]
    assert (answer.uncovered, answer.swaps) == ((), 1)
    assert answer.drivers == (Driver("bo", ("car", "van"), at(8), at(12)),)


def test_vehicles_are_not_changed_without_need_though_another_is_preferred_later() -> None:
    one = [shift("ann", at(8), at(12), prefers="second")]
    late = replace(SECOND, vehicle=replace(SECOND.vehicle, start_s=at(9)))

    answer = assign_shifts(one, [CAR, late], needs("taxi", at(8), at(12)))

    assert rota(answer) == [("ann", "car", at(8), at(12))]
    assert (answer.swaps, answer.unmet) == (0, 8)


def test_a_driver_gets_the_vehicle_that_is_preferred() -> None:
    two = [shift("ann", at(8), at(12), prefers="second"), shift("bo", at(8), at(12))]

    answer = assign_shifts(two, [CAR, SECOND], needs("taxi", at(8), at(12), 2))

    assert rota(answer) == [("ann", "second", at(8), at(12)), ("bo", "car", at(8), at(12))]
    assert answer.unmet == 0


def test_two_drivers_of_one_vehicle_hand_it_over_and_duties_never_overlap() -> None:
    two = [shift("ann", at(8, 10), at(13, 5)), shift("bo", at(12, 50), at(17, 50))]

    answer = assign_shifts(two, [CAR], needs("taxi", at(8), at(18)))

    assert rota(answer) == [
        ("ann", "car", at(8, 10), at(13)),
        ("bo", "car#2", at(13, 10), at(17, 50)),
    ]
    assert [(need.start_s, need.vehicles) for need in answer.uncovered] == [
        (at(8), 1),
        (at(17, 30), 1),
    ]
    early = assign_shifts([two[0], shift("bo", at(14, 15), at(17))], [CAR], [])
    assert rota(early) == [
        ("ann", "car", at(8, 10), at(13, 5)),
        ("bo", "car#2", at(14, 15), at(17)),
    ]


def test_nobody_changes_to_a_vehicle_at_another_depot() -> None:
    far = car("far", "wheelchair", depot=FAR)
    demand = needs("taxi", at(8), at(10)) + needs("wheelchair", at(10), at(12, 30))

    answer = assign_shifts([shift("ann", at(8), at(12, 30))], [CAR, far], demand)

    assert rota(answer) == [("ann", "far", at(8), at(12, 30))]


def test_the_time_between_two_shifts_of_a_driver_is_rest_and_breaks_follow() -> None:
    halves = [shift("ann", at(8), at(12)), shift("ann", at(12, 30), at(17, 30))]
    answer = assign_shifts(halves, [CAR], needs("taxi", at(8), at(17)))
    plan = Plan(1, {d.vehicle.id: Route(d.vehicle) for d in answer.duties}, {})

    assert answer.drivers == (
        Driver("ann", ("car", "car#2"), at(8), at(17, 30), (Rest(at(12), at(12, 30)),)),
    )
    rested = place_breaks(plan, LABOUR_LAW, [DEPOT], {"car": LineTown()}, drivers=answer.drivers)
    assert isinstance(rested, Plan)
    tasks = [task.lasts_s for route in rested.routes.values() for task in route.tasks.values()]
    assert tasks == [30 * MIN]
    assert lacks(rested, LABOUR_LAW, answer.drivers) == {}


def test_nobody_on_duty_covers_nothing() -> None:
    answer = assign_shifts([], [CAR], needs("taxi", at(8), at(9)))

    assert answer.uncovered == tuple(needs("taxi", at(8), at(9)))
    assert (answer.duties, answer.drivers, answer.proven) == ((), (), True)


def test_what_nobody_can_have_meant_is_refused_with_its_field() -> None:
    ann = shift("ann", at(8), at(12))
    with pytest.raises(ValueError, match="cars: zero"):
        assign_shifts([ann], [], [])
    with pytest.raises(ValueError, match="cars: one id"):
        assign_shifts([ann], [CAR, CAR], [])
    with pytest.raises(ValueError, match="ann overlap"):
        assign_shifts([shift("ann", at(11, 59), at(15)), ann], [CAR], [])
    with pytest.raises(ValueError, match="two needs"):
        assign_shifts([ann], [CAR], needs("taxi", at(8), at(9)) * 2)
    with pytest.raises(ValueError, match="no car of kind"):
        assign_shifts([ann], [CAR], needs("bus", at(8), at(9)))
    for handover_s in (-1, HALF_HOUR_S):
        with pytest.raises(ValueError, match="handover_s"):
            assign_shifts([ann], [CAR], [], handover_s=handover_s)
    with pytest.raises(ValueError, match="start_s"):
        shift("ann", -1, at(8))
    with pytest.raises(ValueError, match="end_s"):
        shift("ann", at(8), at(8))
    with pytest.raises(ValueError, match="depot"):
        Car(replace(CAR.vehicle, end=None), "taxi")
    with pytest.raises(ValueError, match="start_s"):
        Car(replace(CAR.vehicle, start_s=-1), "taxi")
    for start_s in (-HALF_HOUR_S, 60):
        with pytest.raises(ValueError, match="half hour"):
            Need("taxi", start_s, 1)
    with pytest.raises(ValueError, match="vehicles"):
        Need("taxi", 0, -1)


# Against brute force.

CARS = (CAR, car("van", "wheelchair", "trained"), car("far", "taxi", depot=FAR))
HALVES = range(at(8), at(9, 30), HALF_HOUR_S)


def worth(
    rows: Sequence[Sequence[Car | None]], shifts: Sequence[Shift], demand: Sequence[Need]
) -> tuple[int, int, int, int] | None:
    """Covered, fewer swaps, fewer unmet, more driving; ``None`` when it is not allowed."""
    for half in zip(*rows, strict=True):
        taken = [one.vehicle.id for one in half if one is not None]
        if len(set(taken)) < len(taken):
            return None
    for row, own in zip(rows, shifts, strict=True):
        driven = [(half, one) for half, one in zip(HALVES, row, strict=True) if one is not None]
        if any(not one.needs <= own.may_drive for _, one in driven):
            return None
        if any(half < own.start_s or half + HALF_HOUR_S > own.end_s for half, _ in driven):
            return None
        if len({one.vehicle.start for _, one in driven}) > 1:
            return None
    begun = [sum(b is not None and b is not a for a, b in pairwise([None, *row])) for row in rows]
    flat = [(own, one) for own, row in zip(shifts, rows, strict=True) for one in row if one]
    unmet = sum(bool(own.prefers) and one.vehicle.id not in own.prefers for own, one in flat)
    covered = 0
    for need in demand:
        column = HALVES.index(need.start_s)
        there = sum(row[column] is not None and row[column].kind == need.kind for row in rows)  # type: ignore[union-attr]
        covered += min(need.vehicles, there)
    return covered, -sum(max(0, count - 1) for count in begun), -unmet, len(flat)


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Shift], list[Need]]:
    shifts = []
    for name in ("ann", "bo"):
        start_s = at(8) + draw(st.sampled_from([0, 10 * MIN, 30 * MIN]))
        end_s = at(9, 30) - draw(st.sampled_from([0, 10 * MIN, 30 * MIN]))
        may = draw(st.sampled_from([(), ("trained",)]))
        liked = draw(st.sampled_from(["", "car", "van", "van far"]))
        shifts.append(shift(name, start_s, end_s, *may, prefers=liked))
    demand = [
        Need(kind, half, draw(st.integers(0, 2)))
        for kind in ("taxi", "wheelchair")
        for half in HALVES
    ]
    return shifts, demand


@settings(max_examples=25, deadline=None)
@given(days())
def test_no_rota_tried_one_by_one_is_better(day: tuple[list[Shift], list[Need]]) -> None:
    shifts, demand = day
    rows = list(product((None, *CARS), repeat=len(HALVES)))
    ways = [worth(pair, shifts, demand) for pair in product(rows, repeat=2)]
    best = max(way for way in ways if way is not None)

    answer = assign_shifts(shifts, CARS, demand)

    wanted = sum(need.vehicles for need in demand)
    covered = wanted - sum(need.vehicles for need in answer.uncovered)
    assert (covered, -answer.swaps, -answer.unmet) == best[:3]
    assert answer.proven
    for one, other in product(answer.duties, repeat=2):
        if one is not other and (one.car_id == other.car_id or one.driver_id == other.driver_id):
            a, b = sorted([one.vehicle, other.vehicle], key=lambda vehicle: vehicle.start_s)
            assert a.end_s + 10 * MIN <= b.start_s
    for duty in answer.duties:
        own = next(s for s in shifts if s.driver_id == duty.driver_id)
        assert own.start_s <= duty.vehicle.start_s < duty.vehicle.end_s <= own.end_s
