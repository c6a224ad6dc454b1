"""Members of staff: who they are, adding one, and knowing one by a password."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.auth.passwords import hash_password, verify_password
from maas.auth.roles import Role
from maas.store.people import StaffRow, save_staff, staff_by_name
from maas.store.tables import sessions


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff; `area` None means every area."""

    name: str
    display_name: str
    role: Role
    area: str | None

    @classmethod
    def of(cls, row: StaffRow) -> Person:
        """Return who an account belongs to."""
        return cls(row.name, row.display_name, Role(row.role), row.area_id)


async def add_staff(db: AsyncConnection, person: Person, password: str) -> None:
    """Add `person`, or give one of that name a new password and role and end their sessions."""
    hashed = await asyncio.to_thread(hash_password, password)
    row = StaffRow(person.name, person.display_name, hashed, person.role.value, person.area)
    await save_staff(db, row)
    await db.execute(delete(sessions).where(sessions.c.staff_name == person.name))


async def find_by_password(db: AsyncConnection, name: str, password: str) -> Person | None:
    """Return the person with this name and password, or None; both answers take as long."""
    row = await staff_by_name(db, name)
    usable = row if row is not None and not row.disabled else None
    stored = usable.password_hash if usable else None
    matches = await asyncio.to_thread(verify_password, password, stored)
    return Person.of(usable) if usable and matches else None
