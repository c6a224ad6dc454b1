"""How close the search comes to the best known plans of static dial-a-ride instances.

Instances are files in Cordeau's format (2006, or Cordeau and Laporte 2003 with one depot line).
Cost is the unrounded Euclidean distance of the routes; time equals distance.  Seconds are those of
processor time of this process, kernels compiled before.  ``feasible`` comes from difference
constraints over the file's own numbers; that checker shares no code with the solver.
``broken_rides`` counts the routes that could be driven but for the ride limit: VROOM and PyVRP know
none.

    python -m benchmarks.darp --instances DIR_OR_FILES --seconds 1,5,20 --seeds 3 [--bks CSV]
        [--against ortools vroom pyvrp] [--json [FILE]]
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

import numba
import numpy as np

from benchmarks import darp_ortools, darp_peers
from dispatcher.search import MaxCpu, MaxIterations, Problem, alike, search

COLUMNS = (
    "instance", "requests", "vehicles", "seconds", "seed",
    "cost", "feasible", "best_known", "gap_percent", "cpu_s", "solver", "broken_rides",
)  # fmt: skip
UNSERVED = 1000.0
TOLERANCE = 1e-6
ROUNDED = 0.05
"""Peers reckon in thousandths; rounding is not what breaks a ride."""
PACKAGES = {"vroom": "pyvroom"}
"""What a peer is called in the package index, where that differs."""

Routes = list[list[int]]
"""Every vehicle's nodes by the numbers of the file, without depots."""

Windows = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Node:
    """One line of an instance file."""

    x: float
    y: float
    service: float
    load: int
    early: float
    late: float


@dataclass(frozen=True, slots=True)
class Instance:
    """A day of requests: node 0 is the depot, ``i`` gets in at node i and out at node n + i."""

    name: str
    vehicles: int
    duration: float
    capacity: int
    ride: float
    nodes: tuple[Node, ...]

    @property
    def requests(self) -> int:
        """How many parties want to ride."""
        return len(self.nodes) // 2 - 1

    def distance(self, a: int, b: int) -> float:
        """Return the distance between two nodes, which is the time as well."""
        return math.hypot(self.nodes[a].x - self.nodes[b].x, self.nodes[a].y - self.nodes[b].y)


def read_instance(path: Path) -> Instance:
    """Return an instance; a file with an odd number of node lines has one depot for both ends.

    Raises ``ValueError`` when the file is no such instance.
    """
    head, *lines = (line.split() for line in path.read_text().splitlines() if line.strip())
    if len(head) != 5 or len(lines) < 3 or any(len(line) != 7 for line in lines):
        raise ValueError(f"{path}: not a dial-a-ride instance in Cordeau's format")
    nodes = [
        Node(float(x), float(y), float(service), int(load), float(early), float(late))
        for _, x, y, service, load, early, late in lines
    ]
    if len(nodes) % 2 == 1:
        nodes.append(nodes[0])
    vehicles, _, duration, capacity, ride = head
    name = path.name.removesuffix(".txt")
    return Instance(name, int(vehicles), float(duration), int(capacity), float(ride), tuple(nodes))


def tightened(instance: Instance) -> Windows:
    """Return the windows after what each party's other window and its longest ride imply."""
    windows = [(node.early, node.late) for node in instance.nodes]
    for p in range(1, instance.requests + 1):
        d = p + instance.requests
        service, direct = instance.nodes[p].service, instance.distance(p, d)
        (early_p, late_p), (early_d, late_d) = windows[p], windows[d]
        early_p = max(early_p, early_d - instance.ride - service)
        late_p = min(late_p, late_d - direct - service)
        early_d = max(early_d, early_p + service + direct)
        late_d = min(late_d, late_p + service + instance.ride)
        windows[p], windows[d] = (early_p, late_p), (early_d, late_d)
    return windows


def order(instance: Instance) -> list[int]:
    """Return the file's node of every node of the problem: parties, then starts and ends."""
    parties = range(1, instance.requests + 1)
    pairs = [node for p in parties for node in (p, p + instance.requests)]
    depots = [0] * instance.vehicles + [2 * instance.requests + 1] * instance.vehicles
    return pairs + depots


