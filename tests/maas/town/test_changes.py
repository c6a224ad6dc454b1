"""A change of the rules is drafted, seen, and put in force; what held before is remembered."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest

from maas.store import bookings, commits, places, rule_changes, towns
from maas.store.bookings import BookingRow
from maas.store.database import Database
from maas.store.once import By
from maas.store.rule_changes import ChangeRow
from maas.town import changes
from maas.town.changes import Preview, Seen, Unseen
from maas.town.drafts import Draft, read_draft, wrong_in
from maas.town.imports import area_rules, import_town
from maas.town.rulebook import Rule, read_rules, write_rules
from maas.town.rules import Fault
from tests.maas.line_town import LineRoads, write_town

TODAY = date(2026, 11, 25)
BY = By("keiko", 1_000.0, "force")
APRIL = """
[[hours]]
area = "line"
valid_from = 2027-04-01
days = ["mon", "tue", "wed", "thu", "fri"]
from = "09:00"
to = "16:00"
breaks = ["12:00/13:00"]
closed = ["12-27/01-04"]
"""
ZONES = """
[[zone]]
area = "line"
valid_from = 2027-04-01
id = "west"
name = "西"
name_en = "the west"
places = ["p1", "p2", "p3"]

[[relation]]
area = "line"
valid_from = 2027-04-01
id = "west"
from = ["west"]
to = ["west"]
"""


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> Database:
    """The town on one line, imported."""
    await import_town(database, write_town(tmp_path / "town"), LineRoads(), "net")
    return database


def rules(text: str) -> Draft:
    return Draft(read_rules(text, {"line"}))


def april(text: str) -> str:
    """Return the booking rule as it is, from April on, with some lines more."""
    return f"""
