"""Places as the office keeps them: added, renamed, moved, no longer offered."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs.geo import distance_m
from maas.store import fleet, places, riding
from maas.store.database import Database
from maas.store.once import By, Done, once
from maas.store.places import PlaceRow
from maas.town.imports import Snaps, anchor_of

MOVED_M: Final = 30.0
"""A place that moves farther than this is reached at other times than were promised."""
NOT_HERE: Final = frozenset({"home", "spot"})
"""Homes are changed with their member's card; a spot is where a vehicle broke down."""

No = Literal["key-reused", "not-found"]


@dataclass(frozen=True, slots=True)
class PlaceWish:
    """A place as it shall be."""

    name: str
    kana: str
    name_en: str
    kind: str
    address: str
    oaza: str
    lat: float
    lon: float
    nicknames: tuple[str, ...]
    hidden: bool


@dataclass(frozen=True, slots=True)
class Promised:
    """So many rides that are promised stand in the way."""

    count: int


async def add_place(
    database: Database, wish: PlaceWish, roads: Snaps | None, network: str, by: By
) -> Done | No:
    """Add a place, and join it to the roads; the answer is its id."""
    code = f"own-{secrets.token_hex(4)}"
    row = _joined(PlaceRow(0, code, **asdict(wish) | {"anchor": None, "network": None}), roads)
    row = replace(row, nicknames=wish.nicknames, network=network or None)

    async def work(connection: AsyncConnection) -> Done | No:
        number = await places.add_place(connection, row)
        await places.change_place(connection, replace(row, id=number))
        return Done((str(number),), answer=number, detail=asdict(wish))

    return await once(database, by, "town.place.added", asdict(wish), work)


async def change_place(
    database: Database,
    place_id: int,
    wish: PlaceWish,
    roads: Snaps | None,
    network: str,
    *,
    today: date,
    by: By,
) -> Done | No | Promised:
    """Change a place; one that promised rides go from or to is not moved from under them."""

    async def work(connection: AsyncConnection) -> Done | No | Promised:
        before = await places.place(connection, place_id)
        if before is None or before.kind in NOT_HERE:
            return "not-found"
        after = replace(before, **asdict(wish))
        after = replace(after, nicknames=wish.nicknames)
        if distance_m(before.lat, before.lon, after.lat, after.lon) > MOVED_M:
            count = await _rides_at(connection, place_id, today)
            if count:
                return Promised(count)
        if (before.lat, before.lon) != (after.lat, after.lon):
            after = replace(_joined(after, roads), network=network or None)
        await places.change_place(connection, after)
        detail = {"before": _shown(before), "after": _shown(after)}
        return Done((str(place_id),), answer=place_id, detail=detail)

    return await once(database, by, "town.place.changed", [place_id, asdict(wish)], work)


async def _rides_at(connection: AsyncConnection, place_id: int, today: date) -> int:
    """Return how many promised rides touch a place, or set out from it as a depot."""
    count = await riding.open_rides(connection, today, place_id=place_id)
    for vehicle in await fleet.all_vehicles(connection):
        if vehicle.depot_place_id == place_id:
            count += await riding.open_rides(connection, today, vehicle_id=vehicle.id)
    return count


def _joined(row: PlaceRow, roads: Snaps | None) -> PlaceRow:
    return row if roads is None else replace(row, anchor=anchor_of(roads, row.lat, row.lon))


def _shown(row: PlaceRow) -> dict[str, object]:
    return {key: value for key, value in asdict(row).items() if key not in {"anchor", "network"}}
