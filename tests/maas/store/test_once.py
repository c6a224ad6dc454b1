"""A command of the office is done once for its key, whole or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store import people as staff
from maas.store.commits import audit_break
from maas.store.database import Database
from maas.store.once import TRIES, By, Done, once
from maas.store.tables import audit

BY = By("yuki", 5.0, "k")
TAKEN = IntegrityError("", None, Exception())


async def entries(database: Database) -> list[tuple[str, str, str, str]]:
    async with database.reading() as connection:
        assert await audit_break(connection) is None
        rows = await connection.execute(select(audit).order_by(audit.c.seq))
        return [(row.actor, row.action, row.subject, row.detail) for row in rows]


async def test_it_is_answered_again_as_it_was_and_audited_for_each_subject(
    database: Database,
) -> None:
    done: list[int] = []

    async def work(_: AsyncConnection) -> Done:
        done.append(1)
        return Done(("a", "b"), {"made": [1]}, {"why": "試験"})

    first = await once(database, BY, "thing.made", ["x"], work)
    again = await once(database, BY, "thing.made", ["x"], work)

    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert (first.answer, first.subjects) == (again.answer, again.subjects)
    assert done == [1]
    assert await once(database, BY, "thing.made", ["y"], work) == "key-reused"
    assert await once(database, BY, "thing.unmade", ["x"], work) == "key-reused"
    assert await entries(database) == [
        ("yuki", "thing.made", subject, '{"why": "試験"}') for subject in ("a", "b")
    ]


async def test_a_refusal_leaves_nothing_of_what_was_written_before_it(database: Database) -> None:
    account = staff.StaffRow("ken", "ken", "", "driver", None)

    async def work(connection: AsyncConnection) -> Done | str:
        await staff.save_staff(connection, account)
        return "no"

    assert await once(database, BY, "thing.made", [], work) == "no"
    async with database.reading() as connection:
        assert await staff.staff_by_name(connection, "ken") is None
    assert await entries(database) == []


@pytest.mark.parametrize("lost", [1, TRIES - 1, TRIES])
async def test_a_race_lost_is_run_again_but_not_for_ever(database: Database, lost: int) -> None:
    tries: list[int] = []

    async def work(_: AsyncConnection) -> Done:
        tries.append(1)
        if len(tries) <= lost:
            raise TAKEN
        return Done(("a",))

    if lost < TRIES:
        assert isinstance(await once(database, BY, "thing.made", [], work), Done)
    else:
        with pytest.raises(IntegrityError):
            await once(database, BY, "thing.made", [], work)
    assert len(tries) == min(lost + 1, TRIES)
    assert len(await entries(database)) == (lost < TRIES)
