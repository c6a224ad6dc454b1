"""Everybody who listens is cut off at once and comes back: do callers notice?

The crowd is a process of its own (`python -m tests.chaos.storm ADDRESS COUNT`), so that what
callers wait for is the server and not the crowd.  Each line on its standard input has all
connections broken, and is answered by how long it took until every client was right again.
"""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.stream_storm import Crowd
from maas.parts import Part
from tests.chaos.faults import Outcome, booking, more, percentile

CALM_S = 10.0
PAUSE_S = 1.0
CALLERS = 4
PATIENCE_S = 120.0
SERVICE, CROWD = 0, 1
"""The cores they keep to."""


async def storms(
    folder: Path,
    url: str,
    *,
    clients: int,
    times: int,
    calm_s: float = CALM_S,
    redis: str | None = None,
) -> Outcome:
    """Let callers book while a crowd listens, then while it comes back again and again.

    One process is called and listened to; with a Redis callers have an API and the crowd a hub.
    """
    outcome = Outcome()
    settings = {"MAAS_LISTENERS": str(2 * clients), "MAAS_LISTENERS_PER_ADDRESS": str(2 * clients)}
    parts: Sequence[Part] = (Part.ALL,)
    if redis is not None:
        settings["MAAS_REDIS_URL"], parts = redis, (Part.API, Part.DISPATCH, Part.HUB)
    async with booking(folder, url, outcome, CALLERS, PAUSE_S, parts, **settings) as (
        servers,
        load,
    ):
        for server in servers:
            assert server.process is not None
            keep_to(SERVICE, psutil.Process(server.process.pid))
        crowd = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.chaos.storm", servers[-1].address, str(clients),
            stdin=PIPE, stdout=PIPE,
        )  # fmt: skip
        try:
            outcome.figures["gathered_after_s"] = await _told(crowd)
            began = time.monotonic()
            await asyncio.sleep(times * calm_s)
            await more(load, CALLERS + 1)  # one of them was begun in that time
            calm = began, time.monotonic()
            spans = []
            for _ in range(times):
                began = time.monotonic()
                outcome.figures["right_again_max_s"] = max(
                    await _again(crowd), outcome.figures.get("right_again_max_s", 0.0)
                )
                await more(load, CALLERS + 1)
                spans.append((began, time.monotonic()))
        finally:
            crowd.kill()
            await crowd.wait()
    waits = sorted(
        end - begin for begin, end, _ in load.waits for since, to in spans if since <= begin < to
    )
    outcome.figures |= {
        "calm_p99_s": percentile(load, *calm),
        "storm_bookings": len(waits),
        "storm_p50_s": waits[len(waits) // 2],
        "storm_p99_s": waits[int(0.99 * len(waits))],
    }
    return outcome


def keep_to(core: int, process: psutil.Process | None = None) -> None:
    """Keep a process, or this one, to a core: the crowd takes nothing from the service."""
    process = process or psutil.Process()
    if hasattr(process, "cpu_affinity") and (psutil.cpu_count() or 1) > core:
        process.cpu_affinity([core])


async def _told(crowd: Process) -> float:
    assert crowd.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        return float(await crowd.stdout.readline())


async def _again(crowd: Process) -> float:
    assert crowd.stdin is not None
    crowd.stdin.write(b"\n")
    return await _told(crowd)


async def _listen(port: int, clients: int) -> None:
    """Be the crowd."""
    crowd = Crowd(port, clients, seed=0)
    began = time.monotonic()
    await crowd.gather()
    await _right(crowd, began)
    while await asyncio.to_thread(sys.stdin.readline):
        began = time.monotonic()
        for each in crowd.followers:
            each.right_at = None
            if each.transport is not None:
                each.transport.abort()
        await _right(crowd, began)


async def _right(crowd: Crowd, began: float) -> None:
    await crowd.settle(began + PATIENCE_S)
    print(time.monotonic() - began, flush=True)  # noqa: T201


if __name__ == "__main__":
    import uvloop  # the crowd's alone: no server is measured by it

    keep_to(CROWD)
    uvloop.run(_listen(urlsplit(sys.argv[1]).port or 80, int(sys.argv[2])))
