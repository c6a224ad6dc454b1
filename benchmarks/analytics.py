"""How long a planner waits for years of positions and rides, on DuckDB and on ClickHouse.

Ten million fixes of thirty days and twelve months of rides (20,000 in the year, and 20,000 in each
month) are written as the night's work writes them.  Asked are the hours of each route, and what
every month adds up to, by the town's own questions; the bound is the same SQL written by hand for
DuckDB with nothing of ours around it, in the same run, and includes opening the files.  ClickHouse
(chdb) is asked the same where it is installed, and has to answer the same.

    python -m benchmarks.analytics [--fixes 10000000] [--json [FILE]]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from maas.records.questions import (
    Answer,
    ClickHouse,
    DuckDB,
    Files,
    hour_by_route,
    rides_by_month,
)
from maas.records.warehouse import RideFact, write_rides

DAYS, ROUTES, TRIPS, BUSES, JAPAN_S = 30, 12, 400, 40, 9 * 3600
START = 1_790_780_400  # midnight of 2026-10-01 in Japan
TARGET_S = {"hour x route": 1.5, "months": 1.0}
ROUTE_OF = {f"trip-{n}": f"route-{n % ROUTES}" for n in range(TRIPS)}
BY_HAND = """
SELECT hour, coalesce(route, '') AS route, sum(fixes), sum(known), sum(mm_s) FROM (
  SELECT floor((t + 32400) / 3600)::BIGINT % 24 AS hour, trip, count(*) AS fixes,
         count(speed) AS known, sum(floor(speed::DOUBLE * 1000)::BIGINT) AS mm_s
  FROM read_parquet($1) GROUP BY 1, 2)
LEFT JOIN trips ON trip = trip_id GROUP BY 1, 2 ORDER BY 1, 2
"""
MONTHS_BY_HAND = """
SELECT substr(day, 1, 7) AS month, channel, sum(sign), sum(sign * riders), sum(sign * shared),
       sum(sign * fare_yen), sum(sign * distance_m), sum(sign * wait_s)
