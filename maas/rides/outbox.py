"""Hand committed events on: at least once, in order, however often the process dies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec

from maas.rides.views import Event
from maas.store.commits import forget_events, waiting_events
from maas.store.database import Database

Deliver = Callable[[Event], Awaitable[None]]


async def hand_on(database: Database, area: str, deliver: Deliver) -> int:
    """Deliver the events that wait, oldest first, then forget them; returns how many.

    When `deliver` raises, those before it are forgotten and the rest wait for the next call.
    """
    async with database.reading() as connection:
        waiting = await waiting_events(connection, area)
    done: list[int] = []
    try:
        for number, body in waiting:
            await deliver(replace(msgspec.json.decode(body, type=Event), id=number))
            done.append(number)
    finally:
        if done:
            async with database.writing() as connection:
                await forget_events(connection, done)
    return len(done)
