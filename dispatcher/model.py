"""What the dispatcher talks about: requests, vehicles, and the plan that joins them.

Times are whole seconds after midnight of the service day (25:10 is 90 600).  Places are opaque
integers that only the caller's travel times can read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Literal, NewType, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dispatcher.sent import by_values

Place = NewType("Place", int)

UNREACHABLE_S: Final = 2**30
"""The driving time between two places no road joins."""


MOST_S: Final = 30 * 86_400
"""No time of a service day is further from its midnight: such a number is a mistake."""
MOST: Final = 100
"""No party and no vehicle is larger."""


def _in_range(owner: str, least: int, most: int, **values: int) -> None:
    """Raise ``ValueError`` with the field that is not a sensible number."""
    for name, value in values.items():
        if not least <= value <= most:
            raise ValueError(f"{owner}: {name}={value} is not between {least} and {most}")


class TravelTimes(Protocol):
    """How long drives take; it need not satisfy the triangle inequality to the second."""

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return driving seconds, one row an origin, ``UNREACHABLE_S`` where no road leads."""
        ...


@runtime_checkable
class EnergyUse(TravelTimes, Protocol):
    """What the roads also know for a profile whose vehicles have a battery."""

    def energy(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return watt-hours, rounded up; negative where a descent gives more than the drive takes.

        The first layer is the drive with the driver alone, the second what each rider adds; one row
        an origin.  Slope, weather and heater are in both.
        """
        ...


@dataclass(frozen=True, slots=True)
class Battery:
    """What a vehicle may take from its battery, and how fast it takes a charge.

    Up to ``taper_share`` of the capacity it charges at the power of the charger, above that at a
    power that falls in proportion to what is missing (constant current, then constant voltage).

    Raises ``ValueError`` when the figures contradict each other.
    """

    capacity_wh: int
    now_wh: int
    reserve_wh: int
    """Planned never to be touched."""
    taper_share: float = 0.8

    def __post_init__(self) -> None:
        _in_range("battery", 0, 10_000_000, capacity_wh=self.capacity_wh)
        if not 0 <= self.reserve_wh <= self.capacity_wh or self.capacity_wh <= 0:
            raise ValueError(f"reserve_wh={self.reserve_wh} of capacity_wh={self.capacity_wh}")
        if not 0 <= self.now_wh <= self.capacity_wh:
            raise ValueError(f"now_wh={self.now_wh} of capacity_wh={self.capacity_wh}")
        if not 0 < self.taper_share < 1:
            raise ValueError(f"taper_share={self.taper_share} is not between 0 and 1")


@dataclass(frozen=True, slots=True)
class Connection:
    """The bus trip a ride is pinned to, and the time it stands on.

    To a bus the party must have arrived ``margin_s`` before ``bus_s``; from one it gets in
    ``margin_s`` after ``bus_s`` at the earliest.
    """

    trip_id: str
    toward: Literal["to_bus", "from_bus"]
    bus_s: int
    margin_s: int = 0

    def __post_init__(self) -> None:
        _in_range(self.trip_id, -MOST_S, MOST_S, bus_s=self.bus_s)
        _in_range(self.trip_id, 0, MOST_S, margin_s=self.margin_s)


@dataclass(frozen=True, slots=True)
class Follows:
    """The party's outward leg, and how long it stays there at least."""

    request_id: str
    stay_s: int = 0

    def __post_init__(self) -> None:
        _in_range(self.request_id, 0, MOST_S, stay_s=self.stay_s)


@by_values
@dataclass(frozen=True, slots=True)
class Request:
    """A party that wants to ride, and what it has been (or would be) promised.

    A pickup time is the start of boarding, a dropoff time the arrival; the ride lasts from the end
    of boarding to the arrival and takes at most ``ride_max_s``.  ``seats`` counts the riders who
    do not stay in a wheelchair, ``bags`` the units of luggage space; a parcel is bags and nobody.

    Raises ``ValueError`` when no ride could keep those promises.
    """

    id: str
    origin: Place
    destination: Place
    earliest_pickup_s: int
    latest_pickup_s: int
    earliest_dropoff_s: int
    latest_dropoff_s: int
    ride_max_s: int
    seats: int = 1
    wheelchairs: int = 0
    boarding_s: int = 60
    alighting_s: int = 30
    bags: int = 0
    alone: bool = False
    """Nobody else may be on board meanwhile; parcels may."""
    only: frozenset[str] | None = None
    """The vehicles that may carry it, ``None`` for all."""
    prefers: frozenset[str] = frozenset()
    """Vehicles it would rather have, for their driver; see ``cost.NOT_PREFERRED_S``."""
    pinned: str | None = None
    """The vehicle a dispatcher has given it for good."""
    follows: Follows | None = None
    connection: Connection | None = None
    priority: int = 0
    """Whose promise counts more when not all can be kept."""

    def __post_init__(self) -> None:
        self._check_numbers()
        if min(self.seats, self.wheelchairs, self.bags) < 0 or self.riders + self.bags == 0:
            raise ValueError(f"{self.id}: nobody rides ({self.seats}+{self.wheelchairs})")
        if self.alone and self.riders == 0:
            raise ValueError(f"{self.id}: alone=True, but a parcel has nobody to be alone")
        if min(self.boarding_s, self.alighting_s, self.ride_max_s) < 0:
            raise ValueError(f"{self.id}: something takes less than no time")
        if self.latest_pickup_s < self.earliest_pickup_s:
            raise ValueError(f"{self.id}: the pickup window ends before it begins")
        if self.latest_dropoff_s < self.earliest_dropoff_s:
            raise ValueError(f"{self.id}: the dropoff window ends before it begins")
        if self.latest_dropoff_s < self.earliest_pickup_s + self.boarding_s:
            raise ValueError(f"{self.id}: due before anybody could have boarded")
        if self.earliest_dropoff_s > self.latest_pickup_s + self.boarding_s + self.ride_max_s:
            raise ValueError(f"{self.id}: ride_max_s={self.ride_max_s} cannot reach the dropoff")
        if self.follows is not None and self.follows.request_id == self.id:
            raise ValueError(f"{self.id}: follows itself")

    def _check_numbers(self) -> None:
        _in_range(
            self.id,
            -MOST_S,
            MOST_S,
            earliest_pickup_s=self.earliest_pickup_s,
            latest_pickup_s=self.latest_pickup_s,
            earliest_dropoff_s=self.earliest_dropoff_s,
            latest_dropoff_s=self.latest_dropoff_s,
            ride_max_s=self.ride_max_s,
            boarding_s=self.boarding_s,
            alighting_s=self.alighting_s,
        )
        party = {"seats": self.seats, "wheelchairs": self.wheelchairs, "bags": self.bags}
        _in_range(self.id, -MOST, MOST, **party)

    @property
    def riders(self) -> int:
        """How many people ride."""
        return self.seats + self.wheelchairs

    def allows(self, vehicle_id: str) -> bool:
        """Whether the party may ride in this vehicle."""
        if self.pinned is not None:
            return vehicle_id == self.pinned
        return self.only is None or vehicle_id in self.only

    def likes(self, vehicle_id: str) -> bool:
        """Whether the party would not rather have another vehicle."""
        return not self.prefers or vehicle_id in self.prefers


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle for the rest of its shift.

    ``start`` is where it is, or will leave from, not before ``start_s``; ``end`` the depot it must
    have reached by ``end_s``, or ``None`` when its last stop may be anywhere.  Every wheelchair on
    board takes one wheelchair place and ``seats_lost_per_wheelchair`` seats.

    Raises ``ValueError`` when it holds nobody or its shift ends before it begins.
    """

    id: str
    start: Place
    end: Place | None
    start_s: int
    end_s: int
    seats: int
    wheelchair_places: int = 0
    seats_lost_per_wheelchair: int = 0
    profile: str = "car"
    """Whose driving times it has, and so which roads it may use."""
    bags: int = 0
    """Units of luggage space."""
    battery: Battery | None = None
    """``None`` for a vehicle that is never short of energy."""

    def __post_init__(self) -> None:
        _in_range(self.id, -MOST_S, MOST_S, start_s=self.start_s, end_s=self.end_s)
        room = self.seats, self.wheelchair_places, self.seats_lost_per_wheelchair, self.bags
        if min(room) < 0:
            raise ValueError(f"{self.id}: a vehicle cannot hold less than nobody")
        if max(room) > MOST:
            raise ValueError(f"{self.id}: a vehicle holds at most {MOST}, not {max(room)}")
        if self.end_s < self.start_s:
            raise ValueError(f"{self.id}: the shift ends before it begins")

    def holds(self, seats: int, wheelchairs: int, bags: int = 0) -> bool:
        """Whether so much fits in at once when nobody else is on board."""
        taken = seats + wheelchairs * self.seats_lost_per_wheelchair
        fits = wheelchairs <= self.wheelchair_places and taken <= self.seats
        return fits and bags <= self.bags


class StopKind(StrEnum):
    """What happens at a stop."""

    PICKUP = "pickup"
    DROPOFF = "dropoff"
    BREAK = "break"
    CHARGE = "charge"


RIDER_STOPS: Final = (StopKind.PICKUP, StopKind.DROPOFF)


@by_values
@dataclass(frozen=True, slots=True)
class Stop:
    """One party gets in, or out; or the vehicle does one of its tasks, whose id it is then."""

    request_id: str
    kind: StopKind


@dataclass(frozen=True, slots=True)
class Task:
    """A driver's break, or a charge: no rider is on board meanwhile (a parcel may be).

    It begins at ``place`` within its window and lasts ``lasts_s``.  A charge is given
    ``power_w`` by ``charger_id``, whose places ``tasks.place_tasks`` shares out by windows.

    Raises ``ValueError`` when it could not take place.
    """

    id: str
    kind: Literal[StopKind.BREAK, StopKind.CHARGE]
    place: Place
    earliest_s: int
    latest_s: int
    lasts_s: int
    power_w: int = 0
    charger_id: str | None = None

    def __post_init__(self) -> None:
        window = {"earliest_s": self.earliest_s, "latest_s": self.latest_s}
        _in_range(self.id, -MOST_S, MOST_S, **window, lasts_s=self.lasts_s)
        _in_range(self.id, 0, 10_000_000, power_w=self.power_w)
        if self.latest_s < self.earliest_s:
            raise ValueError(f"{self.id}: the window ends before it begins")
        if self.lasts_s < 0 or self.power_w < 0:
            raise ValueError(f"{self.id}: lasts_s={self.lasts_s}, power_w={self.power_w}")
        if self.kind in RIDER_STOPS:
            raise ValueError(f"{self.id}: {self.kind} is no task")
        if self.kind is StopKind.BREAK and self.power_w > 0:
            raise ValueError(f"{self.id}: power_w={self.power_w} during a break")


@dataclass(frozen=True, slots=True)
class Route:
    """The stops one vehicle has still to make, in order.

    ``boarded_s`` maps each rider on board now to the end of their boarding; only their dropoff is
    among the stops.  The first ``locked`` stops may not be moved, and nothing may come before them.
    ``tasks`` are the breaks and charges among the stops by their id.

    Raises ``ValueError`` when a party would get out before it got in, or never, or a task is
    not done exactly once.
    """

    vehicle: Vehicle
    stops: tuple[Stop, ...] = ()
    boarded_s: Mapping[str, int] = field(default_factory=dict)
    locked: int = 0
    tasks: Mapping[str, Task] = field(default_factory=dict)
    request_ids: frozenset[str] = field(init=False, repr=False, compare=False)
    """Everyone this route carries."""

    def __post_init__(self) -> None:
        carried = (stop.request_id for stop in self.stops if stop.kind in RIDER_STOPS)
        object.__setattr__(self, "request_ids", frozenset(carried))
        if not 0 <= self.locked <= len(self.stops):
            raise ValueError(f"{self.vehicle.id}: locked={self.locked} of {len(self.stops)} stops")
        aboard, done = set(self.boarded_s), set[str]()
        for stop in self.stops:
            if stop.kind in RIDER_STOPS:
                _step(stop, aboard, done)
        if aboard:
            raise ValueError(f"{self.vehicle.id}: {sorted(aboard)} would never get out")
        self._check_tasks()

    def _check_tasks(self) -> None:
        """Raise unless every task is done once, as what it is."""
        done = [(s.request_id, s.kind) for s in self.stops if s.kind not in RIDER_STOPS]
        if sorted(done) != sorted((id_, task.kind) for id_, task in self.tasks.items()):
            raise ValueError(f"{self.vehicle.id}: stops {done} are not its tasks")
        if not self.tasks.keys().isdisjoint(self.request_ids | self.boarded_s.keys()):
            raise ValueError(f"{self.vehicle.id}: a task has the id of a party")

    def with_stops(self, stops: Sequence[Stop]) -> Route:
        """Return the same vehicle's route over ``stops``."""
        return replace(self, stops=tuple(stops))

    def without(self, request_id: str) -> Route:
        """Return the route without a party's stops; the lock shrinks by those that were locked."""
        kept = tuple(stop for stop in self.stops if stop.request_id != request_id)
        gone = sum(stop.request_id == request_id for stop in self.stops[: self.locked])
        boarded_s = {id_: at_s for id_, at_s in self.boarded_s.items() if id_ != request_id}
        return Route(self.vehicle, kept, boarded_s, self.locked - gone, self.tasks)


def _step(stop: Stop, aboard: set[str], done: set[str]) -> None:
    """Move one party in or out, or raise."""
    if stop.kind is StopKind.PICKUP:
        if stop.request_id in aboard or stop.request_id in done:
            raise ValueError(f"{stop.request_id} would get in twice")
        aboard.add(stop.request_id)
        return
    if stop.request_id not in aboard:
        raise ValueError(f"{stop.request_id} would get out without having got in")
    aboard.discard(stop.request_id)
    done.add(stop.request_id)


@dataclass(frozen=True, slots=True)
class Plan:
    """All routes of an area at one moment; every change makes a new plan with the next version.

    Raises ``ValueError`` when a route is filed under another vehicle's id, or an id is used twice.
    """

    version: int
    routes: Mapping[str, Route]
    requests: Mapping[str, Request]

    def __post_init__(self) -> None:
        for vehicle_id, route in self.routes.items():
            if route.vehicle.id != vehicle_id:
                raise ValueError(f"the route of {route.vehicle.id} is filed under {vehicle_id}")
        tasks = [id_ for route in self.routes.values() for id_ in route.tasks]
        if len(tasks) > len(set(tasks)) or not self.requests.keys().isdisjoint(tasks):
            raise ValueError(f"a task has the id of another, or of a party: {sorted(tasks)}")

    def with_route(self, route: Route, *requests: Request) -> Plan:
        """Return the next plan, with this route and the requests it brings in."""
        added = {request.id: request for request in requests}
        routes = {**self.routes, route.vehicle.id: route}
        return Plan(self.version + 1, routes, {**self.requests, **added})

    def without(self, request_id: str) -> Plan:
        """Return the next plan without a party.

        Raises ``KeyError`` for an unknown party, ``ValueError`` for one that is on board.
        """
        if request_id not in self.requests:
            raise KeyError(request_id)
        requests = {id_: request for id_, request in self.requests.items() if id_ != request_id}
        route = self.route_of(request_id)
        if route is None:
            return Plan(self.version + 1, self.routes, requests)
        if request_id in route.boarded_s:
            raise ValueError(f"{request_id} is on board of {route.vehicle.id}")
        routes = {**self.routes, route.vehicle.id: route.without(request_id)}
        return Plan(self.version + 1, routes, requests)

    def route_of(self, request_id: str) -> Route | None:
        """Return the route that carries a party, ``None`` when none does."""
        for route in self.routes.values():
            if any(stop.request_id == request_id for stop in route.stops):
                return route
        return None

    def changed_since(self, before: Plan) -> frozenset[str]:
        """Return the vehicles whose route is another one than in a plan of the same vehicles."""
        return frozenset(id_ for id_, route in self.routes.items() if route != before.routes[id_])

    def of(self, vehicle_ids: frozenset[str]) -> Plan:
        """Return the part of the plan that some vehicles carry out."""
        routes = {id_: route for id_, route in self.routes.items() if id_ in vehicle_ids}
        carried = {
            id_ for route in routes.values() for id_ in (*route.request_ids, *route.boarded_s)
        }
        requests = {id_: request for id_, request in self.requests.items() if id_ in carried}
        return Plan(self.version, routes, requests)
