"""What vouchers pay of a fare: which are taken, for how much, and what remains to pay in cash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from maas.fares.messages import joined, tell
from maas.fares.price import joined_sentences
from maas.town.messages import Text
from maas.town.tariffs import Tariff, VoucherKind

State = Literal["open", "spent", "void"]


@dataclass(frozen=True, slots=True)
class Voucher:
    """One voucher as it is now; `left_yen` is what it still pays, `None` for a share.

    `valid_to` is included, `None` without an end; `version` moves with every change.
    """

    id: str
    kind: str
    member_id: int | None
    left_yen: int | None
    state: State
    valid_from: date
    valid_to: date | None
    version: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a ride costs in yen, and the discounts that are in it."""

    yen: int
    discounts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Spend:
    """What one voucher pays of a ride, and what is left on it afterwards."""

    voucher: Voucher
    kind: VoucherKind
    yen: int
    left_yen: int | None

    @property
    def state(self) -> State:
        """What the voucher is afterwards."""
        return "spent" if self.left_yen == 0 else "open"


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a fare is paid: by vouchers, and the rest in cash."""

    spends: tuple[Spend, ...]
    due_yen: int
    sentence: Text


@dataclass(frozen=True, slots=True)
class VoucherRefused:
    """A voucher that cannot be taken, and the sentence that says why; nothing is spent."""

    voucher: str
    sentence: Text


def settle(
    tariff: Tariff,
    cost: Cost,
    handed: Sequence[str],
    known: Mapping[str, Voucher],
    used: Mapping[tuple[int, str], int],
    day: date,
) -> Settlement | VoucherRefused:
    """Return how a fare is paid with the vouchers handed over, in their order.

    `known` are the vouchers by id as they are now; `used` how many of a kind a member has spent
    in the month of `day`.  The first voucher that cannot be taken refuses them all.
    """
    spends: list[Spend] = []
    for voucher_id in handed:
        if any(spend.voucher.id == voucher_id for spend in spends):
            return VoucherRefused(voucher_id, tell("voucher.twice", voucher=voucher_id))
        voucher = known.get(voucher_id)
        if voucher is None:
            return VoucherRefused(voucher_id, tell("voucher.unknown", voucher=voucher_id))
        kind = tariff.voucher(voucher.kind)
        if kind is None:
            name = Text(voucher.kind, voucher.kind)
            return VoucherRefused(voucher_id, tell("voucher.not_here", name=name))
        wrong = _out_of_date(voucher, day) or _beside(tariff, kind, cost)
        wrong = wrong or _month(voucher, kind, spends, used)
        spend = wrong or _spend(voucher, kind, cost, spends)
        if isinstance(spend, Text):
            return VoucherRefused(voucher_id, spend)
        spends.append(spend)
    due_yen = cost.yen - sum(spend.yen for spend in spends)
    return Settlement(tuple(spends), due_yen, _said(spends, due_yen))


def _name(kind: VoucherKind) -> Text:
    return Text(kind.name, kind.name_en)


def _out_of_date(voucher: Voucher, day: date) -> Text | None:
    if voucher.state != "open":
        return tell(f"voucher.{voucher.state}", voucher=voucher.id)
    if day < voucher.valid_from:
        return tell("voucher.early", voucher=voucher.id, day=voucher.valid_from)
    if voucher.valid_to is not None and day > voucher.valid_to:
        return tell("voucher.late", voucher=voucher.id, day=voucher.valid_to)
    return None


def _beside(tariff: Tariff, kind: VoucherKind, cost: Cost) -> Text | None:
    """Return why a kind cannot be used beside a discount somebody got."""
    clash = cost.discounts.intersection(kind.not_with)
    first = next((each for each in tariff.discounts if each.id in clash), None)
    if first is None:
        return None
    return tell("voucher.beside", name=_name(kind), discount=Text(first.name, first.name_en))


def _month(
    voucher: Voucher,
    kind: VoucherKind,
    spends: Iterable[Spend],
    used: Mapping[tuple[int, str], int],
) -> Text | None:
    """Return why the holder may spend no more of a kind this month."""
    if kind.per_month is None or voucher.member_id is None:
        return None
    now = sum(
        spend.voucher.member_id == voucher.member_id and spend.kind.id == kind.id
        for spend in spends
    )
    if used.get((voucher.member_id, kind.id), 0) + now < kind.per_month:
        return None
    return tell("voucher.month", name=_name(kind), most=kind.per_month)


def _spend(
    voucher: Voucher, kind: VoucherKind, cost: Cost, spends: Sequence[Spend]
) -> Spend | Text:
    """Return what a voucher pays of what is left to pay, or why it is not needed."""
    due_yen = cost.yen - sum(spend.yen for spend in spends)
    if due_yen == 0:
        return tell("voucher.enough", voucher=voucher.id)
    worth_yen = voucher.left_yen
    if worth_yen is None:
        worth_yen = cost.yen * (kind.percent or 0) // 100
    yen = min(worth_yen, due_yen)
    if kind.per_ride_yen is not None:
        paid_yen = sum(spend.yen for spend in spends if spend.kind.id == kind.id)
        yen = min(yen, kind.per_ride_yen - paid_yen)
        if yen <= 0:
            return tell("voucher.cap", name=_name(kind), most=kind.per_ride_yen)
    left = {"ticket": 0, "balance": (voucher.left_yen or 0) - yen, "share": None}[kind.form]
    return Spend(voucher, kind, yen, left)


def _said(spends: Sequence[Spend], due_yen: int) -> Text:
    """Return what vouchers pay and what is to pay in cash, in words."""
    cash = tell("due", yen=due_yen) if due_yen else tell("due.none")
    counts = Counter(spend.kind.id for spend in spends)
    kinds = {spend.kind.id: spend.kind for spend in spends}
    paid = [
        tell(
            "pays",
            name=_name(kinds[kind]),
            count=count,
            yen=sum(spend.yen for spend in spends if spend.kind.id == kind),
        )
        for kind, count in counts.items()
    ]
    if not paid:
        return cash
    listed = joined("parts.between", paid)
    return joined_sentences(Text(f"{listed.ja}。", f"{listed.en}."), cash)
