"""Places and members as ridership counts them: without a name or an address of anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.entries import Outcome
from maas.store.tables import bookings, members, places


class Ground(NamedTuple):
    """A place as it is counted: what it is called, where, and of what kind."""

    id: int
    name: str
    name_en: str
    kind: str
    oaza: str
    lat: float
    lon: float


class Person(NamedTuple):
    """What of a member is counted: year of birth and hamlet."""

    id: int
    birth_year: int | None
    oaza: str


async def grounds(connection: AsyncConnection) -> list[Ground]:
    """Return every place, hidden ones too: people rode there once."""
    columns = (places.c[name] for name in Ground._fields)
    return [Ground(*row) for row in await connection.execute(select(*columns))]


async def registered(connection: AsyncConnection) -> list[Person]:
    """Return everybody who is a member now."""
    columns = (members.c[name] for name in Person._fields)
    query = select(*columns).where(members.c.merged_into.is_(None))
    return [Person(*row) for row in await connection.execute(query)]


async def recorded_from(connection: AsyncConnection, area_id: str) -> date | None:
    """Return the first service day of an area that anything is booked for, `None` without any."""
    query = select(func.min(bookings.c.service_date)).where(bookings.c.area_id == area_id)
    found: date | None = (await connection.execute(query)).scalar()
    return found


async def left_standing(
    connection: AsyncConnection, area_id: str, first: date, last: date
) -> list[Outcome]:
    """Return the bookings that nothing has become of, not even a cancellation, as `booked`."""
    b, m = bookings.c, members.c
    query = (
        select(
            b.id, b.service_date, b.service_date, b.area_id, b.vehicle_id, b.member_id,
            b.origin_id, b.destination_id, b.riders, b.channel, b.pickup_planned_s, b.state,
            b.cancel_reason, m.birth_year, m.oaza,
        )
        .outerjoin(members, m.id == b.member_id)
        .where(b.area_id == area_id, b.service_date.between(first, last), b.state == "booked")
    )  # fmt: skip
    rows: Sequence[Any] = (await connection.execute(query)).all()
    return [Outcome(*row) for row in rows]