FROM read_parquet($1) GROUP BY 1, 2 ORDER BY 1, 2
"""


def write_positions(folder: Path, fixes: int) -> None:
    """Write a month of fixes, a file a day, ordered as the archive orders them."""
    for number in range(DAYS):
        day = date(2026, 10, 1) + timedelta(days=number)
        place = folder / f"day={day}"
        place.mkdir(parents=True)
        duckdb.sql(f"""
            COPY (SELECT 'bus-' || lpad((i % {BUSES})::VARCHAR, 2, '0') AS vehicle, 'b' AS boot,
                    i AS seq, {START + 86_400 * number}::DOUBLE + (i // {BUSES}) * 86400.0
                      / ({fixes // DAYS} // {BUSES} + 1) AS t,
                    t + 1 AS received, 34.8 + random() / 10 AS lat, 133.6 + random() / 10 AS lon,
                    CASE WHEN i % 17 = 0 THEN NULL ELSE (random() * 20)::FLOAT END AS speed,
                    (random() * 360)::FLOAT AS bearing,
                    CASE WHEN i % 11 = 0 THEN NULL
                         ELSE 'trip-' || (hash(i % {BUSES}, t // 3600) % {TRIPS}) END AS trip,
                    0::FLOAT AS added_s
                  FROM range({fixes // DAYS}) AS r(i) ORDER BY vehicle, t, seq)
            TO '{place / "positions.parquet"}' (FORMAT parquet, COMPRESSION zstd)""")  # noqa: S608


def write_year(folder: Path, rides: int) -> None:
    """Write twelve months of invented rides."""
    draw = random.Random(1)
    by_day: dict[str, list[RideFact]] = {}
    for number in range(rides):
        day = (date(2025, 11, 1) + timedelta(days=number % 365)).isoformat()
        fact = RideFact(
            day, "kibi", f"van-{number % 5}", "513336411", f"5133364{number % 90 + 10}",
            draw.choice(["phone", "web", "standing"]), draw.randint(7, 18), draw.randint(1, 3), 0,
            draw.randint(0, 900), draw.randint(-600, 300), draw.randint(300, 2400), 600,
            draw.randint(500, 15_000), draw.randint(0, 1), draw.choice([300, 500]), "t", 75, 1,
        )  # fmt: skip
        by_day.setdefault(day, []).append(fact)
    write_rides(folder, by_day)


def timed(ask: Callable[[], Answer], times: int) -> tuple[list[tuple[float, float]], Answer]:
    """Return how long each asking took by the clock and of all cores, in seconds; the answer."""
    took: list[tuple[float, float]] = []
    answer: Answer = []
    for _ in range(times):
        began, cpu = time.perf_counter(), time.process_time()
        answer = ask()
        took.append((time.perf_counter() - began, time.process_time() - cpu))
    return took, answer


def by_hand(sql: str, pattern: str) -> Answer:
    """Ask DuckDB with nothing of ours around it."""
    with duckdb.connect(":memory:") as db:
        db.execute("CREATE TABLE trips (trip_id VARCHAR, route VARCHAR)")
        db.executemany("INSERT INTO trips VALUES (?, ?)", [*ROUTE_OF.items()])
        return db.execute(sql, [pattern]).fetchall()


def measure(files: Files, name: str, times: int) -> Iterator[dict[str, Any]]:
    """Yield what each way of asking took, and whether all answer alike."""
    question, sql, pattern = {
        "hour x route": (hour_by_route(JAPAN_S), BY_HAND, files.positions / "day=*/*.parquet"),
        "months": (rides_by_month(), MONTHS_BY_HAND, files.rides / "day=*.parquet"),
    }[name]
    bound, wanted = timed(lambda: by_hand(sql, str(pattern)), times)
    yield row(name, "by hand", bound, same=True)
    took, answer = timed(lambda: DuckDB(files).ask(question), times)
    yield row(name, "DuckDB", took, same=answer == wanted)
    if importlib.util.find_spec("chdb") is not None:
        engine = ClickHouse(files)
        took, answer = timed(lambda: engine.ask(question), times)
        engine.close()
        yield row(name, "ClickHouse", took, same=answer == wanted)


def row(name: str, engine: str, took: list[tuple[float, float]], *, same: bool) -> dict[str, Any]:
    """Return one line of the table."""
    return {
        "question": name, "engine": engine, "same": same,
        "median_s": round(statistics.median(clock for clock, _ in took), 3),
        "worst_s": round(max(clock for clock, _ in took), 3),
        "cpu_s": round(statistics.median(cpu for _, cpu in took), 3),
    }  # fmt: skip


def run(fixes: int, times: int) -> list[dict[str, Any]]:
    """Write the files and ask."""
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write_positions(base / "history", fixes)
        for rides in (20_000, 240_000):
            write_year(base / f"rides-{rides}", rides)
        small = Files(base / "history", base / "rides-20000", ROUTE_OF)
        found += measure(small, "hour x route", times)
        for rides in (20_000, 240_000):
            files = Files(base / "history", base / f"rides-{rides}", ROUTE_OF)
            found += [each | {"rides": rides} for each in measure(files, "months", times)]
    return found


def main() -> int:
    """Print a table; return 0 when DuckDB keeps the targets and all answer alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixes", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--json", type=Path, nargs="?", const=Path("-"))
    given = parser.parse_args()
    found = run(given.fixes, given.times)
    print(f"{given.fixes:,} fixes; Python {platform.python_version()}, DuckDB {duckdb.__version__}")
    for each in found:
        rides = f" ({each['rides']:,} rides)" if "rides" in each else ""
        same = "same" if each["same"] else "DIFFERENT"
        name, median = f"{each['question']}{rides}", each["median_s"]
        took = f"worst {each['worst_s']:6.3f} s  cores {each['cpu_s']:6.3f} s"
        print(f"{name:<24} {each['engine']:<11} median {median:6.3f} s  {took}  {same}")
    if given.json is not None:
        text = json.dumps(found, indent=2)
        print(text) if str(given.json) == "-" else given.json.write_text(text, "utf-8")
    ours = [each for each in found if each["engine"] == "DuckDB"]
    kept = all(each["median_s"] <= TARGET_S[each["question"]] for each in ours)
    return 0 if kept and all(each["same"] for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
