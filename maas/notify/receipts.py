"""What a gateway tells of a message later: that it arrived, or that it did not."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.notify.next_step import GiveUp
from maas.notify.occasions import WAYS, Occasion
from maas.notify.post import give_up
from maas.notify.wanted import CALL_SUFFIX
from maas.store import notifications

Arrived = Literal["delivered", "failed"]


async def receive(connection: AsyncConnection, key: str, arrived: Arrived, now: float) -> bool:
    """Take a receipt; False when there is no such message.

    One that did not arrive is rung when it has to be told.  A receipt that comes after somebody
    was asked to ring spares them the call; one that comes again changes nothing.
    """
    row = await notifications.notification(connection, key)
    if row is None:
        return False
    if arrived == "failed":
        if row.state in {"sending", "sent"}:
            rung = WAYS[Occasion(row.occasion)].rung
            await give_up(connection, row, GiveUp("not delivered", rung), now)
        return True
    if row.state in {"sending", "sent", "failed"}:
        await notifications.change(connection, row, state="delivered", done_at=now, error=None)
    call = await notifications.notification(connection, f"{key}{CALL_SUFFIX}")
    if call is not None and call.state == "waiting":
        await notifications.change(connection, call, state="dropped", error="delivered")
    return True
