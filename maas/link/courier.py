"""The courier: delivers the letters that wait, for every service on its own.

A letter is forgotten after it was delivered: one whose courier died in between is delivered again,
with the same id.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.link.sending import Away, Delivered, Outcome, Refused
from maas.store import webhooks
from maas.store.database import Database
from maas.store.webhooks import LetterRow, WebhookRow

log = logging.getLogger(__name__)

AT_ONCE: Final = 50
FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 900.0


class Sends(Protocol):
    """What takes a letter to a service."""

    async def send(self, hook: WebhookRow, letter: LetterRow) -> Outcome:
        """Send a letter; whatever goes wrong is said by the outcome, not raised."""
        ...


@dataclass(slots=True)
class Courier:
    """Delivers in the areas that `leads` returns; `clock` is the service clock.

    A service that does not answer is left alone for longer and longer, and holds nobody else up.
    """

    database: Database
    sender: Sends
    clock: Callable[[], float]
    leads: Callable[[], Collection[str]]
    counts: Counter[str] = field(default_factory=Counter)
    """How many letters there were, by outcome."""
    _busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def look(self) -> None:
        """Begin with everybody for whom something is due and who is not being told already."""
        async with self.database.reading() as db:
            ready = await webhooks.ready(db, self.leads(), self.clock())
        for webhook_id in ready:
            if webhook_id not in self._busy:
                self._busy[webhook_id] = asyncio.create_task(self._serve(webhook_id))

    async def idle(self) -> None:
        """Wait until nobody is being told anything."""
        await asyncio.gather(*self._busy.values())

    async def close(self) -> None:
        """Stop in the middle; what is not noted is sent again."""
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, webhook_id: str) -> None:
        try:
            while await self._batch(webhook_id):
                pass
        except Exception:
            log.exception("letters to another service wait")
        finally:
            del self._busy[webhook_id]

    async def _batch(self, webhook_id: str) -> bool:
        """Deliver some letters, the oldest first; says whether to go on with more."""
        async with self.database.reading() as db:
            letters = await webhooks.due(db, webhook_id, self.clock(), AT_ONCE)
        for letter in letters:
            hook = await self._told(webhook_id)
            if hook is None or (await self._deliver(hook, letter)).failures:
                return False
        return len(letters) == AT_ONCE

    async def _told(self, webhook_id: str) -> WebhookRow | None:
        """Return a service as it is now, `None` when this process is to tell it nothing."""
        async with self.database.reading() as db:
            hook = await webhooks.webhook(db, webhook_id)
        tells = hook is not None and not hook.paused and hook.area_id in self.leads()
        return hook if tells else None

    async def _deliver(self, hook: WebhookRow, letter: LetterRow) -> WebhookRow:
        """Send one letter, note what came of it, and return the service as it is then."""
        outcome = await self._sent(hook, letter)
        self.counts[type(outcome).__name__.lower()] += 1
        now = self.clock()
        after = _after(hook, outcome, now)
        async with self.database.writing() as db:
            if isinstance(outcome, Delivered):
                await webhooks.forget_letter(db, letter.id)
            else:
                await self._put_off(db, letter, outcome, now)
            if after != hook:
                values = {"failures": after.failures, "resume_at": after.resume_at}
                await webhooks.change_webhook(db, hook.id, **values)
        return after

    async def _sent(self, hook: WebhookRow, letter: LetterRow) -> Outcome:
        """Send a letter; a fault of ours is tried again too."""
        try:
            return await self.sender.send(hook, letter)
        except Exception:
            log.exception("cannot send a letter to another service")
            return Away("error of ours")

    async def _put_off(
        self, db: AsyncConnection, letter: LetterRow, outcome: Refused | Away, now: float
    ) -> None:
        """Try a letter again later; what is too old by now is given up."""
        await webhooks.put_off(db, letter, now + wait_s(letter.attempts + 1), outcome.why)
        alone = letter.id if isinstance(outcome, Refused) else None
        self.counts["dead"] += await webhooks.give_up(db, letter.webhook_id, now, alone)


def _after(hook: WebhookRow, outcome: Outcome, now: float) -> WebhookRow:
    """Return a service as it is after a letter; one that takes nothing is left alone a while."""
    if isinstance(outcome, Away):
        failures = hook.failures + 1
        return replace(hook, failures=failures, resume_at=now + wait_s(failures))
    return replace(hook, failures=0, resume_at=0.0)


def wait_s(failures: int) -> float:
    """Return how long to wait after so many failures.

    >>> [wait_s(failures) for failures in (1, 2, 3, 9, 2000)]
    [5.0, 10.0, 20.0, 900.0, 900.0]
    """
    return min(FIRST_WAIT_S * 2.0 ** min(failures - 1, 20), LONGEST_WAIT_S)
