"""History is written behind in batches, and every fix is accounted for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from busloc.io.history import BATCH_ROWS, Fix, History
from tests.busloc.io.servers import settle
from tests.busloc.towns import ping
from tests.ports import PATIENCE_S


class Store:
    """A table that fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.batches: list[list[Fix]] = []
        self.failures = failures

    async def write(self, rows: Sequence[Fix]) -> None:
        """Keep a batch or fail."""
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.batches.append(list(rows))

    @property
    def seqs(self) -> list[int]:
        """The numbers written, in order."""
        return [row.ping.seq for batch in self.batches for row in batch]


async def write_all(history: History) -> None:
    task = asyncio.create_task(history.run())
    await asyncio.sleep(0)
    history.close()
    await asyncio.wait_for(task, PATIENCE_S)


async def test_a_full_batch_goes_out_at_once_with_all_that_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("busloc.io.history.BATCH_S", 60)
    store = Store()
    history = History(store.write)
    task = asyncio.create_task(history.run())

    history.add([ping(0, 0, seq=i) for i in range(2 * BATCH_ROWS + 5)], 7.0)
    await settle(lambda: history.written == 2 * BATCH_ROWS + 5)
    task.cancel()

    assert [len(batch) for batch in store.batches] == [BATCH_ROWS, BATCH_ROWS, 5]
    assert store.seqs == list(range(2 * BATCH_ROWS + 5))
    assert store.batches[0][0] == Fix(ping(0, 0, seq=0), 7.0)


async def test_a_small_batch_goes_out_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("busloc.io.history.BATCH_S", 0.01)
    store = Store()
    history = History(store.write)
    task = asyncio.create_task(history.run())
    history.add([ping(0, 0)], 0.0)

    await settle(lambda: history.written == 1)
    task.cancel()

    assert history.waiting == 0


async def test_who_brings_more_than_can_be_written_waits_and_nothing_is_lost() -> None:
    gate = asyncio.Event()
    store = Store()

    async def slow(rows: Sequence[Fix]) -> None:
        await gate.wait()
        await store.write(rows)

    history = History(slow, rows_max=4 * BATCH_ROWS)
    task = asyncio.create_task(history.run())

    async def bring(first: int) -> None:
        await history.room()
        history.add([ping(0, 0, seq=first + i) for i in range(BATCH_ROWS)], 0.0)

    bringing = asyncio.gather(*(bring(each * BATCH_ROWS) for each in range(8)))
    await settle(lambda: history.waiting > 2 * BATCH_ROWS)
    for _ in range(20):
        await asyncio.sleep(0)
    held = history.waiting
    gate.set()
    await asyncio.wait_for(bringing, PATIENCE_S)
    await settle(lambda: history.waiting == 0)
    task.cancel()

    assert held == 3 * BATCH_ROWS
    assert history.lost == 0
    assert sorted(store.seqs) == list(range(8 * BATCH_ROWS))


async def test_nobody_waits_for_ever_for_a_store_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("busloc.io.history.PATIENCE_S", 0.01)
    history = History(Store().write, rows_max=10)
    history.add([ping(0, 0, seq=i) for i in range(10)], 0.0)

    await asyncio.wait_for(history.room(), PATIENCE_S)

    assert history.waiting == 10


async def test_a_failed_write_is_tried_again_in_order() -> None:
    store = Store(failures=2)
    history = History(store.write, retry_s=0.01)
    task = asyncio.create_task(history.run())

    history.add([ping(0, 0, seq=i) for i in range(BATCH_ROWS)], 0.0)
    history.add([ping(0, 0, seq=BATCH_ROWS)], 0.0)
    await settle(lambda: history.written > BATCH_ROWS)
    task.cancel()

    assert store.seqs == list(range(BATCH_ROWS + 1))
    assert (history.written, history.lost, history.waiting) == (BATCH_ROWS + 1, 0, 0)


async def test_a_full_queue_drops_the_oldest_and_says_how_many() -> None:
    store = Store()
    history = History(store.write, rows_max=10)

    history.add([ping(0, 0, seq=i) for i in range(25)], 0.0)
    await write_all(history)

    assert store.seqs == list(range(15, 25))
    assert (history.written, history.lost) == (10, 15)


async def test_what_cannot_be_written_at_the_end_is_still_counted() -> None:
    history = History(Store(failures=99).write)

    history.add([ping(0, 0, seq=i) for i in range(3)], 0.0)
    await write_all(history)

    assert (history.written, history.waiting) == (0, 3)
