"""What one person may have booked: no two rides at once, so many a day, how often nobody came."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.rides.day import Day
from maas.rides.messages import say
from maas.store import one_person
from maas.store.bookings import BookingRow
from maas.town.calendars import Refused, clock_words
from maas.town.rules import BookingRule

NO_SHOW_DAYS: Final = 90
_RIDDEN: Final = frozenset({"booked", "arrived", "aboard", "done"})


def since(day: date) -> date:
    """Return the first day whose no-shows still count on `day`."""
    return day - timedelta(days=NO_SHOW_DAYS)


def check_person(
    rules: BookingRule,
    day: Day,
    member_id: int | None,
    latest_s: tuple[int, int],
    but: Collection[str] = (),
) -> Refused | None:
    """Return why a member cannot have another ride, `None` when they can.

    `latest_s` is by when it leaves and by when it has arrived; `but` are bookings it would replace.
    Somebody who is not a member may be anybody.
    """
    if member_id is None:
        return None
    mine = [
        row
        for row in day.bookings.values()
        if row.member_id == member_id and row.state in _RIDDEN and row.id not in but
    ]
    if rules.max_rides_a_day and len(mine) >= rules.max_rides_a_day:
        text = say("too_many_rides", most=rules.max_rides_a_day)
        return Refused("too_many_rides", "booking.max_rides_a_day", text)
    if rules.overlap_allowed:
        return None
    other = next((row for row in mine if _at_once(day, row, latest_s)), None)
    return None if other is None else _overlap(day, other)


@dataclass(frozen=True, slots=True)
class StillAlone:
    """Fails a change when a member has got another ride on that day since it was worked out.

    The vehicles' versions do not guard this: the other ride may be in another vehicle.
    """

    member_id: int
    day: date
    seen: frozenset[str]

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Lock the member and look again."""
        now = await one_person.rides_of(connection, self.member_id, self.day, sorted(_RIDDEN))
        return now == self.seen


def still_alone(day: Day, row: BookingRow) -> tuple[StillAlone, ...]:
    """Return what guards that a ride about to be written is its member's only one at the time."""
    if row.member_id is None:
        return ()
    mine = {
        id_
        for id_, each in day.bookings.items()
        if each.member_id == row.member_id and each.state in _RIDDEN
    }
    return (StillAlone(row.member_id, row.service_date, frozenset(mine | {row.id})),)


def _at_once(day: Day, row: BookingRow, latest_s: tuple[int, int]) -> bool:
    """Whether neither ride is sure to be over when the other one leaves at the latest."""
    other = day.promises[row.id]
    before = other.arrive_by_s <= latest_s[0]
    afterwards = latest_s[1] <= other.pickup_to_s
    return not (before or afterwards)


def _overlap(day: Day, row: BookingRow) -> Refused:
    told = day.promises[row.id]
    text = say(
        "overlap",
        reference=row.reference,
        pickup_from=clock_words(told.pickup_from_s),
        arrive_by=clock_words(told.arrive_by_s),
    )
    return Refused("overlap", "booking.overlap_allowed", text)
