"""Kill the server again and again while callers book, then count what was lost.

`python -m tests.chaos.kill --kills 30 --seed 1 [--database-url URL]` runs the real server
(`maas serve`) on a small town and ends it by SIGKILL at random moments.  Callers repeat every call
with the same Idempotency-Key until it is answered, as a console does.  In the end no acknowledged
booking may be lost or doubled, and the plan read from the database must keep every promise.
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
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import func, select

from dispatcher.roads import RoadNetwork, Roads
from dispatcher.roads.build import build
from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.rides.keeper import Keeper
from maas.settings import Settings
from maas.store.commits import audit_break
from maas.store.database import Database, open_database, upgrade
from maas.store.sealed import Keys
from maas.store.tables import bookings, idempotency, outbox, promises, vehicle_plans
from maas.town.imports import import_town
from tests.maas.tiny_town import AREA, PLACES, write_tiny_town

PASSWORD = "only for this test"
HANDED_ON_WITHIN_S = 15.0
READY_WITHIN_S = 300.0
"""Several start at once, on machines that are busy with others."""
HORIZON_DAYS = 14


@dataclass(slots=True)
class Outcome:
    """What a run found; `problems` is empty when nothing was lost, doubled or broken."""

    kills: int = 0
    acknowledged: int = 0
    retried: int = 0
    replayed: int = 0
    ready_max_s: float = 0.0
    ready_mean_s: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Server:
    """`maas serve` on one database, started anew after each kill on a port of its own choice."""

    env: dict[str, str]
    folder: Path
    address: str = ""
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    part: str = "all"

    def start(self) -> None:
        """Start it; it is not ready yet."""
        self.starts += 1
        out = self.folder / f"server-{self.starts}.out"
        with out.open("wb") as stdout, (self.folder / "server.log").open("ab") as stderr:
            self.process = _spawn(self.env, self.part, stdout, stderr)
        self.address = ""
        self._out = out

    _out: Path = Path()

    def look(self) -> str:
        """Return the address it has printed, empty until it has."""
        if not self.address and self._out.is_file():
            line, end, _ = self._out.read_text().partition("\n")
            self.address = line.strip().rstrip("/") if end and line.startswith("http") else ""
        return self.address

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    async def ready(self) -> float:
        """Wait until `/readyz` says 200; returns how long that took in seconds."""
        began = time.monotonic()
        async with httpx.AsyncClient(timeout=5) as client:
            while time.monotonic() - began < READY_WITHIN_S:
                if self.process is not None and self.process.poll() is not None:
                    break
                try:
                    if self.look():
                        answer = await client.get(f"{self.address}/readyz")
                        if answer.status_code == httpx.codes.OK:
                            return time.monotonic() - began
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
        raise RuntimeError((self.folder / "server.log").read_text()[-3000:])


def _problem_of(answer: httpx.Response) -> str:
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return str(answer.json()["type"]) if is_problem else str(answer.status_code)


def _spawn(
    env: dict[str, str], part: str, stdout: IO[bytes], stderr: IO[bytes]
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "maas", "serve", "--host", "127.0.0.1", "--port", "0"]
    command += ["--role", part]
    return subprocess.Popen(command, env=os.environ | env, stdout=stdout, stderr=stderr)


@dataclass(slots=True)
class Load:
    """The callers and what they were told; `acknowledged` maps each key to the body of its 201."""

    server: Server
    today: date
    pause_s: float = 0.0
    """So long a caller draws breath after each booking."""
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """Answers that said to try again, by the type of their problem."""
    waits: list[tuple[float, float, float]] = field(default_factory=list)
    """When each booking was first asked for and answered, and for how long its quote took."""
    retried: int = 0
    replayed: int = 0
    stopping: bool = False
    problems: list[str] = field(default_factory=list)

    async def call(
        self, client: httpx.AsyncClient, path: str, body: object, key: str = ""
    ) -> httpx.Response:
        """Post until there is an answer that is not the server's trouble."""
        headers = {"idempotency-key": key} if key else {}
        while True:
            try:
                if self.server.look():
                    url = f"{self.server.address}/api/v1{path}"
                    answer = await client.post(url, json=body, headers=headers)
                    if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                        self.answers[answer.status_code] += 1
                        return answer
                    self.refused[_problem_of(answer)] += 1
            except httpx.TransportError:
                pass
            self.retried += 1
            await asyncio.sleep(0.1)

    async def sign_in(self) -> None:
        """Get the cookie all callers share."""
        async with httpx.AsyncClient(timeout=10) as client:
            body = {"name": "operator", "password": PASSWORD}
            answer = await self.call(client, "/session", body)
            answer.raise_for_status()
            self.cookies = answer.cookies

    async def book(self, caller: int, seed: int) -> None:
        """Quote and book until told to stop; now and then send a booking again."""
        choose = random.Random(f"{seed}/{caller}")  # noqa: S311
        async with httpx.AsyncClient(timeout=5, cookies=self.cookies) as client:
            number = 0
            while not self.stopping:
                number += 1
                asked_s = time.monotonic()
                quote = (await self.call(client, "/quotes", self._ask(choose))).json()
                if not quote.get("offers"):
                    continue
                quoted_s = time.monotonic()
                key = f"caller-{caller}-{number}"
                body = {"offer": quote["offers"][0]["token"], "rider_id": None}
                answer = await self.call(client, "/bookings", body, key)
                if answer.status_code == httpx.codes.CREATED:
                    self.acknowledged[key] = answer.content
                    self.waits.append((quoted_s, time.monotonic(), quoted_s - asked_s))
                    if choose.random() < 0.2:
                        await self._again(client, body, key)
                    await asyncio.sleep(self.pause_s)

    async def _again(self, client: httpx.AsyncClient, body: object, key: str) -> None:
        self.replayed += 1
        again = await self.call(client, "/bookings", body, key)
        if again.content != self.acknowledged[key]:
            self.problems.append(f"{key}: answered differently the second time")

    def _ask(self, choose: random.Random) -> dict[str, object]:
        origin, destination = choose.sample(range(1, len(PLACES) + 1), 2)
        day = self.today + timedelta(days=choose.randrange(HORIZON_DAYS))
        minute = choose.randrange(9 * 60, 23 * 60)
        return {
            "origin": origin,
            "destination": destination,
            "date": day.isoformat(),
            "time": f"{minute // 60:02d}:{minute % 60:02d}",
        }


