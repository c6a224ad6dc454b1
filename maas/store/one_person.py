"""What one person or group has booked, and how often a member was not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.bookings import BookingRow
from maas.store.tables import bookings, members


async def no_shows_of(connection: AsyncConnection, member_id: int, first: date) -> list[BookingRow]:
    """Return the rides from a day on for which a member was not there, newest first."""
    rows = await connection.execute(
        select(bookings)
        .where(
            bookings.c.member_id == member_id,
            bookings.c.service_date >= first,
            bookings.c.state == "no_show",
        )
        .order_by(bookings.c.service_date.desc(), bookings.c.pickup_planned_s.desc())
    )
    return [BookingRow(**row) for row in rows.mappings()]


async def rides_of(
    connection: AsyncConnection, member_id: int, day: date, states: Sequence[str]
) -> frozenset[str]:
    """Return the bookings a member has on a day; nobody else can add one until we commit."""
    await connection.execute(
        select(members.c.id).where(members.c.id == member_id).with_for_update()
    )
    rows = await connection.execute(
        select(bookings.c.id).where(
            bookings.c.member_id == member_id,
            bookings.c.service_date == day,
            bookings.c.state.in_(states),
        )
    )
    return frozenset(rows.scalars())


async def group(connection: AsyncConnection, area_id: str, group_id: str) -> list[str]:
    """Return the bookings made together, earliest first."""
    rows = await connection.execute(
        select(bookings.c.id)
        .where(bookings.c.area_id == area_id, bookings.c.group_id == group_id)
        .order_by(bookings.c.service_date, bookings.c.pickup_planned_s, bookings.c.id)
    )
    return list(rows.scalars())
