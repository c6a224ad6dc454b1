"""How a ride is paid: vouchers spent and money taken, written with the ride or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.fares.price import discounts_in
from maas.fares.vouchers import Cost, Settlement, Spend, Voucher, VoucherRefused, settle
from maas.store import takings, vouchers
from maas.store.rides import RideRow
from maas.store.takings import TakingRow
from maas.store.vouchers import Quota, VoucherRow, month_of
from maas.town.tariffs import Tariff


@dataclass(frozen=True, slots=True)
class Tendered:
    """What a rider gave: vouchers by id, and cash; `cash_yen` `None` is what remained to pay."""

    cash_yen: int | None = None
    vouchers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Payment:
    """What paying for a ride writes: movements, vouchers as they are afterwards, quotas."""

    takings: tuple[TakingRow, ...]
    spends: tuple[Spend, ...] = ()
    quotas: tuple[Quota, ...] = ()

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Write it; False when a voucher or a quota has moved, and nothing may be kept."""
        for spend in self.spends:
            voucher = spend.voucher
            if not await vouchers.swap(
                connection, voucher.id, voucher.version, left_yen=spend.left_yen, state=spend.state
            ):
                return False
        for quota in self.quotas:
            if not await vouchers.count(connection, quota, 1):
                return False
        await takings.add(connection, self.takings)
        return True


async def pay(
    connection: AsyncConnection,
    tariff: Tariff,
    ride: RideRow,
    tendered: Tendered,
    *,
    now: float,
    actor: str,
) -> Payment | VoucherRefused:
    """Return what paying for a ride that has just ended writes, or the voucher that is refused."""
    rows = await vouchers.by_ids(connection, tendered.vouchers)
    known = {id_: as_voucher(row) for id_, row in rows.items()}
    month = month_of(ride.service_date)
    holders = {row.member_id for row in rows.values() if row.member_id is not None}
    used = await vouchers.used_in(connection, month, holders) if holders else {}
    cost = Cost(ride.fare_yen, discounts_in(ride.fare_inputs))
    settled = settle(tariff, cost, tendered.vouchers, known, used, ride.service_date)
    if isinstance(settled, VoucherRefused):
        return settled
    return _payment(settled, ride, tendered, now, actor)


def as_voucher(row: VoucherRow) -> Voucher:
    """Return a kept voucher as the rules see it."""
    return Voucher(
        row.id, row.kind, row.member_id, row.left_yen,
        row.state,  # type: ignore[arg-type]  # the table checks its words
        row.valid_from, row.valid_to, row.version,
    )  # fmt: skip


def _payment(
    settled: Settlement, ride: RideRow, tendered: Tendered, now: float, actor: str
) -> Payment:
    cash_yen = settled.due_yen if tendered.cash_yen is None else tendered.cash_yen

    def row(what: str, yen: int, spend: Spend | None = None) -> TakingRow:
        return TakingRow(
            ride.service_date, ride.vehicle_id, ride.booking_id, what, yen, now, actor,
            kind=spend.kind.id if spend else "", voucher_id=spend.voucher.id if spend else None,
            count=1 if spend else 0,
        )  # fmt: skip

    taken = [row("voucher", spend.yen, spend) for spend in settled.spends]
    taken += [row("cash", cash_yen)] if cash_yen else []
    month = month_of(ride.service_date)
    return Payment(tuple(taken), settled.spends, tuple(_quotas(settled.spends, month)))


def _quotas(spends: Iterable[Spend], month: str) -> Iterable[Quota]:
    for spend in spends:
        if spend.voucher.member_id is not None:
            yield Quota(spend.voucher.member_id, spend.kind.id, month, spend.kind.per_month)
