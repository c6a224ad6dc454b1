"""The devices that make second proofs, and the codes to recover with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import recovery_codes, second_factors


@dataclass(frozen=True, slots=True)
class FactorRow:
    """A device; `last_step` is the newest span of 30 s of which a code was taken."""

    staff_name: str
    secret: str
    made_at: float
    confirmed_at: float | None = None
    last_step: int = 0


async def factor(connection: AsyncConnection, name: str) -> FactorRow | None:
    """Return somebody's device, locked until the transaction ends; `None` when there is none."""
    query = select(second_factors).where(second_factors.c.staff_name == name).with_for_update()
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else FactorRow(**row)


async def keep_factor(connection: AsyncConnection, row: FactorRow) -> None:
    """Keep a device in the place of the one before."""
    await forget_factor(connection, row.staff_name)
    await connection.execute(insert(second_factors).values(asdict(row)))


async def note_step(connection: AsyncConnection, name: str, step: int, confirmed_at: float) -> None:
    """Note that a code of a span was taken: the device is in force."""
    await connection.execute(
        update(second_factors)
        .where(second_factors.c.staff_name == name)
        .values(last_step=step, confirmed_at=confirmed_at)
    )


async def forget_factor(connection: AsyncConnection, name: str) -> bool:
    """Forget somebody's device and codes; says whether there was one."""
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.staff_name == name))
    done = await connection.execute(
        delete(second_factors).where(second_factors.c.staff_name == name)
    )
    return done.rowcount > 0


async def keep_codes(connection: AsyncConnection, name: str, hashes: Sequence[str]) -> None:
    """Keep the codes to recover with."""
    rows = [{"staff_name": name, "code_hash": each} for each in hashes]
    await connection.execute(insert(recovery_codes), rows)


async def use_code(connection: AsyncConnection, name: str, code_hash: str) -> bool:
    """Use a code up; says whether it was one."""
    done = await connection.execute(
        delete(recovery_codes).where(
            recovery_codes.c.staff_name == name, recovery_codes.c.code_hash == code_hash
        )
    )
    return done.rowcount > 0
