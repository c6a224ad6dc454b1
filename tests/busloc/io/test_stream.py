"""The live stream over a real server, on both paths: shared frames, and a task per client."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from busloc.cells import topics_at
from busloc.hub import BEHIND_BYTES, Hub
from busloc.io.connection import SAID_PER_S
from busloc.io.stream import (
    CONTROL_BYTES,
    MESSAGE_BYTES,
    TOPICS_MAX,
    Admission,
    Limits,
    QueueClient,
)
from busloc.ping import Ping
from tests.busloc.io.servers import (
    PLAIN,
    SHARED,
    Server,
    ask,
    client,
    closes_with,
    hear,
    serving,
    settle,
)
from tests.ports import PATIENCE_S

both = pytest.mark.parametrize("ws", [SHARED, PLAIN])


def bus(key: str, value: int) -> bytes:
    return json.dumps({"id": key, "v": value}).encode()


@both
async def test_a_snapshot_comes_first_and_deltas_follow(ws: str) -> None:
    async with serving(ws) as server, client(server) as one:
        server.hub.publish("vehicles", "a", bus("a", 1))
        await ask(one, sub=["vehicles", "route:12"])

        frames = [await hear(one), await hear(one)]
        server.hub.publish("vehicles", "a", bus("a", 2))
        frames.append(await hear(one))

    assert [(f["t"], f["k"], f["s"]) for f in frames] == [
        ("vehicles", "snap", 1), ("route:12", "snap", 0), ("vehicles", "delta", 2),
    ]  # fmt: skip
    assert frames[2]["u"] == [{"id": "a", "v": 2}]


@both
async def test_who_comes_back_goes_on_where_it_left_off(ws: str) -> None:
    async with serving(ws) as server:
        async with client(server) as one:
            server.hub.publish("vehicles", "a", bus("a", 1))
            await ask(one, sub=["vehicles"])
            first = await hear(one)
        await settle(lambda: not server.hub.subscribers)
        for value in (2, 3):
            server.hub.publish("vehicles", "a", bus("a", value))
            server.hub.flush()
            await asyncio.sleep(0.06)
        async with client(server) as one:
            await ask(one, sub=["vehicles"], since={"vehicles": [first["e"], first["s"]]})
            missed = [await hear(one), await hear(one)]
            await ask(one, unsub=["vehicles"])
            await ask(one, sub=["vehicles"], since={"vehicles": ["elsewhere", 1]})
            lost = await hear(one)

    assert [(f["k"], f["s"], f["u"][0]["v"]) for f in missed] == [("delta", 2, 2), ("delta", 3, 3)]
    assert (lost["k"], lost["recovered"], lost["u"][0]["v"]) == ("snap", False, 3)


@both
async def test_a_large_snapshot_arrives_whole(ws: str) -> None:
    async with serving(ws) as server, client(server) as one:
        for i in range(700):
            server.hub.publish("vehicles", str(i), bus(str(i) + "x" * 100, i))
        await ask(one, sub=["vehicles"])

        assert len((await hear(one))["u"]) == 700


@both
async def test_a_topic_one_may_not_hear_is_refused_and_the_rest_goes_on(ws: str) -> None:
    async with serving(ws) as server, client(server) as one:
        await ask(one, sub=["calls", "vehicles"])

        refused, snapshot = await hear(one), await hear(one)

    assert (refused["refused"], refused["reason"]) == ("calls", "forbidden")
    assert "t" not in refused
    assert (snapshot["t"], snapshot["k"]) == ("vehicles", "snap")


async def test_nobody_hears_more_than_64_topics() -> None:
    async with serving() as server, client(server) as one:
        await ask(one, sub=[f"stop:{i}" for i in range(TOPICS_MAX)])
        await ask(one, sub=["stop:0", "vehicles"])
        frames = [await hear(one) for _ in range(TOPICS_MAX + 2)]

    assert [f.get("k") for f in frames] == [*["snap"] * (TOPICS_MAX + 1), None]
    assert (frames[-1]["refused"], frames[-1]["reason"]) == ("vehicles", "limit")


@both
@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("nonsense", 1003),
        ('{"sub":"vehicles"}', 1003),
        ('{"sub":[1]}', 1003),
        ('{"since":{"vehicles":[1,2]}}', 1003),
        (json.dumps({"sub": [str(i) for i in range(TOPICS_MAX + 1)]}), 1003),
        ("[" * 4000, 1003),
        (b'{"sub":["vehicles"]}', 1003),
        (json.dumps({"sub": ["x" * CONTROL_BYTES]}), 1009),
        ('{"sub":["' + "車" * (CONTROL_BYTES // 2) + '"]}', 1009),
    ],
)
async def test_a_message_that_is_no_control_ends_the_connection(
    ws: str, message: str | bytes, code: int
) -> None:
    async with serving(ws) as server, client(server) as one:
        await ask(one, sub=["vehicles"])
        await one.send(message)

        assert await closes_with(one) == code
        await settle(lambda: not server.hub.subscribers)


async def test_a_client_that_asks_without_end_is_sent_away() -> None:
    async with serving() as server, client(server) as one:
        for _ in range(3 * SAID_PER_S):
            await ask(one, unsub=["vehicles"])

        assert await closes_with(one) == 1008


RAW_FRAMES = {
    "bad UTF-8": (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
    "declared length of a gigabyte": (b"\x81\xff\0\0\0\0\x40\0\0\0\0\0\0\0", 1009),
    "unmasked": (b"\x81\x02hi", 1002),
    "reserved bit": (b"\xc1\x80\0\0\0\0", 1002),
    "unknown opcode": (b"\x83\x80\0\0\0\0", 1002),
    "fragmented ping": (b"\x09\x80\0\0\0\0", 1002),
    "continuation of nothing": (b"\x80\x80\0\0\0\0", 1002),
}


def handshake(server: Server) -> socket.socket:
    raw = socket.create_connection(("127.0.0.1", server.port))
    raw.sendall(
        b"GET /ws/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    raw.settimeout(PATIENCE_S)
    return raw


def until_closed(raw: socket.socket) -> bytes:
    said = b""
    while piece := raw.recv(65_536):
        said += piece
    return said


@pytest.mark.parametrize("name", RAW_FRAMES)
async def test_a_broken_frame_ends_its_connection_and_no_other(name: str) -> None:
    frame, code = RAW_FRAMES[name]
    async with serving() as server, client(server) as other:
        with await asyncio.to_thread(handshake, server) as raw:
            await settle(lambda: len(server.hub.subscribers) == 2)
            raw.sendall(frame)
            said = await asyncio.to_thread(until_closed, raw)
        await settle(lambda: len(server.hub.subscribers) == 1)
        await ask(other, sub=["vehicles"])

        assert (await hear(other))["k"] == "snap"
    assert code.to_bytes(2, "big") == said.rpartition(b"\x88")[2][1:3]


async def test_a_message_larger_than_a_batch_of_pings_is_never_taken_in() -> None:
    async with serving() as server, client(server) as one:
        await one.send("x" * (MESSAGE_BYTES + 1))

        assert await closes_with(one) == 1009


@both
async def test_a_page_of_another_origin_may_not_connect(ws: str) -> None:
    async with serving(ws) as server:
        with pytest.raises(InvalidStatus, match="403"):
            async with client(server, origin="http://evil"):
                pass
        assert not server.hub.subscribers


async def test_a_listener_that_never_reads_is_closed_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("busloc.hub.CLOSE_AFTER_S", 0.3)
    monkeypatch.setattr("busloc.io.connection.LINGER_S", 0.1)
    async with serving() as server, client(server) as healthy:
        with await asyncio.to_thread(handshake, server) as stalled:
            await settle(lambda: len(server.hub.subscribers) == 2)
            message = b'{"sub":["vehicles"]}'
            stalled.sendall(b"\x81" + bytes((0x80 | len(message),)) + b"\0\0\0\0" + message)
            await ask(healthy, sub=["vehicles"])
            await hear(healthy)
            for value in range(400):
                fragment = json.dumps({"id": "a", "v": value, "pad": "x" * 60_000}).encode()
                server.hub.publish("vehicles", "a", fragment)
                assert (await hear(healthy))["u"][0]["v"] == value
                if server.hub.closed_slow:
                    break

            assert server.hub.closed_slow == 1
            await settle(lambda: len(server.hub.subscribers) == 1)


async def test_a_listener_that_answers_no_ping_is_gone_however_full_its_buffer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("busloc.hub.CLOSE_AFTER_S", 3600)
    monkeypatch.setattr("busloc.io.connection.LINGER_S", 0.1)
    async with serving(ping_s=0.5) as server:
        with await asyncio.to_thread(handshake, server) as dead:
            await settle(lambda: len(server.hub.subscribers) == 1)
            (subscriber,) = server.hub.subscribers
            while subscriber.client.buffered() == 0:
                subscriber.write(b"\x82\x7e\xff\xff" + bytes(65_535))
                await asyncio.sleep(0)

            await settle(lambda: not server.hub.subscribers)
            assert dead.fileno() > 0


async def test_a_queue_client_counts_what_the_server_has_not_taken() -> None:
    taken = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        await taken.wait()
        sent.append(message)

    sent: list[dict[str, Any]] = []
    queue = QueueClient(send)
    queue.write(b"\x81\x02hi")
    queue.write(b"\x81\x02ho")
    pump = asyncio.create_task(queue.pump())
    await asyncio.sleep(0)
    waiting = queue.buffered()
    taken.set()
    await settle(lambda: queue.buffered() == 0)
    queue.close(1013)
    await pump

    assert waiting == 8
    assert [message.get("text") or message["code"] for message in sent] == ["hi", "ho", 1013]


async def test_a_hub_out_of_its_block_asks_for_nothing() -> None:
    async with serving() as server:
        hub: Hub = server.hub
    hub.publish("vehicles", "a", bus("a", 1))

    assert hub.values("vehicles") == {}


# Compression, limits, endings


def long_bus(key: str) -> bytes:
    return json.dumps({"id": key, "pad": "x" * 2000}).encode()


async def raw_frames(server: Server, topic: str, offer: str) -> tuple[bytes, bytes]:
    """Return the answer to a handshake with an offer of compression, and the first frame."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        b"GET /ws/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        + f"Sec-WebSocket-Extensions: {offer}\r\n\r\n".encode()
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
    message = json.dumps({"sub": [topic]}).encode()
    writer.write(b"\x81" + bytes((0x80 | len(message),)) + b"\0\0\0\0" + message)
    frame = await asyncio.wait_for(reader.read(65_536), PATIENCE_S)
    writer.close()
    return head, frame


