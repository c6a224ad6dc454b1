"""Random routes and parties whose every limit is tight enough to bind now and then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from dispatcher.model import Place, Plan, Request, Route, Stop, StopKind, TravelTimes, Vehicle
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


def towns() -> st.SearchStrategy[TravelTimes]:
    """A straight road, or any times at all: one-way, and shorter by a detour than direct."""
    cells = st.lists(st.integers(0, 400), min_size=PLACES**2, max_size=PLACES**2)
    return st.one_of(st.just(LineTown()), cells.map(_matrix))


def _matrix(cells: list[int]) -> TravelTimes:
    seconds = np.array(cells, dtype=np.int32).reshape(PLACES, PLACES)
    np.fill_diagonal(seconds, 0)
    return MatrixTown(seconds)


@st.composite
def parties(draw: st.DrawFn, name: str, town: TravelTimes) -> Request:
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
    return Request(
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


@st.composite
def vehicles(draw: st.DrawFn, name: str = "van") -> Vehicle:
    start_s = draw(st.integers(0, 600))
    return Vehicle(
        name,
        start=draw(PLACE),
        end=draw(st.none() | PLACE),
        start_s=start_s,
        end_s=start_s + draw(st.integers(900, 5400)),
        seats=draw(st.integers(1, 5)),
        wheelchair_places=draw(st.integers(0, 2)),
        seats_lost_per_wheelchair=draw(st.integers(0, 2)),
    )


@st.composite
def routes(draw: st.DrawFn, town: TravelTimes, name: str = "van", most: int = 3) -> Case:
    """A vehicle with up to ``most`` parties, some of them on board, in any lawful order."""
    vehicle = draw(vehicles(name))
    ids = [f"{name}{number}" for number in range(draw(st.integers(0, most)))]
    requests = {id_: draw(parties(id_, town)) for id_ in ids}
    aboard = {
        id_: vehicle.start_s - draw(st.integers(0, 300)) for id_ in ids if draw(st.booleans())
    }
    tokens = draw(st.permutations([*ids, *(id_ for id_ in ids if id_ not in aboard)]))
    seen, stops = set(aboard), list[Stop]()
    for id_ in tokens:
        stops.append(Stop(id_, StopKind.DROPOFF if id_ in seen else StopKind.PICKUP))
        seen.add(id_)
    locked = draw(st.integers(0, min(2, len(stops))))
    return Case(Route(vehicle, tuple(stops), aboard, locked), requests, town)


@st.composite
def cases(draw: st.DrawFn, most: int = 3) -> Case:
    return draw(routes(draw(towns()), most=most))


@st.composite
def cases_and_parties(draw: st.DrawFn) -> tuple[Case, Request]:
    case = draw(cases())
    return case, draw(parties("new", case.town))
