"""The peer of ``benchmarks.darp``: OR-Tools' routing model with guided local search."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.darp import Instance

SCALE = 1000
LEFT_OUT = 1_000_000_000


def solve(instance: Instance, seconds: float, seed: int) -> list[list[int]]:
    """Return the routes found in so much processor time, parallel cheapest insertion first.

    OR-Tools has no seed for this; ``seed`` is not used.
    """
    del seed
    return _Model(instance).solve(seconds)


class _Model:
    """The instance in thousandths, rounded to the safe side, with matrices and disjunctions."""

    def __init__(self, instance: Instance) -> None:
        from ortools.constraint_solver import pywrapcp

        self.instance, n = instance, instance.requests
        fleet, size = instance.vehicles, 2 * instance.requests + 2
        self.manager = pywrapcp.RoutingIndexManager(size, fleet, [0] * fleet, [size - 1] * fleet)
        self.model: Any = pywrapcp.RoutingModel(self.manager)
        drives = [[_up(instance.distance(a, b)) for b in range(size)] for a in range(size)]
        self.model.SetArcCostEvaluatorOfAllVehicles(self.model.RegisterTransitMatrix(drives))
        self._add_time(drives)
        loads = [node.load for node in instance.nodes]
        self.model.AddDimension(
            self.model.RegisterUnaryTransitVector(loads),
            0,
            instance.capacity,
            True,  # noqa: FBT003 -- OR-Tools' own signature
            "load",
        )
        for p in range(1, n + 1):
            self._add_party(p)

    def _add_time(self, drives: list[list[int]]) -> None:
        nodes, model = self.instance.nodes, self.model
        rows = zip(drives, nodes, strict=True)
        lasting = [[leg + _up(node.service) for leg in row] for row, node in rows]
        horizon = _up(max(node.late for node in nodes))
        transit = model.RegisterTransitMatrix(lasting)
        model.AddDimension(transit, horizon, horizon, False, "time")  # noqa: FBT003 -- likewise
        self.time = model.GetDimensionOrDie("time")
        for v in range(self.instance.vehicles):
            self.time.SetSpanUpperBoundForVehicle(_down(self.instance.duration), v)
            self._between(model.Start(v), 0)
            self._between(model.End(v), len(nodes) - 1)

    def _between(self, index: int, node: int) -> None:
        early, late = self.instance.nodes[node].early, self.instance.nodes[node].late
        var = self.time.CumulVar(index)
        var.SetRange(min(_up(early), var.Max()), min(_down(late), var.Max()))

    def _add_party(self, p: int) -> None:
        instance, model, solver = self.instance, self.model, self.model.solver()
        d = p + instance.requests
        pickup, dropoff = self.manager.NodeToIndex(p), self.manager.NodeToIndex(d)
        self._between(pickup, p)
        self._between(dropoff, d)
        model.AddPickupAndDelivery(pickup, dropoff)
        model.AddDisjunction([pickup], LEFT_OUT)
        model.AddDisjunction([dropoff], 0)
        solver.Add(model.ActiveVar(pickup) == model.ActiveVar(dropoff))
        solver.Add(model.VehicleVar(pickup) == model.VehicleVar(dropoff))
        solver.Add(self.time.CumulVar(pickup) <= self.time.CumulVar(dropoff))
        longest = _down(instance.ride + instance.nodes[p].service)
        # The limit alone lets a ride through that is a little too long now and then.
        solver.Add(self.time.CumulVar(dropoff) <= self.time.CumulVar(pickup) + longest)
        self.time.SetPickupToDeliveryLimitFunctionForPair(lambda *_: longest, p - 1)

    def solve(self, seconds: float) -> list[list[int]]:
        from ortools.constraint_solver import pywrapcp, routing_enums_pb2

        parameters = pywrapcp.DefaultRoutingSearchParameters()
        parameters.first_solution_strategy = (
            routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
        )
        parameters.local_search_metaheuristic = (
            routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        )
        # Its own limit counts wall time; the loop that asks for the processor's ends it.
        parameters.time_limit.FromSeconds(100 * max(1, round(seconds)))
        began = time.process_time()
        self.model.AddSearchMonitor(
            self.model.solver().CustomLimit(lambda: time.process_time() - began >= seconds)
        )
        solution = self.model.SolveWithParameters(parameters)
        return [] if solution is None else [self._route(v, solution) for v in self._fleet()]

    def _fleet(self) -> range:
        return range(self.instance.vehicles)

    def _route(self, v: int, solution: Any) -> list[int]:  # noqa: ANN401 -- OR-Tools has no types
        nodes, index = [], solution.Value(self.model.NextVar(self.model.Start(v)))
        while not self.model.IsEnd(index):
            nodes.append(int(self.manager.IndexToNode(index)))
            index = solution.Value(self.model.NextVar(index))
        return nodes


def _up(value: float) -> int:
    """Return thousandths that are not too few, so that what is found can be driven."""
    return math.ceil(value * SCALE)


def _down(value: float) -> int:
    return math.floor(value * SCALE)
