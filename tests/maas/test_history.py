"""Nights of the history: everything archived once, nothing deleted before, late fixes too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from busloc.io.archive import COARSE, days, read_days
from maas.history import SETTLED_S, Rolled, Rule, roll
from maas.offline import bring_in_town
from maas.running import another_process
from maas.settings import Settings
from maas.store.database import Database, open_database
from maas.store.positions import PositionRow, add_positions, page_after
from tests.maas.tiny_town import write_tiny_town

ZONE = "Asia/Tokyo"
DAY = date(2026, 11, 25)
MIDNIGHT = 1_795_532_400.0
"""of that day in Tokyo"""
RULE = Rule(sql_days=35, raw_days=30, days=1095)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """The tiny town's, without positions."""
    settings = Settings(data_dir=tmp_path / "data")
    await bring_in_town(settings, write_tiny_town(tmp_path / "town"))
    found = open_database(settings.database)
    yield found
    await found.close()


def fix(vehicle: str, seq: int, t: float, received: float | None = None) -> PositionRow:
    came = t + 1 if received is None else received
    return PositionRow(vehicle, vehicle, "b", seq, t, came, 34.86123, 133.69123, 8.0)


async def keep(database: Database, *rows: PositionRow) -> None:
    async with database.writing() as db:
        await add_positions(db, rows)


async def night(database: Database, folder: Path, now: float, rule: Rule = RULE) -> Rolled:
    return await roll(database, folder, rule, now=now, timezone=ZONE)


async def left(database: Database) -> list[int]:
    async with database.reading() as db:
        return [row.seq for _, row in await page_after(db, 0, 10_000)]


def archived(folder: Path, day: date = DAY) -> list[int]:
    return [each.seq for each in read_days(folder, day, day)]


async def test_a_day_ends_at_the_towns_midnight(database: Database, tmp_path: Path) -> None:
    await keep(
        database,
        fix("van-1", 1, MIDNIGHT - 1),
        fix("van-1", 2, MIDNIGHT),
        fix("van-1", 3, MIDNIGHT + 86_399),
    )

    done = await night(database, tmp_path, MIDNIGHT + 90_000)

    assert (done.archived, done.deleted) == (3, 0)
    assert done.written == [DAY - timedelta(days=1), DAY]
    assert archived(tmp_path) == [2, 3]
    assert archived(tmp_path, DAY - timedelta(days=1)) == [1]
    assert await left(database) == [1, 2, 3]


async def test_a_late_fix_is_added_to_its_day_and_nothing_is_added_twice(
    database: Database, tmp_path: Path
) -> None:
    await keep(database, fix("van-1", 1, MIDNIGHT))
    await night(database, tmp_path, MIDNIGHT + 86_400)
    await keep(database, fix("van-1", 0, MIDNIGHT + 5, received=MIDNIGHT + 90_000))

    done = await night(database, tmp_path, MIDNIGHT + 180_000)
    again = await night(database, tmp_path, MIDNIGHT + 180_000)

    assert done.archived == 1
    assert again == Rolled()
    assert archived(tmp_path) == [1, 0]


async def test_what_has_just_come_is_left_for_the_next_time(
    database: Database, tmp_path: Path
) -> None:
    now = MIDNIGHT + 3600
    await keep(
        database,
        fix("van-1", 1, now - SETTLED_S - 10),
        fix("van-1", 2, now - 5),
        fix("van-1", 3, now - SETTLED_S - 9),
    )

    assert (await night(database, tmp_path, now)).archived == 1
    assert (await night(database, tmp_path, now + SETTLED_S)).archived == 2
    assert archived(tmp_path) == [1, 3, 2]


async def test_only_what_is_archived_and_old_enough_leaves_the_database(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maas.history.DELETED_AT_ONCE", 10)
    monkeypatch.setattr("maas.history.PAGE_ROWS", 7)
    await keep(database, *(fix("van-1", i, MIDNIGHT + i) for i in range(35)))
    await keep(database, fix("van-1", 99, MIDNIGHT, received=MIDNIGHT + 40 * 86_400))

    rule = Rule(sql_days=35, raw_days=100, days=1095)
    done = await night(database, tmp_path, MIDNIGHT + 35 * 86_400 + 26, rule)

    assert (done.archived, done.deleted) == (35, 25)
    assert await left(database) == [*range(25, 35), 99]
    assert archived(tmp_path) == list(range(35))


async def test_a_crash_before_the_mark_is_kept_doubles_nothing(
    database: Database, tmp_path: Path
) -> None:
    await keep(database, fix("van-1", 1, MIDNIGHT))
    await night(database, tmp_path, MIDNIGHT + 86_400)
    (tmp_path / "archived.json").unlink()

    await night(database, tmp_path, MIDNIGHT + 86_400)

    assert archived(tmp_path) == [1]


async def test_vehicles_on_demand_are_thinned_and_old_days_deleted(
    database: Database, tmp_path: Path
) -> None:
    rows = [fix(name, i, MIDNIGHT + i) for name in ("van-1", "bus-1") for i in range(600)]
    await keep(database, *rows)
    await night(database, tmp_path, MIDNIGHT + 30 * 86_400)
    assert len(archived(tmp_path)) == 1200

    thinned = await night(database, tmp_path, MIDNIGHT + 31 * 86_400)

    assert thinned.thinned == [DAY]
    assert (tmp_path / "day=2026-11-25" / COARSE).is_file()
    kept = [each.vehicle for each in read_days(tmp_path, DAY, DAY)]
    assert (kept.count("bus-1"), kept.count("van-1")) == (600, 2)
    gone = await night(database, tmp_path, MIDNIGHT + 1096 * 86_400)
    assert gone.removed == [DAY]
    assert days(tmp_path) == []


async def test_another_process_rolls_with_the_servers_settings(
    database: Database, tmp_path: Path
) -> None:
    await keep(database, fix("van-1", 1, MIDNIGHT))
    settings = Settings(data_dir=tmp_path / "data").environment()

    assert await another_process("-m", "maas", "history", "roll", settings=settings) == 0

    assert archived(tmp_path / "data" / "history") == [1]
