"""Signs: one waits with a code until it is paired, and says once a minute how it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import signs


@dataclass(frozen=True, slots=True)
class SignRow:
    """A sign; `stop_id` is `None` while it waits, with `code_hash`, until `code_until`.

    `picture_since` is since when it shows the same; instants are real epoch seconds.
    """

    id: str
    token_hash: str
    code_hash: str | None
    code_until: float
    stop_id: str | None = None
    name: str = ""
    panel_inches: float = 32.0
    distance_m: float = 5.0
    paired_at: float | None = None
    reload_at: float = 0.0
    heard_at: float | None = None
    picture_since: float | None = None
    heartbeat: dict[str, Any] | None = None


async def add_waiting(connection: AsyncConnection, row: SignRow, now: float) -> None:
    """Keep a sign that waits for its stop; forget those whose code has run out."""
    waiting = signs.c.stop_id.is_(None)
    await connection.execute(delete(signs).where(waiting, signs.c.code_until <= now))
    await connection.execute(insert(signs).values(asdict(row)))


async def count_waiting(connection: AsyncConnection, now: float) -> int:
    """Return how many signs wait with a code that is still good."""
    query = select(func.count()).where(signs.c.stop_id.is_(None), signs.c.code_until > now)
    return int((await connection.execute(query)).scalar_one())


async def pair(
    connection: AsyncConnection, code_hash: str, values: dict[str, Any], now: float
) -> SignRow | None:
    """Give the sign that shows a code its stop; `None` when the code is unknown or too old."""
    done = await connection.execute(
        update(signs)
        .where(signs.c.code_hash == code_hash, signs.c.code_until > now)
        .values(**values, code_hash=None, paired_at=now)
        .returning(signs)
    )
    row = done.mappings().first()
    return None if row is None else SignRow(**row)


async def change(
    connection: AsyncConnection, sign_id: str, values: dict[str, Any]
) -> SignRow | None:
    """Change a paired sign and return it; `None` when there is none of that name."""
    done = await connection.execute(
        update(signs)
        .where(signs.c.id == sign_id, signs.c.stop_id.is_not(None))
        .values(**values)
        .returning(signs)
    )
    row = done.mappings().first()
    return None if row is None else SignRow(**row)


async def remove(connection: AsyncConnection, sign_id: str) -> bool:
    """Forget a sign, which then shows a code again; False when there was none."""
    done = await connection.execute(delete(signs).where(signs.c.id == sign_id))
    return done.rowcount == 1


async def by_token(connection: AsyncConnection, token_hash: str, now: float) -> SignRow | None:
    """Return the sign with that token; `None` when unknown, or waiting with an old code."""
    found = await connection.execute(select(signs).where(signs.c.token_hash == token_hash))
    row = found.mappings().first()
    if row is None or (row["stop_id"] is None and row["code_until"] <= now):
        return None
    return SignRow(**row)


async def paired(connection: AsyncConnection) -> list[SignRow]:
    """Return every sign that has its stop, the first paired first."""
    query = (
        select(signs).where(signs.c.stop_id.is_not(None)).order_by(signs.c.paired_at, signs.c.id)
    )
    return [SignRow(**row) for row in (await connection.execute(query)).mappings()]
