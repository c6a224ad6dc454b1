"""When a route's stops happen, or which limit it breaks.

Among all schedules that keep every limit this is the one where everybody arrives as early as
possible and, that given, boards as late as possible: nobody waits in the vehicle without need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dispatcher import energy, kernel, kernels
from dispatcher.load import excesses
from dispatcher.model import RIDER_STOPS, Request, Route, StopKind, TravelTimes
from dispatcher.nodes import Ints, Nodes, nodes_of


class Rule(StrEnum):
    """The limits a route can break."""

    SEATS = "seats"
    WHEELCHAIR_PLACES = "wheelchair_places"
    LATEST_PICKUP = "latest_pickup"
    LATEST_DROPOFF = "latest_dropoff"
    RIDE_MAX = "ride_max"
    SHIFT_END = "shift_end"
    BAGS = "bags"
    ALONE = "alone"
    """Other people are on board with a party that rides alone."""
    NOT_ALLOWED = "not_allowed"
    """A vehicle that may not carry the party: see ``Request.allows``."""
    ABOARD_AT_TASK = "aboard_at_task"
    TASK_LATE = "task_late"
    """A break or charge cannot begin by its latest time."""
    BATTERY = "battery"
    """The reserve would be touched on the way to the stop."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times of a route, one entry a stop, in seconds of the service day.

    The vehicle leaves its start at ``leave_s``, arrives (``arrive_s``), begins (``begin_s``, after
    waiting if it is early) and departs (``depart_s``), and has reached its end at ``end_s``.
    ``load`` is how many people are on board after the stop.
    """

    leave_s: int
    end_s: int
    arrive_s: tuple[int, ...]
    begin_s: tuple[int, ...]
    depart_s: tuple[int, ...]
    load: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """The first limit a route breaks, and by how much: seconds, people, bags or watt-hours.

    ``stop_index`` equals the number of stops when it is the end of the shift or the drive to the
    depot; ``request_id`` is ``None`` then, and the id of the task at a task.
    """

    rule: Rule
    stop_index: int
    request_id: str | None
    by: int


def schedule(
    route: Route, requests: Mapping[str, Request], travel: Mapping[str, TravelTimes]
) -> Schedule | Breach:
    """Return when every stop of a route happens, or the limit that cannot be kept."""
    return schedule_of(route, requests, nodes_of(route, requests, travel))


def schedule_of(route: Route, requests: Mapping[str, Request], nodes: Nodes) -> Schedule | Breach:
    """Return what ``schedule`` does for a route whose nodes are known."""
    overload = _overload(route, requests, nodes)
    if overload is not None:
        return overload
    times = np.empty_like(nodes.early)
    failed = kernels.current().least_times(*nodes[:6], times)
    if failed != kernel.FEASIBLE:
        return _breach(route, requests, nodes, times, failed)
    if route.vehicle.battery is not None:
        levels, empty = energy.levels_of(route.vehicle.battery, nodes)
        if empty != energy.ENOUGH:
            return _flat(route, int(route.vehicle.battery.reserve_wh - levels[empty]), empty)
    kernels.current().board_late(nodes.late, nodes.service, nodes.leg, nodes.boards, times)
    return _schedule(nodes, times)


def expected(
    route: Route, requests: Mapping[str, Request], travel: Mapping[str, TravelTimes]
) -> Schedule:
    """Return when the stops will happen if the vehicle goes on as fast as it can.

    Unlike ``schedule`` it also answers for a route that is late.
    """
    nodes = nodes_of(route, requests, travel)
    times = np.empty_like(nodes.early)
    kernels.current().soonest_times(nodes.early, nodes.service, nodes.leg, times)
    return _schedule(nodes, times)


def _overload(route: Route, requests: Mapping[str, Request], nodes: Nodes) -> Breach | None:
    """Return the first stop after which somebody is on board who has no place there."""
    for rule, excess in excesses(route, requests, nodes):
        if excess.max() > 0:
            node = int(np.argmax(excess > 0))
            stop = max(node - 1, 0)
            return Breach(Rule(rule), stop, route.stops[stop].request_id, int(excess[node]))
    return None


def _flat(route: Route, by_wh: int, node: int) -> Breach:
    """Return the breach of a battery that goes under its reserve on the way to ``node``."""
    stop = max(node - 1, 0)
    at = route.stops[stop].request_id if stop < len(route.stops) else None
    return Breach(Rule.BATTERY, stop, at, by_wh)


def _breach(
    route: Route, requests: Mapping[str, Request], nodes: Nodes, times: Ints, node: int
) -> Breach:
    """Name the limit that stopped the times at ``node``."""
    over_s = int(times[node] - nodes.late[node])
    if node == len(times) - 1:
        return Breach(Rule.SHIFT_END, len(route.stops), None, over_s)
    stop = route.stops[node - 1]
    if stop.kind not in RIDER_STOPS:
        return Breach(Rule.TASK_LATE, node - 1, stop.request_id, over_s)
    request = requests[stop.request_id]
    if stop.kind is StopKind.PICKUP:
        return Breach(Rule.LATEST_PICKUP, node - 1, request.id, over_s)
    if times[node] > request.latest_dropoff_s:
        over_s = int(times[node]) - request.latest_dropoff_s
        return Breach(Rule.LATEST_DROPOFF, node - 1, request.id, over_s)
    if request.id not in route.boarded_s:
        over_s = _ride_excess_s(nodes, times, node)
    return Breach(Rule.RIDE_MAX, node - 1, request.id, over_s)


def _ride_excess_s(nodes: Nodes, times: Ints, node: int) -> int:
    """Return by how much the ride that ends at ``node`` is too long, boarding at the latest."""
    pickup = int(nodes.pickup[node])
    moving_s = int((nodes.service + nodes.leg)[pickup:node].sum())
    aboard_s = max(moving_s, int(times[node] - nodes.late[pickup]))
    return aboard_s - int(nodes.ride[node])


def _schedule(nodes: Nodes, times: Ints) -> Schedule:
    depart = times + nodes.service
    arrive = depart[:-1] + nodes.leg[:-1]
    inner = slice(1, -1)
    return Schedule(
        leave_s=int(times[0]),
        end_s=int(arrive[-1]),
        arrive_s=tuple(arrive[:-1].tolist()),
        begin_s=tuple(times[inner].tolist()),
        depart_s=tuple(depart[inner].tolist()),
        load=tuple(nodes.riders[inner].tolist()),
    )
