"""What members have booked and ridden."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.bookings import OPEN
from maas.store.tables import bookings

STANDS: Final = (*OPEN, "held")
"""A held seat stands in a vehicle's plan as a booking does."""


async def upcoming(
    connection: AsyncConnection, member_ids: Collection[int], day: date
) -> dict[int, tuple[str, date, str]]:
    """Return area, day and id of each member's next open booking from `day` on, if any."""
    table = bookings.c
    rows = await connection.execute(
        select(table.member_id, table.area_id, table.service_date, table.id)
        .where(
            bookings.c.member_id.in_(list(member_ids)),
            bookings.c.service_date >= day,
            bookings.c.state.in_(OPEN),
        )
        .order_by(bookings.c.service_date.desc(), bookings.c.pickup_planned_s.desc())
    )
    return {member_id: tuple(row) for member_id, *row in rows}  # the first comes last


async def open_of(
    connection: AsyncConnection, member_ids: Collection[int], day: date
) -> list[tuple[str, date, str]]:
    """Return area, day and id of the open bookings of members from `day` on, by pick-up."""
    table = bookings.c
    rows = await connection.execute(
        select(table.area_id, table.service_date, table.id)
        .where(
            table.member_id.in_(list(member_ids)), table.service_date >= day, table.state.in_(OPEN)
        )
        .order_by(table.service_date, table.pickup_planned_s, table.id)
    )
    return [(area, on, id_) for area, on, id_ in rows]


async def open_rides(
    connection: AsyncConnection,
    day: date,
    *,
    place_id: int | None = None,
    vehicle_id: str | None = None,
) -> int:
    """Return how many open bookings from `day` on touch a place, or are a vehicle's."""
    query = select(func.count()).where(bookings.c.service_date >= day, bookings.c.state.in_(STANDS))
    if place_id is not None:
        ends = (bookings.c.origin_id, bookings.c.destination_id, bookings.c.boards_at_id)
        query = query.where(or_(*(end == place_id for end in ends)))
    if vehicle_id is not None:
        query = query.where(bookings.c.vehicle_id == vehicle_id)
    return await connection.scalar(query) or 0


async def ridden(
    connection: AsyncConnection, member_id: int, since: date
) -> list[tuple[date, int, int, int]]:
    """Return day, origin, destination and planned pick-up (s) of a member's rides since a day."""
    columns = (
        bookings.c.service_date,
        bookings.c.origin_id,
        bookings.c.destination_id,
        bookings.c.pickup_planned_s,
    )
    rows = await connection.execute(
        select(*columns)
        .where(
            bookings.c.member_id == member_id,
            bookings.c.service_date >= since,
            bookings.c.state == "done",
        )
        .order_by(bookings.c.service_date, bookings.c.pickup_planned_s)
    )
    return [(day, origin, destination, pickup_s) for day, origin, destination, pickup_s in rows]
