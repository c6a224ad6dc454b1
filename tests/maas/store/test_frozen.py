"""A process that was frozen in the middle of writing holds nobody else up for long."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from maas import running
from maas.settings import Settings
from maas.store.commits import add_events, lock_audit
from maas.store.database import Database, at_once, open_database
from maas.store.frozen import end_frozen, process_name


@pytest.fixture
async def frozen(fresh_postgres_url: str) -> AsyncIterator[Database]:
    """The database as a process has it open that hangs."""
    database = open_database(fresh_postgres_url, name=process_name())
    yield database
    await database.close()


@pytest.fixture
async def others(fresh_postgres_url: str) -> AsyncIterator[Database]:
    """The database as a process has it open that goes on."""
    database = open_database(fresh_postgres_url, name=process_name())
    yield database
    await database.close()


async def test_others_write_once_the_frozen_transaction_is_ended(
    frozen: Database, others: Database
) -> None:
    async with hanging(frozen):
        assert await ended_by(others) == 1
        await written_by(others)


async def test_one_that_hangs_between_statements_sent_at_once_is_ended(
    frozen: Database, others: Database
) -> None:
    async with hanging(frozen) as mine:
        with suppress(DBAPIError):  # of what is sent next, which is no statement of ours
            async with at_once(mine):
                await add_events(mine, "a", ["{}"])
                ended = await ended_by(others)
        await written_by(others)
    assert ended == 1


async def test_what_a_frozen_process_has_waiting_does_not_come_next(
    frozen: Database, others: Database
) -> None:
    async with hanging(frozen), waiting(frozen) as lock:
        assert await ended_by(others) == 2
        with pytest.raises(DBAPIError):
            await lock
        await written_by(others)


async def test_a_process_that_looks_goes_on_where_it_waits_itself(frozen: Database) -> None:
    async with hanging(frozen), waiting(frozen) as lock:
        assert await ended_by(frozen) == 1
        await lock


async def test_who_has_said_something_just_now_and_a_dump_that_pauses_go_on(
    fresh_postgres_url: str, frozen: Database, others: Database
) -> None:
    dump = open_database(fresh_postgres_url)
    async with dump.one_moment() as theirs, hanging(frozen), others.reading() as db:
        await theirs.execute(text("SELECT 1"))
        assert await end_frozen(db, 3600.0) == 0
        assert await ended_by(others) == 1
        await theirs.execute(text("SELECT 1"))
    await dump.close()


async def test_a_server_ends_what_hangs(
    fresh_postgres_url: str, tmp_path: Path, frozen: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SILENT_S", 0.1)
    settings, name = Settings(data_dir=tmp_path, database_url=fresh_postgres_url), process_name()
    server = await running._open(settings, name)
    async with running.ending_frozen(settings, name), hanging(frozen), server.reading() as db:
        await written_by(server)
        assert await db.scalar(text("SHOW application_name")) == name
    await server.close()


async def test_a_server_that_takes_a_call_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = open_database(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/town")
        try:
            async with asyncio.timeout(60):
                with pytest.raises(OperationalError):
                    await database.ping()
        finally:
            await database.close()


@asynccontextmanager
async def hanging(database: Database) -> AsyncIterator[AsyncConnection]:
    """Give a transaction that holds the lock and is ended by others."""
    async with database.engine.connect() as connection:
        await lock_audit(connection)
        yield connection
        with pytest.raises(DBAPIError):
            await connection.rollback()


@asynccontextmanager
async def waiting(database: Database) -> AsyncIterator[Awaitable[object]]:
    """Give a transaction's waiting for the lock, which it then has, or an error."""
    async with database.engine.connect() as connection:
        lock = asyncio.create_task(lock_audit(connection))
        await until_one_waits(database)
        yield lock


async def ended_by(database: Database) -> int:
    """End what waits for its process at this moment; returns how many transactions."""
    async with asyncio.timeout(60), database.reading() as db:
        while not (ended := await end_frozen(db, 0.0)):
            pass  # what has just been answered is not yet waiting for the next
    return ended


async def written_by(database: Database) -> None:
    """Write what every booking does."""
    async with asyncio.timeout(60), database.writing() as db:
        await lock_audit(db)


async def until_one_waits(database: Database) -> None:
    """Wait until a transaction waits for a lock."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with asyncio.timeout(60), database.reading() as db:
        while not await db.scalar(waiting):
            pass
