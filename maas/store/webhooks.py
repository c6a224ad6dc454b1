"""Other services that are told of bookings, and the letters each of them has still to get."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Insert, bindparam, case, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import webhook_letters as letters
from maas.store.tables import webhooks

KEEP_S: Final = 3 * 86400.0
"""So long a letter is tried again; a weekend is shorter."""


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A service that is told of some kinds of events of an area, signed by `secret`.

    `secret_before` signs too until `both_until` by the wall's clock.  After `failures` in a row
    nothing is sent before `resume_at`, and while `paused` nothing at all.
    """

    id: str
    area_id: str
    url: str
    kinds: tuple[str, ...]
    secret: str
    made_at: float
    made_by: str
    secret_before: str = ""
    both_until: float = 0.0
    failures: int = 0
    resume_at: float = 0.0
    paused: bool = False


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One event for one service: `waiting`, or `dead` when it failed after `until`."""

    id: int
    webhook_id: str
    event_id: str
    kind: str
    body: str
    made_at: float
    next_at: float
    until: float
    attempts: int
    state: str
    error: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many letters of a service wait, how many are given up, and why one of them failed.

    `waiting_since` is when the oldest that waits was made.
    """

    waiting: int = 0
    dead: int = 0
    error: str = ""
    waiting_since: float | None = None


def _adding() -> Insert:
    """Return what gives an event to everybody who wants it; made once, a booking waits for it.

    The `_` in a kind stands for any letter, which makes no kind another one.
    """
    names = ("webhook_id", "event_id", "kind", "body", "made_at", "next_at", "until")
    columns = [letters.c[name] for name in (*names, "attempts", "state", "error")]
    given = ("event", "kind", "body", "now", "now", "until")
    values = [
        bindparam(name, type_=column.type) for name, column in zip(given, columns[1:7], strict=True)
    ]
    wanted = select(webhooks.c.id, *values, literal(0), literal("waiting"), literal("")).where(
        webhooks.c.area_id == bindparam("area"), webhooks.c.kinds.like(bindparam("like"))
    )
    return insert(letters).from_select(columns, wanted)


_ADD: Final = _adding()


async def add_webhook(connection: AsyncConnection, row: WebhookRow) -> None:
    """Keep a new one."""
    values = asdict(row) | {"kinds": f",{','.join(row.kinds)},"}
    await connection.execute(insert(webhooks).values(values))


async def webhook(connection: AsyncConnection, webhook_id: str) -> WebhookRow | None:
    """Return one, `None` when there is none of that id."""
    found = await connection.execute(select(webhooks).where(webhooks.c.id == webhook_id))
    row = found.mappings().first()
    return None if row is None else _row(row)


async def all_webhooks(connection: AsyncConnection, area_id: str | None = None) -> list[WebhookRow]:
    """Return those of an area or of all, the first made first."""
    query = select(webhooks).order_by(webhooks.c.made_at, webhooks.c.id)
    if area_id is not None:
        query = query.where(webhooks.c.area_id == area_id)
    return [_row(row) for row in (await connection.execute(query)).mappings()]


async def change_webhook(connection: AsyncConnection, webhook_id: str, **values: object) -> None:
    """Change one, if it is still there."""
    await connection.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(**values))


async def end_webhook(connection: AsyncConnection, webhook_id: str) -> bool:
    """Forget one and what it was still to be told; False when there was none."""
    await connection.execute(delete(letters).where(letters.c.webhook_id == webhook_id))
    done = await connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))
    return done.rowcount == 1


async def add_letters(
    connection: AsyncConnection, area_id: str, kind: str, event_id: str, body: str, now: float
) -> None:
    """Have everybody who wants to be told of it get an event; asks for no answer."""
    values = {"event": event_id, "kind": kind, "body": body, "now": now, "until": now + KEEP_S}
    await connection.execute(_ADD, values | {"area": area_id, "like": f"%,{kind},%"})


