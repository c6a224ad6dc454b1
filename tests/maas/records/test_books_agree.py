"""Whatever was ridden, put right, taken back or closed: every report is the sum of what was done.

The oracle (`books`) adds up in plain sums while it writes; it knows nothing of entries or folding.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.records.catalogue import KINDS, Wanted, report
from maas.records.check import faults
from maas.records.closing import days_of, entries_between, figures_of
from maas.records.report import Amount, Report, Table
from maas.store.database import open_database
from maas.store.tables import rides
from tests.maas.records.books import MONTHS, TODAY, Books, found_town

OF_A_MONTH = (
    "monthly", "days", "balance", "od", "vehicles", "refusals", "times", "rollcalls", "duties",
    "buses",
)  # fmt: skip
OF_A_YEAR = ("form2", "form6", "feeder")
Act = Callable[[Books], Awaitable[None]]
DAYS = st.sampled_from(
    [date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 2)]
)
WHICH, VAN = st.integers(0, 9), st.integers(0, 1)
YEN, METRES = st.integers(0, 900), st.integers(0, 9000)
ACTS: st.SearchStrategy[Act] = st.one_of(
    st.tuples(DAYS, st.integers(1, 4), YEN, METRES, VAN).map(lambda a: lambda b: b.ride(*a)),
    st.tuples(DAYS, st.sampled_from(["cancelled", "no_show"]), VAN).map(
        lambda a: lambda b: b.ended(*a)
    ),
    st.tuples(DAYS, VAN, METRES, METRES, st.integers(0, 9999)).map(lambda a: lambda b: b.drove(*a)),
    st.tuples(WHICH, st.just("riders"), st.integers(1, 5)).map(lambda a: lambda b: b.put_right(*a)),
    st.tuples(WHICH, st.just("distance_m"), METRES).map(lambda a: lambda b: b.put_right(*a)),
    st.tuples(WHICH, METRES).map(lambda a: lambda b: b.drove_less(*a)),
    WHICH.map(lambda i: lambda b: b.never_was(i)),
    st.tuples(WHICH, st.integers(1, 400)).map(lambda a: lambda b: b.refund(*a)),
    st.tuples(WHICH, YEN, METRES).map(lambda a: lambda b: b.rode_after_all(*a)),
    st.tuples(DAYS, st.booleans()).map(lambda a: lambda b: b.refused(a[0], declined=a[1])),
    st.tuples(DAYS, st.integers(0, 3), st.integers(0, 9), st.integers(0, 9)).map(
        lambda a: lambda b: b.tapped(*a)
    ),
    st.tuples(WHICH, st.integers(0, 9)).map(lambda a: lambda b: b.tapped_wrongly(*a)),
    st.tuples(DAYS, VAN).map(lambda a: lambda b: b.called(*a)),
    WHICH.map(lambda i: lambda b: b.called_wrongly(i)),
    st.sampled_from(MONTHS).map(lambda m: lambda b: b.close(m)),
)
_numbers = itertools.count()


@pytest.fixture(scope="session")
def town_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the town in it, to copy."""
    folder = tmp_path_factory.mktemp("books")
    file = folder / "town.db"
    shutil.copy(sqlite_template, file)
    asyncio.run(found_town(f"sqlite:///{file}", folder / "town"))
    return file


@settings(
    phases=[Phase.generate],
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(ACTS, min_size=4, max_size=22))
def test_every_report_is_the_sum_of_what_was_done(
    town_file: Path, tmp_path: Path, acts: list[Act]
) -> None:
    file = tmp_path / f"{next(_numbers)}.db"
    shutil.copy(town_file, file)
    asyncio.run(_played(file, acts))
    file.unlink()


