"""Hand committed events on: at least once, in order, however often the process dies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import msgspec

from maas.rides.views import Event
from maas.store.commits import forget_events, waiting_events
from maas.store.database import Database

Deliver = Callable[[Event], Awaitable[None]]
Told = Callable[[], Awaitable[object]]

EVENTS_AT_ONCE: Final = 200


async def at_once() -> None:
    """Wait for nobody: for a `deliver` whose listeners have an event when it returns."""


class Outbox:
    """The events of an area that wait, in the database until others than this process have them.

    `deliver` may keep an event in memory for a moment, as a hub does until its next tick; `told`
    returns when all that was delivered before can no longer be lost with this process.
    """

    def __init__(self, database: Database, area: str, deliver: Deliver, told: Told) -> None:
        self._database = database
        self._area = area
        self._deliver = deliver
        self._told = told
        self._delivered: set[int] = set()
        self.given = asyncio.Event()
        """Something was delivered and is not forgotten yet."""

    async def hand_on(self) -> int:
        """Deliver the events that wait, oldest first; returns how many.

        When `deliver` raises, it gets that event and the rest again at the next call.
        """
        async with self._database.reading() as connection:
            limit = EVENTS_AT_ONCE + len(self._delivered)
            waiting = await waiting_events(connection, self._area, limit)
        fresh = [(number, body) for number, body in waiting if number not in self._delivered]
        for number, body in fresh:
            await self._deliver(replace(msgspec.json.decode(body, type=Event), id=number))
            self._delivered.add(number)
            self.given.set()
        return len(fresh)

    async def forget(self) -> None:
        """Take what was delivered so far out of the database, as soon as it is told."""
        done = tuple(self._delivered)
        await self._told()
        async with self._database.writing() as connection:
            await forget_events(connection, done)
        self._delivered.difference_update(done)
        if not self._delivered:
            self.given.clear()
