"""Sealing what lies in the database with the newest key: after a change of keys, or of before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Column, Table, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import JSON, Text

from maas.store.database import Database
from maas.store.sealed import Keys, SealedJson, SealedLine
from maas.store.tables import metadata

BATCH: Final = 500


def sealed_columns() -> Iterator[tuple[Table, list[Column[Any]]]]:
    """Yield the tables that hold what is known of people, with those columns."""
    for table in metadata.sorted_tables:
        columns = [c for c in table.columns if isinstance(c.type, SealedLine | SealedJson)]
        if columns:
            yield table, columns


async def seal_all(database: Database, keys: Keys) -> int:
    """Seal every value that is not sealed with the newest key; returns how many rows that were.

    A batch is one transaction, and a row is read and written inside it: a server may be running.
    """
    done = 0
    for table, columns in sealed_columns():
        key = list(table.primary_key.columns)
        async with database.reading() as db:
            found = [tuple(row[: len(key)]) for row in await db.execute(_as_it_lies(table, columns))
                     if _is_old(row[len(key) :], keys)]  # fmt: skip
        for start in range(0, len(found), BATCH):
            async with database.writing() as db:
                for chosen in found[start : start + BATCH]:
                    done += await _seal_row(db, table, columns, chosen)
    return done


async def count_old(database: Database, keys: Keys) -> int:
    """Return how many rows hold something that is not sealed with the newest key."""
    count = 0
    for table, columns in sealed_columns():
        width = len(table.primary_key.columns)
        async with database.reading() as db:
            rows = await db.execute(_as_it_lies(table, columns))
            count += sum(_is_old(row[width:], keys) for row in rows)
    return count


def _as_it_lies(table: Table, columns: list[Column[Any]]) -> Any:  # noqa: ANN401 -- a select
    raw = [type_coerce(c, JSON if isinstance(c.type, SealedJson) else Text) for c in columns]
    return select(*table.primary_key.columns, *raw)


def _is_old(values: Any, keys: Keys) -> bool:  # noqa: ANN401 -- the values of a row
    return any(value and not (isinstance(value, str) and keys.is_newest(value)) for value in values)


async def _seal_row(
    db: AsyncConnection, table: Table, columns: list[Column[Any]], chosen: tuple[Any, ...]
) -> int:
    key = list(table.primary_key.columns)
    same = [column == value for column, value in zip(key, chosen, strict=True)]
    row = (await db.execute(select(*columns).where(*same).with_for_update())).first()
    if row is None:
        return 0
    values = {column.name: value for column, value in zip(columns, row, strict=True)}
    await db.execute(update(table).where(*same).values(values))
    return 1
