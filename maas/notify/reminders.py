"""Messages that no change brings about: the evening before, and when the vehicle is near."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs.calendar import day_start_epoch
from maas.notify.audience import audience
from maas.notify.manners import Manners
from maas.notify.occasions import Occasion
from maas.notify.wanted import Notices, key_of, wanted
from maas.store import bookings, members
from maas.store.bookings import BookingRow
from maas.store.notifications import told_of

EVENING_S: Final = 86_400.0


async def evening_before(
    connection: AsyncConnection, area: str, manners: Manners, now: float
) -> list[Notices]:
    """Return the reminders of tomorrow's rides that are still to be kept.

    It is time from the hour the rule says until the quiet hours.  Who booked after that hour has
    just been told.
    """
    today = manners.day(now)
    from_at = day_start_epoch(today, manners.timezone) + manners.remind_at_s
    if now < from_at or manners.is_quiet(now):
        return []
    rows = await bookings.bookings_on(
        connection, today + timedelta(days=1), area_id=area, states=["booked"]
    )
    due = [row for row in rows if row.booked_at < from_at]
    return await _new(connection, Occasion.REMINDER, due, now, {})


async def coming(
    connection: AsyncConnection, manners: Manners, now: float, pickups: Mapping[str, float]
) -> list[Notices]:
    """Return the messages that a vehicle is coming that are still to be kept.

    `pickups` is when each booking will be picked up as the live plan has it, epoch seconds.
    """
    near = {id_: at for id_, at in pickups.items() if now < at <= now + manners.coming_s}
    rows = [await bookings.booking(connection, id_) for id_ in sorted(near)]
    waiting = [row for row in rows if row is not None and row.state == "booked"]
    return await _new(connection, Occasion.COMING, waiting, now, near)


async def _new(
    connection: AsyncConnection,
    occasion: Occasion,
    rows: list[BookingRow],
    now: float,
    at: Mapping[str, float],
) -> list[Notices]:
    """Return a message for each booking that has none yet and whose rider wants one."""
    told = await told_of(connection, occasion, [row.id for row in rows])
    new = []
    for row in rows:
        if key_of(occasion, row) in told:
            continue
        member = await members.member(connection, row.member_id or 0)
        if audience(occasion, row, member, EVENING_S):
            due_at = at.get(row.id)
            facts = {} if due_at is None else {"minutes": math.ceil((due_at - now) / 60)}
            new.append(wanted(occasion, row, member, now=now, due_at=due_at, facts=facts))
    return new
