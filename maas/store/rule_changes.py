"""Changes of rules that are worked on before they are put in force."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.bookings import BookingRow
from maas.store.tables import bookings, rule_changes


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of an area's rules: a draft, in force since `forced_at`, or discarded."""

    id: int
    area_id: str
    name: str
    state: str
    body: dict[str, Any]
    version: int
    made_at: float
    made_by: str
    forced_at: float | None
    forced_by: str | None


async def changes(connection: AsyncConnection, area_id: str | None) -> list[ChangeRow]:
    """Return the changes of an area (`None`: of all), the newest first."""
    query = select(rule_changes).order_by(rule_changes.c.id.desc())
    if area_id is not None:
        query = query.where(rule_changes.c.area_id == area_id)
    return [ChangeRow(**row) for row in (await connection.execute(query)).mappings()]


async def change(connection: AsyncConnection, change_id: int) -> ChangeRow | None:
    """Return one change, `None` when there is no such id."""
    found = await connection.execute(select(rule_changes).where(rule_changes.c.id == change_id))
    row = found.mappings().first()
    return None if row is None else ChangeRow(**row)


async def add(
    connection: AsyncConnection,
    area_id: str,
    name: str,
    body: dict[str, Any],
    *,
    now: float,
    by: str,
) -> int:
    """Begin a draft; returns its id."""
    made = await connection.execute(
        insert(rule_changes)
        .values(
            area_id=area_id, name=name, state="draft", body=body, version=1, made_at=now, made_by=by
        )
        .returning(rule_changes.c.id)
    )
    return int(made.scalar_one())


async def swap(connection: AsyncConnection, change_id: int, version: int, **values: object) -> bool:
    """Change a draft as it was seen at `version`; False when it moved or is none any more."""
    done = await connection.execute(
        update(rule_changes)
        .where(
            rule_changes.c.id == change_id,
            rule_changes.c.version == version,
            rule_changes.c.state == "draft",
        )
        .values(version=version + 1, **values)
    )
    return done.rowcount == 1


async def booked_from(connection: AsyncConnection, area_id: str, day: date) -> list[BookingRow]:
    """Return what is booked in an area from a day on, in the order of the pick-ups."""
    columns = [bookings.c[field.name] for field in fields(BookingRow)]
    rows = await connection.execute(
        select(*columns)
        .where(
            bookings.c.area_id == area_id,
            bookings.c.service_date >= day,
            bookings.c.state == "booked",
        )
        .order_by(bookings.c.service_date, bookings.c.pickup_planned_s, bookings.c.id)
    )
    return [BookingRow(**row) for row in rows.mappings()]
