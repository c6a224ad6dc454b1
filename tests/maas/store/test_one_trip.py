"""What is begun on the way of its first statement is whole, whatever ends it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from maas.store.database import Database, open_database
from maas.store.one_trip import opener

SET = text("UPDATE cell SET value = value + 1")
GET = text("SELECT value FROM cell")


@pytest.fixture
async def cell(tmp_path: Path) -> Database:
    database = open_database(f"sqlite:///{tmp_path / 'cell.db'}", pool_size=2)
    async with database.writing() as db:
        await db.execute(text("CREATE TABLE cell (value INT)"))
        await db.execute(text("INSERT INTO cell VALUES (0)"))
    return database


async def value(cell: Database) -> int:
    async with cell.reading() as db:
        return int((await db.scalars(GET)).one())


async def test_a_read_sees_one_moment_from_its_first_statement(cell: Database) -> None:
    async with cell.reading() as reader:
        before = (await reader.scalars(GET)).one()
        async with cell.writing() as db:
            await db.execute(SET)
        assert (await reader.scalars(GET)).one() == before == 0
    assert await value(cell) == 1
    await cell.close()


async def fail(cell: Database) -> None:
    async with cell.writing() as db:
        await db.execute(SET)
        await db.execute(text("UPDATE nothing SET value = 1"))


async def test_what_failed_is_undone_before_the_connection_is_used_again(cell: Database) -> None:
    for _ in range(4):
        with pytest.raises(OperationalError):
            await fail(cell)
        assert await value(cell) == 0
    await cell.close()


async def test_a_write_whose_caller_left_before_it_ran_is_undone(
    cell: Database, tmp_path: Path
) -> None:
    connection = await opener(make_url(f"sqlite:///{tmp_path / 'cell.db'}"))()
    connection._conn.isolation_level = None
    cursor, busy = connection.cursor(), threading.Event()
    connection._tx.put_nowait((None, busy.wait))

    await cursor.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(cursor.execute("UPDATE cell SET value = 1"))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait([writing])
    await connection.rollback()
    busy.set()
    await connection.close()

    assert writing.cancelled()
    assert await value(cell) == 0
    await cell.close()


async def test_a_transaction_in_which_nothing_is_said_never_begins(
    cell: Database, tmp_path: Path
) -> None:
    async with cell.writing():
        # Another writer is not kept waiting.
        with sqlite3.connect(tmp_path / "cell.db", timeout=0) as other:
            other.execute("UPDATE cell SET value = 5")
        other.close()
    assert await value(cell) == 5
    await cell.close()
