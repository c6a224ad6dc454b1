"""Vehicles, who drives them, and the devices in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import devices, enrol_codes, vehicles

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class VehicleRow:
    """A vehicle; buses have a timetable `block` and take no bookings; `driver` claimed it.

    `colour` is what a rider looks for (``maas.town.files.Colour``), empty when nobody said.
    One that is not `in_service` is promised to nobody until it is again.
    """

    row: int
    id: str
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
    shift_from_s: int
    shift_to_s: int
    block: str | None
    driver: str | None
    colour: str = ""
    in_service: bool = True


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device that may report for one vehicle until it is revoked.

    The secret of an `app` is exchanged for short-lived tokens; that of a `tracker`, which cannot
    do so, is its token.  `token_hash` is the secret's.
    """

    id: str
    vehicle_id: str
    kind: str
    token_hash: str
    enrolled_at: float
    revoked_at: float | None


async def all_vehicles(connection: AsyncConnection, area_id: str | None = None) -> list[VehicleRow]:
    """Return the vehicles of an area (`None`: all), buses too, by row."""
    query = select(vehicles).order_by(vehicles.c.row)
    if area_id is not None:
        query = query.where(vehicles.c.area_id == area_id)
    return [VehicleRow(**row) for row in (await connection.execute(query)).mappings()]


async def vehicle(connection: AsyncConnection, vehicle_id: str) -> VehicleRow | None:
    """Return one vehicle, `None` when there is no such id."""
    found = await connection.execute(select(vehicles).where(vehicles.c.id == vehicle_id))
    row = found.mappings().first()
    return None if row is None else VehicleRow(**row)


async def save_vehicles(connection: AsyncConnection, rows: Sequence[VehicleRow]) -> None:
    """Add or update vehicles by their id; row number, driver and service stay as they are."""
    known = {row.id for row in await all_vehicles(connection)}
    for each in rows:
        values = asdict(each)
        del values["row"], values["driver"], values["in_service"]
        if each.id in known:
            await connection.execute(
                update(vehicles).where(vehicles.c.id == each.id).values(**values)
            )
        else:
            await connection.execute(insert(vehicles).values(**values))


async def change_vehicle(connection: AsyncConnection, row: VehicleRow) -> None:
    """Replace a vehicle by its id, with whether it is in service; not who drives it."""
    values = asdict(row)
    del values["row"], values["driver"]
    await connection.execute(update(vehicles).where(vehicles.c.id == row.id).values(**values))


async def claim(connection: AsyncConnection, vehicle_id: str, staff_name: str) -> bool:
    """Make `staff_name` the vehicle's driver unless somebody else is; True when it is theirs."""
    await connection.execute(
        update(vehicles)
        .where(vehicles.c.id == vehicle_id, vehicles.c.driver.is_(None))
        .values(driver=staff_name)
    )
    driver = await connection.scalar(select(vehicles.c.driver).where(vehicles.c.id == vehicle_id))
    return bool(driver == staff_name)


async def release(connection: AsyncConnection, vehicle_id: str, staff_name: str) -> bool:
    """Let the vehicle go; True when `staff_name` had it."""
    done = await connection.execute(
        update(vehicles)
        .where(vehicles.c.id == vehicle_id, vehicles.c.driver == staff_name)
        .values(driver=None)
    )
    return done.rowcount == 1


async def add_device(connection: AsyncConnection, device: DeviceRow) -> None:
    """Enrol a device; only the hash of its secret is kept."""
    await connection.execute(insert(devices).values(asdict(device)))


async def device_by_token(connection: AsyncConnection, token_hash: str) -> DeviceRow | None:
    """Return the device with that secret, `None` when unknown or revoked."""
    found = await connection.execute(
        select(devices).where(devices.c.token_hash == token_hash, devices.c.revoked_at.is_(None))
    )
    row = found.mappings().first()
    return None if row is None else DeviceRow(**row)


async def all_devices(connection: AsyncConnection, *, revoked_too: bool = True) -> list[DeviceRow]:
    """Return every device ever enrolled, or those that may report now."""
    query = select(devices).order_by(devices.c.enrolled_at)
    if not revoked_too:
        query = query.where(devices.c.revoked_at.is_(None))
    return [DeviceRow(**row) for row in (await connection.execute(query)).mappings()]


async def revoke_device(connection: AsyncConnection, device_id: str, now: float) -> bool:
    """Stop a device from reporting; True when it could until now."""
    done = await connection.execute(
        update(devices)
        .where(devices.c.id == device_id, devices.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return done.rowcount == 1


async def add_enrol_code(
    connection: AsyncConnection, code_hash: str, vehicle_id: str, expires_at: float
) -> None:
    """Keep the hash of a code by which one device may enrol for a vehicle; forget old ones."""
    await connection.execute(
        delete(enrol_codes).where(enrol_codes.c.expires_at < expires_at - DAY_S)
    )
    await connection.execute(
        insert(enrol_codes).values(
            code_hash=code_hash, vehicle_id=vehicle_id, expires_at=expires_at
        )
    )


async def use_enrol_code(connection: AsyncConnection, code_hash: str, now: float) -> str | None:
    """Use a code up and return its vehicle; `None` when unknown, used before or too old."""
    used = await connection.execute(
        update(enrol_codes)
        .where(
            enrol_codes.c.code_hash == code_hash,
            enrol_codes.c.used_at.is_(None),
            enrol_codes.c.expires_at > now,
        )
        .values(used_at=now)
        .returning(enrol_codes.c.vehicle_id)
    )
    vehicle_id: str | None = used.scalar()
    return vehicle_id