async def _played(file: Path, acts: list[Act]) -> None:
    database = open_database(f"sqlite:///{file}")
    books = Books(database)
    try:
        for act in acts:
            await act(books)
        async with database.reading() as db:
            assert await faults(db) == []
            for month in MONTHS:
                await agree(db, month, books.sums[month], books.registers[month])
            await _year_agrees(db, books)
            for id_ in sorted(books.rides)[:1]:
                await _planted(db, id_)
        for month, sums in books.closed.items():
            assert +sums == +books.sums[month], "a closed month has changed"
    finally:
        await database.close()


async def _planted(db: AsyncConnection, booking_id: str) -> None:
    """See that a metre more in one ride is found, whatever was done to the books before."""
    await db.execute(update(rides).where(rides.c.booking_id == booking_id).values(
        distance_m=rides.c.distance_m + 1
    ))  # fmt: skip
    assert await faults(db)
    await db.rollback()


async def agree(
    db: AsyncConnection, month: str, sums: Counter[str], registers: Counter[str]
) -> None:
    """See that every report of a month is the sum of what was done."""
    made = {name: await _report(db, name, month) for name in OF_A_MONTH}
    first = made["monthly"].tables[0]
    figures = figures_of(await entries_between(db, *days_of(month)))
    told = {row[0]: row[1].value for row in first.rows if isinstance(row[1], Amount)}

    assert told["乗車件数"] == figures["rides"] == sums["rides"]
    assert told["利用者数(延べ)"] == figures["riders"] == sums["riders"]
    assert told["運賃収入"] == figures["fare_yen"] == sums["yen"]
    assert told["乗車キロの合計"] == figures["ride_m"] == sums["metres"]
    assert told["取消"] == sums["cancelled"]
    assert told["無断キャンセル(不在)"] == sums["no_show"]
    assert told["断り"] == sums["refused"]
    assert told["お客さまの辞退"] == sums["declined"]
    assert told["総走行キロ"] == sums["vehicle_m"]
    assert told["実車キロ"] == sums["loaded_m"]
    assert told["運行時間"] == sums["duty_s"]
    for table in made["monthly"].tables[1:]:
        assert _sum(table, "rides") == sums["rides"], table.title
        assert _sum(table, "riders") == sums["riders"], table.title
        assert _sum(table, "fare_yen") == sums["yen"], table.title
        assert _sum(table, "ride_km") == sums["metres"], table.title
    daily = made["days"].tables[0]
    for column, name in (
        ("rides", "rides"), ("riders", "riders"), ("fare_yen", "yen"), ("ride_km", "metres"),
        ("cash_yen", "cash"), ("km", "vehicle_m"), ("loaded_km", "loaded_m"),
        ("duty_hours", "duty_s"),
    ):  # fmt: skip
        assert _sum(daily, column) == sums[name], column
    assert _sum(made["balance"].tables[1], "yen") == sums["yen"]
    _journeys_agree(made["od"], sums)
    _vehicles_agree(made["vehicles"].tables[0], sums)
    for table in made["refusals"].tables:
        assert _sum(table, "refused") == sums["refused"], table.title
        assert _sum(table, "declined") == sums["declined"], table.title
    for table in made["times"].tables[:2]:
        assert _sum(table, "rides") == sums["own"], table.title
    _registers_agree(made, daily, registers)


def _registers_agree(made: dict[str, Report], daily: Table, sums: Counter[str]) -> None:
    """See that roll calls, duties and riders of buses are those written down."""
    runs, stops = made["buses"].tables
    assert _sum(runs, "riders") == _sum(stops, "boarded") == sums["boarded"]
    assert _sum(stops, "alighted") == sums["alighted"]
    (calls,) = made["rollcalls"].tables
    assert len(calls.rows) == sums["calls"]
    assert sum(row[-1] == "訂正済み" for row in calls.rows) == sums["calls_put_right"]
    ridden = {row[:2]: row[2:4] for row in daily.rows}
    (lines,) = made["duties"].tables
    at = [column.name for column in lines.columns].index("rides")
    for line in lines.rows:
        counts = line[at : at + 2]
        assert counts in {ridden.get(line[:2], (0, 0)), (None, None)}


