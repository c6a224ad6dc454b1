"""Vehicles kept for those who want to leave at once.

So many of every hundred vehicles that drive around a time may not be given rides booked long
before it.  Vehicles that have such rides around then already may get more of them: what is kept is
a vehicle that is free, whichever it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dispatcher import Plan, Route, TravelTimes
from maas.rides.day import times
from maas.town.rules import BookingRule

AROUND_S: Final = 1800
"""How near another ride counts as around the same time."""


def is_ahead(rules: BookingRule, desired_s: int, now_s: int) -> bool:
    """Whether a ride is asked for so early that it may not have what is kept."""
    return rules.immediate_percent > 0 and desired_s - now_s > rules.immediate_until_min * 60


def closed_to(
    plan: Plan, travel: Mapping[str, TravelTimes], rules: BookingRule, desired_s: int
) -> frozenset[str]:
    """Return the vehicles that a ride booked ahead may not have around `desired_s`."""
    driving = [route for route in plan.routes.values() if _drives(route, desired_s)]
    keep = len(driving) * rules.immediate_percent // 100
    free = [r.vehicle.id for r in driving if not _is_busy(r, plan, travel, desired_s)]
    return frozenset(free) if len(free) <= keep else frozenset()


def _drives(route: Route, at_s: int) -> bool:
    return route.vehicle.start_s <= at_s + AROUND_S and at_s - AROUND_S <= route.vehicle.end_s


def _is_busy(route: Route, plan: Plan, travel: Mapping[str, TravelTimes], at_s: int) -> bool:
    if not route.stops:
        return False
    return any(abs(begin_s - at_s) <= AROUND_S for begin_s in times(route, plan, travel).begin_s)


def without(plan: Plan, vehicle_ids: frozenset[str]) -> Plan:
    """Return a plan in which these vehicles, and who rides in them, are not."""
    if not vehicle_ids:
        return plan
    routes = {id_: route for id_, route in plan.routes.items() if id_ not in vehicle_ids}
    carried = {id_ for route in routes.values() for id_ in route.request_ids}
    kept = {id_: request for id_, request in plan.requests.items() if id_ in carried}
    return Plan(plan.version, routes, kept)


def joined(plan: Plan, part: Plan) -> Plan:
    """Return the whole plan with the routes that `part`, made from it by `without`, has now."""
    return Plan(plan.version, {**plan.routes, **part.routes}, {**plan.requests, **part.requests})
