"""A better plan for the same promises: ruin and recreate, then descent in OR-Tools' routing model.

The search runs first, where it is compiled (``search_plan.warm_search``).  The routing model holds
what is not yet done: every vehicle from where it is, riders on board as dropoffs that belong to
their vehicle, locked stops chained to the start.  It begins from the plan and only descends
(metaheuristics gain nothing from a warm start, google/or-tools#1841), with matrices instead of
callbacks.  Tasks are nodes of their vehicle at which nobody is on board; vehicles with a battery
keep what the search gave them.  What is found is published only if ``check`` finds nothing new and
the cost falls by what is worth a driver's seeing the list of stops change.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from dispatcher.check import check
from dispatcher.cost import DRIVE, NOT_PREFERRED_S, plan_cost_s
from dispatcher.model import (
    RIDER_STOPS,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    Task,
    TravelTimes,
)
from dispatcher.schedule import Schedule, schedule
from dispatcher.search import Either, MaxCpu, MaxIterations, is_compiled
from dispatcher.search_plan import search_plan

WORTH_S: Final = 60.0
"""A plan that saves less than a minute of driving is not worth reading a list of stops anew."""

_DROPPED_S: Final = 10_000_000
"""What leaving a party out would cost the search: more than any drive."""

_SEARCHED: Final = 10_000
"""Iterations of the search: a busy day's worth is found in them, and the seed decides what."""


def improve(
    plan: Plan,
    travel: Mapping[str, TravelTimes],
    *,
    time_limit_s: float,
    seed: int = 0,
    worth_s: float = WORTH_S,
) -> Plan:
    """Return a plan at least ``worth_s`` cheaper that keeps every promise, or the same plan.

    At most half the time goes to the search, where it is compiled, the rest to the routing model.
    """
    began_s = time.monotonic()
    found = plan
    if is_compiled():
        stop = Either(MaxIterations(_SEARCHED), MaxCpu(time_limit_s / 2))
        found = search_plan(plan, travel, stop=stop, seed=seed)
    left_s = time_limit_s - (time.monotonic() - began_s)
    if left_s > 0:
        found = _polish(found, travel, time_limit_s=left_s, seed=seed)
    if found is plan or plan_cost_s(plan, travel) - plan_cost_s(found, travel) < worth_s:
        return plan
    return replace(found, version=plan.version + 1)


def changes(before: Plan, after: Plan) -> int:
    """Return how many stops drivers see come, go or move in their lists.

    A stop that goes from one vehicle to another counts once; one that only waits for others to be
    put in or taken out in front of it does not count.
    """
    count, here, gone = 0, set[Stop](), set[Stop]()
    for id_ in before.routes.keys() | after.routes.keys():
        old = before.routes[id_].stops if id_ in before.routes else ()
        new = after.routes[id_].stops if id_ in after.routes else ()
        count += len(new) - _in_common(old, new)
        here |= set(new)
        gone |= set(old)
    return count + len(gone - here)


def _in_common(old: tuple[Stop, ...], new: tuple[Stop, ...]) -> int:
    """Return the length of the longest list of stops that both have in this order."""
    best = [0] * (len(new) + 1)
    for stop in old:
        row = [0]
        for at, other in enumerate(new):
            row.append(best[at] + 1 if stop == other else max(row[at], best[at + 1]))
        best = row
    return best[-1]


