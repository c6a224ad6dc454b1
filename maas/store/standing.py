"""Weekly bookings, and what became of each of their days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import standing_bookings, standing_days


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A trip on some weekdays (Monday is 0), `valid_to` `None` for ever.

    `ask` is the trip as JSON; with `open_return` in it each day has a return without a time.  On
    public holidays it rests unless `holidays`.  `version` goes up with every change.
    """

    id: str
    area_id: str
    member_id: int
    ask: dict[str, Any]
    weekdays: list[int]
    holidays: bool
    valid_from: date
    valid_to: date | None
    paused_from: date | None
    paused_to: date | None
    made_at: float
    made_by: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class StandingDayRow:
    """One day of a weekly booking: booked, refused, or not to be driven, and why."""

    standing_id: str
    service_date: date
    outcome: str
    booking_id: str | None
    reason: str
    sentence: str
    sentence_en: str
    at: float
    seen_by: str | None = None


async def save(connection: AsyncConnection, row: StandingRow) -> bool:
    """Write one whose `version` is the one seen before, 0 a new one; False when it moved."""
    values = asdict(replace(row, version=row.version + 1))
    if row.version == 0:
        await connection.execute(insert(standing_bookings).values(**values))
        return True
    done = await connection.execute(
        update(standing_bookings)
        .where(standing_bookings.c.id == row.id, standing_bookings.c.version == row.version)
        .values(**values)
    )
    return done.rowcount == 1


async def standing(connection: AsyncConnection, id_: str) -> StandingRow | None:
    """Return one, `None` when there is no such id."""
    query = select(standing_bookings).where(standing_bookings.c.id == id_)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else StandingRow(**row)


async def standing_from(
    connection: AsyncConnection, area_id: str, first: date, *, member_id: int | None = None
) -> list[StandingRow]:
    """Return those that have not ended before a day, oldest first; of one member or all."""
    table = standing_bookings
    query = select(table).where(
        table.c.area_id == area_id, table.c.valid_to.is_(None) | (table.c.valid_to >= first)
    )
    if member_id is not None:
        query = query.where(table.c.member_id == member_id)
    rows = await connection.execute(query.order_by(table.c.made_at, table.c.id))
    return [StandingRow(**row) for row in rows.mappings()]


async def add_day(connection: AsyncConnection, row: StandingDayRow) -> None:
    """Keep what became of a day; raises IntegrityError when another commit was first."""
    await connection.execute(insert(standing_days).values(**asdict(row)))


async def days_from(
    connection: AsyncConnection, standing_ids: Sequence[str], first: date
) -> list[StandingDayRow]:
    """Return the days of some weekly bookings from a day on, in their order."""
    rows = await connection.execute(
        select(standing_days)
        .where(standing_days.c.standing_id.in_(standing_ids), standing_days.c.service_date >= first)
        .order_by(standing_days.c.service_date, standing_days.c.standing_id)
    )
    return [StandingDayRow(**row) for row in rows.mappings()]


async def forget_day(connection: AsyncConnection, standing_id: str, day: date) -> None:
    """Forget a day that is not to be driven after all, or is again."""
    await connection.execute(
        standing_days.delete().where(
            standing_days.c.standing_id == standing_id, standing_days.c.service_date == day
        )
    )


async def see_day(connection: AsyncConnection, standing_id: str, day: date, by: str) -> bool:
    """Note who has dealt with an exception; False when there is no such day."""
    done = await connection.execute(
        update(standing_days)
        .where(standing_days.c.standing_id == standing_id, standing_days.c.service_date == day)
        .values(seen_by=by)
    )
    return done.rowcount == 1
