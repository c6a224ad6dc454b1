"""The process that searches for the keeper."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from dispatcher.search import is_compiled
from maas.rides.worker import Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close()


def test_it_compiles_the_search_and_says_when_it_has(worker: Worker) -> None:
    async def work() -> tuple[bool, bool | None]:
        return await worker.compiled(), await worker.run(is_compiled)

    assert asyncio.run(work()) == (True, True)


def dies() -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return True


def test_one_that_dies_answers_nothing_and_the_next_task_gets_another(worker: Worker) -> None:
    async def work() -> tuple[int | None, int | None]:
        first = await worker.run(os.getpid)
        assert first is not None
        assert await worker.run(dies) is None
        return first, await worker.run(os.getpid)

    first, second = asyncio.run(work())

    assert second not in {None, first}


def test_it_stands_back(worker: Worker) -> None:
    ours = os.nice(0)

    assert asyncio.run(worker.run(os.nice, 0)) == min(ours + 5, 19)
