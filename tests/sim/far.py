"""The far side of messages: a gateway that is slow, busy, deaf, and takes each key once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maas.notify.channels import Later, Letter, Outcome, Sent
from maas.notify.occasions import Channel
from tests.sim.loop import HOST
from tests.sim.town import FAMILY_PHONE

if TYPE_CHECKING:
    from tests.sim.day import Town


@dataclass(frozen=True, slots=True)
class _Way:
    gateway: Gateway
    channel: Channel

    async def send(self, letter: Letter) -> Outcome:
        """See `maas.notify.channels.Sender`."""
        return await self.gateway.take(self.channel, letter)


class Gateway:
    """Takes letters for all channels, and shows each to its reader once."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.rng = random.Random(f"gateway:{town.seed}")  # noqa: S311
        self.trouble = 0.1
        self.taken: Counter[str] = Counter()
        self.read: dict[str, str] = {}

    def sender(self, channel: Channel) -> _Way:
        """Return one channel of the gateway."""
        return _Way(self, channel)

    async def take(self, channel: Channel, letter: Letter) -> Outcome:
        """Take a letter, mostly; whoever sends it may die before or after."""
        host = HOST.get()
        await self.town.nemesis.reach(host, "before_send")
        await asyncio.sleep(self.rng.random() * 0.2)
        trouble = self.rng.random()
        if trouble < self.trouble / 2:
            return Later("busy")
        self._arrived(channel, letter)
        await self.town.nemesis.reach(host, "after_send")
        if trouble < self.trouble:
            return Later("no answer")
        return Sent()

    def _arrived(self, channel: Channel, letter: Letter) -> None:
        self.taken[letter.key] += 1
        text = f"{channel} {letter.address} {letter.message}"
        if self.read.setdefault(letter.key, text) != text:
            self.town.wrong(f"I6: {letter.key} says two things")
        self.town.note("letter", letter.key)
        if letter.address == FAMILY_PHONE:
            self.town.checker.family_hears()

    def at_rest(self) -> None:
        """Every message that counts as sent has arrived."""
        rows = self.town.checker.db.execute(
            "SELECT key FROM notifications WHERE state = 'sent' AND channel IN ('sms', 'email')"
        )
        for (key,) in rows:
            if not self.taken[key]:
                self.town.wrong(f"I6: {key} counts as sent and never arrived")
