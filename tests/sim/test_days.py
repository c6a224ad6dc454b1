"""Simulated service days: whatever dies, is cut off or comes twice, the invariants hold.

`MAAS_SIM_SEEDS=1000 pytest tests/sim -m heavy` lives through so many; a seed that fails goes into
`seeds.txt` with what was wrong, and stays.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sim.day import Outcome, run

SEEDS = int(os.environ.get("MAAS_SIM_SEEDS", "12"))
PARTS = 2
"""Into so many tests the days are divided, for workers that share them."""
FEW = (0, 1, 2)


def kept() -> list[int]:
    """Return the seeds that once failed."""
    lines = Path(__file__).with_name("seeds.txt").read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line.strip() and not line.startswith("#")]


def holds(outcome: Outcome) -> None:
    """Fail with the seed and what was wrong."""
    assert not outcome.wrong, (f"seed {outcome.seed}", *outcome.wrong)


@pytest.mark.parametrize("seed", [*FEW, *kept()])
def test_a_day_breaks_no_rule_and_goes_the_same_way_again(
    seed: int, town: Path, disk: Path
) -> None:
    once, again = run(seed, town, disk), run(seed, town, disk)
    holds(once)
    assert once.hash == again.hash
    assert once.counts == again.counts


def test_another_seed_is_another_day(town: Path, disk: Path) -> None:
    assert run(1, town, disk).hash != run(2, town, disk).hash


@pytest.mark.heavy
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS))
def test_many_days_break_no_rule(part: int, town: Path, disk: Path) -> None:
    found = [run(seed, town, disk) for seed in range(part, SEEDS, PARTS)]
    wrong = {each.seed: each.wrong for each in found if each.wrong}
    assert not wrong, wrong
