"""A route as arrays: the start, every stop, and the end, each with its limits.

Node 0 is where the vehicle leaves, the last node where its day ends; both take no time.  A vehicle
that may end anywhere has an end node at no distance.  The ride limit of riders on board is a plain
deadline, because their boarding is past.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatcher.model import Place, Request, Route, Stop, StopKind, TravelTimes

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
    """Seats taken after the node, those lost to wheelchairs included."""
    chairs: Ints
    """Wheelchairs on board after the node."""
    riders: Ints
    """People on board after the node."""


def places_of(route: Route, requests: Mapping[str, Request]) -> list[Place]:
    """Return the place of every node; an open end lies where the last stop is."""
    places = [route.vehicle.start]
    for stop in route.stops:
        request = requests[stop.request_id]
        places.append(request.origin if stop.kind is StopKind.PICKUP else request.destination)
    places.append(places[-1] if route.vehicle.end is None else route.vehicle.end)
    return places


def nodes_of(
    route: Route, requests: Mapping[str, Request], travel: Mapping[str, TravelTimes]
) -> Nodes:
    """Return a route's nodes; the travel times are those of the vehicle's profile."""
    vehicle, stops = route.vehicle, route.stops
    places = places_of(route, requests)
    table = travel[vehicle.profile].table(places[:-1], places[1:])
    legs = np.append(np.diagonal(table).astype(np.int64), 0)
    if vehicle.end is None:
        legs[-2] = 0
    limits = [_limits(stop, route, requests) for stop in stops]
    early, late, service, boards = zip(
        (vehicle.start_s, vehicle.end_s, 0, 1),
        *limits,
        (vehicle.start_s, vehicle.end_s, 0, 0),
        strict=True,
    )
    pickup, ride = _rides(stops, requests)
    seats, chairs, riders = _loads(route, requests)
    columns = (early, late, service, legs, pickup, ride, boards, seats, chairs, riders)
    return Nodes(*(np.array(column, dtype=np.int64) for column in columns))


def _limits(stop: Stop, route: Route, requests: Mapping[str, Request]) -> tuple[int, int, int, int]:
    """Return earliest and latest begin, service time and whether it may begin later."""
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
        request = requests[stop.request_id]
        if stop.kind is StopKind.PICKUP:
            seen[request.id] = node
        known = stop.kind is StopKind.DROPOFF and request.id in seen
        pickup.append(seen[request.id] if known else -1)
        ride.append(request.boarding_s + request.ride_max_s if known else 0)
    return [*pickup, -1], [*ride, 0]


def _loads(route: Route, requests: Mapping[str, Request]) -> tuple[list[int], list[int], list[int]]:
    """Return seats taken, wheelchairs and people on board after every node."""
    aboard = [requests[id_] for id_ in route.boarded_s]
    seats = [sum(request.seats for request in aboard)]
    chairs = [sum(request.wheelchairs for request in aboard)]
    for stop in route.stops:
        request = requests[stop.request_id]
        sign = 1 if stop.kind is StopKind.PICKUP else -1
        seats.append(seats[-1] + sign * request.seats)
        chairs.append(chairs[-1] + sign * request.wheelchairs)
    seats, chairs = [*seats, seats[-1]], [*chairs, chairs[-1]]
    lost = route.vehicle.seats_lost_per_wheelchair
    taken = [ordinary + lost * wheeled for ordinary, wheeled in zip(seats, chairs, strict=True)]
    return taken, chairs, [s + c for s, c in zip(seats, chairs, strict=True)]
