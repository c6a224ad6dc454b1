"""Several servers as one: each hears the vehicles of all and publishes to the listeners of all.

They share a database and a Redis.  Redis may vanish: each then serves what it hears itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import cast

from busloc import Hub, Ping
from busloc.io.redis_bus import RedisBus, connect
from busloc.io.relay import OwnVehicles, Relay
from busloc.live import Record


class Joined:
    """The ends in this process of what joins it to the others."""

    def __init__(self, url: str, hub: Hub, prefix: str) -> None:
        self._redis = connect(url)
        self.bus = RedisBus(hub, self._redis, prefix=prefix)
        self.relay = Relay(self._redis, prefix=prefix)
        self.hub = cast(Hub, OwnVehicles(hub, self.relay))

    def recording(self, record: Record) -> Record:
        """Return what keeps what was believed here and passes it on, and nothing else."""

        def keep(pings: Sequence[Ping], now: float) -> None:
            if not self.relay.receiving:
                record(pings, now)
                self.relay.send(pings)

        return keep

    @asynccontextmanager
    async def running(self, take: Callable[[list[Ping]], object]) -> AsyncIterator[None]:
        """Carry ticks and fixes as long as the block lasts; ``take`` gets the others' fixes."""
        tasks = [asyncio.create_task(each) for each in (self.bus.run(), self.relay.run(take))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._redis.aclose()
