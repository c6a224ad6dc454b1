"""Passkeys of the staff, and what is begun at the door to be ended once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import attempts, passkeys


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """A passkey; `id` and `handle` are base64url as authenticators name themselves and people."""

    id: str
    staff_name: str
    handle: str
    public_key: bytes
    sign_count: int
    name: str
    made_at: float
    used_at: float | None = None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """Something begun: what names it and the browser that did are kept as hashes alone."""

    id_hash: str
    kind: str
    browser_hash: str
    kept: str
    expires_at: float


async def passkeys_of(connection: AsyncConnection, name: str) -> Sequence[PasskeyRow]:
    """Return somebody's passkeys, the oldest first."""
    query = (
        select(passkeys)
        .where(passkeys.c.staff_name == name)
        .order_by(passkeys.c.made_at, passkeys.c.id)
    )
    return [PasskeyRow(**row) for row in (await connection.execute(query)).mappings()]


async def passkey(connection: AsyncConnection, passkey_id: str) -> PasskeyRow | None:
    """Return a passkey, locked until the transaction ends; `None` when there is none."""
    query = select(passkeys).where(passkeys.c.id == passkey_id).with_for_update()
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else PasskeyRow(**row)


async def add_passkey(connection: AsyncConnection, row: PasskeyRow) -> None:
    """Keep a new passkey."""
    await connection.execute(insert(passkeys).values(asdict(row)))


async def note_passkey(
    connection: AsyncConnection, passkey_id: str, sign_count: int, now_s: float
) -> None:
    """Note that a passkey was used."""
    await connection.execute(
        update(passkeys)
        .where(passkeys.c.id == passkey_id)
        .values(sign_count=sign_count, used_at=now_s)
    )


async def forget_passkey(connection: AsyncConnection, name: str, passkey_id: str) -> bool:
    """Forget a passkey of somebody; says whether there was one."""
    done = await connection.execute(
        delete(passkeys).where(passkeys.c.staff_name == name, passkeys.c.id == passkey_id)
    )
    return done.rowcount > 0


async def forget_passkeys(connection: AsyncConnection, name: str) -> int:
    """Forget every passkey of somebody; returns how many there were."""
    return (
        await connection.execute(delete(passkeys).where(passkeys.c.staff_name == name))
    ).rowcount


async def add_attempt(connection: AsyncConnection, row: AttemptRow, now_s: float) -> None:
    """Keep something that was begun; sweep out what is over."""
    await connection.execute(delete(attempts).where(attempts.c.expires_at <= now_s))
    await connection.execute(insert(attempts).values(asdict(row)))


async def use_attempt(
    connection: AsyncConnection, id_hash: str, kind: str, browser_hash: str, now_s: float
) -> str | None:
    """Use up what was begun and return what was kept with it.

    None when it never was, is of another kind or browser, is over, or was used before.
    """
    found = (
        (
            await connection.execute(
                select(attempts).where(
                    attempts.c.id_hash == id_hash,
                    attempts.c.kind == kind,
                    attempts.c.browser_hash == browser_hash,
                )
            )
        )
        .mappings()
        .first()
    )
    if found is None:
        return None
    done = await connection.execute(delete(attempts).where(attempts.c.id_hash == id_hash))
    return str(found["kept"]) if done.rowcount > 0 and now_s < found["expires_at"] else None
