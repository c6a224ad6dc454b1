"""The book of duties on both databases: once for an event, and never changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from maas.duty.book import LATE_S, Entered, enter
from maas.duty.day import turns
from maas.duty.records import BreakEnd, In, Meter, Out
from maas.store import commits, duty
from maas.store.database import Database
from maas.store.duty import RecordRow
from maas.town.imports import import_town
from tests.maas.duty.test_records import BEFORE
from tests.maas.line_town import write_town

DAY = date(2026, 11, 25)
NOON = 1_795_575_600.0


@pytest.fixture(autouse=True)
async def _town(database: Database, tmp_path: Path) -> None:
    await import_town(database, write_town(tmp_path / "town"))


def entered(event: str, body: object, at: float = NOON, **more: str) -> Entered:
    return Entered(event, DAY, "van-1", "ken", at, body, **more)  # type: ignore[arg-type]


async def keep(database: Database, made: Entered, now: float | None = None) -> str | None:
    wrong = await enter(database, made, now=made.at if now is None else now, actor="ken")
    return None if wrong is None else wrong.en


async def rows(database: Database) -> list[RecordRow]:
    async with database.reading() as connection:
        return await duty.records_on(connection, DAY)


async def test_an_event_is_kept_once_and_with_other_contents_not_at_all(
    database: Database,
) -> None:
    made = entered("e", Out(100.0))

    assert await keep(database, made) is None
    assert await keep(database, made, NOON + 60) is None
    assert "other contents" in (await keep(database, replace(made, body=Out(101.0))) or "")
    assert len(await rows(database)) == 1
    async with database.reading() as connection:
        assert await commits.audit_break(connection) is None


async def test_twenty_at_once_are_one(database: Database) -> None:
    made = entered("e", Out(100.0))

    found = await asyncio.gather(*(keep(database, made) for _ in range(20)))

    assert set(found) == {None}
    assert len(await rows(database)) == 1


async def test_two_who_leave_at_once_do_not_both(database: Database) -> None:
    found = await asyncio.gather(*(keep(database, entered(f"e{n}", Out(100.0))) for n in range(5)))

    assert found.count(None) == 1
    assert len(await rows(database)) == 1


async def test_a_meter_that_runs_back_is_refused_now_and_kept_late(database: Database) -> None:
    await keep(database, entered("out", Out(100.0)))

    now = await keep(database, entered("in", In(90.0), NOON + 60))
    late = await keep(database, entered("in2", In(90.0), NOON + 60), NOON + 60 + LATE_S + 1)

    assert "100.0 km" in (now or "")
    assert late is None
    assert [row.kind for row in await rows(database)] == ["out", "in"]


async def test_the_last_meter_reading_is_that_of_any_day_and_not_a_corrected_one(
    database: Database,
) -> None:
    await keep(database, entered("a", Meter(900.0), NOON - 86_400))
    await keep(
        database, entered("b", Meter(100.0), NOON - 86_400, corrects="van-1/a"), NOON - 86_000
    )

    assert await keep(database, entered("c", Out(150.0))) is None


async def test_a_correction_takes_the_place_of_one_record_once(database: Database) -> None:
    await keep(database, entered("out", Out(100.0)))
    better = entered("out2", Out(90.0), corrects="van-1/out")

    first = await keep(database, better, NOON + 10)
    again = await keep(database, replace(better, event="out3"), NOON + 20)
    nothing = await keep(database, entered("x", BreakEnd(), corrects="van-1/none"))

    assert first is None
    assert "no such record" in (again or "")
    assert "no such record" in (nothing or "")
    [turn] = turns(await rows(database))
    assert turn.out_km == 90.0


async def test_what_is_unlawful_is_refused_however_late(database: Database) -> None:
    alone = replace(entered("c", BEFORE), driver=BEFORE.caller)

    assert "somebody else" in (await keep(database, alone, NOON + 10_000) or "")
    assert await rows(database) == []


async def test_a_record_from_the_future_is_of_now(database: Database) -> None:
    await keep(database, entered("out", Out(100.0), NOON + 500), NOON)

    assert [row.at for row in await rows(database)] == [NOON]
