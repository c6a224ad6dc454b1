"""What becomes of a step that a device reports late, whatever has happened meanwhile.

While a vehicle has no signal the office goes on: it cancels, it gives rides to other vehicles.
Whoever sits in the vehicle sits in it all the same, so that what the driver saw stands against what
was planned; against what another driver saw it does not, and the office is asked.  The table is
written out in the README; a step reported at once needs none of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from maas.rides.views import Step

Outcome = Literal["taken", "known", "stands", "asked"]
"""Taken; known already; what is known stands; the office is asked, what is known stands so far."""

LATE_S: Final = 120
"""A step older than this when it comes is taken by the table."""
CLOCK_S: Final = 60
"""A device's clock that is wrong by more than this is put right, and said to be wrong."""
DAY_S: Final = 86_400

LOOK: Final = frozenset(
    {
        "another_vehicle",
        "boarding_missing",
        "cancelled_but_rode",
        "clock",
        "left_early",
        "no_roll_call",
        "no_show_but_rode",
        "not_there",
        "out_of_service",
        "over_full",
        "rides_already",
        "two_vehicles",
        "unknown_booking",
        "voucher_refused",
    }
)
"""What somebody at the office should see; the other codes only say why nothing changed."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a step, and what was out of the ordinary."""

    outcome: Outcome
    code: str = ""


_TAKEN, _KNOWN = Ruling("taken"), Ruling("known")
_MOVED, _CANCELLED = Ruling("taken", "another_vehicle"), Ruling("taken", "cancelled_but_rode")
_RETURNED, _INFERRED = Ruling("taken", "no_show_but_rode"), Ruling("taken", "boarding_missing")
_TWO, _IN_VAIN = Ruling("asked", "two_vehicles"), Ruling("stands", "in_vain")
_ELSEWHERE, _RIDES = Ruling("stands", "another_comes"), Ruling("asked", "rides_already")
_GONE, _NOT_THERE = Ruling("stands", "cancelled_before"), Ruling("asked", "not_there")
_RODE = Ruling("stands", "rode_elsewhere")

# By the state a booking is in; `held` and `lapsed` are seats that were never confirmed.
HERE: Final[Mapping[Step, Mapping[str, Ruling]]] = {
    "arrived": {
        "held": _IN_VAIN, "booked": _TAKEN, "arrived": _KNOWN, "aboard": _KNOWN, "done": _KNOWN,
        "cancelled": _IN_VAIN, "lapsed": _IN_VAIN, "no_show": _KNOWN,
    },
    "aboard": {
        "held": _CANCELLED, "booked": _TAKEN, "arrived": _TAKEN, "aboard": _KNOWN, "done": _KNOWN,
        "cancelled": _CANCELLED, "lapsed": _CANCELLED, "no_show": _RETURNED,
    },
    "dropped": {
        "held": _CANCELLED, "booked": _INFERRED, "arrived": _INFERRED, "aboard": _TAKEN,
        "done": _KNOWN, "cancelled": _CANCELLED, "lapsed": _CANCELLED, "no_show": _RETURNED,
    },
    "no_show": {
        "held": _GONE, "booked": _TAKEN, "arrived": _TAKEN, "aboard": _RIDES, "done": _RIDES,
        "cancelled": _GONE, "lapsed": _GONE, "no_show": _KNOWN,
    },
}  # fmt: skip
"""For a booking of the vehicle that reports."""

