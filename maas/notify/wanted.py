"""Messages wanted because of a change: they are kept in the transaction that makes it.

What a message says is taken down then, so that it tells of the promise as it was given.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs.calendar import day_start_epoch
from maas.notify.audience import Reach, audience, digits
from maas.notify.occasions import WAYS, Channel, Occasion
from maas.store import bookings
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.members import MemberRow
from maas.store.notifications import (
    NotificationRow,
    add_notifications,
    drop_waiting,
    names_of,
)

KEPT: Final = frozenset({Occasion.CANCELLED, Occasion.CONNECTION})
"""What is still true, whatever becomes of the ride afterwards."""
OUTDATED: Final = tuple(
    str(each) for each, way in WAYS.items() if not way.watched and each not in KEPT
)
TIMEZONE: Final = "Asia/Tokyo"
CALL_SUFFIX: Final = ":call"
"""What the key of a call ends with that takes the place of a message."""


@dataclass(frozen=True, slots=True)
class Notices:
    """The messages of one occasion of a booking; an `Also` of a change."""

    occasion: Occasion
    row: BookingRow
    member: MemberRow | None
    now: float
    due_at: float | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)
    once: str | None = None

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Keep them, and give up those that are no longer true; always True."""
        due_at = await self._due(connection)
        if audience(self.occasion, self.row, self.member, math.inf):
            await add_notifications(connection, await self._messages(connection, due_at))
        return True

    async def _messages(self, connection: AsyncConnection, due_at: float) -> list[NotificationRow]:
        row = self.row
        names = await names_of(connection, row.pickup_id, row.destination_id, row.vehicle_id)
        day_s = day_start_epoch(row.service_date, names.pop("timezone", None) or TIMEZONE)
        told = await bookings.promises_of(connection, self.row.id)
        promise = next((each for each in told if each.no == self.row.promise_no), None)
        pickup_at = day_s + (promise.pickup_to_s if promise else self.row.pickup_planned_s)
        people = audience(self.occasion, self.row, self.member, pickup_at - self.now)
        facts = self._facts(names, promise, told)
        until = due_at if WAYS[self.occasion].stands else self._until(pickup_at)
        return [self._message(who, facts, due_at, until) for who in people]

    def _until(self, pickup_at: float) -> float | None:
        way = WAYS[self.occasion]
        if way.lasts_s is None:
            return None
        lasts_until = self.now + way.lasts_s
        return lasts_until if way.watched else min(lasts_until, pickup_at)

    async def _due(self, connection: AsyncConnection) -> float:
        """Return by when they have to know: what replaces another message not later than it."""
        way = WAYS[self.occasion]
        due_at = self.now + way.within_s if self.due_at is None else self.due_at
        if not way.replaces:
            return due_at
        # This very message, kept before, is not one that it replaces.
        ours = self._rider_key()
        before = await drop_waiting(connection, self.row.id, OUTDATED, "replaced", ours)
        return due_at if before is None else min(before, due_at)

    def _facts(
        self,
        names: Mapping[str, str | None],
        promise: PromiseRow | None,
        told: list[PromiseRow],
    ) -> dict[str, Any]:
        row = self.row
        before = next((each for each in reversed(told) if each.no < row.promise_no), None)
        facts: dict[str, Any] = {"date": row.service_date.isoformat(), "reference": row.reference}
        facts |= {name: said for name, said in names.items() if said is not None}
        facts |= _window(promise, "") if promise is not None else self._planned()
        if before is not None:
            facts |= _window(before, "old_")
        done_s = row.dropped_s if self.occasion is Occasion.ARRIVED else row.aboard_s
        if done_s is not None:
            facts["at_s"] = done_s
        facts["name"] = self.member.name if self.member else row.contact_name
        facts["kana"] = self.member.kana if self.member else ""
        return facts | dict(self.facts)

    def _planned(self) -> dict[str, int]:
        """Return the times of a booking that nothing has been promised for yet."""
        pickup_s, arrive_s = self.row.pickup_planned_s, self.row.arrive_planned_s
        return {"from_s": pickup_s, "to_s": pickup_s, "by_s": arrive_s}

    def _message(
        self, who: Reach, facts: dict[str, Any], due_at: float, until: float | None
    ) -> NotificationRow:
        member = self.member
        return NotificationRow(
            key=self._key(who),
            area_id=self.row.area_id,
            booking_id=self.row.id,
            member_id=member.id if member else None,
            occasion=self.occasion,
            facts=facts | {"who": who.who},
            language=(member.language if member else "") or "ja",
            channel=who.channel,
            address=who.address,
            due_at=due_at,
            next_at=self.now,
            until=until,
            urgency=WAYS[self.occasion].urgency,
            state="waiting",
            attempts=0,
            error=None,
            created_at=self.now,
        )

    def _rider_key(self) -> str:
        again = str(self.now) if WAYS[self.occasion].repeats else None
        return key_of(self.occasion, self.row, self.once or again)

    def _key(self, who: Reach) -> str:
        """Return what makes a repeat of this message the same message."""
        key = self._rider_key()
        if who.who == "rider":
            return key
        whom = "\0".join((who.who, who.channel, who.address))
        return f"{key}:{hashlib.sha256(whom.encode()).hexdigest()[:12]}"


def key_of(occasion: Occasion, row: BookingRow, once: str | None = None) -> str:
    """Return the key of a message to the rider: one for each promise, if nothing sets it apart."""
    return ":".join((occasion.value, row.id, str(row.promise_no) if once is None else once))


def wanted(
    occasion: Occasion,
    row: BookingRow,
    member: MemberRow | None,
    *,
    now: float,
    due_at: float | None = None,
    facts: Mapping[str, str | int] | None = None,
    once: str | None = None,
) -> Notices:
    """Return the messages of an occasion, to be written with the change that brings it about.

    `now` and `due_at` (by when they have to know, `None` as the occasion has it) are epoch
    seconds.  `facts` fill or replace what the sentences say: `reason`, `minutes`, `from_s`, `to_s`
    (service-day seconds), names.  `once` tells apart what may happen again for the same promise.
    """
    return Notices(occasion, row, member, now, due_at, facts or {}, once)


def by_phone(
    row: NotificationRow,
    booking: BookingRow | None,
    member: MemberRow | None,
    now: float,
    why: str,
) -> NotificationRow:
    """Return the call to make when a message did not reach the rider, and `why` it did not."""
    phone = (booking.contact_phone if booking else "") or (member.phone if member else "")
    return replace(
        row,
        key=f"{row.key}{CALL_SUFFIX}",
        channel=Channel.PHONE,
        address=digits(phone),
        next_at=now,
        until=row.until if WAYS[Occasion(row.occasion)].stands else None,
        state="waiting",
        attempts=0,
        error=why,
        created_at=now,
    )


def _window(promise: PromiseRow, prefix: str) -> dict[str, int]:
    return {
        f"{prefix}from_s": promise.pickup_from_s,
        f"{prefix}to_s": promise.pickup_to_s,
        f"{prefix}by_s": promise.arrive_by_s,
    }
