"""Whether the ledger holds together: every ride as it was written, once, and of its booking.

Each check goes a way of its own, so that an error of one ride shows against something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.records import closing, ledger
from maas.store import closings
from maas.store.ledger import taking_rows
from maas.store.rides import fares_between, seal_of
from maas.store.tables import bookings, rides

FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)


async def faults(connection: AsyncConnection, first: date = FIRST, last: date = LAST) -> list[str]:
    """Return what does not hold together from `first` to `last`, in words; empty is well."""
    rows = [*(await connection.execute(_rows(first, last))).mappings()]
    found = [fault for row in rows for fault in _row_faults(row)]
    found += await _money_faults(connection, first, last)
    given = [
        row
        for row in await closings.all_closings(connection)
        if f"{first:%Y-%m}" <= row.month <= f"{last:%Y-%m}"
    ]
    return found + await closing.changed(connection, given)


def _rows(first: date, last: date) -> Any:  # noqa: ANN401 -- a query
    b = bookings.c
    columns = [
        b.id, b.state, b.vehicle_id.label("booked_vehicle"), b.aboard_s, b.dropped_s, b.riders,
        b.service_date.label("booked_date"), *rides.c,
    ]  # fmt: skip
    joined = bookings.outerjoin(rides, rides.c.booking_id == b.id)
    counted = or_(b.state == "done", rides.c.booking_id.is_not(None))
    when = b.service_date.between(first, last)
    return select(*columns).select_from(joined).where(and_(when, counted)).order_by(b.id)


def _row_faults(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a booking that is done or has a ride."""
    name = f"ride {row['id']} of {row['booked_date']}"
    if row["booking_id"] is None:
        yield f"{name}: the booking is done and there is no ride"
        return
    if row["state"] != "done":
        yield f"{name}: the booking is {row['state']}"
    if row["seal"] and row["seal"] != seal_of(row):
        yield f"{name}: not as it was written"
    same = {
        "service_date": "booked_date", "vehicle_id": "booked_vehicle", "picked_up_s": "aboard_s",
        "dropped_off_s": "dropped_s",
    }  # fmt: skip
    for own, booked in same.items():
        if row[own] != row[booked]:
            yield f"{name}: {own} {row[own]}, the booking says {row[booked]}"
    if int(row["fare_inputs"]["riders"]) != row["riders"]:
        yield f"{name}: riders {row['fare_inputs']['riders']}, the booking says {row['riders']}"


async def _money_faults(connection: AsyncConnection, first: date, last: date) -> list[str]:
    """Compare the fares of the entries with the bags of the drivers, day by vehicle."""
    entries = Counter[tuple[date, str]]()
    for ride in await ledger.rides_between(connection, first, last):
        entries[ride.dated, ride.vehicle_id] += ride.sign * ride.fare_yen
    bags = Counter[tuple[date, str]]()
    for day, vehicle_id, yen in await fares_between(connection, first, last):
        bags[day, vehicle_id] += yen
    for taking in await taking_rows(connection, first, last, "fare"):
        if taking.booking_id is not None:
            bags[taking.service_date, taking.vehicle_id] += taking.yen
    return [
        f"fares of {vehicle_id} on {day}: {entries[day, vehicle_id]} yen by the rides, "
        f"{bags[day, vehicle_id]} by the bags"
        for day, vehicle_id in sorted({*entries, *bags})
        if entries[day, vehicle_id] != bags[day, vehicle_id]
    ]
