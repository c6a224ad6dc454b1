"""The town's rules as it writes them down, each valid from one day to another.

The fields are those of town.toml; times there are like 08:00 and become seconds of the service
day here.  The same shapes are kept in the database, so both ways in are read by one reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

Clock = Annotated[str, Meta(pattern=r"^([0-3][0-9]|4[0-7]):[0-5][0-9]$")]
Season = Annotated[str, Meta(pattern=r"^[01][0-9]-[0-3][0-9]/[01][0-9]-[0-3][0-9]$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Text1 = Annotated[str, Meta(min_length=1)]

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def seconds(clock: str) -> int:
    """Return the service-day seconds of a time like 08:00.

    >>> seconds("08:30")
    30600
    """
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


class Dated(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every rule has: whose it is, from when to when, and what of it we only assume.

    `assumption` is true, or the names of the fields the town has not published.
    """

    area: Text1
    valid_from: date
    valid_to: date | None = None
    assumption: bool | list[str] = False

    def holds_on(self, day: date) -> bool:
        """Whether the rule is in force on `day`, both ends included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Hours(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When vehicles run; `holidays` whether on public holidays too; `closed` yearly seasons."""

    days: list[Weekday]
    opens: Clock = msgspec.field(name="from")
    closes: Clock = msgspec.field(name="to")
    holidays: bool = False
    closed: list[Season] = []

    @property
    def opens_s(self) -> int:
        """When the first rider may be picked up."""
        return seconds(self.opens)

    @property
    def closes_s(self) -> int:
        """When the last rider has been brought."""
        return seconds(self.closes)

    def season_of(self, day: date) -> str | None:
        """Return the closed season a day falls in, `None` when in none.

        >>> rule = Hours(area="a", valid_from=date(2021, 1, 1), days=[], opens="08:00",
        ...              closes="17:00", closed=["12-27/01-04"])
        >>> rule.season_of(date(2026, 1, 4)), rule.season_of(date(2026, 1, 5))
        ('12-27/01-04', None)
        """
        mark = f"{day:%m-%d}"
        for season in self.closed:
            first, last = season.split("/")
            inside = first <= mark <= last
            over_new_year = first > last and (mark >= first or mark <= last)
            if inside or over_new_year:
                return season
        return None


class BookingRule(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far ahead, how many, and what a promise looks like."""

    deadline_min: Count
    horizon_days: Count
    window_min: Positive
    ride_max_factor: Annotated[float, Meta(ge=1.0)]
    ride_max_extra_min: Count
    max_party: Positive
    boarding_s: Count
    wheelchair_boarding_s: Count
    alighting_s: Count
    no_show_wait_min: Count
    divert_until_s: Count


class Tariff(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a ride costs; the switches answer what the town's page leaves open.

    `half_tags` are member tags that give half fare.  Halves are rounded up to a multiple of
    `half_rounding_yen`.  `infants_count_as_company`: an infant makes its guardian's ride a shared
    one.  `half_of_shared`, `half_of_transfer`: half fare halves those fares too.
    `lowest_wins`: sharing and transferring at once costs the lower, else the shared fare.
    """

    id: Text1
    base_yen: Count
    shared_yen: Count
    transfer_yen: Count
    half_tags: list[str] = []
    infants_free_per_guardian: Count = 1
    half_rounding_yen: Positive = 10
    infants_count_as_company: bool = False
    half_of_shared: bool = True
    half_of_transfer: bool = True
    lowest_wins: bool = True


KINDS: dict[str, type[Dated]] = {"hours": Hours, "booking": BookingRule, "tariff": Tariff}

_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_PATH = re.compile(r" - at `\$\.?([^`\[]*)")

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Fault:
    """Which field of a rule is wrong, and how."""

    field: str
    message: str


def read_as(shape: type[S], values: dict[str, Any], *, strict: bool = True) -> S | Fault:
    """Return `values` as a `shape`, or the first field that is wrong.

    `strict` false also takes numbers and truths written as text, as in CSV files.
    """
    try:
        return msgspec.convert(values, shape, strict=strict)
    except msgspec.ValidationError as error:
        message = str(error)
        for pattern in (_UNKNOWN, _MISSING, _PATH):
            found = pattern.search(message)
            if found:
                return Fault(found[1], message.split(" - at ")[0])
        return Fault("", message)


def write(rule: Dated) -> dict[str, Any]:
    """Return a rule as plain JSON values, as `read_as` reads them."""
    plain: dict[str, Any] = msgspec.to_builtins(rule)
    return plain


@dataclass(frozen=True, slots=True)
class AreaRules:
    """Every rule an area has or had."""

    area: str
    hours: tuple[Hours, ...]
    bookings: tuple[BookingRule, ...]
    tariffs: tuple[Tariff, ...]

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """Return the newest hours in force, for all weekdays; empty when none were decided."""
        held = [rule for rule in self.hours if rule.holds_on(day)]
        newest = max((rule.valid_from for rule in held), default=None)
        return tuple(rule for rule in held if rule.valid_from == newest)

    def booking_on(self, day: date) -> BookingRule | None:
        """Return the booking rule of a day, `None` when none was decided."""
        return _newest(self.bookings, day)

    def tariff_on(self, day: date) -> Tariff | None:
        """Return the tariff of a service day, `None` when none was decided."""
        return _newest(self.tariffs, day)


D = TypeVar("D", bound=Dated)


def _newest(rules: Sequence[D], day: date) -> D | None:
    held = [rule for rule in rules if rule.holds_on(day)]
    return max(held, key=lambda rule: rule.valid_from, default=None)
