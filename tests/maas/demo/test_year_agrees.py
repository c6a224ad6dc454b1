"""The demo's year of 20,000 rides: its reports and daily records are the sums of its own rows.

The oracle reads rides, bookings and payments row by row; then rides are put right, taken back and
paid back, and months closed in between.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs import Feed, read_feed
from maas.demo.network import Network
from maas.demo.town import write_town
from maas.demo.year_load import load_past
from maas.records.catalogue import Wanted, daily_report, report
from maas.records.check import faults
from maas.records.released import release
from maas.records.releasing import month_moved, month_trips
from maas.records.report import Amount
from maas.store import fleet
from maas.store.closings import month_of
from maas.store.database import Database, open_database
from maas.store.tables import (
    bookings,
    bus_counts,
    duty_records,
    refusals,
    rides,
    takings,
    vehicle_days,
)
from maas.town.imports import import_town
from tests.maas.records.books import TODAY, Books
from tests.maas.records.test_books_agree import agree, feeder_agrees
from tests.maas.records.test_released import rows_of

ZONE = ZoneInfo("Asia/Tokyo")
ACTS = 60

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]


def test_a_year_of_reports_and_daily_records_is_what_was_done(
    network: Network, sqlite_template: Path, tmp_path: Path
) -> None:
    write_town(tmp_path / "town", network)
    (tmp_path / "maas.db").write_bytes(sqlite_template.read_bytes())
    asyncio.run(_seen(open_database(f"sqlite+aiosqlite:///{tmp_path}/maas.db"), tmp_path / "town"))


async def _seen(database: Database, town: Path) -> None:
    await import_town(database, town)
    feed = read_feed(town / "gtfs.zip")
    async with database.writing() as db:
        await load_past(db, "kibichuo", TODAY, feed)
    books = Books(database)
    async with database.reading() as db:
        await _read(db, books)
    assert books.sums["2026-10"]["rides"] > 1000
    async with database.reading() as db:
        await _days_agree(db, books)
        await _released(db, feed, books)
    await _lived(books, random.Random(8))  # noqa: S311 -- which rides are put right
    async with database.reading() as db:
        assert await faults(db) == []
        for month in sorted(books.sums):
            await agree(db, month, books.sums[month], books.registers[month])
        await _years_agree(db, books)
        await _planted(db, random.Random(9).choice(sorted(books.rides)))  # noqa: S311 -- which ride
    for month, sums in books.closed.items():
        assert +sums == +books.sums[month], "a closed month has changed"
    await database.close()


async def _read(db: AsyncConnection, books: Books) -> None:
    """Add up the rows of the tables, as they were written."""
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    cash: Counter[str] = Counter()
    for row in await db.execute(select(takings)):
        if row.what == "cash":
            cash[row.booking_id] += row.yen
            sums[month_of(row.service_date)]["cash"] += row.yen
    for row in await db.execute(select(rides)):
        month, riders = month_of(row.service_date), int(row.fare_inputs["riders"])
        books.rides[row.booking_id] = {
            "day": row.service_date, "month": month, "riders": riders, "yen": row.fare_yen,
            "cash": cash[row.booking_id], "distance_m": row.distance_m, "own": 1,
            "vehicle": row.vehicle_id,
        }  # fmt: skip
        sums[month].update(rides=1, riders=riders, yen=row.fare_yen, metres=row.distance_m, own=1)
    for row in await db.execute(select(bookings)):
        if row.state in {"cancelled", "no_show"}:
            sums[month_of(row.service_date)][row.state] += 1
    for row in await db.execute(select(refusals)):
        sums[month_of(row.service_date)]["refused" if row.declined is None else "declined"] += 1
    for row in await db.execute(select(vehicle_days)):
        books.driven[f"{row.vehicle_id}/{row.service_date}"] = row._asdict() | {
            "month": month_of(row.service_date)
        }
        sums[month_of(row.service_date)].update(
            vehicle_m=row.distance_m, loaded_m=row.loaded_m, duty_s=row.duty_s, vehicle_days=1
        )
    books.sums = {month: sums[month] for month in sorted(sums)}
    books.registers = {month: Counter() for month in books.sums}
    for row in await db.execute(select(duty_records)):
        if row.kind.startswith("call_"):
            books.registers[month_of(row.service_date)]["calls"] += 1
    for row in await db.execute(select(bus_counts)):
        kept = books.registers[month_of(row.service_date)]
        kept.update(boarded=row.boarded, alighted=row.alighted)


async def _lived(books: Books, chance: random.Random) -> None:
    """Put right, take back and pay back here and there, and close months in between."""
    over = [month for month in sorted(books.sums) if month < month_of(TODAY)]
    for number in range(ACTS):
        index = chance.randrange(10**6)
        match number % 6:
            case 0:
                await books.put_right(index, "riders", chance.randint(1, 4))
            case 1:
                await books.put_right(index, "distance_m", chance.randint(0, 20_000))
            case 2:
                await books.never_was(index)
            case 3:
                await books.refund(index, chance.randint(1, 300))
            case 4:
                await books.drove_less(index, chance.randint(0, 200_000))
            case _:
                await books.close(chance.choice(over))


async def _days_agree(db: AsyncConnection, books: Books) -> None:
    """See that daily records and the register of duties have each ride where it was ridden."""
    cars = {row.id: row for row in await fleet.all_vehicles(db, "kibichuo")}
    by_day: defaultdict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    for row in books.rides.values():
        by_day[row["day"], row["vehicle"]].update(
            rides=1, riders=row["riders"], yen=row["yen"], metres=row["distance_m"]
        )
    for day, vehicle_id in sorted(by_day)[::211]:
        sums = by_day[day, vehicle_id]
        made = await daily_report(db, cars[vehicle_id], day, ZONE, today=TODAY, made="")
        ridden = made.tables[-2]
        assert len(ridden.rows) == sums["rides"]
        assert ridden.total is not None
        assert ridden.total[7:11:2] == (sums["riders"], sums["yen"])
        assert ridden.total[10] == sums["metres"]
        told = {row[0]: row[1].value for row in made.tables[-1].rows if isinstance(row[1], Amount)}
        driven = books.driven[f"{vehicle_id}/{day}"]
        assert told["運賃"] == sums["yen"]
        assert told["総走行キロ"] == driven["distance_m"]
        assert told["実車キロ"] == driven["loaded_m"]
    month = "2026-10"
    lines = (await report(
        db, Wanted("duties", month), None, ZONE, today=TODAY, made=""
    )).tables[0]  # fmt: skip
    at = [column.name for column in lines.columns]
    names = {row.name: row.id for row in cars.values()}
    for line in lines.rows:
        day, vehicle_id = date.fromisoformat(str(line[0])), names[str(line[1])]
        sums = by_day[day, vehicle_id]
        assert line[at.index("rides")] == sums["rides"]
        assert line[at.index("riders")] == sums["riders"]
    ridden_days = {(day, id_) for day, id_ in by_day if month_of(day) == month}
    assert {(date.fromisoformat(str(x[0])), names[str(x[1])]) for x in lines.rows} >= ridden_days


async def _released(db: AsyncConnection, feed: Feed, books: Books) -> None:
    """See that every month can be given away: by our own count, and by pycanon where it is."""
    canon = find_spec("pycanon") and import_module("pycanon.anonymity")
    frame = import_module("pandas").DataFrame
    quasi = ["origin", "destination", "day_type", "hour"]
    for month in (month for month in books.sums if month < month_of(TODAY)):
        trips = await month_trips(db, month, TODAY)
        moved = await month_moved(db, feed, ZONE, month)
        found = release(trips, moved)
        rows = rows_of(found, "rides.csv")
        assert sum(int(row["rides"]) for row in rows) + found.left_trips == len(trips)
        assert all(int(row["riders"]) >= 5 for row in rows)
        assert all(int(row["together"]) >= 5 for row in rows_of(found, "bus_riders.csv"))
        records = [[row[name] for name in quasi] for row in rows for _ in range(int(row["riders"]))]
        if canon:
            assert canon.k_anonymity(frame(records, columns=quasi), quasi) >= 5, month


async def _planted(db: AsyncConnection, booking_id: str) -> None:
    """See that a yen more in one ride of the year is found."""
    await db.execute(update(rides).where(rides.c.booking_id == booking_id).values(
        fare_yen=rides.c.fare_yen + 1
    ))  # fmt: skip
    assert any(booking_id in fault for fault in await faults(db))
    await db.rollback()


def _sum_of(books: Books, first: str, last: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for month in books.sums:
        if first <= month <= last:
            total.update(books.sums[month])
    return total


async def _years_agree(db: AsyncConnection, books: Books) -> None:
    """See that the statutory forms are the sum of their twelve months."""
    for month, calendar in (("2026-09", "april"), ("2026-03", "april")):
        first = int(month[:4]) - (month[5:] < "04")
        total = _sum_of(books, f"{first}-04", f"{first + 1}-03")
        for name in ("form2", "form6"):
            wanted = Wanted(name, month, calendar)  # type: ignore[arg-type]
            table = (await report(db, wanted, None, ZONE, today=TODAY, made="")).tables[0]
            assert table.total is not None
            told = dict(zip([column.name for column in table.columns], table.total, strict=True))
            assert told["riders"] == total["riders"]
            assert told["fare_yen"] == total["yen"]
            assert told["km"] == total["vehicle_m"]
            assert told["loaded_km"] == total["loaded_m"]
    made = await report(db, Wanted("feeder", "2026-09"), None, ZONE, today=TODAY, made="")
    subsidy, fiscal = _sum_of(books, "2025-10", "2026-09"), _sum_of(books, "2026-04", "2027-03")
    evaluated, by_month = made.tables
    feeder_agrees(evaluated, by_month, subsidy, fiscal)
