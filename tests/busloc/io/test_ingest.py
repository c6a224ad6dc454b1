"""Pings over a real WebSocket, and bodies read piece by piece."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from busloc.io.ingest import RECHECK_S, VehicleEndpoint, read_batch
from busloc.io.stream import MESSAGE_BYTES
from busloc.ping import ITEMS_MAX, Ping, Unreadable
from tests.busloc.io.servers import ask, client, closes_with, hear, serving, settle
from tests.ports import PATIENCE_S

TOKEN = "secret"


def fix(seq: int, **changes: object) -> dict[str, object]:
    now = time.time()
    return {
        "vehicle": "bus",
        "boot": "b",
        "seq": seq,
        "t": now,
        "lat": 34.8,
        "lon": 133.7,
    } | changes


async def pieces(*body: bytes) -> AsyncIterator[bytes]:
    for piece in body:
        yield piece


async def test_each_array_is_answered_by_its_verdicts_and_reaches_the_listeners() -> None:
    async with (
        serving() as server,
        client(server, "/ws/vehicle", token=TOKEN) as device,
        client(server) as one,
    ):
        await ask(one, sub=["vehicles"])
        await hear(one)
        await device.send(json.dumps([fix(1), fix(1), fix(2, vehicle="van"), {"lat": 1}]))

        answered, told = await hear(device), await hear(one)

    assert answered == {"verdicts": ["live", "duplicate", "forbidden", "malformed"]}
    (vehicle,) = told["u"]
    assert (vehicle["id"], vehicle["state"], vehicle["name"]) == ("bus", "demand", "赤バス")


async def test_a_device_without_a_token_is_not_let_in() -> None:
    async with serving() as server:
        with pytest.raises(InvalidStatus, match="403"):
            async with client(server, "/ws/vehicle"):
                pass


@pytest.mark.parametrize(
    ("message", "code"),
    [("nonsense", 1003), ("{}", 1003), (b"[]", 1003), (json.dumps([0] * (ITEMS_MAX + 1)), 1009)],
)
async def test_a_frame_that_is_no_array_ends_the_connection(
    message: str | bytes, code: int
) -> None:
    async with serving() as server, client(server, "/ws/vehicle", token=TOKEN) as device:
        await device.send(message)

        assert await closes_with(device) == code


async def test_a_revoked_device_is_cut_off_even_while_it_is_silent() -> None:
    known: list[frozenset[str] | None] = [frozenset({"bus"})]

    async def authenticate(_scope: dict[str, Any]) -> frozenset[str] | None:
        return known[0]

    async def receive() -> dict[str, Any]:
        return await inbox.get()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: list[dict[str, Any]] = []
    endpoint = VehicleEndpoint(lambda _allowed, _items: [], authenticate, recheck_s=0.01)
    inbox.put_nowait({"type": "websocket.connect"})
    task = asyncio.create_task(endpoint({}, receive, send))
    inbox.put_nowait({"type": "websocket.receive", "text": "[]"})
    await settle(lambda: len(sent) == 2)
    known[0] = None
    await asyncio.wait_for(task, PATIENCE_S)

    assert [message["type"].partition(".")[2] for message in sent] == ["accept", "send", "close"]
    assert sent[-1]["code"] == 1008
    assert RECHECK_S <= 2.5


async def test_a_server_that_ends_may_cancel_a_device() -> None:
    async def authenticate(_scope: dict[str, Any]) -> frozenset[str]:
        return frozenset({"bus"})

    async def receive() -> dict[str, Any]:
        return await inbox.get()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: list[dict[str, Any]] = []
    inbox.put_nowait({"type": "websocket.connect"})
    endpoint = VehicleEndpoint(lambda _allowed, _items: [], authenticate)
    task = asyncio.create_task(endpoint({}, receive, send))
    await settle(lambda: len(sent) == 1)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_body_is_read_across_pieces() -> None:
    body = json.dumps([fix(i) for i in range(3)]).encode()

    items = await read_batch(pieces(body[:50], b"", body[50:]))

    assert isinstance(items, list)
    assert [item.seq for item in items if isinstance(item, Ping)] == [0, 1, 2]


async def test_an_hour_of_full_pings_fits_in_one_body() -> None:
    each = fix(123_456, speed=12.34, bearing=359.9, vehicle="bus-12", boot="0123456789abcdef")
    items = await read_batch(pieces(json.dumps([each] * ITEMS_MAX, separators=(",", ":")).encode()))

    assert isinstance(items, list)
    assert len(items) == ITEMS_MAX


async def test_a_body_too_large_is_given_up_before_it_is_all_there() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 65_536
            yield b" " * 65_536

    assert await read_batch(endless()) == Unreadable("too_large")
    assert read <= MESSAGE_BYTES + 65_536
