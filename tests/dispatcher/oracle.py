"""What a route's times can be, by linear programming: it shares nothing with the dispatcher."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement, pairwise

import numpy as np
from scipy.optimize import linprog

from dispatcher.model import Place, Request, Route, Stop, StopKind
from tests.dispatcher.draw import Case


def event_places(case: Case) -> list[Place | None]:
    """The start, every stop, and the end (``None`` where the day may end anywhere)."""
    middle = [
        case.requests[stop.request_id].origin
        if stop.kind is StopKind.PICKUP
        else case.requests[stop.request_id].destination
        for stop in case.route.stops
    ]
    return [case.route.vehicle.start, *middle, case.route.vehicle.end]


def legs(case: Case) -> list[int]:
    return [
        0 if a is None or b is None else int(case.town.table([a], [b])[0, 0])
        for a, b in pairwise(event_places(case))
    ]


def cost(case: Case) -> float:
    """Driving, and an eighth of every rider's time on the road."""
    people = sum(case.requests[id_].riders for id_ in case.route.boarded_s)
    total = 0.0
    for index, leg_s in enumerate(legs(case)):
        total += leg_s * (1 + people / 8)
        if index < len(case.route.stops):
            stop = case.route.stops[index]
            riders = case.requests[stop.request_id].riders
            people += riders if stop.kind is StopKind.PICKUP else -riders
    return total


def has_room(case: Case) -> bool:
    vehicle, aboard = case.route.vehicle, set(case.route.boarded_s)
    for stop in [None, *case.route.stops]:
        if stop is not None:
            aboard ^= {stop.request_id}
        chairs = sum(case.requests[id_].wheelchairs for id_ in aboard)
        seats = sum(case.requests[id_].seats for id_ in aboard)
        if chairs > vehicle.wheelchair_places:
            return False
        if seats + chairs * vehicle.seats_lost_per_wheelchair > vehicle.seats:
            return False
    return True


def best_times(case: Case, weights: Sequence[float] | None = None) -> list[int] | None:
    """Times of start, stops and end with the least weighted sum; ``None`` when there are none."""
    stops, requests, vehicle = case.route.stops, case.requests, case.route.vehicle
    count = len(stops) + 2
    rows, limits, bounds = [], [], [(vehicle.start_s, vehicle.end_s)]
    lasts, boards = [0], dict[str, int]()

    def at_least(first: int, then: int, gap_s: int) -> None:
        row = np.zeros(count)
        row[first], row[then] = 1, -1
        rows.append(row)
        limits.append(-gap_s)

    for node, stop in enumerate(stops, start=1):
        request = requests[stop.request_id]
        if stop.kind is StopKind.PICKUP:
            boards[request.id] = node
            bounds.append((request.earliest_pickup_s, request.latest_pickup_s))
            lasts.append(request.boarding_s)
            continue
        due_s = request.latest_dropoff_s
        if request.id in boards:
            at_least(node, boards[request.id], -request.boarding_s - request.ride_max_s)
        else:
            due_s = min(due_s, case.route.boarded_s[request.id] + request.ride_max_s)
        bounds.append((request.earliest_dropoff_s, due_s))
        lasts.append(request.alighting_s)
    bounds.append((vehicle.start_s, vehicle.end_s))
    for node, leg_s in enumerate(legs(case)):
        at_least(node, node + 1, lasts[node] + leg_s)
    if any(low > high for low, high in bounds):
        return None
    solved = linprog(
        np.zeros(count) if weights is None else weights,
        A_ub=np.array(rows),
        b_ub=np.array(limits),
        bounds=bounds,
        method="highs",
    )
    return None if solved.x is None else [round(time_s) for time_s in solved.x]


def is_feasible(case: Case) -> bool:
    return has_room(case) and best_times(case) is not None


def with_party(case: Case, party: Request, i: int, j: int) -> Case:
    """The route with the party's stops before old stops ``i`` and ``j``."""
    old, first, last = (
        case.route.stops,
        (Stop(party.id, StopKind.PICKUP),),
        (Stop(party.id, StopKind.DROPOFF),),
    )
    stops = old[:i] + first + old[i:j] + last + old[j:]
    route = Route(case.route.vehicle, stops, case.route.boarded_s, case.route.locked)
    return Case(route, {**case.requests, party.id: party}, case.town)


def places_for(case: Case) -> list[tuple[int, int]]:
    """Every pair of old positions that leaves the locked stops where they are."""
    return list(
        combinations_with_replacement(range(case.route.locked, len(case.route.stops) + 1), 2)
    )
