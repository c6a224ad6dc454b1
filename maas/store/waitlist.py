"""Who waits for a seat, in the order in which they asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import waitlist


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """An ask that waits; `booking_id` is the seat offered, until the epoch second `answer_by`.

    `version` goes up with every change.
    """

    id: str
    area_id: str
    service_date: date
    ask: dict[str, Any]
    member_id: int | None
    contact_name: str
    contact_phone: str
    state: str
    made_at: float
    made_by: str
    booking_id: str | None = None
    answer_by: float | None = None
    version: int = 0


async def save(connection: AsyncConnection, row: WaitingRow) -> bool:
    """Write an entry whose `version` is the one seen before, 0 a new one; False when it moved."""
    values = asdict(replace(row, version=row.version + 1))
    if row.version == 0:
        await connection.execute(insert(waitlist).values(**values))
        return True
    done = await connection.execute(
        update(waitlist)
        .where(waitlist.c.id == row.id, waitlist.c.version == row.version)
        .values(**values)
    )
    return done.rowcount == 1


async def entry(connection: AsyncConnection, id_: str) -> WaitingRow | None:
    """Return one entry, `None` when there is no such id."""
    found = (await connection.execute(select(waitlist).where(waitlist.c.id == id_))).mappings()
    row = found.first()
    return None if row is None else WaitingRow(**row)


async def waiting_from(
    connection: AsyncConnection, area_id: str, first: date, *, ended: bool = False
) -> list[WaitingRow]:
    """Return who waits or has been offered a seat from a day on, longest waiting first."""
    query = select(waitlist).where(waitlist.c.area_id == area_id, waitlist.c.service_date >= first)
    if not ended:
        query = query.where(waitlist.c.state.in_(("waiting", "offered")))
    rows = await connection.execute(query.order_by(waitlist.c.made_at, waitlist.c.id))
    return [WaitingRow(**row) for row in rows.mappings()]
