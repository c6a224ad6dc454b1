"""A line to the tests' PostgreSQL that may be cut or fall silent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import make_url

from tests.chaos.proxy import Proxy


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Give the line to a server on a Unix socket, and the database's address behind it."""
    there = make_url(url)
    async with Proxy(f"{there.query['host']}/.s.PGSQL.5432").listening() as line:
        behind = there.set(host="127.0.0.1", port=line.port, query={})
        yield line, behind.render_as_string(hide_password=False)
