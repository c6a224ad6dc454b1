"""The one transaction: plans, booking, promise, ride, answer, events and audit, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.fares import payment
from maas.fares.payment import Payment
from maas.rides.day import Day
from maas.rides.views import BookingView, Event, JobView
from maas.store import bookings, commits, plans, rides
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.commits import Answer, AuditEntry
from maas.store.database import Database, one_moment
from maas.store.plans import PlanRow
from maas.store.rides import RideRow


@dataclass(frozen=True, slots=True)
class Change:
    """Everything one commit writes.

    Each of `plans` carries the version it was made from; the commit fails when it has moved.
    `answer` is what the caller gets once it is on disk, `None` for our own changes.
    """

    plans: tuple[PlanRow, ...]
    event: Event
    audit: AuditEntry
    added: BookingRow | None = None
    updated: tuple[BookingRow, ...] = ()
    promise: PromiseRow | None = None
    ride: RideRow | None = None
    answer: BookingView | JobView | None = None
    payment: Payment | None = None

    def after(self, day: Day) -> Day:
        """Return a day as it is once this is on disk."""
        written = tuple(replace(row, version=row.version + 1) for row in self.plans)
        told = () if self.promise is None else (self.promise,)
        return day.with_rows(written, self.bookings, told)

    @property
    def bookings(self) -> tuple[BookingRow, ...]:
        """The bookings it writes, new or not."""
        return self.updated if self.added is None else (self.added, *self.updated)


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
            if change.added is not None:
                await bookings.add_booking(connection, change.added)
            await bookings.save_bookings(connection, change.updated)
            if change.promise is not None:
                await bookings.add_promise(connection, change.promise)
            if change.ride is not None:
                await rides.add_ride(connection, change.ride)
            if change.payment is not None and not await payment.write(connection, change.payment):
                raise _LostRaceError  # noqa: TRY301 -- it is what rolls the transaction back
            if call is not None:
                body = msgspec.json.encode(change.answer).decode()
                answer = Answer(call.parameters, 200, body)
                await commits.remember(connection, call.actor, call.key, answer, change.audit.at)
            event = msgspec.json.encode(change.event).decode()
            await commits.add_events(connection, area, [event])
            await commits.add_audit(connection, change.audit)
    except (_LostRaceError, IntegrityError):
        return False
    return True


async def _swap(connection: AsyncConnection, seen: Sequence[PlanRow]) -> None:
    if not await plans.swap_plans(connection, seen):
        raise _LostRaceError


async def load_day(database: Database, area: str, day: date) -> Day:
    """Return a day as the database has it now, all of one moment."""
    async with database.reading() as connection:
        await one_moment(connection)
        plan_rows = await plans.plans_on(connection, area, day)
        booking_rows = await bookings.bookings_on(connection, day, area_id=area)
        promise_rows = await bookings.promises_on(connection, area, day)
    return Day(day, {}, {}, {}).with_rows(plan_rows, booking_rows, promise_rows)


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
