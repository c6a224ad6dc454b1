"""What the hubs of several processes need of the world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from busloc.topic import Update


class Bus(Protocol):
    """Puts the ticks of all processes into one order per topic.

    A bus sets itself as its hub's ``send`` and answers through ``Hub.deliver``, at once or later;
    the ticks of one topic arrive everywhere in the same order, with the same epoch and numbers.
    """

    def send(self, topic: str, updates: Sequence[Update]) -> None:
        """Take one tick of a topic, without waiting and without failing."""
        ...

    async def run(self) -> None:
        """Carry ticks until cancelled."""
        ...
