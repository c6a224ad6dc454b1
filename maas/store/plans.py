"""The plan of each vehicle on each day, changed only by compare-and-set on its version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.database import insert_missing
from maas.store.tables import vehicle_plans, vehicles

_SWAP = update(vehicle_plans).where(
    vehicle_plans.c.vehicle_id == bindparam("of"),
    vehicle_plans.c.service_date == bindparam("on"),
    vehicle_plans.c.version == bindparam("seen"),
)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A vehicle's remaining stops on a day as (kind, booking id), and where it is free from."""

    vehicle_id: str
    service_date: date
    version: int
    stops: tuple[tuple[str, str], ...]
    at_place_id: int | None = None
    free_s: int | None = None


async def plans_on(connection: AsyncConnection, area_id: str, day: date) -> list[PlanRow]:
    """Return the plans of an area's vehicles on a day; a vehicle never touched has no row."""
    rows = await connection.execute(
        select(vehicle_plans)
        .join(vehicles, vehicles.c.id == vehicle_plans.c.vehicle_id)
        .where(vehicle_plans.c.service_date == day, vehicles.c.area_id == area_id)
    )
    return [_plan(row) for row in rows.mappings()]


async def versions_on(connection: AsyncConnection, area_id: str, day: date) -> dict[str, int]:
    """Return the version of each touched vehicle's plan on a day."""
    rows = await connection.execute(
        select(vehicle_plans.c.vehicle_id, vehicle_plans.c.version)
        .join(vehicles, vehicles.c.id == vehicle_plans.c.vehicle_id)
        .where(vehicle_plans.c.service_date == day, vehicles.c.area_id == area_id)
    )
    return dict(rows.all())


def _plan(row: object) -> PlanRow:
    values = dict(row)  # type: ignore[call-overload]
    return PlanRow(**{**values, "stops": tuple((kind, who) for kind, who in values["stops"])})


async def swap_plans(connection: AsyncConnection, seen: Sequence[PlanRow]) -> bool:
    """Write plans whose `version` is the one seen before; False when any of them has moved on.

    The rows are taken in the order of their ids, so that two writers cannot wait for each other.
    """
    ordered = sorted(seen, key=lambda row: row.vehicle_id)
    blank = [
        {"vehicle_id": r.vehicle_id, "service_date": r.service_date, "version": 0, "stops": []}
        for r in ordered
        if r.version == 0
    ]
    await insert_missing(connection, vehicle_plans, blank)
    if not ordered:
        return True
    swapped = await connection.execute(_SWAP, [_swap(row) for row in ordered])
    return swapped.rowcount == len(ordered)


def _swap(row: PlanRow) -> dict[str, object]:
    return {
        "of": row.vehicle_id,
        "on": row.service_date,
        "seen": row.version,
        "version": row.version + 1,
        "stops": [list(stop) for stop in row.stops],
        "at_place_id": row.at_place_id,
        "free_s": row.free_s,
    }
