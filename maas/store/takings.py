"""The money taken for rides: rows that are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.closings import day_for
from maas.store.tables import takings


@dataclass(frozen=True, slots=True)
class TakingRow:
    """One movement of money or vouchers, or a fare put right; `at` is epoch seconds."""

    service_date: date
    vehicle_id: str
    booking_id: str | None
    what: str
    yen: int
    at: float
    actor: str
    kind: str = ""
    voucher_id: str | None = None
    count: int = 0
    reason: str = ""


async def add(connection: AsyncConnection, rows: Sequence[TakingRow]) -> None:
    """Add movements; they are never changed.  Those of a month that is closed count today."""
    values = [
        asdict(row) | {"service_date": await day_for(connection, row.service_date, row.at)}
        for row in rows
    ]
    if values:
        await connection.execute(insert(takings), values)


async def on(connection: AsyncConnection, day: date) -> list[TakingRow]:
    """Return the movements of a service day, oldest first."""
    return await _where(connection, takings.c.service_date == day)


async def of_booking(connection: AsyncConnection, booking_id: str) -> list[TakingRow]:
    """Return the movements for a booking, oldest first."""
    return await _where(connection, takings.c.booking_id == booking_id)


async def _where(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[TakingRow]:
    columns = [takings.c[name] for name in TakingRow.__slots__]
    rows = await connection.execute(select(*columns).where(condition).order_by(takings.c.id))
    return [TakingRow(**row) for row in rows.mappings()]
