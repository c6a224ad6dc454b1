"""The rides of a day and what they add up to; rides are written once and never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.rides import RideRow, rides_on


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What a service day's rides add up to; `riders` counts people, `rides` parties."""

    day: date
    rides: int
    riders: int
    shared: int
    fare_yen: int
    distance_m: int


def total(day: date, rows: Iterable[RideRow]) -> DayTotal:
    """Return the sums of some rides of one day."""
    rows = list(rows)
    return DayTotal(
        day=day,
        rides=len(rows),
        riders=sum(int(row.fare_inputs["riders"]) for row in rows),
        shared=sum(row.shared for row in rows),
        fare_yen=sum(row.fare_yen for row in rows),
        distance_m=sum(row.distance_m for row in rows),
    )


async def day_total(connection: AsyncConnection, day: date) -> DayTotal:
    """Return the sums of a service day."""
    return total(day, await rides_on(connection, day))
