"""The town of the days: one road, three vans, members who want to hear of their rides."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from dataclasses import asdict
from pathlib import Path
from unittest.mock import patch

from maas.store.database import open_database, upgrade
from maas.store.members import Contact
from maas.town.imports import import_town
from tests.maas.line_town import LineRoads, Van, write_town
from tests.sim.loop import START

SPEED = 120.0
"""Service seconds in a second of the machines: a day of the demo's kind."""
MINUTE_S = 60.0 / SPEED
"""A minute of the service, in seconds of the machines."""
PLACES = 13
VANS = (Van("van-1", 3), Van("van-2", 2), Van("van-3", 3, wheelchair_places=1))
SEATS = {
    van.id: (van.seats, van.wheelchair_places, int(bool(van.wheelchair_places))) for van in VANS
}
"""Seats, wheelchair places, and seats lost for each wheelchair."""
MEMBERS = (1, 2)
WATCHED = 1
"""The member whose family may hear of rides, or not."""
FAMILY = Contact("家族", "娘", "000-000-0009", watch=True)
FAMILY_PHONE = "0000000009"
REGION = (34.0, 133.0, 35.0, 134.0)


def build(folder: Path) -> Path:
    """Return a database with the town in it, to be copied for each day."""
    file = folder / "town.db"
    with patch("time.time", return_value=START):  # or each town would be another
        asyncio.run(_bring(file, folder))
    with sqlite3.connect(file) as db:
        db.execute(
            "UPDATE members SET confirm_by = 'sms', contacts = ? WHERE id = 1",
            [json.dumps([asdict(FAMILY)])],
        )
        db.execute(
            "UPDATE members SET confirm_by = 'email', email = 'a@example.invalid' WHERE id = 2"
        )
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return file


async def _bring(file: Path, folder: Path) -> None:
    url = f"sqlite:///{file}"
    await upgrade(url)
    database = open_database(url)
    town = write_town(folder / "town", places=PLACES, vans=VANS)
    await import_town(database, town, LineRoads(), "line-roads")
    await database.close()
