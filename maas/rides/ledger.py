"""How promises were kept, from the rows of the ledger alone.

A promise of a ride is its window and the time of arrival; what counts is when the vehicle stood
there, and when the rider was set down, less the time that getting out takes: plans count on it
only after the arrival.  Seats that were only held were promised to nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from maas.store.bookings import BookingRow, PromiseRow

RIDERS_WISH: Final = frozenset({"booked", "changed"})
"""Reasons of promises that riders asked for."""
HELD: Final = frozenset({"held", "expected"})
_NOBODY: Final = frozenset({"held", "lapsed"})

Ledger = Iterable[tuple[BookingRow, Sequence[PromiseRow]]]


@dataclass(frozen=True, slots=True)
class Kept:
    """The promises of one service day.

    Of `promised` rides riders `cancelled` some themselves or were not there (`no_show`), `open` are
    still to come.  Of the others `kept` were as last told and `kept_as_asked` as they were when the
    rider last agreed, before we moved anything; `late` broke the last promise, `not_carried` were
    never ridden.  `moved` counts our moves by reason.
    """

    day: date
    promised: int
    kept: int
    kept_as_asked: int
    late: int
    not_carried: int
    no_show: int
    cancelled: int
    open: int
    moved: Mapping[str, int]
    worst_late_s: int
    worst_reference: str | None

    @property
    def share(self) -> float | None:
        """The part of the rides due that was as last told, `None` when none was due."""
        due = self.kept + self.late + self.not_carried
        return self.kept / due if due else None


def kept_on(day: date, ledger: Ledger, now_s: int) -> Kept:
    """Return how the promises of a day were kept by the second `now_s` of that day."""
    rides = [(row, told) for row, told in ledger if row.state not in _NOBODY and told]
    states = Counter(_outcome(row, told[-1], now_s) for row, told in rides)
    moved = Counter(why for _, told in rides for why in _moves(told))
    late = [(_late_s(row, told[-1]), row.reference) for row, told in rides if row.state == "done"]
    worst = max(late, default=(0, None), key=lambda one: one[0])
    as_asked = sum(row.state == "done" and _late_s(row, _asked(told)) <= 0 for row, told in rides)
    return Kept(
        day=day,
        promised=len(rides),
        kept=states["kept"],
        kept_as_asked=as_asked,
        late=states["late"],
        not_carried=states["not_carried"],
        no_show=states["no_show"],
        cancelled=states["cancelled"],
        open=states["open"],
        moved=dict(sorted(moved.items())),
        worst_late_s=max(0, worst[0]),
        worst_reference=worst[1] if worst[0] > 0 else None,
    )


def _outcome(row: BookingRow, told: PromiseRow, now_s: int) -> str:
    if row.state in {"cancelled", "no_show"}:
        return row.state
    if row.state == "done":
        return "late" if _late_s(row, told) > 0 else "kept"
    return "not_carried" if now_s > told.arrive_by_s and row.state == "booked" else "open"


def _late_s(row: BookingRow, told: PromiseRow) -> int:
    """Return by how much the worse end of a ride missed its promise; negative was early."""
    came_s = row.arrived_s if row.arrived_s is not None else row.aboard_s
    pickup_s = -(10**6) if came_s is None else came_s - told.pickup_to_s
    there_s = (row.dropped_s or 0) - int(told.request.get("alighting_s", 0))
    return max(pickup_s, there_s - told.arrive_by_s)


def _asked(told: Sequence[PromiseRow]) -> PromiseRow:
    """Return the last promise a rider agreed to."""
    wished = [row for row in told if row.why in RIDERS_WISH]
    return wished[-1] if wished else told[-1]


def _moves(told: Sequence[PromiseRow]) -> Iterable[str]:
    """Yield the reason of each time we told somebody another time."""
    for before, after in pairwise(told):
        ours = after.why not in RIDERS_WISH | HELD and before.why not in HELD
        if ours and _times(before) != _times(after):
            yield after.why


def _times(row: PromiseRow) -> tuple[int, int, int]:
    return row.pickup_from_s, row.pickup_to_s, row.arrive_by_s
