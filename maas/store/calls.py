"""Telephone calls as the exchange tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.database import insert_missing
from maas.store.tables import calls


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call; instants are epoch seconds, `None` until they happen; `operator` answered it."""

    id: str
    number: str
    state: str
    rang_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    operator: str | None = None


async def call(connection: AsyncConnection, call_id: str) -> CallRow | None:
    """Return one call, locked until the transaction ends; `None` when it is new."""
    query = select(calls).where(calls.c.id == call_id).with_for_update()
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else CallRow(**row)


async def add_call(connection: AsyncConnection, row: CallRow) -> None:
    """Keep a new call; one of that id is left as it is."""
    await insert_missing(connection, calls, [asdict(row)])


async def save_call(connection: AsyncConnection, row: CallRow) -> None:
    """Write a call on."""
    await connection.execute(update(calls).where(calls.c.id == row.id).values(**asdict(row)))


async def calls_between(
    connection: AsyncConnection, from_at: float, to_at: float
) -> Sequence[CallRow]:
    """Return the calls that began to ring in a span of time, oldest first."""
    rows = await connection.execute(
        select(calls)
        .where(calls.c.rang_at >= from_at, calls.c.rang_at < to_at)
        .order_by(calls.c.rang_at, calls.c.id)
    )
    return [CallRow(**row) for row in rows.mappings()]


async def open_calls(connection: AsyncConnection, since: float) -> Sequence[CallRow]:
    """Return the calls that have not ended, of those that began since then, oldest first."""
    rows = await connection.execute(
        select(calls)
        .where(calls.c.state != "ended", calls.c.rang_at >= since)
        .order_by(calls.c.rang_at, calls.c.id)
    )
    return [CallRow(**row) for row in rows.mappings()]