def problem_of(instance: Instance) -> Problem:
    """Return the instance in the words of the search."""
    n, fleet, names = instance.requests, instance.vehicles, order(instance)
    nodes, windows = [instance.nodes[i] for i in names], tightened(instance)
    at = np.array([(node.x, node.y) for node in nodes], dtype=np.float64)
    drives = np.hypot(*(at[:, None] - at).transpose(2, 0, 1))
    early, late = np.array([windows[i] for i in names], dtype=np.float64).T.copy()
    service = np.array([node.service for node in nodes], dtype=np.float64)
    start = np.arange(2 * n, 2 * n + fleet)
    pick, ride = np.full(len(nodes), -1), np.full(len(nodes), np.inf)
    pick[1 : 2 * n : 2], ride[1 : 2 * n : 2] = np.arange(0, 2 * n, 2), instance.ride
    ride[1 : 2 * n : 2] += service[: 2 * n : 2]
    pick[start + fleet], ride[start + fleet] = start, instance.duration
    none, nothing = np.zeros(len(nodes), dtype=np.int64), np.zeros(fleet, dtype=np.int64)
    return Problem(
        early=early,
        late=late,
        service=service,
        ride=ride,
        pick=pick,
        seats=np.array([node.load for node in nodes], dtype=np.int64),
        chairs=none,
        bags=none,
        alone=none,
        bar=none,
        power=np.zeros(len(nodes)),
        drives=np.ascontiguousarray(drives[None]),
        energy=np.zeros((0, 0, 0)),
        profile=nothing,
        start=start,
        end=start + fleet,
        behind=start,
        kind=nothing,
        room=np.full(fleet, instance.capacity),
        places=nothing,
        lost=nothing,
        luggage=nothing,
        battery=np.zeros((fleet, 4)),
        extra=np.zeros((n, fleet)),
        near=alike(early, late, drives, n),
        aboard=0.0,
        unserved=UNSERVED,
    )


def is_feasible(instance: Instance, routes: Routes, tolerance: float = TOLERANCE) -> bool:
    """Whether everybody is carried once and every limit of the file can be kept."""
    visited = sorted(node for route in routes for node in route)
    if visited != list(range(1, 2 * instance.requests + 1)) or len(routes) > instance.vehicles:
        return False
    return all(_can_be_driven(instance, route, tolerance) for route in routes if route)


def _can_be_driven(instance: Instance, route: list[int], tolerance: float) -> bool:
    n = instance.requests
    position = {node: at for at, node in enumerate(route, start=1)}
    for node in route:
        if node <= n and not position[node] < position.get(node + n, 0):
            return False
    load = 0
    for node in route:
        load += instance.nodes[node].load
        if load > instance.capacity:
            return False
    path = [0, *route, 2 * n + 1]
    rules = [
        (at, at + 1, instance.nodes[a].service + instance.distance(a, b))
        for at, (a, b) in enumerate(pairwise(path))
    ]
    rules.append((len(path) - 1, 0, -instance.duration))
    for node in route:
        if node <= n:
            longest = instance.ride + instance.nodes[node].service
            rules.append((position[node + n], position[node], -longest))
    return _times_exist(instance, path, rules, tolerance)


def _times_exist(
    instance: Instance, path: list[int], rules: list[tuple[int, int, float]], tolerance: float
) -> bool:
    """Relax *b begins at least w after a* as Bellman and Ford do."""
    times = [instance.nodes[node].early for node in path]
    for _ in range(len(path) + 2):
        moved = False
        for a, b, gap in rules:
            if times[a] + gap > times[b] + tolerance / 10:
                times[b], moved = times[a] + gap, True
        if not moved:
            late = (instance.nodes[node].late + tolerance for node in path)
            return all(time_ <= limit for time_, limit in zip(times, late, strict=True))
    return False


def broken_rides(instance: Instance, routes: Routes) -> int:
    """Return how many routes keep every limit but that of the rides and of the whole day."""
    long_day = replace(instance, duration=math.inf)
    any_ride = replace(long_day, ride=math.inf)
    driven = [route for route in routes if _can_be_driven(any_ride, route, ROUNDED)]
    return sum(not _can_be_driven(long_day, route, ROUNDED) for route in driven)


def cost_of(instance: Instance, routes: Routes) -> float:
    """Return the distance driven, depot to depot, vehicles that stay at home left out."""
    end = 2 * instance.requests + 1
    return sum(
        instance.distance(a, b) for route in routes if route for a, b in pairwise([0, *route, end])
    )


def solve(instance: Instance, seconds: float, seed: int) -> Routes:
    """Return what our search finds."""
    names = order(instance)
    found = search(problem_of(instance), stop=MaxCpu(seconds), seed=seed)
    return [[names[node] for node in route] for route in found.routes]


Solver = Callable[[Instance, float, int], Routes]


PEERS: dict[str, Solver] = {
    "ortools": darp_ortools.solve,
    "vroom": lambda day, *how: darp_peers.solve_vroom(day, tightened(day), *how),
    "pyvrp": lambda day, *how: darp_peers.solve_pyvrp(day, tightened(day), *how),
}


