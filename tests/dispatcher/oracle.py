"""What a route's times can be, by linear programming: it shares nothing with the dispatcher."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement, pairwise

import numpy as np
from scipy.optimize import linprog

from dispatcher.model import Battery, EnergyUse, Place, Request, Stop, StopKind, Task
from tests.dispatcher.draw import Case


def event_places(case: Case) -> list[Place | None]:
    """The start, every stop, and the end (``None`` where the day may end anywhere)."""
    route, places = case.route, list[Place | None]()
    for stop in route.stops:
        if stop.request_id in route.tasks:
            places.append(route.tasks[stop.request_id].place)
        elif stop.kind is StopKind.PICKUP:
            places.append(case.requests[stop.request_id].origin)
        else:
            places.append(case.requests[stop.request_id].destination)
    return [route.vehicle.start, *places, route.vehicle.end]


def legs(case: Case) -> list[int]:
    return [
        0 if a is None or b is None else int(case.town.table([a], [b])[0, 0])
        for a, b in pairwise(event_places(case))
    ]


def people_along(case: Case) -> list[int]:
    """How many people are on board of every leg."""
    people = [sum(case.requests[id_].riders for id_ in case.route.boarded_s)]
    for stop in case.route.stops:
        riders = 0
        if stop.request_id not in case.route.tasks:
            riders = case.requests[stop.request_id].riders
        people.append(people[-1] + (-riders if stop.kind is StopKind.DROPOFF else riders))
    return people


def cost(case: Case) -> float:
    """Driving, an eighth of every rider's time on the road, five minutes for an unwanted van."""
    drives = zip(legs(case), people_along(case), strict=True)
    carried = (
        case.requests[id_]
        for id_ in {s.request_id for s in case.route.stops} - set(case.route.tasks)
    )
    unwanted = [
        party for party in carried if party.prefers and case.route.vehicle.id not in party.prefers
    ]
    return sum(leg_s * (1 + people / 8) for leg_s, people in drives) + 300 * len(unwanted)


def has_room(case: Case) -> bool:
    """Whether everybody on board has a place there, and nobody sits through a break."""
    vehicle, aboard = case.route.vehicle, set(case.route.boarded_s)
    for stop in [None, *case.route.stops]:
        if stop is not None and stop.request_id in case.route.tasks:
            if any(case.requests[id_].riders for id_ in aboard):
                return False
            continue
        if stop is not None:
            party = case.requests[stop.request_id]
            wrong = party.pinned not in (None, vehicle.id) or (
                party.pinned is None and party.only is not None and vehicle.id not in party.only
            )
            if stop.kind is StopKind.PICKUP and wrong:
                return False
            aboard ^= {stop.request_id}
        if not _fit(case, [case.requests[id_] for id_ in aboard]):
            return False
    return True


def _fit(case: Case, inside: list[Request]) -> bool:
    vehicle = case.route.vehicle
    chairs = sum(party.wheelchairs for party in inside)
    seats = sum(party.seats for party in inside)
    if any(party.alone for party in inside) and sum(party.riders > 0 for party in inside) > 1:
        return False
    return (
        chairs <= vehicle.wheelchair_places
        and seats + chairs * vehicle.seats_lost_per_wheelchair <= vehicle.seats
        and sum(party.bags for party in inside) <= vehicle.bags
    )


def has_charge(case: Case) -> bool:
    """Whether the battery never goes under its reserve."""
    battery = case.route.vehicle.battery
    if battery is None:
        return True
    assert isinstance(case.town, EnergyUse)
    level, places, people = battery.now_wh, event_places(case), people_along(case)
    levels = [level]
    for index, (a, b) in enumerate(pairwise(places)):
        if a is not None and b is not None:
            alone, each = case.town.energy([a], [b])[:, 0, 0].tolist()
            level = min(battery.capacity_wh, level - alone - each * people[index])
        levels.append(level)
        stop = case.route.stops[index] if index < len(case.route.stops) else None
        if stop is not None and stop.request_id in case.route.tasks:
            level = _charged(level, case.route.tasks[stop.request_id], battery)
    return min(levels) >= battery.reserve_wh


def _charged(level: float, task: Task, battery: Battery) -> int:
    """Follow the charge by its differential equation, a second at a time, exact in each part."""
    knee, missing_at_knee = battery.taper_share * battery.capacity_wh, 1 - battery.taper_share
    seconds, step = float(task.lasts_s), task.power_w / 3600
    while seconds > 0 and level + step <= knee:
        level, seconds = level + step, seconds - 1
    if level < knee and seconds > 0:
        level, seconds = knee, seconds - (knee - level) / max(step, 1e-12)
    fade = np.exp(-step / (missing_at_knee * battery.capacity_wh) * max(seconds, 0))
    if level >= knee:
        level = battery.capacity_wh - (battery.capacity_wh - level) * fade
    return int(np.floor(level + 1e-6))


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
        if stop.request_id in case.route.tasks:
            task = case.route.tasks[stop.request_id]
            bounds.append((task.earliest_s, task.latest_s))
            lasts.append(task.lasts_s)
            continue
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
    return has_room(case) and has_charge(case) and best_times(case) is not None


def with_party(case: Case, party: Request, i: int, j: int) -> Case:
    """The route with the party's stops before old stops ``i`` and ``j``."""
    old, first, last = (
        case.route.stops,
        (Stop(party.id, StopKind.PICKUP),),
        (Stop(party.id, StopKind.DROPOFF),),
    )
    stops = old[:i] + first + old[i:j] + last + old[j:]
    return Case(case.route.with_stops(stops), {**case.requests, party.id: party}, case.town)


def places_for(case: Case) -> list[tuple[int, int]]:
    """Every pair of old positions that leaves the locked stops where they are."""
    return list(
        combinations_with_replacement(range(case.route.locked, len(case.route.stops) + 1), 2)
    )
