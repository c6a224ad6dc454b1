"""A message moves on from how it was seen, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maas.store.database import Database
from maas.store.notifications import (
    NotificationRow,
    add_notifications,
    change,
    notification,
    unconfirmed,
    waiting_by,
)
from tests.maas.notify.test_compose import ROW

pytestmark = pytest.mark.anyio


async def kept(database: Database, *rows: NotificationRow) -> None:
    async with database.writing() as db:
        await add_notifications(db, rows)


@pytest.mark.parametrize("moved", [{"state": "sending"}, {"attempts": 1}])
async def test_whoever_saw_it_before_it_moved_changes_nothing(
    database: Database, moved: dict[str, object]
) -> None:
    await kept(database, ROW)
    async with database.writing() as db:
        assert await change(db, ROW, **moved)
        assert not await change(db, ROW, state="dropped")
        assert await notification(db, ROW.key) == replace(ROW, **moved)  # type: ignore[arg-type]


async def test_a_key_that_is_there_is_left_as_it_is(database: Database) -> None:
    await kept(database, ROW)
    await kept(database, replace(ROW, state="sent", channel="email"))

    async with database.reading() as db:
        assert await notification(db, ROW.key) == ROW


async def test_what_waits_for_people_is_listed_by_when_it_is_due(database: Database) -> None:
    calls = [
        replace(ROW, key=key, channel="phone", due_at=due_at, area_id=area)
        for key, due_at, area in (("b", 2.0, "all"), ("a", 1.0, "all"), ("c", 0.0, "other"))
    ]
    await kept(database, ROW, *calls, replace(calls[0], key="d", state="acknowledged"))

    async with database.reading() as db:
        assert [row.key for row in await waiting_by(db, "phone", "all")] == ["a", "b"]
        assert [row.key for row in await waiting_by(db, "phone")] == ["c", "a", "b"]


async def test_only_what_was_sent_must_be_known_and_is_due_is_unconfirmed(
    database: Database,
) -> None:
    late = replace(ROW, key="late", state="sent", occasion="moved", due_at=10.0)
    others = (
        replace(late, key="soon", due_at=11.0),
        replace(late, key="mail", channel="email"),
        replace(late, key="kind", occasion="booked"),
        replace(late, key="done", state="delivered"),
    )
    await kept(database, late, *others)

    async with database.reading() as db:
        assert await unconfirmed(db, ["sms", "voice"], ["moved"], 10.0) == [late]
