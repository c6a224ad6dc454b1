"""The town that every simulated day begins with, and a disk that is memory where there is one."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher import warm
from tests.sim.town import build


@pytest.fixture(scope="session")
def disk() -> Iterator[Path]:
    """A folder for the databases of the days."""
    memory = Path("/dev/shm")  # noqa: S108 -- where Linux has memory as a disk
    where = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="maas-sim-", dir=where) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def town(disk: Path) -> Path:
    """The database of the town, to be copied."""
    warm()
    return build(disk)


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
    """A day in which everything goes wrong fills the log, and writing it takes time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