def _journeys_agree(made: Report, sums: Counter[str]) -> None:
    matrix, busiest = made.tables
    assert _sum(matrix, "total") == sums["riders"]
    assert matrix.total is not None
    assert sum(n for n in matrix.total[1:-1] if isinstance(n, int)) == sums["riders"]
    assert (_total(busiest, "rides"), _total(busiest, "riders")) == (sums["rides"], sums["riders"])


def _vehicles_agree(driven: Table, sums: Counter[str]) -> None:
    for column, name in (
        ("km", "vehicle_m"), ("loaded_km", "loaded_m"), ("duty_hours", "duty_s"),
        ("days", "vehicle_days"), ("rides", "rides"), ("riders", "riders"),
    ):  # fmt: skip
        assert _sum(driven, column) == sums[name], column
    assert _sum(driven, "empty_km") == sums["vehicle_m"] - sums["loaded_m"]


async def _year_agrees(db: AsyncConnection, books: Books) -> None:
    fiscal: Counter[str] = Counter()
    for sums in books.sums.values():
        fiscal.update(sums)
    form = (await _report(db, "form2", "2026-09")).tables[0]
    form_6 = (await _report(db, "form6", "2026-09")).tables[0]
    evaluated, by_month = (await _report(db, "feeder", "2026-10")).tables
    since_october = Counter(books.sums["2026-10"])
    since_october.update(books.sums["2026-11"])

    for each in (form, form_6):
        for column, name in (
            ("riders", "riders"), ("fare_yen", "yen"), ("km", "vehicle_m"),
            ("loaded_km", "loaded_m"), ("vehicle_days", "vehicle_days"),
        ):  # fmt: skip
            assert _sum(each, column) == fiscal[name], (each.title, column)
    assert _sum(form_6, "rides") == fiscal["rides"]
    feeder_agrees(evaluated, by_month, since_october, fiscal)


def feeder_agrees(
    evaluated: Table, by_month: Table, subsidy: Counter[str], fiscal: Counter[str]
) -> None:
    """See that the evaluation of a feeder line has the sums of both kinds of year."""
    for column, name in (
        ("rides", "rides"), ("riders", "riders"), ("fare_yen", "yen"), ("loaded_km", "loaded_m"),
    ):  # fmt: skip
        assert _sum(by_month, column) == subsidy[name], column
    for row in evaluated.rows:
        counted = {"輸送人員": "riders", "経常収益": "yen", "総走行キロ": "vehicle_m",
                   "実車走行キロ": "loaded_m"}.get(str(row[0]))  # fmt: skip
        if counted is not None:
            assert isinstance(row[1], Amount)
            assert isinstance(row[2], Amount)
            assert (row[1].value, row[2].value) == (subsidy[counted], fiscal[counted]), row[0]


async def _report(db: AsyncConnection, name: str, month: str) -> Report:
    wanted = Wanted(name, month)
    return await report(db, wanted, None, ZoneInfo("Asia/Tokyo"), today=TODAY, made="")


def _sum(table: Table, column: str) -> int:
    """Add up a column, and see that the row of sums says the same."""
    at = [each.name for each in table.columns].index(column)
    found = sum(cell for row in table.rows if isinstance(cell := row[at], int))
    assert table.total is not None
    assert table.total[at] == found
    return found


def _total(table: Table, column: str) -> object:
    assert table.total is not None
    return table.total[[each.name for each in table.columns].index(column)]


def test_every_report_there_is_is_compared() -> None:
    assert {*OF_A_MONTH, *OF_A_YEAR} == set(KINDS)


def test_a_month_ends_on_its_last_day() -> None:
    first, last = days_of("2026-12")

    assert (first, last + timedelta(days=1)) == (date(2026, 12, 1), date(2027, 1, 1))
