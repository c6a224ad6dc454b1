"""Lines of a sheet as they are entered and kept, and what stands against them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from maas.duty.messages import tell
from maas.rides.views import RideView
from maas.store.bookings import BookingRow
from maas.store.duty import PaperRow
from maas.town.messages import Text

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One line of a sheet; seconds are of its day.

    `told_s` is the time promised, `by_s` when they have to be there, `None` when nobody said.
    `aboard_s` and `dropped_s` are there when it has been driven, `no_show` when nobody came.
    `cash_yen` `None` is the fare.
    """

    id: str
    day: date
    vehicle_id: str
    origin: int
    destination: int
    told_s: int
    rider_id: int | None = None
    name: str = ""
    phone: str = ""
    by_s: int | None = None
    riders: int = 1
    wheelchairs: int = 0
    half_fares: int = 0
    infants: int = 0
    transfer: bool = False
    aboard_s: int | None = None
    dropped_s: int | None = None
    no_show: bool = False
    cash_yen: int | None = None

    @property
    def is_driven(self) -> bool:
        """Whether it is over."""
        return self.dropped_s is not None or self.no_show

    @property
    def booking_id(self) -> str:
        """The id of the booking it becomes: the same however often it is entered."""
        return hashlib.sha256(f"paper\0{self.id}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Conflict:
    """What stands against a line; one that is `hard` cannot be taken all the same."""

    code: str
    about: str
    sentence: Text
    hard: bool = False


@dataclass(frozen=True, slots=True)
class PaperResult:
    """What became of a line, or would become of it."""

    id: str
    outcome: Literal["taken", "conflict", "dropped", "refused"]
    conflicts: tuple[Conflict, ...] = ()
    booking_id: str | None = None
    reference: str | None = None
    ride: RideView | None = None


HARD = frozenset(
    {
        "in_future", "no_rules", "not_driven", "times_turned", "unknown_place", "unknown_rider",
        "unknown_vehicle",
    }
)  # fmt: skip


def conflict_of(code: str, about: str, known: Mapping[str, str] | None = None) -> Conflict:
    """Return a conflict as it was kept; `known` has the reference numbers of bookings."""
    reference = (known or {}).get(about, about)
    text = tell(f"paper.{code}", about=about, reference=reference, at="同じころ")
    return Conflict(code, about, text, code in HARD)


def conflict(code: str, about: str, *, hard: bool = False, **values: object) -> Conflict:
    """Return a conflict with the sentence of its code, `values` filled in."""
    return Conflict(code, about, tell(f"paper.{code}", about=about, **values), hard)


def in_order(lines: Iterable[PaperLine]) -> list[PaperLine]:
    """Return lines in the order in which they were driven."""
    return sorted(lines, key=lambda line: (line.day, line.aboard_s or line.told_s, line.id))


def plain(line: PaperLine) -> dict[str, Any]:
    """Return a line as JSON values."""
    return asdict(line) | {"day": line.day.isoformat()}


def line_of(row: PaperRow) -> PaperLine:
    """Return the line that was kept."""
    return PaperLine(**{**row.body, "day": date.fromisoformat(row.body["day"])})


def known(row: PaperRow, made: BookingRow | None) -> PaperResult:
    """Return what became of a line that was entered before."""
    conflicts = tuple(conflict_of(code, about) for code, about in row.conflicts)
    reference = None if made is None else made.reference
    return PaperResult(row.id, row.state, conflicts, row.booking_id, reference)  # type: ignore[arg-type]  # the table checks its words
