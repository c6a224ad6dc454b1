"""A session lasts a shift at most, half an hour unused, and no longer than its account."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import select, update

from maas.auth.devices import enrol_code, enrol_device
from maas.auth.passwords import hash_password, verify_password
from maas.auth.roles import GRANTS, Permission, Role, allowed
from maas.auth.sessions import (
    ABSOLUTE_S,
    IDLE_S,
    close_session,
    find_session,
    note_use,
    open_session,
)
from maas.auth.staff import Person, add_staff, find_by_password
from maas.store.database import Database
from maas.store.tables import sessions, staff

HANA = Person("hana", "花", Role.OPERATOR, None)
NOW_S = 1_000_000.0


@pytest.fixture
async def token(database: Database) -> str:
    """A session of hana begun at NOW_S."""
    async with database.writing() as db:
        await add_staff(db, HANA, "correct horse")
        return await open_session(db, "hana", NOW_S)


async def test_a_session_names_its_person(database: Database, token: str) -> None:
    async with database.reading() as db:
        assert await find_session(db, token, NOW_S + 1) == (HANA, NOW_S)
        assert await find_session(db, token + "x", NOW_S + 1) is None


async def test_the_database_holds_no_token_that_could_be_used(
    database: Database, token: str
) -> None:
    async with database.reading() as db:
        kept = await db.scalar(select(sessions.c.id_hash))
    assert kept == hashlib.sha256(token.encode()).hexdigest()
    assert len(token) >= 43  # 256 bits in base64


async def test_a_session_ends_after_half_an_hour_unused(database: Database, token: str) -> None:
    async with database.reading() as db:
        assert await find_session(db, token, NOW_S + IDLE_S - 1) is not None
        assert await find_session(db, token, NOW_S + IDLE_S) is None


async def test_use_keeps_a_session_but_not_past_the_shift(database: Database, token: str) -> None:
    async with database.writing() as db:
        await note_use(db, token, NOW_S + IDLE_S - 1)
        assert await find_session(db, token, NOW_S + IDLE_S + 60) is not None
        await note_use(db, token, NOW_S + ABSOLUTE_S - 1)
        assert await find_session(db, token, NOW_S + ABSOLUTE_S) is None


async def test_signing_out_ends_it(database: Database, token: str) -> None:
    async with database.writing() as db:
        await close_session(db, token)
        assert await find_session(db, token, NOW_S + 1) is None


async def test_disabling_an_account_or_changing_its_password_ends_it(
    database: Database, token: str
) -> None:
    async with database.writing() as db:
        await db.execute(update(staff).values(disabled=True))
        assert await find_session(db, token, NOW_S + 1) is None
        assert await find_by_password(db, "hana", "correct horse") is None
        await add_staff(db, HANA, "battery staple")
        assert await find_session(db, token, NOW_S + 1) is None
        assert await find_by_password(db, "hana", "battery staple") == HANA
        assert await find_by_password(db, "hana", "correct horse") is None


async def test_a_new_session_sweeps_out_those_that_are_over(database: Database, token: str) -> None:
    async with database.writing() as db:
        await open_session(db, "hana", NOW_S + IDLE_S + 1)
        kept = (await db.scalars(select(sessions.c.created_at))).all()
    assert kept == [NOW_S + IDLE_S + 1]


def test_passwords_are_kept_as_argon2_with_a_salt_of_their_own() -> None:
    one, other = hash_password("secret"), hash_password("secret")
    assert one != other
    assert one.startswith("$argon2id$v=19$m=19456,t=2")
    assert verify_password("secret", one)
    assert not verify_password("Secret", one)
    assert not verify_password("nobody has this password", None)


def test_what_the_table_of_roles_does_not_list_is_refused() -> None:
    unlisted = set(Permission) - set(GRANTS)
    by_themselves = {
        Permission.PUBLIC, Permission.DEVICE, Permission.VEHICLE, Permission.MACHINE,
        Permission.RIDER, Permission.LINK, Permission.SIGN,
    }  # fmt: skip
    assert unlisted == by_themselves
    assert not any(allowed(role, permission) for role in Role for permission in unlisted)
    assert not allowed(Role.DRIVER, Permission.READ_PEOPLE)
    assert not allowed(Role.PLANNER, Permission.READ_BOOKINGS)


async def test_an_unknown_vehicle_gets_no_device(database: Database) -> None:
    async with database.writing() as db:
        assert await enrol_device(db, "ghost", NOW_S) is None
        assert await enrol_code(db, "ghost", NOW_S) is None
