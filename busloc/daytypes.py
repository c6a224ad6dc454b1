"""What kind of day it is for the traffic, and which other kinds tell most about it.

Beside the three timetables of a stop (平日, 土曜, 日祝) the days round New Year (年末年始) and Bon
(お盆) have a traffic of their own; a snow day (or any other) is whatever the town says it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from gtfs import calendar


class DayType(StrEnum):
    """Kinds of days between which travel times are not taken for the same."""

    WEEKDAY = "weekday"
    SATURDAY = "saturday"
    HOLIDAY = "holiday"
    NEW_YEAR = "new_year"
    BON = "bon"
    SNOW = "snow"


NEW_YEAR = ((12, 29), (1, 3))
BON = ((8, 13), (8, 16))


def day_type(day: date, given: Mapping[date, DayType] | None = None) -> DayType:
    """Return the kind of a day; ``given`` are days the town knows better (snow, an event).

    >>> day_type(date(2026, 12, 30)), day_type(date(2026, 8, 14)), day_type(date(2026, 11, 23))
    (<DayType.NEW_YEAR: 'new_year'>, <DayType.BON: 'bon'>, <DayType.HOLIDAY: 'holiday'>)
    """
    if given is not None and day in given:
        return given[day]
    at = (day.month, day.day)
    if at >= NEW_YEAR[0] or at <= NEW_YEAR[1]:
        return DayType.NEW_YEAR
    if BON[0] <= at <= BON[1]:
        return DayType.BON
    return DayType(calendar.day_type(day).value)
