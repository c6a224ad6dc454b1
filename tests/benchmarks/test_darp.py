"""The benchmark reads both file formats, and its checker misses nothing."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from itertools import combinations_with_replacement, product
from pathlib import Path

import numpy as np
import pytest

from benchmarks import darp, darp_ortools
from benchmarks.darp import Instance, Node, cost_of, is_feasible, problem_of, read_instance
from dispatcher import search_kernel
from dispatcher.search import MaxIterations, _state, _work, _world, search

# Places on one road: both ride from 3 to 5, a unit of distance a unit of time.
TWO = """1 2 100 2 10
0 0 0 0 0 0 100
1 3 0 1 1 10 20
2 3 0 1 1 12 20
3 5 0 1 -1 0 100
4 5 0 1 -1 0 100
"""
BOTH_ENDS = TWO + "5 0 0 0 0 0 100\n"


def instance(text: str, folder: Path) -> Instance:
    path = folder / "two.txt"
    path.write_text(text)
    return read_instance(path)


@pytest.fixture
def two(tmp_path: Path) -> Instance:
    return instance(TWO, tmp_path)


def test_one_depot_line_or_two_make_the_same_instance(tmp_path: Path) -> None:
    one, both = instance(TWO, tmp_path), instance(BOTH_ENDS, tmp_path)

    assert one == both
    assert (one.name, one.requests, one.vehicles) == ("two", 2, 1)
    assert one.nodes[-1] == one.nodes[0]


def test_what_is_no_instance_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a dial-a-ride instance"):
        instance("1 2 3\n4 5 6\n7 8 9\n10 11 12", tmp_path)


def test_windows_shrink_to_what_the_other_end_implies(two: Instance) -> None:
    # In at 10 and one unit of boarding: there at 13; in at 20: there at 31 at the latest.
    assert darp.tightened(two)[1] == (10, 20)
    assert darp.tightened(two)[3] == (13, 31)


def test_sharing_is_feasible_and_costs_the_way_there_and_back(two: Instance) -> None:
    assert is_feasible(two, [[1, 2, 3, 4]])
    assert cost_of(two, [[1, 2, 3, 4]]) == 10
    assert cost_of(two, [[1, 3, 2, 4], []]) == 3 + 2 + 2 + 2 + 5


@pytest.mark.parametrize(
    "routes",
    [
        [[1, 2, 3]],
        [[1, 2, 3, 4, 4]],
        [[1, 3], [2, 4]],
        [[3, 1, 2, 4]],
        [],
    ],
)
def test_who_is_left_out_carried_twice_or_backwards_is_seen(
    two: Instance, routes: darp.Routes
) -> None:
    assert not is_feasible(two, routes)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({"capacity": 1}, False),
        ({"duration": 14.0}, True),
        ({"duration": 13.9}, False),
        ({"ride": 3.0}, True),
        ({"ride": 2.9}, False),
    ],
)
def test_capacity_duration_and_ride_limits_are_seen(
    two: Instance, change: dict[str, float], *, fits: bool
) -> None:
    # In at 11 and 12, out at 15 and 16: each rides 3, and 14 pass from depot to depot.
    assert is_feasible(replace(two, **change), [[1, 2, 3, 4]]) is fits  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("node", "late", "fits"), [(2, 12, True), (2, 10.9, False), (4, 16, True), (4, 15.9, False)]
)
def test_windows_are_seen(two: Instance, node: int, late: float, *, fits: bool) -> None:
    nodes = list(two.nodes)
    nodes[node] = replace(nodes[node], early=min(late, nodes[node].early), late=late)

    assert is_feasible(replace(two, nodes=tuple(nodes)), [[1, 2, 3, 4]]) is fits


def test_the_search_finds_the_way_together(two: Instance) -> None:
    names = darp.order(two)

    found = search(problem_of(two), stop=MaxIterations(30))

    assert found.cost == 10
    assert is_feasible(two, [[names[node] for node in route] for route in found.routes])


def random_instance(seed: int) -> Instance:
    """Twelve parties, three vehicles, limits that bind."""
    import random

    rng = random.Random(seed)  # noqa: S311 -- not a secret
    depot = Node(0, 0, 0, 0, 0, 400)
    ins, outs = [], []
    for number in range(12):
        early = rng.uniform(20, 250)
        window = (early, early + 15) if number % 2 else (0, 400)
        ins.append(Node(rng.uniform(-9, 9), rng.uniform(-9, 9), 3, 1, *window))
        window = (0, 400) if number % 2 else (early + 10, early + 25)
        outs.append(Node(rng.uniform(-9, 9), rng.uniform(-9, 9), 3, -1, *window))
    return Instance("random", 3, 300, 3, 30, (depot, *ins, *outs, depot))


@pytest.mark.parametrize("seed", range(5))
def test_every_plan_of_the_search_passes_the_checker(seed: int) -> None:
    day = random_instance(seed)
    names = darp.order(day)

    found = search(problem_of(day), stop=MaxIterations(200), seed=seed)

    routes = [[names[node] for node in route] for route in found.routes]
    assert found.unserved == []
    assert is_feasible(day, routes)
    assert found.cost == pytest.approx(cost_of(day, routes))


@pytest.mark.parametrize("seed", range(6))
def test_the_best_place_in_a_route_is_the_cheapest_the_checker_allows(seed: int) -> None:
    day = replace(random_instance(seed), ride=13.0, duration=150.0)
    names, problem = darp.order(day), problem_of(day)
    plan = search(problem, stop=MaxIterations(60), seed=seed)
    out = {*plan.unserved, *range(seed % 3, day.requests, 3)}
    routes = [[node for node in route if node // 2 not in out] for route in plan.routes]
    world, work = _world(problem), _work(problem, seed)
    state = _state(problem, world, routes)

    for r, (v, route) in product(sorted(out), enumerate(routes)):
        found = search_kernel.place(world, state, work, v, r, np.inf)
        cost = found["cost"] if found["after_p"] >= 0 else np.inf

        before = cost_of(day, [[names[node] for node in route]])
        longer = (
            [*route[:i], 2 * r, *route[i:j], 2 * r + 1, *route[j:]]
            for i, j in combinations_with_replacement(range(len(route) + 1), 2)
        )
        ways = [[names[node] for node in way] for way in longer]
        costs = [cost_of(day, [way]) for way in ways if darp._can_be_driven(day, way, 1e-7)]
        assert cost == pytest.approx(min(costs, default=np.inf) - before)


def test_the_same_seed_and_iterations_find_the_same_plan() -> None:
    problem = problem_of(random_instance(1))

    first, again = (search(problem, stop=MaxIterations(80), seed=4) for _ in range(2))

    assert first == again


def test_a_route_pushed_together_by_its_longest_duration_is_found() -> None:
    # The vehicle must leave as late as 35 to be back after 60 at most: only windows say so.
    depot = Node(0, 0, 0, 0, 0, 1000)
    ins, outs = Node(5, 0, 0, 1, 0, 100), Node(10, 0, 0, -1, 80, 90)
    day = Instance("late", 1, 25, 1, 60, (depot, ins, outs, depot))

    found = search(problem_of(day), stop=MaxIterations(3))

    assert found.unserved == []
    assert search(problem_of(replace(day, duration=19)), stop=MaxIterations(3)).unserved == [0]


def test_the_peer_finds_the_way_together_too(two: Instance) -> None:
    routes = darp_ortools.solve(two, 0.2, 1)

    assert is_feasible(two, routes)
    assert cost_of(two, routes) == 10


def test_the_command_prints_a_row_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "two.txt").write_text(TWO)
    best = tmp_path / "best.csv"
    best.write_text("instance,best_known\ntwo,8\n")
    options = ["--instances", str(tmp_path / "two.txt"), "--seconds", "0.05", "--seeds", "2"]

    darp.main([*options, "--bks", str(best)])

    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == list(darp.COLUMNS)
    assert [row["seed"] for row in rows] == ["1", "2"]
    assert {(row["cost"], row["feasible"], row["gap_percent"]) for row in rows} == {
        ("10.0", "True", "25.0")
    }


def test_the_document_says_what_was_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "two.txt").write_text(TWO)

    darp.main(["--instances", str(tmp_path), "--seconds", "0.02", "--seeds", "1", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert document["rows"][0]["best_known"] is None
    assert document["summary"][0]["infeasible"] == 0


@pytest.mark.shared
def test_two_instances_whose_optimum_is_known_are_solved(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "darp" / "cordeau2006"
    best = darp.read_best(shared_dir / "data" / "darp" / "bks.csv")
    for name in ("a2-16", "a3-24"):
        problem = problem_of(read_instance(folder / f"{name}.txt"))

        found = search(problem, stop=MaxIterations(6000), seed=1)

        assert found.cost == pytest.approx(best[name], abs=0.01)
