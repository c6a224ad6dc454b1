"""Notes that one shift of the office leaves to the next, and messages to drivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import driver_messages, handovers


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """A note to the next shift; `read_by` is who took it over, `None` nobody yet."""

    id: str
    area_id: str
    at: float
    author: str
    text: str
    read_at: float | None = None
    read_by: str | None = None


async def add_handover(connection: AsyncConnection, row: HandoverRow) -> None:
    """Keep a new note."""
    await connection.execute(insert(handovers).values(asdict(row)))


async def handovers_since(
    connection: AsyncConnection, area_id: str, since: float, limit: int
) -> list[HandoverRow]:
    """Return the notes since an instant and those nobody has taken over, the newest first."""
    columns = handovers.c
    query = (
        select(handovers)
        .where(columns.area_id == area_id)
        .where((columns.at >= since) | columns.read_at.is_(None))
        .order_by(columns.at.desc(), columns.id)
        .limit(limit)
    )
    return [HandoverRow(**row) for row in (await connection.execute(query)).mappings()]


async def take_over(
    connection: AsyncConnection, area_ids: Sequence[str], note_id: str, now: float, who: str
) -> HandoverRow | None:
    """Note that somebody has read a note, the first alone; `None` when there is no such note."""
    columns = handovers.c
    here = (columns.id == note_id) & columns.area_id.in_(area_ids)
    await connection.execute(
        update(handovers).where(here, columns.read_at.is_(None)).values(read_at=now, read_by=who)
    )
    row = (await connection.execute(select(handovers).where(here))).mappings().first()
    return None if row is None else HandoverRow(**row)


@dataclass(frozen=True, slots=True)
class DriverMessageRow:
    """Words of the office to its drivers until an epoch second; without `vehicles` to all."""

    id: str
    area_id: str
    at: float
    author: str
    text: str
    vehicles: list[str]
    until: float

    def is_for(self, vehicle_id: str) -> bool:
        """Whether the driver of a vehicle sees it."""
        return not self.vehicles or vehicle_id in self.vehicles


async def add_message(connection: AsyncConnection, row: DriverMessageRow) -> None:
    """Keep a new message."""
    await connection.execute(insert(driver_messages).values(asdict(row)))


async def messages_at(
    connection: AsyncConnection, area_id: str, now: float
) -> list[DriverMessageRow]:
    """Return the messages that drivers see at an instant, the newest first."""
    columns = driver_messages.c
    query = (
        select(driver_messages)
        .where(columns.area_id == area_id, columns.until > now)
        .order_by(columns.at.desc(), columns.id)
    )
    return [DriverMessageRow(**row) for row in (await connection.execute(query)).mappings()]


async def end_message(
    connection: AsyncConnection, area_ids: Sequence[str], message_id: str, now: float
) -> bool:
    """Take a message off the drivers' screens; False when none is shown."""
    columns = driver_messages.c
    ended = await connection.execute(
        update(driver_messages)
        .where(columns.id == message_id, columns.area_id.in_(area_ids), columns.until > now)
        .values(until=now)
    )
    return ended.rowcount > 0
