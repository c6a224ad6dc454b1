"""Alerts hold until they end, trips are called off and taken back, and what was told is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from maas.store.alerts import (
    AlertRow,
    CalledOffRow,
    add_alert,
    alerts_from,
    call_off,
    called_off_since,
    end_alert,
    run_after_all,
)
from maas.store.arrivals import (
    JudgedRow,
    VisitRow,
    add_judged,
    add_visits,
    forget_judged,
    judged_since,
    visits_between,
)
from maas.store.database import Database

pytestmark = pytest.mark.anyio
DAY, NEXT = date(2026, 11, 25), date(2026, 11, 26)

SNOW = AlertRow(
    id="a1", header="雪のため遅れています", header_en="Snow", text="", text_en="", spoken="",
    cause="WEATHER", effect="DELAYS", severity="WARNING", routes=["r1"], stops=[], url="",
    starts_at=100.0, ends_at=None, made_at=90.0, made_by="dispatcher",
)  # fmt: skip


async def test_an_alert_holds_until_its_end_or_somebody_ends_it(database: Database) -> None:
    short = replace(SNOW, id="a2", ends_at=200.0, made_at=91.0)
    async with database.writing() as db:
        await add_alert(db, SNOW)
        await add_alert(db, short)

    async with database.writing() as db:
        assert await alerts_from(db, 199.0) == [SNOW, short]
        assert await alerts_from(db, 200.0) == [SNOW]
        assert await end_alert(db, "a1", 300.0, "dispatcher")
        assert not await end_alert(db, "a1", 301.0, "dispatcher")
        assert not await end_alert(db, "a2", 301.0, "dispatcher")
        assert await alerts_from(db, 300.0) == []


async def test_a_trip_is_called_off_once_and_taken_back(database: Database) -> None:
    row = CalledOffRow(DAY, "t8", 10.0, "dispatcher")
    async with database.writing() as db:
        await call_off(db, [row, CalledOffRow(NEXT, "t8", 10.0, "dispatcher")])
        await call_off(db, [CalledOffRow(DAY, "t8", 20.0, "other")])

    async with database.writing() as db:
        assert (await called_off_since(db, DAY))[0] == row
        assert await run_after_all(db, "t8", DAY)
        assert not await run_after_all(db, "t8", DAY)
        assert [r.service_date for r in await called_off_since(db, DAY)] == [NEXT]


async def test_a_visit_is_completed_and_never_taken_back(database: Database) -> None:
    arrived = VisitRow(DAY, "t8", 2, "bus", 100.0, None, passed=False)
    async with database.writing() as db:
        await add_visits(db, [arrived])
        await add_visits(db, [replace(arrived, arrive_s=None, depart_s=130.0)])
        await add_visits(db, [replace(arrived, arrive_s=99.0)])

    async with database.reading() as db:
        assert await visits_between(db, DAY, DAY) == [replace(arrived, depart_s=130.0)]
        assert await visits_between(db, NEXT, NEXT) == []


async def test_what_was_told_is_found_by_route_and_stop_and_forgotten(database: Database) -> None:
    told = JudgedRow(DAY, "r1", "s1", "t8", 10, 60, 50, 80, 45, 62)
    other = JudgedRow(NEXT, "r2", "s2", "t9", None, None, None, None, None, 70)
    async with database.writing() as db:
        await add_judged(db, [told, other])

    async with database.writing() as db:
        assert await judged_since(db, DAY) == [other, told]
        assert await judged_since(db, NEXT) == [other]
        assert await judged_since(db, DAY, route="r1") == [told]
        assert await judged_since(db, DAY, stop="s2") == [other]
        await forget_judged(db, NEXT)
        assert await judged_since(db, DAY) == [other]
