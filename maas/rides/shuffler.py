"""Before a refusal: make room by moving others within their promises, in other processes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, TypeVarTuple

from dispatcher import Offer, OfferRules, Plan, Refusal, Request, TravelTimes, take
from dispatcher.rebase import Room
from maas.rides.improver import looked_up, plain
from maas.rides.quote import Wish, seek
from maas.rides.travel import Matrix
from maas.rides.worker import Fate, Worker

SHUFFLE_S: Final = 1.0
"""How long a caller waits while room is looked for; the answer to most callers needs none."""

PATIENCE_S: Final = 0.2
"""How long a caller waits for the search of another; then the refusal stands without one."""

WAITS_S: Final = 1.7
"""How long a caller waits for their own search: an answer is due within two seconds."""

ANSWERS_S: Final = 3.0
"""A process that takes longer is ended, so that those who ask next have one that answers."""

log = logging.getLogger(__name__)

T = TypeVar("T")
A = TypeVarTuple("A")


class Search:
    """One process that searches for one caller at a time; until it is ready nothing is found."""

    def __init__(self) -> None:
        self._worker = Worker()
        self._ready = False
        self._one_at_a_time = asyncio.Lock()
        self._running: asyncio.Task[Any] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there is a process that can search; until there is one nobody waits for it."""
        return self._ready

    @property
    def is_idle(self) -> bool:
        """Whether it searches for nobody."""
        return not self._one_at_a_time.locked()

    @property
    def fate(self) -> Fate:
        """What has become of the process."""
        return self._worker.fate

    async def compiled(self) -> bool:
        """Have a process that can search."""
        if not self._ready:
            self._ready = await self._worker.compiled()
        return self._ready

    async def found(self, work: Callable[[*A], T], *args: *A) -> T | None:
        """Return what a search finds, `None` when the process is busy for another or has died.

        `None` too when it takes longer than somebody waits; it goes on, and others find it busy.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._one_at_a_time.acquire()
        except TimeoutError:
            return None
        search = asyncio.create_task(self._searched(work, *args))
        self._running = search
        done, _ = await asyncio.wait({search}, timeout=WAITS_S)
        return search.result() if done else None

    async def _searched(self, work: Callable[[*A], T], *args: *A) -> T | None:
        found: T | None = None
        try:
            found = await self._worker.run(work, *args, within_s=ANSWERS_S)
        except Exception:  # a search that fails finds nothing: the refusal stands
            log.exception("cannot look for room")
        finally:
            self._one_at_a_time.release()
        self._ready = found is not None
        return found

    def close(self) -> None:
        """End the process."""
        self._ready = False
        self._worker.close()


class Shuffler:
    """Looks for room in processes of their own.

    Those who ask share two, as a refusal takes five times as long as an offer.  Those who book have
    a third beside them, which nobody who asks can hold up.
    """

    def __init__(self) -> None:
        self._asking, self._booking = (Search(), Search()), Search()

    @property
    def _all(self) -> tuple[Search, ...]:
        return self._booking, *self._asking

    @property
    def fates(self) -> dict[str, Fate]:
        """What has become of each process."""
        names = "bookings", "offers", "offers-2"
        return {name: search.fate for name, search in zip(names, self._all, strict=True)}

    async def compiled(self) -> bool:
        """Have all processes ready to search, the first of those for who asks first."""
        return all([await search.compiled() for search in (*self._asking, self._booking)])

    async def offers(
        self, wished: Wish, plan: Plan, travel: Mapping[str, TravelTimes]
    ) -> list[Offer] | Refusal | None:
        """Return offers that others make room for, or why nobody can; `None` when it is busy."""
        search = _free(self._asking)
        if search is None:
            return None
        sent = plain(plan)
        return await search.found(_offers, wished, sent, looked_up(sent, travel, wished.places))

    async def take(
        self, promise: Request, plan: Plan, travel: Mapping[str, TravelTimes]
    ) -> Room | None:
        """Return the room that others can make for a promise, `None` when they cannot."""
        search = _free(self._all)
        if search is None:
            return None
        sent = plain(plan)
        times = looked_up(sent, travel, (promise.origin, promise.destination))
        found = await search.found(_take, promise, sent, times)
        return found if isinstance(found, Room) else None

    def close(self) -> None:
        """End the processes."""
        for search in self._all:
            search.close()


def _free(searches: Sequence[Search]) -> Search | None:
    """Return the first that searches for nobody, else the first; `None` before any is ready."""
    ready = [search for search in searches if search.is_ready]
    return next((search for search in ready if search.is_idle), ready[0] if ready else None)


def _offers(wished: Wish, plan: Plan, travel: Mapping[str, Matrix]) -> list[Offer] | Refusal:
    return seek(wished, plan, travel, shuffle_s=SHUFFLE_S)


def _take(promise: Request, plan: Plan, travel: Mapping[str, Matrix]) -> Room | Refusal:
    # The promise has its windows already: of the rules only the time to search counts here.
    taken = take(plan, promise, travel, rules=OfferRules(shuffle_s=SHUFFLE_S))
    return taken if isinstance(taken, Refusal) else Room.of(plan, taken, promise.id)
