"""The process that searches for the keeper."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.search import is_compiled
from maas.rides.worker import Worker
from tests.ports import PATIENCE_S


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


def test_one_that_nobody_waits_for_stands_back(worker: Worker) -> None:
    ours, patient = os.nice(0), Worker(nice=10)

    assert asyncio.run(patient.run(os.nice, 0)) == min(ours + 10, 19)
    assert asyncio.run(worker.run(os.nice, 0)) == ours
    patient.close()


def never() -> bool:
    threading.Event().wait()
    return True


def test_one_that_does_not_answer_is_ended_and_keeps_nobody(worker: Worker) -> None:
    async def work() -> tuple[bool | None, bool]:
        hung = await worker.run(os.getpid)
        silent = await worker.run(never, within_s=0.2)
        assert hung is not None
        return silent, await gone(hung)

    assert asyncio.run(work()) == (None, True)


async def gone(process_id: int) -> bool:
    """Wait until a process has ended."""
    async with asyncio.timeout(PATIENCE_S):
        while not has_ended(process_id):  # noqa: ASYNC110 -- another process tells nobody
            await asyncio.sleep(0.01)
    return True


def has_ended(process_id: int) -> bool:
    stat = Path(f"/proc/{process_id}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"
