"""Rides tied to a bus trip."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.database import insert_missing
from maas.store.tables import bookings, links

Toward = Literal["to_bus", "from_bus"]
State = Literal["linked", "waiting", "missed", "undone"]


@dataclass(frozen=True, slots=True)
class LinkRow:
    """The trip a ride brings to, or meets, at a stop.

    `planned_s` is the timetable's second of the day, `bus_s` the one known now, `margin_s` what
    the change takes.  `waiting`: the bus was asked to wait; `missed`: `next_trip_id` is proposed.
    """

    booking_id: str
    service_date: date
    trip_id: str
    stop_id: str
    toward: Toward
    planned_s: int
    bus_s: int
    margin_s: int
    at: float
    by: str
    state: State = "linked"
    next_trip_id: str | None = None
    version: int = 0


async def put_link(connection: AsyncConnection, row: LinkRow) -> bool:
    """Write a link made from its row's version (0: a new one); False when it has moved."""
    written = replace(row, version=row.version + 1)
    if row.version == 0:
        await insert_missing(connection, links, [asdict(row)])
    done = await connection.execute(
        update(links)
        .where(links.c.booking_id == row.booking_id, links.c.version == row.version)
        .values(**asdict(written))
    )
    return done.rowcount == 1


async def link_of(connection: AsyncConnection, booking_id: str) -> LinkRow | None:
    """Return the link of a booking, `None` when it has none."""
    rows = await connection.execute(select(links).where(links.c.booking_id == booking_id))
    row = rows.mappings().first()
    return None if row is None else LinkRow(**row)


async def links_on(connection: AsyncConnection, area_id: str, day: date) -> dict[str, LinkRow]:
    """Return the links of a day that hold, by booking."""
    rows = await connection.execute(
        select(links)
        .join(bookings, bookings.c.id == links.c.booking_id)
        .where(
            links.c.service_date == day,
            bookings.c.service_date == day,
            bookings.c.area_id == area_id,
            links.c.state != "undone",
        )
    )
    return {row["booking_id"]: LinkRow(**row) for row in rows.mappings()}
