"""Each guard taken out is missed within 200 days."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.sim.mutants import MUTANTS


@pytest.mark.heavy
@pytest.mark.timeout(7200)
def test_every_guard_that_is_missing_is_noticed() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.sim.mutants"], check=True, stdout=subprocess.PIPE, text=True
    )
    found = dict(line.split(": ", 1) for line in ran.stdout.splitlines())
    assert found.keys() == MUTANTS.keys()
    assert "not found" not in found.values(), found
