"""Where exactly at a place the vehicle stops, and what to look for there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import pickup_points

Kind = Literal["door", "stop", "entrance"]


@dataclass(frozen=True, slots=True)
class PickupPoint:
    """A door, a stop, or an entrance of a facility.

    The place's position is where the vehicle stands.  `part_of` is the facility whose other
    entrance it is; `photo` refers to a picture kept elsewhere.
    """

    place_id: int
    point: Kind
    part_of: int | None = None
    entrance: str = ""
    entrance_en: str = ""
    landmark: str = ""
    photo: str = ""
    step_free: bool = False


async def points_at(connection: AsyncConnection, place_id: int) -> list[PickupPoint]:
    """Return the pick-up point of a place and those that are part of it."""
    here = or_(pickup_points.c.place_id == place_id, pickup_points.c.part_of == place_id)
    query = select(pickup_points).where(here).order_by(pickup_points.c.place_id)
    return [PickupPoint(**row) for row in (await connection.execute(query)).mappings()]


async def points_of(
    connection: AsyncConnection, place_ids: Sequence[int]
) -> dict[int, PickupPoint]:
    """Return the pick-up points of places, by place; those that have none are absent."""
    query = select(pickup_points).where(pickup_points.c.place_id.in_(place_ids))
    rows = await connection.execute(query)
    return {row["place_id"]: PickupPoint(**row) for row in rows.mappings()}


async def put(connection: AsyncConnection, points: Sequence[PickupPoint]) -> None:
    """Keep pick-up points in place of those the places had."""
    for point in points:
        await remove(connection, point.place_id)
        await connection.execute(insert(pickup_points).values(**asdict(point)))


async def remove(connection: AsyncConnection, place_id: int) -> bool:
    """Forget the pick-up point of a place; False when it had none."""
    gone = await connection.execute(
        delete(pickup_points).where(pickup_points.c.place_id == place_id)
    )
    return gone.rowcount == 1
