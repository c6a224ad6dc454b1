"""Whether the service runs, and whether an ask keeps the rules of its day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gtfs.calendar import holiday_name
from maas.town.deadlines import Deadline
from maas.town.messages import Text, say
from maas.town.rules import (
    WEEKDAYS,
    AreaRules,
    BookingRule,
    Clock,
    DayName,
    Hours,
    Tariff,
    ends,
    seconds,
)
from maas.town.sentences import Refused as Refused
from maas.town.sentences import refused
from maas.town.times import season_of

_JA_DAYS = "月火水木金土日"
_EN_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EN_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class DayRules:
    """The rules in force on one service day, for one trip once `trips.for_trip` has seen it.

    `runs` are the departures, none when it runs all the time; `channel` is how one books, and
    `arrives` whether the time asked for is that of the arrival.
    """

    day: date
    hours: Hours
    booking: BookingRule
    tariff: Tariff
    runs: tuple[Clock, ...] = ()
    channel: str = "phone"
    arrives: bool = False


def day_words(day: date) -> Text:
    """Return a day in words.

    >>> day_words(date(2025, 11, 23))
    Text(ja='11月23日(日)', en='Sun 23 Nov')
    """
    ja = f"{day.month}月{day.day}日({_JA_DAYS[day.weekday()]})"
    return Text(ja, f"{_EN_DAYS[day.weekday()]} {day.day} {_EN_MONTHS[day.month - 1]}")


def season_words(season: str) -> Text:
    """Return a yearly season in words.

    >>> season_words("12-27/01-04")
    Text(ja='12月27日から1月4日まで', en='27 Dec to 4 Jan')
    """
    first, last = ([int(part) for part in end.split("-")] for end in season.split("/"))
    return Text(
        f"{first[0]}月{first[1]}日から{last[0]}月{last[1]}日まで",
        f"{first[1]} {_EN_MONTHS[first[0] - 1]} to {last[1]} {_EN_MONTHS[last[0] - 1]}",
    )


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
    today = _hours_today(hours, day, words)
    return (
        today if isinstance(today, Refused) else DayRules(day, today, booking, tariff, today.runs)
    )


def _hours_today(hours: tuple[Hours, ...], day: date, words: Text) -> Hours | Refused:
    """Return which of the hours hold on a day, or why none does."""
    opened = next((rule for rule in hours if day in rule.open_on), None)
    if opened is not None:
        return opened
    for rule in hours:
        if day in rule.closed_on:
            values = {"day": words.ja, "day_en": words.en}
            return refused("closed_date", "hours.closed_on", rule.sentences, **values)
        season = rule.season_of(day)
        if season is not None:
            span = season_words(season)
            values = {"day": words.ja, "day_en": words.en, "season": span.ja, "season_en": span.en}
            return refused("closed_season", "hours.closed", rule.sentences, **values)
    holiday = holiday_name(day)
    if holiday is None:
        return _of_weekday(hours, WEEKDAYS[day.weekday()], words)
    special = next((rule for rule in hours if "hol" in rule.days), None)
    kept = tuple(rule for rule in hours if rule.holidays)
    if special is not None or kept:
        return special or _of_weekday(kept, WEEKDAYS[day.weekday()], words)
    values = {"day": words.ja, "day_en": words.en, "holiday": holiday}
    return refused("closed_holiday", "hours.holidays", hours[0].sentences, **values)


def _of_weekday(hours: tuple[Hours, ...], weekday: DayName, words: Text) -> Hours | Refused:
    today = next((rule for rule in hours if weekday in rule.days), None)
    if today is not None:
        return today
    runs = days_words(day for rule in hours for day in rule.days)
    values = {"day": words.ja, "day_en": words.en, "hours": runs.ja, "hours_en": runs.en}
    return refused("closed_day", "hours.days", hours[0].sentences, **values)


def days_words(days: Iterable[DayName]) -> Text:
    """Return weekdays in words, Monday first; holidays come last.

    >>> days_words(["wed", "mon", "hol"])
    Text(ja='月水祝', en='Mon, Wed, holidays')
    """
    named = set(days)
    runs = [n for n, name in enumerate(WEEKDAYS) if name in named]
    holiday = "hol" in named
    ja = "".join(_JA_DAYS[n] for n in runs) + ("祝" if holiday else "")
    return Text(ja, ", ".join([*(_EN_DAYS[n] for n in runs), *(["holidays"] if holiday else [])]))


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
        most = rules.max_party
        return refused("party_too_large", "booking.max_party", rules.sentences, most=most)
    return None


def _only_infants(party: Party) -> bool:
    return party.infants == party.riders


def check_time(rules: DayRules, desired_s: int, now_s: int) -> Refused | None:
    """Return why `desired_s` cannot be asked for at `now_s`, `None` when it can.

    Both are seconds of the day the ride is on; `now_s` is negative on the days before.
    """
    if desired_s < now_s:
        return Refused("in_the_past", "time", say("in_the_past"))
    return check_hours(rules, desired_s) or _check_deadline(rules, desired_s, now_s)


def check_hours(rules: DayRules, desired_s: int) -> Refused | None:
    """Return why nobody is carried at this second of the day, `None` when people are."""
    hours = rules.hours
    if not hours.opens_s <= desired_s <= hours.closes_s:
        values = {"opens": clock_words(hours.opens_s), "closes": clock_words(hours.closes_s)}
        return refused("outside_hours", "hours", hours.sentences, **values)
    for span in hours.breaks:
        first_s, last_s = ends(span)
        if first_s <= desired_s < last_s:
            values = {"opens": clock_words(first_s), "closes": clock_words(last_s)}
            return refused("in_a_break", "hours.breaks", hours.sentences, **values)
    if rules.runs and not rules.arrives and not _in_a_run(rules, desired_s):
        runs = [clock_words(seconds(run)) for run in sorted(rules.runs)]
        values = {"runs": "、".join(runs), "runs_en": ", ".join(runs)}
        return refused("no_run", "hours.runs", hours.sentences, **values)
    return None


def check_pickup(rules: DayRules, pickup_s: int) -> Refused | None:
    """Return why nobody is picked up at this second, `None` when people are.

    Who asks for a time of arrival is picked up by a run all the same.
    """
    return check_hours(replace(rules, arrives=False), pickup_s)


def _in_a_run(rules: DayRules, pickup_s: int) -> bool:
    within_s = rules.hours.run_min * 60
    return any(0 <= pickup_s - seconds(run) < within_s for run in rules.runs)


def _check_deadline(rules: DayRules, desired_s: int, now_s: int) -> Refused | None:
    booking, deadline = rules.booking, deadline_of(rules, desired_s)
    if now_s <= latest_call_s(rules, desired_s):
        return None
    if deadline is None or deadline.minutes is not None:
        rule = "booking.deadlines" if deadline else "booking.deadline_min"
        minutes = booking.deadline_min if deadline is None else deadline.minutes
        return refused("too_late", rule, booking.sentences, minutes=minutes)
    by = day_words(_day_of(rules, deadline))
    values = {"day": by.ja, "day_en": by.en, "time": clock_words(seconds(deadline.at or ""))}
    return refused(
        "too_late", "booking.deadlines", booking.sentences, message="too_late_day", **values
    )


def deadline_of(rules: DayRules, pickup_s: int) -> Deadline | None:
    """Return which deadline is for a ride at a second of its day, `None` for `deadline_min`."""
    held = (each for each in rules.booking.deadlines if each.holds_for(rules.channel, pickup_s))
    return next(held, None)


def latest_call_s(rules: DayRules, pickup_s: int) -> int:
    """Return until when a ride can be booked, in seconds of its day (negative: a day before)."""
    deadline = deadline_of(rules, pickup_s)
    if deadline is None:
        return pickup_s - rules.booking.deadline_min * 60
    if deadline.minutes is not None:
        return pickup_s - deadline.minutes * 60
    back = (rules.day - _day_of(rules, deadline)).days
    return seconds(deadline.at or "") - back * DAY_S


def _day_of(rules: DayRules, deadline: Deadline) -> date:
    """Return the day a deadline falls on; an office that never works is looked for in a year."""
    left, day = deadline.days_before or 0, rules.day
    for _ in range(366):
        if left == 0:
            break
        day -= timedelta(days=1)
        left -= not deadline.working_days or is_working_day(rules, day)
    return day


def is_working_day(rules: DayRules, day: date) -> bool:
    """Whether the office takes bookings on a day."""
    booking = rules.booking
    closed = (*booking.office_closed, *rules.hours.closed)
    works = WEEKDAYS[day.weekday()] in booking.office_days
    return works and holiday_name(day) is None and season_of(day, closed) is None


def soonest_s(rules: DayRules, now_s: int) -> int:
    """Return the first second that can be asked for; when none can, one that is refused.

    It is now, an opening, the end of a break, a run, or a deadline from now.
    """
    hours, booking = rules.hours, rules.booking
    minutes = [booking.deadline_min, *(each.minutes or 0 for each in booking.deadlines)]
    borders = [each.rides_from for each in booking.deadlines if each.rides_from]
    opened = [hours.opens_s, *(ends(span)[1] for span in hours.breaks)]
    tried = {
        *opened,
        *(seconds(clock) for clock in (*rules.runs, *borders)),
        *(now_s + each * 60 for each in minutes),
    }
    plain_s = max(hours.opens_s, now_s + booking.deadline_min * 60)
    possible = (each for each in sorted(tried) if check_time(rules, each, now_s) is None)
    return next(possible, plain_s)


def check_day(booking: BookingRule, day: date, today: date) -> Refused | None:
    """Return why `day` cannot be booked today, `None` when it can."""
    if day < today:
        return Refused("in_the_past", "date", say("in_the_past"))
    if (day - today).days > booking.horizon_days:
        days = booking.horizon_days
        return refused("too_far_ahead", "booking.horizon_days", booking.sentences, days=days)
    return None
