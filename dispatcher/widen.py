"""What a repair does to limits, and what it comes to: limits widened, narrowed and moved.

Every function takes values and returns the next ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from dispatcher.broken import Told
from dispatcher.late_kernel import PICKUP, Rows
from dispatcher.line_kernel import passed
from dispatcher.model import RIDER_STOPS, Place, Plan, Request, Route, Task, TravelTimes
from dispatcher.nodes import Ints
from dispatcher.schedule import Schedule, schedule

_LIMITS: Final = ("latest_pickup_s", "latest_dropoff_s", "ride_max_s")


def beginning(request: Request, soonest_s: int) -> Request:
    """Return the request with no pickup before ``soonest_s``, its limits kept if they can be."""
    return replace(
        request,
        earliest_pickup_s=soonest_s,
        latest_pickup_s=max(request.latest_pickup_s, soonest_s),
        latest_dropoff_s=max(request.latest_dropoff_s, soonest_s + request.boarding_s),
    )


def ending(route: Route, end_s: int) -> Route:
    """Return the route of a vehicle whose shift ends at ``end_s``."""
    return replace(route, vehicle=replace(route.vehicle, end_s=end_s))


def kept(
    route: Route, requests: Mapping[str, Request], rows: Rows, times: Ints
) -> tuple[Route, list[Request]]:
    """Return a route whose limits are as wide as these times need them, and whose requests change.

    ``times`` are those of all nodes: the start, every stop and the end; ``rows`` are the route's
    arrays.
    """
    tasks, changed, began_s = dict[str, Task](), list[Request](), times.tolist()
    for node in passed(rows, times).tolist():
        stop, at_s = route.stops[node - 1], began_s[node]
        if stop.kind not in RIDER_STOPS:
            tasks[stop.request_id] = replace(route.tasks[stop.request_id], latest_s=at_s)
            continue
        request, pickup = requests[stop.request_id], int(rows[PICKUP, node])
        waits_s = 0 if pickup < 0 else began_s[pickup]
        since_s = route.boarded_s[request.id] if pickup < 0 else waits_s + request.boarding_s
        changed.append(
            replace(
                request,
                latest_pickup_s=max(waits_s, request.latest_pickup_s),
                latest_dropoff_s=max(at_s, request.latest_dropoff_s),
                ride_max_s=max(at_s - since_s, request.ride_max_s),
            )
        )
    if tasks:
        route = replace(route, tasks={**route.tasks, **tasks})
    if began_s[-1] > route.vehicle.end_s:
        route = ending(route, began_s[-1])
    return route, changed


def narrowed(route: Route, plan: Plan, told: Request, travel: Mapping[str, TravelTimes]) -> Request:
    """Return a party's request with its limits as near to those told as its route can keep.

    One limit after the other: getting in, being set down, the length of the ride.  What it was told
    may lie before it can be at the stop at all, when another event has moved that.
    """
    now = replace(plan.requests[told.id], connection=told.connection)
    for name in _LIMITS:

        def holds(limit_s: int, name: str = name, now: Request = now) -> bool:
            requests = {**plan.requests, now.id: _limited(now, name, limit_s)}
            return isinstance(schedule(route, requests, travel), Schedule)

        low, high = max(getattr(told, name), _lowest(now, name)), getattr(now, name)
        if low < high:
            now = _limited(now, name, least(low, high, holds))
    return told if now == told else now


def _lowest(request: Request, name: str) -> int:
    """Return the least that a limit can be beside the others of a request."""
    boarded_s = request.earliest_pickup_s + request.boarding_s
    latest_s = request.latest_pickup_s + request.boarding_s
    return {
        "latest_pickup_s": request.earliest_pickup_s,
        "latest_dropoff_s": max(request.earliest_dropoff_s, boarded_s),
        "ride_max_s": max(0, request.earliest_dropoff_s - latest_s),
    }[name]


def _limited(request: Request, name: str, limit_s: int) -> Request:
    changes: dict[str, Any] = {name: limit_s}
    return replace(request, **changes)


def least(low: int, high: int, holds: Callable[[int], object]) -> int:
    """Return the least value from ``low`` that holds, which ``high`` does."""
    if holds(low):
        return low
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def carriers(plan: Plan) -> dict[str, str]:
    """Return the vehicle of every party."""
    return {
        stop.request_id: vehicle_id
        for vehicle_id, route in plan.routes.items()
        for stop in route.stops
        if stop.kind in RIDER_STOPS
    }


def worked_longer_s(before: Plan, after: Plan) -> dict[str, int]:
    """Return how much longer than before the drivers work who do."""
    ends_s = {id_: route.vehicle.end_s for id_, route in before.routes.items()}
    return {
        id_: route.vehicle.end_s - ends_s[id_]
        for id_, route in after.routes.items()
        if route.vehicle.end_s > ends_s.get(id_, route.vehicle.end_s)
    }


def late_tasks(before: Plan, after: Plan) -> tuple[Task, ...]:
    """Return the breaks and charges that begin later than their window allowed."""
    known = {id_: task for route in before.routes.values() for id_, task in route.tasks.items()}
    tasks = [task for route in after.routes.values() for task in route.tasks.values()]
    return tuple(task for task in tasks if task.latest_s > known.get(task.id, task).latest_s)


def used_reserves_wh(before: Plan, after: Plan) -> dict[str, int]:
    """Return what is left of the reserves that have to be used."""
    left: dict[str, int] = {}
    for id_, route in after.routes.items():
        battery, was = route.vehicle.battery, before.routes.get(id_, route).vehicle.battery
        if battery is not None and was is not None and battery.reserve_wh < was.reserve_wh:
            left[id_] = battery.reserve_wh
    return left


def rescue(request: Request, boarded_s: int, place: Place, at_s: int) -> Told:
    """Return a party on board as one to be fetched at ``place``, its time on board running on."""
    ride_due_s = boarded_s + request.ride_max_s
    promised_s = min(request.latest_dropoff_s, ride_due_s)
    due_s = max(promised_s, at_s + request.boarding_s)
    bus = request.connection
    connection = bus if bus is not None and bus.toward == "to_bus" else None
    fetched = replace(
        request,
        origin=place,
        earliest_pickup_s=at_s,
        latest_pickup_s=due_s - request.boarding_s,
        earliest_dropoff_s=min(request.earliest_dropoff_s, due_s),
        latest_dropoff_s=due_s,
        ride_max_s=due_s - request.boarding_s - at_s,
        pinned=None,
        follows=None,
        connection=connection,
    )
    ride_s = request.ride_max_s if ride_due_s < request.latest_dropoff_s else None
    return Told(fetched, aboard=True, lost_s=due_s - promised_s, ride_s=ride_s)


def keeping(route: Route, reserve_wh: int) -> Route:
    """Return the route of a vehicle with another reserve."""
    battery = route.vehicle.battery
    if battery is None:
        return route
    kept = replace(battery, reserve_wh=reserve_wh)
    return replace(route, vehicle=replace(route.vehicle, battery=kept))
