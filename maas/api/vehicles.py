"""Vehicles: who drives them, what they do next, and the steps their drivers report."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from maas.api.answers import granted
from maas.api.driving import Acting, VehicleId
from maas.api.identity import SignedIn, The
from maas.api.live import Publisher
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import JobOut, Rendering, Shape
from maas.auth.roles import Permission
from maas.fares.payment import Tendered
from maas.store import fleet

router = APIRouter(prefix="/vehicles", tags=["vehicles"])

_PROBLEMS = ("not-signed-in", "forbidden", "not-found", "no-roads", "no-town")


class VehicleOut(Shape):
    """A vehicle of the town; `driver` is the name of whoever has taken it over."""

    id: str
    area: str = Field(validation_alias="area_id")
    name: str
    name_en: str
    operator: str
    kind: str
    seats: int
    wheelchair_places: int
    driver: str | None


class PaymentIn(BaseModel):
    """What a rider paid with; without `cash_yen` what vouchers leave is taken in cash."""

    cash_yen: int | None = Field(None, ge=0, le=1_000_000)
    vouchers: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        default=[], max_length=20
    )

    def tendered(self) -> Tendered:
        """Return it as the fares understand it."""
        return Tendered(self.cash_yen, tuple(self.vouchers))


class StepIn(BaseModel):
    """What happened at a stop; `at` is when, for a step sent later than it was tapped."""

    booking_id: str = Field(min_length=1, max_length=64)
    step: Literal["arrived", "aboard", "dropped", "no_show"]
    at: AwareDatetime | None = None
    payment: PaymentIn | None = Field(
        None, description="With `dropped`: what was paid; absent: the fare in cash."
    )


@router.get("", operation_id="listVehicles", **needs(Permission.SIGNED_IN))
async def list_vehicles(person: SignedIn, service: The, write: In) -> list[VehicleOut]:
    """Return the vehicles of the caller's area, buses too."""
    async with service.database.reading() as db:
        return write.many(VehicleOut, await fleet.all_vehicles(db, person.area))


@router.get("/{vehicle_id}/job", operation_id="readJob", **needs(Permission.VEHICLE, *_PROBLEMS))
async def read_job(vehicle_id: VehicleId, _: Acting, service: The, write: In) -> JobOut:
    """Return what the driver does next."""
    return await _job(service, vehicle_id, write)


@router.post(
    "/{vehicle_id}/driver",
    operation_id="takeVehicle",
    **needs(Permission.DRIVE, "vehicle-taken", *_PROBLEMS, "foreign-origin"),
)
async def take_vehicle(vehicle_id: VehicleId, person: SignedIn, service: The, write: In) -> JobOut:
    """Take a vehicle over as its driver; the same answer when it is already yours."""
    area = await _own_area(service, vehicle_id, person.area)
    await _job(service, vehicle_id, write)
    async with service.database.writing() as db:
        taken = await fleet.claim(db, vehicle_id, person.name)
    if not taken:
        raise Problem("vehicle-taken")
    await Publisher(service).vehicle(area, vehicle_id)
    return await _job(service, vehicle_id, write)


@router.delete(
    "/{vehicle_id}/driver",
    operation_id="releaseVehicle",
    status_code=204,
    **needs(Permission.DRIVE, "not-your-vehicle", *_PROBLEMS, "foreign-origin"),
)
async def release_vehicle(vehicle_id: VehicleId, person: SignedIn, service: The) -> None:
    """Hand a vehicle back."""
    area = await _own_area(service, vehicle_id, person.area)
    async with service.database.writing() as db:
        released = await fleet.release(db, vehicle_id, person.name)
    if not released:
        raise Problem("not-your-vehicle")
    if area in service.keepers:
        await Publisher(service).vehicle(area, vehicle_id)


@router.post(
    "/{vehicle_id}/steps",
    operation_id="reportStep",
    **needs(
        Permission.VEHICLE,
        "key-missing",
        "key-reused",
        "not-now",
        "voucher-refused",
        *_PROBLEMS,
        changes=True,
    ),
)
async def report_step(
    vehicle_id: VehicleId, reported: StepIn, key: Key, actor: Acting, service: The, write: In
) -> JobOut:
    """Report that the vehicle arrived, the rider is aboard, was dropped off, or did not come."""
    keeper = await service.keeper_of_vehicle(vehicle_id)
    answer = await keeper.step(
        vehicle_id,
        reported.booking_id,
        reported.step,
        at=reported.at.timestamp() if reported.at else None,
        key=key,
        actor=actor,
        paid=reported.payment.tendered() if reported.payment else None,
    )
    return write.one(JobOut, granted(answer, write))


async def _own_area(service: Service, vehicle_id: str, area: str | None) -> str:
    """Return the vehicle's area, or raise the problem that there is none or it is another's."""
    async with service.database.reading() as db:
        row = await fleet.vehicle(db, vehicle_id)
    if row is None:
        raise Problem("not-found")
    if area not in {None, row.area_id}:
        raise Problem("forbidden")
    return row.area_id


async def _job(service: Service, vehicle_id: str, write: Rendering) -> JobOut:
    keeper = await service.keeper_of_vehicle(vehicle_id)
    job = await keeper.job(vehicle_id)
    if job is None:
        raise Problem("not-found")
    return write.one(JobOut, job)
