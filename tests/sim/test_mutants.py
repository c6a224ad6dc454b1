"""Each guard taken out is missed within 200 days."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.mutants import MUTANTS, first_found


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_guard_that_is_missing_is_noticed(name: str, town: Path, disk: Path) -> None:
    found = first_found(MUTANTS[name], town, disk)
    assert found is not None, name
