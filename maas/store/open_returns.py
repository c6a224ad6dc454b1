"""Ways back without a time, and how long people stayed at a place before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import bookings, open_returns

ENDED: Final = ("promised", "closed")
LONGEST_STAY_S: Final = 6 * 3600
"""Who goes back later than that did something else between."""


@dataclass(frozen=True, slots=True)
class OpenReturnRow:
    """A way back without a time; `ask` is the trip as JSON, `_s` are seconds of its service day.

    `booking_id` is the seat softly held for it, once `promised` the real ride; `None` when no
    vehicle has room.  `version` goes up with every change.
    """

    id: str
    area_id: str
    service_date: date
    outward_id: str | None
    ask: dict[str, Any]
    member_id: int | None
    contact_name: str
    contact_phone: str
    state: str
    expected_s: int
    booking_id: str | None
    button_hash: str
    called_s: int | None
    opened_at: float
    opened_by: str
    version: int = 0


async def save(connection: AsyncConnection, row: OpenReturnRow) -> bool:
    """Write a return whose `version` is the one seen before, 0 a new one; False when it moved."""
    values = asdict(replace(row, version=row.version + 1))
    if row.version == 0:
        await connection.execute(insert(open_returns).values(**values))
        return True
    done = await connection.execute(
        update(open_returns)
        .where(open_returns.c.id == row.id, open_returns.c.version == row.version)
        .values(**values)
    )
    return done.rowcount == 1


async def open_return(connection: AsyncConnection, id_: str) -> OpenReturnRow | None:
    """Return one, `None` when there is no such id."""
    found = await connection.execute(select(open_returns).where(open_returns.c.id == id_))
    row = found.mappings().first()
    return None if row is None else OpenReturnRow(**row)


async def by_button(connection: AsyncConnection, button_hash: str) -> OpenReturnRow | None:
    """Return the one a button is for, `None` when there is none."""
    where = open_returns.c.button_hash == button_hash
    row = (await connection.execute(select(open_returns).where(where))).mappings().first()
    return None if row is None else OpenReturnRow(**row)


async def of_outward(connection: AsyncConnection, booking_id: str) -> OpenReturnRow | None:
    """Return the one that is not closed of an outward ride, `None` when it has none."""
    found = await connection.execute(
        select(open_returns).where(
            open_returns.c.outward_id == booking_id, open_returns.c.state != "closed"
        )
    )
    row = found.mappings().first()
    return None if row is None else OpenReturnRow(**row)


async def open_returns_on(
    connection: AsyncConnection, area_id: str, day: date, *, ended: bool = False
) -> list[OpenReturnRow]:
    """Return those of a day that wait, with `ended` all, by when they are expected."""
    query = select(open_returns).where(
        open_returns.c.area_id == area_id, open_returns.c.service_date == day
    )
    if not ended:
        query = query.where(open_returns.c.state.not_in(ENDED))
    rows = await connection.execute(query.order_by(open_returns.c.expected_s, open_returns.c.id))
    return [OpenReturnRow(**row) for row in rows.mappings()]


async def stays_s(connection: AsyncConnection, place_id: int, first: date) -> list[int]:
    """Return how long people stayed at a place from a day on, by their call or their way back."""
    called = await _called(connection, place_id, first)
    return [stay_s for stay_s in [*called, *await _booked(connection, place_id, first)]
            if 0 < stay_s <= LONGEST_STAY_S]  # fmt: skip


async def _called(connection: AsyncConnection, place_id: int, first: date) -> Sequence[int]:
    stay_s = open_returns.c.called_s - bookings.c.dropped_s
    rows = await connection.execute(
        select(stay_s)
        .join(bookings, bookings.c.id == open_returns.c.outward_id)
        .where(
            bookings.c.destination_id == place_id,
            bookings.c.service_date >= first,
            bookings.c.dropped_s.is_not(None),
            open_returns.c.called_s.is_not(None),
        )
    )
    return rows.scalars().all()


async def _booked(connection: AsyncConnection, place_id: int, first: date) -> Sequence[int]:
    """Return the stays of members who rode there and back on the same day by the clock."""
    back = bookings.alias()
    rows = await connection.execute(
        select(back.c.aboard_s - bookings.c.dropped_s)
        .join(
            back,
            (back.c.member_id == bookings.c.member_id)
            & (back.c.service_date == bookings.c.service_date)
            & (back.c.origin_id == bookings.c.destination_id),
        )
        .where(
            bookings.c.destination_id == place_id,
            bookings.c.service_date >= first,
            bookings.c.dropped_s.is_not(None),
            back.c.aboard_s > bookings.c.dropped_s,
            back.c.id.not_in(
                select(open_returns.c.booking_id).where(open_returns.c.booking_id.is_not(None))
            ),
        )
    )
    return rows.scalars().all()
