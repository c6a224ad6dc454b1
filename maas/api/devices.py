"""Devices in vehicles: enrol by a one-time code, fetch short-lived tokens, list and revoke."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import Instant, Shape
from maas.auth.devices import ACCESS_S, CODE_S, access_token, enrol_by_code, enrol_code
from maas.auth.roles import Permission
from maas.auth.sessions import digest
from maas.store import fleet
from maas.store.fleet import DeviceRow

log = logging.getLogger(__name__)

router = APIRouter(prefix="/devices", tags=["devices"])


class CodeIn(BaseModel):
    """For which vehicle a device shall enrol."""

    vehicle: str = Field(min_length=1, max_length=64, examples=["bus-3"])


class CodeOut(BaseModel):
    """A code that enrols one device, and how long it is good for."""

    vehicle: str
    code: str = Field(examples=["K7QF2-9PMXA"])
    expires_in_s: int


class EnrolIn(BaseModel):
    """The code as typed or scanned; spaces, hyphens and small letters do not matter."""

    code: str = Field(min_length=1, max_length=40, examples=["K7QF2-9PMXA"])


class TokenOut(BaseModel):
    """A token for the header `Authorization: Bearer`."""

    device: str
    vehicle: str
    access_token: str
    expires_in_s: int


class EnrolledOut(TokenOut):
    """The new device's first token, and the secret that fetches the next ones; keep it safe."""

    refresh_token: str


class RefreshIn(BaseModel):
    """The secret a device was given when it enrolled."""

    refresh_token: str = Field(min_length=1, max_length=200)


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device's row with what the running server knows of it."""

    id: str
    vehicle_id: str
    kind: str
    enrolled_at: float
    revoked_at: float | None
    seen_at: float | None
    clock_ahead_s: float | None
    clock_corrected: bool


class DeviceOut(Shape):
    """A device; `clock_ahead_s` is what its clock is wrong by, null while nobody can tell.

    `seen_at` and the clock are what this server knows since it started.
    """

    id: str
    vehicle: str = Field(validation_alias="vehicle_id")
    kind: str = Field(description="`app` fetches short-lived tokens, a `tracker` has one for good.")
    enrolled_at: Instant
    revoked_at: Instant | None
    seen_at: Instant | None
    clock_ahead_s: float | None
    clock_corrected: bool


@router.post(
    "/codes",
    operation_id="makeEnrolCode",
    status_code=201,
    **needs(Permission.MANAGE_DEVICES, "not-found", changes=True),
)
async def make_code(asked: CodeIn, person: SignedIn, service: The) -> CodeOut:
    """Make a code by which one device may enrol for a vehicle within half an hour."""
    async with service.database.writing() as db:
        await _own_vehicle(db, asked.vehicle, person.area)
        code = await enrol_code(db, asked.vehicle, service.real_now())
    if code is None:
        raise Problem("not-found")
    log.info("enrol code for %r made by %r", asked.vehicle, person.name)
    return CodeOut(vehicle=asked.vehicle, code=code, expires_in_s=CODE_S)


@router.post(
    "/enrol",
    operation_id="enrolDevice",
    status_code=201,
    **needs(Permission.PUBLIC, "bad-code", "too-many-attempts", changes=True),
)
async def enrol(shown: EnrolIn, request: Request, service: The) -> EnrolledOut:
    """Enrol the device that shows a code; the code is used up.

    Twenty wrong codes within five minutes make an address wait.
    """
    host, now_s = request.client.host if request.client else "", service.real_now()
    wait_s = math.ceil(service.code_throttle.wait_s(host, now_s))
    if wait_s > 0:
        raise Problem("too-many-attempts", wait_s=wait_s, headers={"retry-after": str(wait_s)})
    async with service.database.writing() as db:
        enrolled = await enrol_by_code(db, shown.code, now_s)
    if enrolled is None:
        service.code_throttle.fail(host, now_s)
        log.warning("enrol code refused from %s", host)
        raise Problem("bad-code")
    service.roster.add(enrolled.device)
    log.info("device %r enrolled from %s", enrolled.device.id, host)
    token = _token(service, enrolled.device).model_dump()
    return EnrolledOut(**token, refresh_token=enrolled.secret)


@router.post(
    "/token",
    operation_id="renewDeviceToken",
    **needs(Permission.PUBLIC, "bad-device", changes=True),
)
async def renew(shown: RefreshIn, service: The) -> TokenOut:
    """Return a new access token for a device that is still enrolled."""
    async with service.database.reading() as db:
        device = await fleet.device_by_token(db, digest(shown.refresh_token))
    if device is None or device.kind != "app":
        raise Problem("bad-device")
    return _token(service, device)


@router.get("", operation_id="listDevices", **needs(Permission.MANAGE_DEVICES))
async def list_devices(person: SignedIn, service: The, write: In) -> list[DeviceOut]:
    """Return every device of the caller's area with how it was last heard, revoked ones too."""
    async with service.database.reading() as db:
        rows = await fleet.all_devices(db)
        vehicles = {row.id for row in await fleet.all_vehicles(db, person.area)}
    known = _Known(service)
    return write.many(DeviceOut, [known.of(row) for row in rows if row.vehicle_id in vehicles])


@router.delete(
    "/{device_id:path}",
    operation_id="revokeDevice",
    status_code=204,
    **needs(Permission.MANAGE_DEVICES, "not-found", "foreign-origin"),
)
async def revoke(
    device_id: Annotated[str, Path(min_length=1, max_length=100)], person: SignedIn, service: The
) -> None:
    """Stop a device from reporting: its token at once, its open sockets within five seconds."""
    async with service.database.writing() as db:
        device = next((row for row in await fleet.all_devices(db) if row.id == device_id), None)
        if device is None:
            raise Problem("not-found")
        await _own_vehicle(db, device.vehicle_id, person.area)
        await fleet.revoke_device(db, device_id, service.real_now())
    service.roster.drop(device_id)
    log.info("device %r revoked by %r", device_id, person.name)


def _token(service: Service, device: DeviceRow) -> TokenOut:
    return TokenOut(
        device=device.id,
        vehicle=device.vehicle_id,
        access_token=access_token(device.id, service.real_now(), service.roster.key),
        expires_in_s=ACCESS_S,
    )


async def _own_vehicle(db: AsyncConnection, vehicle_id: str, area: str | None) -> None:
    """Raise the problem that there is no such vehicle, or that it is another area's."""
    row = await fleet.vehicle(db, vehicle_id)
    if row is None:
        raise Problem("not-found")
    if area not in {None, row.area_id}:
        raise Problem("forbidden")


class _Known:
    """What the running server knows of its devices."""

    def __init__(self, service: Service) -> None:
        self._heard = service.roster.heard
        clocks = service.buses.live.gate.clocks()
        self._clocks = {(clock.vehicle, clock.boot): clock for clock in clocks}

    def of(self, row: DeviceRow) -> DeviceState:
        """Return a device with how it was last heard."""
        heard = self._heard.get(row.id)
        clock = self._clocks.get((row.vehicle_id, heard.boot)) if heard else None
        ahead_s = clock.ahead_s if clock else None
        return DeviceState(
            id=row.id,
            vehicle_id=row.vehicle_id,
            kind=row.kind,
            enrolled_at=row.enrolled_at,
            revoked_at=row.revoked_at,
            seen_at=heard.at_s if heard else None,
            clock_ahead_s=None if ahead_s is None else round(ahead_s, 1),
            clock_corrected=clock.corrected if clock else False,
        )
