"""A database full of bookings learns the states of held seats, and loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from maas.store.database import _config, open_database

BOOKING = (
    "INSERT INTO bookings (id, area_id, service_date, reference, state, contact_name, "
    "contact_phone, origin_id, destination_id, riders, wheelchairs, half_fares, infants, transfer,"
    " vehicle_id, promise_no, pickup_planned_s, arrive_planned_s, direct_s, booked_at, booked_by)"
    " VALUES (:id, 'a', '2026-11-25', :id, :state, '', '', 1, 2, 1, 0, 0, 0, 0, 'v', 1, 0, 1, 1,"
    " 0, 'yuki')"
)
TOLD = "INSERT INTO promises VALUES ('one', 1, 'v', 0, 1, 2, '{}', 0, 'yuki', 'booked')"


def _to(connection: Connection, revision: str) -> None:
    command.upgrade(_config(connection), revision)


TOWN = (
    "INSERT INTO towns VALUES ('t', '', '', '', '[]', '', '', '')",
    "INSERT INTO areas VALUES ('a', 't', '', '')",
    """INSERT INTO vehicles (row, id, area_id, name, name_en, operator, kind, profile, seats,
    wheelchair_places, seats_lost_per_wheelchair, plate, shift_from_s, shift_to_s)
    VALUES (1, 'v', 'a', '', '', '', '', '', 1, 0, 0, '', 0, 1)""",
)
PLACE = """INSERT INTO places
(id, code, name, kana, name_en, kind, address, oaza, lat, lon, nicknames)
VALUES (:n, :code, '', '', '', '', '', '', 0, 0, '[]')"""


async def test_an_old_database_takes_the_new_states_and_keeps_its_rows(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'old.db'}")
    async with database.writing() as connection:
        await connection.run_sync(_to, "0011")
    async with database.writing() as connection:
        await connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for row in TOWN:
            await connection.execute(text(row))
        await connection.execute(text(PLACE), [{"n": 1, "code": "1"}, {"n": 2, "code": "2"}])
        await connection.execute(text(BOOKING), {"id": "one", "state": "booked"})
        await connection.execute(text(TOLD))
    async with database.writing() as connection:
        await connection.run_sync(_to, "head")

    async with database.writing() as connection:
        await connection.execute(text(BOOKING), {"id": "two", "state": "held"})
        kept = (await connection.execute(text("SELECT id, helpers, channel FROM bookings"))).all()
        assert (await connection.execute(text("PRAGMA integrity_check"))).scalar_one() == "ok"
        assert (await connection.execute(text("PRAGMA foreign_key_check"))).all() == []
    with pytest.raises(IntegrityError):
        async with database.writing() as connection:
            await connection.execute(text(BOOKING), {"id": "three", "state": "asleep"})
    await database.close()

    assert kept == [("one", 0, "phone"), ("two", 0, "phone")]
