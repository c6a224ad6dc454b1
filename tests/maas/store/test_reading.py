"""What a read sees while others write, and when its connection has broken since."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from maas.store import database as module
from maas.store.database import Database, at_once, open_database
from maas.store.tables import outbox

FIRST: dict[str, object] = {"area_id": "here", "body": "first"}
SECOND: dict[str, object] = {"area_id": "here", "body": "second"}
BODIES = select(outbox.c.body).order_by(outbox.c.id)


async def write(database: Database, row: dict[str, object]) -> None:
    async with database.writing() as db:
        await db.execute(insert(outbox), row)


async def test_one_moment_sees_nothing_of_what_is_written_after_its_first_read(
    database: Database,
) -> None:
    await write(database, FIRST)
    async with database.one_moment() as db:
        before = (await db.scalars(BODIES)).all()
        await write(database, SECOND)
        assert (await db.scalars(BODIES)).all() == before == ["first"]
    async with database.reading() as db:
        assert (await db.scalars(BODIES)).all() == ["first", "second"]


async def test_a_write_after_a_read_on_the_same_connection_is_all_or_nothing(
    database_url: str,
) -> None:
    database = open_database(database_url, pool_size=1)
    async with database.reading() as db:
        await db.execute(BODIES)
    with pytest.raises(ZeroDivisionError):
        await write_and_fail(database)
    async with database.reading() as db:
        assert (await db.scalars(BODIES)).all() == []
    await database.close()


async def write_and_fail(database: Database) -> None:
    async with database.writing() as db:
        await db.execute(insert(outbox), FIRST)
        raise ZeroDivisionError


async def test_a_connection_that_broke_while_it_was_left_alone_is_opened_anew(
    fresh_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ALONE_S", 0.0)
    database = open_database(fresh_postgres_url, pool_size=1)
    async with database.reading() as db:
        backend = await db.scalar(text("SELECT pg_backend_pid()"))
    with psycopg.connect(fresh_postgres_url, autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(%s, 60000)", (backend,))
    async with database.reading() as db:
        assert await db.scalar(text("SELECT pg_backend_pid()")) != backend
    await database.close()


async def test_what_is_sent_at_once_is_kept_in_order(database: Database) -> None:
    async with database.writing() as db:
        async with at_once(db):
            for row in (FIRST, SECOND):
                await db.execute(insert(outbox).inline(), [row])
        assert (await db.scalars(BODIES)).all() == ["first", "second"]


async def test_what_fails_at_once_is_an_error_like_any_other_and_keeps_nothing(
    database: Database,
) -> None:
    again = {"id": 7, **FIRST}
    with pytest.raises(IntegrityError):
        await written_at_once(database, [FIRST, again, again, SECOND])
    async with database.reading() as db:
        assert (await db.scalars(BODIES)).all() == []
    await written_at_once(database, [again])


async def written_at_once(database: Database, rows: list[dict[str, object]]) -> None:
    async with database.writing() as db, at_once(db):
        for row in rows:
            await db.execute(insert(outbox).inline(), [row])


async def test_a_server_that_goes_away_at_once_is_an_error_of_the_database(
    fresh_postgres_url: str,
) -> None:
    database = open_database(fresh_postgres_url, pool_size=1)
    with pytest.raises(OperationalError):
        await broken_at_once(database, fresh_postgres_url)
    async with database.reading() as db:
        assert (await db.scalars(BODIES)).all() == []
    await database.close()


async def broken_at_once(database: Database, url: str) -> None:
    async with database.writing() as db:
        backend = await db.scalar(text("SELECT pg_backend_pid()"))
        async with at_once(db):
            await db.execute(insert(outbox).inline(), [FIRST])
            with psycopg.connect(url, autocommit=True) as server:
                server.execute("SELECT pg_terminate_backend(%s, 60000)", (backend,))
