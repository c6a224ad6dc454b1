"""A process that was frozen in the middle of writing holds nobody else up for long."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from maas import running
from maas.settings import Settings
from maas.store.commits import lock_audit
from maas.store.database import Database, open_database


async def test_others_write_once_the_frozen_transaction_is_ended(fresh_postgres_url: str) -> None:
    frozen = open_database(fresh_postgres_url, idle_s=0.5)
    others = open_database(fresh_postgres_url)
    try:
        with pytest.raises(DBAPIError, match="idle"):
            await frozen_until(frozen, others)
    finally:
        await frozen.close()
        await others.close()


async def test_a_server_opens_its_database_with_that_limit(
    fresh_postgres_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=fresh_postgres_url)
    database = await running._open(settings)
    try:
        async with database.reading() as db:
            limit = await db.scalar(text("SHOW idle_in_transaction_session_timeout"))
    finally:
        await database.close()
    assert limit == f"{running.IDLE_S:.0f}s"


async def test_a_server_that_takes_a_call_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = open_database(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/town")
        try:
            async with asyncio.timeout(60):
                with pytest.raises(OperationalError):
                    await database.ping()
        finally:
            await database.close()


async def frozen_until(frozen: Database, others: Database) -> None:
    """Begin to write, and go on only when others could."""
    async with frozen.writing() as mine:
        await lock_audit(mine)
        async with asyncio.timeout(60), others.writing() as theirs:
            await lock_audit(theirs)
        await lock_audit(mine)
