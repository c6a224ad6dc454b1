"""The bus of a single process that has several hubs."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence

from busloc.hub import Hub, Since
from busloc.topic import Update


class MemoryBus:
    """See ``busloc.ports.Bus``; every tick arrives before ``send`` returns."""

    def __init__(self, *hubs: Hub) -> None:
        self._hubs = hubs
        self._epoch = secrets.token_hex(6)
        self._seqs: Counter[str] = Counter()
        for hub in hubs:
            hub.send = self.send
            hub.origin = self._origin

    def send(self, topic: str, updates: Sequence[Update]) -> None:
        """See ``busloc.ports.Bus.send``."""
        self._seqs[topic] += 1
        for hub in self._hubs:
            hub.deliver(topic, self._epoch, self._seqs[topic], updates)

    def _origin(self, topic: str) -> Since:
        return self._epoch, self._seqs[topic]

    async def run(self) -> None:
        """See ``busloc.ports.Bus.run``; there is nothing to carry."""
        await asyncio.Event().wait()
