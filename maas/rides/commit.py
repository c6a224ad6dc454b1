"""The one transaction: plans, booking, promise, ride, answer, events and audit, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol, runtime_checkable

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.rides.day import Day
from maas.rides.facts import facts, tell_others
from maas.rides.views import Event
from maas.store import bookings, closings, commits, links, merging, outages, plans, rests, rides
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.commits import Answer, AuditEntry
from maas.store.database import Database, at_once
from maas.store.plans import PlanRow
from maas.store.rides import RideRow


class Also(Protocol):
    """What a subject of its own writes together with a change: a payment, a notification, a link.

    False when it has lost a race: then nothing of the change is kept, and it is worked out again.
    """

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Write it in the transaction of the change."""


@runtime_checkable
class OfDay(Protocol):
    """An `Also` that a day in memory has to know."""

    def on(self, day: Day, /) -> Day:
        """Return the day once it is on disk."""


@dataclass(frozen=True, slots=True)
class Change:
    """Everything one commit writes.

    Each of `plans` carries the version it was made from; the commit fails when it has moved.
    `also` is written after bookings and promises, in its order.  `answer` is what the caller gets
    once it is on disk, `None` for our own changes.
    """

    plans: tuple[PlanRow, ...]
    events: tuple[Event, ...]
    audit: AuditEntry
    added: tuple[BookingRow, ...] = ()
    updated: tuple[BookingRow, ...] = ()
    promises: tuple[PromiseRow, ...] = ()
    ride: RideRow | None = None
    answer: object = None
    also: tuple[Also, ...] = ()

    def after(self, day: Day) -> Day:
        """Return a day as it is once this is on disk."""
        written = tuple(replace(row, version=row.version + 1) for row in self.plans)
        day = day.with_rows(written, self.bookings, self.promises)
        for one in self.also:
            if isinstance(one, OfDay):
                day = one.on(day)
        return day

    @property
    def bookings(self) -> tuple[BookingRow, ...]:
        """The bookings it writes, new or not."""
        return (*self.added, *self.updated)


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that changes something: who made it, under which key, with which parameters."""

    actor: str
    key: str
    parameters: str


def asked(actor: str, key: str, action: str, *parameters: object) -> Asked:
    """Return a call with its parameters hashed, so that two calls can be told apart."""
    body = msgspec.json.encode([action, *parameters])
    return Asked(actor, key, hashlib.sha256(body).hexdigest())


class _LostRaceError(Exception):
    """Somebody else's commit was first; rolls the transaction back."""


async def commit(database: Database, area: str, change: Change, call: Asked | None) -> bool:
    """Write a change; False when a plan, the key or the reference number was taken meanwhile.

    After anything raised it is not known whether the change is on disk; reading tells.
    """
    try:
        async with database.writing() as connection:
            await _swap(connection, change.plans)
            now, author = change.audit.at, change.audit.actor
            await closings.note_states(connection, change.bookings, now=now, author=author)
            async with at_once(connection):
                await _add_rows(connection, area, change, call)
            if change.ride is not None:
                await _add_ride(connection, change.ride, now)
            await _add(connection, change.also)
            await commits.add_audit(connection, change.audit)
            await _follow_merged(connection, change)
    except (_LostRaceError, IntegrityError):
        return False
    return True


async def _swap(connection: AsyncConnection, seen: Sequence[PlanRow]) -> None:
    if not await plans.swap_plans(connection, seen):
        raise _LostRaceError


async def _add_rows(
    connection: AsyncConnection, area: str, change: Change, call: Asked | None
) -> None:
    """Write what needs nothing read before."""
    for row in change.added:
        await bookings.add_booking(connection, row)
    await bookings.save_bookings(connection, change.updated)
    for told in change.promises:
        await bookings.add_promise(connection, told)
    if call is not None:
        answer = Answer(call.parameters, 200, msgspec.json.encode(change.answer).decode())
        await commits.remember(connection, call.actor, call.key, answer, change.audit.at)
    events = [msgspec.json.encode(event).decode() for event in change.events]
    await commits.add_events(connection, area, events)
    happened = facts(change.events, change.bookings, change.promises)
    await tell_others(connection, area, happened, change.audit.at)


async def _add_ride(connection: AsyncConnection, ride: RideRow, now: float) -> None:
    """Keep a ride; one of a month that is closed counts today."""
    day = await closings.day_for(connection, ride.service_date, now)
    await rides.add_ride(connection, replace(ride, dated=None if day == ride.service_date else day))


async def _add(connection: AsyncConnection, also: Sequence[Also]) -> None:
    for one in also:
        if not await one.write(connection):
            raise _LostRaceError


async def _follow_merged(connection: AsyncConnection, change: Change) -> None:
    """Give what was written for a card that has been merged to the card that stays.

    The caller may have had the old card on the screen.  The plans count as changed once more, so
    that the day is read again before anything else is written to it.
    """
    owners = (*change.bookings, *(getattr(one, "row", None) for one in change.also))
    ids = {id_ for row in owners if (id_ := getattr(row, "member_id", None)) is not None}
    for gone, kept in await merging.gone_to(connection, ids):
        await merging.move(connection, gone, kept)
        entry = AuditEntry(change.audit.at, "maas", "member.swept", str(gone), "{}")
        await commits.add_audit(connection, entry)


async def load_day(database: Database, area: str, day: date) -> Day:
    """Return a day as the database has it now, all of one moment."""
    async with database.one_moment() as connection:
        plan_rows = await plans.plans_on(connection, area, day)
        booking_rows = await bookings.bookings_on(connection, day, area_id=area)
        promise_rows = await bookings.promises_on(connection, area, day)
        out = await outages.outages_on(connection, area, day)
        tied = await links.links_on(connection, area, day)
        breaks = await rests.rests_on(connection, area, day)
    rows = Day(day, {}, {}, {}, out, tied, breaks)
    return rows.with_rows(plan_rows, booking_rows, promise_rows)


def reference_for(booking_id: str, taken: Sequence[str]) -> str:
    """Return a reference number nobody has on that day: four digits while there are any.

    It follows from the booking's id, so callers cannot guess how many others there are.
    """
    start = int.from_bytes(hashlib.sha256(booking_id.encode()).digest()[:4]) % 9000
    used = set(taken)
    free = (str(1000 + (start + step) % 9000) for step in range(9000))
    found = next((number for number in free if number not in used), None)
    if found is not None:
        return found
    return next(str(number) for number in range(10_000, 10**9) if str(number) not in used)