ELSEWHERE: Final[Mapping[Step, Mapping[str, Ruling]]] = {
    "arrived": {
        "held": _IN_VAIN, "booked": _ELSEWHERE, "arrived": _ELSEWHERE, "aboard": _RODE,
        "done": _RODE, "cancelled": _IN_VAIN, "lapsed": _IN_VAIN, "no_show": _IN_VAIN,
    },
    "aboard": {
        "held": _CANCELLED, "booked": _MOVED, "arrived": _MOVED, "aboard": _TWO, "done": _TWO,
        "cancelled": _CANCELLED, "lapsed": _CANCELLED, "no_show": _RETURNED,
    },
    "dropped": {
        "held": _CANCELLED, "booked": _MOVED, "arrived": _MOVED, "aboard": _TWO, "done": _TWO,
        "cancelled": _CANCELLED, "lapsed": _CANCELLED, "no_show": _RETURNED,
    },
    "no_show": {
        "held": _GONE, "booked": _NOT_THERE, "arrived": _NOT_THERE, "aboard": _RODE,
        "done": _RODE, "cancelled": _GONE, "lapsed": _GONE, "no_show": _KNOWN,
    },
}  # fmt: skip
"""For a booking that another vehicle has now."""


def ruling(step: Step, state: str, *, here: bool) -> Ruling:
    """Return what becomes of a late step; `here` when the booking is of the vehicle that reports.

    >>> ruling("aboard", "cancelled", here=True)
    Ruling(outcome='taken', code='cancelled_but_rode')
    """
    return (HERE if here else ELSEWHERE)[step][state]


@dataclass(frozen=True, slots=True)
class Tap:
    """One step as a device kept it.

    `event` is the device's own id of it, `said_at` the epoch second by its clock (`None`: now).
    `boot` and `seq` order the taps of a device; `payment` goes with `dropped`.
    """

    event: str
    booking_id: str
    step: Step
    said_at: float | None = None
    lat: float | None = None
    lon: float | None = None
    boot: str | None = None
    seq: int | None = None
    cash_yen: int | None = None
    vouchers: tuple[str, ...] = ()
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Timed:
    """A tap, when it really was (epoch seconds), and whether the device's clock was wrong."""

    tap: Tap
    at: float
    clock_wrong: bool = False


def in_device_order(taps: Sequence[Tap]) -> list[Tap]:
    """Return taps in the order in which the driver made them, each event once.

    Within one start of the device they are counted; starts follow each other as they lie in the
    queue.  Without a count the queue's own order is all there is.
    """
    boots: dict[str | None, int] = {}
    once: dict[str, Tap] = {}
    for place, tap in enumerate(taps):
        boots.setdefault(tap.boot, place)
        once.setdefault(tap.event, tap)
    counted = [(boots[tap.boot], -1 if tap.seq is None else tap.seq) for tap in once.values()]
    kept = sorted(zip(counted, once.values(), strict=True), key=lambda pair: pair[0])
    return [tap for _, tap in kept]


def timed(taps: Iterable[Tap], received_at: float, sent_at: float | None) -> list[Timed]:
    """Return when taps in device order really were, as far as that can be told.

    `sent_at` is the device's clock when it sent them: if it is off, every tap is off by as much.
    No tap is later than it was received, and none before the one the driver made before it; what
    is not of the last day is as good as unknown and taken for the moment it came.
    """
    off_s = 0.0 if sent_at is None else received_at - sent_at
    wrong = abs(off_s) > CLOCK_S
    found: list[Timed] = []
    for tap in taps:
        at = received_at if tap.said_at is None else tap.said_at + (off_s if wrong else 0.0)
        is_wrong = wrong or at > received_at + CLOCK_S or at < received_at - DAY_S
        at = received_at if at < received_at - DAY_S else min(at, received_at)
        before = found[-1].at if found else at
        found.append(Timed(tap, max(at, before), is_wrong or before - at > CLOCK_S))
    return found


def codes_of(first: str, *more: str | None) -> tuple[str, ...]:
    """Return what was out of the ordinary, without blanks and repeats."""
    return tuple(dict.fromkeys(code for code in (first, *more) if code))


def without_payment(tap: Tap) -> Tap:
    """Return a tap by which only the cash it names was taken: its vouchers were refused."""
    return replace(tap, vouchers=(), cash_yen=tap.cash_yen or 0)
