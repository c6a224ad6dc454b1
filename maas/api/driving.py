"""Who may act for a vehicle: its own device, the driver who has taken it over, a dispatcher."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from maas.api.identity import The, device_vehicle, identify
from maas.api.problems import Problem
from maas.auth.roles import Permission, Role, allowed
from maas.store import fleet

VehicleId = Annotated[str, Path(min_length=1, max_length=64, examples=["van-1"])]


async def acts_for(vehicle_id: VehicleId, connection: HTTPConnection, service: The) -> str:
    """Return the name under which the caller acts for a vehicle, or raise the problem it has.

    A device speaks for its own vehicle alone and a driver for the one they have taken over;
    dispatchers and administrators of the vehicle's area may step in.
    """
    if "authorization" in connection.headers:
        return await _device(connection, vehicle_id)
    person = await identify(connection)
    if person is None:
        raise Problem("not-signed-in")
    if not allowed(person.role, Permission.DRIVE):
        raise Problem("forbidden")
    async with service.database.reading() as db:
        row = await fleet.vehicle(db, vehicle_id)
    if row is None:
        raise Problem("not-found")
    if person.area not in {None, row.area_id}:
        raise Problem("forbidden")
    if person.role is Role.DRIVER and row.driver != person.name:
        raise Problem("not-your-vehicle")
    return person.name


async def _device(connection: HTTPConnection, vehicle_id: str) -> str:
    own = await device_vehicle(connection)
    if own is None:
        raise Problem("bad-device")
    if own != vehicle_id:
        raise Problem("not-your-vehicle")
    return f"device:{own}"


Acting = Annotated[str, Depends(acts_for)]
