"""Editions of the town's timetable: drafts, what was published, and what will hold next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import editions

DRAFT, PUBLISHED, WITHDRAWN = "draft", "published", "withdrawn"
_FACTS = [column for column in editions.c if column.name != "feed"]


@dataclass(frozen=True, slots=True)
class EditionRow:
    """An edition without its feed; `valid_from` is None until it is published.

    `version` counts the changes: who edits says which version was seen.
    """

    id: int
    name: str
    state: str
    version: int
    valid_from: date | None
    valid_to: date | None
    made_at: float
    made_by: str
    changed_at: float
    published_at: float | None
    published_by: str | None


async def add_edition(
    connection: AsyncConnection, name: str, feed: bytes, *, now: float, by: str
) -> EditionRow:
    """Keep a new draft; `feed` is a GTFS zip."""
    done = await connection.execute(
        insert(editions)
        .values(
            name=name, state=DRAFT, version=1, feed=feed, made_at=now, made_by=by, changed_at=now
        )
        .returning(*_FACTS)
    )
    return _row(done.mappings().one())


async def all_editions(connection: AsyncConnection) -> list[EditionRow]:
    """Return every edition, the newest first."""
    rows = await connection.execute(select(*_FACTS).order_by(editions.c.id.desc()))
    return [_row(row) for row in rows.mappings()]


async def edition(connection: AsyncConnection, edition_id: int) -> EditionRow | None:
    """Return an edition, None for an unknown one."""
    rows = await connection.execute(select(*_FACTS).where(editions.c.id == edition_id))
    row = rows.mappings().first()
    return None if row is None else _row(row)


async def edition_feed(connection: AsyncConnection, edition_id: int) -> bytes | None:
    """Return an edition's GTFS zip, None for an unknown one."""
    feed: bytes | None = await connection.scalar(
        select(editions.c.feed).where(editions.c.id == edition_id)
    )
    return feed


async def published_on(connection: AsyncConnection, day: date) -> EditionRow | None:
    """Return the edition that holds on a day: of those begun the last to begin."""
    rows = await connection.execute(
        select(*_FACTS)
        .where(editions.c.state == PUBLISHED, editions.c.valid_from <= day)
        .order_by(editions.c.valid_from.desc(), editions.c.published_at.desc())
        .limit(1)
    )
    row = rows.mappings().first()
    return None if row is None else _row(row)


async def next_after(connection: AsyncConnection, day: date) -> EditionRow | None:
    """Return the first edition to begin after a day; of equals the last published."""
    rows = await connection.execute(
        select(*_FACTS)
        .where(editions.c.state == PUBLISHED, editions.c.valid_from > day)
        .order_by(editions.c.valid_from, editions.c.published_at.desc())
        .limit(1)
    )
    row = rows.mappings().first()
    return None if row is None else _row(row)


async def save_draft(
    connection: AsyncConnection, seen: EditionRow, feed: bytes, now: float
) -> EditionRow | None:
    """Keep a draft's new feed; None when it changed meanwhile or is no draft any more."""
    return await _change(connection, seen, feed=feed, changed_at=now)


async def publish(
    connection: AsyncConnection,
    seen: EditionRow,
    feed: bytes,
    days: tuple[date, date],
    *,
    now: float,
    by: str,
) -> EditionRow | None:
    """Publish a draft for `days`; None when it changed meanwhile or is no draft any more."""
    return await _change(
        connection,
        seen,
        feed=feed,
        state=PUBLISHED,
        valid_from=days[0],
        valid_to=days[1],
        changed_at=now,
        published_at=now,
        published_by=by,
    )


async def _change(
    connection: AsyncConnection, seen: EditionRow, **values: object
) -> EditionRow | None:
    done = await connection.execute(
        update(editions)
        .where(
            editions.c.id == seen.id,
            editions.c.version == seen.version,
            editions.c.state == DRAFT,
        )
        .values(version=seen.version + 1, **values)
        .returning(*_FACTS)
    )
    row = done.mappings().first()
    return None if row is None else _row(row)


async def withdraw(connection: AsyncConnection, seen: EditionRow, now: float) -> bool:
    """Take a published edition back; False when it changed meanwhile."""
    done = await connection.execute(
        update(editions)
        .where(editions.c.id == seen.id, editions.c.version == seen.version)
        .values(state=WITHDRAWN, version=seen.version + 1, changed_at=now)
    )
    return done.rowcount == 1


async def forget_draft(connection: AsyncConnection, seen: EditionRow) -> bool:
    """Delete a draft; False when it changed meanwhile or is no draft any more."""
    done = await connection.execute(
        delete(editions).where(
            editions.c.id == seen.id,
            editions.c.version == seen.version,
            editions.c.state == DRAFT,
        )
    )
    return done.rowcount == 1


def _row(row: RowMapping) -> EditionRow:
    return EditionRow(**row)