async def prepare(folder: Path, url: str) -> dict[str, str]:
    """Make a town, its roads, a database and an operator; returns the server's environment."""
    town = write_tiny_town(folder / "town")
    await asyncio.to_thread(build, town / "roads.osm", folder / "roads")
    await upgrade(url)
    database = open_database(url)
    network = RoadNetwork.load(folder / "roads")
    await import_town(database, town, Roads(network), network.id)
    async with database.writing() as connection:
        await add_staff(connection, Person("operator", "受付", Role.OPERATOR, None), PASSWORD)
    await database.close()
    start = datetime.combine(date.today(), datetime.min.time(), ZoneInfo("Asia/Tokyo"))  # noqa: DTZ011
    return {
        "MAAS_DATABASE_URL": url,
        "MAAS_DATA_DIR": str(folder / "data"),
        "MAAS_ROADS": str(folder / "roads"),
        "MAAS_CLOCK_START": str(start.timestamp() + 8 * 3600),
        "MAAS_CLOCK_ANCHOR": str(time.time()),
    }


async def run(
    folder: Path, url: str, *, kills: int, seed: int, callers: int = 4, up_s: float = 1.0
) -> Outcome:
    """Kill the server `kills` times, each within `up_s`, under load; return what came of it."""
    env = await prepare(folder, url)
    server, choose = Server(env, folder), random.Random(seed)  # noqa: S311
    server.start()
    await server.ready()
    load = Load(
        server,
        datetime.fromtimestamp(float(env["MAAS_CLOCK_START"]), ZoneInfo("Asia/Tokyo")).date(),
    )
    await load.sign_in()
    booking = [asyncio.create_task(load.book(caller, seed)) for caller in range(callers)]
    waits: list[float] = []
    try:
        for _ in range(kills):
            await asyncio.sleep(choose.uniform(0.05, up_s))
            server.kill()
            server.start()
            waits.append(await server.ready())
        await asyncio.sleep(1.0)
        load.stopping = True
        await asyncio.gather(*booking)
        if not await handed_on(url):
            load.problems.append("events never handed on")
    finally:
        for task in booking:
            task.cancel()
        server.kill()
    outcome = Outcome(kills, len(load.acknowledged), load.retried, load.replayed)
    outcome.ready_max_s, outcome.ready_mean_s = max(waits), sum(waits) / len(waits)
    outcome.problems = load.problems + await find_problems(folder, url, load)
    return outcome


