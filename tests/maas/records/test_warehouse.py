"""Years of files: they say what the ledger says, name nobody, and every engine answers alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from busloc.io.archive import Recorded, write_day
from maas.offline import bring_in_town
from maas.records.questions import ClickHouse, DuckDB, Engine, Files, hour_by_route, rides_by_month
from maas.records.warehouse import RideFact, roll_rides, write_rides
from maas.settings import Settings
from maas.store.database import Database, open_database
from tests.maas.ridden import rode
from tests.maas.tiny_town import write_tiny_town

JAPAN_S = 9 * 3600
DAYS = [date(2026, 9, 30), date(2026, 10, 1)]
ROUTE_OF = {"t1": "r1", "t2": "r1", "t3": "r'2"}


def a_fact(number: int, **more: Any) -> RideFact:  # noqa: ANN401 -- fields of it
    usual = RideFact(
        "2026-10-01", "kibi", "van-1", "513336411", "513336412", "phone", 9, 1, 0, 60, -30, 600,
        500, 4000, 0, 500, "t", 80, 1,
    )  # fmt: skip
    return usual._replace(distance_m=4000 + number)._replace(**more)


def facts(seed: int, count: int = 400) -> list[RideFact]:
    random = Random(seed)  # noqa: S311 -- invented data
    return [
        a_fact(
            number,
            day=random.choice(DAYS).isoformat(),
            channel=random.choice(["phone", "web"]),
            riders=random.randint(1, 3),
            wait_s=random.randint(0, 900),
            sign=random.choice([1, 1, 1, -1]),
        )
        for number in range(count)
    ]


def by_day(rows: list[RideFact]) -> dict[str, list[RideFact]]:
    return {day: [row for row in rows if row.day == day] for day in {row.day for row in rows}}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Two days of positions and of rides."""
    random = Random(1)  # noqa: S311 -- invented data
    for day, start in zip(DAYS, (1_790_694_000.0, 1_790_780_400.0), strict=True):
        fixes = [
            Recorded(f"bus-{seq % 3}", "b", seq, start + 61.0 * seq, start, 34.86, 133.69,
                     random.choice([None, 0.0, 8.25, 13.9]), None,
                     random.choice([None, "t1", "t2", "t3", "gone"]))
            for seq in range(1500)
        ]  # fmt: skip
        write_day(tmp_path / "history", day, fixes)
    write_rides(tmp_path / "rides", by_day(facts(7)))
    return Files(tmp_path / "history", tmp_path / "rides", ROUTE_OF)


Make = Callable[[Files], Engine]


@pytest.fixture(params=["duckdb", pytest.param("clickhouse", marks=pytest.mark.heavy)])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes an engine; ClickHouse where chdb is installed."""
    pytest.importorskip("ibis")
    made: list[ClickHouse] = []

    def clickhouse(files: Files) -> Engine:
        made.append(ClickHouse(files))
        return made[-1]

    if request.param == "clickhouse":
        pytest.importorskip("chdb", reason="requirements.nodeps.lock has it")
        yield clickhouse
    else:
        yield DuckDB
    for each in made:
        each.close()


def test_an_hour_of_a_route_has_the_fixes_of_its_trips(files: Files, make: Make) -> None:
    found = make(files).ask(hour_by_route(JAPAN_S))

    # Counted once more row by row, without any of the engines' grouping.
    wanted: Counter[tuple[int, str]] = Counter()
    speeds: Counter[tuple[int, str]] = Counter()
    sql = "SELECT t, trip, speed FROM read_parquet(?)"
    for path in files.positions.glob("*/*.parquet"):
        for t, trip, speed in duckdb.execute(sql, [str(path)]).fetchall():
            key = (int((t + JAPAN_S) // 3600 % 24), ROUTE_OF.get(trip or "", ""))
            wanted[key] += 1
            speeds[key] += 0 if speed is None else int(speed * 1000)
    assert {(hour, route): fixes for hour, route, fixes, _, _ in found} == dict(wanted)
    assert {(hour, route): mm_s or 0 for hour, route, _, _, mm_s in found} == dict(speeds)
    assert [row[:2] for row in found] == sorted(wanted)


def test_a_month_adds_up_with_its_corrections(files: Files, make: Make) -> None:
    found = make(files).ask(rides_by_month())

    wanted: dict[tuple[str, str], Counter[str]] = {}
    for row in facts(7):
        sums = wanted.setdefault((row.day[:7], row.channel), Counter())
        for name in ("riders", "shared", "fare_yen", "distance_m", "wait_s"):
            sums[name] += row.sign * getattr(row, name)
        sums["rides"] += row.sign
    assert found == [
        (*key, *(wanted[key][name] for name in
                 ("rides", "riders", "shared", "fare_yen", "distance_m", "wait_s")))
        for key in sorted(wanted)
    ]  # fmt: skip


def test_without_files_there_is_no_answer_and_no_failure(tmp_path: Path, make: Make) -> None:
    engine = make(Files(tmp_path, tmp_path, ROUTE_OF))

    assert engine.ask(rides_by_month()) == []
    assert engine.ask(hour_by_route(JAPAN_S)) == []


def test_a_day_is_written_again_only_when_it_says_something_else(tmp_path: Path) -> None:
    first = by_day(facts(7))
    late = {**first, "2026-10-01": [*first["2026-10-01"], a_fact(9999, sign=-1)]}

    assert write_rides(tmp_path, first) == DAYS
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}
    assert write_rides(tmp_path, first) == []
    assert write_rides(tmp_path, late) == [DAYS[1]]
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.parquet")}

    assert before["day=2026-09-30.parquet"] == after["day=2026-09-30.parquet"]
    assert before["day=2026-10-01.parquet"] != after["day=2026-10-01.parquet"]
    assert write_rides(tmp_path, {"2026-09-30": first["2026-09-30"]}) == [DAYS[1]]
    assert [path.name for path in tmp_path.glob("*.parquet")] == ["day=2026-09-30.parquet"]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """The tiny town's."""
    settings = Settings(data_dir=tmp_path / "data")
    await bring_in_town(settings, write_tiny_town(tmp_path / "town"))
    found = open_database(settings.database)
    yield found
    await found.close()


async def test_the_files_of_rides_say_what_the_ledger_says_and_name_nobody(
    database: Database, tmp_path: Path
) -> None:
    async with database.writing() as db:
        await rode(db, "a", DAYS[0], member=1, origin=7, phone="000-000-0001")
        await rode(db, "b", DAYS[1], hour=10)
        assert await roll_rides(db, tmp_path / "rides") == DAYS
        assert await roll_rides(db, tmp_path / "rides") == []
        await rode(db, "late", DAYS[1], hour=11)
        assert await roll_rides(db, tmp_path / "rides") == [DAYS[1]]

    pattern = str(tmp_path / "rides" / "day=*.parquet")
    rows = duckdb.read_parquet(pattern).order("day, hour")
    assert rows.columns == list(RideFact._fields)
    told = rows.select("day, hour, riders, fare_yen, length(origin), age").fetchall()
    assert told == [
        ("2026-09-30", 9, 1, 500, 9, 85),
        ("2026-10-01", 10, 1, 500, 9, -1),
        ("2026-10-01", 11, 1, 500, 9, -1),
    ]
    assert not {"試験花子", "0000000001", "000-000-0001", "a"} & {
        str(value) for row in rows.fetchall() for value in row
    }
