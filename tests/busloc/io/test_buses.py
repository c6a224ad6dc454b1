"""Several hubs, one order: in one process, over a real Redis, and while that Redis is gone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from busloc.hub import Hub
from busloc.io.memory_bus import MemoryBus
from busloc.io.redis_bus import RedisBus, connect
from busloc.io.stream import running
from tests.busloc.io.servers import settle
from tests.busloc.test_hub import Reader, bus
from tests.ports import PATIENCE_S, free_port, start_valkey


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody take a Redis for lost because the machine is busy."""
    monkeypatch.setattr("busloc.io.redis_bus.TIMEOUT_S", PATIENCE_S)


def values(reader: Reader) -> dict[str, int]:
    return dict(sorted(reader.state.items()))


@asynccontextmanager
async def worker(url: str, prefix: str) -> AsyncIterator[tuple[Hub, RedisBus]]:
    """Run one process's hub and its end of the bus."""
    hub = Hub(now=time.time, monotonic=time.monotonic, tick_s=0.01)
    redis = connect(url)
    carrier = RedisBus(hub, redis, prefix=prefix, retry_s=0.05)
    async with running(hub):
        task = asyncio.create_task(carrier.run())
        try:
            yield hub, carrier
        finally:
            if task.done():
                task.result()
            task.cancel()
            await asyncio.wait([task])
            await redis.aclose()


def listen(hub: Hub, topic: str) -> Reader:
    reader = Reader(may_repeat=True)
    hub.subscribe(hub.join(reader), topic)
    return reader


async def test_two_hubs_of_one_process_number_alike() -> None:
    hubs = [Hub(now=time.time, monotonic=time.monotonic) for _ in range(2)]
    MemoryBus(*hubs)
    readers = [listen(hub, "vehicles") for hub in hubs]

    hubs[0].publish("vehicles", "a", bus("a", 1))
    hubs[0].flush()
    hubs[1].publish("vehicles", "b", bus("b", 2))
    hubs[1].flush()
    await asyncio.sleep(0.21)
    hubs[1].flush()

    assert readers[0].place == readers[1].place
    assert values(readers[0]) == values(readers[1]) == {"a": 1, "b": 2}


@pytest.mark.usefixtures("patient")
async def test_what_one_worker_publishes_the_others_hear_under_the_same_numbers(
    redis_url: str,
) -> None:
    prefix = uuid4().hex
    async with worker(redis_url, prefix) as (one, a), worker(redis_url, prefix) as (other, b):
        readers = [listen(one, "vehicles"), listen(other, "vehicles")]
        await settle(lambda: a.connected and b.connected)
        for value in range(50):
            (one, other)[value % 2].publish("vehicles", f"k{value}", bus(f"k{value}", value))
            await asyncio.sleep(0.002)
        await settle(lambda: all(len(reader.state) == 50 for reader in readers))
        await settle(lambda: readers[0].place == readers[1].place)
        last = [reader.raw[-1].split(b'"n":')[0] for reader in readers]

    assert last[0] == last[1]


@pytest.mark.usefixtures("patient")
async def test_a_worker_that_starts_later_knows_the_state(redis_url: str) -> None:
    prefix = uuid4().hex
    async with worker(redis_url, prefix) as (one, a):
        await settle(lambda: a.connected)
        early = listen(one, "plan:west")
        one.publish("plan:west", "a", bus("a", 1))
        one.publish("plan:west", "b", bus("b", 2))
        await settle(lambda: len(early.state) == 2)
        one.remove("plan:west", "a", b'{"id":"a","v":3}')
        await settle(lambda: early.state.get("a") == 3)
        async with worker(redis_url, prefix) as (late, b):
            await settle(lambda: b.connected)
            reader = listen(late, "plan:west")

            assert reader.state == {"b": 2}
            assert reader.place == early.place
            assert reader.flagged == 0


@pytest.mark.usefixtures("patient")
async def test_redis_keeps_no_more_keys_of_a_log_than_the_hub(redis_url: str) -> None:
    prefix = uuid4().hex
    async with worker(redis_url, prefix) as (one, a):
        await settle(lambda: a.connected)
        reader = listen(one, "calls")
        for value in range(230):
            one.publish("calls", f"c{value}", bus(f"c{value}", value))
        await settle(lambda: len(reader.log) == 230)
        async with worker(redis_url, prefix) as (late, b):
            await settle(lambda: b.connected)

            assert list(late.values("calls")) == [f"c{value}" for value in range(30, 230)]


