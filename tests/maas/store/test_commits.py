"""What makes a commit safe, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from maas.store import commits
from maas.store.commits import Answer, AuditEntry
from maas.store.database import Database, check_schema, newest_revision, upgrade
from maas.store.tables import audit, leases


async def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    async with database.writing() as connection:
        await connection.run_sync(check_schema)


async def test_a_database_at_the_newest_schema_is_left_alone(database_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", "maas:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == newest_revision()

    await upgrade(database_url)


async def test_a_key_is_remembered_once_for_each_actor(database: Database) -> None:
    given = Answer("hash", 201, '{"id":"b1"}')
    async with database.writing() as connection:
        await commits.remember(connection, "yuki", "key", given, 1.0)

    with pytest.raises(IntegrityError):
        async with database.writing() as connection:
            await commits.remember(connection, "yuki", "key", given, 2.0)

    async with database.reading() as connection:
        assert await commits.answer(connection, "yuki", "key") == given
        assert await commits.answer(connection, "ken", "key") is None


async def test_nothing_of_a_block_that_raises_is_kept(database: Database) -> None:
    async def torn() -> None:
        async with database.writing() as connection:
            await commits.add_events(connection, "town", ["lost"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await torn()

    async with database.reading() as connection:
        assert await commits.waiting_events(connection, "town", 9) == []


async def test_events_wait_in_order_until_they_are_forgotten(database: Database) -> None:
    async with database.writing() as connection:
        await commits.add_events(connection, "town", ["first", "second"])
        await commits.add_events(connection, "elsewhere", ["theirs"])
        (first, _), _ = await commits.waiting_events(connection, "town", 9)
        await commits.forget_events(connection, [first])

    async with database.reading() as connection:
        waiting = await commits.waiting_events(connection, "town", 9)
    assert [body for _, body in waiting] == ["second"]


async def _written(database: Database, count: int) -> None:
    async def one(number: int) -> None:
        async with database.writing() as connection:
            entry = AuditEntry(1.5, "yuki", "book", f"b{number}", "{}")
            await commits.add_audit(connection, entry)

    await asyncio.gather(*(one(number) for number in range(count)))


async def test_the_audit_chain_of_many_writers_is_whole(database: Database) -> None:
    await _written(database, 12)

    async with database.reading() as connection:
        assert await commits.audit_break(connection) is None
        assert len((await connection.execute(select(audit))).all()) == 12


@pytest.mark.parametrize("column", ["actor", "action", "subject", "detail", "hash"])
async def test_the_audit_chain_breaks_where_an_entry_is_altered(
    database: Database, column: str
) -> None:
    await _written(database, 4)
    async with database.writing() as connection:
        await connection.execute(update(audit).where(audit.c.seq == 3).values({column: "other"}))
        assert await commits.audit_break(connection) == 3


async def test_an_entry_forged_with_its_own_hash_breaks_the_chain_at_the_next(
    database: Database,
) -> None:
    await _written(database, 4)
    async with database.writing() as connection:
        before = await connection.scalar(select(audit.c.hash).where(audit.c.seq == 1))
        forged = commits.link(before or "", 2, AuditEntry(1.5, "yuki", "book", "forged", "{}"))
        await connection.execute(
            update(audit).where(audit.c.seq == 2).values(subject="forged", hash=forged)
        )
        assert await commits.audit_break(connection) == 3


@pytest.mark.parametrize("gone", [1, 2, 4])
async def test_the_audit_chain_breaks_where_an_entry_is_deleted(
    database: Database, gone: int
) -> None:
    await _written(database, 4)
    async with database.writing() as connection:
        await connection.execute(delete(audit).where(audit.c.seq == gone))
        assert await commits.audit_break(connection) == gone


async def test_the_newest_keeper_holds_the_lease_until_it_runs_out(database: Database) -> None:
    async with database.writing() as connection:
        await commits.take_lease(connection, "town", "old", 10.0)
        await commits.take_lease(connection, "town", "new", 10.0)
        assert not await commits.renew_lease(connection, "town", "old", 9.0, 19.0)
        assert await commits.renew_lease(connection, "town", "new", 9.0, 19.0)
        assert await commits.renew_lease(connection, "town", "old", 20.0, 30.0)
        assert (await connection.scalar(select(leases.c.holder))) == "old"
