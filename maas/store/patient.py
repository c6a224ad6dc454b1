"""Connections to PostgreSQL that give a server up which says nothing.

A host that has vanished, or a network that swallows what it is sent, never refuses: whoever waits
for it waits for ever, and everybody who waits for them.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any, Self

import psycopg


class Patient(psycopg.AsyncConnection[Any]):
    """A connection that breaks when nothing it asks is answered within `patience_s` seconds."""

    patience_s: float

    @classmethod
    async def connect(cls, conninfo: str = "", *, patience_s: float, **more: Any) -> Self:  # type: ignore[override]  # noqa: ANN401 -- libpq's
        """Connect as psycopg does."""
        connection = await super().connect(conninfo, **more)
        connection.patience_s = patience_s
        return connection

    async def wait(self, *what: Any, **how: Any) -> Any:  # noqa: ANN401 -- psycopg's
        """Wait for an answer; raises ``OperationalError`` when there is none."""
        giving_up = asyncio.get_running_loop().call_later(self.patience_s, self._give_up)
        try:
            return await super().wait(*what, **how)
        finally:
            giving_up.cancel()

    def _give_up(self) -> None:
        """Break the line, which is what libpq then sees."""
        with socket.socket(fileno=os.dup(self.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RDWR)
