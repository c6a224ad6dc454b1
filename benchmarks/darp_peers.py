"""Peers of ``benchmarks.darp`` that know no ride limit: VROOM, and PyVRP with its shipments.

They solve a relaxation, so their cost is not comparable; ``broken_rides`` says how many of their
routes would break the promised ride time.  Both are optional and loaded when they are asked for.
"""

from __future__ import annotations

import importlib
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from benchmarks.darp import Instance, Windows

SCALE = 1000
DEEPEST = 5
"""VROOM's most thorough exploration level; it ends by itself, mostly within seconds."""


def solve_vroom(instance: Instance, windows: Windows, seconds: float, seed: int) -> list[list[int]]:
    """Return VROOM's routes; it has no seed, and its limit counts wall time."""
    vroom: Any = importlib.import_module("vroom")
    del seed
    n, end = instance.requests, len(instance.nodes) - 1
    problem = vroom.Input()
    problem.set_durations_matrix("car", _matrix(instance).astype(np.uint32))
    depot = vroom.TimeWindow(_whole(instance.nodes[0].early), _whole(instance.nodes[end].late))
    for v in range(instance.vehicles):
        room = [instance.capacity]
        problem.add_vehicle(vroom.Vehicle(v, 0, end, capacity=room, time_window=depot))
    for p in range(1, n + 1):
        steps = []
        for node in (p, p + n):
            window = vroom.TimeWindow(*map(_whole, windows[node]))
            service = _whole(instance.nodes[node].service)
            steps.append(
                vroom.ShipmentStep(node, node, default_service=service, time_windows=[window])
            )
        load = vroom.Amount([instance.nodes[p].load])
        problem.add_job(vroom.Shipment(*steps, amount=load))
    found = problem.solve(DEEPEST, nb_threads=1, timeout=timedelta(seconds=seconds))
    routes: dict[int, list[int]] = {}
    for vehicle, kind, node in found.routes[["vehicle_id", "type", "location_index"]].to_numpy():
        if kind in ("pickup", "delivery"):
            routes.setdefault(int(vehicle), []).append(int(node))
    return list(routes.values())


def solve_pyvrp(instance: Instance, windows: Windows, seconds: float, seed: int) -> list[list[int]]:
    """Return PyVRP's routes after so many seconds of processor time."""
    model: Any = importlib.import_module("pyvrp").Model()
    n, end = instance.requests, len(instance.nodes) - 1
    places = [model.add_location(node.x, node.y) for node in instance.nodes]
    model.add_vehicle_type(
        instance.vehicles,
        capacity=instance.capacity,
        start_depot=model.add_depot(places[0]),
        end_depot=model.add_depot(places[end]),
        tw_early=_whole(instance.nodes[0].early),
        tw_late=_whole(instance.nodes[end].late),
        shift_duration=_whole(instance.duration),
    )
    for p in range(1, n + 1):
        (early_p, late_p), (early_d, late_d) = windows[p], windows[p + n]
        model.add_shipment(
            places[p],
            places[p + n],
            _whole(early_p),
            _whole(late_p),
            _whole(instance.nodes[p].service),
            _whole(early_d),
            _whole(late_d),
            _whole(instance.nodes[p + n].service),
            amount=instance.nodes[p].load,
        )
    matrix = _matrix(instance)
    for a, b in np.ndindex(matrix.shape):
        model.add_edge(places[a], places[b], int(matrix[a, b]), int(matrix[a, b]))
    began = time.process_time()

    def is_over(_best_cost: float) -> bool:
        return time.process_time() - began >= seconds

    found = model.solve(is_over, seed=seed, collect_stats=False, display=False)
    return [_nodes(route, n) for route in found.best.routes()] if found.is_feasible() else []


def _nodes(route: Any, requests: int) -> list[int]:  # noqa: ANN401 -- PyVRP's own
    """Return the file's nodes of a route's shipments."""
    nodes = []
    for activity in route:
        if activity.is_pickup():
            nodes.append(activity.idx + 1)
        elif activity.is_delivery():
            nodes.append(activity.idx + 1 + requests)
    return nodes


def _matrix(instance: Instance) -> np.ndarray:
    size = range(len(instance.nodes))
    return np.array([[_whole(instance.distance(a, b)) for b in size] for a in size])


def _whole(value: float) -> int:
    return round(value * SCALE)
