"""The lists in memory: who may find what, and following what others do to members."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from maas import directory
from maas.directory import Directory, follow, read_directory
from maas.people import desk, intake
from maas.people.desk import Ground
from maas.people.forms import Form
from maas.people.papers import read_papers
from maas.store import places
from maas.store.commits import AuditEntry, add_audit
from maas.store.database import Database
from maas.store.once import By, Done
from maas.town.imports import import_town
from tests.maas.line_town import write_town

GROUND = Ground((34.0, 133.0, 35.0, 134.0))


@pytest.fixture
async def before(database: Database, tmp_path: Path) -> Directory:
    await import_town(database, write_town(tmp_path / "town"))
    return await read_directory(database)


async def test_homes_are_not_public_and_a_spot_on_the_road_is_found_by_nobody(
    database: Database, before: Directory
) -> None:
    spot = replace(before.place_by_id[1], code="spot:1", name="路肩", kana="ろかた", kind="spot")
    async with database.writing() as connection:
        number = await places.add_place(connection, spot)
    now = await read_directory(database)
    assert number in now.place_by_id
    for index in (now.public_places, now.all_places):
        assert index.search("ろかた") == []
    assert now.public_places.search("ごじたく") == []
    assert len(now.all_places.search("ごじたく")) == 2


async def test_what_was_done_to_members_elsewhere_is_followed(
    database: Database, before: Directory
) -> None:
    assert await follow(database, before) is before
    form = Form(name="見本 月", kana="みほん つき", lat=34.85, lon=133.65)
    made = await desk.register(database, form, By("x", 1.0, "a"), GROUND)
    assert isinstance(made, Done)
    now = await follow(database, before)
    (found,) = now.riders.search("みほん つ")
    assert now.place_by_id[found.home_place_id or 0].kind == "home"
    assert [row.id for row in now.riders.others_than(before.riders)] == [made.answer]
    assert len(now.all_places.search("ごじたく")) == 3

    await desk.merge(database, 2, made.answer, By("x", 2.0, "b"))
    merged = await follow(database, now)
    assert merged.member_by_id[2].id == made.answer
    others = merged.riders.others_than(now.riders)
    assert {(row.id, row.number) for row in others} == {(2, "1003"), (made.answer, "1003")}


@pytest.mark.parametrize("most", [0, 500])
async def test_many_changes_are_read_together(
    database: Database, before: Directory, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(directory, "ONE_BY_ONE", most)
    await desk.change(database, 1, Form(kana="かわった"), By("x", 1.0, "a"), GROUND)
    now = await follow(database, before)
    assert [row.id for row in now.riders.search("かわった")] == [1]

    papers = read_papers(b"name\nabc\n", {}, lambda form: desk.checked(form, GROUND))
    await intake.take(database, papers, By("x", 2.0, "b"), GROUND)
    assert [row.number for row in (await follow(database, now)).riders.search("abc")] == ["1003"]


async def test_what_is_done_to_others_than_members_changes_no_list(
    database: Database, before: Directory
) -> None:
    async with database.writing() as connection:
        await add_audit(connection, AuditEntry(1.0, "x", "booking.made", "b1", "{}"))
    now = await follow(database, before)
    assert now.seq == before.seq + 1
    assert now.riders is before.riders