def _polish(
    plan: Plan, travel: Mapping[str, TravelTimes], *, time_limit_s: float, seed: int = 0
) -> Plan:
    """Return a cheaper plan that keeps every promise, or the same plan when none was found.

    Routes that are late already, and those of vehicles with a battery, are left alone.  ``seed``
    shuffles the order in which stops are looked at, and so the local optimum that is reached.
    """
    sound = [
        route
        for route in plan.routes.values()
        if route.vehicle.battery is None
        and isinstance(schedule(route, plan.requests, travel), Schedule)
    ]
    if not any(route.stops for route in sound):
        return plan
    search = _Search(plan, sound, travel, seed)
    found = {route.vehicle.id: route for route in search.descend(time_limit_s)}
    better = replace(plan, version=plan.version + 1, routes={**plan.routes, **found})
    if plan_cost_s(better, travel) >= plan_cost_s(plan, travel):
        return plan
    if set(check(better, travel)) - set(check(plan, travel)):
        return plan
    return better


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in the model: a vehicle's start or end, or a stop."""

    place: Place | None
    request: Request | None = None
    kind: StopKind | None = None
    task: Task | None = None

    @property
    def service_s(self) -> int:
        """How long the vehicle stands there."""
        if self.task is not None:
            return self.task.lasts_s
        if self.request is None:
            return 0
        pickup = self.kind is StopKind.PICKUP
        return self.request.boarding_s if pickup else self.request.alighting_s

    def company(self, most: int) -> int:
        """Return what of ``most`` places its people take who may want to be alone."""
        if self.request is None or self.request.riders == 0:
            return 0
        return most if self.request.alone else 1

    @property
    def sign(self) -> int:
        """+1 where riders get in, -1 where they get out."""
        if self.request is None:
            return 0
        return 1 if self.kind is StopKind.PICKUP else -1


