"""Rides as they happened, and refusals as they were given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import bookings, refusals, rides


@dataclass(frozen=True, slots=True)
class RideRow:
    """One party's ride; `fare_reasons` are pairs of Japanese and English sentences.

    `dated` is the day it counts on when its month was closed before it was written, else `None`.
    """

    booking_id: str
    service_date: date
    vehicle_id: str
    picked_up_s: int
    dropped_off_s: int
    distance_m: int
    shared: bool
    fare_yen: int
    fare_reasons: tuple[tuple[str, str], ...]
    fare_inputs: dict[str, Any]
    tariff: str
    dated: date | None = None


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """One "no", with what was asked, how many other offers were named and what would have worked.

    The town's when `declined` is `None`; otherwise the caller's, to these offers.
    """

    area_id: str
    at: float
    service_date: date
    reason: str
    binding: str | None
    ask: dict[str, Any]
    alternatives: int
    relaxations: list[dict[str, Any]] = field(default_factory=list)
    declined: list[dict[str, Any]] | None = None
    actor: str = ""


async def add_ride(connection: AsyncConnection, row: RideRow) -> None:
    """Keep a ride; rides are never changed."""
    await add_rides(connection, [row])


async def add_rides(connection: AsyncConnection, rows: Sequence[RideRow]) -> None:
    """Keep rides, each with the seal that tells whether somebody has changed it since."""
    if rows:
        await connection.execute(insert(rides), [_values(row) for row in rows])


def _values(row: RideRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in RideRow.__slots__}
    values["fare_reasons"] = [list(pair) for pair in row.fare_reasons]
    return values | {"seal": seal_of(values)}


def seal_of(values: Mapping[str, Any]) -> str:
    """Return what follows from a ride as it was written; any other ride has another."""
    plain = [values[name] for name in RideRow.__slots__]
    body = json.dumps(plain, sort_keys=True, default=str)
    return hashlib.sha256(body.encode()).hexdigest()[:32]


async def rides_on(connection: AsyncConnection, day: date) -> list[RideRow]:
    """Return the rides of a service day in the order of their drop-offs."""
    rows = await connection.execute(
        select(rides)
        .where(rides.c.service_date == day)
        .order_by(rides.c.dropped_off_s, rides.c.booking_id)
    )
    return [_ride(row) for row in rows.mappings()]


async def rides_counted_on(connection: AsyncConnection, day: date) -> list[RideRow]:
    """Return the rides that count on a day, in the order of their drop-offs."""
    counted = func.coalesce(rides.c.dated, rides.c.service_date) == day
    of_day = or_(rides.c.service_date == day, rides.c.dated == day)
    rows = await connection.execute(
        select(rides).where(of_day, counted).order_by(rides.c.dropped_off_s, rides.c.booking_id)
    )
    return [_ride(row) for row in rows.mappings()]


async def fares_between(
    connection: AsyncConnection, first: date, last: date
) -> list[tuple[date, str, int]]:
    """Return of each day and vehicle what the rides counted then cost when they ended."""
    day = func.coalesce(rides.c.dated, rides.c.service_date)
    query = (
        select(day, rides.c.vehicle_id, func.sum(rides.c.fare_yen))
        .where(day.between(first, last))
        .group_by(day, rides.c.vehicle_id)
    )
    return [(when, id_, int(yen)) for when, id_, yen in await connection.execute(query)]


async def ride(connection: AsyncConnection, booking_id: str) -> RideRow | None:
    """Return the ride of a booking, `None` when it has not ended."""
    found = await connection.execute(select(rides).where(rides.c.booking_id == booking_id))
    row = found.mappings().first()
    return None if row is None else _ride(row)


def _ride(row: object) -> RideRow:
    values = {name: row[name] for name in RideRow.__slots__}  # type: ignore[index]
    return RideRow(
        **{**values, "fare_reasons": tuple((ja, en) for ja, en in values["fare_reasons"])}
    )


async def add_refusal(connection: AsyncConnection, row: RefusalRow) -> None:
    """Keep a refusal; they show where another vehicle would help."""
    await connection.execute(insert(refusals).values(**asdict(row)))


async def refusals_on(connection: AsyncConnection, day: date) -> list[RefusalRow]:
    """Return the refusals for a service day, oldest first."""
    columns = [refusals.c[name] for name in RefusalRow.__slots__]
    rows = await connection.execute(
        select(*columns).where(refusals.c.service_date == day).order_by(refusals.c.id)
    )
    return [RefusalRow(**row) for row in rows.mappings()]


async def durations(connection: AsyncConnection, area_id: str) -> list[tuple[int, int]]:
    """Return of every ride of an area how long the direct drive takes, and it took, in seconds."""
    took_s = rides.c.dropped_off_s - rides.c.picked_up_s
    rows = await connection.execute(
        select(bookings.c.direct_s, took_s)
        .join(bookings, bookings.c.id == rides.c.booking_id)
        .where(bookings.c.area_id == area_id, took_s > 0)
        .order_by(rides.c.booking_id)
    )
    return [(direct_s, aboard_s) for direct_s, aboard_s in rows]
