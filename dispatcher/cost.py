"""What a route costs the town and its riders, in seconds of driving: the one measure of better.

A second on the road costs ``DRIVE``, and ``ABOARD`` more for each rider who sits through it, so
that between two equal drives the one that keeps riders shorter wins.  Waiting costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dispatcher.model import Plan, Route, TravelTimes
from dispatcher.nodes import nodes_of

DRIVE: Final = 1.0
ABOARD: Final = 0.125
NOT_PREFERRED_S: Final = 300.0
"""What it costs when a party does not get a vehicle it prefers: five minutes of driving."""


def route_cost_s(route: Route, plan: Plan, travel: Mapping[str, TravelTimes]) -> float:
    """Return what one route costs, from where the vehicle is to its depot if it has one."""
    nodes = nodes_of(route, plan.requests, travel)
    drive_s = float((nodes.leg * (DRIVE + ABOARD * nodes.riders)).sum())
    carried = (plan.requests[id_] for id_ in route.request_ids)
    return drive_s + NOT_PREFERRED_S * sum(not party.likes(route.vehicle.id) for party in carried)


def plan_cost_s(plan: Plan, travel: Mapping[str, TravelTimes]) -> float:
    """Return what all routes cost together."""
    return sum(route_cost_s(route, plan, travel) for route in plan.routes.values())
