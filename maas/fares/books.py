"""What the office does with vouchers and money: issue, give back, put right; each once for its key.

Every change is one transaction with its audit entry.  Nothing written before is changed: what is
put right is another row.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.fares.bag import Bag, Taking, reconcile
from maas.store import commits, rides, takings, vouchers
from maas.store.database import Database
from maas.store.once import By, Done, once
from maas.store.takings import TakingRow
from maas.store.vouchers import Quota, VoucherRow, month_of

No = Literal["bad-correction", "key-reused", "not-found"]


async def issue(database: Database, rows: list[VoucherRow], by: By) -> No | None:
    """Issue vouchers; the problem is an id that was issued before."""

    async def work(connection: AsyncConnection) -> No | None:
        if await vouchers.by_ids(connection, [row.id for row in rows]):
            return "bad-correction"
        await vouchers.issue(connection, rows)
        return None

    asked = [[row.id, row.kind, row.member_id, row.face_yen] for row in rows]
    return await _once(database, by, "voucher.issued", rows[0].id, asked, work)


async def put_right(database: Database, row: TakingRow, by: By) -> No | None:
    """Add one movement: cash found missing, change money, a fare put right."""

    async def work(connection: AsyncConnection) -> No | None:
        await takings.add(connection, [row])
        return None

    asked = [row.service_date, row.vehicle_id, row.what, row.kind, row.count, row.yen, row.reason]
    return await _once(database, by, "money.put_right", row.vehicle_id, asked, work)


async def refund(database: Database, booking_id: str, yen: int, reason: str, by: By) -> No | None:
    """Give cash back for a ride that has ended, never more than was taken for it."""

    async def work(connection: AsyncConnection) -> No | None:
        ride = await rides.ride(connection, booking_id)
        if ride is None:
            return "not-found"
        await _lock(connection)
        rows = await takings.of_booking(connection, booking_id)
        cash_yen = sum(row.yen for row in rows if row.what == "cash")
        due_yen = ride.fare_yen + sum(row.yen for row in rows if row.what == "fare")
        if yen > min(cash_yen, due_yen):
            return "bad-correction"
        back = [
            TakingRow(
                ride.service_date, ride.vehicle_id, booking_id, what, -yen, by.now, by.actor,
                reason=reason,
            )
            for what in ("fare", "cash")
        ]  # fmt: skip
        await takings.add(connection, back)
        return None

    return await _once(database, by, "ride.refunded", booking_id, [booking_id, yen, reason], work)


async def give_back(
    database: Database, voucher_id: str, booking_id: str, reason: str, by: By
) -> No | None:
    """Give a voucher back that paid for a ride; what it paid is open again, and it can be spent."""

    async def work(connection: AsyncConnection) -> No | None:
        await _lock(connection)
        rows = [
            row
            for row in await takings.of_booking(connection, booking_id)
            if row.voucher_id == voucher_id
        ]
        voucher = (await vouchers.by_ids(connection, [voucher_id])).get(voucher_id)
        if voucher is None or not rows:
            return "not-found"
        paid_yen, first = sum(row.yen for row in rows), rows[0]
        if sum(row.count for row in rows) <= 0 or voucher.state == "void":
            return "bad-correction"
        left_yen = _given_back(voucher, paid_yen)
        if not await vouchers.swap(
            connection, voucher_id, voucher.version, left_yen=left_yen, state="open"
        ):
            return "bad-correction"
        if voucher.member_id is not None:
            month = month_of(first.service_date)
            quota = Quota(voucher.member_id, voucher.kind, month, None)
            await vouchers.count(connection, quota, -1)
        back = TakingRow(
            first.service_date, first.vehicle_id, booking_id, "voucher", -paid_yen, by.now,
            by.actor, voucher.kind, voucher_id, -1, reason,
        )  # fmt: skip
        await takings.add(connection, [back])
        return None

    asked = [voucher_id, booking_id, reason]
    return await _once(database, by, "voucher.given_back", voucher_id, asked, work)


def _given_back(voucher: VoucherRow, paid_yen: int) -> int | None:
    """Return what is left on a voucher that is given back; a ticket spent is whole again."""
    if voucher.left_yen is None:
        return None
    return voucher.face_yen if voucher.form == "ticket" else voucher.left_yen + paid_yen


async def bags(database: Database, day: date, vehicle_id: str | None = None) -> dict[str, Bag]:
    """Return what each vehicle should have of a day, by vehicle; those without anything too few."""
    async with database.reading() as connection:
        fares = await rides.rides_counted_on(connection, day)
        rows = await takings.on(connection, day)
    found = {row.vehicle_id for row in fares} | {row.vehicle_id for row in rows}
    wanted = found if vehicle_id is None else {vehicle_id}
    return {
        id_: reconcile(
            (ride.fare_yen for ride in fares if ride.vehicle_id == id_),
            (
                Taking(row.what, row.yen, row.kind, row.count)  # type: ignore[arg-type]
                for row in rows
                if row.vehicle_id == id_
            ),
        )
        for id_ in sorted(wanted)
    }


async def _lock(connection: AsyncConnection) -> None:
    """Let one writer at a time look at what was taken: they queue on the head of the audit."""
    await commits.lock_audit(connection)


async def _once(
    database: Database,
    by: By,
    action: str,
    subject: str,
    asked: object,
    work: Callable[[AsyncConnection], Awaitable[No | None]],
) -> No | None:
    """Do some work once for its key; a "no" writes nothing and is not remembered."""

    async def done(connection: AsyncConnection) -> Done | No:
        wrong = await work(connection)
        return Done((subject,), detail=asked) if wrong is None else wrong

    try:
        made: Done | No = await once(database, by, action, asked, done)
    except IntegrityError:  # others keep taking the same voucher
        return "bad-correction"
    return None if isinstance(made, Done) else made
