"""What went wrong on a day: vehicles that are out or stop early, and what was decided about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import disruptions, outages, vehicles

Kind = Literal["out", "off", "back"]


@dataclass(frozen=True, slots=True)
class OutageRow:
    """A vehicle on a day: `out` of every plan, its shift ending (`off`) at `at_s`, or `back`.

    `place_id` is where it stands, when that is a place.
    """

    vehicle_id: str
    service_date: date
    kind: Kind
    at_s: int
    disruption_id: str
    place_id: int | None = None


@dataclass(frozen=True, slots=True)
class DisruptionRow:
    """One command about the day; `outcome` is what was answered."""

    id: str
    area_id: str
    service_date: date
    kind: str
    reason: str
    at: float
    by: str
    outcome: dict[str, Any]


async def add_disruption(connection: AsyncConnection, row: DisruptionRow) -> None:
    """Keep a command; it is never changed."""
    await connection.execute(insert(disruptions).values(**asdict(row)))


async def disruptions_on(
    connection: AsyncConnection, area_id: str, day: date
) -> list[DisruptionRow]:
    """Return the commands about a day, the newest first."""
    rows = await connection.execute(
        select(disruptions)
        .where(disruptions.c.area_id == area_id, disruptions.c.service_date == day)
        .order_by(disruptions.c.at.desc(), disruptions.c.id)
    )
    return [DisruptionRow(**row) for row in rows.mappings()]


async def add_outages(connection: AsyncConnection, rows: Sequence[OutageRow]) -> None:
    """Append what is so of vehicles from now on."""
    if rows:
        await connection.execute(insert(outages), [asdict(row) for row in rows])


async def outages_on(
    connection: AsyncConnection, area_id: str, day: date
) -> Mapping[str, OutageRow]:
    """Return the last row of each vehicle on a day."""
    columns = [column for column in outages.c if column.name != "id"]
    rows = await connection.execute(
        select(*columns)
        .join(vehicles, vehicles.c.id == outages.c.vehicle_id)
        .where(outages.c.service_date == day, vehicles.c.area_id == area_id)
        .order_by(outages.c.id)
    )
    return {row["vehicle_id"]: OutageRow(**row) for row in rows.mappings()}
