"""On which days a weekly booking is a ride."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from maas.store.standing import StandingRow


def days(row: StandingRow, today: date, weeks: int) -> Iterator[date]:
    """Yield the days from today on, for so many weeks, on which it is due, paused ones too."""
    first = max(row.valid_from, today)
    last = today + timedelta(days=7 * weeks)
    if row.valid_to is not None:
        last = min(last, row.valid_to)
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        if day.weekday() in row.weekdays:
            yield day


def rests(row: StandingRow, day: date) -> bool:
    """Whether it is paused on a day; a pause without an end lasts."""
    if row.paused_from is None or day < row.paused_from:
        return False
    return row.paused_to is None or day <= row.paused_to


def is_due(row: StandingRow, day: date) -> bool:
    """Whether a ride already booked for a day is still wanted."""
    ended = row.valid_to is not None and day > row.valid_to
    return not ended and not rests(row, day)
