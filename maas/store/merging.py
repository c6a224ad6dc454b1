"""Everything that is written about one member becomes another's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.database import insert_missing
from maas.store.tables import bookings, members, metadata, vehicle_plans, voucher_months

COUNTED: Final = frozenset({voucher_months.name})
"""Tables in which the numbers of two members are added up."""


def following() -> list[Table]:
    """Return the tables whose rows belong to a member and simply follow them."""
    owned = (table for table in metadata.sorted_tables if "member_id" in table.c)
    return [table for table in owned if table.name not in COUNTED]


async def move(connection: AsyncConnection, gone: int, kept: int) -> None:
    """Give everything of one member to another, in every table that knows members.

    The plans of the vehicles that have their bookings count as changed, so that whoever holds such
    a day in memory reads it again before writing to it.
    """
    await _touch_plans(connection, gone)
    for table in following():
        await connection.execute(
            update(table).where(table.c.member_id == gone).values(member_id=kept)
        )
    await _add_months(connection, gone, kept)
    await connection.execute(
        update(members).where(members.c.merged_into == gone).values(merged_into=kept)
    )


async def strays(connection: AsyncConnection) -> list[tuple[int, int]]:
    """Return the members who were merged and still have something, with who they are now.

    Somebody may have looked at the old card before the merge, and booked for it after.
    """
    found: set[tuple[int, int]] = set()
    for table in (*following(), voucher_months):
        rows = await connection.execute(
            select(members.c.id, members.c.merged_into)
            .distinct()
            .join(table, table.c.member_id == members.c.id)
            .where(members.c.merged_into.is_not(None))
        )
        found |= {(gone, kept) for gone, kept in rows}
    return sorted(found)


async def gone_to(connection: AsyncConnection, ids: Collection[int]) -> list[tuple[int, int]]:
    """Return which of some members were merged, with who they are now."""
    if not ids:
        return []
    rows = await connection.execute(
        select(members.c.id, members.c.merged_into)
        .where(members.c.id.in_(ids), members.c.merged_into.is_not(None))
        .order_by(members.c.id)
    )
    return [(gone, kept) for gone, kept in rows]


async def _touch_plans(connection: AsyncConnection, member_id: int) -> None:
    """Bump the versions, in the order in which commits take the plans."""
    theirs = (
        select(vehicle_plans.c.vehicle_id, vehicle_plans.c.service_date)
        .where(
            select(bookings.c.id)
            .where(
                bookings.c.member_id == member_id,
                bookings.c.vehicle_id == vehicle_plans.c.vehicle_id,
                bookings.c.service_date == vehicle_plans.c.service_date,
            )
            .exists()
        )
        .order_by(vehicle_plans.c.vehicle_id, vehicle_plans.c.service_date)
        .with_for_update()
    )
    for vehicle_id, day in (await connection.execute(theirs)).all():
        await connection.execute(
            update(vehicle_plans)
            .where(vehicle_plans.c.vehicle_id == vehicle_id, vehicle_plans.c.service_date == day)
            .values(version=vehicle_plans.c.version + 1)
        )


async def _add_months(connection: AsyncConnection, gone: int, kept: int) -> None:
    table = voucher_months
    rows = await connection.execute(select(table).where(table.c.member_id == gone))
    for row in rows.all():
        key = {"member_id": kept, "kind": row.kind, "month": row.month}
        await insert_missing(connection, table, [key | {"used": 0}])
        same = [table.c[name] == value for name, value in key.items()]
        await connection.execute(update(table).where(*same).values(used=table.c.used + row.used))
    await connection.execute(delete(table).where(table.c.member_id == gone))