async def handed_on(url: str, within_s: float = HANDED_ON_WITHIN_S) -> bool:
    """Whether the outbox is seen empty; before the last kill, since a search may still commit."""
    database = open_database(url)
    deadline = time.monotonic() + within_s
    try:
        while time.monotonic() < deadline:
            async with database.reading() as connection:
                if not await connection.scalar(select(func.count()).select_from(outbox)):
                    return True
            await asyncio.sleep(0.1)
        return False
    finally:
        await database.close()


async def find_problems(folder: Path, url: str, load: Load) -> list[str]:
    """Compare the database with what callers were told."""
    keys = Keys(Settings(data_dir=folder / "data").sealing_keys)
    database = open_database(url, keys=keys)
    try:
        told = {key: json.loads(body)["id"] for key, body in load.acknowledged.items()}
        problems = await _compare(database, told)
        return problems + await _verify(database, folder, load.today)
    finally:
        await database.close()


async def _compare(database: Database, told: dict[str, str]) -> list[str]:
    async with database.reading() as connection:
        kept = set(await connection.scalars(select(bookings.c.id)))
        keys = set(await connection.scalars(select(idempotency.c.key)))
        ledger = await connection.scalar(select(func.count()).select_from(promises))
        plans = (await connection.execute(select(vehicle_plans.c.stops))).all()
        broken = await audit_break(connection)
    stops = Counter(who for (each,) in plans for _, who in each)
    checks = {
        "lost": set(told.values()) - kept,
        "made up": kept - set(told.values()),
        "doubled": {id_ for id_, count in Counter(told.values()).items() if count > 1},
        "keys and answers differ": keys ^ set(told),
        "not planned exactly once": {id_ for id_ in kept | set(stops) if stops[id_] != 2},
        "promises": {ledger} - {len(kept)},
        "audit chain": {broken} - {None},
    }
    return [f"{what}: {sorted(map(str, which))}" for what, which in checks.items() if which]


async def _verify(database: Database, folder: Path, today: date) -> list[str]:
    network = RoadNetwork.load(folder / "roads")
    roads = {profile: Roads(network, profile) for profile in network.profiles}
    keeper = Keeper(database, area=AREA, roads=roads, clock=time.time, signing_key=b"", improve_s=0)
    await keeper.refresh()
    for ahead in range(HORIZON_DAYS):
        await keeper.bookings(today + timedelta(days=ahead))
    return await keeper.check()


def main() -> int:
    """Run from the command line; the exit code is 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--callers", type=int, default=4)
    parser.add_argument("--up-s", type=float, default=1.0, help="longest life of each server")
    parser.add_argument("--database-url", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = asked.database_url or f"sqlite+aiosqlite:///{folder / 'maas.db'}"
        load = {"kills": asked.kills, "seed": asked.seed, "callers": asked.callers}
        outcome = asyncio.run(run(folder, url, **load, up_s=asked.up_s))
    print(json.dumps(asdict(outcome), indent=2))  # noqa: T201
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
