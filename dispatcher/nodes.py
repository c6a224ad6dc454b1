"""A route as arrays: the start, every stop, and the end, each with its limits.

Node 0 is where the vehicle leaves, the last node where its day ends; both take no time.  A vehicle
that may end anywhere has an end node at no distance.  The ride limit of riders on board is a plain
deadline, because their boarding is past.  A task is a node like any other; it begins as soon as it
can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

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
    vehicle, stops = route.vehicle, route.stops
    places = places_of(route, requests)
    table = travel[vehicle.profile].table(places[:-1], places[1:])
    legs = np.append(np.diagonal(table).astype(np.int64), 0)
    if legs.min() < 0:
        raise ValueError(f"{vehicle.id}: a drive of {legs.min()} s on {vehicle.profile} roads")
    use, use_rider = _use(route, places, travel[vehicle.profile])
    if vehicle.end is None:
        legs[-2] = 0
    limits = [_limits(stop, route, requests) for stop in stops]
    early, late, service, boards = zip(
        (vehicle.start_s, vehicle.end_s, 0, 1),
        *limits,
        (vehicle.start_s, vehicle.end_s, 0, 0),
        strict=True,
    )
    times = early, late, service, legs, *_rides(stops, requests), boards
    bar = [0, *(stop.kind not in RIDER_STOPS for stop in stops), 0]
    loads = _loads(route, requests)
    columns = (*times, *loads, bar, use, use_rider, _powers(route))
    return Nodes(*(np.array(column, dtype=np.int64) for column in columns))


def energy_of(vehicle: Vehicle, travel: TravelTimes) -> EnergyUse:
    """Return the travel times of a vehicle with a battery, which know its energy use.

    Raises ``ValueError`` when they do not.
    """
    if isinstance(travel, EnergyUse):
        return travel
    raise ValueError(f"{vehicle.id}: a battery, but no energy use on {vehicle.profile} roads")


def _use(route: Route, places: list[Place], travel: TravelTimes) -> Ints:
    """Return the watt-hours of every leg with the driver alone, and for each rider."""
    used = np.zeros((2, len(places)), dtype=np.int64)
    if route.vehicle.battery is not None:
        table = energy_of(route.vehicle, travel).energy(places[:-1], places[1:])
        used[:, :-1] = np.diagonal(table, axis1=1, axis2=2)
    if route.vehicle.end is None:
        used[:, -2] = 0
    return used


def _powers(route: Route) -> list[int]:
    tasks = [route.tasks.get(stop.request_id) for stop in route.stops]
    return [0, *(0 if task is None else task.power_w for task in tasks), 0]


def _limits(stop: Stop, route: Route, requests: Mapping[str, Request]) -> tuple[int, int, int, int]:
    """Return earliest and latest begin, service time and whether it may begin later."""
    if stop.kind not in RIDER_STOPS:
        task = route.tasks[stop.request_id]
        return task.earliest_s, task.latest_s, task.lasts_s, 0
    request = requests[stop.request_id]
    if stop.kind is StopKind.PICKUP:
        return request.earliest_pickup_s, request.latest_pickup_s, request.boarding_s, 1
    late_s = request.latest_dropoff_s
    boarded_s = route.boarded_s.get(request.id)
    if boarded_s is not None:
        late_s = min(late_s, boarded_s + request.ride_max_s)
    return request.earliest_dropoff_s, late_s, request.alighting_s, 0


def _rides(stops: tuple[Stop, ...], requests: Mapping[str, Request]) -> tuple[list[int], list[int]]:
    """Return for every node its pickup node and ride limit, -1 and 0 where it has none."""
    seen: dict[str, int] = {}
    pickup, ride = [-1], [0]
    for node, stop in enumerate(stops, start=1):
        if stop.kind is StopKind.PICKUP:
            seen[stop.request_id] = node
        known = stop.kind is StopKind.DROPOFF and stop.request_id in seen
        pickup.append(seen[stop.request_id] if known else -1)
        request = requests[stop.request_id] if known else None
        ride.append(0 if request is None else request.boarding_s + request.ride_max_s)
    return [*pickup, -1], [*ride, 0]


def _loads(route: Route, requests: Mapping[str, Request]) -> Ints:
    """Return seats and places taken, people and bags on board after every node."""
    aboard = {id_: requests[id_] for id_ in route.boarded_s}
    rows = [_load(route.vehicle, list(aboard.values()))]
    for stop in route.stops:
        if stop.kind is StopKind.PICKUP:
            aboard[stop.request_id] = requests[stop.request_id]
        elif stop.kind is StopKind.DROPOFF:
            del aboard[stop.request_id]
        rows.append(_load(route.vehicle, list(aboard.values())))
    return np.array([*rows, rows[-1]], dtype=np.int64).T


def _load(vehicle: Vehicle, aboard: list[Request]) -> tuple[int, int, int, int]:
    """Return seats and wheelchair places taken, people and bags on board."""
    chairs = sum(party.wheelchairs for party in aboard)
    people = sum(party.riders for party in aboard)
    seats = people - chairs + vehicle.seats_lost_per_wheelchair * chairs
    for party in aboard:
        if party.alone:
            seats = max(seats, vehicle.seats + people - party.riders)
            chairs = max(chairs, vehicle.wheelchair_places)
    return seats, chairs, people, sum(party.bags for party in aboard)
