"""Time and order: an event loop whose clock is virtual and whose next step is drawn from a seed.

What runs in the world belongs to a *host* (one server process, or nobody: the world outside).  A
host may die, and then nothing of it runs again, not even a `finally`; or be frozen for a while.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import random
import secrets
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from maas import clock

T = TypeVar("T")

START = 1_790_000_000.0
"""What a wall clock shows when a world begins."""


@dataclass(eq=False)
class Host:
    """What can die, freeze and have a wrong clock: one server process."""

    name: str
    alive: bool = True
    frozen: bool = False
    wrong_s: float = 0.0
    """By how much its wall clock is ahead of the true one."""
    parked: list[asyncio.Handle] = field(default_factory=list)


NOBODY = Host("world")
HOST: contextvars.ContextVar[Host] = contextvars.ContextVar("host", default=NOBODY)


class DeadlockError(Exception):
    """Nothing is left to run although somebody still waits."""


class SimLoop(asyncio.BaseEventLoop):
    """Runs one ready step at a time, which one a seed says; jumps to the next timer when idle."""

    _ready: Any
    _scheduled: Any

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = random.Random(f"loop:{seed}")  # noqa: S311 -- a seed, not a secret
        self.steps = 0
        self.burying = False
        self.hosts: dict[Host, None] = {}
        self._now_s = 0.0
        self._kept: list[asyncio.Task[Any]] = []
        """Every task: what the dead were doing must not be swept up, which would end it."""
        self.set_task_factory(self._begin)

    def _begin(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Any,  # noqa: ANN401 -- as asyncio calls it
        **more: Any,  # noqa: ANN401
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **more)
        self._kept.append(task)
        return task

    def time(self) -> float:
        """Return virtual seconds since the world began."""
        return self._now_s

    def _process_events(self, event_list: object) -> None:
        """There are no sockets."""

    def _write_to_self(self) -> None:
        """There is nobody to wake."""

    def run_in_executor(
        self, executor: object, func: Callable[..., T], *args: object
    ) -> asyncio.Future[T]:
        """Do a thread's work here, a moment later."""
        del executor
        future: asyncio.Future[T] = self.create_future()

        def work() -> None:
            if future.done():
                return
            try:
                future.set_result(func(*args))
            except Exception as error:  # as a thread does
                future.set_exception(error)

        self.call_later(self.rng.random() * 0.05, work)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """There is no executor."""

    def _run_once(self) -> None:
        while self._scheduled and self._scheduled[0]._cancelled:
            heapq.heappop(self._scheduled)
        if not self._ready:
            if not self._scheduled:
                raise DeadlockError
            self._now_s = max(self._now_s, self._scheduled[0]._when)
        while self._scheduled and self._scheduled[0]._when <= self._now_s:
            self._ready.append(heapq.heappop(self._scheduled))
        if len(self._ready) > 1:
            self._ready.rotate(-self.rng.randrange(len(self._ready)))
        handle = self._ready.popleft()
        if handle._cancelled:
            return
        host = handle._context.get(HOST, NOBODY)
        if (host.frozen or not host.alive) and not self.burying:
            host.parked.append(handle)
            return
        self.steps += 1
        handle._run()

    def thaw(self, host: Host) -> None:
        """Let a frozen host go on, with all that has come for it meanwhile."""
        host.frozen = False
        parked, host.parked = host.parked, []
        self._ready.extend(parked)

    def bury(self) -> None:
        """Cancel every task, also of the dead, and let them end: nothing reaches the disk now."""
        self.burying = True
        for host in self.hosts:
            self.thaw(host)
        for _ in range(3):  # one that was ending anyhow may have missed the first call
            left = asyncio.all_tasks(self)
            for task in left:
                task.cancel()
            if left:
                self.run_until_complete(asyncio.wait(left, timeout=60.0))
        if left := asyncio.all_tasks(self):
            raise DeadlockError(f"would not end: {left}")

    def start(self, host: Host, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin a task that belongs to a host, and so do all that it begins."""
        self.hosts[host] = None
        context = contextvars.copy_context()
        context.run(HOST.set, host)
        return context.run(self.create_task, work)


@contextmanager
def virtual_world(loop: SimLoop, seed: int) -> Iterator[None]:
    """Give every module the loop's clock, and names that look random but follow from the seed."""
    names = random.Random(f"names:{seed}")  # noqa: S311
    real = time.time, time.monotonic, uuid.uuid4, secrets.token_hex, secrets.token_bytes
    uptime = clock.uptime_s

    def wall() -> float:
        return START + loop.time() + HOST.get().wrong_s

    def number() -> uuid.UUID:
        return uuid.UUID(int=names.getrandbits(128), version=4)

    time.time, time.monotonic, clock.uptime_s = wall, loop.time, loop.time
    uuid.uuid4 = number
    secrets.token_hex = lambda n=16: names.randbytes(n or 16).hex()  # type: ignore[assignment]
    secrets.token_bytes = lambda n=32: names.randbytes(n or 32)  # type: ignore[assignment]
    try:
        yield
    finally:
        time.time, time.monotonic, uuid.uuid4, secrets.token_hex, secrets.token_bytes = real
        clock.uptime_s = uptime
