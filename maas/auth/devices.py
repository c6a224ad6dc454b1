"""Devices in vehicles: enrolled once, known by a bearer token whose SHA-256 is kept."""

from __future__ import annotations

import secrets

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.auth.sessions import digest
from maas.store import fleet


async def enrol_device(db: AsyncConnection, vehicle_id: str, now_s: float) -> str | None:
    """Enrol a new device for a vehicle and return its token, shown this once.

    None when there is no such vehicle.  Other devices of the vehicle stay enrolled.
    """
    if await fleet.vehicle(db, vehicle_id) is None:
        return None
    token = secrets.token_urlsafe(32)
    name = f"{vehicle_id}/{secrets.token_hex(4)}"
    await fleet.add_device(db, name, vehicle_id, digest(token), now_s)
    return token


async def vehicle_of(db: AsyncConnection, token: str) -> str | None:
    """Return the vehicle a device token speaks for, or None when unknown or revoked."""
    device = await fleet.device_by_token(db, digest(token))
    return None if device is None else device.vehicle_id
