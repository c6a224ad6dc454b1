"""The history of positions for the long run: days as Parquet files, and what is forgotten when.

SQL holds the last weeks.  At night everything that came since is added to the files of its days, a
late fix to a day long past too; only then may it leave SQL.  Vehicles on demand call at homes:
after a month the files keep of them a fix in five minutes, to a hundred metres.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from busloc.io import archive
from busloc.io.archive import Recorded
from maas.clock import service_day
from maas.store import fleet, positions
from maas.store.database import Database
from maas.store.positions import PositionRow

SETTLED_S: Final = 600.0
"""A row may be committed a little after one with a higher number: the newest are left alone."""
PAGE_ROWS: Final = 200_000
DELETED_AT_ONCE: Final = 5000
"""So few at a time that a booking never waits long for the database."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How many days positions stay in SQL, files hold every vehicle as it was, and files stay."""

    sql_days: int
    raw_days: int
    days: int


@dataclass(slots=True)
class Rolled:
    """What one night's work came to."""

    archived: int = 0
    deleted: int = 0
    written: list[date] = field(default_factory=list)
    thinned: list[date] = field(default_factory=list)
    removed: list[date] = field(default_factory=list)


async def roll(
    database: Database, folder: Path, rule: Rule, *, now: float, timezone: str
) -> Rolled:
    """Add to the files what came since the last time, then forget by the rule.

    ``now`` is the service's time.  Doing it twice changes nothing.
    """
    done, today = Rolled(), service_day(now, timezone)
    while await _archive_page(database, folder, now, timezone, done):
        pass
    await _delete(database, _mark(folder), now - rule.sql_days * 86_400, done)
    async with database.reading() as db:
        buses = [row.id for row in await fleet.all_vehicles(db) if row.block]
    for day in archive.days(folder):
        if day < today - timedelta(days=rule.days):
            archive.remove_day(folder, day)
            done.removed.append(day)
        elif day < today - timedelta(days=rule.raw_days) and archive.thin_day(folder, day, buses):
            done.thinned.append(day)
    return done


def as_json(done: Rolled) -> dict[str, object]:
    """Return the report with its days as text."""
    return {
        name: [each.isoformat() for each in value] if isinstance(value, list) else value
        for name, value in asdict(done).items()
    }


async def _archive_page(
    database: Database, folder: Path, now: float, timezone: str, done: Rolled
) -> bool:
    """Archive the next rows; say whether there may be more."""
    async with database.reading() as db:
        page = await positions.page_after(db, _mark(folder), PAGE_ROWS)
    settled = [each for each in page if each[1].received_at < now - SETTLED_S]
    if len(settled) < len(page):
        unsettled = next(i for i, each in enumerate(page) if each[1].received_at >= now - SETTLED_S)
        settled = page[:unsettled]
    if not settled:
        return False
    by_day: dict[date, list[Recorded]] = defaultdict(list)
    for _, row in settled:
        by_day[service_day(row.t, timezone)].append(_recorded(row))
    for day, fixes in by_day.items():
        archive.write_day(folder, day, fixes)
    done.archived += len(settled)
    done.written = sorted({*done.written, *by_day})
    _set_mark(folder, settled[-1][0])
    return len(settled) == PAGE_ROWS


async def _delete(database: Database, mark: int, before: float, done: Rolled) -> None:
    """Delete the archived rows that came before an instant, the oldest first."""
    while True:
        async with database.reading() as db:
            page = await positions.page_after(db, 0, DELETED_AT_ONCE)
        old = [each for each, row in page if row.received_at < before and each <= mark]
        if old:
            async with database.writing() as db:
                await positions.delete_positions(db, old)
            done.deleted += len(old)
        if len(old) < DELETED_AT_ONCE:
            return


def _recorded(row: PositionRow) -> Recorded:
    return Recorded(
        row.vehicle_id,
        row.boot,
        row.seq,
        row.t,
        row.received_at,
        row.lat,
        row.lon,
        row.speed,
        row.bearing,
        row.trip,
        row.added_s,
    )


def _mark(folder: Path) -> int:
    """Return the number of the last row that is in the files."""
    kept = folder / "archived.json"
    return int(json.loads(kept.read_text("utf-8"))["id"]) if kept.is_file() else 0


def _set_mark(folder: Path, number: int) -> None:
    fresh = folder / "archived.fresh"
    fresh.write_text(json.dumps({"id": number}), "utf-8")
    fresh.replace(folder / "archived.json")
