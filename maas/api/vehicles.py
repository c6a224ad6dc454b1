"""Vehicles: who drives them, what they do next, and the steps their drivers report."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from maas.api.answers import granted
from maas.api.driver_messages import told_to
from maas.api.driving import Acting, VehicleId
from maas.api.identity import SignedIn, The
from maas.api.live import Publisher
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import JobOut, Rendering, RideOut, Said, Shape
from maas.auth.roles import Permission
from maas.rides.merge import Tap
from maas.rides.trips import Trips
from maas.store import fleet
from maas.store.fleet import VehicleRow

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


EventId = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[!-~]+$")]


class StepIn(BaseModel):
    """What happened at a stop; `at` is when, for a step sent later than it was tapped."""

    booking_id: str = Field(min_length=1, max_length=64)
    step: Literal["arrived", "aboard", "dropped", "no_show"]
    at: AwareDatetime | None = None
    payment: PaymentIn | None = Field(
        None, description="With `dropped`: what was paid; absent: the fare in cash."
    )
    event: EventId | None = Field(
        None, description="The device's own id of the tap, the same however often it is sent."
    )
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)

    def tap(self, event: str, boot: str | None = None, seq: int | None = None) -> Tap:
        """Return it as the rides understand it."""
        given = self.payment or PaymentIn(cash_yen=None)
        return Tap(
            event=self.event or event,
            booking_id=self.booking_id,
            step=self.step,
            said_at=self.at.timestamp() if self.at else None,
            lat=self.lat,
            lon=self.lon,
            boot=boot,
            seq=seq,
            cash_yen=given.cash_yen,
            vouchers=tuple(given.vouchers),
            paid=self.payment is not None,
        )


class KeptStepIn(StepIn):
    """A step that a device kept while it had no signal; `boot` and `seq` give its place."""

    at: AwareDatetime
    event: EventId
    boot: str | None = Field(None, max_length=64, description="One start of the device.")
    seq: int | None = Field(None, ge=0, lt=2**53, description="Counts up within a start.")


class ReportsIn(BaseModel):
    """All that a device has kept, in its order; `sent_at` is its clock at this moment."""

    sent_at: AwareDatetime | None = None
    steps: list[KeptStepIn] = Field(min_length=1, max_length=200)


class StepResultOut(Shape):
    """What became of one step.

    It is taken, was known before, changes nothing (`stands`), waits for the office (`asked`), or
    was refused, and is not kept.
    """

    event: str
    outcome: Literal["taken", "known", "stands", "asked", "refused"]
    codes: list[str] = Field(examples=[["cancelled_but_rode"]])
    said: list[Said]
    ride: RideOut | None


class ReportsOut(Shape):
    """What became of each step, and the job after them all."""

    results: list[StepResultOut]
    job: JobOut


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
async def take_vehicle(
    vehicle_id: VehicleId, person: SignedIn, service: The, write: In
) -> JobOut | None:
    """Take a vehicle over as its driver; the same answer when it is already yours.

    A bus has no job: it drives its timetable.
    """
    vehicle = await _own(service, vehicle_id, person.area)
    is_bus = vehicle.kind == "bus"
    if not is_bus:
        await _job(service, vehicle_id, write)
    async with service.database.writing() as db:
        taken = await fleet.claim(db, vehicle_id, person.name)
    if not taken:
        raise Problem("vehicle-taken")
    if is_bus:
        return None
    await Publisher(service).vehicle(vehicle.area_id, vehicle_id)
    return await _job(service, vehicle_id, write)


@router.delete(
    "/{vehicle_id}/driver",
    operation_id="releaseVehicle",
    status_code=204,
    **needs(Permission.DRIVE, "not-your-vehicle", *_PROBLEMS, "foreign-origin"),
)
async def release_vehicle(vehicle_id: VehicleId, person: SignedIn, service: The) -> None:
    """Hand a vehicle back."""
    vehicle = await _own(service, vehicle_id, person.area)
    async with service.database.writing() as db:
        released = await fleet.release(db, vehicle_id, person.name)
    if not released:
        raise Problem("not-your-vehicle")
    if vehicle.area_id in service.keepers and vehicle.kind != "bus":
        await Publisher(service).vehicle(vehicle.area_id, vehicle_id)


@router.post(
    "/{vehicle_id}/steps",
    operation_id="reportStep",
    **needs(
        Permission.VEHICLE,
        "key-missing",
        "key-reused",
        "not-now",
        "no-roll-call",
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
    tap = reported.tap(f"key:{actor}:{key}")
    answer = await Trips(keeper).step(vehicle_id, tap, key=key, actor=actor)
    return write.one(JobOut, granted(answer, write))


@router.post(
    "/{vehicle_id}/reports",
    operation_id="reportSteps",
    **needs(Permission.VEHICLE, *_PROBLEMS, changes=True),
)
async def report_steps(
    vehicle_id: VehicleId, reported: ReportsIn, actor: Acting, service: The, write: In
) -> ReportsOut:
    """Take all that a device kept while it had no signal, each event once, in its order.

    What happened meanwhile is weighed against it by the table of late steps; sending the same
    again answers the same.
    """
    keeper = await service.keeper_of_vehicle(vehicle_id)
    taps = [step.tap(step.event, step.boot, step.seq) for step in reported.steps]
    sent_at = reported.sent_at.timestamp() if reported.sent_at else None
    await _job(service, vehicle_id, write)
    results = await Trips(keeper).merge(vehicle_id, taps, sent_at=sent_at, actor=actor)
    job = await _job(service, vehicle_id, write)
    return ReportsOut(results=write.many(StepResultOut, results), job=job)


async def _own(service: Service, vehicle_id: str, area: str | None) -> VehicleRow:
    """Return the vehicle, or raise the problem that there is none or it is another area's."""
    async with service.database.reading() as db:
        row = await fleet.vehicle(db, vehicle_id)
    if row is None:
        raise Problem("not-found")
    if area not in {None, row.area_id}:
        raise Problem("forbidden")
    return row


async def _job(service: Service, vehicle_id: str, write: Rendering) -> JobOut:
    keeper = await service.keeper_of_vehicle(vehicle_id)
    job = await Trips(keeper).job(vehicle_id)
    if job is None:
        raise Problem("not-found")
    told = await told_to(service, keeper.area, vehicle_id)
    return write.one(JobOut, replace(job, warnings=(*told, *job.warnings)))
