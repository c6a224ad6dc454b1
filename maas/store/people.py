"""Staff accounts and their sessions."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, insert, select, update
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
    """A login; only the SHA-256 of its id is kept.

    `proved_at` is when somebody last showed that it is still them, `way` how, `browser` where.
    """

    id_hash: str
    staff_name: str
    created_at: float
    seen_at: float
    proved_at: float = 0.0
    way: str = "password"
    browser: str = ""


async def staff_by_name(connection: AsyncConnection, name: str) -> StaffRow | None:
    """Return an account, `None` when there is none of that name."""
    found = (await connection.execute(select(staff).where(staff.c.name == name))).mappings().first()
    return None if found is None else StaffRow(**found)


@dataclass(frozen=True, slots=True)
class Account:
    """An account, how many logins it has, and when one was last used (epoch seconds)."""

    row: StaffRow
    logins: int
    seen_at: float | None


async def all_staff(connection: AsyncConnection, area_id: str | None = None) -> list[Account]:
    """Return the accounts of an area (`None`: all), by name."""
    logins = (
        select(
            sessions.c.staff_name,
            func.count().label("logins"),
            func.max(sessions.c.seen_at).label("seen_at"),
        )
        .group_by(sessions.c.staff_name)
        .subquery()
    )
    query = (
        select(staff, logins.c.logins, logins.c.seen_at)
        .outerjoin(logins, logins.c.staff_name == staff.c.name)
        .order_by(staff.c.name)
    )
    if area_id is not None:
        query = query.where(staff.c.area_id == area_id)
    found = []
    for row in (await connection.execute(query)).mappings():
        values = {str(key): value for key, value in row.items()}
        count, seen_at = values.pop("logins"), values.pop("seen_at")
        found.append(Account(StaffRow(**values), count or 0, seen_at))
    return found


async def end_all_sessions(connection: AsyncConnection, name: str) -> int:
    """Forget every login of an account; returns how many there were."""
    done = await connection.execute(delete(sessions).where(sessions.c.staff_name == name))
    return done.rowcount


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
    whose = select(sessions, staff).join(staff, staff.c.name == sessions.c.staff_name)
    query = whose.where(sessions.c.id_hash == id_hash, staff.c.disabled.is_(False))
    row = (await connection.execute(query)).mappings().first()
    if row is None:
        return None
    login = {column.name: row[column] for column in sessions.c}
    account = {column.name: row[column] for column in staff.c}
    return SessionRow(**login), StaffRow(**account)


async def touch_session(connection: AsyncConnection, id_hash: str, now: float) -> None:
    """Note that a login was used."""
    await connection.execute(
        update(sessions).where(sessions.c.id_hash == id_hash).values(seen_at=now)
    )


async def note_proof(connection: AsyncConnection, id_hash: str, way: str, now: float) -> None:
    """Note that the person of a login proved again who they are."""
    await connection.execute(
        update(sessions).where(sessions.c.id_hash == id_hash).values(proved_at=now, way=way)
    )


async def sessions_of(connection: AsyncConnection, name: str) -> list[SessionRow]:
    """Return the logins of an account, the newest first."""
    query = (
        select(sessions)
        .where(sessions.c.staff_name == name)
        .order_by(sessions.c.created_at.desc(), sessions.c.id_hash)
    )
    return [SessionRow(**row) for row in (await connection.execute(query)).mappings()]


async def end_other_sessions(connection: AsyncConnection, name: str, id_hash: str) -> int:
    """Forget every login of an account but one; returns how many there were."""
    done = await connection.execute(
        delete(sessions).where(sessions.c.staff_name == name, sessions.c.id_hash != id_hash)
    )
    return done.rowcount


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
