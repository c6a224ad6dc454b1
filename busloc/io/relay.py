"""Fixes passed on between processes, so that each knows every vehicle whoever its device talks to.

Frames travel by ``redis_bus``; what makes them, matches, boards and predictions, every process
works out for itself from the same fixes.  A vehicle is published by the process its device talks
to, and by the others only when nothing was heard of it for a while.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from busloc.hub import Hub
from busloc.io.redis_bus import BLOCK_MS, RETRY_S, AnyRedis, cancelled
from busloc.ping import Ping

BATCHES_KEPT = 2000
BATCHES_MAX = 1000
TAKE_OVER_S = 60.0
WHERE_HEARD = ("cell:", "veh:")
"""Topics that are told only where somebody listens, which the others do not know of."""

Take = Callable[[list[Ping]], object]

_log = logging.getLogger(__name__)
_pings = msgspec.msgpack.Decoder(list[Ping])


class Relay:
    """Sends what was believed here to the others, and hears what they believed.

    While Redis is away nothing is kept for it: the next fix of each vehicle tells all there is to
    know.
    """

    def __init__(
        self,
        redis: AnyRedis,
        *,
        prefix: str = "busloc",
        retry_s: float = RETRY_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._take: Take = lambda _: None
        self._stream = f"{prefix}:{{pings}}"
        self._retry_s = retry_s
        self._monotonic = monotonic
        self._me = secrets.token_hex(8).encode()
        self._outbox: deque[bytes] = deque(maxlen=BATCHES_MAX)
        self._news = asyncio.Event()
        self._read_id: Any = "$"
        self._elsewhere: dict[str, float] = {}
        self.receiving = False

    def send(self, pings: Sequence[Ping]) -> None:
        """Pass on fixes that were believed here, without waiting and without failing."""
        for ping in pings:
            self._elsewhere.pop(ping.vehicle, None)
        self._outbox.append(msgspec.msgpack.encode(pings))
        self._news.set()

    def elsewhere(self, vehicle: str) -> bool:
        """Say whether another process hears a vehicle, and so publishes it."""
        heard_s = self._elsewhere.get(vehicle)
        return heard_s is not None and self._monotonic() - heard_s < TAKE_OVER_S

    async def run(self, take: Take) -> None:
        """Pass fixes on until cancelled, whatever becomes of Redis; the others' go to ``take``."""
        self._take = take
        while True:
            both = [asyncio.create_task(self._write()), asyncio.create_task(self._read())]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in both:
                    task.cancel()
                ended = await asyncio.gather(*both, return_exceptions=True)
            for why in ended:
                if isinstance(why, Exception):
                    _log.warning("relay interrupted: %s: %s", type(why).__name__, why)
            await asyncio.sleep(self._retry_s)

    async def _write(self) -> None:
        while not cancelled():
            await self._news.wait()
            self._news.clear()
            async with self._redis.pipeline(transaction=False) as pipe:
                while self._outbox:
                    entry: Any = {"from": self._me, "p": self._outbox.popleft()}
                    pipe.xadd(self._stream, entry, maxlen=BATCHES_KEPT)
                await pipe.execute()

    async def _read(self) -> None:
        if self._read_id == "$":  # a name for "from now on" that would skip what comes meanwhile
            self._read_id = await self._newest()
        while not cancelled():
            answer: Any = await self._redis.xread({self._stream: self._read_id}, block=BLOCK_MS)
            for _, entries in answer or ():
                for self._read_id, entry in entries:
                    if entry[b"from"] != self._me:
                        self._hear(_pings.decode(entry[b"p"]))

    async def _newest(self) -> Any:  # noqa: ANN401 -- as redis-py has it
        last: Any = await self._redis.xrevrange(self._stream, count=1)
        return last[0][0] if last else "0-0"

    def _hear(self, pings: list[Ping]) -> None:
        now = self._monotonic()
        for ping in pings:
            self._elsewhere[ping.vehicle] = now
        self.receiving = True
        try:
            self._take(pings)
        finally:
            self.receiving = False


class OwnVehicles:
    """The hub as a live map sees it that shares its vehicles with other processes."""

    def __init__(self, hub: Hub, relay: Relay) -> None:
        self._hub = hub
        self._relay = relay

    def __getattr__(self, name: str) -> object:
        """Give everything else of the hub as it is."""
        return getattr(self._hub, name)

    def publish(self, topic: str, key: str, fragment: bytes) -> None:
        """See ``Hub.publish``; what another process publishes is left to it."""
        if self._is_ours(topic, key):
            self._hub.publish(topic, key, fragment)

    def remove(self, topic: str, key: str, fragment: bytes) -> None:
        """See ``Hub.remove``; what another process publishes is left to it."""
        if self._is_ours(topic, key):
            self._hub.remove(topic, key, fragment)

    def _is_ours(self, topic: str, vehicle: str) -> bool:
        return topic.startswith(WHERE_HEARD) or not self._relay.elsewhere(vehicle)
