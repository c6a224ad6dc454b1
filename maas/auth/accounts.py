"""Staff accounts as an administrator keeps them: opened, changed, given a new password, closed."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.auth.guessed import is_guessed
from maas.auth.passwords import hash_password
from maas.auth.roles import Role
from maas.auth.staff import Person
from maas.store.commits import AuditEntry, add_audit
from maas.store.database import Database
from maas.store.once import By, Done, once
from maas.store.people import (
    StaffRow,
    all_staff,
    end_all_sessions,
    save_staff,
    staff_by_name,
)

PASSWORD_MIN: Final = 10

No = Literal[
    "key-reused", "not-found", "forbidden", "staff-taken", "last-admin", "own-account",
    "guessed-password",
]  # fmt: skip


async def open_account(database: Database, person: Person, password: str, by: By) -> Done | No:
    """Open an account for somebody new."""
    if is_guessed(password, person.name, person.display_name):
        return "guessed-password"
    hashed = await asyncio.to_thread(hash_password, password)
    row = StaffRow(person.name, person.display_name, hashed, person.role.value, person.area)

    async def work(connection: AsyncConnection) -> Done | No:
        if await staff_by_name(connection, person.name) is not None:
            return "staff-taken"
        await save_staff(connection, row)
        return Done((person.name,), detail=_shown(row))

    return await once(database, by, "staff.opened", _shown(row), work)


async def change_account(
    database: Database, person: Person, *, disabled: bool, within: str | None, by: By
) -> Done | No:
    """Change what an account is called and may do; one that is closed is signed out everywhere.

    `within` is the area of whoever asks, None for all.  Nobody changes their own role or closes
    their own account, so that there is always an administrator left.
    """
    asked = {**asdict(person), "disabled": disabled}

    async def work(connection: AsyncConnection) -> Done | No:
        before = await staff_by_name(connection, person.name)
        if before is None:
            return "not-found"
        if within not in {None, before.area_id}:
            return "forbidden"
        after = replace(
            before,
            display_name=person.display_name,
            role=person.role.value,
            area_id=person.area,
            disabled=disabled,
        )
        if before.name == by.actor and _powers(before) != _powers(after):
            return "own-account"
        ruled = await _is_ruled(connection)
        await save_staff(connection, after)
        if ruled and not await _is_ruled(connection):
            return "last-admin"
        if disabled:
            await end_all_sessions(connection, person.name)
        return Done((person.name,), detail={"before": _shown(before), "after": _shown(after)})

    return await once(database, by, "staff.changed", asked, work)


async def give_password(
    database: Database, name: str, password: str, *, within: str | None, by: By
) -> Done | No:
    """Give an account another password, and end its logins."""
    hashed = await asyncio.to_thread(hash_password, password)

    async def work(connection: AsyncConnection) -> Done | No:
        row = await staff_by_name(connection, name)
        if row is None:
            return "not-found"
        if within not in {None, row.area_id}:
            return "forbidden"
        if is_guessed(password, row.name, row.display_name):
            return "guessed-password"
        await save_staff(connection, replace(row, password_hash=hashed))
        ended = await end_all_sessions(connection, name)
        return Done((name,), answer=ended, detail={"logins_ended": ended})

    return await once(database, by, "staff.password", name, work)


async def change_own(database: Database, name: str, password: str, at: float) -> None:
    """Give one's own account another password."""
    hashed = await asyncio.to_thread(hash_password, password)
    async with database.writing() as db:
        row = await staff_by_name(db, name)
        if row is not None:
            await save_staff(db, replace(row, password_hash=hashed))
            await add_audit(db, AuditEntry(at, name, "staff.password", name, "{}"))


async def sign_out(database: Database, name: str, *, within: str | None, by: By) -> Done | No:
    """End every login of an account."""

    async def work(connection: AsyncConnection) -> Done | No:
        row = await staff_by_name(connection, name)
        if row is None:
            return "not-found"
        if within not in {None, row.area_id}:
            return "forbidden"
        ended = await end_all_sessions(connection, name)
        return Done((name,), answer=ended, detail={"logins_ended": ended})

    return await once(database, by, "staff.signed_out", name, work)


def _powers(row: StaffRow) -> tuple[str, str | None, bool]:
    return row.role, row.area_id, row.disabled


async def _is_ruled(connection: AsyncConnection) -> bool:
    """Whether there is an account that can manage every other one."""
    rows = [each.row for each in await all_staff(connection)]
    return any(_powers(row) == (Role.ADMIN, None, False) for row in rows)


def _shown(row: StaffRow) -> dict[str, object]:
    """Return an account as the audit keeps it: without anything of its password."""
    values = asdict(row)
    del values["password_hash"]
    return values
