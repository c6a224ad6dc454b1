"""Pieces done by processes that die: the same figures all the same."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from maas.records.whatif import by_day
from maas.records.whatif_changes import MoreVehicles, Variant
from maas.records.whatif_day import Luck, Prices
from maas.records.whatif_figures import Figures
from maas.records.whatif_runs import Piece, Pool, Work, do, pieces
from tests.maas.records.whatif_line import DAY, QUICK, crowd, line_town

PROJECT = Path(__file__).resolve().parents[3]
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


@pytest.mark.heavy
@pytest.mark.timeout(400)
def test_two_nodes_of_ray_come_to_the_same_though_workers_are_killed() -> None:
    pytest.importorskip("ray", reason="requirements.nodeps.lock has it")

    # In a process of its own: Ray warns, and changes signals and logging of the one it is in.
    done = subprocess.run(
        [sys.executable, "-m", "tests.maas.records.on_ray"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=390,
        check=True,
    )

    told = json.loads(done.stdout.splitlines()[-1])
    assert told["same"]
    assert told["same_after_kill"]
    assert told["killed"] >= 1
    assert told["nodes"] == 2
