"""What a day's rides add up to."""

from __future__ import annotations

from datetime import date

from maas.records.ledger import DayTotal, day_total, total
from maas.store.database import Database
from maas.store.rides import RideRow

DAY = date(2026, 11, 25)


def ride(riders: int, yen: int, metres: int, *, shared: bool) -> RideRow:
    inputs = {"riders": riders}
    return RideRow("b", DAY, "van-1", 0, 600, metres, shared, yen, (), inputs, "line-2021")


def test_a_day_is_the_sum_of_its_rides() -> None:
    rows = [ride(1, 500, 2500, shared=False), ride(2, 600, 1000, shared=True)]

    assert total(DAY, rows) == DayTotal(DAY, 2, 3, 1, 1100, 3500)


async def test_a_day_without_rides_adds_up_to_nothing(database: Database) -> None:
    async with database.reading() as connection:
        assert await day_total(connection, DAY) == DayTotal(DAY, 0, 0, 0, 0, 0)
