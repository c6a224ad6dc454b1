"""History written behind: fixes are collected and handed to the store in batches."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from busloc.ping import Ping

BATCH_ROWS = 5000
BATCH_S = 1.0
ROWS_MAX = 200_000
RETRY_S = 1.0
PATIENCE_S = 5.0
"""Nobody is kept waiting for longer because the store is slow, or does not answer at all."""

_log = logging.getLogger(__name__)


class Fix(NamedTuple):
    """A believed ping and the epoch second it came in."""

    ping: Ping
    received: float


Write = Callable[[Sequence[Fix]], Awaitable[None]]


class History:
    """A bounded queue of fixes before an async ``write(rows)``.

    A batch goes out each second or 5,000 rows.  A failed write is tried again; when the queue is
    full the oldest fix gives way.  ``written``, ``lost`` and ``waiting`` account for every fix.
    """

    def __init__(self, write: Write, *, rows_max: int = ROWS_MAX, retry_s: float = RETRY_S) -> None:
        self._write = write
        self._rows_max = rows_max
        self._retry_s = retry_s
        self._queue: deque[Fix] = deque()
        self._full = asyncio.Event()
        self._room = asyncio.Event()
        self._closing = False
        self._being_written = 0
        self.written = 0
        self.lost = 0

    @property
    def waiting(self) -> int:
        """Fixes taken in and not yet written."""
        return len(self._queue) + self._being_written

    def add(self, pings: Sequence[Ping], received: float) -> None:
        """Take in fixes without waiting."""
        self._queue.extend([Fix(ping, received) for ping in pings])
        while len(self._queue) > self._rows_max:
            self._queue.popleft()
            self.lost += 1
        if len(self._queue) >= BATCH_ROWS:
            self._full.set()

    async def room(self) -> None:
        """Wait while more than half the queue is taken, no longer than ``PATIENCE_S``.

        Who brings a burst waits here first, so that it comes no faster than it can be written.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while self.waiting > self._rows_max // 2:  # those woken before may have filled it
                    self._room.clear()
                    await self._room.wait()

    async def run(self) -> None:
        """Write until ``close`` is called, then write what is left and return."""
        while not self._closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._full.wait(), BATCH_S)
            self._full.clear()
            if not await self._write_all() and not self._closing:
                await asyncio.sleep(self._retry_s)
        await self._write_all()

    def close(self) -> None:
        """Have ``run`` write what is left and return."""
        self._closing = True
        self._full.set()

    async def _write_all(self) -> bool:
        """Write batch after batch; return whether nothing failed."""
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(BATCH_ROWS, len(self._queue)))]
            self._being_written = len(batch)
            try:
                await self._write(batch)
            except Exception:
                _log.exception("position history not written, %d fixes wait", len(batch))
                self._put_back(batch)
                return False
            finally:
                self._being_written = 0
            self.written += len(batch)
            if self.waiting <= self._rows_max // 2:
                self._room.set()
        return True

    def _put_back(self, batch: Sequence[Fix]) -> None:
        self._queue.extendleft(reversed(batch))
        while len(self._queue) > self._rows_max:
            self._queue.popleft()
            self.lost += 1