@pytest.mark.parametrize("topic", ["vehicles", "plan:west"])
async def test_a_browser_hears_public_topics_compressed_and_the_staffs_plain(topic: str) -> None:
    async with serving() as server, client(server, compression="deflate") as one:
        server.hub.publish(topic, "a", long_bus("a"))
        await ask(one, sub=[topic])
        snapshot = await hear(one)
        server.hub.publish(topic, "b", long_bus("b"))
        delta = await hear(one)
        await ask(one, sub=["x" * 300])
        refused = await hear(one)
        head, frame = await raw_frames(server, topic, "permessage-deflate; client_max_window_bits")

    assert [item["id"] for item in snapshot["u"] + delta["u"]] == ["a", "b"]
    assert refused["t"] == "x" * 300
    assert b"server_no_context_takeover; client_no_context_takeover" in head
    assert (frame[0], len(frame) < 500) == ((0xC1, True) if topic == "vehicles" else (0x81, False))


async def test_a_browser_with_a_small_window_hears_plain_frames() -> None:
    async with serving() as server:
        server.hub.publish("vehicles", "a", long_bus("a"))
        head, frame = await raw_frames(
            server, "vehicles", "permessage-deflate; server_max_window_bits=9"
        )

    assert b"server_max_window_bits=9" in head
    assert frame[0] == 0x81


