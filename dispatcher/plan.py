"""What happens to a plan while the day goes on: vehicles move, riders get in and out, or are late.

Every event takes a plan and returns the next one.  An event that cannot have happened (a rider
gets out who is not on board) is a bug and raises ``ValueError``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeGuard

from dispatcher.model import Place, Plan, Route, Stop, StopKind, TravelTimes, Vehicle
from dispatcher.schedule import Breach, Rule, Schedule, schedule


def moved(plan: Plan, vehicle_id: str, start: Place, start_s: int) -> Plan:
    """The vehicle is at ``start`` and can leave at ``start_s``, which may be after its shift."""
    route = plan.routes[vehicle_id]
    return plan.with_route(replace(route, vehicle=_at(route, start, start_s)))


def boarded(plan: Plan, request_id: str, at_s: int) -> Plan:
    """A party is on board since ``at_s``, the end of its boarding; the vehicle is where it got in.

    Its pickup need not have been the next stop: drivers see who stands there.
    """
    route, request = _carrier(plan, request_id), plan.requests[request_id]
    if request_id in route.boarded_s:
        raise ValueError(f"{request_id} is on board already")
    stops, locked = _done(route, Stop(request_id, StopKind.PICKUP))
    aboard = {**route.boarded_s, request_id: at_s}
    return plan.with_route(Route(_at(route, request.origin, at_s), stops, aboard, locked))


def dropped(plan: Plan, request_id: str, at_s: int) -> Plan:
    """A party has got out at its destination by ``at_s`` and leaves the plan."""
    route, request = _carrier(plan, request_id), plan.requests[request_id]
    if request_id not in route.boarded_s:
        raise ValueError(f"{request_id} is not on board")
    stops, locked = _done(route, Stop(request_id, StopKind.DROPOFF))
    aboard = {id_: since_s for id_, since_s in route.boarded_s.items() if id_ != request_id}
    after = Route(_at(route, request.destination, at_s), stops, aboard, locked)
    requests = {id_: other for id_, other in plan.requests.items() if id_ != request_id}
    return Plan(plan.version + 1, {**plan.routes, after.vehicle.id: after}, requests)


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
    """Whether time is to blame: nothing helps a vehicle that is overfull."""
    return isinstance(outcome, Breach) and outcome.rule not in (Rule.SEATS, Rule.WHEELCHAIR_PLACES)


def _widened(plan: Plan, route: Route, breach: Breach) -> Plan:
    """Move the limit that breaks by as much as it is broken."""
    if breach.request_id is None:
        vehicle = replace(route.vehicle, end_s=route.vehicle.end_s + breach.by)
        return plan.with_route(replace(route, vehicle=vehicle))
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


def _at(route: Route, start: Place, start_s: int) -> Vehicle:
    """Return the vehicle elsewhere; one that is out after its shift ends it as soon as it can."""
    end_s = max(route.vehicle.end_s, start_s)
    return replace(route.vehicle, start=start, start_s=start_s, end_s=end_s)


def _done(route: Route, stop: Stop) -> tuple[tuple[Stop, ...], int]:
    """Return the stops left, and how many of them are still locked."""
    at = route.stops.index(stop)
    return route.stops[:at] + route.stops[at + 1 :], route.locked - (at < route.locked)
