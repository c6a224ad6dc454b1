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
from redis.asyncio import Redis

from busloc.hub import Hub
from busloc.io.memory_bus import MemoryBus
from busloc.io.redis_bus import AWAY, RedisBus, connect
from busloc.io.stream import running, sent
from busloc.topic import Update
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


async def test_a_redis_that_says_nothing_is_given_up_soon_and_not_asked_again() -> None:
    asked = 0

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        redis = connect(f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}")
        assert isinstance(redis, Redis)
        told = redis.connection_pool.connection_kwargs
        assert (told["socket_timeout"], told["socket_connect_timeout"]) == (0.3, 0.3)
        with pytest.raises(AWAY):
            await redis.ping()
        await redis.aclose()

    assert asked == 1
    again = redis.get_retry()
    assert again is not None
    assert again.get_retries() == 0


async def test_what_happens_while_redis_is_away_is_kept_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("busloc.io.redis_bus.AWAY_MAX", 10)
    redis = connect("redis://127.0.0.1:1")
    carrier = RedisBus(Hub(now=time.time, monotonic=time.monotonic), redis)

    for value in range(30):
        carrier.send("vehicles", [Update(f"k{value}", b"1")])

    assert [key for _, key in carrier._away] == [f"k{value}" for value in range(20, 30)]
    await redis.aclose()


@pytest.mark.usefixtures("patient")
async def test_what_comes_round_does_not_undo_what_was_sent_after_it(redis_url: str) -> None:
    async with worker(redis_url, uuid4().hex) as (hub, carrier):
        await settle(lambda: carrier.connected)
        reader = listen(hub, "vehicles")
        carrier._coming["vehicles", "a"] = Update("a", bus("a", 2))  # from while it was away
        carrier._post("vehicles", [Update("a", bus("a", 1))])  # another process was late with it
        carrier._post("vehicles", [Update("b", bus("b", 1))])
        await settle(lambda: "b" in reader.state)
        early = values(reader)
        carrier._post("vehicles", [Update("a", bus("a", 2))])
        await settle(lambda: "a" in reader.state)

    assert early == {"b": 1}
    assert values(reader) == {"a": 2, "b": 1}


@pytest.mark.usefixtures("patient")
async def test_a_worker_joins_again_whatever_was_raised(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uvloop, for one, raises RuntimeError where a line was cut."""
    write, raised = RedisBus._write, 0

    async def closed(self: RedisBus) -> None:
        nonlocal raised
        raised += 1
        if raised == 1:
            raise RuntimeError("unable to perform operation; the handler is closed")
        await write(self)

    monkeypatch.setattr(RedisBus, "_write", closed)
    async with worker(redis_url, uuid4().hex) as (hub, carrier):
        reader = listen(hub, "vehicles")
        await settle(lambda: raised > 1 and carrier.connected)
        hub.publish("vehicles", "a", bus("a", 1))
        await settle(lambda: reader.state == {"a": 1})
        await carrier.taken()


@pytest.mark.usefixtures("patient")
async def test_a_tick_is_taken_when_redis_has_it(server: Server) -> None:
    async with worker(server.url, "x") as (hub, carrier):
        await settle(lambda: carrier.connected)
        server.signal(signal.SIGSTOP)
        try:
            hub.publish("vehicles", "a", bus("a", 1))
            await sent(hub)
            taken = asyncio.create_task(carrier.taken())
            await settle(lambda: not carrier._news.is_set())  # it is on its way
            await asyncio.sleep(0)  # lets the task begin
            assert not taken.done()
        finally:
            server.signal(signal.SIGCONT)
        await taken
        redis = connect(server.url)
        assert await redis.exists(*carrier._keys("vehicles")) == 5
        await redis.aclose()
        await carrier.taken()  # nothing was sent since


@pytest.mark.usefixtures("patient")
async def test_while_redis_is_away_a_tick_is_taken_by_those_who_listen_here(
    server: Server,
) -> None:
    async with worker(server.url, "x") as (hub, carrier):
        await settle(lambda: carrier.connected)
        reader = listen(hub, "vehicles")
        server.signal(signal.SIGSTOP)
        hub.publish("vehicles", "a", bus("a", 1))
        await sent(hub)
        taken = asyncio.create_task(carrier.taken())
        server.signal(signal.SIGKILL)
        await taken
        assert reader.state == {"a": 1}
        hub.publish("vehicles", "a", bus("a", 2))
        await sent(hub)
        await carrier.taken()
        assert reader.state == {"a": 2}
