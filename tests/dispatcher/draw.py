"""Random routes and parties whose every limit is tight enough to bind now and then.

``full`` draws what not every town has: luggage, parties that ride alone or in certain vehicles
only, breaks, charges and batteries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

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
from tests.towns import LineTown, MatrixTown

PLACES = 7
PLACE = st.integers(0, PLACES - 1).map(Place)


@dataclass(frozen=True, slots=True)
class Case:
    """One route with what it carries, and the town it drives in."""

    route: Route
    requests: dict[str, Request]
    town: TravelTimes

    @property
    def travel(self) -> dict[str, TravelTimes]:
        return {"car": self.town}

    @property
    def plan(self) -> Plan:
        return Plan(1, {self.route.vehicle.id: self.route}, self.requests)


class PoweredTown:
    """A town whose roads go up and down: every drive takes or gives energy."""

    def __init__(self, town: TravelTimes, seed: int) -> None:
        self.town = town
        rng = np.random.default_rng(seed)
        alone, each = (
            rng.integers(-40, 120, (PLACES, PLACES)),
            rng.integers(-5, 30, (PLACES, PLACES)),
        )
        self.watt_hours = np.stack([alone, each]).astype(np.int32)

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return driving seconds."""
        return self.town.table(origins, destinations)

    def energy(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return watt-hours with the driver alone, and for each rider."""
        rows, columns = np.asarray(origins)[:, None], np.asarray(destinations)[None, :]
        return np.asarray(self.watt_hours[:, rows, columns], dtype=np.int32)


def towns() -> st.SearchStrategy[TravelTimes]:
    """A straight road, or any times at all: one-way, and shorter by a detour than direct."""
    cells = st.lists(st.integers(0, 400), min_size=PLACES**2, max_size=PLACES**2)
    return st.one_of(st.just(LineTown()), cells.map(_matrix))


def _matrix(cells: list[int]) -> TravelTimes:
    seconds = np.array(cells, dtype=np.int32).reshape(PLACES, PLACES)
    np.fill_diagonal(seconds, 0)
    return MatrixTown(seconds)


def powered_towns() -> st.SearchStrategy[TravelTimes]:
    return st.builds(PoweredTown, towns(), st.integers(0, 99))


@st.composite
def parties(draw: st.DrawFn, name: str, town: TravelTimes, *, full: bool = False) -> Request:
    origin, destination = draw(PLACE), draw(PLACE)
    direct_s = int(town.table([origin], [destination])[0, 0])
    early_s = 60 * draw(st.integers(0, 20))
    late_s = early_s + draw(st.integers(0, 900))
    boarding_s = draw(st.sampled_from([0, 40, 60]))
    ride_max_s = direct_s + draw(st.integers(0, 400))
    due_from_s = draw(st.sampled_from([0, early_s + direct_s, late_s + direct_s]))
    due_from_s = min(due_from_s, late_s + boarding_s + ride_max_s)
    due_s = late_s + boarding_s + direct_s + draw(st.integers(-300, 600))
    seats, wheelchairs = draw(st.sampled_from([(1, 0), (2, 0), (0, 1), (1, 1)]))
    party = Request(
        name,
        origin,
        destination,
        early_s,
        late_s,
        due_from_s,
        max(due_s, due_from_s, early_s + boarding_s),
        ride_max_s,
        seats,
        wheelchairs,
        boarding_s,
        alighting_s=draw(st.sampled_from([0, 30])),
    )
    return draw(_wishes(party)) if full else party


VANS = st.sampled_from([frozenset({"van", "one"}), frozenset({"two"}), frozenset({"van", "two"})])


@st.composite
def _wishes(draw: st.DrawFn, party: Request) -> Request:
    """Luggage, a parcel now and then, and the vehicles they may or would rather have."""
    if draw(st.integers(0, 4)) == 0:
        return replace(party, seats=0, wheelchairs=0, bags=draw(st.integers(1, 2)))
    return replace(
        party,
        bags=draw(st.integers(0, 2)),
        alone=draw(st.integers(0, 3)) == 0,
        only=draw(st.one_of(st.none(), st.none(), VANS)),
        pinned=draw(st.sampled_from([None, None, None, None, "van", "other"])),
        prefers=draw(st.one_of(st.just(frozenset[str]()), VANS)),
    )


@st.composite
def vehicles(draw: st.DrawFn, name: str = "van", *, full: bool = False) -> Vehicle:
    start_s = draw(st.integers(0, 600))
    vehicle = Vehicle(
        name,
        start=draw(PLACE),
        end=draw(st.none() | PLACE),
        start_s=start_s,
        end_s=start_s + draw(st.integers(900, 5400)),
        seats=draw(st.integers(1, 5)),
        wheelchair_places=draw(st.integers(0, 2)),
        seats_lost_per_wheelchair=draw(st.integers(0, 2)),
    )
    if not full:
        return vehicle
    battery = draw(st.none() | batteries())
    return replace(vehicle, bags=draw(st.integers(0, 4)), battery=battery)


def batteries() -> st.SearchStrategy[Battery]:
    return st.builds(
        Battery,
        st.just(500),
        st.integers(60, 500),
        st.integers(0, 70),
        st.sampled_from([0.5, 0.8]),
    )


@st.composite
def tasks(draw: st.DrawFn, name: str) -> Task:
    kind: Literal[StopKind.BREAK, StopKind.CHARGE] = (
        StopKind.BREAK if draw(st.booleans()) else StopKind.CHARGE
    )
    early_s = draw(st.integers(0, 2400))
    late_s, lasts_s = early_s + draw(st.integers(0, 1800)), draw(st.sampled_from([0, 300, 600]))
    power_w = draw(st.sampled_from([0, 600, 3000])) if kind is StopKind.CHARGE else 0
    return Task(name, kind, draw(PLACE), early_s, late_s, lasts_s, power_w)


@st.composite
def routes(
    draw: st.DrawFn, town: TravelTimes, name: str = "van", most: int = 3, *, full: bool = False
) -> Case:
    """A vehicle with up to ``most`` parties, some of them on board, in any lawful order."""
    vehicle = draw(vehicles(name, full=full))
    ids = [f"{name}{number}" for number in range(draw(st.integers(0, most)))]
    requests = {id_: draw(parties(id_, town, full=full)) for id_ in ids}
    aboard = {
        id_: vehicle.start_s - draw(st.integers(0, 300)) for id_ in ids if draw(st.booleans())
    }
    tokens = draw(st.permutations([*ids, *(id_ for id_ in ids if id_ not in aboard)]))
    seen, stops = set(aboard), list[Stop]()
    for id_ in tokens:
        stops.append(Stop(id_, StopKind.DROPOFF if id_ in seen else StopKind.PICKUP))
        seen.add(id_)
    to_do = [draw(tasks(f"{name}-{k}")) for k in range(draw(st.integers(0, 2)) if full else 0)]
    for task in to_do:
        stops.insert(draw(st.sampled_from(_spots(stops, aboard))), Stop(task.id, task.kind))
    locked = draw(st.integers(0, min(2, len(stops))))
    by_id = {task.id: task for task in to_do}
    return Case(Route(vehicle, tuple(stops), aboard, locked, by_id), requests, town)


def _spots(stops: Sequence[Stop], boarded_s: dict[str, int]) -> list[int]:
    """Where a task may stand: anywhere, but thrice as often where nobody is on board."""
    inside, spots = len(boarded_s), list(range(len(stops) + 1))
    for at, stop in enumerate([None, *stops]):
        if stop is not None:
            inside += {StopKind.PICKUP: 1, StopKind.DROPOFF: -1}.get(stop.kind, 0)
        spots += [at, at] if inside == 0 else []
    return spots


@st.composite
def cases(draw: st.DrawFn, most: int = 3) -> Case:
    return draw(routes(draw(towns()), most=most))


@st.composite
def cases_and_parties(draw: st.DrawFn) -> tuple[Case, Request]:
    case = draw(cases())
    return case, draw(parties("new", case.town))


@st.composite
def full_cases(draw: st.DrawFn, most: int = 3) -> Case:
    return draw(routes(draw(powered_towns()), most=most, full=True))


@st.composite
def full_cases_and_parties(draw: st.DrawFn) -> tuple[Case, Request]:
    case = draw(full_cases())
    return case, draw(parties("new", case.town, full=True))
