"""Service days: their seconds, their instants, and what kind of day they are.

A service day starts twelve hours before its noon and may run past midnight: 25:10:00 is
90,600 s.  Counting from noon keeps the seconds right on days when the clocks change.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import jpholiday

DAY_S = 86_400
_TIME = re.compile(r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{8}")


@lru_cache(maxsize=16_384)
def parse_time(text: str) -> int:
    """Return the service-day seconds of ``HH:MM:SS``.  Raises ``ValueError`` for anything else.

    >>> parse_time("25:10:00")
    90600
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time like 08:05:00")
    hours, minutes, seconds = map(int, match.groups())
    return hours * 3600 + minutes * 60 + seconds


def format_time(seconds_s: int) -> str:
    """Return service-day seconds as ``HH:MM:SS``, hours past 24 after midnight."""
    hours, rest = divmod(seconds_s, 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def parse_date(text: str) -> date:
    """Return the day of ``YYYYMMDD``.  Raises ``ValueError`` for anything else."""
    if _DATE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a date like 20251001")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def format_date(day: date) -> str:
    """Return a day as ``YYYYMMDD``."""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def day_start_epoch(day: date, tz: ZoneInfo | str) -> int:
    """Return the epoch seconds of second 0 of a service day: its noon minus twelve hours."""
    noon = datetime.combine(day, time(12), tzinfo=_zone(tz))
    return int(noon.timestamp()) - DAY_S // 2


def seconds_of(epoch: float, day: date, tz: ZoneInfo | str) -> int:
    """Return an instant in whole service-day seconds of ``day``, rounded down."""
    return int(epoch // 1) - day_start_epoch(day, tz)


def service_days_around(epoch: float, tz: ZoneInfo | str) -> tuple[date, date]:
    """Return the service days that may be running at an instant: (yesterday, today)."""
    today = datetime.fromtimestamp(epoch, _zone(tz)).date()
    return today - timedelta(days=1), today


def holiday_name(day: date) -> str | None:
    """Return the Japanese name of a public holiday, or ``None`` on other days."""
    name: str | None = jpholiday.is_holiday_name(day)
    return name


class DayType(StrEnum):
    """The three timetables of a Japanese bus stop."""

    WEEKDAY = "weekday"
    SATURDAY = "saturday"
    HOLIDAY = "holiday"


def day_type(day: date) -> DayType:
    """Return which timetable runs: 平日, 土曜, or 日祝 (Sundays and public holidays)."""
    if day.weekday() == 6 or holiday_name(day) is not None:
        return DayType.HOLIDAY
    return DayType.SATURDAY if day.weekday() == 5 else DayType.WEEKDAY


def _zone(tz: ZoneInfo | str) -> ZoneInfo:
    return ZoneInfo(tz) if isinstance(tz, str) else tz