class _Search:
    """The routing model of some routes of a plan; times count from the earliest start."""

    def __init__(
        self,
        plan: Plan,
        routes: list[Route],
        travel: Mapping[str, TravelTimes],
        seed: int,
    ) -> None:
        from ortools.constraint_solver import pywrapcp  # takes half a second; quotes never need it

        self.requests, self.routes, self.travel = plan.requests, routes, travel
        self.base_s = min(route.vehicle.start_s for route in routes)
        self.stops = [(v, stop) for v, route in enumerate(routes) for stop in route.stops]
        random.Random(seed).shuffle(self.stops)  # noqa: S311 -- not a secret
        self.nodes = list(self._nodes())
        count = len(routes)
        starts, ends = list(range(count)), list(range(count, 2 * count))
        self.manager = pywrapcp.RoutingIndexManager(len(self.nodes), count, starts, ends)
        self.model = pywrapcp.RoutingModel(self.manager)
        self.index = {
            self._key(v, stop): int(self.manager.NodeToIndex(2 * count + at))
            for at, (v, stop) in enumerate(self.stops)
        }
        self.stop_at = {self.index[self._key(v, stop)]: stop for v, stop in self.stops}
        self._add_time()
        self._add_loads()
        self._add_parties()
        self._add_tasks()
        self._add_locks()

    def _key(self, v: int, stop: Stop) -> tuple[int, Stop]:
        """Return what a stop is filed under; tasks of two vehicles may have the same name."""
        return (-1 if stop.kind in RIDER_STOPS else v), stop

    def _nodes(self) -> Iterator[_Node]:
        for route in self.routes:
            yield _Node(route.vehicle.start)
        for route in self.routes:
            yield _Node(route.vehicle.end)
        for v, stop in self.stops:
            if stop.kind not in RIDER_STOPS:
                task = self.routes[v].tasks[stop.request_id]
                yield _Node(task.place, task=task)
                continue
            request = self.requests[stop.request_id]
            pickup = stop.kind is StopKind.PICKUP
            yield _Node(request.origin if pickup else request.destination, request, stop.kind)

    def _drives(self, profile: str) -> np.ndarray:
        """Return driving seconds between all nodes; nothing to an end that may be anywhere."""
        places = sorted({node.place for node in self.nodes if node.place is not None})
        row: dict[Place | None, int] = {place: at for at, place in enumerate(places)}
        rows = [row.get(node.place, 0) for node in self.nodes]
        drives = self.travel[profile].table(places, places).astype(np.int64)[np.ix_(rows, rows)]
        anywhere = [node.place is None for node in self.nodes]
        drives[:, anywhere] = 0
        drives[anywhere, :] = 0
        return drives

    def _add_time(self) -> None:
        """Driving costs; windows and shifts are hard."""
        service = np.array([node.service_s for node in self.nodes], dtype=np.int64)
        profiles = sorted({route.vehicle.profile for route in self.routes})
        drives = {profile: self._drives(profile) for profile in profiles}
        time = {
            p: self.model.RegisterTransitMatrix((d + service[:, None]).tolist())
            for p, d in drives.items()
        }
        costs: dict[tuple[str, tuple[bool, ...]], int] = {}
        for v, route in enumerate(self.routes):
            kind = route.vehicle.profile, tuple(self._disliked(route.vehicle.id))
            if kind not in costs:
                dear = drives[kind[0]] + round(NOT_PREFERRED_S / DRIVE) * np.array(kind[1])
                costs[kind] = self.model.RegisterTransitMatrix(dear.tolist())
            self.model.SetArcCostEvaluatorOfVehicle(costs[kind], v)
            self.model.SetVehicleUsedWhenEmpty(True, v)  # noqa: FBT003 -- OR-Tools' own signature
        horizon_s = max(route.vehicle.end_s for route in self.routes) - self.base_s
        transits = [time[route.vehicle.profile] for route in self.routes]
        self.model.AddDimensionWithVehicleTransits(transits, horizon_s, horizon_s, False, "time")  # noqa: FBT003
        self.time = self.model.GetDimensionOrDie("time")
        for v, route in enumerate(self.routes):
            for index in (self.model.Start(v), self.model.End(v)):
                self._between(index, route.vehicle.start_s, route.vehicle.end_s)

    def _disliked(self, vehicle_id: str) -> Iterator[bool]:
        """Say for every node whether it is the pickup of a party that prefers other vehicles."""
        for node in self.nodes:
            pickup = node.kind is StopKind.PICKUP and node.request is not None
            yield pickup and node.request is not None and not node.request.likes(vehicle_id)

    def _between(self, index: int, early_s: int, late_s: int) -> None:
        var = self.time.CumulVar(index)
        var.SetRange(max(early_s - self.base_s, 0), min(late_s - self.base_s, var.Max()))

    def _add_loads(self) -> None:
        """Seats, wheelchair places that cost seats, luggage, and who may be on board together.

        No load may fall below nothing, so a vehicle begins with at least those who get out first.
        """
        vehicles = [route.vehicle for route in self.routes]
        chairs = [n.sign * n.request.wheelchairs if n.request else 0 for n in self.nodes]
        seats = [n.sign * n.request.seats if n.request else 0 for n in self.nodes]
        taken = {
            lost: self.model.RegisterUnaryTransitVector(
                [s + lost * c for s, c in zip(seats, chairs, strict=True)]
            )
            for lost in {vehicle.seats_lost_per_wheelchair for vehicle in vehicles}
        }
        wheeled = self.model.RegisterUnaryTransitVector(chairs)
        self._add_load(
            "seats",
            [taken[vehicle.seats_lost_per_wheelchair] for vehicle in vehicles],
            [vehicle.seats for vehicle in vehicles],
        )
        self._add_load(
            "chairs", [wheeled] * len(vehicles), [vehicle.wheelchair_places for vehicle in vehicles]
        )
        bags = [n.sign * n.request.bags if n.request else 0 for n in self.nodes]
        packed = self.model.RegisterUnaryTransitVector(bags)
        self._add_load("bags", [packed] * len(vehicles), [vehicle.bags for vehicle in vehicles])
        # A party that rides alone leaves room for no other; every other takes one of many places.
        most = len(self.nodes)
        people = [node.sign * node.company(most) for node in self.nodes]
        company = self.model.RegisterUnaryTransitVector(people)
        self._add_load("company", [company] * len(vehicles), [most] * len(vehicles))
        self.company = self.model.GetDimensionOrDie("company")

    def _add_load(self, name: str, transits: list[Any], capacities: list[int]) -> None:
        self.model.AddDimensionWithVehicleTransitAndCapacity(transits, 0, capacities, False, name)  # noqa: FBT003

    def _add_parties(self) -> None:
        """Both stops of a party on one vehicle, within its windows and its longest ride."""
        pairs = 0
        for v, route in enumerate(self.routes):
            for stop in route.stops:
                if stop.kind is StopKind.PICKUP:
                    self._add_pair(self.requests[stop.request_id], pairs)
                    pairs += 1
                elif stop.request_id in route.boarded_s:
                    self._add_aboard(stop, v, route.boarded_s[stop.request_id])

    def _add_tasks(self) -> None:
        """Every task in its window on its vehicle, after those before it, nobody on board."""
        for v, route in enumerate(self.routes):
            before: int | None = None
            for stop in route.stops:
                if stop.kind in RIDER_STOPS:
                    continue
                task, index = route.tasks[stop.request_id], self.index[v, stop]
                self._between(index, task.earliest_s, task.latest_s)
                self.model.AddDisjunction([index], _DROPPED_S)
                self.model.VehicleVar(index).SetValues([-1, v])
                self.company.CumulVar(index).SetMax(0)
                if before is not None:
                    cumul = self.time.CumulVar
                    self.model.solver().Add(cumul(before) <= cumul(index))
                before = index

    def _add_pair(self, request: Request, number: int) -> None:
        pickup = self.index[-1, Stop(request.id, StopKind.PICKUP)]
        dropoff = self.index[-1, Stop(request.id, StopKind.DROPOFF)]
        model, solver = self.model, self.model.solver()
        self._between(pickup, request.earliest_pickup_s, request.latest_pickup_s)
        self._between(dropoff, request.earliest_dropoff_s, request.latest_dropoff_s)
        model.AddPickupAndDelivery(pickup, dropoff)
        model.AddDisjunction([pickup], _DROPPED_S)
        model.AddDisjunction([dropoff], 0)
        allowed = [v for v, r in enumerate(self.routes) if request.allows(r.vehicle.id)]
        if len(allowed) < len(self.routes):
            model.VehicleVar(pickup).SetValues([-1, *allowed])
        # The pair implies these two; they are stated as in OR-Tools' own examples.
        solver.Add(model.VehicleVar(pickup) == model.VehicleVar(dropoff))
        solver.Add(self.time.CumulVar(pickup) <= self.time.CumulVar(dropoff))

        def longest_s(_pickup: int, _dropoff: int) -> int:
            return request.boarding_s + request.ride_max_s

        self.time.SetPickupToDeliveryLimitFunctionForPair(longest_s, number)

    def _add_aboard(self, stop: Stop, v: int, boarded_s: int) -> None:
        request, dropoff = self.requests[stop.request_id], self.index[-1, stop]
        due_s = min(request.latest_dropoff_s, boarded_s + request.ride_max_s)
        self._between(dropoff, request.earliest_dropoff_s, due_s)
        self.model.AddDisjunction([dropoff], _DROPPED_S)
        self.model.VehicleVar(dropoff).SetValues([-1, v])

    def _add_locks(self) -> None:
        for v, route in enumerate(self.routes):
            stops = (self.index[self._key(v, stop)] for stop in route.stops)
            chain = [self.model.Start(v), *stops]
            for before, after in pairwise(chain[: route.locked + 1]):
                self.model.solver().Add(self.model.NextVar(before) == after)

    def descend(self, time_limit_s: float) -> list[Route]:
        """Return the routes at the local optimum below the plan, or none when time ran out.

        A solution that leaves stops out is one that time ran out on.
        """
        from ortools.constraint_solver import pywrapcp, routing_enums_pb2

        parameters = pywrapcp.DefaultRoutingSearchParameters()
        parameters.local_search_metaheuristic = (
            routing_enums_pb2.LocalSearchMetaheuristic.GREEDY_DESCENT
        )
        parameters.time_limit.FromMilliseconds(max(1, round(time_limit_s * 1000)))
        self.model.CloseModelWithParameters(parameters)
        now = [
            [self.index[self._key(v, stop)] for stop in route.stops]
            for v, route in enumerate(self.routes)
        ]
        start = self.model.ReadAssignmentFromRoutes(now, False)  # noqa: FBT003
        end = self.model.SolveFromAssignmentWithParameters(start, parameters)
        orders = [] if end is None else [self._order(v, end) for v in range(len(self.routes))]
        if sum(map(len, orders)) < len(self.stop_at):
            return []
        return [route.with_stops(stops) for route, stops in zip(self.routes, orders, strict=True)]

    def _order(self, v: int, solution: Any) -> list[Stop]:  # noqa: ANN401 -- OR-Tools has no types
        stops: list[Stop] = []
        index = self.model.Start(v)
        while not self.model.IsEnd(index):
            if index in self.stop_at:
                stops.append(self.stop_at[index])
            index = solution.Value(self.model.NextVar(index))
        return stops
