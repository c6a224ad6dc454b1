"""An error of one ride planted past the program is found, whatever month it is in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import text

from maas.records.check import faults
from maas.store.database import Database
from maas.town.imports import import_town
from tests.maas.line_town import Van, write_town
from tests.maas.records.books import VANS, Books

DAY = date(2026, 9, 30)
PLANTED = {
    "a metre": "UPDATE rides SET distance_m = distance_m + 1 WHERE booking_id = 'b001'",
    "a yen": "UPDATE rides SET fare_yen = fare_yen - 1 WHERE booking_id = 'b001'",
    "another vehicle": "UPDATE rides SET vehicle_id = 'van-2' WHERE booking_id = 'b001'",
    "a minute": "UPDATE rides SET picked_up_s = picked_up_s + 60 WHERE booking_id = 'b001'",
    "another tariff": "UPDATE rides SET tariff = 'none' WHERE booking_id = 'b001'",
    "a ride lost": "DELETE FROM rides WHERE booking_id = 'b001'",
    "a ride not ridden": "UPDATE bookings SET state = 'cancelled' WHERE id = 'b001'",
    "a rider more": "UPDATE bookings SET riders = riders + 1 WHERE id = 'b001'",
}
IN_A_CLOSED_MONTH = {
    "a payment": "UPDATE takings SET yen = yen + 1",
    "a kilometre": "UPDATE vehicle_days SET distance_m = distance_m + 1000",
    "nobody there": "UPDATE bookings SET state = 'lapsed' WHERE state = 'no_show'",
    "a correction lost": "DELETE FROM corrections",
}


async def kept(database: Database, folder: Path) -> Books:
    """Return the books of a town with some rides in September."""
    await import_town(database, write_town(folder, vans=tuple(Van(id_) for id_ in VANS)))
    books = Books(database)
    for riders in (1, 2):
        await books.ride(DAY, riders, 500, 4000, 0)
    await books.ended(DAY, "no_show", 1)
    await books.drove(DAY, 0, 9000, 5000, 3600)
    await books.put_right(1, "riders", 4)
    return books


async def found(database: Database, planted: str) -> list[str]:
    """Return what the check finds once something was written past the program; it is undone."""
    async with database.engine.connect() as db, db.begin() as transaction:
        assert await faults(db) == []
        await db.execute(text(planted))
        said = await faults(db)
        await transaction.rollback()
    return said


async def test_an_error_of_one_ride_is_found(database: Database, tmp_path: Path) -> None:
    books = await kept(database, tmp_path / "town")
    first = sorted(books.rides)[0]

    for what, planted in PLANTED.items():
        said = await found(database, planted.replace("b001", first))

        assert any(first in each for each in said), what


async def test_a_closed_month_that_was_changed_is_found(database: Database, tmp_path: Path) -> None:
    books = await kept(database, tmp_path / "town")
    await books.close("2026-09")

    for what, planted in IN_A_CLOSED_MONTH.items():
        said = await found(database, planted)

        assert any(each.startswith("2026-09: closed with") for each in said), what


async def test_a_check_of_another_month_looks_at_that_month_only(
    database: Database, tmp_path: Path
) -> None:
    await kept(database, tmp_path / "town")
    async with database.writing() as db:
        await db.execute(text("UPDATE rides SET distance_m = distance_m + 1"))
    async with database.reading() as db:
        assert await faults(db, date(2026, 10, 1), date(2026, 10, 31)) == []
        assert await faults(db, date(2026, 9, 1), date(2026, 9, 30)) != []
