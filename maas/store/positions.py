"""The history of positions, written behind in batches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final, NamedTuple

from psycopg.errors import UniqueViolation
from sqlalchemy import BigInteger, cast, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import positions


class PositionRow(NamedTuple):
    """One fix, in epoch seconds; the device had said `t - added_s`, its clock being wrong."""

    vehicle_id: str
    device: str
    boot: str
    seq: int
    t: float
    received_at: float
    lat: float
    lon: float
    speed: float | None = None
    bearing: float | None = None
    trip: str | None = None
    added_s: float = 0.0


_COLUMNS: Final = ", ".join(PositionRow._fields)
# Many rows a statement: between statements SQLite's thread would have to win back Python's lock.
_ROWS_AT_ONCE: Final = 250
_KEY: Final = itemgetter(0, 2, 3)
_COPY: Final = f"COPY positions ({_COLUMNS}) FROM STDIN"
_COMING: Final = (
    "CREATE TEMP TABLE IF NOT EXISTS positions_coming (LIKE positions) ON COMMIT DELETE ROWS",
    "ALTER TABLE positions_coming ALTER COLUMN id DROP NOT NULL",
)
_COPY_COMING: Final = f"COPY positions_coming ({_COLUMNS}) FROM STDIN"
_MOVE: Final = (
    f"INSERT INTO positions ({_COLUMNS}) SELECT {_COLUMNS} FROM positions_coming"  # noqa: S608 -- our own names
    " ON CONFLICT DO NOTHING"
)


async def add_positions(connection: AsyncConnection, rows: Sequence[PositionRow]) -> None:
    """Keep fixes; one already kept (same device, boot and seq) is left as it is."""
    if not rows:
        return
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    if connection.dialect.name == "sqlite":
        rows = sorted(rows, key=_KEY)  # in the order of its indexes SQLite writes twice as fast
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[first : first + _ROWS_AT_ONCE]
            await driver.execute(_insert(len(some)), list(chain.from_iterable(some)))
        return
    try:
        async with driver.transaction():
            await _copy(driver, _COPY, rows)
    except UniqueViolation:  # seldom: the gate knows what came since the server started
        for statement in _COMING:
            await driver.execute(statement)
        await _copy(driver, _COPY_COMING, rows)
        await driver.execute(_MOVE)


@lru_cache
def _insert(rows: int) -> str:
    """Return SQLite's statement for so many rows; the compiler would take longer than the rows."""
    marks = f"({', '.join('?' for _ in PositionRow._fields)})"
    values = ", ".join([marks] * rows)
    return f"INSERT INTO positions ({_COLUMNS}) VALUES {values} ON CONFLICT DO NOTHING"  # noqa: S608 -- our own names


async def _copy(driver: Any, statement: str, rows: Sequence[PositionRow]) -> None:  # noqa: ANN401
    async with driver.cursor() as cursor, cursor.copy(statement) as copying:
        for row in rows:
            await copying.write_row(row)


async def latest_positions(
    connection: AsyncConnection, vehicles: Sequence[str], since: float
) -> list[PositionRow]:
    """Return the newest fix of each of some vehicles that was taken after `since`."""
    newest = (
        select(positions.c.vehicle_id, func.max(positions.c.t).label("t"))
        .where(positions.c.vehicle_id.in_(vehicles), positions.c.t > since)
        .group_by(positions.c.vehicle_id)
        .subquery()
    )
    columns = [positions.c[name] for name in PositionRow._fields]
    rows = await connection.execute(
        select(*columns).join(
            newest,
            (positions.c.vehicle_id == newest.c.vehicle_id) & (positions.c.t == newest.c.t),
        )
    )
    return [PositionRow(**row) for row in rows.mappings()]


async def positions_between(
    connection: AsyncConnection, vehicles: Sequence[str], first: float, last: float
) -> list[PositionRow]:
    """Return the fixes of some vehicles from an instant to before another, by vehicle and time."""
    columns = [positions.c[name] for name in PositionRow._fields]
    rows = await connection.execute(
        select(*columns)
        .where(positions.c.vehicle_id.in_(vehicles))
        .where(positions.c.t >= first, positions.c.t < last)
        .order_by(positions.c.vehicle_id, positions.c.t, positions.c.seq)
    )
    return [PositionRow(**row) for row in rows.mappings()]


async def tracks_between(
    connection: AsyncConnection, vehicles: Sequence[str], first: float, last: float, step_s: int
) -> list[tuple[str, float, float, float]]:
    """Return vehicle, instant, latitude and longitude of the first fix of each `step_s` seconds."""
    columns = positions.c
    step = cast(columns.t / step_s, BigInteger)
    number = func.row_number().over(
        partition_by=(columns.vehicle_id, step), order_by=(columns.t, columns.id)
    )
    fixes = (
        select(columns.vehicle_id, columns.t, columns.lat, columns.lon, number.label("number"))
        .where(columns.vehicle_id.in_(vehicles), columns.t >= first, columns.t < last)
        .subquery()
    )
    query = (
        select(fixes.c.vehicle_id, fixes.c.t, fixes.c.lat, fixes.c.lon)
        .where(fixes.c.number == 1)
        .order_by(fixes.c.vehicle_id, fixes.c.t)
    )
    return [(id_, t, lat, lon) for id_, t, lat, lon in await connection.execute(query)]


async def page_after(
    connection: AsyncConnection, number: int, limit: int
) -> list[tuple[int, PositionRow]]:
    """Return the next rows in the order they were written, each with its number."""
    columns = [positions.c[name] for name in ("id", *PositionRow._fields)]
    query = select(*columns).where(positions.c.id > number).order_by(positions.c.id).limit(limit)
    return [(row[0], PositionRow._make(row[1:])) for row in await connection.execute(query)]


async def delete_positions(connection: AsyncConnection, numbers: Sequence[int]) -> None:
    """Delete rows by their numbers, a few thousand at most."""
    await connection.execute(delete(positions).where(positions.c.id.in_(numbers)))
