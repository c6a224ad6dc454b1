"""What is known of people lies sealed in the database, and opens with its key and column alone."""

from __future__ import annotations

import json
import os
import stat
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select, text, update

from maas.rotation import open_sealed, rotate
from maas.settings import Settings
from maas.store.calls import CallRow, add_call, call
from maas.store.commits import AuditEntry, add_audit, audit_break
from maas.store.database import Database, open_database, upgrade
from maas.store.members import Contact, MemberRow, Phone, add_member, all_members, save_member
from maas.store.retention import forget_callers
from maas.store.sealed import MARK, Keys, SealedJson, SealedLine, SealError
from maas.store.sealing import _seal_row, count_old, sealed_columns
from maas.store.tables import members, metadata

ONE, OTHER = "11" * 32, "22" * 32
CANARY = "金糸雀000-000-0123"
WHO = MemberRow(
    id=0, number="0001", name=CANARY, kana=CANARY, phone=CANARY, birth_year=1940, address=CANARY,
    oaza="東", home_place_id=None, tags=(), notes=CANARY, favourites=(), language="ja",
    phones=(Phone(CANARY, "娘"),), email=CANARY, line_id=CANARY,
    contacts=(Contact(CANARY, "娘", CANARY, CANARY),),
)  # fmt: skip


def keys(*raw: str) -> Keys:
    return Keys(lambda: raw)


@given(st.text(min_size=1))
def test_what_is_sealed_opens_and_looks_different_every_time(words: str) -> None:
    ring = keys(ONE)
    first, second = ring.seal(words, "a"), ring.seal(words, "a")
    assert first != second
    assert ring.open(first, "a") == ring.open(second, "a") == words
    assert len(words) < 4 or words not in first


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_value_that_was_changed_does_not_open(where: int, change: int) -> None:
    ring = keys(ONE)
    sealed = ring.seal("000-000-0001", "a")
    at = len(MARK) + where % (len(sealed) - len(MARK))
    changed = sealed[:at] + chr((ord(sealed[at]) + change) % 128) + sealed[at + 1 :]
    if changed == sealed:
        return
    with pytest.raises(SealError):
        ring.open(changed, "a")


def test_not_even_bits_that_mean_nothing_may_change() -> None:
    sealed = keys(ONE).seal("000-000-0001", "a")
    last = sealed.rstrip("=")[-1]
    twin = chr(ord(last) + 1)  # 40 bytes leave four bits of the last letter unused
    with pytest.raises(SealError):
        keys(ONE).open(sealed.rstrip("=")[:-1] + twin + "==", "a")


def test_a_value_opens_in_its_own_column_and_with_its_own_key_alone() -> None:
    sealed = keys(ONE).seal("000-000-0001", "members.phone")
    with pytest.raises(SealError):
        keys(ONE).open(sealed, "calls.number")
    with pytest.raises(SealError):
        keys(OTHER).open(sealed, "members.phone")
    assert keys(OTHER, ONE).open(sealed, "members.phone") == "000-000-0001"


