"""The town's rules as it writes them down, each valid from one day to another.

The fields are those of town.toml; times there are like 08:00 and become seconds of the service
day here.  The same shapes are kept in the database, so both ways in are read by one reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec
from msgspec import Meta

from maas.town.dated import Count as Count
from maas.town.dated import Dated as Dated
from maas.town.dated import Positive as Positive
from maas.town.dated import Text1 as Text1
from maas.town.tariffs import ShortTariff, is_short
from maas.town.tariffs import Tariff as Tariff

Clock = Annotated[str, Meta(pattern=r"^([0-3][0-9]|4[0-7]):[0-5][0-9]$")]
Season = Annotated[str, Meta(pattern=r"^[01][0-9]-[0-3][0-9]/[01][0-9]-[0-3][0-9]$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def seconds(clock: str) -> int:
    """Return the service-day seconds of a time like 08:00.

    >>> seconds("08:30")
    30600
    """
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


class Hours(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When vehicles run; `holidays` whether on public holidays too; `closed` yearly seasons."""

    days: list[Weekday]
    opens: Clock = msgspec.field(name="from")
    closes: Clock = msgspec.field(name="to")
    holidays: bool = False
    closed: tuple[Season, ...] = ()

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
        ...              closes="17:00", closed=("12-27/01-04",))
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
    """How far ahead, how many, and what a promise looks like.

    `max_rides_a_day` is of one member, 0 any number; `immediate_percent` of the seats is kept for
    those who want to leave at once until `immediate_until_min` before; an open return is picked up
    within `open_return_within_min` of the call, 0 offers none; `standing_weeks` is how far ahead
    weekly bookings are made; after `no_show_limit` in 90 days a member is rung first, 0 never.
    """

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
    max_rides_a_day: Count = 0
    immediate_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    immediate_until_min: Count = 0
    open_return_within_min: Count = 30
    waitlist: bool = True
    standing_weeks: Count = 4
    overlap_allowed: bool = False
    no_show_limit: Count = 0


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

    `strict` false also takes numbers and truths written as text, as in CSV files.  A tariff may
    be written shortly; it is read as the rules that this means.
    """
    if shape is Tariff and is_short(values):
        short = read_as(ShortTariff, values, strict=strict)
        return short if isinstance(short, Fault) else cast("S", short.spelled_out())
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