async def ready(connection: AsyncConnection, areas: Collection[str], now: float) -> list[str]:
    """Return the ids of those of some areas for whom a letter is due."""
    due = (letters.c.state == "waiting") & (letters.c.next_at <= now)
    rows = await connection.scalars(
        select(webhooks.c.id)
        .where(webhooks.c.area_id.in_(areas), webhooks.c.resume_at <= now, ~webhooks.c.paused)
        .where(select(letters.c.id).where(letters.c.webhook_id == webhooks.c.id, due).exists())
        .order_by(webhooks.c.id)
    )
    return list(rows)


async def due(
    connection: AsyncConnection, webhook_id: str, now: float, limit: int
) -> list[LetterRow]:
    """Return the letters of one that are due: new ones in their order, before those that failed."""
    rows = await connection.execute(
        select(letters)
        .where(letters.c.webhook_id == webhook_id, letters.c.state == "waiting")
        .where(letters.c.next_at <= now)
        .order_by(letters.c.next_at, letters.c.id)
        .limit(limit)
    )
    return [LetterRow(**row) for row in rows.mappings()]


async def forget_letter(connection: AsyncConnection, letter_id: int) -> None:
    """Forget a letter that has been delivered."""
    await connection.execute(delete(letters).where(letters.c.id == letter_id))


async def put_off(connection: AsyncConnection, row: LetterRow, until: float, why: str) -> None:
    """Note that a letter could not be delivered, and when it is tried again."""
    values = {"attempts": row.attempts + 1, "next_at": until, "error": why}
    await connection.execute(update(letters).where(letters.c.id == row.id).values(**values))


async def give_up(
    connection: AsyncConnection, webhook_id: str, now: float, letter_id: int | None = None
) -> int:
    """Give up the letters of one, or one of them, that are too old to be tried again.

    Returns how many.
    """
    old = [letters.c.webhook_id == webhook_id, letters.c.until <= now]
    if letter_id is not None:
        old.append(letters.c.id == letter_id)
    done = await connection.execute(
        update(letters).where(letters.c.state == "waiting", *old).values(state="dead")
    )
    return done.rowcount


async def dead(connection: AsyncConnection, webhook_id: str, limit: int) -> list[LetterRow]:
    """Return the letters of one that were given up, the oldest first."""
    rows = await connection.execute(
        select(letters)
        .where(letters.c.webhook_id == webhook_id, letters.c.state == "dead")
        .order_by(letters.c.id)
        .limit(limit)
    )
    return [LetterRow(**row) for row in rows.mappings()]


async def send_again(connection: AsyncConnection, webhook_id: str, now: float) -> int:
    """Have what was given up tried as if it were new, and at once; returns how many letters."""
    done = await connection.execute(
        update(letters)
        .where(letters.c.webhook_id == webhook_id, letters.c.state == "dead")
        .values(state="waiting", next_at=now, until=now + KEEP_S)
    )
    await change_webhook(connection, webhook_id, failures=0, resume_at=0.0)
    return done.rowcount


async def forget_letters(connection: AsyncConnection, area_id: str, before: float) -> int:
    """Forget what nobody in an area took and was to be tried until an epoch second at most.

    Returns how many letters.
    """
    ours = select(webhooks.c.id).where(webhooks.c.area_id == area_id)
    old = letters.c.webhook_id.in_(ours) & (letters.c.until < before)
    return (await connection.execute(delete(letters).where(old))).rowcount


async def backlogs(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Backlog]:
    """Return what each has still to be told; those for whom nothing is kept are not in it."""
    is_dead = case((letters.c.state == "dead", 1), else_=0)
    waits_since = case((letters.c.state == "waiting", letters.c.made_at))
    columns = (
        func.count(),
        func.sum(is_dead),
        func.max(letters.c.error),
        func.min(waits_since),
    )
    rows = await connection.execute(
        select(letters.c.webhook_id, *columns)
        .where(letters.c.webhook_id.in_(ids))
        .group_by(letters.c.webhook_id)
    )
    return {
        each: Backlog(count - gone, int(gone), error, since)
        for each, count, gone, error, since in rows
    }


def _row(values: Any) -> WebhookRow:  # noqa: ANN401 -- a row's mapping
    kinds = tuple(filter(None, values["kinds"].split(",")))
    return WebhookRow(**{**values, "kinds": kinds})
