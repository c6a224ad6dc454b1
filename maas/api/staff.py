"""Accounts of the staff: who may do what, and where they are signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import Instant, Rendering, Shape
from maas.auth.accounts import (
    PASSWORD_MIN,
    change_account,
    give_password,
    open_account,
    sign_out,
)
from maas.auth.roles import Permission, Role
from maas.auth.staff import Person
from maas.store import towns
from maas.store.commits import AuditEntry, add_audit
from maas.store.once import By, Done
from maas.store.people import Account, all_staff, end_all_sessions, staff_by_name

router = APIRouter(prefix="/staff", tags=["staff"])

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
StaffName = Annotated[str, Path(min_length=1, max_length=64)]
Password = Annotated[str, Field(min_length=PASSWORD_MIN, max_length=200)]


class AccountIn(BaseModel):
    """What somebody is called and may do; `area` null means every area."""

    display_name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")
    role: Role
    area: str | None = Field(None, max_length=64)

    def person(self, name: str) -> Person:
        """Return it with the name they sign in by."""
        return Person(name, self.display_name, self.role, self.area)


class NewAccountIn(AccountIn):
    """A new account and its first password."""

    name: Name
    password: Password


class ChangedAccountIn(AccountIn):
    """An account as it shall be; a disabled one cannot sign in."""

    disabled: bool = False


class PasswordIn(BaseModel):
    """A new password."""

    password: Password


class AccountOut(Shape):
    """An account; `logins` is on how many screens they are signed in."""

    name: str
    display_name: str
    role: Role
    area: str | None
    disabled: bool
    logins: int
    seen_at: Instant | None


class LoginsEndedOut(BaseModel):
    """How many screens were signed out."""

    ended: int


_CHANGES = ("not-found", "key-missing", "key-reused")


@router.get("", operation_id="listStaff", **needs(Permission.MANAGE_STAFF))
async def list_staff(person: SignedIn, service: The, write: In) -> list[AccountOut]:
    """Return every account that one may manage."""
    async with service.database.reading() as db:
        return [_shown(each, write) for each in await all_staff(db, person.area)]


@router.post(
    "",
    operation_id="openAccount",
    status_code=201,
    **needs(Permission.MANAGE_STAFF, *_CHANGES, "staff-taken", "guessed-password", changes=True),
)
async def open_new(
    asked: NewAccountIn, key: Key, person: SignedIn, service: The, write: In
) -> AccountOut:
    """Open an account for somebody new."""
    await _check_area(service, person, asked.area)
    by = By(person.name, service.clock(), key)
    _granted(await open_account(service.database, asked.person(asked.name), asked.password, by))
    return await _one(service, asked.name, write)


@router.put(
    "/{staff_name}",
    operation_id="changeAccount",
    **needs(Permission.MANAGE_STAFF, *_CHANGES, "last-admin", "own-account", changes=True),
)
async def change(
    staff_name: StaffName,
    asked: ChangedAccountIn,
    key: Key,
    person: SignedIn,
    service: The,
    write: In,
) -> AccountOut:
    """Change what somebody is called and may do, at once on every screen they have open."""
    await _check_area(service, person, asked.area)
    by = By(person.name, service.clock(), key)
    _granted(
        await change_account(
            service.database,
            asked.person(staff_name),
            disabled=asked.disabled,
            within=person.area,
            by=by,
        )
    )
    return await _one(service, staff_name, write)


@router.post(
    "/{staff_name}/password",
    operation_id="givePassword",
    **needs(Permission.MANAGE_STAFF, *_CHANGES, "guessed-password", changes=True),
)
async def give(
    staff_name: StaffName, asked: PasswordIn, key: Key, person: SignedIn, service: The
) -> LoginsEndedOut:
    """Give somebody another password; where they were signed in they no longer are."""
    by = By(person.name, service.clock(), key)
    done = _granted(
        await give_password(service.database, staff_name, asked.password, within=person.area, by=by)
    )
    return LoginsEndedOut(ended=done.answer)


@router.delete(
    "/{staff_name}/logins",
    operation_id="endLogins",
    **needs(Permission.MANAGE_STAFF, *_CHANGES, "foreign-origin"),
)
async def end_logins(
    staff_name: StaffName, key: Key, person: SignedIn, service: The
) -> LoginsEndedOut:
    """Sign somebody out everywhere."""
    by = By(person.name, service.clock(), key)
    done = _granted(await sign_out(service.database, staff_name, within=person.area, by=by))
    return LoginsEndedOut(ended=done.answer)


def _granted(done: Done | str) -> Done:
    if isinstance(done, str):
        raise Problem(done)
    return done


async def _check_area(service: Service, person: Person, area: str | None) -> None:
    """Raise the problem that an area is not the caller's, or that there is none of that name."""
    if person.area is not None and area != person.area:
        raise Problem("forbidden")
    async with service.database.reading() as db:
        known = {row.id for row in await towns.all_areas(db)}
    if area is not None and area not in known:
        raise Problem("not-found")


async def _one(service: Service, name: str, write: Rendering) -> AccountOut:
    async with service.database.reading() as db:
        found = next(each for each in await all_staff(db) if each.row.name == name)
    return _shown(found, write)


def _shown(account: Account, write: Rendering) -> AccountOut:
    row = account.row
    values = {
        "name": row.name,
        "display_name": row.display_name,
        "role": row.role,
        "area": row.area_id,
        "disabled": row.disabled,
        "logins": account.logins,
        "seen_at": account.seen_at,
    }
    return write.one(AccountOut, values)


async def take_proof_away(
    service: Service,
    person: Person,
    staff_name: str,
    forget: Callable[[AsyncConnection, str], Awaitable[object]],
    action: str,
) -> None:
    """Forget how somebody of one's own area signs in, and end every login of theirs.

    Raises ``Problem`` when there is nothing to `forget`; `action` is what the audit calls it.
    """
    async with service.database.writing() as db:
        row = await staff_by_name(db, staff_name)
        if row is None:
            raise Problem("not-found")
        if person.area not in {None, row.area_id}:
            raise Problem("forbidden")
        if not await forget(db, staff_name):
            raise Problem("not-found")
        await end_all_sessions(db, staff_name)
        await add_audit(db, AuditEntry(service.clock(), person.name, action, staff_name, "{}"))
