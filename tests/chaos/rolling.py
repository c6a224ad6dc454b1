"""Replace every process of a service while callers book and listeners listen, then kill one.

`python -m tests.chaos.rolling --restarts 5 [--processes 2] [--database-url URL]` runs
`maas serve --processes` on a small town with a real Redis.  Every booking is asked for once; only
when the connection breaks before an answer is it sent again, at once and with the same key, as a
browser's page does.  No answer may be a server's trouble, no booking lost or doubled, and a
listener that comes back with where it was misses nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from maas.offline import enrol
from maas.settings import Settings
from tests.chaos.kill import Load, Server, find_problems, prepare
from tests.maas.tiny_town import LAT, LON
from tests.ports import valkey

PATIENCE_S = 300.0
PING_S = 0.2
THINKS_S = 0.1


@dataclass(slots=True)
class Outcome:
    """What came of it; `problems` is empty when nobody noticed."""

    replaced: int = 0
    killed: int = 0
    acknowledged: int = 0
    resent: int = 0
    troubles: dict[str, int] = field(default_factory=dict)
    reconnects: int = 0
    caught_up: int = 0
    snapshots: int = 0
    gaps: int = 0
    problems: list[str] = field(default_factory=list)


class Several(Server):
    """`maas serve --processes N` on a port of its own choice."""

    processes = 2

    def start(self) -> None:
        """Start it; it is not ready yet."""
        self._out = self.folder / "server.out"
        command = [sys.executable, "-m", "maas", "serve", "--port", "0"]
        command += ["--processes", str(self.processes)]
        with self._out.open("wb") as stdout, (self.folder / "server.log").open("wb") as stderr:
            self.process = subprocess.Popen(
                command, env=os.environ | self.env, stdout=stdout, stderr=stderr
            )

    def children(self) -> set[int]:
        """Return the processes that serve, and those that are starting."""
        assert self.process is not None
        pid = self.process.pid
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return {int(each) for each in found}

    async def stands(self, without: set[int]) -> None:
        """Wait until as many processes as wanted are ready, and none of the others is left."""
        assert self.process is not None
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_S:
            now = self.children()
            if self.process.poll() is not None:
                break
            if len(now) == self.processes and not now & without and await self._all_ready():
                return
            await asyncio.sleep(0.1)
        raise RuntimeError((self.folder / "server.log").read_text()[-3000:])

    async def _all_ready(self) -> bool:
        """Whether as many calls in a row as would meet each of them find one that is ready."""
        async with httpx.AsyncClient(timeout=5, headers={"connection": "close"}) as client:
            for _ in range(4 * self.processes):
                try:
                    answer = await client.get(f"{self.address}/readyz")
                except httpx.TransportError:
                    return False
                if answer.status_code != httpx.codes.OK:
                    return False
        return True


class Callers(Load):
    """Callers who ask once, and again only when nobody answered."""

    troubles: Counter[str]

    async def call(
        self, client: httpx.AsyncClient, path: str, body: object, key: str = ""
    ) -> httpx.Response:
        """Post; a connection that broke is made anew once, and anything else is trouble."""
        headers = {"idempotency-key": key} if key else {}
        url = f"{self.server.address}/api/v1{path}"
        await asyncio.sleep(THINKS_S)
        for again in range(20):
            try:
                answer = await client.post(url, json=body, headers=headers, timeout=PATIENCE_S)
            except httpx.TransportError as error:
                self.retried += 1
                if again:
                    self.troubles[f"{path} {type(error).__name__} again"] += 1
                continue
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                return answer
            self.troubles[f"{path} {answer.status_code} {answer.text[:200]}"] += 1
        raise RuntimeError(f"no answer to {path}")


@dataclass(slots=True)
class Listener:
    """Somebody who watches the vehicles, and comes back with where they were."""

    address: str
    outcome: Outcome
    at: tuple[str, int] | None = None
    heard: int = 0

    async def listen(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                async with connect(f"ws{self.address[4:]}/ws/live", proxy=None) as socket:
                    asked: dict[str, Any] = {"sub": ["vehicles"]}
                    if self.at is not None:
                        self.outcome.reconnects += 1
                        asked["since"] = {"vehicles": list(self.at)}
                    await socket.send(json.dumps(asked))
                    first = self.at is not None
                    async for frame in socket:
                        self._take(json.loads(frame), first=first)
                        first = False
            except (ConnectionClosed, InvalidHandshake, OSError):
                await asyncio.sleep(0.05)

    def _take(self, frame: dict[str, Any], *, first: bool) -> None:
        if frame.get("t") != "vehicles":
            return
        self.heard += 1
        if frame["k"] == "snap":
            self.outcome.snapshots += first
        elif self.at is None or frame["e"] != self.at[0] or frame["s"] > self.at[1] + 1:
            self.outcome.gaps += 1
        else:  # the next one; or the same, with nothing in it, when nothing was missed
            self.outcome.caught_up += first
        self.at = (frame["e"], frame["s"])


async def _drive(address: str, token: str, load: Callers, start_s: float) -> None:
    """Report where a vehicle is, again and again."""
    headers, seq = {"authorization": f"Bearer {token}"}, 0
    began = time.time()
    async with httpx.AsyncClient(timeout=5, headers=headers) as client:
        while not load.stopping:
            seq += 1
            fix = {"vehicle": "van-1", "boot": "b", "seq": seq, "lat": LAT,
                   "t": start_s + time.time() - began, "lon": LON + 1e-5 * (seq % 50)}  # fmt: skip
            await load.call(client, "/positions", [fix])
            await asyncio.sleep(PING_S)


async def run(
    folder: Path, url: str, redis: str, *, restarts: int, seed: int = 1, callers: int = 3
) -> Outcome:
    """Replace all processes so often under load, then kill one, and return what came of it."""
    env = await prepare(folder, url) | {"MAAS_REDIS_URL": redis}
    settings = Settings(data_dir=Path(env["MAAS_DATA_DIR"]), database_url=url)
    token = await enrol(settings, "van-1")
    server, outcome = Several(env, folder), Outcome()
    server.start()
    start_s = float(env["MAAS_CLOCK_START"]) + time.time() - float(env["MAAS_CLOCK_ANCHOR"])
    tasks: list[asyncio.Task[None]] = []
    try:
        await server.ready()
        await server.stands(set())
        today = datetime.fromtimestamp(start_s, ZoneInfo("Asia/Tokyo")).date()
        load = Callers(server, today)
        load.troubles = Counter()
        await load.sign_in()
        listener = Listener(server.address, outcome)
        booking = [asyncio.create_task(load.book(each, seed)) for each in range(callers)]
        booking.append(asyncio.create_task(_drive(server.address, str(token), load, start_s)))
        tasks = [*booking, asyncio.create_task(listener.listen())]
        for _ in range(restarts):
            old = server.children()
            assert server.process is not None
            server.process.send_signal(signal.SIGHUP)
            await server.stands(old)
            outcome.replaced += len(old)
        outcome.resent, outcome.troubles = load.retried, dict(load.troubles)
        outcome.acknowledged = len(load.acknowledged)
        one = random.Random(seed).choice(sorted(server.children()))  # noqa: S311
        os.kill(one, signal.SIGKILL)
        await server.stands({one})
        outcome.killed = 1
        heard = listener.heard
        began = time.monotonic()
        while listener.heard == heard and time.monotonic() - began < PATIENCE_S:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        load.stopping = True
        await asyncio.gather(*booking)
        if listener.heard == heard:
            outcome.problems.append("the listener hears nothing any more")
        outcome.problems += [f"while replaced: {each}" for each in outcome.troubles]
        if outcome.gaps:
            outcome.problems.append(f"{outcome.gaps} gaps in the stream")
    finally:
        for task in tasks:
            task.cancel()
        if server.process is not None:
            server.process.terminate()
            server.process.wait(PATIENCE_S)
    outcome.problems += load.problems + await find_problems(folder, url, load)
    return outcome


def main() -> int:
    """Run from the command line; the exit code is 0 when nobody noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = asked.database_url or f"sqlite+aiosqlite:///{folder / 'maas.db'}"
        with valkey(folder) as redis:
            outcome = asyncio.run(
                run(folder, url, redis.connection_url, restarts=asked.restarts, seed=asked.seed)
            )
    print(json.dumps(asdict(outcome), indent=2, ensure_ascii=False))  # noqa: T201
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
