"""Vehicles as the office keeps them: added, changed, taken out of service."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store import fleet, places, riding, towns
from maas.store.database import Database
from maas.store.fleet import VehicleRow
from maas.store.once import By, Done, once
from maas.town.desk import Promised

No = Literal["key-reused", "not-found", "forbidden", "vehicle-known"]


@dataclass(frozen=True, slots=True)
class VehicleWish:
    """A vehicle as it shall be; shifts are seconds of the service day."""

    area_id: str
    name: str
    name_en: str
    operator: str
    kind: str
    profile: str
    seats: int
    wheelchair_places: int
    seats_lost_per_wheelchair: int
    battery_wh: int | None
    depot_place_id: int | None
    plate: str
    colour: str
    shift_from_s: int
    shift_to_s: int
    in_service: bool


async def put_vehicle(
    database: Database,
    vehicle_id: str,
    wish: VehicleWish,
    *,
    new: bool,
    within: str | None,
    today: date,
    by: By,
) -> Done | No | Promised:
    """Add a vehicle or change one; `within` is the area of whoever asks, None for all.

    One that has promised rides may become better at them, never worse: first they are given to
    another on the monitor.
    """

    async def work(connection: AsyncConnection) -> Done | No | Promised:
        before = await fleet.vehicle(connection, vehicle_id)
        if (before is None) is not new:
            return "vehicle-known" if new else "not-found"
        after = _after(before, vehicle_id, wish)
        if within is not None and {within} != {after.area_id, (before or after).area_id}:
            return "forbidden"
        if not await _is_of_the_town(connection, after):
            return "not-found"
        if before is not None and not as_good(before, after):
            count = await riding.open_rides(connection, today, vehicle_id=vehicle_id)
            if count:
                return Promised(count)
        if before is None:
            await fleet.save_vehicles(connection, [after])
        await fleet.change_vehicle(connection, after)
        shown = None if before is None else asdict(before)
        return Done((vehicle_id,), detail={"before": shown, "after": asdict(after)})

    action = "town.vehicle.added" if new else "town.vehicle.changed"
    return await once(database, by, action, [vehicle_id, asdict(wish)], work)


def _after(before: VehicleRow | None, vehicle_id: str, wish: VehicleWish) -> VehicleRow:
    if before is None:
        return VehicleRow(row=0, id=vehicle_id, block=None, driver=None, **asdict(wish))
    return replace(before, **asdict(wish))


async def _is_of_the_town(connection: AsyncConnection, row: VehicleRow) -> bool:
    """Whether the vehicle's area and depot are there."""
    if row.area_id not in {area.id for area in await towns.all_areas(connection)}:
        return False
    if row.depot_place_id is None:
        return True
    return await places.place(connection, row.depot_place_id) is not None


def as_good(before: VehicleRow, after: VehicleRow) -> bool:
    """Whether a vehicle can still do whatever it could before."""
    same = ("area_id", "profile", "depot_place_id", "block")
    return (
        all(getattr(before, name) == getattr(after, name) for name in same)
        and after.seats >= before.seats
        and after.wheelchair_places >= before.wheelchair_places
        and after.seats_lost_per_wheelchair <= before.seats_lost_per_wheelchair
        and after.shift_from_s <= before.shift_from_s
        and after.shift_to_s >= before.shift_to_s
        and (after.in_service or not before.in_service)
    )
