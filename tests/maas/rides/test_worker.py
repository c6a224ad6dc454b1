"""The process that searches for the keeper."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
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


def test_it_begins_with_the_search_that_was_compiled_once_and_shares_it() -> None:
    program = (
        "import asyncio, os, psutil\n"
        "from dispatcher.search import is_compiled\n"
        "from dispatcher.search_plan import warm_search\n"
        "from maas.rides.worker import Worker\n"
        "warm_search()\n"  # which leaves it for all others
        "worker = Worker()\n"
        "async def work():\n"
        "    first = await worker.run(is_compiled)\n"
        "    process = psutil.Process(await worker.run(os.getpid))\n"
        "    memory = process.memory_full_info()\n"
        "    return first, memory.uss < memory.rss / 3\n"
        "print(*asyncio.run(work()))\n"
        "worker.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["True", "True"]


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


def test_it_says_how_often_it_died_or_hung_and_whether_it_still_does(worker: Worker) -> None:
    async def work() -> list[tuple[int, int, bool]]:
        told = []
        for task, within_s in ((dies, None), (dies, None), (never, 0.2), (os.getpid, None)):
            await worker.run(task, within_s=within_s)
            told.append((worker.fate.died, worker.fate.hung, worker.fate.is_away))
        return told

    told = asyncio.run(work())

    assert told == [(1, 0, True), (2, 0, True), (2, 1, True), (2, 1, False)]


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


def test_it_ends_with_whoever_it_works_for_however_that_one_dies() -> None:
    program = (
        "import asyncio, os, threading\n"
        "from maas.rides.worker import Worker\n"
        "print(asyncio.run(Worker().run(os.getpid)), flush=True)\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as master:
        assert master.stdout is not None
        process_id = int(master.stdout.readline())
        master.kill()

    assert asyncio.run(gone(process_id))


async def gone(process_id: int) -> bool:
    """Wait until a process has ended."""
    async with asyncio.timeout(PATIENCE_S):
        while not has_ended(process_id):  # noqa: ASYNC110 -- another process tells nobody
            await asyncio.sleep(0.01)
    return True


def has_ended(process_id: int) -> bool:
    try:
        return bool(psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
