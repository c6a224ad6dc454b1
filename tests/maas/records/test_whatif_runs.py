"""Pieces done by processes that die, here and on a Ray cluster of two nodes: the same figures."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest

from maas.records import whatif_runs
from maas.records.whatif import by_day
from maas.records.whatif_changes import MoreVehicles, Variant
from maas.records.whatif_day import Luck, Prices
from maas.records.whatif_figures import Figures
from maas.records.whatif_runs import OnRay, Piece, Pool, Work, do, pieces
from tests.maas.records.whatif_line import DAY, QUICK, crowd, line_town

DAYS = [DAY + timedelta(days=7 * n) for n in range(8)]


@pytest.fixture(scope="module")
def work() -> Work:
    variants = Variant(name="base"), Variant(name="more", more=(MoreVehicles(like="van-1"),))
    asked = by_day(crowd(days=DAYS))
    towns = line_town(1), line_town(2)
    return Work(towns, variants, ((asked,), (asked,)), Luck(), Prices(), QUICK, 1800)


@pytest.fixture(scope="module")
def todo(work: Work) -> list[Piece]:
    return pieces(work, [0, 1], 2)


@pytest.fixture(scope="module")
def expected(work: Work, todo: list[Piece]) -> dict[Piece, Figures]:
    return {piece: do(work, piece) for piece in todo}


@pytest.mark.heavy
def test_a_killed_process_is_replaced_and_nothing_is_lost_or_doubled(
    work: Work, todo: list[Piece], expected: dict[Piece, Figures]
) -> None:
    running = Pool(1)(work, todo)
    found = [next(running)]
    for process in multiprocessing.active_children():
        process.kill()
    found += running

    assert len(found) == len(todo)
    assert dict(found) == expected


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a Ray cluster of two nodes on this machine."""
    try:
        ray, cluster_utils = import_module("ray"), import_module("ray.cluster_utils")
    except ImportError:
        pytest.skip("Ray has no wheel for this Python here: its runs are NOT tested")
    slow = {"agent_register_timeout_ms": 120_000}  # a busy machine starts it slowly
    node = {"num_cpus": 1, "include_dashboard": False, "_system_config": slow}
    nodes = cluster_utils.Cluster(initialize_head=True, head_node_args=node)
    nodes.add_node(num_cpus=1)
    nodes.wait_for_nodes()
    yield nodes.address
    ray.shutdown()
    nodes.shutdown()


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore")  # Ray's own
@pytest.mark.timeout(240)
def test_two_ray_nodes_come_to_the_same_figures_though_a_worker_is_killed(
    work: Work,
    todo: list[Piece],
    expected: dict[Piece, Figures],
    cluster: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    died = str(tmp_path / "died")

    def dying_once(work: Work, piece: Piece) -> Figures:
        try:
            os.close(os.open(died, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return do(work, piece)
        os._exit(1)

    monkeypatch.setattr(whatif_runs, "do", dying_once)

    found = list(OnRay(cluster)(work, todo))

    assert Path(died).exists()
    assert len(found) == len(todo)
    assert dict(found) == expected
    assert len([node for node in import_module("ray").nodes() if node["Alive"]]) == 2
