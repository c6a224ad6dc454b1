"""Who is on board where, and with whom: what a route breaks whatever its times are.

The names are those of ``schedule.Rule``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from dispatcher.model import Request, Route, StopKind
from dispatcher.nodes import Ints, Nodes


def excesses(
    route: Route, requests: Mapping[str, Request], nodes: Nodes
) -> Iterator[tuple[str, Ints]]:
    """Yield by how much every node breaks each rule; at most 0 where it is kept."""
    vehicle = route.vehicle
    yield "not_allowed", _strangers(route, requests)
    yield "aboard_at_task", nodes.bar * nodes.riders
    yield "alone", _company(route, requests, nodes)
    yield "wheelchair_places", nodes.chairs - vehicle.wheelchair_places
    yield "seats", nodes.seats - vehicle.seats
    yield "bags", nodes.bags - vehicle.bags


def is_overfull(route: Route, requests: Mapping[str, Request], nodes: Nodes) -> bool:
    """Whether a route breaks one of these rules, so that it can take nobody until that is over."""
    return any(excess.max() > 0 for _, excess in excesses(route, requests, nodes))


def _strangers(route: Route, requests: Mapping[str, Request]) -> Ints:
    """Return 1 at every pickup of a party that the vehicle may not carry.

    Who is on board already stays there until the dropoff.
    """
    wrong = [
        stop.kind is StopKind.PICKUP and not requests[stop.request_id].allows(route.vehicle.id)
        for stop in route.stops
    ]
    return np.array([0, *wrong, 0], dtype=np.int64)


def _company(route: Route, requests: Mapping[str, Request], nodes: Nodes) -> Ints:
    """Return how many others are on board after every node with a party that rides alone."""
    company = np.zeros_like(nodes.riders)
    for id_ in route.request_ids:
        if requests[id_].alone:
            at = [node for node, stop in enumerate(route.stops, 1) if stop.request_id == id_]
            inside = slice(0 if id_ in route.boarded_s else at[0], at[-1])
            others = nodes.riders[inside] - requests[id_].riders
            company[inside] = np.maximum(company[inside], others)
    return company
