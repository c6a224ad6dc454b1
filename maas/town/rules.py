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
from maas.town.dated import Minutes
from maas.town.dated import Positive as Positive
from maas.town.dated import Text1 as Text1
from maas.town.deadlines import Deadline as Deadline
from maas.town.figures import Figure as Figure
from maas.town.sentences import Sentence, check_sentences
from maas.town.tariffs import ShortTariff, is_short
from maas.town.tariffs import Tariff as Tariff
from maas.town.times import WEEKDAYS as WEEKDAYS
from maas.town.times import Clock as Clock
from maas.town.times import DayName as DayName
from maas.town.times import Season as Season
from maas.town.times import Span as Span
from maas.town.times import Weekday as Weekday
from maas.town.times import ends as ends
from maas.town.times import season_of
from maas.town.times import seconds as seconds
from maas.town.zones import PlaceKind as PlaceKind
from maas.town.zones import Relation as Relation
from maas.town.zones import Zone as Zone


class Hours(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When vehicles run: days (`hol` are holidays), from when to when, breaks, perhaps fixed runs.

    `holidays` whether also on public holidays that are one of `days`; `closed` yearly seasons,
    `closed_on` single days without, `open_on` days with service whatever else is said.  With `runs`
    riders are picked up within `run_min` minutes from each of them, and at no other time.  In a
    break nobody is picked up; who sits in the vehicle by then is brought (`break_rides` is
    `finish`), or has to be there before it (`none`).
    """

    days: list[DayName]
    opens: Clock = msgspec.field(name="from")
    closes: Clock = msgspec.field(name="to")
    holidays: bool = False
    closed: tuple[Season, ...] = ()
    closed_on: tuple[date, ...] = ()
    open_on: tuple[date, ...] = ()
    breaks: tuple[Span, ...] = ()
    break_rides: Literal["finish", "none"] = "finish"
    runs: tuple[Clock, ...] = ()
    run_min: Positive = 30
    sentences: dict[str, Sentence] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ``ValueError`` when it ends before it begins, or a break does."""
        if self.closes_s <= self.opens_s:
            raise ValueError("it is not open: `to` is not after `from`")
        for span in self.breaks:
            first_s, last_s = ends(span)
            if last_s <= first_s:
                raise ValueError(f"breaks: {span} ends before it begins")
        check_sentences(self.sentences, HOURS_REASONS)

    @property
    def opens_s(self) -> int:
        """When the first rider may be picked up."""
        return seconds(self.opens)

    @property
    def closes_s(self) -> int:
        """When the last rider has been brought."""
        return seconds(self.closes)

    def season_of(self, day: date) -> str | None:
        """Return the closed season a day falls in, `None` when in none."""
        return season_of(day, self.closed)


HOURS_REASONS = (
    "closed_day", "closed_date", "closed_holiday", "closed_season", "outside_hours", "in_a_break",
    "no_run",
)  # fmt: skip
BOOKING_REASONS = (
    "too_late", "too_late_day", "too_far_ahead", "party_too_large", "members_only", "no_boarding",
    "no_alighting", "outside_area", "not_between", "not_from", "over_quota",
)  # fmt: skip
"""What a town may say in its own words: the refusals that follow from these rules."""


class BookingRule(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far ahead, how many, and what a promise looks like.

    `deadlines` go before `deadline_min`; the office works on `office_days` that are no holiday and
    in no closed season.  Riders board at places of the kinds `board_at` and get off at those of
    `alight_at`, anywhere when none are given: `["stop"]` is from stop to stop, not from the door.
    `max_rides_a_day` is of one member, 0 any number; `immediate_percent` of the seats is kept for
    those who want to leave at once until `immediate_until_min` before; an open return is picked up
    within `open_return_within_min` of the call, 0 offers none; `standing_weeks` is how far ahead
    weekly bookings are made; after `no_show_limit` in 90 days a member is rung first, 0 never.
    `roll_call` is what follows when a vehicle leaves without one.  Nobody is disturbed from
    `quiet_from` to `quiet_to`; reminders go out at `remind_at` the evening before, and `coming_min`
    before a vehicle comes, 0 never.  Who would be fetched or brought `late_told_min` or more after
    the time they were told is told another, 0 never.  Telephone numbers of calls and of who is no
    member, and where messages went, are kept for `numbers_kept_days`.
    """

    deadline_min: Minutes
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
    deadlines: tuple[Deadline, ...] = ()
    office_days: Annotated[tuple[Weekday, ...], Meta(min_length=1)] = WEEKDAYS[:5]
    office_closed: tuple[Season, ...] = ()
    members_only: bool = False
    board_at: tuple[PlaceKind, ...] = ()
    alight_at: tuple[PlaceKind, ...] = ()
    roll_call: Literal["off", "warn", "required"] = "warn"
    quiet_from: Clock = "20:00"
    quiet_to: Clock = "07:00"
    remind_at: Clock = "18:00"
    coming_min: Count = 10
    late_told_min: Count = 5
    numbers_kept_days: Positive = 90
    sentences: dict[str, Sentence] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ``ValueError`` when a sentence is for no refusal of this rule."""
        check_sentences(self.sentences, BOOKING_REASONS)


KINDS: dict[str, type[Dated]] = {
    "hours": Hours, "booking": BookingRule, "tariff": Tariff, "zone": Zone, "relation": Relation,
    "figure": Figure,
}  # fmt: skip
NEEDED = ("hours", "booking", "tariff")
"""The kinds without which an area has no service.  Rules of the others are told by their id."""

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
    zones: tuple[Zone, ...] = ()
    relations: tuple[Relation, ...] = ()
    figures: tuple[Figure, ...] = ()

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

    def zones_on(self, day: date) -> dict[str, Zone]:
        """Return the zones of a day by their id."""
        return {zone.id: zone for zone in _newest_of_each(self.zones, day)}

    def relations_on(self, day: date) -> tuple[Relation, ...]:
        """Return the relations in force; none means that every trip is allowed."""
        newest = _newest_of_each(self.relations, day)
        return tuple(relation for relation in newest if not relation.stopped)

    def figures_on(self, day: date) -> tuple[Figure, ...]:
        """Return what things cost and use on a day."""
        return tuple(_newest_of_each(self.figures, day))


D = TypeVar("D", bound=Dated)
N = TypeVar("N", Zone, Relation, Figure)


def _newest(rules: Sequence[D], day: date) -> D | None:
    held = [rule for rule in rules if rule.holds_on(day)]
    return max(held, key=lambda rule: rule.valid_from, default=None)


def _newest_of_each(rules: Sequence[N], day: date) -> list[N]:
    """Return the newest in force of each id, in the order of the ids."""
    ids = sorted({rule.id for rule in rules})
    newest = (_newest([rule for rule in rules if rule.id == id_], day) for id_ in ids)
    return [rule for rule in newest if rule is not None]