@both
async def test_one_address_takes_only_so_many_places(ws: str) -> None:
    admission = Admission(Limits(per_address=2))
    async with serving(ws, admission=admission) as server:
        async with client(server), client(server):
            with pytest.raises(InvalidStatus, match="503") as refused:
                async with client(server):
                    pass
            assert refused.value.response.headers["retry-after"] == "1"
        await settle(lambda: admission.inside == 0)
        async with client(server) as one:
            await ask(one, sub=["vehicles"])
            assert (await hear(one))["k"] == "snap"


async def test_who_opens_a_stream_or_is_turned_away_is_not_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        serving(admission=Admission(Limits(per_address=1))) as server,
        connect(f"{server.url()}?ticket=secret", proxy=None) as one,
    ):
        caplog.set_level(logging.INFO, logger="uvicorn.error")
        monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
        await ask(one, sub=["vehicles"])
        await hear(one)
        with pytest.raises(InvalidStatus, match="503"):
            await connect(f"{server.url()}?ticket=secret", proxy=None)

    assert [line for line in caplog.messages if "secret" in line or "127.0.0.1" in line] == []


async def test_a_server_that_stops_says_over_how_long_to_come_back() -> None:
    async with serving() as server:
        one = await connect(server.url(), proxy=None)
        await ask(one, sub=["vehicles"])
        await hear(one)

    await one.wait_closed()
    assert (one.close_code, one.close_reason) == (1012, "retry 1")


