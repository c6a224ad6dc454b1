"""What the service stands on breaks while callers book: nothing is lost, and all are answered.

Short, with wide limits for a machine busy with others; `python -m tests.chaos` measures.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from maas.running import SILENT_S
from tests.chaos import cluster, faults, storm
from tests.chaos.faults import Outcome
from tests.chaos.servers import own_postgres

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform == "win32", reason="no embedded servers for Windows"),
]

SLOW_S = 15.0
"""So long may take on a slow machine what is promised in two seconds or less."""


def told(outcome: Outcome) -> Outcome:
    """Print the figures, which one wants to see."""
    print(json.dumps(asdict(outcome)))  # noqa: T201
    return outcome


def sqlite(folder: Path) -> str:
    """Return a database that nobody else uses."""
    return f"sqlite+aiosqlite:///{folder / 'maas.db'}"


def test_redis_may_fall_silent_stop_and_forget(tmp_path: Path) -> None:
    found = told(asyncio.run(faults.without_redis(tmp_path, sqlite(tmp_path), away_s=2.0)))

    assert found.problems == []
    assert found.refused == {}
    assert found.figures["silent_p99_more_s"] < SLOW_S
    assert found.figures["stopped_p99_more_s"] < SLOW_S
    back = [took for name, took in found.figures.items() if name.endswith("back_after_s")]
    assert len(back) == 3
    assert max(back) < SLOW_S


def test_postgresql_that_restarts_is_away_for_a_moment(tmp_path: Path) -> None:
    with own_postgres() as server:
        run = faults.postgres_restarted(tmp_path, server.url, server.restart, restarts=2)
        found = told(asyncio.run(run))

    assert found.problems == []
    assert set(found.refused) <= {"/problems/database-away"}
    assert found.figures["outage_max_s"] < 2 * SLOW_S


def test_a_server_that_wakes_up_overwrites_nothing(tmp_path: Path) -> None:
    with own_postgres() as server:
        found = told(asyncio.run(faults.frozen(tmp_path, server.url, times=2, seconds=2.0)))

    assert found.problems == []
    assert found.acknowledged > 30
    assert found.figures["others_max_s"] < SILENT_S + SLOW_S


def test_quotes_are_answered_without_the_processes_that_search(tmp_path: Path) -> None:
    found = told(asyncio.run(faults.solver_broken(tmp_path, sqlite(tmp_path), seconds=3.0)))

    assert found.problems == []
    assert found.figures["killed_p99_s"] < SLOW_S
    assert found.figures["hung_p99_s"] < SLOW_S


def test_streams_resume_when_a_master_of_a_redis_cluster_is_killed(tmp_path: Path) -> None:
    found = told(asyncio.run(cluster.master_killed(tmp_path)))

    assert found.problems == []
    assert found.figures["heard_again_after_s"] < 2 * SLOW_S


def test_callers_book_while_everybody_who_listens_comes_back(tmp_path: Path) -> None:
    run = storm.storms(tmp_path, sqlite(tmp_path), clients=200, times=1, calm_s=0.5)
    found = told(asyncio.run(run))

    assert found.problems == []
    assert found.refused == {}
    assert found.figures["right_again_max_s"] < 6 * SLOW_S
