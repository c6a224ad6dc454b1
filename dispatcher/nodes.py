"""A route as arrays: the start, every stop, and the end, each with its limits.

Node 0 is where the vehicle leaves, the last node where its day ends; both take no time.  A vehicle
that may end anywhere has an end node at no distance.  The ride limit of riders on board is a plain
deadline, because their boarding is past.  A task is a node like any other; it begins as soon as it
can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from dispatcher.model import (
    RIDER_STOPS,
    EnergyUse,
    Place,
    Request,
    Route,
    Stop,
    StopKind,
    TravelTimes,
    Vehicle,
)

Ints = NDArray[np.int64]
_PICKUP = StopKind.PICKUP


class Nodes(NamedTuple):
    """One entry a node; times in seconds of the service day."""

    early: Ints
    late: Ints
    service: Ints
    """How long boarding or alighting takes."""
    leg: Ints
    """Driving time to the next node; 0 for the last."""
    pickup: Ints
    """For a dropoff, the node where the same party gets in; -1 for every other node."""
    ride: Ints
    """For a dropoff with a pickup, the longest time from the start of boarding to the arrival."""
    boards: Ints
    """1 where the vehicle may begin later than it could: at the start and at pickups."""
    seats: Ints
    """Seats taken after the node, those lost to wheelchairs included; all of them, and one more for
    everybody else, while a party that rides alone is on board."""
    chairs: Ints
    """Wheelchair places taken after the node; all of them at least beside a party that rides
    alone."""
    riders: Ints
    """People on board after the node."""
    bags: Ints
    """Units of luggage on board after the node."""
    bar: Ints
    """1 at a task, where nobody may be on board."""
    use: Ints
    """Watt-hours to the next node with the driver alone; 0 without a battery."""
    use_rider: Ints
    """Watt-hours to the next node for each rider."""
    charge_w: Ints
    """The power of the charger at a charge; 0 for every other node."""


def places_of(route: Route, requests: Mapping[str, Request]) -> list[Place]:
    """Return the place of every node; an open end lies where the last stop is."""
    places = [route.vehicle.start, *(_place(stop, route, requests) for stop in route.stops)]
    places.append(places[-1] if route.vehicle.end is None else route.vehicle.end)
    return places


def _place(stop: Stop, route: Route, requests: Mapping[str, Request]) -> Place:
    if stop.kind not in RIDER_STOPS:
        return route.tasks[stop.request_id].place
    request = requests[stop.request_id]
    return request.origin if stop.kind is StopKind.PICKUP else request.destination


def nodes_of(
    route: Route, requests: Mapping[str, Request], travel: Mapping[str, TravelTimes]
) -> Nodes:
    """Return a route's nodes; the travel times are those of the vehicle's profile."""
    return nodes_at(places_of(route, requests), route, requests, travel)


def nodes_at(
    places: list[Place],
    route: Route,
    requests: Mapping[str, Request],
    travel: Mapping[str, TravelTimes],
    out: Ints | None = None,
) -> Nodes:
    """Return the nodes of a route whose places are known, written to ``out`` if there is one."""
    vehicle = route.vehicle
    legs = travel[vehicle.profile].table(places[:-1], places[1:]).diagonal()
    if legs.min() < 0:
        raise ValueError(f"{vehicle.id}: a drive of {legs.min()} s on {vehicle.profile} roads")
    rows = np.array(_rows(route, requests), dtype=np.int64).T
    if out is None:
        out = np.empty((len(Nodes._fields), len(places)), dtype=np.int64)
    out[:3], out[4:12], out[14] = rows[:3], rows[3:11], rows[11]
    out[3, :-1], out[3, -1] = legs, 0
    out[12:14] = 0
    if vehicle.battery is not None:
        table = energy_of(vehicle, travel[vehicle.profile]).energy(places[:-1], places[1:])
        out[12:14, :-1] = table.diagonal(axis1=1, axis2=2)
    if vehicle.end is None:
        out[3, -2] = out[12, -2] = out[13, -2] = 0
    return Nodes(*out)


def energy_of(vehicle: Vehicle, travel: TravelTimes) -> EnergyUse:
    """Return the travel times of a vehicle with a battery, which know its energy use.

    Raises ``ValueError`` when they do not.
    """
    if hasattr(travel, "energy"):  # much faster than to ask for the protocol
        return cast("EnergyUse", travel)
    raise ValueError(f"{vehicle.id}: a battery, but no energy use on {vehicle.profile} roads")


def _rows(route: Route, requests: Mapping[str, Request]) -> list[tuple[int, ...]]:
    """Return for every node what is in ``Nodes`` beside the drives, in the same order."""
    vehicle, boarded_s, tasks = route.vehicle, route.boarded_s, route.tasks
    load = _Load(vehicle)
    for id_ in boarded_s:
        load.add(requests[id_])
    taken = load.taken()
    rows: list[tuple[int, ...]] = [(vehicle.start_s, vehicle.end_s, 0, -1, 0, 1, *taken, 0, 0)]
    seen: dict[str, int] = {}
    for node, stop in enumerate(route.stops, start=1):
        id_, kind = stop.request_id, stop.kind
        if kind not in RIDER_STOPS:
            task = tasks[id_]
            limits = task.earliest_s, task.latest_s, task.lasts_s, -1, 0, 0
            rows.append((*limits, *taken, 1, task.power_w))
            continue
        request = requests[id_]
        early_s, late_s, lasts_s = limits_of(stop, request, boarded_s)
        if kind is _PICKUP:
            load.add(request)
            seen[id_] = node
            limits = early_s, late_s, lasts_s, -1, 0, 1
        else:
            load.remove(request)
            ride_s = request.boarding_s + request.ride_max_s if id_ in seen else 0
            limits = early_s, late_s, lasts_s, seen.get(id_, -1), ride_s, 0
        taken = load.taken()
        rows.append((*limits, *taken, 0, 0))
    rows.append((vehicle.start_s, vehicle.end_s, 0, -1, 0, 0, *taken, 0, 0))
    return rows


def limits_of(stop: Stop, request: Request, boarded_s: Mapping[str, int]) -> tuple[int, int, int]:
    """Return earliest and latest begin and service time of a rider's stop."""
    if stop.kind is _PICKUP:
        return request.earliest_pickup_s, request.latest_pickup_s, request.boarding_s
    late_s = request.latest_dropoff_s
    if request.id in boarded_s:
        late_s = min(late_s, boarded_s[request.id] + request.ride_max_s)
    return request.earliest_dropoff_s, late_s, request.alighting_s


class _Load:
    """Who is on board of a vehicle, added up."""

    def __init__(self, vehicle: Vehicle) -> None:
        self._vehicle = vehicle
        self._people, self._chairs, self._bags = 0, 0, 0
        self._alone: list[Request] = []

    def add(self, party: Request) -> None:
        self._people += party.seats + party.wheelchairs
        self._chairs += party.wheelchairs
        self._bags += party.bags
        if party.alone:
            self._alone.append(party)

    def remove(self, party: Request) -> None:
        self._people -= party.seats + party.wheelchairs
        self._chairs -= party.wheelchairs
        self._bags -= party.bags
        if party.alone:
            self._alone.remove(party)

    def taken(self) -> tuple[int, int, int, int]:
        """Return seats and wheelchair places taken, people and bags on board."""
        people, chairs, vehicle = self._people, self._chairs, self._vehicle
        seats = people - chairs + vehicle.seats_lost_per_wheelchair * chairs
        for party in self._alone:
            seats = max(seats, vehicle.seats + people - party.riders)
            chairs = max(chairs, vehicle.wheelchair_places)
        return seats, chairs, people, self._bags
