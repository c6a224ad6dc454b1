"""A real uvicorn server with the stream's endpoints, in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from busloc.hub import Hub
from busloc.io.ingest import VehicleEndpoint
from busloc.io.stream import Admission, LiveEndpoint, Scope, header, running
from busloc.live import LiveMap
from tests.busloc.towns import REGION, TZ
from tests.ports import PATIENCE_S

SHARED = "busloc.io.stream:SharedFrameProtocol"
PLAIN = "websockets-sansio"


@dataclass
class Server:
    """Where it listens, and its parts."""

    port: int
    hub: Hub
    live: LiveMap
    tokens: dict[str, frozenset[str]] = field(default_factory=dict)

    def url(self, path: str = "/ws/live") -> str:
        """Return the address of a WebSocket."""
        return f"ws://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def serving(
    ws: str = SHARED,
    *,
    tick_s: float = 0.05,
    ping_s: float = 20,
    admission: Admission | None = None,
) -> AsyncIterator[Server]:
    """Serve until the block ends.  Staff topics are refused, as is the origin ``http://evil``."""
    hub = Hub(now=time.time, monotonic=time.monotonic, tick_s=tick_s)
    live = LiveMap(hub, region=REGION, tz=TZ, names={"bus": "赤バス", "van": "1号車"})
    tokens = {"secret": frozenset({"bus"})}

    async def authenticate(scope: Scope) -> frozenset[str] | None:
        return tokens.get((header(scope, b"authorization") or "").removeprefix("Bearer "))

    endpoints = [
        WebSocketRoute(
            "/ws/live",
            LiveEndpoint(
                hub,
                lambda _scope: lambda topic: topic != "calls",
                lambda origin: origin != "http://evil",
                admission,
            ),
        ),
        WebSocketRoute(
            "/ws/vehicle",
            VehicleEndpoint(
                lambda allowed, items: live.accept(allowed, items, time.time()), authenticate
            ),
        ),
    ]
    config = uvicorn.Config(
        Starlette(routes=endpoints), port=0, ws=ws, http="httptools", lifespan="off",
        log_level="critical",
        ws_ping_interval=ping_s,
        ws_ping_timeout=ping_s,
    )  # fmt: skip
    server = uvicorn.Server(config)
    async with running(hub):
        task = asyncio.create_task(server._serve())
        await settle(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield Server(port, hub, live, tokens)
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def client(
    server: Server,
    path: str = "/ws/live",
    *,
    origin: str | None = None,
    token: str = "",
    compression: str | None = None,
) -> AsyncIterator[ClientConnection]:
    """Connect to a server."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with connect(
        server.url(path), proxy=None, max_size=None, compression=compression,
        origin=None if origin is None else Origin(origin), additional_headers=headers,
        open_timeout=PATIENCE_S, ping_timeout=None,
    ) as connection:  # fmt: skip
        yield connection


async def settle(ready: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within_s):
        while not ready():  # noqa: ASYNC110 - what we wait for is another thread or process
            await asyncio.sleep(0.005)


async def closes_with(connection: ClientConnection) -> int:
    """Return the code a connection is closed with, whatever is said before."""
    async with asyncio.timeout(PATIENCE_S):
        async for _ in _until_closed(connection):
            pass
    return connection.protocol.close_code or 0


async def _until_closed(connection: ClientConnection) -> AsyncIterator[object]:
    with suppress(ConnectionClosed):
        while True:
            yield await connection.recv()


async def ask(connection: ClientConnection, **control: object) -> None:
    """Send a control message."""
    await connection.send(json.dumps(control))


async def hear(connection: ClientConnection) -> dict[str, Any]:
    """Return the next frame that is more than a sign of life."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            frame: dict[str, Any] = json.loads(await connection.recv())
            if frame.get("k") != "delta" or frame["u"]:
                return frame