class Server:
    """A Redis of its own that a test may kill, stop or wipe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.start()
        self.url = self._server.connection_url

    def start(self) -> None:
        """Start it, on the port it had."""
        self._server = start_valkey(self._folder, self._port)

    def signal(self, what: int) -> None:
        """Send a signal to the server's process."""
        os.kill(self._server._process.pid, what)

    def stop(self) -> None:
        """End it, keeping nothing."""
        self._server.stop(PATIENCE_S)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    own = Server(tmp_path)
    yield own
    own.stop()


@pytest.mark.usefixtures("patient")
async def test_without_redis_a_worker_goes_on_alone_and_joins_again(server: Server) -> None:
    async with worker(server.url, "x") as (one, a), worker(server.url, "x") as (other, b):
        await settle(lambda: a.connected and b.connected)
        readers = [listen(one, "vehicles"), listen(other, "vehicles")]
        one.publish("vehicles", "a", bus("a", 1))
        await settle(lambda: all(reader.state == {"a": 1} for reader in readers))
        server.stop()
        one.publish("vehicles", "a", bus("a", 2))
        one.publish("vehicles", "b", bus("b", 3))

        await settle(lambda: values(readers[0]) == {"a": 2, "b": 3})
        alone = values(readers[1])
        server.start()
        await settle(lambda: a.connected and b.connected)
        await settle(lambda: values(readers[1]) == {"a": 2, "b": 3})
        other.publish("vehicles", "c", bus("c", 4))
        await settle(lambda: all(len(reader.state) == 3 for reader in readers))
        await settle(lambda: readers[0].place == readers[1].place)

    assert alone == {"a": 1}
    assert readers[0].flagged >= 1


async def test_a_redis_that_hangs_delays_a_tick_by_less_than_a_second(server: Server) -> None:
    async with worker(server.url, "x") as (one, a):
        await settle(lambda: a.connected)
        reader = listen(one, "vehicles")
        server.signal(signal.SIGSTOP)
        try:
            one.publish("vehicles", "a", bus("a", 1))
            await settle(lambda: reader.state == {"a": 1}, within_s=6)
        finally:
            server.signal(signal.SIGCONT)
        await settle(lambda: a.connected)
        one.publish("vehicles", "b", bus("b", 2))
        await settle(lambda: values(reader) == {"a": 1, "b": 2})


@pytest.mark.usefixtures("patient")
async def test_a_redis_that_forgot_everything_learns_it_again(server: Server) -> None:
    async with worker(server.url, "x") as (one, a), worker(server.url, "x") as (other, b):
        await settle(lambda: a.connected and b.connected)
        readers = [listen(one, "plan:west"), listen(other, "plan:west")]
        for value in range(1, 4):
            one.publish("plan:west", f"k{value}", bus(f"k{value}", value))
        await settle(lambda: all(len(reader.state) == 3 for reader in readers))
        redis = connect(server.url)
        await redis.flushall()
        await redis.aclose()
        one.publish("plan:west", "k4", bus("k4", 4))
        await settle(lambda: all(len(reader.state) == 4 for reader in readers))
        await settle(lambda: a.connected and b.connected)
        async with worker(server.url, "x") as (late, c):
            await settle(lambda: c.connected)
            await settle(lambda: len(late.values("plan:west")) == 4)

    assert all(reader.flagged for reader in readers)
    assert json.loads(late.values("plan:west")["k1"]) == {"id": "k1", "v": 1}


async def test_a_cluster_no_node_of_which_is_there_leaves_a_worker_alone() -> None:
    async with worker("redis+cluster://127.0.0.1:1", "x") as (hub, carrier):
        reader = listen(hub, "vehicles")
        epochs = set[str]()
        while len(epochs) < 3:  # one for each time it tried
            epochs.add(carrier._local_epoch)
            await asyncio.sleep(0)
        hub.publish("vehicles", "a", bus("a", 1))
        await settle(lambda: reader.state == {"a": 1})
        assert not carrier.connected