@pytest.mark.parametrize("raw", [(), ("ab",), ("xyz",)])
def test_keys_that_are_none_are_refused(raw: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        keys(*raw)


@pytest.fixture
async def sealed(database_url: str) -> Any:  # noqa: ANN401 -- a database until the test ends
    opened = open_database(database_url, keys=keys(ONE))
    yield opened
    await opened.close()


async def lying(database: Database) -> str:
    """Return every value of the personal columns as it lies on the disk."""
    found = []
    async with database.reading() as db:
        for table, columns in sealed_columns():
            names = ", ".join(f"CAST({column.name} AS TEXT)" for column in columns)
            rows = await db.execute(text(f"SELECT {names} FROM {table.name}"))  # noqa: S608
            found += [str(tuple(row)) for row in rows]
    return "\n".join(found)


async def test_a_member_lies_sealed_and_is_read_as_written(sealed: Database) -> None:
    async with sealed.writing() as db:
        number = await add_member(db, WHO)
        await save_member(db, MemberRow(**{**_fields(WHO), "id": number}))
        await add_call(db, CallRow("c1", CANARY, "ringing", 1.0))
    async with sealed.reading() as db:
        (found,) = await all_members(db)
        rang = await call(db, "c1")
    assert _fields(found) == {**_fields(WHO), "id": number}
    assert rang is not None
    assert rang.number == CANARY
    assert CANARY not in await lying(sealed)
    assert json.dumps(CANARY) not in await lying(sealed)


def _fields(row: MemberRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in MemberRow.__slots__}


async def test_what_is_empty_stays_so_for_queries(sealed: Database) -> None:
    async with sealed.writing() as db:
        await add_call(db, CallRow("c1", CANARY, "ended", 1.0))
        await add_call(db, CallRow("c2", "", "ended", 1.0))
        assert await forget_callers(db, 2.0) == 1
        assert await forget_callers(db, 2.0) == 0


async def test_who_swaps_two_sealed_columns_is_found_out(sealed: Database) -> None:
    async with sealed.writing() as db:
        await add_member(db, WHO)
        await db.execute(text("UPDATE members SET phone = address"))
    async with sealed.reading() as db:
        with pytest.raises(SealError, match=r"members\.phone"):
            await all_members(db)


def settings_at(folder: Path, **more: Any) -> Settings:  # noqa: ANN401
    return Settings(data_dir=folder, **more)


async def member_in(settings: Settings) -> MemberRow:
    database = open_database(settings.database, keys=Keys(settings.sealing_keys))
    async with database.reading() as db:
        (found,) = await all_members(db)
    await database.close()
    return found


async def test_an_old_database_is_sealed_and_keys_are_rotated(
    sqlite_url: str, tmp_path: Path
) -> None:
    plain = open_database(sqlite_url)
    async with plain.writing() as db:
        await add_member(db, WHO)
    assert CANARY in await lying(plain)
    settings = settings_at(tmp_path)
    assert (await member_in(settings)).phone == CANARY  # still unsealed, and read all the same

    first = settings.sealing_keys()
    assert stat.S_IMODE(os.stat(tmp_path / "personal-keys").st_mode) == 0o600  # noqa: PTH116
    assert await rotate(settings, drop_old=False) == (1, 2)
    assert CANARY not in await lying(plain)
    assert settings.sealing_keys()[1:] == first
    assert (await member_in(settings)).contacts == WHO.contacts
    assert await rotate(settings, drop_old=True) == (0, 1)
    assert stat.S_IMODE(os.stat(tmp_path / "personal-keys").st_mode) == 0o600  # noqa: PTH116
    assert (await member_in(settings)).notes == CANARY
    await plain.close()


async def test_what_an_older_program_left_unsealed_is_sealed_by_the_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_at(tmp_path)
    plain = open_database(settings.database)
    await upgrade(settings.database)
    async with plain.writing() as db:
        await add_member(db, WHO)
        await add_audit(db, AuditEntry(1.0, "x", "booking.made", "b", CANARY))
    await (await open_sealed(settings)).close()
    assert CANARY in await lying(plain)  # in the newest schema already: nothing was asked of it
    async with plain.writing() as db:
        await db.execute(text("UPDATE alembic_version SET version_num = '0030'"))
    monkeypatch.setattr("maas.store.database._migrate", lambda _connection: None)
    monkeypatch.setattr("maas.store.database.newest_revision", lambda: "later")
    opened = await open_sealed(settings)
    assert CANARY not in await lying(plain)
    async with opened.reading() as db:
        assert await audit_break(db) is None
        (found,) = await all_members(db)
    assert _fields(found) == {**_fields(WHO), "id": found.id}
    await opened.close()
    await plain.close()


class PowerCutError(Exception):
    """The machine stops."""


@pytest.mark.parametrize("after", [0, 1, 3])
async def test_a_change_of_keys_that_is_cut_short_loses_nothing_and_is_done_again(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    settings = settings_at(tmp_path, database_url=database_url)
    opened = open_database(database_url, keys=Keys(settings.sealing_keys))
    async with opened.writing() as db:
        for number in range(5):
            await add_member(db, MemberRow(**{**_fields(WHO), "number": f"{number:04}"}))
    rows = count()

    async def cut(*row: Any) -> int:  # noqa: ANN401 -- as it comes
        if next(rows) == after:
            raise PowerCutError
        return await _seal_row(*row)

    with monkeypatch.context() as patch:
        patch.setattr("maas.store.sealing.BATCH", 1)
        patch.setattr("maas.store.sealing._seal_row", cut)
        with pytest.raises(PowerCutError):
            await rotate(settings, drop_old=False)
    old, new = settings.sealing_keys()[1:], settings.sealing_keys()[:1]
    assert (len(old), len(new)) == (1, 1)  # nothing that may still be needed is forgotten
    assert await count_old(opened, Keys(settings.sealing_keys)) == 5 - after
    async with opened.reading() as db:
        assert {row.notes for row in await all_members(db)} == {CANARY}
    assert await rotate(settings, drop_old=True) == (5 - after, 1)
    assert settings.sealing_keys() == new
    last = open_database(database_url, keys=keys(*new))
    async with last.reading() as db:
        assert {row.notes for row in await all_members(db)} == {CANARY}
    await last.close()
    await opened.close()


async def test_any_byte_of_a_sealed_audit_that_is_changed_is_found(sealed: Database) -> None:
    async with sealed.writing() as db:
        for number in range(3):
            await add_audit(db, AuditEntry(1.5, "x", "handover", f"{number}", CANARY))
        assert await audit_break(db) is None
        lies = str(await db.scalar(text("SELECT detail FROM audit WHERE seq = 2")))
        assert CANARY not in lies
        change = text("UPDATE audit SET detail = :detail WHERE seq = 2")
        for at in range(len(lies)):
            flipped = lies[:at] + chr(ord(lies[at]) ^ 1) + lies[at + 1 :]
            await db.execute(change, {"detail": flipped})
            assert await audit_break(db) == 2, at
        await db.execute(change, {"detail": CANARY + " "})
        assert await audit_break(db) == 2
        await db.execute(change, {"detail": lies})
        assert await audit_break(db) is None


async def test_a_server_that_runs_reads_the_new_key_by_itself(
    sqlite_url: str, tmp_path: Path
) -> None:
    settings = settings_at(tmp_path)
    server = open_database(sqlite_url, keys=Keys(settings.sealing_keys))
    async with server.writing() as db:
        await add_member(db, WHO)
    await rotate(settings, drop_old=False)
    async with server.reading() as db:
        assert (await all_members(db))[0].phone == CANARY
    await server.close()


async def test_keys_of_the_environment_are_not_kept_in_a_file(
    sqlite_url: str, tmp_path: Path
) -> None:
    old = settings_at(tmp_path, personal_keys=SecretStr(ONE))
    database = open_database(sqlite_url, keys=Keys(old.sealing_keys))
    async with database.writing() as db:
        await add_member(db, WHO)
    both = settings_at(tmp_path, personal_keys=SecretStr(f"{OTHER},{ONE}"))
    assert await rotate(both, drop_old=False) == (1, 2)
    only = settings_at(tmp_path, personal_keys=SecretStr(OTHER))
    assert (await member_in(only)).phone == CANARY
    assert not (tmp_path / "personal-keys").exists()
    with pytest.raises(ValueError, match="MAAS_PERSONAL_KEYS"):
        await rotate(both, drop_old=True)
    await database.close()


def test_every_column_that_names_or_reaches_a_person_is_sealed() -> None:
    personal = {"phone", "phones", "kana", "contacts", "contact_name", "contact_phone", "email"}
    open_ones = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name in personal and not isinstance(column.type, SealedLine | SealedJson)
    }
    assert open_ones == {"places.kana"}  # a place is no person


async def test_two_thousand_members_open_in_a_moment(sqlite_url: str) -> None:
    ring = keys(ONE)
    database = open_database(sqlite_url, keys=ring)
    async with database.writing() as db:
        for number in range(2000):
            await add_member(db, MemberRow(**{**_fields(WHO), "number": f"{number:05}"}))
    began = time.process_time()
    async with database.reading() as db:
        assert len(await all_members(db)) == 2000
    assert time.process_time() - began < 2.0
    assert await count_old(database, ring) == 0
    async with database.writing() as db:
        await db.execute(update(members).where(members.c.number == "00007").values(phone="1"))
        assert await db.scalar(select(members.c.phone).where(members.c.number == "00007")) == "1"
    await database.close()