@both
async def test_a_map_hears_the_cells_of_its_area_and_an_area_too_large_is_refused(ws: str) -> None:
    async with serving(ws) as server, client(server) as one:
        ping = Ping("bus", "boot", 1, time.time(), 34.805, 133.605)
        assert server.live.accept(None, [ping], time.time()) == ["live"]
        await ask(one, sub=["area:34.80,133.60,34.81,133.61", "area:30,130,40,140"])
        refused = None
        heard: dict[str, Any] = {}
        while refused is None:
            told = await hear(one)
            refused = told.get("refused")
            heard |= {told["t"]: told["u"]} if "t" in told else {}
        await ask(one, unsub=["area:34.80,133.60,34.81,133.61"])
        await settle(lambda: not server.hub.watched("cell:"))

    assert refused == "area:30,130,40,140"
    here = [heard[topic] for topic in topics_at(34.805, 133.605) if topic in heard]
    assert [[vehicle["id"] for vehicle in vehicles] for vehicles in here] == [["bus"]]
    assert sum(map(len, heard.values())) == 1


async def test_who_asks_without_reading_is_not_heard_until_it_reads() -> None:
    async with serving() as server:
        with await asyncio.to_thread(handshake, server) as raw:
            await settle(lambda: len(server.hub.subscribers) == 1)
            (subscriber,) = server.hub.subscribers
            while subscriber.client.buffered() <= BEHIND_BYTES:
                subscriber.write(b"\x82\x7e\xff\xff" + bytes(65_535))
                await asyncio.sleep(0)
            waiting = []
            for _ in range(3):
                raw.sendall(b"\x89\x80\0\0\0\0" * 3)
                await asyncio.sleep(0.05)
                waiting.append(subscriber.client.buffered())
            await asyncio.to_thread(hear_pongs, raw, 9)

    assert waiting[0] == waiting[1] == waiting[2]


def hear_pongs(raw: socket.socket, count: int) -> None:
    """Read until so many pings are answered."""
    said = b""
    while said.count(b"\x8a\x00") < count:
        piece = raw.recv(1 << 20)
        assert piece, "closed before it had answered"
        said += piece
