"""Riders counted on buses: rows are added and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import bus_counts


@dataclass(frozen=True, slots=True)
class CountRow:
    """Who got on and off at one call, or a part of them: a driver's tap is a row of its own.

    `call_index` is the call's place in its trip, from 0; a counter that knows neither trip nor call
    leaves them `None`.  `at` is when it was, `received_at` when it came (epoch seconds); `corrects`
    is the row it takes the place of.
    """

    id: str
    service_date: date
    vehicle_id: str
    trip_id: str | None
    call_index: int | None
    source: str
    boarded: int
    alighted: int
    at: float
    received_at: float
    actor: str
    corrects: str | None = None
    reason: str = ""


async def add_count(connection: AsyncConnection, row: CountRow) -> None:
    """Keep a count; raises IntegrityError when its id is kept already."""
    await connection.execute(insert(bus_counts).values(**asdict(row)))


async def count(connection: AsyncConnection, id_: str) -> CountRow | None:
    """Return one count, `None` when there is no such id."""
    found = await connection.execute(select(bus_counts).where(bus_counts.c.id == id_))
    row = found.mappings().first()
    return None if row is None else CountRow(**row)


async def add_counts(connection: AsyncConnection, rows: Sequence[CountRow]) -> None:
    """Keep many counts at once."""
    if rows:
        await connection.execute(insert(bus_counts), [asdict(row) for row in rows])


async def counts_between(
    connection: AsyncConnection, first: date, last: date, vehicle_id: str | None = None
) -> list[CountRow]:
    """Return the counts of some service days (of one vehicle or all) in the order of their times.

    Those that another one corrects are among them.
    """
    columns = bus_counts.c
    query = select(bus_counts).where(columns.service_date.between(first, last))
    if vehicle_id is not None:
        query = query.where(columns.vehicle_id == vehicle_id)
    order = (columns.service_date, columns.at, columns.received_at, columns.id)
    rows = await connection.execute(query.order_by(*order))
    return [CountRow(**row) for row in rows.mappings()]