def solvers(against: Sequence[str]) -> Iterator[tuple[str, Solver]]:
    """Yield our search and the peers asked for."""
    yield "search", solve
    for name in against:
        yield name, PEERS[name]


def row_of(
    instance: Instance, solver: tuple[str, Solver], seconds: float, seed: int, best: float | None
) -> dict[str, Any]:
    """Solve once and return the row that says how well."""
    began = time.process_time()
    routes = solver[1](instance, seconds, seed)
    used = time.process_time() - began
    feasible, cost = is_feasible(instance, routes), cost_of(instance, routes)
    gap = 100 * (cost / best - 1) if feasible and best is not None else None
    values = (
        instance.name, instance.requests, instance.vehicles, seconds, seed, round(cost, 2),
        feasible, best, None if gap is None else round(gap, 3), round(used, 2), solver[0],
        broken_rides(instance, routes),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def read_best(path: Path | None) -> dict[str, float]:
    """Return the best known cost of each instance that has one."""
    if path is None:
        return {}
    with path.open(newline="") as lines:
        return {row["instance"]: float(row["best_known"]) for row in csv.DictReader(lines)}


def files(given: Sequence[Path]) -> list[Path]:
    """Return the instance files among files and folders."""
    found: list[Path] = []
    for path in given:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [file for file in inside if file.suffix in ("", ".txt") and file.is_file()]
    return found


def warm() -> None:
    """Compile the search before anything is measured."""
    depot = Node(0, 0, 0, 0, 0, 100)
    ins, outs = [Node(1, 0, 0, 1, 0, 100)] * 2, [Node(2, 0, 0, -1, 0, 100)] * 2
    instance = Instance("warm", 2, 100, 1, 50, (depot, *ins, *outs, depot))
    search(problem_of(instance), stop=MaxIterations(3))


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return for each solver and budget the mean over instances of the median gap of the seeds."""
    result = []
    for solver, seconds in dict.fromkeys((row["solver"], row["seconds"]) for row in rows):
        same = [r for r in rows if (r["solver"], r["seconds"]) == (solver, seconds)]
        names = dict.fromkeys(row["instance"] for row in same)
        gaps = [[r["gap_percent"] for r in same if r["instance"] == name] for name in names]
        known = [statistics.median(gap) for gap in gaps if None not in gap]
        result.append(
            {
                "solver": solver,
                "seconds": seconds,
                "instances": len(known),
                "mean_gap_percent": round(statistics.mean(known), 3) if known else None,
                "worst_gap_percent": max(known, default=None),
                "infeasible": sum(not row["feasible"] for row in same),
            }
        )
    return result


def print_rows(rows: Sequence[dict[str, Any]], out: TextIO) -> None:
    """Print comma-separated rows."""
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.darp", description=__doc__)
    shared = Path(__file__).resolve().parents[2] / "shared" / "data" / "darp"
    folders = [shared / "cordeau2006", shared / "cordeau_laporte2003"]
    parser.add_argument("--instances", nargs="+", type=Path, default=folders, metavar="PATH")
    parser.add_argument("--seconds", default="1,5,20", help="CPU budgets, comma-separated")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--bks", type=Path, metavar="CSV", default=None)
    parser.add_argument("--against", nargs="+", choices=list(PEERS), default=[])
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    best = read_best(chosen.bks)
    warm()
    rows = []
    for path in files(chosen.instances):
        instance = read_instance(path)
        for seconds in map(float, chosen.seconds.split(",")):
            for solver in solvers(chosen.against):
                for seed in range(1, chosen.seeds + 1):
                    rows.append(row_of(instance, solver, seconds, seed, best.get(instance.name)))
                    print(*rows[-1].values(), sep=",", file=sys.stderr, flush=True)
    report(rows, chosen.json)


def report(rows: list[dict[str, Any]], target: str | None) -> None:
    """Print the table, and the JSON document where it is wanted."""
    peers = {row["solver"] for row in rows} - {"search"}
    about = {
        "question": "how close does the search come to the best known plans",
        "python": platform.python_version(),
        "numba": numba.__version__,
        "machine": platform.machine(),
        **{name: version(PACKAGES.get(name, name)) for name in sorted(peers)},
    }
    text = json.dumps({"rows": rows, "summary": summary(rows), "about": about}, indent=2)
    if target == "-":
        print(text)
        return
    if target is not None:
        Path(target).write_text(text + "\n", encoding="utf-8")
    print_rows(rows, sys.stdout)
    print_rows(summary(rows), sys.stderr)


if __name__ == "__main__":
    main()
