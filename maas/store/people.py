"""Staff accounts and their sessions."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import sessions, staff


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A member of staff; `area_id` `None` may act in every area."""

    name: str
    display_name: str
    password_hash: str
    role: str
    area_id: str | None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A login; only the SHA-256 of its id is kept."""

    id_hash: str
    staff_name: str
    created_at: float
    seen_at: float


async def staff_by_name(connection: AsyncConnection, name: str) -> StaffRow | None:
    """Return an account, `None` when there is none of that name."""
    found = (await connection.execute(select(staff).where(staff.c.name == name))).mappings().first()
    return None if found is None else StaffRow(**found)


async def save_staff(connection: AsyncConnection, row: StaffRow) -> None:
    """Add an account or replace the one of the same name."""
    known = await staff_by_name(connection, row.name)
    statement = insert(staff) if known is None else update(staff).where(staff.c.name == row.name)
    await connection.execute(statement.values(**asdict(row)))


async def add_session(connection: AsyncConnection, row: SessionRow) -> None:
    """Keep a new login."""
    await connection.execute(insert(sessions).values(**asdict(row)))


async def session(connection: AsyncConnection, id_hash: str) -> tuple[SessionRow, StaffRow] | None:
    """Return a login and its account, `None` when there is none or the account is disabled."""
    found = await connection.execute(select(sessions).where(sessions.c.id_hash == id_hash))
    row = found.mappings().first()
    if row is None:
        return None
    login = SessionRow(**row)
    person = await staff_by_name(connection, login.staff_name)
    return None if person is None or person.disabled else (login, person)


async def touch_session(connection: AsyncConnection, id_hash: str, now: float) -> None:
    """Note that a login was used."""
    await connection.execute(
        update(sessions).where(sessions.c.id_hash == id_hash).values(seen_at=now)
    )


async def end_session(connection: AsyncConnection, id_hash: str) -> None:
    """Forget a login."""
    await connection.execute(delete(sessions).where(sessions.c.id_hash == id_hash))


async def end_sessions(
    connection: AsyncConnection, *, unused_since: float, older_than: float
) -> None:
    """Forget the logins not used since one moment, and those begun before another."""
    await connection.execute(
        delete(sessions).where(
            (sessions.c.seen_at < unused_since) | (sessions.c.created_at < older_than)
        )
    )
