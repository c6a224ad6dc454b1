"""Accounts that an organisation signs in."""

from __future__ import annotations

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.people import StaffRow
from maas.store.tables import identities, staff


async def account_of(connection: AsyncConnection, id_hash: str) -> StaffRow | None:
    """Return the account that somebody of an organisation is tied to, `None` when to none."""
    query = (
        select(staff)
        .join(identities, identities.c.staff_name == staff.c.name)
        .where(identities.c.id_hash == id_hash)
    )
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else StaffRow(**row)


async def is_tied(connection: AsyncConnection, name: str) -> bool:
    """Say whether an organisation signs somebody in."""
    query = select(identities.c.id_hash).where(identities.c.staff_name == name)
    return await connection.scalar(query) is not None


async def tie(connection: AsyncConnection, id_hash: str, name: str, now_s: float) -> None:
    """Tie an account to somebody of an organisation."""
    row = {"id_hash": id_hash, "staff_name": name, "made_at": now_s}
    await connection.execute(insert(identities).values(row))


async def untie(connection: AsyncConnection, name: str) -> bool:
    """Forget whom of an organisation an account is tied to; says whether there was anybody."""
    done = await connection.execute(delete(identities).where(identities.c.staff_name == name))
    return done.rowcount > 0
