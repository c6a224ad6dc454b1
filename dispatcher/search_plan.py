"""The search for a live plan: only what is not yet done may change.

A party may move when neither of its stops is locked and it is not on board; every other stop stays
on its vehicle in its place among those, and no stop comes before the last locked one.  Routes that
break a limit already are left out.  The plan that comes back keeps every promise or is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from dispatcher import cost
from dispatcher.check import check
from dispatcher.cost import plan_cost_s
from dispatcher.energy import figures
from dispatcher.insert import OneRoad
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
from dispatcher.nodes import energy_of
from dispatcher.schedule import Schedule, schedule
from dispatcher.search import (
    MaxIterations,
    Problem,
    Solution,
    Stopping,
    alike,
    make_room,
    search,
)
from dispatcher.search_state import Floats, Ints

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
    return better if breaks_nothing(better, plan, travel) else plan


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
    fuller = fitted(plan, request, travel, stop=stop, seed=seed)
    return fuller if fuller and breaks_nothing(fuller, plan, travel) else None


def fitted(
    plan: Plan,
    request: Request,
    travel: Mapping[str, TravelTimes],
    *,
    stop: Stopping,
    seed: int = 0,
) -> Plan | None:
    """Return what ``shuffle_in`` does, before the verifier has seen it."""
    if request.id in plan.requests:
        raise ValueError(f"{request.id} is in the plan already")
    task = PlanTask(plan, travel, (request,))
    if not task.sound:
        return None
    found = make_room(task.problem(), stop=stop, seed=seed, first=task.nodes)
    return None if found.unserved else task.plan_of(found)


def breaks_nothing(after: Plan, before: Plan, travel: Mapping[str, TravelTimes]) -> bool:
    """Whether the verifier finds nothing in a plan that was not in the one it was made from.

    Only the routes that differ are looked at: every limit is that of one vehicle, or of a party.
    """
    changed = after.changed_since(before)
    wrong = check(after.of(changed), travel)
    return not wrong or set(wrong) <= set(check(before.of(changed), travel))


def warm_search() -> None:
    """Compile the search for this process; half a minute the first time ever, then a second."""
    van = Vehicle("van", Place(0), Place(0), 0, 10_000, seats=4)
    party = Request("first", Place(1), Place(9), 0, 9_000, 0, 9_000, ride_max_s=100)
    plan = Plan(0, {"van": Route(van)}, {})
    fuller = shuffle_in(plan, party, {"car": OneRoad()}, stop=MaxIterations(1))
    search_plan(fuller or plan, {"car": OneRoad()}, stop=MaxIterations(1))


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
        self.stops: list[tuple[Stop, Route | None]] = [
            (Stop(id_, kind), None) for id_ in self.parties for kind in RIDER_STOPS
        ]
        node = {stop: at for at, (stop, _) in enumerate(self.stops)}
        self.nodes: list[list[int]] = []
        for route in self.sound:
            self.nodes.append([])
            for stop in route.stops:
                if stop not in node or stop.kind not in RIDER_STOPS:
                    node[stop] = len(self.stops)
                    self.stops.append((stop, route))
                self.nodes[-1].append(node[stop])

    def plan_of(self, found: Solution) -> Plan:
        """Return the next plan, with the routes the search found."""
        routes = dict(self.plan.routes)
        for route, nodes in zip(self.sound, found.routes, strict=True):
            routes[route.vehicle.id] = route.with_stops([self.stops[node][0] for node in nodes])
        return Plan(self.plan.version + 1, routes, self.requests)

    def problem(self) -> Problem:
        """Return the task in the words of the search: stops, then starts, then ends."""
        stops, fleet = len(self.stops), len(self.sound)
        vehicles = [route.vehicle for route in self.sound]
        profiles = sorted({vehicle.profile for vehicle in vehicles})
        start = np.arange(stops, stops + fleet)
        nodes = np.array(list(self._nodes()), dtype=np.int64).T
        early, late, service, power = nodes[:4].astype(np.float64)
        seats, chairs, bags, alone, bar = nodes[4:]
        places = self._places()
        drives = np.stack([self._drives(profile, places) for profile in profiles])
        extra = self._extra()
        pick, ride = self._pairs(len(early))
        kinds = [(replace(vehicle, id=""), *extra[:, v]) for v, vehicle in enumerate(vehicles)]
        known = list(dict.fromkeys(kinds))
        return Problem(
            early=early,
            late=late,
            service=service,
            ride=ride,
            pick=pick,
            seats=seats,
            chairs=chairs,
            bags=bags,
            alone=alone,
            bar=bar,
            power=power,
            drives=drives,
            energy=self._energy(profiles, places),
            profile=_ints([profiles.index(vehicle.profile) for vehicle in vehicles]),
            start=start,
            end=start + fleet,
            behind=_ints(
                [([stops + v] + self.nodes[v])[route.locked] for v, route in enumerate(self.sound)]
            ),
            kind=_ints([known.index(kind) for kind in kinds]),
            room=_ints([vehicle.seats for vehicle in vehicles]),
            places=_ints([vehicle.wheelchair_places for vehicle in vehicles]),
            lost=_ints([vehicle.seats_lost_per_wheelchair for vehicle in vehicles]),
            luggage=_ints([vehicle.bags for vehicle in vehicles]),
            battery=np.array([figures(vehicle.battery) for vehicle in vehicles]),
            extra=extra,
            near=alike(early, late, drives[0], len(self.parties)),
            aboard=cost.ABOARD / cost.DRIVE,
            unserved=_UNSERVED_S,
        )

    def _nodes(self) -> Iterator[tuple[int, ...]]:
        """Yield each node's window, service time, watts, and what comes on board."""
        for stop, route in self.stops:
            yield self._stop(stop, route)
        for route in self.sound:
            inside = [self.requests[id_] for id_ in route.boarded_s]
            taken = [sum(sizes) for sizes in zip((0, 0, 0, 0), *map(_size, inside), strict=True)]
            yield (route.vehicle.start_s, route.vehicle.end_s, 0, 0, *taken, 0)
        for route in self.sound:
            yield (route.vehicle.start_s, route.vehicle.end_s, 0, 0, 0, 0, 0, 0, 0)

    def _stop(self, stop: Stop, route: Route | None) -> tuple[int, ...]:
        if route is not None and stop.kind not in RIDER_STOPS:
            task = route.tasks[stop.request_id]
            window = task.earliest_s, task.latest_s
            return *window, task.lasts_s, task.power_w, 0, 0, 0, 0, 1
        party = self.requests[stop.request_id]
        if stop.kind is StopKind.PICKUP:
            window = party.earliest_pickup_s, party.latest_pickup_s
            return *window, party.boarding_s, 0, *_size(party), 0
        early_s, late_s = party.earliest_dropoff_s, party.latest_dropoff_s
        if route is not None and party.id in route.boarded_s:
            late_s = min(late_s, route.boarded_s[party.id] + party.ride_max_s)
        return early_s, late_s, party.alighting_s, 0, *(-part for part in _size(party)), 0

    def _places(self) -> list[Place]:
        vehicles = [route.vehicle for route in self.sound]
        places = [self._place(stop, route) for stop, route in self.stops]
        places += [vehicle.start for vehicle in vehicles]
        return places + [v.start if v.end is None else v.end for v in vehicles]

    def _place(self, stop: Stop, route: Route | None) -> Place:
        if route is not None and stop.kind not in RIDER_STOPS:
            return route.tasks[stop.request_id].place
        request = self.requests[stop.request_id]
        return request.origin if stop.kind is StopKind.PICKUP else request.destination

    def _drives(self, profile: str, places: list[Place]) -> np.ndarray:
        """Return driving seconds between all nodes; nothing to an end that may be anywhere."""
        different, rows = np.unique(places, return_inverse=True)
        found = [Place(place) for place in different.tolist()]
        table = self.travel[profile].table(found, found)[np.ix_(rows, rows)]
        return self._open(table.astype(np.float64))

    def _energy(self, profiles: list[str], places: list[Place]) -> np.ndarray:
        """Return watt-hours between all nodes, twice a profile; nothing without a battery."""
        powered = {r.vehicle.profile for r in self.sound if r.vehicle.battery is not None}
        if not powered:
            return np.zeros((0, 0, 0))
        different, rows = np.unique(places, return_inverse=True)
        found = [Place(place) for place in different.tolist()]
        energy = np.zeros((2 * len(profiles), len(places), len(places)))
        for at, profile in enumerate(profiles):
            if profile in powered:
                vehicle = next(r.vehicle for r in self.sound if r.vehicle.profile == profile)
                layers = energy_of(vehicle, self.travel[profile]).energy(found, found)
                for part in range(2):
                    energy[2 * at + part] = self._open(layers[part][np.ix_(rows, rows)])
        return energy

    def _open(self, table: np.ndarray) -> np.ndarray:
        """Return a table with nothing on the way to ends that may be anywhere."""
        open_ends = [route.vehicle.end is None for route in self.sound]
        table[:, len(table) - len(open_ends) :][:, open_ends] = 0
        return table

    def _pairs(self, count: int) -> tuple[Ints, Floats]:
        """Return where each dropoff's party gets in, and the longest rides."""
        pick, ride = np.full(count, -1), np.full(count, np.inf)
        node = {stop: at for at, (stop, _) in enumerate(self.stops) if stop.kind in RIDER_STOPS}
        for stop, at in node.items():
            pickup = node.get(Stop(stop.request_id, StopKind.PICKUP))
            if stop.kind is StopKind.DROPOFF and pickup is not None:
                request = self.requests[stop.request_id]
                pick[at], ride[at] = pickup, request.boarding_s + request.ride_max_s
        return pick, ride

    def _extra(self) -> Floats:
        """Return what it costs, or that it may not be, that a vehicle carries a party."""
        extra = np.zeros((len(self.parties), len(self.sound)))
        for r, id_ in enumerate(self.parties):
            party = self.requests[id_]
            for v, route in enumerate(self.sound):
                if not party.allows(route.vehicle.id):
                    extra[r, v] = np.inf
                elif not party.likes(route.vehicle.id):
                    extra[r, v] = cost.NOT_PREFERRED_S / cost.DRIVE
        return extra


def _size(party: Request) -> tuple[int, int, int, int]:
    return party.seats, party.wheelchairs, party.bags, int(party.alone)


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)
