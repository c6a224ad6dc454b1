"""How soon is everybody right again after the server has died?  `benchmarks.stream --storm N`.

N clients follow the vehicles of their route.  The server is killed and started again; the vehicles
go on reporting.  Each client waits as long as the server told it to (a random part of ``retry``),
comes back and asks to go on where it was.  A client is consistent from the first state it is given
after which no frame is missing; at the end every client must hold exactly what a newcomer is given.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from benchmarks.stream_run import LOAD_CORE, free_port, service

TOPICS, VEHICLES, HZ = 100, 200, 0.5
CONNECTING_MAX = 256
WITHIN_S = 15.0


class Item(msgspec.Struct):
    """A vehicle, by the number of its report."""

    id: str
    ts: int


class Told(msgspec.Struct):
    """A frame of the live stream."""

    t: str
    e: str
    s: int
    k: str
    u: list[Item]
    retry: float = 1.0


_told = msgspec.json.Decoder(Told)


@dataclass(slots=True, eq=False)
class Follower(asyncio.Protocol):
    """One client: what it knows, and when it was right again."""

    port: int
    topic: str
    place: tuple[str, int] | None = None
    state: dict[str, int] = field(default_factory=dict)
    retry_s: float = 1.0
    right_at: float | None = None
    gaps: int = 0
    lost: Callable[[Follower], None] | None = None
    transport: asyncio.Transport | None = None
    _bytes: bytes = b""
    _open: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands."""
        self.transport, self._bytes, self._open = cast("asyncio.Transport", transport), b"", False
        key = base64.b64encode(os.urandom(16))
        self.transport.write(
            b"GET /ws/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: " + key + b"\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        """Take whole frames."""
        self._bytes += data
        if not self._open:
            head, found, rest = self._bytes.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self._end()
                return
            self._open, self._bytes = True, rest
            self._ask()
        while (frame := self._frame()) is not None:
            opcode, payload = frame
            if opcode == 1:
                self._take(_told.decode(payload))
            elif opcode == 8:
                self._end()
            elif opcode == 9:
                self._say(10, payload)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - any end is one
        """Go on later."""
        self.transport, self.right_at = None, None
        if self.lost is not None:
            self.lost(self)

    def _end(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _ask(self) -> None:
        since = {} if self.place is None else {self.topic: self.place}
        self._say(1, msgspec.json.encode({"sub": [self.topic], "since": since}))

    def _say(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        if self.transport is not None:
            self.transport.write(bytes((0x80 | opcode,)) + length + b"\0\0\0\0" + payload)

    def _frame(self) -> tuple[int, bytes] | None:
        data = self._bytes
        if len(data) < 2:
            return None
        size, start = data[1], {126: 4, 127: 10}.get(data[1], 2)
        if start > 2:
            size = int.from_bytes(data[2:start], "big")
        if len(data) < start + size:
            return None
        self._bytes = data[start + size :]
        return data[0] & 15, data[start : start + size]

    def _take(self, told: Told) -> None:
        if told.k == "snap":
            self.state.clear()
            self.retry_s = told.retry
        elif self.place not in ((told.e, told.s - 1), (told.e, told.s)):
            self.gaps += 1
            self.right_at, self.place = None, None
            self._ask()
            return
        self.state.update((item.id, item.ts) for item in told.u)
        self.place = told.e, told.s
        self.right_at = self.right_at or time.monotonic()


class Crowd:
    """All clients, and when they come back."""

    def __init__(self, port: int, count: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.followers = [Follower(port, f"route:r{i % TOPICS}") for i in range(count)]
        self._doors = asyncio.Semaphore(CONNECTING_MAX)
        self._tasks: set[asyncio.Task[None]] = set()
        self.tries = 0

    async def gather(self) -> None:
        """Connect everybody for the first time."""
        await asyncio.gather(*(self._connect(each, 0) for each in self.followers))
        for follower in self.followers:
            follower.lost = self._lost

    def _lost(self, follower: Follower) -> None:
        task = asyncio.create_task(self._connect(follower, follower.retry_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, follower: Follower, spread_s: float) -> None:
        loop = asyncio.get_running_loop()
        for attempt in range(20):
            # As the screens do: spread over what the server said, later over ever longer times.
            most_s = min(30.0, spread_s * 2.0 ** max(0, attempt - 4))
            await asyncio.sleep(self.dice.uniform(0, most_s))
            self.tries += 1
            try:
                async with self._doors:
                    await loop.create_connection(lambda: follower, "127.0.0.1", follower.port)
            except OSError:
                continue
            return

    async def settle(self, deadline_s: float) -> None:
        """Wait until everybody is right, or until a time."""
        while time.monotonic() < deadline_s:
            if all(each.right_at is not None for each in self.followers):
                return
            await asyncio.sleep(0.05)

    def leave(self) -> None:
        """Have nobody come back any more."""
        for follower in self.followers:
            follower.lost = None
            if follower.transport is not None:
                follower.transport.abort()


class Fleet(asyncio.Protocol):
    """The vehicles: they report to whatever server there is."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._number = 0
        self.stopped = False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Notice that the server is gone."""
        self._transport = None

    async def run(self) -> None:
        """Report until told to stop."""
        while not self.stopped:
            if self._transport is None or self._transport.is_closing():
                await self._connect()
            vehicle = self._number % VEHICLES
            self._report(vehicle)
            self._number += 1
            await asyncio.sleep(1 / (VEHICLES * HZ))

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        except OSError:
            await asyncio.sleep(0.05)
            return
        self._transport = transport
        transport.write(
            b"GET /ws/vehicle HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await asyncio.sleep(0.05)

    def _report(self, vehicle: int) -> None:
        ping = {
            "vehicle": f"v{vehicle:04d}", "boot": "b", "seq": self._number, "t": time.time(),
            "lat": 34.8, "lon": 133.7, "trip": f"r{vehicle % TOPICS}",
        }  # fmt: skip
        payload = json.dumps([ping]).encode()
        frame = b"\x81\xfe" + len(payload).to_bytes(2, "big") + b"\0\0\0\0" + payload
        if self._transport is not None:
            self._transport.write(frame)


async def _newcomers(port: int) -> dict[str, Follower]:
    """Return what somebody who comes now is told of each topic."""
    seen = {f"route:r{i}": Follower(port, f"route:r{i}") for i in range(TOPICS)}
    loop = asyncio.get_running_loop()
    for follower in seen.values():
        await loop.create_connection(lambda one=follower: one, "127.0.0.1", port)  # type: ignore[misc]
    async with asyncio.timeout(30):
        while any(follower.right_at is None for follower in seen.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return seen


async def storm(clients: int, seed: int = 0) -> dict[str, Any]:
    """Break everything once and return how it healed."""
    port = free_port()
    crowd, fleet = Crowd(port, clients, seed), Fleet(port)
    with ExitStack() as stack:
        with service(200, "--port", str(port)) as (pid, _):
            reporting = asyncio.create_task(fleet.run())
            await crowd.gather()
            await crowd.settle(time.monotonic() + 60)
            await asyncio.sleep(3)
            told_s = max(each.retry_s for each in crowd.followers)
            print(f"  {clients} clients follow; the server dies", file=sys.stderr)
            broken_at = time.monotonic()
            os.kill(pid, 9)
        await asyncio.to_thread(stack.enter_context, service(200, "--port", str(port)))
        away_s = time.monotonic() - broken_at
        await crowd.settle(broken_at + 60)
        await asyncio.sleep(2)
        fleet.stopped = True
        await reporting
        await asyncio.sleep(1)
        truth = await _newcomers(port)
        after_s = sorted(
            each.right_at - broken_at for each in crowd.followers if each.right_at is not None
        )
        right = sum(
            (each.state, each.place) == (truth[each.topic].state, truth[each.topic].place)
            for each in crowd.followers
        )
        crowd.leave()
    return {
        "clients": clients,
        "retry_told_s": told_s,
        "server_away_s": round(away_s, 2),
        "attempts": crowd.tries,
        "consistent": right,
        "consistent_p50_s": round(after_s[len(after_s) // 2], 2) if after_s else None,
        "consistent_max_s": round(after_s[-1], 2) if after_s else None,
        "consistent_max_after_return_s": round(after_s[-1] - away_s, 2) if after_s else None,
        "within_15_s": sum(each <= WITHIN_S for each in after_s),
        "gaps": sum(each.gaps for each in crowd.followers),
    }


def run_storm(clients: int) -> dict[str, Any]:
    """Run the storm on an event loop of its own, on the load's core."""
    import uvloop

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {LOAD_CORE})
    return {"name": "storm"} | uvloop.run(storm(clients))
