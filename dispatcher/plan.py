"""What happens to a plan while the day goes on: vehicles move, riders get in and out, or are late.

Every event takes a plan and returns the next one.  An event that cannot have happened (a rider
gets out who is not on board) is a bug and raises ``ValueError``.  ``battery_wh`` is a reading of
the battery then; without one it stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeGuard

from dispatcher.energy import charged_wh, figures
from dispatcher.model import Battery, Place, Plan, Route, Stop, StopKind, Task, TravelTimes, Vehicle
from dispatcher.schedule import Breach, Rule, Schedule, schedule

_OF_TIME: Final = (
    Rule.LATEST_PICKUP,
    Rule.LATEST_DROPOFF,
    Rule.RIDE_MAX,
    Rule.TASK_LATE,
    Rule.SHIFT_END,
)
_HOPELESS_S: Final = 86_400
"""Who is so late is not late: no road leads there."""


def moved(
    plan: Plan, vehicle_id: str, start: Place, start_s: int, battery_wh: int | None = None
) -> Plan:
    """The vehicle is at ``start`` and can leave at ``start_s``, which may be after its shift."""
    route = plan.routes[vehicle_id]
    return plan.with_route(replace(route, vehicle=_at(route, start, start_s, battery_wh)))


def boarded(plan: Plan, request_id: str, at_s: int, battery_wh: int | None = None) -> Plan:
    """A party is on board since ``at_s``, the end of its boarding; the vehicle is where it got in.

    Its pickup need not have been the next stop: drivers see who stands there.
    """
    route, request = _carrier(plan, request_id), plan.requests[request_id]
    if request_id in route.boarded_s:
        raise ValueError(f"{request_id} is on board already")
    vehicle = _at(route, request.origin, at_s, battery_wh)
    aboard = {**route.boarded_s, request_id: at_s}
    return plan.with_route(_without(route, Stop(request_id, StopKind.PICKUP), vehicle, aboard))


def dropped(plan: Plan, request_id: str, at_s: int, battery_wh: int | None = None) -> Plan:
    """A party has got out at its destination by ``at_s`` and leaves the plan."""
    route, request = _carrier(plan, request_id), plan.requests[request_id]
    if request_id not in route.boarded_s:
        raise ValueError(f"{request_id} is not on board")
    vehicle = _at(route, request.destination, at_s, battery_wh)
    aboard = {id_: since_s for id_, since_s in route.boarded_s.items() if id_ != request_id}
    after = _without(route, Stop(request_id, StopKind.DROPOFF), vehicle, aboard)
    requests = {id_: other for id_, other in plan.requests.items() if id_ != request_id}
    return Plan(plan.version + 1, {**plan.routes, after.vehicle.id: after}, requests)


def done(plan: Plan, task_id: str, at_s: int, battery_wh: int | None = None) -> Plan:
    """A break or a charge is over at ``at_s`` and leaves the plan.

    Without a reading, a charge gave what it was planned to give to what was in the battery.
    """
    route = next((route for route in plan.routes.values() if task_id in route.tasks), None)
    if route is None:
        raise ValueError(f"no vehicle does {task_id}")
    task, battery = route.tasks[task_id], route.vehicle.battery
    if battery_wh is None and battery is not None:
        battery_wh = _given(battery, task)
    vehicle = _at(route, task.place, at_s, battery_wh)
    return plan.with_route(_without(route, Stop(task_id, task.kind), vehicle))


def _given(battery: Battery, task: Task) -> int:
    capacity_wh, now_wh, _, taper_wh = figures(battery)
    power_w, lasts_s = float(task.power_w), float(task.lasts_s)
    return int(charged_wh(now_wh, power_w, lasts_s, capacity_wh, taper_wh))


def relaxed(plan: Plan, travel: Mapping[str, TravelTimes]) -> Plan:
    """Widen the limits that a late vehicle can no longer keep to what it will keep at best.

    Otherwise one late vehicle could take nobody on, and nothing would stop a later decision from
    making its riders later still.  Routes that keep all limits are left alone; the same plan comes
    back when all do.
    """
    for route in plan.routes.values():
        while _is_late(breach := schedule(route, plan.requests, travel)):
            plan = _widened(plan, route, breach)
            route = plan.routes[route.vehicle.id]
    return plan


def _is_late(outcome: Schedule | Breach) -> TypeGuard[Breach]:
    """Whether time is to blame: nothing helps a vehicle that is overfull, empty or cut off."""
    return isinstance(outcome, Breach) and outcome.rule in _OF_TIME and outcome.by < _HOPELESS_S


def _widened(plan: Plan, route: Route, breach: Breach) -> Plan:
    """Move the limit that breaks by as much as it is broken."""
    if breach.request_id is None:
        vehicle = replace(route.vehicle, end_s=route.vehicle.end_s + breach.by)
        return plan.with_route(replace(route, vehicle=vehicle))
    if breach.rule is Rule.TASK_LATE:
        task = route.tasks[breach.request_id]
        wider = replace(task, latest_s=task.latest_s + breach.by)
        return plan.with_route(replace(route, tasks={**route.tasks, task.id: wider}))
    request = plan.requests[breach.request_id]
    match breach.rule:
        case Rule.LATEST_PICKUP:
            wide = replace(request, latest_pickup_s=request.latest_pickup_s + breach.by)
        case Rule.LATEST_DROPOFF:
            wide = replace(request, latest_dropoff_s=request.latest_dropoff_s + breach.by)
        case _:
            wide = replace(request, ride_max_s=request.ride_max_s + breach.by)
    return plan.with_route(route, wide)


def _carrier(plan: Plan, request_id: str) -> Route:
    route = plan.route_of(request_id)
    if route is None:
        raise ValueError(f"no vehicle carries {request_id}")
    return route


def _at(route: Route, start: Place, start_s: int, battery_wh: int | None) -> Vehicle:
    """Return the vehicle elsewhere; one that is out after its shift ends it as soon as it can."""
    vehicle, battery = route.vehicle, route.vehicle.battery
    if battery_wh is not None:
        if battery is None:
            raise ValueError(f"{vehicle.id}: battery_wh={battery_wh} read, but it has no battery")
        battery = replace(battery, now_wh=battery_wh)
    end_s = max(vehicle.end_s, start_s)
    return replace(vehicle, start=start, start_s=start_s, end_s=end_s, battery=battery)


def _without(
    route: Route, stop: Stop, vehicle: Vehicle, boarded_s: Mapping[str, int] | None = None
) -> Route:
    """Return the route of what is left when a stop is made; a lock on it is gone."""
    at = route.stops.index(stop)
    return Route(
        vehicle,
        route.stops[:at] + route.stops[at + 1 :],
        route.boarded_s if boarded_s is None else boarded_s,
        route.locked - (at < route.locked),
        {id_: task for id_, task in route.tasks.items() if id_ != stop.request_id},
    )
