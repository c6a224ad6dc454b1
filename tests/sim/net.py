"""The network between the servers and everybody else: late, lost, doubled, cut.

Whoever asks does not know whether a question that is not answered has been heard.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar, cast

from tests.sim.loop import SimLoop

if TYPE_CHECKING:
    from tests.sim.server import Server

T = TypeVar("T")

PATIENCE_S = 2.0
OUTSIDE = contextvars.Context()
"""Where packets travel: they outlive the host that sent them."""


class LostError(Exception):
    """No answer came in time; the question may have been heard or not."""


class Net:
    """Carries questions to servers and answers back."""

    def __init__(self, loop: SimLoop, rng: random.Random) -> None:
        self.loop = loop
        self.rng = rng
        self.servers: list[Server] = []
        self.cut: set[str] = set()
        """Who is cut off, by name: a client or a server."""
        self.slow_s = 0.15
        self.loses = 0.0
        self.doubles = 0.0
        self.faults: list[str] = []
        """Answers that must never be given: what was raised at a server, beside busy databases."""

    def delay_s(self) -> float:
        """Return how long a packet is on its way."""
        return self.rng.random() * self.slow_s

    def is_cut(self, client: str, server: Server) -> bool:
        """Whether nothing passes between two now."""
        return client in self.cut or server.name in self.cut

    async def ask(
        self,
        client: str,
        what: Callable[[Server], Awaitable[T]],
        *,
        patience_s: float = PATIENCE_S,
        server: Server | None = None,
    ) -> T:
        """Ask one of the servers; raises `LostError` when no answer comes, or that of an error."""
        to = server or self.rng.choice(self.servers)
        answer: asyncio.Future[T] = self.loop.create_future()
        copies = 2 if self.rng.random() < self.doubles else 1
        for _ in range(copies):
            self.loop.call_later(self.delay_s(), self._arrive, client, to, what, answer)
        try:
            async with asyncio.timeout(patience_s):
                return await answer
        except TimeoutError:
            raise LostError from None

    def _arrive(
        self,
        client: str,
        server: Server,
        what: Callable[[Server], Awaitable[T]],
        answer: asyncio.Future[T],
    ) -> None:
        if self._is_lost(client, server) or not server.is_up:
            return
        self.loop.start(server.host, self._serve(client, server, what, answer))

    async def _serve(
        self,
        client: str,
        server: Server,
        what: Callable[[Server], Awaitable[T]],
        answer: asyncio.Future[T],
    ) -> None:
        try:
            said, error = await what(server), None
        except Exception as wrong:  # what the endpoint would answer 5xx
            said, error = None, wrong
            server.failed(wrong)
        await server.reach("before_reply")
        back = self.delay_s()
        self.loop.call_later(back, self._back, client, server, answer, said, error, context=OUTSIDE)

    def _back(
        self,
        client: str,
        server: Server,
        answer: asyncio.Future[T],
        said: T | None,
        error: Exception | None,
    ) -> None:
        if answer.done() or self._is_lost(client, server):
            return
        if error is None:
            answer.set_result(cast("T", said))
        else:
            answer.set_exception(LostError())

    def _is_lost(self, client: str, server: Server) -> bool:
        return self.is_cut(client, server) or self.rng.random() < self.loses
