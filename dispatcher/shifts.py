"""Which driver drives which vehicle when: a day's duties from shifts, vehicles and expected demand.

Decided in half hours by CP-SAT, in this order: as many of the needed vehicle hours as possible,
few changes of vehicle, few half hours in a vehicle the driver would rather not have, and then as
much driving as the shifts allow; the search begins from a rota without changes.  Vehicles change
hands at their depot only, which takes a handover time.  Every duty becomes a ``Vehicle`` of its
own; ``Assignment.drivers`` is what ``tasks`` asks for to place the breaks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

from dispatcher.breaks import Rest
from dispatcher.gaps import Driver
from dispatcher.model import Place, Vehicle
from dispatcher.placing import Budget

HALF_HOUR_S: Final = 1800

Var: TypeAlias = Any
"""A variable or expression of CP-SAT, which has no types."""


@dataclass(frozen=True, slots=True)
class Shift:
    """When a driver is on duty, what the driver may drive (licences, trainings), and would like to.

    ``prefers`` are ids of vehicles; empty means any.

    Raises ``ValueError`` when the shift begins before the day or ends before it begins.
    """

    driver_id: str
    start_s: int
    end_s: int
    may_drive: frozenset[str]
    prefers: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.start_s < 0:
            raise ValueError(f"{self.driver_id}: start_s={self.start_s} is negative")
        if self.end_s <= self.start_s:
            raise ValueError(f"{self.driver_id}: end_s={self.end_s} is not after {self.start_s}")


@dataclass(frozen=True, slots=True)
class Car:
    """A vehicle of a class, when it is free (``start_s`` to ``end_s``), and who may drive it.

    A driver needs every licence and training in ``needs``.

    Raises ``ValueError`` when it does not end where it starts: it could not change hands there.
    """

    vehicle: Vehicle
    kind: str
    needs: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.vehicle.end != self.vehicle.start:
            raise ValueError(f"{self.vehicle.id}: end={self.vehicle.end} is not its depot")
        if self.vehicle.start_s < 0:
            raise ValueError(f"{self.vehicle.id}: start_s={self.vehicle.start_s} is negative")


@dataclass(frozen=True, slots=True)
class Need:
    """How many vehicles of a class are wanted in the half hour from ``start_s``.

    Raises ``ValueError`` when it is no half hour, or less than none are wanted.
    """

    kind: str
    start_s: int
    vehicles: int

    def __post_init__(self) -> None:
        if self.start_s < 0 or self.start_s % HALF_HOUR_S:
            raise ValueError(f"{self.kind}: start_s={self.start_s} begins no half hour")
        if self.vehicles < 0:
            raise ValueError(f"{self.kind}: vehicles={self.vehicles} is negative")


@dataclass(frozen=True, slots=True)
class Duty:
    """A driver in a vehicle; ``vehicle`` is ``car_id`` for that time, under an id of its own."""

    driver_id: str
    car_id: str
    vehicle: Vehicle


@dataclass(frozen=True, slots=True)
class Assignment:
    """The duties of a day in order of time, and what they leave undone.

    ``uncovered`` are the needs with the vehicles that are missing; ``swaps`` counts changes of
    vehicle within shifts, ``unmet`` half hours in a vehicle that was not preferred; ``proven`` says
    that nothing better exists.
    """

    duties: tuple[Duty, ...]
    uncovered: tuple[Need, ...]
    swaps: int
    unmet: int
    proven: bool
    drivers: tuple[Driver, ...]
    """Everybody who drives, with all of their duties; the time between two shifts is rest."""


class _Turn(NamedTuple):
    """A shift in a car for some half hours, the last one not included."""

    shift: Shift
    car: Car
    first: int
    until: int


@dataclass(slots=True)
class _Model:
    """The variables: who drives what in each half hour, and who begins to."""

    model: Var
    drives: dict[tuple[int, int, int], Var] = field(default_factory=dict)
    begins: dict[tuple[int, int, int], Var] = field(default_factory=dict)
    used: dict[int, Var] = field(default_factory=dict)


def assign_shifts(
    shifts: Sequence[Shift],
    cars: Sequence[Car],
    demand: Sequence[Need],
    *,
    handover_s: int = 600,
    budget: Budget = Budget(),  # noqa: B008 -- frozen
) -> Assignment:
    """Return who drives what, and what is uncovered; the best only if ``proven``.

    The budget is for each of the three searches.

    A half hour counts as covered when a driver has the vehicle for all of it, the handover
    included.

    Raises ``ValueError`` for no vehicles, an id twice, shifts of a driver that overlap, two needs
    for one half hour, a need for an unknown class, or a handover of half an hour or more.
    """
    _check(shifts, cars, demand, handover_s)
    turns, proven = _solve(shifts, cars, demand, budget)
    duties = tuple(_duties(turns, handover_s))
    there = Counter(
        (turn.car.kind, half) for turn in turns for half in range(turn.first, turn.until)
    )
    missing = ((n, n.vehicles - there[n.kind, n.start_s // HALF_HOUR_S]) for n in demand)
    count = Counter(turn.shift for turn in turns)
    return Assignment(
        duties,
        tuple(replace(need, vehicles=lack) for need, lack in missing if lack > 0),
        swaps=sum(number - 1 for number in count.values()),
        unmet=sum(t.until - t.first for t in turns if not _liked(t.shift, t.car)),
        proven=proven,
        drivers=tuple(_drivers(shifts, duties)),
    )


def _check(
    shifts: Sequence[Shift], cars: Sequence[Car], demand: Sequence[Need], handover_s: int
) -> None:
    if not cars:
        raise ValueError("cars: zero vehicles")
    if len({car.vehicle.id for car in cars}) < len(cars):
        raise ValueError("cars: one id stands there twice")
    if not 0 <= handover_s < HALF_HOUR_S:
        raise ValueError(f"handover_s={handover_s} is not within half an hour")
    for one, other in pairwise(sorted(shifts, key=lambda s: (s.driver_id, s.start_s))):
        if one.driver_id == other.driver_id and other.start_s < one.end_s:
            raise ValueError(f"shifts: those of {one.driver_id} overlap at {other.start_s}")
    if len({(need.kind, need.start_s) for need in demand}) < len(demand):
        raise ValueError("demand: two needs for one half hour of a class")
    if unknown := {need.kind for need in demand} - {car.kind for car in cars}:
        raise ValueError(f"demand: no car of kind {sorted(unknown)}")


def _halves(start_s: int, end_s: int) -> range:
    """Return the half hours that lie wholly within some time."""
    return range(-(-start_s // HALF_HOUR_S), end_s // HALF_HOUR_S)


def _liked(shift: Shift, car: Car) -> bool:
    return not shift.prefers or car.vehicle.id in shift.prefers


def _solve(
    shifts: Sequence[Shift], cars: Sequence[Car], demand: Sequence[Need], budget: Budget
) -> tuple[list[_Turn], bool]:
    """Return who drives what from when to when, and whether that is proven to be the best."""
    from ortools.sat.python import cp_model  # takes half a second; quotes never need it

    built = _Model(cp_model.CpModel())
    _add_driving(built, shifts, cars)
    covered = list(_add_demand(built, cars, demand))
    unmet = [x for (d, c, _), x in built.drives.items() if not _liked(shifts[d], cars[c])]
    swaps = sum(built.begins.values()) - sum(built.used.values())
    driven = sum(built.drives.values())
    _hint_whole_shifts(built, shifts, cars, demand)
    step = len(built.drives) + 1  # no sum of lesser wishes outweighs a greater one
    proven, found = True, set[tuple[int, int, int]]()
    for wish in (sum(covered), -step * swaps - sum(unmet), driven):
        built.model.maximize(wish)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = budget.effort
        solver.parameters.max_time_in_seconds = budget.wall_s
        status = solver.solve(built.model)
        proven = proven and status == cp_model.OPTIMAL
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            break
        found = {key for key, x in built.drives.items() if solver.value(x)}
        built.model.add(wish >= round(solver.objective_value))
        built.model.clear_hints()
        for variable in (*built.drives.values(), *built.begins.values(), *built.used.values()):
            built.model.add_hint(variable, solver.value(variable))
    return list(_turns(found, shifts, cars)), proven


def _hint_whole_shifts(
    built: _Model, shifts: Sequence[Shift], cars: Sequence[Car], demand: Sequence[Need]
) -> None:
    """Begin from a rota without changes: every shift in the car that is needed most then."""
    left = Counter({(n.kind, n.start_s // HALF_HOUR_S): n.vehicles for n in demand})
    taken: set[tuple[int, int]] = set()
    for d, shift in enumerate(shifts):
        ways = []
        for c, car in enumerate(cars):
            halves = [half for driver, at, half in built.drives if (driver, at) == (d, c)]
            if not any((c, half) in taken for half in halves):
                needed = sum(left[car.kind, half] > 0 for half in halves)
                ways.append((needed, _liked(shift, car), -c, halves))
        if ways:
            *_, least, halves = max(ways)
            taken.update((-least, half) for half in halves)
            left.subtract((cars[-least].kind, half) for half in halves)
            for half in halves:
                built.model.add_hint(built.drives[d, -least, half], 1)


def _add_driving(built: _Model, shifts: Sequence[Shift], cars: Sequence[Car]) -> None:
    """One vehicle a driver, one driver a vehicle, and all vehicles of a shift at one depot."""
    model = built.model
    by_driver: dict[tuple[int, int], list[Var]] = {}
    by_car: dict[tuple[int, int], list[Var]] = {}
    for d, shift in enumerate(shifts):
        built.used[d] = model.new_bool_var("used")
        depots = {place: model.new_bool_var("at") for place in sorted(_depots(cars))}
        model.add_at_most_one(depots.values())
        for c, car in enumerate(cars):
            if not car.needs <= shift.may_drive:
                continue
            start_s = max(shift.start_s, car.vehicle.start_s)
            for half in _halves(start_s, min(shift.end_s, car.vehicle.end_s)):
                x = built.drives[d, c, half] = model.new_bool_var("drives")
                begins = built.begins[d, c, half] = model.new_bool_var("begins")
                model.add_implication(x, depots[car.vehicle.start])
                model.add_implication(x, built.used[d])
                model.add(begins >= x - built.drives.get((d, c, half - 1), 0))
                by_driver.setdefault((d, half), []).append(x)
                by_car.setdefault((c, half), []).append(x)
        mine = [x for (driver, _), xs in by_driver.items() if driver == d for x in xs]
        model.add_bool_or([~built.used[d], *mine])
    for xs in (*by_driver.values(), *by_car.values()):
        model.add_at_most_one(xs)


def _depots(cars: Sequence[Car]) -> set[Place]:
    return {car.vehicle.start for car in cars}


def _add_demand(built: _Model, cars: Sequence[Car], demand: Sequence[Need]) -> Iterator[Var]:
    """Yield how many needed vehicles every half hour has, no more than are needed."""
    there: dict[tuple[str, int], list[Var]] = {}
    for (_, c, half), x in built.drives.items():
        there.setdefault((cars[c].kind, half), []).append(x)
    for need in demand:
        drivers = there.get((need.kind, need.start_s // HALF_HOUR_S), [])
        covered = built.model.new_int_var(0, min(need.vehicles, len(drivers)), "covered")
        built.model.add(covered <= sum(drivers))
        yield covered


def _turns(
    driven: set[tuple[int, int, int]], shifts: Sequence[Shift], cars: Sequence[Car]
) -> Iterator[_Turn]:
    """Yield the half hours of a driver in a vehicle that follow on each other as one turn."""
    for d, c, half in sorted(driven, key=lambda key: (key[2], key[0])):
        if (d, c, half - 1) in driven:
            continue
        until = half
        while (d, c, until) in driven:
            until += 1
        yield _Turn(shifts[d], cars[c], half, until)


def _duties(turns: Sequence[_Turn], handover_s: int) -> Iterator[Duty]:
    """Yield the turns with their times: handovers taken off, the ends of the shift put on."""
    ended_s: dict[str, int] = {}
    begun: set[Shift] = set()
    last = {turn.shift: turn for turn in turns}
    next_s = _next_starts(turns, handover_s)
    number: Counter[str] = Counter()
    for turn in turns:
        shift, vehicle = turn.shift, turn.car.vehicle
        start_s, end_s = HALF_HOUR_S * turn.first, HALF_HOUR_S * turn.until
        ready_s = ended_s[vehicle.id] + handover_s if vehicle.id in ended_s else vehicle.start_s
        if shift in begun:
            start_s += handover_s
        elif turn.first == _halves(shift.start_s, shift.end_s).start:
            start_s = shift.start_s
        start_s = max(start_s, ready_s)
        if turn is last[shift] and turn.until == _halves(shift.start_s, shift.end_s).stop:
            end_s = max(end_s, min(shift.end_s, vehicle.end_s, next_s[turn]))
        begun.add(shift)
        ended_s[vehicle.id] = end_s
        number[vehicle.id] += 1
        again = f"#{number[vehicle.id]}" if number[vehicle.id] > 1 else ""
        timed = replace(vehicle, id=vehicle.id + again, start_s=start_s, end_s=end_s)
        yield Duty(shift.driver_id, vehicle.id, timed)


def _next_starts(turns: Sequence[_Turn], handover_s: int) -> Mapping[_Turn, int]:
    """Return for every turn by when its vehicle is handed over, or the end of the shift."""
    found: dict[_Turn, int] = {}
    coming: dict[str, int] = {}
    for turn in reversed(turns):
        found[turn] = coming.get(turn.car.vehicle.id, turn.shift.end_s)
        coming[turn.car.vehicle.id] = HALF_HOUR_S * turn.first - handover_s
    return found


def _drivers(shifts: Sequence[Shift], duties: Sequence[Duty]) -> Iterator[Driver]:
    """Yield everybody who drives, for all shifts of the day."""
    for driver_id in sorted({duty.driver_id for duty in duties}):
        own = sorted((s for s in shifts if s.driver_id == driver_id), key=lambda s: s.start_s)
        rests = tuple(Rest(one.end_s, other.start_s) for one, other in pairwise(own))
        ids = tuple(duty.vehicle.id for duty in duties if duty.driver_id == driver_id)
        yield Driver(driver_id, ids, own[0].start_s, own[-1].end_s, rests)
