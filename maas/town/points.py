"""Saying where exactly at a place the vehicle stops."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store import pickup_points, places
from maas.store.database import Database
from maas.store.once import By, Done, once
from maas.store.pickup_points import PickupPoint

No = Literal["key-reused", "not-found"]


async def put_point(database: Database, point: PickupPoint, by: By) -> Done | No:
    """Keep a pick-up point in place of the one its place had.

    A place cannot be an entrance of itself, nor of what is an entrance of something else.
    """

    async def work(connection: AsyncConnection) -> Done | No:
        if await places.place(connection, point.place_id) is None:
            return "not-found"
        if point.part_of is not None and not await _is_whole(connection, point):
            return "not-found"
        await pickup_points.put(connection, [point])
        return Done((str(point.place_id),), detail=asdict(point))

    return await once(database, by, "pickup_point.put", asdict(point), work)


async def _is_whole(connection: AsyncConnection, point: PickupPoint) -> bool:
    """Whether what a pick-up point is part of is a place that is no part itself."""
    facility = point.part_of or 0
    if facility == point.place_id or await places.place(connection, facility) is None:
        return False
    above = (await pickup_points.points_of(connection, [facility])).get(facility)
    return above is None or above.part_of is None


async def remove_point(database: Database, place_id: int, by: By) -> Done | No:
    """Forget the pick-up point of a place."""

    async def work(connection: AsyncConnection) -> Done | No:
        gone = await pickup_points.remove(connection, place_id)
        return Done((str(place_id),)) if gone else "not-found"

    return await once(database, by, "pickup_point.removed", place_id, work)
