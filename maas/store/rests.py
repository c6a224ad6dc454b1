"""Breaks that the office has put into the plans of vehicles; a row is never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import rests, vehicles


@dataclass(frozen=True, slots=True)
class RestRow:
    """A break of a driver at a place: it begins in its window (service seconds) and lasts so long.

    `id` is that of the disruption that put it in.  It is to be taken as long as the plan of the
    vehicle has it among its stops.
    """

    id: str
    vehicle_id: str
    service_date: date
    place_id: int
    earliest_s: int
    latest_s: int
    lasts_s: int


async def add_rest(connection: AsyncConnection, row: RestRow) -> None:
    """Keep what a break in a plan is."""
    await connection.execute(insert(rests).values(**asdict(row)))


async def rests_on(connection: AsyncConnection, area_id: str, day: date) -> Mapping[str, RestRow]:
    """Return all breaks ever put into the plans of a day, by their id."""
    rows = await connection.execute(
        select(rests)
        .join(vehicles, vehicles.c.id == rests.c.vehicle_id)
        .where(rests.c.service_date == day, vehicles.c.area_id == area_id)
    )
    return {row["id"]: RestRow(**row) for row in rows.mappings()}
