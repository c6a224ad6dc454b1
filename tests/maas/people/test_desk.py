"""Registering, changing, noting and merging: once for a key, audited, on both databases."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from maas.people import desk
from maas.people.desk import Ground, Known
from maas.people.forms import Form
from maas.store import bookings, members, merging, places, plans, vouchers
from maas.store.bookings import BookingRow
from maas.store.commits import audit_break
from maas.store.database import Database
from maas.store.members import Contact, MemberRow
from maas.store.once import By, Done
from maas.store.tables import audit, metadata, vehicle_plans, voucher_months
from maas.store.vouchers import VoucherRow
from maas.town.imports import import_town
from tests.maas.line_town import LAT, LON, LineRoads, write_town

GROUND = Ground((34.0, 133.0, 35.0, 134.0), LineRoads(), "net")
CALLER = Form(name="見本 月", kana="みほん つき", phone="０００-０００-０００９")
DAY = dt.date(2026, 11, 25)
BOOKED = BookingRow(
    id="", area_id="line", service_date=DAY, reference="", state="booked", member_id=None,
    contact_name="", contact_phone="", origin_id=1, destination_id=2, riders=1, wheelchairs=0,
    half_fares=0, infants=0, transfer=False, vehicle_id="van-1", promise_no=1,
    pickup_planned_s=36000, arrive_planned_s=36600, direct_s=600, booked_at=0.0, booked_by="x",
)  # fmt: skip


def by(key: str, now: float = 1000.0) -> By:
    return By("operator", now, key)


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> Database:
    await import_town(database, write_town(tmp_path / "town"), LineRoads(), "net")
    return database


async def row_of(database: Database, member_id: int) -> MemberRow:
    async with database.reading() as connection:
        found = await members.member(connection, member_id)
    assert found is not None
    return found


async def actions(database: Database) -> Sequence[tuple[str, str, str]]:
    async with database.reading() as connection:
        rows = await connection.execute(select(audit).order_by(audit.c.seq))
        assert await audit_break(connection) is None
        return [(row.action, row.actor, row.detail) for row in rows]


async def test_a_name_and_a_telephone_are_a_provisional_member(town: Database) -> None:
    done = await desk.register(town, CALLER, by("a"), GROUND)
    assert isinstance(done, Done)
    row = await row_of(town, done.answer)
    assert (row.number, row.kana, row.phone) == ("1003", "みほん つき", "000-000-0009")
    assert (row.provisional, row.home_place_id) == (True, None)


async def test_somebody_with_a_home_is_a_member_beside_the_road(town: Database) -> None:
    form = replace(CALLER, lat=LAT, lon=LON + 0.025, address="2番地", aids=("walker",))
    done = await desk.register(town, form, by("a"), GROUND)
    assert isinstance(done, Done)
    row = await row_of(town, done.answer)
    async with town.reading() as connection:
        home = await places.place(connection, row.home_place_id or 0)
    assert home is not None
    assert (row.provisional, row.aids, home.address) == (False, ("walker",), "2番地")
    assert (home.kind, home.anchor, home.network) == ("home", "2:0.500000", "net")


async def test_a_command_sent_twice_is_done_once_and_its_key_is_good_for_nothing_else(
    town: Database,
) -> None:
    first, again = await asyncio.gather(
        *(desk.register(town, CALLER, by("a"), GROUND) for _ in range(2))
    )
    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert first.answer == again.answer
    other = replace(CALLER, name="標本")
    assert await desk.register(town, other, by("a"), GROUND) == "key-reused"
    assert [action for action, _, _ in await actions(town)] == ["member.registered"]


async def test_people_who_register_at_once_get_numbers_of_their_own(town: Database) -> None:
    made = await asyncio.gather(
        *(desk.register(town, CALLER, by(str(n)), GROUND) for n in range(4))
    )
    rows = [await row_of(town, done.answer) for done in made if isinstance(done, Done)]
    assert sorted(row.number for row in rows) == ["1003", "1004", "1005", "1006"]


async def test_the_audit_tells_who_wrote_which_fields_but_not_what(town: Database) -> None:
    await desk.register(town, CALLER, by("a"), GROUND)
    ((action, actor, detail),) = await actions(town)
    assert (action, actor) == ("member.registered", "operator")
    assert json.loads(detail) == ["kana", "name", "phone"]


async def test_somebody_known_is_shown_before_they_are_there_twice(town: Database) -> None:
    first = await desk.register(town, CALLER, by("a"), GROUND)
    assert isinstance(first, Done)
    known = await row_of(town, first.answer)
    again = await desk.register(town, CALLER, by("b"), GROUND, sharing=[known])
    assert again == Known((known,))
    assert isinstance(await desk.register(town, CALLER, by("b"), GROUND), Done)


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (Form(kana="みほん"), "name"),
        (replace(CALLER, phone="12"), "phone"),
        (replace(CALLER, lat=10.0, lon=10.0), "outside"),
        (replace(CALLER, contacts=(Contact("娘", watch=True),)), "consent"),
    ],
)
async def test_a_form_with_a_fault_registers_nobody(town: Database, form: Form, why: str) -> None:
    found = await desk.register(town, form, by("a"), GROUND)
    assert isinstance(found, list)
    assert [fault.why for fault in found] == [why]
    async with town.reading() as connection:
        assert len(await members.all_members(connection)) == 2
    assert await actions(town) == []


async def test_a_new_home_is_a_new_place_and_old_rides_keep_theirs(town: Database) -> None:
    before = await row_of(town, 1)
    form = Form(lat=LAT, lon=LON + 0.07, address="7番地")
    assert isinstance(await desk.change(town, 1, form, by("a"), GROUND), Done)
    after = await row_of(town, 1)
    async with town.reading() as connection:
        old = await places.place(connection, before.home_place_id or 0)
        new = await places.place(connection, after.home_place_id or 0)
    assert old is not None
    assert new is not None
    assert (old.lon, new.lon) == (LON + 0.01, LON + 0.07)
    assert (after.name, after.address) == (before.name, "7番地")


async def test_nobody_hears_of_a_ride_without_consent_and_consent_can_be_taken_back(
    town: Database,
) -> None:
    daughter = Contact("娘", phone="000-000-0008", watch=True)
    form = Form(contacts=(daughter,))
    faults = await desk.change(town, 1, form, by("a"), GROUND)
    assert isinstance(faults, list)
    assert [fault.why for fault in faults] == ["consent"]
    assert (await row_of(town, 1)).contacts == ()

    await desk.change(town, 1, form, by("b"), GROUND, how="電話で確認")
    same = await desk.change(town, 1, replace(form, notes="x"), by("c"), GROUND)
    assert isinstance(same, Done)
    stop = Form(contacts=(replace(daughter, watch=False),))
    await desk.change(town, 1, stop, by("d"), GROUND, how="窓口")

    async with town.reading() as connection:
        said = await members.consents_of(connection, 1)
    assert [(row.given, row.how, row.recipient) for row in said] == [
        (True, "電話で確認", "娘 000-000-0008"),
        (False, "窓口", "娘 000-000-0008"),
    ]


async def test_notes_are_kept_with_their_author_the_newest_first(town: Database) -> None:
    for key, text in (("a", "門の前"), ("b", "耳が遠い"), ("b", "耳が遠い")):
        assert isinstance(await desk.add_note(town, 1, text, by(key)), Done)
    assert await desk.add_note(town, 99, "x", by("c")) == "not-found"
    async with town.reading() as connection:
        notes = await members.notes_of(connection, 1)
    assert [(note.author, note.text) for note in notes] == [
        ("operator", "耳が遠い"), ("operator", "門の前")
    ]  # fmt: skip


async def _lay(town: Database) -> None:
    """Give both members a booking, a voucher, a note and vouchers spent in a month."""
    async with town.writing() as connection:
        for member_id in (1, 2):
            name = str(member_id)
            row = replace(BOOKED, id=name, member_id=member_id, reference=name)
            await bookings.add_booking(connection, row)
            ticket = VoucherRow(
                name, "taxi", "ticket", member_id, 500, 500, "open", DAY, None, 1, 0.0, "x"
            )
            await vouchers.issue(connection, [ticket])
            await members.add_note(connection, members.NoteRow(member_id, 1.0, "x", name))
            months = {"member_id": member_id, "kind": "taxi", "used": member_id}
            both = [months | {"month": "2026-11"}, months | {"month": f"2026-0{member_id}"}]
            await connection.execute(insert(voucher_months), both)
        plan = {"vehicle_id": "van-1", "service_date": DAY, "version": 5, "stops": []}
        other = plan | {"service_date": DAY + dt.timedelta(1), "version": 3}
        await connection.execute(insert(vehicle_plans), [plan, other])


async def test_everything_of_a_double_follows_and_days_in_memory_are_read_again(
    town: Database,
) -> None:
    await _lay(town)
    assert await desk.merge(town, 2, 1, by("a")) == Done(
        ("2", "1"), 1, {"gone": "1002", "kept": "1001"}
    )
    async with town.reading() as connection:
        rows = await bookings.bookings_on(connection, DAY)
        assert [row.member_id for row in rows] == [1, 1]
        assert [row.id for row in await vouchers.of_member(connection, 1)] == ["1", "2"]
        assert [note.text for note in await members.notes_of(connection, 1)] == ["2", "1"]
        used = await connection.execute(select(voucher_months))
        spent = {(row.member_id, row.month): row.used for row in used}
        assert spent == {(1, "2026-11"): 3, (1, "2026-01"): 1, (1, "2026-02"): 2}
        versions = {
            day: await plans.versions_on(connection, "line", day)
            for day in (DAY, DAY + dt.timedelta(1))
        }
    assert list(versions.values()) == [{"van-1": 6}, {"van-1": 3}]
    gone, kept = await row_of(town, 2), await row_of(town, 1)
    assert (gone.merged_into, kept.merged_into) == (1, None)
    assert [phone.number for phone in kept.phones] == [gone.phone]
    assert [entry[0] for entry in await actions(town)] == ["member.merged", "member.merged"]


async def test_a_merge_is_done_once_and_never_in_a_ring(town: Database) -> None:
    third = await desk.register(town, CALLER, by("x"), GROUND)
    assert isinstance(third, Done)
    assert await desk.merge(town, 1, 1, by("a")) == "bad-merge"
    assert await desk.merge(town, 1, 99, by("b")) == "not-found"
    assert isinstance(await desk.merge(town, 2, 1, by("c")), Done)
    assert await desk.merge(town, 2, 1, by("d")) == Done((), 1)
    assert await desk.merge(town, 1, 2, by("e")) == "bad-merge"
    assert await desk.merge(town, 2, third.answer, by("f")) == "bad-merge"
    assert await desk.change(town, 2, Form(notes="x"), by("g"), GROUND) == "not-found"

    assert isinstance(await desk.merge(town, 1, third.answer, by("h")), Done)
    assert (await row_of(town, 2)).merged_into == third.answer


async def test_what_is_booked_for_a_card_that_is_gone_follows_later(town: Database) -> None:
    await desk.merge(town, 2, 1, by("a"))
    assert await desk.sweep(town, 5.0) == 0
    await _lay(town)
    assert await desk.sweep(town, 6.0) == 1
    assert await desk.sweep(town, 7.0) == 0
    async with town.reading() as connection:
        rows = await bookings.bookings_on(connection, DAY)
        assert [row.member_id for row in rows] == [1, 1]
        assert (await plans.versions_on(connection, "line", DAY)) == {"van-1": 6}
    assert [entry[0] for entry in await actions(town)][-1] == "member.swept"


async def test_two_who_merge_each_other_at_once_leave_one(town: Database) -> None:
    answers = await asyncio.gather(desk.merge(town, 2, 1, by("a")), desk.merge(town, 1, 2, by("b")))
    assert sorted(isinstance(answer, Done) for answer in answers) == [False, True]


async def test_importing_the_town_again_leaves_what_only_the_desk_writes(
    town: Database, tmp_path: Path
) -> None:
    daughter = Contact("娘", phone="000-000-0008", watch=True)
    said = Form(aids=("walker",), contacts=(daughter,), phone="000-000-0007", confirm_by="sms")
    assert isinstance(await desk.change(town, 1, said, by("a"), GROUND, how="電話"), Done)
    await desk.merge(town, 2, 1, by("b"))

    await import_town(town, tmp_path / "town", LineRoads(), "net")

    row = await row_of(town, 1)
    assert (row.contacts, row.aids, row.confirm_by) == ((daughter,), ("walker",), "sms")
    assert row.phone == "000-000-1001"
    assert (await row_of(town, 2)).merged_into == 1


def test_a_table_that_knows_members_follows_them() -> None:
    """A table with a key of its own on members has to be named in `merging.COUNTED`."""
    for table in merging.following():
        unique = {column.name for column in table.primary_key}
        assert "member_id" not in unique, table.name
    pointing = {
        table.name
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "members" and table.name != "members"
    }
    assert pointing <= {table.name for table in merging.following()} | merging.COUNTED
