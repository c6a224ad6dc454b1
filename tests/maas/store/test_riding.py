"""What members have booked and ridden, on both databases."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from maas.store import bookings, riding
from maas.store.database import Database
from maas.town.imports import import_town
from tests.maas.line_town import write_town
from tests.maas.notify.samples import BOOKING

DAY = dt.date(2026, 11, 25)
ROWS = [
    # id, member, days from DAY, state, hour of the pick-up
    ("late", 1, 1, "booked", 15), ("early", 1, 1, "booked", 9), ("far", 1, 5, "booked", 8),
    ("off", 1, 0, "cancelled", 8), ("past", 1, -1, "booked", 8), ("other", 2, 0, "arrived", 8),
    ("old", 1, -400, "done", 10), ("ridden", 1, -7, "done", 10), ("same", 1, -7, "done", 9),
    ("missed", 1, -7, "no_show", 9), ("theirs", 2, -7, "done", 9),
]  # fmt: skip


async def test_the_next_booking_is_the_first_that_is_still_open_and_rides_are_those_made(
    database: Database, tmp_path: Path
) -> None:
    await import_town(database, write_town(tmp_path / "town"))
    async with database.writing() as connection:
        for number, (name, member, days, state, hour) in enumerate(ROWS):
            row = replace(
                BOOKING, id=name, member_id=member, service_date=DAY + dt.timedelta(days),
                state=state, pickup_planned_s=hour * 3600, reference=str(number),
            )  # fmt: skip
            await bookings.add_booking(connection, row)
        tomorrow = DAY + dt.timedelta(1)
        assert await riding.upcoming(connection, [1, 2, 3], DAY) == {
            1: ("line", tomorrow, "early"),
            2: ("line", DAY, "other"),
        }
        assert await riding.upcoming(connection, [], DAY) == {}
        since = DAY - dt.timedelta(365)
        week_ago = DAY - dt.timedelta(7)
        assert await riding.ridden(connection, 1, since) == [
            (week_ago, BOOKING.origin_id, BOOKING.destination_id, 9 * 3600),
            (week_ago, BOOKING.origin_id, BOOKING.destination_id, 10 * 3600),
        ]
