"""Telephone numbers and addresses that have been kept for as long as they may be."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import delete, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import bookings, calls, idempotency, notifications, open_returns, waitlist

OF_DAYS: Final = (bookings, open_returns, waitlist)
"""Tables of an area's days with the name and number of somebody who is no member."""
_UNDER_WAY: Final = ("waiting", "sending")


async def forget_callers(connection: AsyncConnection, before: float) -> int:
    """Blank the numbers of calls that rang before an epoch second; returns how many.

    The answers remembered for an Idempotency-Key name riders too: nobody repeats one so late.
    """
    await connection.execute(delete(idempotency).where(idempotency.c.at < before))
    done = await connection.execute(
        update(calls).where(calls.c.rang_at < before, calls.c.number != "").values(number="")
    )
    return done.rowcount


async def forget_contacts(
    connection: AsyncConnection, area_id: str, before: float, day: date
) -> int:
    """Blank whom rides before `day` were for, and where messages before `before` went.

    Members stay known by their card, and a message that may still be sent keeps its address.
    """
    done = await connection.execute(
        update(notifications)
        .where(
            notifications.c.area_id == area_id,
            notifications.c.created_at < before,
            notifications.c.address != "",
            notifications.c.state.not_in(_UNDER_WAY),
        )
        .values(address="")
    )
    blanked = done.rowcount
    for table in OF_DAYS:
        done = await connection.execute(
            update(table)
            .where(
                table.c.area_id == area_id,
                table.c.service_date < day,
                or_(table.c.contact_phone != "", table.c.contact_name != ""),
            )
            .values(contact_phone="", contact_name="")
        )
        blanked += done.rowcount
    return blanked
