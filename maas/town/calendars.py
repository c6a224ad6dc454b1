"""Whether the service runs, and whether an ask keeps the rules of its day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gtfs.calendar import holiday_name
from maas.town.messages import Text, say
from maas.town.rules import WEEKDAYS, AreaRules, BookingRule, Hours, Tariff

_JA_DAYS = "月火水木金土日"
_EN_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EN_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule says no: which one, the reason's name, and the sentence to read aloud."""

    reason: str
    rule: str
    text: Text


@dataclass(frozen=True, slots=True)
class DayRules:
    """The rules in force on one service day."""

    day: date
    hours: Hours
    booking: BookingRule
    tariff: Tariff


def day_words(day: date) -> Text:
    """Return a day in words.

    >>> day_words(date(2025, 11, 23))
    Text(ja='11月23日(日)', en='Sun 23 Nov')
    """
    ja = f"{day.month}月{day.day}日({_JA_DAYS[day.weekday()]})"
    return Text(ja, f"{_EN_DAYS[day.weekday()]} {day.day} {_EN_MONTHS[day.month - 1]}")


def clock_words(seconds_s: int) -> str:
    """Return service-day seconds as people say them, rounded down to the minute.

    >>> clock_words(34_259)
    '9:30'
    """
    return f"{seconds_s // 3600}:{seconds_s % 3600 // 60:02d}"


def rules_on(rules: AreaRules, day: date) -> DayRules | Refused:
    """Return the rules of a service day, or why nothing runs on it."""
    words = day_words(day)
    hours, booking, tariff = rules.hours_on(day), rules.booking_on(day), rules.tariff_on(day)
    if not hours or booking is None or tariff is None:
        missing = "hours" if not hours else "booking" if booking is None else "tariff"
        return Refused("no_rules", missing, say("no_rules", day=words.ja, day_en=words.en))
    season = next(filter(None, (rule.season_of(day) for rule in hours)), None)
    if season is not None:
        text = say("closed_season", day=words.ja, day_en=words.en, season=season)
        return Refused("closed_season", "hours.closed", text)
    holiday = holiday_name(day)
    if holiday is not None:
        hours = tuple(rule for rule in hours if rule.holidays)
        if not hours:
            text = say("closed_holiday", day=words.ja, day_en=words.en, holiday=holiday)
            return Refused("closed_holiday", "hours.holidays", text)
    today = next((rule for rule in hours if WEEKDAYS[day.weekday()] in rule.days), None)
    if today is None:
        return _closed_weekday(hours, words)
    return DayRules(day, today, booking, tariff)


def _closed_weekday(hours: tuple[Hours, ...], words: Text) -> Refused:
    runs = sorted({WEEKDAYS.index(day) for rule in hours for day in rule.days})
    ja, en = "".join(_JA_DAYS[i] for i in runs), ", ".join(_EN_DAYS[i] for i in runs)
    text = say("closed_day", day=words.ja, day_en=words.en, hours=ja, hours_en=en)
    return Refused("closed_day", "hours.days", text)


@dataclass(frozen=True, slots=True)
class Party:
    """Who travels: `riders` is everybody; the others are some of them."""

    riders: int = 1
    wheelchairs: int = 0
    half_fares: int = 0
    infants: int = 0


def check_party(rules: BookingRule, party: Party) -> Refused | None:
    """Return why this party cannot ride together, `None` when it can."""
    parts = (party.wheelchairs, party.half_fares, party.infants)
    adds_up = party.riders >= 1 and min(parts) >= 0 and party.wheelchairs <= party.riders
    if not adds_up or party.half_fares + party.infants > party.riders or _only_infants(party):
        return Refused("party_unclear", "party", say("party_unclear"))
    if party.riders > rules.max_party:
        text = say("party_too_large", most=rules.max_party)
        return Refused("party_too_large", "booking.max_party", text)
    return None


def _only_infants(party: Party) -> bool:
    return party.infants == party.riders


def check_time(rules: DayRules, desired_s: int, now_s: int) -> Refused | None:
    """Return why `desired_s` cannot be asked for at `now_s`, `None` when it can.

    Both are seconds of the day the ride is on; `now_s` is negative on the days before.
    """
    hours, booking = rules.hours, rules.booking
    if desired_s < now_s:
        return Refused("in_the_past", "time", say("in_the_past"))
    if not hours.opens_s <= desired_s <= hours.closes_s:
        text = say("outside_hours", opens=hours.opens, closes=hours.closes)
        return Refused("outside_hours", "hours", text)
    if desired_s < now_s + booking.deadline_min * 60:
        text = say("too_late", minutes=booking.deadline_min)
        return Refused("too_late", "booking.deadline_min", text)
    return None


def check_day(booking: BookingRule, day: date, today: date) -> Refused | None:
    """Return why `day` cannot be booked today, `None` when it can."""
    if day < today:
        return Refused("in_the_past", "date", say("in_the_past"))
    if (day - today).days > booking.horizon_days:
        text = say("too_far_ahead", days=booking.horizon_days)
        return Refused("too_far_ahead", "booking.horizon_days", text)
    return None
