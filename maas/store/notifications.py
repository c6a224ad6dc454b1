"""Messages to riders and families: kept with what they tell of, leased, sent, acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.database import insert_missing
from maas.store.tables import notifications, places, towns, vehicles


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One message to one person; `key` is the same however often it is sent.

    Instants are epoch seconds of the service clock: by `due_at` they have to know, before
    `next_at` it is not sent (again), after `until` it is of no use (None: always of use).
    """

    key: str
    area_id: str
    booking_id: str | None
    member_id: int | None
    occasion: str
    facts: dict[str, Any]
    language: str
    channel: str
    address: str
    due_at: float
    next_at: float
    until: float | None
    urgency: int
    state: str
    attempts: int
    error: str | None
    created_at: float
    sent_at: float | None = None
    done_at: float | None = None
    done_by: str | None = None


def _row(values: Any) -> NotificationRow:  # noqa: ANN401 -- a row's mapping
    return NotificationRow(**values)


async def names_of(
    connection: AsyncConnection, origin_id: int, destination_id: int, vehicle_id: str
) -> dict[str, str | None]:
    """Return what two places and a vehicle are called, and the town's time zone, in one question.

    Names are `origin`, `origin_kana`, `origin_en` and so on; a vehicle that is not there has none.
    """
    ends = {"origin": places.alias("origin"), "destination": places.alias("destination")}
    columns = [
        column.label(f"{end}{suffix}")
        for end, table in ends.items()
        for column, suffix in (
            (table.c.name, ""),
            (table.c.kana, "_kana"),
            (table.c.name_en, "_en"),
        )
    ]
    columns += [
        vehicles.c.name.label("vehicle"),
        vehicles.c.name_en.label("vehicle_en"),
        towns.c.timezone.label("timezone"),
    ]
    both = ends["origin"].join(ends["destination"], ends["destination"].c.id == destination_id)
    found = await connection.execute(
        select(*columns)
        .select_from(both.outerjoin(vehicles, vehicles.c.id == vehicle_id).outerjoin(towns, true()))
        .where(ends["origin"].c.id == origin_id)
        .order_by(towns.c.id)
        .limit(1)
    )
    row = found.mappings().first()
    return {} if row is None else {str(name): value for name, value in row.items()}


async def add_notifications(connection: AsyncConnection, rows: Sequence[NotificationRow]) -> None:
    """Keep new messages; one whose key is known already is left as it is."""
    await insert_missing(connection, notifications, [asdict(row) for row in rows])


async def notification(connection: AsyncConnection, key: str) -> NotificationRow | None:
    """Return one message, `None` when there is no such key."""
    found = await connection.execute(select(notifications).where(notifications.c.key == key))
    row = found.mappings().first()
    return None if row is None else _row(row)


async def notifications_of(connection: AsyncConnection, booking_id: str) -> list[NotificationRow]:
    """Return every message about a booking, oldest first."""
    rows = await connection.execute(
        select(notifications)
        .where(notifications.c.booking_id == booking_id)
        .order_by(notifications.c.created_at, notifications.c.key)
    )
    return [_row(row) for row in rows.mappings()]


async def drop_waiting(
    connection: AsyncConnection, booking_id: str, occasions: Sequence[str], why: str, but: str
) -> float | None:
    """Give up what waits to be told of a booking, but what has this key or one beginning so.

    Returns when the first of it was due, `None` when nothing waited.
    """
    waiting = (
        (notifications.c.booking_id == booking_id)
        & notifications.c.occasion.in_(occasions)
        & (notifications.c.state == "waiting")
        & ~notifications.c.key.startswith(but, autoescape=True)
    )
    rows = await connection.scalars(select(notifications.c.due_at).where(waiting))
    due = min(rows, default=None)
    if due is not None:
        await connection.execute(
            update(notifications).where(waiting).values(state="dropped", error=why)
        )
    return due


async def due(
    connection: AsyncConnection, channels: Sequence[str], now: float, limit: int
) -> list[NotificationRow]:
    """Return what is to be sent now by these channels, the most urgent first.

    What was being sent when its sender died comes again once its lease has run out.
    """
    rows = await connection.execute(
        select(notifications)
        .where(
            notifications.c.state.in_(("waiting", "sending")),
            notifications.c.channel.in_(channels),
            notifications.c.next_at <= now,
        )
        .order_by(notifications.c.urgency, notifications.c.due_at, notifications.c.key)
        .limit(limit)
    )
    return [_row(row) for row in rows.mappings()]


async def change(connection: AsyncConnection, seen: NotificationRow, **values: object) -> bool:
    """Write a message on from how it was seen; False when somebody else has moved it on."""
    done = await connection.execute(
        update(notifications)
        .where(
            notifications.c.key == seen.key,
            notifications.c.state == seen.state,
            notifications.c.attempts == seen.attempts,
        )
        .values(**values)
    )
    return done.rowcount == 1


async def unconfirmed(
    connection: AsyncConnection, channels: Sequence[str], occasions: Sequence[str], now: float
) -> list[NotificationRow]:
    """Return what was sent, is not confirmed, and had to be known by now."""
    rows = await connection.execute(
        select(notifications).where(
            notifications.c.state == "sent",
            notifications.c.channel.in_(channels),
            notifications.c.occasion.in_(occasions),
            notifications.c.due_at <= now,
        )
    )
    return [_row(row) for row in rows.mappings()]


async def waiting_by(
    connection: AsyncConnection, channel: str, area_id: str | None = None
) -> list[NotificationRow]:
    """Return what waits for a channel, by when it is due; of one area or of all."""
    query = select(notifications).where(
        notifications.c.channel == channel, notifications.c.state == "waiting"
    )
    if area_id is not None:
        query = query.where(notifications.c.area_id == area_id)
    rows = await connection.execute(query.order_by(notifications.c.due_at, notifications.c.key))
    return [_row(row) for row in rows.mappings()]


async def told_of(
    connection: AsyncConnection, occasion: str, booking_ids: Sequence[str]
) -> set[str]:
    """Return the keys of the messages there are of an occasion about these bookings."""
    rows = await connection.scalars(
        select(notifications.c.key).where(
            notifications.c.occasion == occasion, notifications.c.booking_id.in_(booking_ids)
        )
    )
    return set(rows)
