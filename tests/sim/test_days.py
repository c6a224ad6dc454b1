"""Simulated service days: whatever dies, is cut off or comes twice, the invariants hold.

`MAAS_SIM_SEEDS=1000 pytest tests/sim -m heavy` lives through so many; a seed that fails goes into
`seeds.txt` with what was wrong, and stays.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SEEDS = int(os.environ.get("MAAS_SIM_SEEDS", "12"))
PARTS = 2
"""Into so many tests the days are divided, for workers that share them."""
FEW = (0, 1)
LATEST = 4
"""So many of the seeds that failed last are lived through in every suite."""


def kept() -> list[int]:
    """Return the seeds that once failed."""
    lines = Path(__file__).with_name("seeds.txt").read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line.strip() and not line.startswith("#")]


def lived(*seeds: int) -> list[Any]:
    """Return what came of days, lived in a process of their own."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.sim", *map(str, seeds)],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [each["seed"] for each in found] == list(seeds)
    return found


def wrong(days: list[Any]) -> dict[int, list[str]]:
    """Return what was wrong, by seed."""
    return {each["seed"]: each["wrong"] for each in days if each["wrong"]}


@pytest.mark.timeout(600)
def test_a_day_breaks_no_rule_and_goes_the_same_way_again() -> None:
    seeds = [*FEW, *kept()[-LATEST:]]
    once, again = lived(*seeds), lived(*reversed(FEW))
    assert not wrong(once)
    assert once[: len(FEW)] == again[::-1]
    assert len({each["hash"] for each in once}) == len(seeds)


@pytest.mark.heavy
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS))
def test_many_days_break_no_rule(part: int) -> None:
    assert not wrong(lived(*sorted({*range(SEEDS), *kept()})[part::PARTS]))
