"""Plans are the same whoever works them out: one process, two, or the nodes of a Ray cluster."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.same_plans import RIDES, morning
from tests.conftest import PROJECT

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]


def test_two_processes_that_take_turns_plan_a_morning_as_one_does(
    redis_url: str, tmp_path: Path
) -> None:
    def played(processes: int) -> tuple[str, int]:
        folder = tmp_path / str(processes)
        folder.mkdir()
        return asyncio.run(morning(folder, redis_url, processes=processes, seed=1))

    one, two = played(1), played(2)

    assert one == two
    assert one[1] > RIDES / 2


def test_two_nodes_of_ray_find_the_plans_of_one_process_though_one_is_killed() -> None:
    pytest.importorskip("ray", reason="requirements.nodeps.lock has it")

    # In a process of its own: Ray warns, and changes signals and logging of the one it is in.
    done = subprocess.run(
        [sys.executable, "-m", "tests.maas.rides.plans_on_ray"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=590,
        check=True,
    )

    told = json.loads(done.stdout.splitlines()[-1])
    assert told["nodes"] == told["here"]
    assert told["better"] >= 2, "there was something to find"
    assert told["here"] != told["before"]
