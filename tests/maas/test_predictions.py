"""Stop events in the database become a model that a server takes up."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from busloc.course import Timetable
from busloc.daytypes import DayType
from busloc.model import Model, untaught
from busloc.usual import Usual
from gtfs.write import write_feed
from maas.predictions import FILE, driven_days, load_model, mark_day, train
from maas.store.arrivals import VisitRow, add_visits
from maas.store.database import open_database, upgrade
from tests.busloc.towns import TZ, Bus, feed_of

TODAY = date(2026, 11, 25)
YESTERDAY = TODAY - timedelta(days=1)


def trips(count: int) -> list[Bus]:
    """Return buses every quarter of an hour from 06:00, a stop every 100 s."""
    found = []
    for k in range(count):
        start = 6 * 3600 + 900 * k
        calls = [
            (f"s{i}", f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}")
            for i, s in enumerate(range(start, start + 800, 100))
        ]
        found.append(Bus(f"t{k}", calls))
    return found


def visits(count: int, day: date, seed: int = 0) -> list[VisitRow]:
    chance = np.random.default_rng(seed)
    rows = []
    for k in range(count):
        at = 6 * 3600 + 900.0 * k
        for i in range(8):
            came = None if i == 0 else at
            left = at + 20 if i < 7 else None
            rows.append(VisitRow(day, f"t{k}", i, "bus", came, left, passed=False))
            at += float(chance.normal(130, 10))
    return rows


def test_a_run_is_told_by_the_vehicle_seen_most_on_it() -> None:
    rows = visits(1, YESTERDAY)
    stray = [VisitRow(YESTERDAY, "t0", i, "van", 1.0, 2.0, passed=False) for i in range(3)]
    timetable = Timetable(feed_of(*trips(1), stops=8), TZ)

    days = driven_days(timetable, stray + rows, {YESTERDAY: DayType.SNOW})

    (drive,) = days[YESTERDAY]
    assert drive.day_type == "snow"
    assert drive.due_s[:2] == (21600.0, 21700.0)
    assert drive.arrive_s[0] == drive.leave_s[0] == 21620.0
    assert drive.arrive_s[1:] == tuple(row.arrive_s for row in rows[1:])
    assert drive.leave_s[-1] is None


def test_trips_of_another_timetable_and_hardly_seen_ones_teach_nothing() -> None:
    timetable = Timetable(feed_of(*trips(1), stops=8), TZ)
    gone = [VisitRow(YESTERDAY, "old", i, "bus", 1.0, 2.0, passed=False) for i in range(5)]
    few = visits(1, YESTERDAY)[:2]

    assert driven_days(timetable, gone + few, {}) == {}


async def test_a_model_is_learnt_from_past_days_and_taken_up(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'maas.db'}"
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    write_feed(feed_of(*trips(30), stops=8), feeds / "town.zip")
    await upgrade(url)
    database = open_database(url)

    async def learnt() -> dict[str, object] | None:
        return await train(
            database, tmp_path, feeds,
            timezone="Asia/Tokyo", today=TODAY, days=30, given={YESTERDAY: DayType.SNOW},
        )  # fmt: skip

    try:
        assert await learnt() is None
        assert load_model(tmp_path) is None
        async with database.writing() as db:
            for k in range(1, 4):
                await add_visits(db, visits(30, TODAY - timedelta(days=k), k))
            await add_visits(db, visits(30, TODAY))
        answer = await learnt()
    finally:
        await database.close()

    model = load_model(tmp_path)
    assert answer is not None
    assert answer["days"] == ["2026-11-22", "2026-11-23", "2026-11-24"], "not of today"
    assert answer["drives"] == 90
    assert model is not None
    assert model.usual.day_types == {"holiday", "snow"}
    assert model.given == {YESTERDAY: DayType.SNOW}
    assert abs(model.usual.stand_s["s1"] - 20) < 0.1


def test_a_server_goes_without_a_model_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")

    assert load_model(tmp_path) is None


def test_a_day_is_marked_without_learning_anew(tmp_path: Path) -> None:
    assert not mark_day(tmp_path, TODAY, DayType.SNOW)
    learnt = Model(Usual({}, {}), untaught(), untaught(), given={YESTERDAY: DayType.BON})
    learnt.save(tmp_path / FILE)

    assert mark_day(tmp_path, TODAY, DayType.SNOW)

    model = load_model(tmp_path)
    assert model is not None
    assert model.given == {YESTERDAY: DayType.BON, TODAY: DayType.SNOW}
