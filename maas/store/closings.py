"""Months given out as provisional or closed, and what is put right after they were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.bookings import BookingRow
from maas.store.tables import bookings, closings, corrections, towns

State = Literal["provisional", "closed"]


@dataclass(frozen=True, slots=True)
class ClosingRow:
    """A month (2026-11) as it was given out: its figures then, and what follows from its rows."""

    month: str
    state: State
    figures: dict[str, int]
    digest: str
    at: float
    by: str


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One field of a row put right; the row itself stays as it was written.

    `subject_id` is a booking's id for rides and bookings, `vehicle/2026-11-25` for a vehicle's day.
    `dated` is the day it counts on: the day of what it corrects while that month is open.
    """

    subject: str
    subject_id: str
    field: str
    old: Any
    new: Any
    reason: str
    author: str
    at: float
    service_date: date
    dated: date


def month_of(day: date) -> str:
    """Return the month a day is in, like 2026-11."""
    return f"{day:%Y-%m}"


async def add_closing(connection: AsyncConnection, row: ClosingRow) -> None:
    """Keep a closing; raises IntegrityError when the month has one in that state."""
    await connection.execute(insert(closings).values(**asdict(row)))


async def all_closings(connection: AsyncConnection) -> list[ClosingRow]:
    """Return every closing, the oldest first."""
    columns = [closings.c[each.name] for each in fields(ClosingRow)]
    rows = await connection.execute(select(*columns).order_by(closings.c.id))
    return [ClosingRow(*row) for row in rows]


async def closed_of(connection: AsyncConnection, months: Iterable[str]) -> frozenset[str]:
    """Return which of some months are closed."""
    query = select(closings.c.month).where(
        closings.c.state == "closed", closings.c.month.in_(sorted(set(months)))
    )
    return frozenset((await connection.execute(query)).scalars())


async def day_for(connection: AsyncConnection, day: date, now: float) -> date:
    """Return the day on which something of `day` counts that is written now.

    It is `day` itself while its month is open, else today.
    """
    if month_of(day) not in await closed_of(connection, [month_of(day)]):
        return day
    zone = (await connection.execute(select(towns.c.timezone).order_by(towns.c.id))).scalar()
    return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(zone or "Asia/Tokyo")).date()


async def add_corrections(connection: AsyncConnection, rows: Sequence[CorrectionRow]) -> None:
    """Add corrections; they are never changed."""
    if rows:
        await connection.execute(insert(corrections), [asdict(row) for row in rows])


async def note_states(
    connection: AsyncConnection, changed: Sequence[BookingRow], *, now: float, author: str
) -> None:
    """Note as corrections what bookings of closed months become, before they are written.

    One that is written only now was nothing before.
    """
    past = datetime.fromtimestamp(now, UTC).date()
    old = [row for row in changed if month_of(row.service_date) < month_of(past)]
    closed = await closed_of(connection, {month_of(row.service_date) for row in old}) if old else ()
    late = {row.id: row for row in old if month_of(row.service_date) in closed}
    if not late:
        return
    query = select(bookings.c.id, bookings.c.state).where(bookings.c.id.in_(late))
    was = dict((await connection.execute(query)).all())
    rows = [
        CorrectionRow(
            "booking", id_, "state", was.get(id_), row.state, "late report", author, now,
            row.service_date, await day_for(connection, row.service_date, now),
        )
        for id_, row in late.items()
        if was.get(id_) != row.state
    ]  # fmt: skip
    await add_corrections(connection, rows)
