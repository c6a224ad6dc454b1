"""Vouchers: issued, spent by compare-and-set, given back; and how many were spent in a month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.database import insert_missing
from maas.store.tables import voucher_months, vouchers


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """A voucher as it is now; `left_yen` and `face_yen` are `None` for a share of the fare."""

    id: str
    kind: str
    form: str
    member_id: int | None
    face_yen: int | None
    left_yen: int | None
    state: str
    valid_from: date
    valid_to: date | None
    version: int
    issued_at: float
    issued_by: str


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of a kind a member may spend in a month like 2026-11; `most` `None` is any."""

    member_id: int
    kind: str
    month: str
    most: int | None


def month_of(day: date) -> str:
    """Return the month a quota is counted in.

    >>> month_of(date(2026, 11, 25))
    '2026-11'
    """
    return f"{day:%Y-%m}"


async def issue(connection: AsyncConnection, rows: Sequence[VoucherRow]) -> None:
    """Keep new vouchers; raises IntegrityError when one is there already."""
    await connection.execute(insert(vouchers), [asdict(row) for row in rows])


async def by_ids(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, VoucherRow]:
    """Return the vouchers of these ids that there are."""
    rows = await connection.execute(select(vouchers).where(vouchers.c.id.in_(list(ids))))
    return {row["id"]: VoucherRow(**row) for row in rows.mappings()}


async def of_member(connection: AsyncConnection, member_id: int) -> list[VoucherRow]:
    """Return a member's vouchers, the first to end first."""
    rows = await connection.execute(
        select(vouchers)
        .where(vouchers.c.member_id == member_id)
        .order_by(vouchers.c.valid_to, vouchers.c.id)
    )
    return [VoucherRow(**row) for row in rows.mappings()]


async def swap(
    connection: AsyncConnection, voucher_id: str, seen: int, *, left_yen: int | None, state: str
) -> bool:
    """Change a voucher that is still at version `seen`; False when it has moved meanwhile."""
    done = await connection.execute(
        update(vouchers)
        .where(vouchers.c.id == voucher_id, vouchers.c.version == seen)
        .values(left_yen=left_yen, state=state, version=seen + 1)
    )
    return done.rowcount == 1


async def used_in(
    connection: AsyncConnection, month: str, members: Iterable[int]
) -> dict[tuple[int, str], int]:
    """Return how many of each kind these members have spent in a month."""
    table = voucher_months.c
    rows = await connection.execute(
        select(table.member_id, table.kind, table.used).where(
            table.month == month, table.member_id.in_(list(members))
        )
    )
    return {(member_id, kind): used for member_id, kind, used in rows}


async def count(connection: AsyncConnection, quota: Quota, by: int) -> bool:
    """Count `by` more (or fewer) spent in a month; False when that would be more than `most`."""
    key = {"member_id": quota.member_id, "kind": quota.kind, "month": quota.month}
    await insert_missing(connection, voucher_months, [key | {"used": 0}])
    same = [voucher_months.c[name] == value for name, value in key.items()]
    if quota.most is not None:
        same.append(voucher_months.c.used + by <= quota.most)
    done = await connection.execute(
        update(voucher_months).where(*same).values(used=voucher_months.c.used + by)
    )
    return done.rowcount == 1
