"""What ridership is counted from, read whole for a period: bookings, their rides, refused asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import bookings, members, places, promises, refusals, rides


class Ground(NamedTuple):
    """A place as it is counted: what it is called, where, and of what kind."""

    id: int
    name: str
    name_en: str
    kind: str
    oaza: str
    lat: float
    lon: float


async def grounds(connection: AsyncConnection) -> list[Ground]:
    """Return every place, hidden ones too: people rode there once."""
    columns = (getattr(places.c, name) for name in Ground._fields)
    return [Ground(*row) for row in await connection.execute(select(*columns))]


async def people_of(connection: AsyncConnection) -> list[tuple[int, int | None, str, bool]]:
    """Return every member's number, year of birth, hamlet, and whether they are still one."""
    columns = members.c
    query = select(columns.id, columns.birth_year, columns.oaza, columns.merged_into.is_(None))
    return [(id_, born, oaza, bool(still)) for id_, born, oaza, still in
            await connection.execute(query)]  # fmt: skip


async def ended_rides(
    connection: AsyncConnection, area_id: str, first: date, last: date
) -> Sequence[Any]:
    """Return the bookings of some service days with their last promise, and their ride if any."""
    b, r, p = bookings.c, rides.c, promises.c
    query = (
        select(
            b.service_date, b.state, b.member_id, b.channel,
            func.coalesce(r.vehicle_id, b.vehicle_id), b.origin_id, b.destination_id, b.riders,
            p.pickup_from_s, p.pickup_to_s, p.arrive_by_s, func.coalesce(b.arrived_s, b.aboard_s),
            r.picked_up_s, func.coalesce(r.dropped_off_s, b.dropped_s), b.direct_s, r.distance_m,
            r.shared, r.fare_yen,
        )
        .select_from(bookings)
        .join(promises, (p.booking_id == b.id) & (p.no == b.promise_no))
        .outerjoin(rides, r.booking_id == b.id)
        .where(b.area_id == area_id, b.service_date.between(first, last))
        .order_by(b.id)
    )  # fmt: skip
    return (await connection.execute(query)).all()


async def refused_asks(
    connection: AsyncConnection, area_id: str, first: date, last: date
) -> Sequence[Any]:
    """Return the refusals and declined offers of some service days, oldest first."""
    c = refusals.c
    query = (
        select(c.service_date, c.at, c.reason, c.ask, c.declined, c.relaxations)
        .where(c.area_id == area_id, c.service_date.between(first, last))
        .order_by(c.id)
    )
    return (await connection.execute(query)).all()
