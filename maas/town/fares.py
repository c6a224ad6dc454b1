"""What a ride costs, as a function of what happened.

A ride is shared when somebody of another party was on board at the same moment, so the fare of a
ride is known at its end and not before; a quote says both.  The rules are those of the town's
page (500 yen, 300 when two or more ride together even by chance, 100 to or from a bus, halves,
infants free); what the page leaves open is a switch of the tariff.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from maas.town.calendars import Party
from maas.town.messages import Text, say
from maas.town.rules import Tariff


@dataclass(frozen=True, slots=True)
class Fare:
    """What a party pays in yen, why, and what it was computed from."""

    yen: int
    reasons: tuple[Text, ...]
    inputs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Interval:
    """A party's time on board, from the end of boarding to getting out; both in seconds."""

    aboard_s: int
    dropped_s: int | None


def was_shared(ride: Interval, others: Iterable[Interval]) -> bool:
    """Whether any other party was on board at the same moment; `None` is still on board.

    Getting in where and when another gets out is not riding together.

    >>> was_shared(Interval(0, 100), [Interval(100, 200)])
    False
    """
    return any(
        (ride.dropped_s is None or other.aboard_s < ride.dropped_s)
        and (other.dropped_s is None or ride.aboard_s < other.dropped_s)
        for other in others
    )


def fare(tariff: Tariff, party: Party, *, shared: bool, transfer: bool) -> Fare:
    """Return what a party pays; `shared` is riding with another party, `transfer` to a bus."""
    company = party.riders - (0 if tariff.infants_count_as_company else party.infants)
    together = shared or company >= 2
    full_yen, why = _full(tariff, together=together, transfer=transfer)
    half_yen = _half(tariff, full_yen, why)
    guardians = party.riders - party.infants
    free = min(party.infants, guardians * tariff.infants_free_per_guardian)
    half = party.half_fares + party.infants - free
    full = party.riders - party.half_fares - party.infants
    lines = [
        say(f"fare.{why}", count=full, yen=full_yen) if full else None,
        say("fare.half", count=half, yen=half_yen) if half else None,
        say("fare.infant", count=free) if free else None,
    ]
    inputs = asdict(party) | {"shared": shared, "transfer": transfer, "tariff": tariff.id}
    reasons = tuple(line for line in lines if line is not None)
    return Fare(full * full_yen + half * half_yen, reasons, inputs)


def _full(tariff: Tariff, *, together: bool, transfer: bool) -> tuple[int, str]:
    """Return what one person pays before halving, and which fare it is."""
    if not together:
        return (tariff.transfer_yen, "transfer") if transfer else (tariff.base_yen, "base")
    if transfer and tariff.lowest_wins and tariff.transfer_yen < tariff.shared_yen:
        return tariff.transfer_yen, "transfer"
    return tariff.shared_yen, "shared"


def _half(tariff: Tariff, full_yen: int, why: str) -> int:
    """Return what a person at half fare pays."""
    halves = {"base": True, "shared": tariff.half_of_shared, "transfer": tariff.half_of_transfer}
    if halves[why]:
        return _rounded_up(full_yen, tariff.half_rounding_yen)
    return min(full_yen, _rounded_up(tariff.base_yen, tariff.half_rounding_yen))


def _rounded_up(whole_yen: int, step_yen: int) -> int:
    """Return half of a fare, up to the next multiple of `step_yen`."""
    return -(-whole_yen // (2 * step_yen)) * step_yen
