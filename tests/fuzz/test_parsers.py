"""Bytes broken at random break no reader; `python -m tests.fuzz` looks for more."""

from __future__ import annotations

import pytest

from tests.fuzz import parsers
from tests.fuzz.__main__ import BYTES

HOW_MANY = {"gtfs-zip": 200, "gtfs-file": 1000}


@pytest.mark.parametrize("name", BYTES)
def test_broken_bytes_are_answered(name: str) -> None:
    assert parsers.run(name, HOW_MANY.get(name, 5000), seed=9) > 0


def test_the_command_knows_every_reader() -> None:
    assert tuple(parsers.TARGETS) == BYTES


@pytest.mark.parametrize("name", BYTES)
def test_what_the_bytes_are_made_from_is_well(name: str) -> None:
    for seed in parsers.seeds(name):
        parsers.TARGETS[name](seed)
