"""The live stream under a server that knows nothing of ours: Hypercorn."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.exceptions import InvalidStatus

from busloc.hub import Hub
from busloc.io.ingest import VehicleEndpoint
from busloc.io.stream import Admission, Limits, LiveEndpoint, Scope, running
from busloc.live import LiveMap
from tests.busloc.io.servers import Server, ask, client, closes_with, hear, settle
from tests.busloc.towns import REGION, TZ

hypercorn = pytest.importorskip("hypercorn.asyncio")


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    """Serve until the block ends, with room for two."""
    from hypercorn.config import Config

    hub = Hub(now=time.time, monotonic=time.monotonic, tick_s=0.05)
    live = LiveMap(hub, region=REGION, tz=TZ, names={"bus": "赤バス"})

    async def everybody(_scope: Scope) -> frozenset[str]:
        return frozenset({"bus"})

    admission = Admission(Limits(connections=2))
    routes = [
        WebSocketRoute(
            "/ws/live",
            LiveEndpoint(hub, lambda _scope: lambda topic: topic != "calls", admission=admission),
        ),
        WebSocketRoute(
            "/ws/vehicle",
            VehicleEndpoint(lambda who, items: live.accept(who, items, time.time()), everybody),
        ),
    ]
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config, stop = Config(), asyncio.Event()
    config.bind = [f"fd://{listening.detach()}"]
    config.accesslog = config.errorlog = None
    app: Any = Starlette(routes=routes)
    async with running(hub):
        task = asyncio.create_task(hypercorn.serve(app, config, shutdown_trigger=stop.wait))
        try:
            yield Server(port, hub, live)
        finally:
            stop.set()
            await task
    assert not hub.subscribers
    assert admission.inside == 0


async def test_a_position_reaches_who_listens_and_who_comes_back_misses_nothing() -> None:
    async with serving() as server, client(server, "/ws/vehicle") as device:
        async with client(server) as one:
            await ask(one, sub=["vehicles", "calls"])
            first, refused = await hear(one), await hear(one)
        for seq in range(2):
            ping = {
                "vehicle": "bus", "boot": "b", "seq": seq, "t": time.time(),
                "lat": 34.8, "lon": 133.7,
            }  # fmt: skip
            await device.send(json.dumps([ping]))
            assert await hear(device) == {"verdicts": ["live"]}
            server.live.catch_up(time.time())
            await asyncio.sleep(0.1)
        async with client(server) as one:
            await ask(one, sub=["vehicles"], since={"vehicles": [first["e"], first["s"]]})
            missed = [await hear(one), await hear(one)]

    assert (first["k"], first["u"], refused["refused"]) == ("snap", [], "calls")
    assert [(f["k"], f["s"], f["u"][0]["id"]) for f in missed] == [
        ("delta", 1, "bus"), ("delta", 2, "bus"),
    ]  # fmt: skip


async def test_nonsense_ends_the_connection_and_a_third_finds_no_room() -> None:
    async with serving() as server, client(server) as one:
        async with client(server) as other:
            with pytest.raises(InvalidStatus):
                async with client(server):
                    pass
            await other.send("nonsense")
            assert await closes_with(other) == 1003
        await settle(lambda: len(server.hub.subscribers) == 1)
        await ask(one, sub=["vehicles"])
        assert (await hear(one))["k"] == "snap"
