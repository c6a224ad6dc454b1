"""The service that `benchmarks.stream` measures: the real endpoints, pings in and frames out.

python -m benchmarks.stream_service --tick-ms 200      prints the port it listens on
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI
from starlette.routing import WebSocketRoute

from busloc.hub import Hub
from busloc.io.ingest import Items, VehicleEndpoint
from busloc.io.stream import Admission, Limits, LiveEndpoint, Scope, running
from busloc.ping import Gate, Verdict
from busloc.publish import Vehicle, encode

JAPAN = (30.0, 125.0, 45.0, 145.0)
VEHICLES = 10_000


def application(hub: Hub, clock: Callable[[], float], filler: str) -> FastAPI:
    """Return an app in which everybody may listen and report."""
    gate = Gate(JAPAN)
    known = {f"v{i:04d}": "" for i in range(VEHICLES)}

    def accept(allowed: frozenset[str], items: Items) -> Sequence[Verdict]:
        admitted = gate.admit(items, clock(), known=known, allowed=allowed)
        for ping in admitted.live:
            shown = Vehicle(
                ping.vehicle, ping.lat, ping.lon, ping.bearing, ping.speed,
                ts=ping.seq, state="on_trip", name=filler, route=ping.trip or "",
            )  # fmt: skip
            hub.publish(f"route:{ping.trip}", ping.vehicle, encode(shown))
        return admitted.verdicts

    async def everybody(_scope: Scope) -> frozenset[str]:
        return frozenset(known)

    roomy = Admission(Limits(connections=60_000, per_address=60_000))
    app = FastAPI()
    app.router.routes += [
        WebSocketRoute("/ws/live", LiveEndpoint(hub, lambda _scope: _anything, admission=roomy)),
        WebSocketRoute("/ws/vehicle", VehicleEndpoint(accept, everybody)),
    ]
    return app


def _anything(_topic: str) -> bool:
    return True


async def serve(chosen: argparse.Namespace) -> None:
    """Serve until the process is ended; the port is printed once it listens."""
    clock = time.monotonic if chosen.monotonic else time.time
    hub = Hub(now=clock, monotonic=time.monotonic, tick_s=chosen.tick_ms / 1000)
    config = uvicorn.Config(
        application(hub, clock, "x" * chosen.filler),
        port=chosen.port,
        ws="busloc.io.stream:SharedFrameProtocol",
        http="httptools",
        log_level="warning",
        ws_per_message_deflate=False,
        backlog=4096,
    )
    server = uvicorn.Server(config)
    async with running(hub):
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        gc.freeze()
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        await serving


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tick-ms", type=int, default=200, help="0 sends every position at once")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--filler", type=int, default=0, help="bytes added to every vehicle")
    parser.add_argument(
        "--monotonic", action="store_true", help="pings carry monotonic seconds (tools/slow.py)"
    )
    chosen: Any = parser.parse_args(arguments)
    uvloop.run(serve(chosen))


if __name__ == "__main__":
    main()
