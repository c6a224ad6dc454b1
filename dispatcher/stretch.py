"""The part of a plan around a time of the day: what a search for room for one party has to know.

Each route is cut where nobody and nothing is on board.  What comes before stays as it is planned,
and what comes after begins when it was planned to: the stretch between is a route of its own, far
shorter than the day, and a search over it takes a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dispatcher.fleet import Fleet
from dispatcher.model import RIDER_STOPS, Place, Plan, Request, Route, StopKind
from dispatcher.schedule import Schedule, schedule_of


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of ``whole`` as a plan of its own; ``cuts`` are the first stop and the end of each."""

    whole: Plan
    part: Plan
    cuts: Mapping[str, tuple[int, int]]

    def joined(self, found: Plan, request: Request) -> Plan:
        """Return the next whole plan, with the stops a search found for the part."""
        routes = dict(self.whole.routes)
        for id_, (first, end) in self.cuts.items():
            stops = routes[id_].stops
            between = found.routes[id_].stops
            routes[id_] = routes[id_].with_stops([*stops[:first], *between, *stops[end:]])
        requests = {**self.whole.requests, request.id: request}
        return Plan(self.whole.version + 1, routes, requests)


def stretch(plan: Plan, fleet: Fleet, from_s: int, to_s: int) -> Stretch:
    """Return the part of a plan that holds all that happens between two seconds of the day.

    The routes of ``plan`` are among those of the ``fleet``.  Those that break a limit already are
    left out: there is no saying when their stops happen.
    """
    routes, cuts = {}, {}
    for id_, route in plan.routes.items():
        known = fleet.compiled[id_]
        times = schedule_of(route, plan.requests, known.nodes)
        if isinstance(times, Schedule):
            cuts[id_] = _cut(route, times, from_s, to_s)
            routes[id_] = _between(route, known.places, times, *cuts[id_])
    carried = {id_ for route in routes.values() for id_ in route.request_ids}
    requests = {id_: request for id_, request in plan.requests.items() if id_ in carried}
    return Stretch(plan, Plan(plan.version, routes, requests), cuts)


def _cut(route: Route, times: Schedule, from_s: int, to_s: int) -> tuple[int, int]:
    """Return the first stop of the stretch and the stop before which it ends, as near as may be."""
    first, end, aboard = 0, len(route.stops), set(route.boarded_s)
    for at, stop in enumerate(route.stops):
        if at > 0 and not aboard and times.begin_s[at] >= to_s:
            return first, at
        if stop.kind is StopKind.PICKUP:
            aboard.add(stop.request_id)
        aboard -= {stop.request_id} if stop.kind is StopKind.DROPOFF else set()
        if not aboard and at + 1 >= route.locked and times.depart_s[at] <= from_s:
            first = at + 1
    return first, end


def _between(route: Route, places: Sequence[Place], times: Schedule, first: int, end: int) -> Route:
    """Return the route from where it is free before ``first`` to where it has to be at ``end``."""
    vehicle, stops = route.vehicle, route.stops[first:end]
    if first > 0:
        vehicle = replace(vehicle, start=places[first], start_s=times.depart_s[first - 1])
    if end < len(route.stops):
        vehicle = replace(vehicle, end=places[end + 1], end_s=times.begin_s[end])
    boarded_s, locked = (route.boarded_s, route.locked) if first == 0 else ({}, 0)
    doing = {stop.request_id for stop in stops if stop.kind not in RIDER_STOPS}
    tasks = {id_: task for id_, task in route.tasks.items() if id_ in doing}
    return Route(vehicle, stops, boarded_s, min(locked, len(stops)), tasks)
