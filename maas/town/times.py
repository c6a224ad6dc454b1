"""How the town writes times: clocks, spans of a day, seasons of a year, weekdays."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

Clock = Annotated[str, Meta(pattern=r"^([0-3][0-9]|4[0-7]):[0-5][0-9]$")]
Span = Annotated[
    str, Meta(pattern=r"^([0-3][0-9]|4[0-7]):[0-5][0-9]/([0-3][0-9]|4[0-7]):[0-5][0-9]$")
]
Season = Annotated[str, Meta(pattern=r"^[01][0-9]-[0-3][0-9]/[01][0-9]-[0-3][0-9]$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "hol"]
"""A weekday, or `hol`: every public holiday, whatever its weekday."""

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def seconds(clock: str) -> int:
    """Return the service-day seconds of a time like 08:00.

    >>> seconds("08:30")
    30600
    """
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def ends(span: str) -> tuple[int, int]:
    """Return the service-day seconds at which a span like 12:00/13:00 begins and ends."""
    first, last = span.split("/")
    return seconds(first), seconds(last)


def season_of(day: date, seasons: Iterable[str]) -> str | None:
    """Return the yearly season a day falls in, both ends included, `None` when in none.

    >>> season_of(date(2026, 1, 4), ["12-27/01-04"]), season_of(date(2026, 1, 5), ["12-27/01-04"])
    ('12-27/01-04', None)
    """
    mark = f"{day:%m-%d}"
    for season in seasons:
        first, last = season.split("/")
        inside = first <= mark <= last
        over_new_year = first > last and (mark >= first or mark <= last)
        if inside or over_new_year:
            return season
    return None