[[booking]]
area = "line"
valid_from = 2027-04-01
deadline_min = 10
horizon_days = 14
window_min = 15
ride_max_factor = 1.5
ride_max_extra_min = 10
max_party = 6
boarding_s = 60
wheelchair_boarding_s = 180
alighting_s = 30
no_show_wait_min = 5
divert_until_s = 120
assumption = true
{text}
"""


async def proposed(database: Database, text: str, key: str = "k") -> ChangeRow:
    done = await changes.propose(database, "line", "春から", rules(text), By("keiko", 1.0, key))
    assert isinstance(done, int)
    return await change(database, done)


async def change(database: Database, change_id: int) -> ChangeRow:
    async with database.reading() as connection:
        row = await rule_changes.change(connection, change_id)
    assert row is not None
    return row


async def seen(database: Database, text: str) -> Preview:
    row = await proposed(database, text, text)
    async with database.reading() as connection:
        return await changes.preview(connection, row, TODAY)


async def live(database: Database) -> tuple[Rule, ...]:
    async with database.reading() as connection:
        return await changes.live_rules(connection, "line")


async def book(
    database: Database, id_: str, day: date, pickup: str, way: str = "p1>p2", *,
    riders: int = 1, state: str = "booked", member: int | None = None, at: float = 0.0,
) -> None:  # fmt: skip
    """Keep a booking, as if it had been made."""
    hour, minute = pickup.split(":")
    origin, destination = way.split(">")
    async with database.writing() as connection:
        ids = await places.place_ids(connection)
        row = BookingRow(
            id=id_, area_id="line", service_date=day, reference=id_, state=state,
            member_id=member, contact_name="", contact_phone="", origin_id=ids[origin],
            destination_id=ids[destination], riders=riders, wheelchairs=0, half_fares=0, infants=0,
            transfer=False, vehicle_id="van-1", promise_no=1,
            pickup_planned_s=int(hour) * 3600 + int(minute) * 60, arrive_planned_s=60_000,
            direct_s=60, booked_at=at, booked_by="yuki",
        )  # fmt: skip
        await bookings.add_booking(connection, row)


def no_longer(found: Preview) -> dict[str, str]:
    return {each.booking.id: each.refused.rule for each in found.affected}


async def test_a_rule_put_in_force_holds_from_its_day_and_the_old_one_before(
    town: Database,
) -> None:
    row = await proposed(town, APRIL)

    assert await changes.put_in_force(town, Seen(row.id, 1), 0, TODAY, BY) == row.id

    async with town.reading() as connection:
        held = await area_rules(connection, "line")
        history = await towns.rules_ever(connection, "line")
    assert [each.opens for each in held.hours_on(date(2027, 3, 31))] == ["08:00"]
    assert [each.opens for each in held.hours_on(date(2027, 4, 1))] == ["09:00"]
    new = next(each for each in history if each.valid_from == date(2027, 4, 1))
    assert (new.made_by, new.made_at, new.change_id) == ("keiko", 1_000.0, row.id)
    assert (await change(town, row.id)).state == "in_force"


async def test_a_rule_of_the_same_day_takes_the_place_of_the_one_before_which_is_remembered(
    town: Database,
) -> None:
    first = await proposed(town, APRIL, "a")
    await changes.put_in_force(town, Seen(first.id, 1), 0, TODAY, By("keiko", 1.0, "b"))

    second = await proposed(town, APRIL.replace("09:00", "10:00"), "c")
    await changes.put_in_force(town, Seen(second.id, 1), 0, TODAY, By("ren", 2.0, "d"))

    async with town.reading() as connection:
        held = await area_rules(connection, "line")
        history = await towns.rules_ever(connection, "line")
    assert [each.opens for each in held.hours_on(date(2027, 4, 1))] == ["10:00"]
    gone = [each for each in history if each.replaced_at is not None]
    assert [(each.body["from"], each.replaced_by, each.replaced_at) for each in gone] == [
        ("09:00", "ren", 2.0)
    ]


async def test_a_rule_that_does_not_hold_yet_can_be_withdrawn(town: Database) -> None:
    row = await proposed(town, APRIL, "a")
    await changes.put_in_force(town, Seen(row.id, 1), 0, TODAY, By("keiko", 1.0, "b"))
    before = await live(town)

    back = Draft((), (("line", "hours", "", date(2027, 4, 1)),))
    done = await changes.propose(town, "line", "やめる", back, By("keiko", 2.0, "c"))
    assert isinstance(done, int)
    assert await changes.put_in_force(town, Seen(done, 1), 0, TODAY, By("k", 3.0, "d")) == done

    assert len(await live(town)) == len(before) - 1
    async with town.reading() as connection:
        held = await area_rules(connection, "line")
    assert [each.opens for each in held.hours_on(date(2027, 4, 1))] == ["08:00"]


async def test_what_is_exported_and_imported_again_changes_nothing(town: Database) -> None:
    held = await live(town)

    row = await proposed(town, write_rules(held))

    assert row.body == {"rules": [], "withdrawn": []}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (APRIL.replace("2027-04-01", "2026-11-24"), "hours.valid_from"),
        (ZONES.replace('from = ["west"]', 'from = ["east"]'), "relation.from"),
        (ZONES.replace('"p3"', '"p99"'), "zone.places"),
    ],
)
async def test_a_draft_that_cannot_hold_is_not_put_in_force(
    town: Database, text: str, field: str
) -> None:
    row = await proposed(town, text)
    held = await live(town)

    done = await changes.put_in_force(town, Seen(row.id, 1), 0, TODAY, BY)

    assert isinstance(done, Fault)
    assert done.field == field
    assert (await change(town, row.id)).state == "draft"
    assert await live(town) == held


async def test_rules_may_change_today_but_not_yesterday(town: Database) -> None:
    held = await live(town)
    for day, wrong in ((date(2026, 11, 25), False), (date(2026, 11, 24), True)):
        draft = rules(APRIL.replace("2027-04-01", day.isoformat()))
        assert (wrong_in(draft, held, "line", TODAY, set()) is not None) is wrong


async def test_what_is_withdrawn_must_be_there(town: Database) -> None:
    draft = Draft((), (("line", "hours", "", date(2027, 5, 1)),))

    found = wrong_in(draft, await live(town), "line", TODAY, set())

    assert found is not None
    assert found.field == "withdrawn"


async def test_a_preview_names_the_fields_that_change(town: Database) -> None:
    found = await seen(town, APRIL)

    (only,) = found.differences
    assert (only.kind, only.valid_from) == ("hours", date(2027, 4, 1))
    assert {each.field: (each.before, each.after) for each in only.fields} == {
        "from": ("08:00", "09:00"),
        "to": ("17:00", "16:00"),
        "breaks": (None, ["12:00/13:00"]),
    }


async def test_a_preview_names_the_bookings_the_new_rules_would_refuse(town: Database) -> None:
    day = date(2027, 4, 1)
    await book(town, "early", day, "08:30")
    await book(town, "break", day, "12:00")
    await book(town, "kept", day, "13:00")
    await book(town, "before", date(2027, 3, 31), "08:30")
    await book(town, "gone", day, "08:30", state="cancelled")
    await book(town, "never", date(2027, 4, 3), "08:30")  # a Saturday: refused before as well

    found = await seen(town, APRIL)

    assert no_longer(found) == {"early": "hours", "break": "hours.breaks"}
    assert found.affected[0].refused.text.ja == "運行時間は9:00から16:00までです。"


async def test_a_preview_is_of_the_rules_without_those_that_are_replaced(town: Database) -> None:
    row = await proposed(town, APRIL, "a")
    await changes.put_in_force(town, Seen(row.id, 1), 0, TODAY, By("keiko", 1.0, "b"))
    await book(town, "early", date(2027, 4, 1), "09:30")

    found = await seen(town, APRIL.replace("09:00", "10:00"))

    assert no_longer(found) == {"early": "hours"}
    assert {each.field for each in found.differences[0].fields} == {"from"}


async def test_a_preview_looks_at_places_parties_and_how_often_somebody_rides(
    town: Database,
) -> None:
    day = date(2027, 4, 1)
    await book(town, "inside", day, "10:00", "p1>p3")
    await book(town, "out", day, "10:00", "p1>p4")
    await book(town, "many", day, "11:00", "p1>p2", riders=3)
    for n, at in enumerate((3.0, 1.0, 2.0)):
        await book(town, f"ride{n}", day, f"{13 + n}:00", "p2>p1", member=1, at=at)

    found = await seen(
        town, ZONES + april("max_rides_a_day = 2").replace("max_party = 6", "max_party = 2")
    )

    assert no_longer(found) == {
        "out": "zone",
        "many": "booking.max_party",
        "ride0": "booking.max_rides_a_day",  # the one booked last
    }


async def test_members_only_counts_for_bookings_of_nobody_we_know(town: Database) -> None:
    await book(town, "stranger", date(2027, 4, 1), "10:00")
    await book(town, "member", date(2027, 4, 1), "10:00", member=1)

    found = await seen(town, april("members_only = true"))

    assert no_longer(found) == {"stranger": "booking.members_only"}


async def test_nobody_puts_in_force_what_nobody_has_seen(town: Database) -> None:
    row = await proposed(town, APRIL)
    await book(town, "early", date(2027, 4, 1), "08:30")

    assert await changes.put_in_force(town, Seen(row.id, 1), 0, TODAY, BY) == Unseen(1)
    assert (await change(town, row.id)).state == "draft"
    assert await changes.put_in_force(town, Seen(row.id, 1), 1, TODAY, BY) == row.id


async def test_a_draft_changed_meanwhile_is_not_put_in_force(town: Database) -> None:
    row = await proposed(town, APRIL)
    again = rules(APRIL.replace("09:00", "10:00"))
    assert await changes.redraft(town, Seen(row.id, 1), "x", again, By("ren", 2.0, "r")) == row.id

    assert await changes.put_in_force(town, Seen(row.id, 1), 0, TODAY, BY) == "rules-moved"
    late = await changes.redraft(town, Seen(row.id, 1), "y", again, By("ren", 2.0, "s"))
    assert late == "rules-moved"

    read = read_draft((await change(town, row.id)).body, "line")
    assert isinstance(read, Draft)
    assert read.rules == again.rules


async def test_a_discarded_draft_is_never_in_force(town: Database) -> None:
    row = await proposed(town, APRIL)

    assert await changes.discard(town, Seen(row.id, 1), By("keiko", 2.0, "x")) == row.id

    assert await changes.put_in_force(town, Seen(row.id, 2), 0, TODAY, BY) == "rules-moved"


async def test_each_command_is_done_once_for_its_key_and_audited(town: Database) -> None:
    row = await proposed(town, APRIL)
    assert (await proposed(town, APRIL)).id == row.id
    other = await changes.propose(town, "line", "x", rules(ZONES), By("keiko", 5.0, "k"))
    assert other == "key-reused"

    once = [await changes.put_in_force(town, Seen(row.id, 1), 0, TODAY, BY) for _ in range(2)]

    assert once == [row.id, row.id]
    async with town.reading() as connection:
        assert await commits.audit_break(connection) is None
        assert len(await towns.rules_ever(connection, "line")) == 4


async def test_of_two_who_put_a_draft_in_force_one_does(town: Database) -> None:
    row = await proposed(town, APRIL)

    both = await asyncio.gather(
        *(
            changes.put_in_force(town, Seen(row.id, 1), 0, TODAY, By(name, 5.0, name))
            for name in ("keiko", "ren")
        )
    )

    assert sorted(map(str, both)) == [str(row.id), "rules-moved"]
    assert sum(rule.valid_from == date(2027, 4, 1) for _, rule in await live(town)) == 1


async def test_of_two_changes_of_the_same_rule_at_once_the_later_one_holds(
    town: Database,
) -> None:
    rows = [
        await proposed(town, APRIL.replace("09:00", f"09:{minute:02d}"), str(minute))
        for minute in range(8)
    ]

    await asyncio.gather(
        *(
            changes.put_in_force(town, Seen(row.id, 1), 0, TODAY, By("keiko", 5.0, f"f{row.id}"))
            for row in rows
        )
    )

    assert [(await change(town, row.id)).state for row in rows] == ["in_force"] * len(rows)
    assert sum(rule.valid_from == date(2027, 4, 1) for _, rule in await live(town)) == 1


async def test_an_import_leaves_equal_rules_alone_and_remembers_the_others(
    town: Database, tmp_path: Path
) -> None:
    async with town.reading() as connection:
        before = await towns.rules_ever(connection, "line")
    folder = write_town(tmp_path / "again")
    text = (folder / "town.toml").read_text(encoding="utf-8")
    (folder / "town.toml").write_text(text.replace('from = "08:00"', 'from = "07:00"'), "utf-8")

    await import_town(town, folder, LineRoads(), "net")

    async with town.reading() as connection:
        rows = await towns.rules_ever(connection, "line")
    kept = {row.id for row in rows if row.replaced_at is None}
    assert len(rows) == len(before) + 1
    assert len(kept & {row.id for row in before}) == len(before) - 1
    assert [row.body["from"] for row in rows if row.replaced_by == "import"] == ["08:00"]


async def test_an_import_leaves_what_people_have_decided(town: Database, tmp_path: Path) -> None:
    """The imported hours were replaced, those of April were withdrawn, a zone was put in force."""
    folder = write_town(tmp_path / "again")
    file = folder / "town.toml"
    file.write_text(file.read_text(encoding="utf-8") + APRIL, encoding="utf-8")
    await import_town(town, folder, LineRoads(), "net")
    today = APRIL.replace("2027-04-01", TODAY.isoformat())
    drafts = (rules(today + ZONES), Draft((), (("line", "hours", "", date(2027, 4, 1)),)))
    for n, draft in enumerate(drafts):
        done = await changes.propose(town, "line", "x", draft, By("keiko", 2.0, f"a{n}"))
        assert isinstance(done, int)
        forced = By("keiko", 3.0, f"b{n}")
        assert await changes.put_in_force(town, Seen(done, 1), 0, TODAY, forced) == done
    held = await live(town)

    report = await import_town(town, folder, LineRoads(), "net")

    assert await live(town) == held
    assert report.decided == ("hours 2027-04-01",)
