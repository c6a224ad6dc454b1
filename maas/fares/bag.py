"""What a driver should have in the bag at the end of a day, from the fares and the takings.

Fares and takings are rows that are never changed; a correction or a refund is another row.  What
is due is the fares of the rides with their corrections, and it is always the cash and vouchers
taken and what is still open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

What = Literal["cash", "voucher", "fare", "float"]


@dataclass(frozen=True, slots=True)
class Taking:
    """One movement of money, given back when negative; `count` is papers of a voucher kind.

    Cash or vouchers taken, a fare put right since, or change money put in the bag (`float`).
    """

    what: What
    yen: int
    kind: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Pile:
    """The vouchers of one kind in the bag: how many, and what they paid."""

    kind: str
    count: int
    yen: int


@dataclass(frozen=True, slots=True)
class Bag:
    """The money of one vehicle and day, in yen.

    `fares_yen` is what the rides cost when they ended, `corrected_yen` what was put right since,
    `due_yen` both; `cash_yen` the cash taken for rides; `bag_yen` the cash in the bag with its
    change money; `open_yen` what is due and not taken (negative: too much was taken).
    """

    rides: int
    fares_yen: int
    corrected_yen: int
    cash_yen: int
    float_yen: int
    vouchers: tuple[Pile, ...]

    @property
    def due_yen(self) -> int:
        """What the rides of the day cost."""
        return self.fares_yen + self.corrected_yen

    @property
    def vouchers_yen(self) -> int:
        """What vouchers paid."""
        return sum(pile.yen for pile in self.vouchers)

    @property
    def open_yen(self) -> int:
        """What is due and was not taken."""
        return self.due_yen - self.cash_yen - self.vouchers_yen

    @property
    def bag_yen(self) -> int:
        """The cash that should be in the bag."""
        return self.cash_yen + self.float_yen


def reconcile(fares_yen: Iterable[int], takings: Iterable[Taking]) -> Bag:
    """Return what one vehicle should have of one day."""
    fares, rows = list(fares_yen), list(takings)

    def total(what: What) -> int:
        return sum(row.yen for row in rows if row.what == what)

    return Bag(
        rides=len(fares),
        fares_yen=sum(fares),
        corrected_yen=total("fare"),
        cash_yen=total("cash"),
        float_yen=total("float"),
        vouchers=tuple(
            Pile(
                kind,
                sum(row.count for row in rows if row.kind == kind),
                sum(row.yen for row in rows if row.kind == kind),
            )
            for kind in sorted({row.kind for row in rows if row.what == "voucher"})
        ),
    )
