"""The search for a live plan: only what is not yet done may change.

A party may move when neither of its stops is locked and it is not on board; every other stop stays
on its vehicle in its place among those, and no stop comes before the last locked one.  Routes that
break a limit already are left out.  The plan that comes back keeps every promise or is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher import cost
from dispatcher.check import check
from dispatcher.cost import plan_cost_s
from dispatcher.model import (
    RIDER_STOPS,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    TravelTimes,
    Vehicle,
)
from dispatcher.schedule import Schedule, schedule
from dispatcher.search import MaxIterations, Problem, Solution, Stopping, alike, search
from dispatcher.search_kernel import Floats, Ints

_UNSERVED_S: Final = 1e7
"""What leaving a party out would cost the search: more than any drive."""


def search_plan(
    plan: Plan, travel: Mapping[str, TravelTimes], *, stop: Stopping, seed: int = 0
) -> Plan:
    """Return a cheaper plan that keeps every promise, or the same plan when none was found."""
    task = PlanTask(plan, travel)
    if not task.parties:
        return plan
    found = search(task.problem(), stop=stop, seed=seed, first=task.nodes)
    better = task.plan_of(found)
    if plan_cost_s(better, travel) >= plan_cost_s(plan, travel):
        return plan
    if set(check(better, travel)) - set(check(plan, travel)):
        return plan
    return better


def shuffle_in(
    plan: Plan,
    request: Request,
    travel: Mapping[str, TravelTimes],
    *,
    stop: Stopping,
    seed: int = 0,
) -> Plan | None:
    """Return the next plan with one more party, others moved within their promises to make room.

    ``None`` when no such plan was found; the search ends with the first it finds.  Raises
    ``ValueError`` when the plan has the party already.
    """
    if request.id in plan.requests:
        raise ValueError(f"{request.id} is in the plan already")
    task = PlanTask(plan, travel, (request,))
    if not task.sound:
        return None
    found = search(task.problem(), stop=stop, seed=seed, first=task.nodes, until_served=True)
    if found.unserved:
        return None
    fuller = task.plan_of(found)
    return None if set(check(fuller, travel)) - set(check(plan, travel)) else fuller


class _OneRoad:
    """Places a second apart on one road."""

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        return np.abs(np.subtract.outer(origins, destinations)).astype(np.int32)


def warm_search() -> None:
    """Compile the search for this process; half a minute the first time ever, then a second."""
    van = Vehicle("van", Place(0), Place(0), 0, 10_000, seats=4)
    party = Request("first", Place(1), Place(9), 0, 9_000, 0, 9_000, ride_max_s=100)
    plan = Plan(0, {"van": Route(van)}, {})
    shuffle_in(plan, party, {"car": _OneRoad()}, stop=MaxIterations(1))


def movable(route: Route) -> list[str]:
    """Return the parties of a route that may go elsewhere, in the order they get in."""
    locked = {stop.request_id for stop in route.stops[: route.locked]}
    return [
        stop.request_id
        for stop in route.stops
        if stop.kind is StopKind.PICKUP and stop.request_id not in locked
    ]


class PlanTask:
    """The sound routes of a plan, and parties ``waiting``, as the nodes of a search, and back."""

    def __init__(
        self, plan: Plan, travel: Mapping[str, TravelTimes], waiting: tuple[Request, ...] = ()
    ) -> None:
        self.plan, self.travel = plan, travel
        self.requests = {**plan.requests, **{request.id: request for request in waiting}}
        self.sound = [
            route
            for route in plan.routes.values()
            if isinstance(schedule(route, plan.requests, travel), Schedule)
        ]
        moving = [id_ for route in self.sound for id_ in movable(route)]
        self.parties = [*moving, *(request.id for request in waiting)]
        self.stops = [Stop(id_, kind) for id_ in self.parties for kind in RIDER_STOPS]
        fixed = (stop for route in self.sound for stop in route.stops)
        self.stops += [stop for stop in fixed if stop.request_id not in moving]
        self.node = {stop: at for at, stop in enumerate(self.stops)}
        self.nodes = [[self.node[stop] for stop in route.stops] for route in self.sound]

    def plan_of(self, found: Solution) -> Plan:
        """Return the next plan, with the routes the search found."""
        routes = dict(self.plan.routes)
        for route, nodes in zip(self.sound, found.routes, strict=True):
            routes[route.vehicle.id] = route.with_stops([self.stops[node] for node in nodes])
        return Plan(self.plan.version + 1, routes, self.requests)

    def problem(self) -> Problem:
        """Return the task in the words of the search: stops, then starts, then ends."""
        stops, fleet = len(self.stops), len(self.sound)
        vehicles = [route.vehicle for route in self.sound]
        profiles = sorted({vehicle.profile for vehicle in vehicles})
        start = np.arange(stops, stops + fleet)
        early, late, service, seats, chairs = np.array(list(self._nodes()), dtype=np.int64).T
        drives = np.stack([self._drives(profile) for profile in profiles])
        pick, drop, ride = self._pairs(len(early))
        floats = (
            np.ascontiguousarray(column, dtype=np.float64) for column in (early, late, service)
        )
        early_s, late_s, service_s = floats
        kinds = list(dict.fromkeys(replace(vehicle, id="") for vehicle in vehicles))
        return Problem(
            early=early_s,
            late=late_s,
            service=service_s,
            ride=ride,
            pick=pick,
            drop=drop,
            seats=np.ascontiguousarray(seats),
            chairs=np.ascontiguousarray(chairs),
            drives=drives,
            toward=drives.transpose(0, 2, 1).copy(),
            profile=_ints([profiles.index(vehicle.profile) for vehicle in vehicles]),
            start=start,
            end=start + fleet,
            behind=_ints([self._behind(route, stops + v) for v, route in enumerate(self.sound)]),
            kind=_ints([kinds.index(replace(vehicle, id="")) for vehicle in vehicles]),
            room=_ints([vehicle.seats for vehicle in vehicles]),
            places=_ints([vehicle.wheelchair_places for vehicle in vehicles]),
            lost=_ints([vehicle.seats_lost_per_wheelchair for vehicle in vehicles]),
            near=alike(early_s, late_s, drives[0], len(self.parties)),
            aboard=cost.ABOARD / cost.DRIVE,
            unserved=_UNSERVED_S,
        )

    def _behind(self, route: Route, start: int) -> int:
        return self.node[route.stops[route.locked - 1]] if route.locked > 0 else start

    def _nodes(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield each node's window, service time, and change of seats and wheelchairs."""
        aboard = {id_: at_s for route in self.sound for id_, at_s in route.boarded_s.items()}
        for stop in self.stops:
            yield _stop(stop, self.requests[stop.request_id], aboard)
        for route in self.sound:
            inside = [self.requests[id_] for id_ in route.boarded_s]
            seats, chairs = sum(r.seats for r in inside), sum(r.wheelchairs for r in inside)
            yield (route.vehicle.start_s, route.vehicle.end_s, 0, seats, chairs)
        for route in self.sound:
            yield (route.vehicle.start_s, route.vehicle.end_s, 0, 0, 0)

    def _drives(self, profile: str) -> np.ndarray:
        """Return driving seconds between all nodes; nothing to an end that may be anywhere."""
        vehicles = [route.vehicle for route in self.sound]
        places = [self._place(stop) for stop in self.stops]
        places += [vehicle.start for vehicle in vehicles]
        places += [v.start if v.end is None else v.end for v in vehicles]
        different = sorted(set(places))
        rows = np.searchsorted(different, places)
        table = self.travel[profile].table(different, different)[np.ix_(rows, rows)]
        drives = table.astype(np.float64)
        open_ends = [vehicle.end is None for vehicle in vehicles]
        drives[:, len(places) - len(vehicles) :][:, open_ends] = 0.0
        return drives

    def _place(self, stop: Stop) -> Place:
        request = self.requests[stop.request_id]
        return request.origin if stop.kind is StopKind.PICKUP else request.destination

    def _pairs(self, count: int) -> tuple[Ints, Ints, Floats]:
        """Return where each dropoff's party gets in, the inverse, and the longest rides."""
        pick, drop = np.full(count, -1), np.full(count, -1)
        ride = np.full(count, np.inf)
        for stop, node in self.node.items():
            pickup = self.node.get(Stop(stop.request_id, StopKind.PICKUP))
            if stop.kind is StopKind.DROPOFF and pickup is not None:
                request = self.requests[stop.request_id]
                pick[node], drop[pickup] = pickup, node
                ride[node] = request.boarding_s + request.ride_max_s
        return pick, drop, ride


def _stop(stop: Stop, party: Request, aboard: Mapping[str, int]) -> tuple[int, int, int, int, int]:
    """Return a stop's window, service time, and change of seats and wheelchairs."""
    if stop.kind is StopKind.PICKUP:
        window = party.earliest_pickup_s, party.latest_pickup_s
        return *window, party.boarding_s, party.seats, party.wheelchairs
    late_s = party.latest_dropoff_s
    if party.id in aboard:
        late_s = min(late_s, aboard[party.id] + party.ride_max_s)
    early_s = party.earliest_dropoff_s
    return early_s, late_s, party.alighting_s, -party.seats, -party.wheelchairs


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)
