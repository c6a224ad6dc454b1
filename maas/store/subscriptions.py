"""The browsers that members let notify them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import push_subscriptions


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A browser: where its push service takes messages, and the keys that seal them for it."""

    endpoint: str
    member_id: int
    p256dh: str
    auth: str
    added_at: float


async def save_subscription(connection: AsyncConnection, row: SubscriptionRow) -> None:
    """Keep a browser, in place of what was known of it."""
    await forget_subscription(connection, row.endpoint)
    await connection.execute(insert(push_subscriptions).values(**asdict(row)))


async def subscriptions_of(connection: AsyncConnection, member_id: int) -> list[SubscriptionRow]:
    """Return the browsers of a member, the newest first."""
    rows = await connection.execute(
        select(push_subscriptions)
        .where(push_subscriptions.c.member_id == member_id)
        .order_by(push_subscriptions.c.added_at.desc(), push_subscriptions.c.endpoint)
    )
    return [SubscriptionRow(**row) for row in rows.mappings()]


async def forget_subscription(connection: AsyncConnection, endpoint: str) -> bool:
    """Forget a browser; False when it was not known."""
    gone = await connection.execute(
        delete(push_subscriptions).where(push_subscriptions.c.endpoint == endpoint)
    )
    return gone.rowcount > 0
