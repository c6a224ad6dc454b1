"""Rides of a month gone by, written into the ledger as if they had been driven."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store import bus_counts, rides
from maas.store.bus_counts import CountRow
from maas.store.rides import RideRow
from maas.store.tables import bookings
from tests.maas.tiny_town import AREA


def last_month(today: date) -> date:
    """Return the first day of the month before."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


async def rode(
    db: AsyncConnection,
    name: str,
    day: date,
    *,
    origin: int = 1,
    destination: int = 2,
    member: int | None = None,
    phone: str = "",
    hour: int = 9,
    vehicle: str = "van-1",
) -> None:
    """Write a ride that is over with its booking."""
    at_s = hour * 3600
    row = {
        "id": name, "area_id": AREA, "service_date": day, "reference": name, "state": "done",
        "member_id": member, "contact_name": "", "contact_phone": phone, "origin_id": origin,
        "destination_id": destination, "riders": 1, "wheelchairs": 0, "half_fares": 0, "infants": 0,
        "transfer": False, "vehicle_id": vehicle, "promise_no": 1, "pickup_planned_s": at_s,
        "arrive_planned_s": at_s + 600, "direct_s": 600, "booked_at": 0.0, "booked_by": "x",
        "arrived_s": at_s, "aboard_s": at_s, "dropped_s": at_s + 600,
    }  # fmt: skip
    await db.execute(insert(bookings).values(**row))
    ride = RideRow(name, day, vehicle, at_s, at_s + 600, 500, shared=False, fare_yen=500,
                   fare_reasons=(), fare_inputs={"riders": 1}, tariff="tiny-2020")  # fmt: skip
    await rides.add_ride(db, ride)


async def counted(
    db: AsyncConnection, day: date, calls: Iterable[tuple[int, int, int]], trip: str = "e08"
) -> None:
    """Write who got on and off bus-1 at some calls (call, on, off) of a trip."""
    rows = [
        CountRow(
            f"{day}/{trip}/{call}", day, "bus-1", trip, call, "counter", on, off, 0.0, 0.0, "x"
        )
        for call, on, off in calls
    ]
    await bus_counts.add_counts(db, rows)
