"""A process that computes for the keeper, so that no caller waits for a search."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import wait
from typing import Final, TypeVar, TypeVarTuple

from dispatcher.search import is_compiled
from dispatcher.search_plan import warm_search

T = TypeVar("T")
A = TypeVarTuple("A")

_ASK_S: Final = 0.25
_FIRST: Final = "maas.rides.forked"
"""What the process that forks all others loads before the first one."""


@dataclass(slots=True)
class Fate:
    """What has become of the processes that computed somewhere, one after the other."""

    died: int = 0
    hung: int = 0
    is_away: bool = False
    """Whether the last task had no answer because of that."""

    def end(self, *, hung: bool) -> None:
        """Note that a task had no answer."""
        self.hung, self.died = self.hung + hung, self.died + (not hung)
        self.is_away = True


class Worker:
    """One process, started with the first task or before, and made anew when it dies.

    It compiles the search beside its tasks, which do without it until then.  `nice` is how far it
    stands back when others need the processor.
    """

    def __init__(self, *, nice: int = 0) -> None:
        self._nice = nice
        self._pool: ProcessPoolExecutor | None = None
        self.fate = Fate()

    async def compiled(self) -> bool:
        """Start the process and wait until it has compiled the search; False when it died.

        It is asked again and again: a task that waited in there would keep us from ending.
        """
        while not (done := await self.run(is_compiled)):
            if done is None:
                return False
            await asyncio.sleep(_ASK_S)
        return True

    async def run(
        self, work: Callable[[*A], T], *args: *A, within_s: float | None = None
    ) -> T | None:
        """Return what `work` returns in the other process.

        `None` when that process died, or has not answered `within_s`: then it is ended.
        """
        if not _load.cache_info().currsize:
            await asyncio.to_thread(_load)
        try:
            async with asyncio.timeout(within_s):
                found = await asyncio.get_running_loop().run_in_executor(self._ready(), work, *args)
        except (BrokenProcessPool, TimeoutError) as error:
            self.fate.end(hung=isinstance(error, TimeoutError))
            self.close()
            return None
        self.fate.is_away = False
        return found

    def _ready(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1,
                mp_context=multiprocessing.get_context("forkserver"),
                initializer=_begin,
                initargs=(self._nice,),
            )
        return self._pool

    def close(self) -> None:
        """End the process, whatever it is doing; the next task starts another."""
        if self._pool is not None:
            processes = list((self._pool._processes or {}).values())  # noqa: SLF001 -- 3.14 has kill_workers
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
            for process in processes:
                process.kill()


@cache
def _load() -> None:
    """Have a process that forks the others, with what they need: it takes a second, once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_FIRST])
    first = context.Process(target=is_compiled, daemon=True)
    first.start()
    first.join()


def _begin(nice: int) -> None:
    """Stand back, end when the one we work for does, and compile the search meanwhile."""
    os.nice(nice)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()
    threading.Thread(target=_warm, daemon=True).start()


def _warm() -> None:
    """Compile the search; what is loaded by then is not gone through for garbage again."""
    warm_search()
    gc.freeze()


def _end_after(sentinel: int) -> None:
    """End this process when the parent does, however that one dies."""
    wait([sentinel])
    os._exit(1)
