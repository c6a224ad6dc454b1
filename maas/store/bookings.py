"""Bookings and the promises given for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import bookings, promises

OPEN = ("booked", "arrived", "aboard")


class Leg(NamedTuple):
    """Some time on board of a vehicle, in seconds of the service day."""

    vehicle_id: str
    aboard_s: int
    left_s: int


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A booking; the `_s` fields are seconds of its service day, `None` until they happen."""

    id: str
    area_id: str
    service_date: date
    reference: str
    state: str
    member_id: int | None
    contact_name: str
    contact_phone: str
    origin_id: int
    destination_id: int
    riders: int
    wheelchairs: int
    half_fares: int
    infants: int
    transfer: bool
    vehicle_id: str
    promise_no: int
    pickup_planned_s: int
    arrive_planned_s: int
    direct_s: int
    booked_at: float
    booked_by: str
    arrived_s: int | None = None
    aboard_s: int | None = None
    dropped_s: int | None = None
    cancel_reason: str | None = None
    pinned_vehicle_id: str | None = None
    """The vehicle a dispatcher has given it for good."""
    held_until: float | None = None
    """Until when a seat is held, in epoch seconds; `None` until something else ends it."""
    group_id: str | None = None
    """What was booked together: outward and return, or a group in several vehicles."""
    helpers: int = 0
    """How many of the riders come along to help."""
    channel: str = "phone"
    call_id: str | None = None
    """The telephone call it is held for."""
    unplaced_since: float | None = None
    """Since when no vehicle can carry it, though it is booked; `None`: it is in the plan."""
    boards_at_id: int | None = None
    """Where it gets in when its first vehicle has broken down; `None`: at its origin."""
    rode_before: str = ""
    """The rides in vehicles that broke down, as `legs` reads them."""

    @property
    def pickup_id(self) -> int:
        """The place where a vehicle fetches it."""
        return self.origin_id if self.boards_at_id is None else self.boards_at_id

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The rides in vehicles that broke down, the first first."""
        return msgspec.json.decode(self.rode_before or "[]", type=tuple[Leg, ...])

    def left_by(self, left_s: int) -> str:
        """Return `rode_before` when the vehicle it sits in goes no further than `left_s`."""
        if self.aboard_s is None:
            return self.rode_before
        here = Leg(self.vehicle_id, self.aboard_s, max(left_s, self.aboard_s))
        return msgspec.json.encode((*self.legs, here)).decode()


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One promise as told; `request` is the dispatcher's request as JSON."""

    booking_id: str
    no: int
    vehicle_id: str
    pickup_from_s: int
    pickup_to_s: int
    arrive_by_s: int
    request: dict[str, Any]
    told_at: float
    told_by: str
    why: str


async def booking(connection: AsyncConnection, booking_id: str) -> BookingRow | None:
    """Return one booking, `None` when there is no such id."""
    found = await connection.execute(select(bookings).where(bookings.c.id == booking_id))
    row = found.mappings().first()
    return None if row is None else BookingRow(**row)


async def bookings_on(
    connection: AsyncConnection,
    day: date,
    *,
    area_id: str | None = None,
    states: Sequence[str] | None = None,
) -> list[BookingRow]:
    """Return the bookings of a service day by planned pick-up; `states` `None` is all."""
    query = select(bookings).where(bookings.c.service_date == day)
    if area_id is not None:
        query = query.where(bookings.c.area_id == area_id)
    if states is not None:
        query = query.where(bookings.c.state.in_(states))
    rows = await connection.execute(query.order_by(bookings.c.pickup_planned_s, bookings.c.id))
    return [BookingRow(**row) for row in rows.mappings()]


async def next_booking_of(
    connection: AsyncConnection, member_id: int, day: date
) -> BookingRow | None:
    """Return a member's next open booking from `day` on, `None` when there is none."""
    rows = await connection.execute(
        select(bookings)
        .where(
            bookings.c.member_id == member_id,
            bookings.c.service_date >= day,
            bookings.c.state.in_(OPEN),
        )
        .order_by(bookings.c.service_date, bookings.c.pickup_planned_s)
        .limit(1)
    )
    row = rows.mappings().first()
    return None if row is None else BookingRow(**row)


async def add_booking(connection: AsyncConnection, row: BookingRow) -> None:
    """Keep a new booking."""
    await connection.execute(insert(bookings), _values(row))


async def save_bookings(connection: AsyncConnection, rows: Sequence[BookingRow]) -> None:
    """Write changed bookings; the version of their vehicle's plan is what guards them."""
    if rows:
        statement = update(bookings).where(bookings.c.id == bindparam("which"))
        await connection.execute(statement, [_values(row) | {"which": row.id} for row in rows])


async def add_promise(connection: AsyncConnection, row: PromiseRow) -> None:
    """Append to the ledger of promises."""
    await connection.execute(insert(promises), _values(row))


def _values(row: BookingRow | PromiseRow) -> dict[str, Any]:
    # `asdict` copies what is in the columns, which costs more than the statement.
    return {name: getattr(row, name) for name in row.__slots__}


async def promises_of(connection: AsyncConnection, booking_id: str) -> list[PromiseRow]:
    """Return every promise ever given for a booking, oldest first."""
    rows = await connection.execute(
        select(promises).where(promises.c.booking_id == booking_id).order_by(promises.c.no)
    )
    return [PromiseRow(**row) for row in rows.mappings()]


async def promises_on(connection: AsyncConnection, area_id: str, day: date) -> list[PromiseRow]:
    """Return the promise now in force for each booking of a service day."""
    rows = await connection.execute(
        select(promises)
        .join(bookings, bookings.c.id == promises.c.booking_id)
        .where(
            bookings.c.area_id == area_id,
            bookings.c.service_date == day,
            promises.c.no == bookings.c.promise_no,
        )
    )
    return [PromiseRow(**row) for row in rows.mappings()]
