"""Subscriptions of other services as an administrator keeps them, each command once for its key."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.link.events import Kind
from maas.link.reach import Reach
from maas.store import webhooks
from maas.store.database import Database
from maas.store.once import By, Done, once
from maas.store.webhooks import WebhookRow

BOTH_S: Final = 86400.0
"""So long after a change of secret both sign."""

No = Literal["key-reused", "not-found", "forbidden", "host-not-listed"]


@dataclass(frozen=True, slots=True)
class Secret:
    """The secret of a service; empty when it was told before."""

    webhook_id: str
    secret: str


def new_secret() -> str:
    """Return a secret that nobody guesses."""
    return f"whsec_{secrets.token_urlsafe(32)}"


async def subscribe(
    database: Database, reach: Reach, area: str, url: str, kinds: frozenset[Kind], by: By
) -> Secret | No:
    """Have a service told of some kinds of events in an area."""
    row = WebhookRow(
        id=secrets.token_hex(8),
        area_id=area,
        url=url,
        kinds=tuple(sorted(kinds)),
        secret=new_secret(),
        made_at=by.now,
        made_by=by.actor,
    )
    detail = {"area": area, "url": url, "kinds": row.kinds}

    async def work(db: AsyncConnection) -> Done | No:
        if not reach.allows(url):
            return "host-not-listed"
        await webhooks.add_webhook(db, row)
        return Done((row.id,), row.id, detail)

    done: Done | No = await once(database, by, "webhook.made", detail, work)
    if not isinstance(done, Done):
        return done
    return Secret(done.answer, row.secret if done.answer == row.id else "")


async def new_secret_for(
    database: Database, webhook_id: str, within: str | None, by: By, wall: float
) -> Secret | No:
    """Give a service another secret; for a day by the wall's clock the one before signs too."""
    secret, mark = new_secret(), secrets.token_hex(8)

    async def change(db: AsyncConnection, row: WebhookRow) -> str:
        await webhooks.change_webhook(
            db, row.id, secret=secret, secret_before=row.secret, both_until=wall + BOTH_S
        )
        return mark

    done = await _changed(database, webhook_id, within, by, "secret", change)
    if not isinstance(done, Done):
        return done
    return Secret(webhook_id, secret if done.answer == mark else "")


async def end(database: Database, webhook_id: str, within: str | None, by: By) -> Done | No:
    """Tell a service nothing any more, what waits included."""

    async def change(db: AsyncConnection, row: WebhookRow) -> str:
        await webhooks.end_webhook(db, row.id)
        return row.url

    return await _changed(database, webhook_id, within, by, "ended", change)


async def pause(
    database: Database, webhook_id: str, within: str | None, by: By, *, paused: bool
) -> Done | No:
    """Tell a service nothing for a while, or go on with what has waited, and at once."""

    async def change(db: AsyncConnection, row: WebhookRow) -> str:
        values = {"paused": paused, "failures": 0, "resume_at": 0.0}
        await webhooks.change_webhook(db, row.id, **values)
        return row.url

    what = "paused" if paused else "resumed"
    return await _changed(database, webhook_id, within, by, what, change)


async def trial(database: Database, webhook_id: str, within: str | None, by: By) -> Done | No:
    """Note that a service is sent an event of no booking; the answer is the event's id.

    The same command sent again has the same id.
    """

    async def change(_db: AsyncConnection, _row: WebhookRow) -> str:
        return str(uuid4())

    return await _changed(database, webhook_id, within, by, "trial", change)


async def send_again(database: Database, webhook_id: str, within: str | None, by: By) -> Done | No:
    """Try anew what was given up; the answer is how many letters that are."""

    async def change(db: AsyncConnection, row: WebhookRow) -> int:
        return await webhooks.send_again(db, row.id, by.now)

    return await _changed(database, webhook_id, within, by, "again", change)


async def _changed(
    database: Database,
    webhook_id: str,
    within: str | None,
    by: By,
    what: str,
    change: Callable[[AsyncConnection, WebhookRow], Awaitable[str | int]],
) -> Done | No:
    """Change a subscription of the area of whoever asks; `within` None is every area."""

    async def work(db: AsyncConnection) -> Done | No:
        row = await webhooks.webhook(db, webhook_id)
        if row is None:
            return "not-found"
        if within not in {None, row.area_id}:
            return "forbidden"
        return Done((row.id,), await change(db, row))

    return await once(database, by, f"webhook.{what}", webhook_id, work)
