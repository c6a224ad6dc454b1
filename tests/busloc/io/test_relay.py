"""Fixes that one process believed reach the others, and only one publishes a vehicle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from busloc.hub import Hub
from busloc.io.redis_bus import connect
from busloc.io.relay import TAKE_OVER_S, OwnVehicles, Relay
from busloc.ping import Ping
from tests.busloc.io.servers import settle
from tests.busloc.towns import ping
from tests.ports import PATIENCE_S

NOW = 1_764_000_000.0


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody take a Redis for lost because the machine is busy."""
    monkeypatch.setattr("busloc.io.redis_bus.TIMEOUT_S", PATIENCE_S)


@asynccontextmanager
async def relaying(url: str, prefix: str, clock: list[float]) -> AsyncIterator[Heard]:
    """Run one process's end."""
    redis = connect(url)
    relay = Relay(redis, prefix=prefix, retry_s=0.02, monotonic=lambda: clock[0])
    heard = Heard(relay)
    task = asyncio.create_task(relay.run(heard.take))
    await settle(lambda: relay._read_id != "$")
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.wait([task])
        await redis.aclose()


class Heard:
    """What one end heard, and whether it knew that it was from elsewhere."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.pings: list[Ping] = []
        self.receiving: set[bool] = set()

    def take(self, pings: list[Ping]) -> None:
        """Take what the others believed."""
        self.pings += pings
        self.receiving.add(self.relay.receiving)


async def test_each_hears_what_the_others_believed_and_not_itself(redis_url: str) -> None:
    prefix, clock = uuid4().hex, [0.0]
    async with (
        relaying(redis_url, prefix, clock) as one,
        relaying(redis_url, prefix, clock) as other,
    ):
        sent = [ping(10 * i, NOW + i) for i in range(600)]
        one.relay.send(sent)
        await settle(lambda: len(other.pings) == 600)
        other.relay.send(sent[:1])
        await settle(lambda: len(one.pings) == 1)

    assert other.pings == sent
    assert one.pings == sent[:1]
    assert other.receiving == {True}
    assert not other.relay.receiving


async def test_a_vehicle_heard_elsewhere_is_published_there_until_it_falls_silent(
    redis_url: str,
) -> None:
    clock = [0.0]
    hub = Hub(now=time.time, monotonic=time.monotonic)
    prefix = uuid4().hex
    async with (
        relaying(redis_url, prefix, clock) as one,
        relaying(redis_url, prefix, clock) as other,
    ):
        own = OwnVehicles(hub, other.relay)
        one.relay.send([ping(0, NOW)])
        await settle(lambda: bool(other.pings))
        own.publish("vehicles", "bus", b"1")
        own.publish("vehicles", "van", b"2")
        own.publish("cell:1", "bus", b"1")
        assert (hub.last("vehicles", "bus"), hub.last("vehicles", "van")) == (None, b"2")
        assert hub.last("cell:1", "bus") == b"1", "told where somebody listens"
        clock[0] = TAKE_OVER_S
        own.publish("vehicles", "bus", b"3")
        assert hub.last("vehicles", "bus") == b"3"
        clock[0] = 0.0
        own.remove("vehicles", "bus", b"4")
        assert hub.last("vehicles", "bus") == b"3"
        other.relay.send([ping(0, NOW + 1)])
        own.publish("vehicles", "bus", b"5")
        assert hub.last("vehicles", "bus") == b"5"


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "redis+cluster://127.0.0.1:1"])
async def test_without_redis_nothing_waits_and_nothing_fails(url: str) -> None:
    redis = connect(url)
    relay = Relay(redis, prefix="x", retry_s=0.01)
    task = asyncio.create_task(relay.run(lambda _: None))
    for _ in range(3000):
        relay.send([ping(0, NOW)])
    await asyncio.sleep(0.05)
    assert not task.done()
    assert len(relay._outbox) <= 1000
    task.cancel()
    await asyncio.wait([task])
    await redis.aclose()
