"""The ledger of promises, day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.bookings import BookingRow, PromiseRow
from maas.store.tables import bookings, promises


async def ledger_between(
    connection: AsyncConnection, area_id: str, first: date, last: date
) -> Mapping[date, list[tuple[BookingRow, list[PromiseRow]]]]:
    """Return each booking of some service days with every promise given for it, oldest first."""
    theirs = (bookings.c.area_id == area_id, bookings.c.service_date.between(first, last))
    rows = await connection.execute(select(bookings).where(*theirs).order_by(bookings.c.id))
    told: defaultdict[str, list[PromiseRow]] = defaultdict(list)
    given = await connection.execute(
        select(promises)
        .join(bookings, bookings.c.id == promises.c.booking_id)
        .where(*theirs)
        .order_by(promises.c.booking_id, promises.c.no)
    )
    for each in given.mappings():
        told[each["booking_id"]].append(PromiseRow(**each))
    found: defaultdict[date, list[tuple[BookingRow, list[PromiseRow]]]] = defaultdict(list)
    for row in rows.mappings():
        booking = BookingRow(**row)
        found[booking.service_date].append((booking, told[booking.id]))
    return found
