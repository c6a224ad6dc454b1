"""Server-sent events and long polls: the frames of the stream, and no gap between two answers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from busloc.hub import Hub
from busloc.io.sse import events, poll
from busloc.io.stream import running
from tests.busloc.io.servers import settle
from tests.ports import PATIENCE_S


def bus(key: str, value: int) -> bytes:
    return json.dumps({"id": key, "v": value}).encode()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """A ticking hub with one bus on two topics."""
    async with running(Hub(now=time.time, monotonic=time.monotonic, tick_s=0.02)) as found:
        for topic in ("vehicles", "route:12"):
            found.publish(topic, "a", bus("a", 1))
        yield found


def read(event: bytes) -> tuple[str, dict[str, Any]]:
    lines = dict(line.split(": ", 1) for line in event.decode().strip().split("\n"))
    return lines["id"], json.loads(lines["data"])


async def take(stream: AsyncIterator[bytes], count: int) -> list[tuple[str, dict[str, Any]]]:
    async with asyncio.timeout(PATIENCE_S):
        return [read(await anext(stream)) for _ in range(count)]


async def asked(
    hub: Hub, *topics: str, since: str = "", wait_s: float = PATIENCE_S
) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(await poll(hub, topics, since, wait_s))
    return answer


async def test_events_begin_with_the_state_and_say_where_one_stands(hub: Hub) -> None:
    async with aclosing(events(hub, ["vehicles", "route:12"])) as stream:
        assert (await anext(stream)).startswith(b"retry: ")
        (_, first), (both, second) = await take(stream, 2)
        hub.publish("vehicles", "a", bus("a", 2))
        ((after, moved),) = await take(stream, 1)

    assert [(f["t"], f["k"], f["s"]) for f in (first, second)] == [
        ("vehicles", "snap", 1), ("route:12", "snap", 1),
    ]  # fmt: skip
    assert both == f"{first['e']}:1,{second['e']}:1"
    assert after == f"{first['e']}:2,{second['e']}:1"
    assert moved["u"] == [{"id": "a", "v": 2}]
    assert not hub.subscribers


async def test_who_names_its_last_event_gets_what_it_missed_on_each_topic(hub: Hub) -> None:
    async with aclosing(events(hub, ["vehicles", "route:12"])) as stream:
        await anext(stream)
        last_id = (await take(stream, 2))[-1][0]
    for value in (2, 3):
        hub.publish("route:12", "a", bus("a", value))
        await asyncio.sleep(0.05)

    async with aclosing(events(hub, ["vehicles", "route:12"], last_id)) as stream:
        await anext(stream)
        frames = [frame for _, frame in await take(stream, 3)]

    assert [(f["t"], f["k"], f["s"], len(f["u"])) for f in frames] == [
        ("vehicles", "delta", 1, 0), ("route:12", "delta", 2, 1), ("route:12", "delta", 3, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("last_id", ["x", "a:1", "a:b,c:d", ",", "é:²,é:²", "a:1,b:2,c:3"])
async def test_an_id_that_is_none_of_ours_gives_the_state(hub: Hub, last_id: str) -> None:
    async with aclosing(events(hub, ["vehicles", "route:12"], last_id)) as stream:
        await anext(stream)
        frames = [frame for _, frame in await take(stream, 2)]

    assert [f["k"] for f in frames] == ["snap", "snap"]


async def test_a_stream_of_events_ends_with_its_session(hub: Hub) -> None:
    over = asyncio.Event()
    async with aclosing(events(hub, ["vehicles"], "", over.wait)) as stream:
        await anext(stream)
        await take(stream, 1)
        over.set()

        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), PATIENCE_S)
    assert not hub.subscribers


async def test_a_poll_answers_at_once_and_the_next_waits_for_news(hub: Hub) -> None:
    first = await asked(hub, "vehicles")
    waiting = asyncio.create_task(asked(hub, "vehicles", since=first["id"]))
    await settle(lambda: hub.heard("vehicles"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    hub.publish("vehicles", "a", bus("a", 2))
    second = await waiting

    assert [f["k"] for f in first["frames"]] == ["snap"]
    assert [f["u"] for f in second["frames"] if f["u"]] == [[{"id": "a", "v": 2}]]
    assert not hub.subscribers


async def test_a_poll_without_news_is_empty_and_can_go_on(hub: Hub) -> None:
    first = await asked(hub, "vehicles")
    second = await asked(hub, "vehicles", since=first["id"], wait_s=0.01)

    assert second == {"id": first["id"], "frames": []}


async def test_no_update_falls_between_two_polls(hub: Hub) -> None:
    async def move() -> None:
        for value in range(1, 60):
            hub.publish("calls", str(value), bus("a", value))
            await asyncio.sleep(0.004)

    moving = asyncio.create_task(move())
    heard: list[int] = []
    since = ""
    while not moving.done() or heard[-1:] != [59]:
        answer = await asked(hub, "calls", since=since, wait_s=PATIENCE_S)
        heard += [item["v"] for frame in answer["frames"] for item in frame["u"]]
        since = answer["id"]

    assert heard == list(range(1, 60))
