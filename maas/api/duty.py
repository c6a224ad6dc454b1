"""Roll calls, checks, meters and breaks of drivers; and odd reports for the office to see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, Field

from maas.api.driving import Acting, VehicleId
from maas.api.identity import MaybePerson, SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import Instant, Rendering, Said, Shape
from maas.auth.roles import Permission, Role
from maas.auth.staff import Person
from maas.duty import records
from maas.duty.book import Entered, enter
from maas.duty.day import Turn, readiness, standing, turns
from maas.duty.messages import tell
from maas.fares import books
from maas.rides.merge import LOOK
from maas.rides.show import Reading
from maas.store import duty, fleet
from maas.store import rides as ride_rows
from maas.store.commits import AuditEntry, add_audit
from maas.store.duty import RecordRow, ReportRow
from maas.store.fleet import VehicleRow
from maas.town.messages import Text

router = APIRouter(tags=["duty"])

_VEHICLE = ("not-signed-in", "forbidden", "not-found", "bad-device", "not-your-vehicle")
Words = Annotated[str, Field(max_length=500)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Kilometres = Annotated[float, Field(ge=0, le=9_999_999)]
EventId = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[!-~]+$")]


class CheckItemIn(BaseModel):
    """One thing looked at, such as brakes, tyres, lamps; what is wrong has a note."""

    item: Name
    ok: bool
    note: Words = ""


class CheckIn(BaseModel):
    """The daily check of the vehicle."""

    kind: Literal["check"]
    items: list[CheckItemIn] = Field(min_length=1, max_length=60)
    note: Words = ""


class CallIn(BaseModel):
    """What both roll calls record."""

    caller: Name
    method: Literal["face", "remote", "telephone"]
    how: Words = Field("", description="In what way, when it was not face to face.")
    detector: bool = Field(description="Whether an alcohol detector was used.")
    reading_mg_l: float | None = Field(None, ge=0, le=5, description="Milligrams in a litre.")
    drunk: bool = Field(description="Whether the caller found any sign of alcohol.")
    instructions: Words = ""


class CallBeforeIn(CallIn):
    """The roll call before departure."""

    kind: Literal["call_before"]
    illness: bool
    fatigue: bool
    lack_of_sleep: bool
    health: Words = ""
    check_ok: bool = Field(description="Whether the vehicle passed its daily check.")
    fit: bool = Field(description="Whether the driver may drive.")


class CallAfterIn(CallIn):
    """The roll call at the end of a duty."""

    kind: Literal["call_after"]
    vehicle: Words
    road: Words
    service: Words
    relief: Words = ""


class MeterIn(BaseModel):
    """A reading of the meter: leaving the garage, back in it, or on the way."""

    kind: Literal["out", "in", "meter"]
    meter_km: Kilometres


class ChargeIn(BaseModel):
    """What is left in the battery, as the driver reads it."""

    kind: Literal["charge"]
    percent: float = Field(ge=0, le=100)


class BreakBeginIn(BaseModel):
    """The driver rests."""

    kind: Literal["break_begin"]
    place: Words = ""


class BreakEndIn(BaseModel):
    """The driver goes on."""

    kind: Literal["break_end"]


class IncidentIn(BaseModel):
    """An accident, a marked delay, or something else out of the ordinary."""

    kind: Literal["incident"]
    what: Literal["accident", "delay", "other"]
    summary: Annotated[str, Field(min_length=1, max_length=2000)]
    cause: Annotated[str, Field(max_length=2000)] = ""


RecordBody = Annotated[
    CheckIn
    | CallBeforeIn
    | CallAfterIn
    | MeterIn
    | ChargeIn
    | BreakBeginIn
    | BreakEndIn
    | IncidentIn,
    Field(discriminator="kind"),
]


class RecordIn(BaseModel):
    """A record of a duty, `at` a moment (now when absent) by a driver of the vehicle."""

    record: RecordBody
    at: AwareDatetime | None = None
    driver: Name | None = Field(None, description="Whoever has taken the vehicle when absent.")
    event: EventId | None = Field(None, description="The device's own id of the record.")
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)
    corrects: str | None = Field(None, max_length=200, description="The record it replaces.")


class RecordOut(Shape):
    """A record as it was kept."""

    id: str
    driver: str
    kind: str
    at: Instant
    recorded_at: Instant
    actor: str
    lat: float | None
    lon: float | None
    corrects: str | None
    stands: bool = Field(description="False when another record corrects it.")
    body: dict[str, Any]


class RestOut(Shape):
    """A break; `until` is missing while it lasts."""

    since: Instant
    until: Instant | None
    place: str


class TurnOut(Shape):
    """One driver's turn with a vehicle; `missing` is what its record still lacks."""

    driver: str
    called_at: Instant | None
    fit: bool | None
    out_at: Instant | None
    out_km: float | None
    in_at: Instant | None
    in_km: float | None
    driven_km: float | None
    after_at: Instant | None
    rest_s: int
    rests: list[RestOut]
    missing: list[str]


class DutyOut(Shape):
    """A vehicle's day: who drove, what is still missing, and what it brought in."""

    date: dt.date
    vehicle_id: str
    plate: str
    readiness: Literal["ready", "not_called", "not_fit"]
    turns: list[TurnOut]
    rides: int
    ride_m: int = Field(description="Metres with riders, as each of them rode.")
    fares_yen: int
    bag_yen: int = Field(description="The cash that should be in the bag.")
    open_yen: int
    records: list[RecordOut]


@router.post(
    "/vehicles/{vehicle_id}/duty",
    operation_id="recordDuty",
    **needs(
        Permission.VEHICLE,
        *_VEHICLE, "bad-record", "key-missing",
        changes=True,
    ),
)  # fmt: skip
async def record_duty(
    vehicle_id: VehicleId,
    entered: RecordIn,
    key: Key,
    actor: Acting,
    person: MaybePerson,
    service: The,
    write: In,
) -> DutyOut:
    """Record a roll call, a check, a reading or a break; the same event is kept once."""
    vehicle = await _vehicle(service, vehicle_id)
    driver = entered.driver or vehicle.driver or _own_name(person)
    if driver is None:
        raise Problem("bad-record", detail=tell("no_driver").get(write.language))
    now = service.clock()
    at = min(entered.at.timestamp(), now) if entered.at else now
    day = dt.datetime.fromtimestamp(at, dt.UTC).astimezone(write.zone).date()
    made = Entered(
        entered.event or f"key:{actor}:{key}", day, vehicle_id, driver, at, _body(entered),
        entered.lat, entered.lon, entered.corrects,
    )  # fmt: skip
    wrong = await enter(service.database, made, now=now, actor=actor)
    if wrong is not None:
        raise Problem("bad-record", detail=wrong.get(write.language))
    if isinstance(made.body, records.Charge) and day == service.today():
        keeper = service.keeper(vehicle.area_id)
        keeper.on_battery(vehicle_id, Reading(made.body.percent, at))
    return await _day(service, vehicle, day, write)


def _own_name(person: Person | None) -> str | None:
    return person.name if person is not None and person.role is Role.DRIVER else None


def _body(entered: RecordIn) -> records.Body:
    plain = entered.record.model_dump()
    return records.read_body(plain.pop("kind"), plain)


@router.get(
    "/vehicles/{vehicle_id}/duty",
    operation_id="readDuty",
    **needs(Permission.VEHICLE, *_VEHICLE),
)
async def read_duty(
    vehicle_id: VehicleId, _: Acting, service: The, write: In, date: dt.date | None = None
) -> DutyOut:
    """Return a vehicle's day (today when absent) as its driver sees it."""
    vehicle = await _vehicle(service, vehicle_id)
    return await _day(service, vehicle, date or service.today(), write)


@router.get("/duty", operation_id="listDuties", **needs(Permission.READ_RIDES))
async def list_duties(
    person: SignedIn, service: The, write: In, date: dt.date | None = None
) -> list[DutyOut]:
    """Return the day (today when absent) of every vehicle of the caller's area that has records."""
    day = date or service.today()
    async with service.database.reading() as db:
        having = {row.vehicle_id for row in await duty.records_on(db, day)}
        having |= {row.vehicle_id for row in await ride_rows.rides_on(db, day)}
        vehicles = await fleet.all_vehicles(db, person.area)
    return [await _day(service, row, day, write) for row in vehicles if row.id in having]


async def _vehicle(service: Service, vehicle_id: str) -> VehicleRow:
    async with service.database.reading() as db:
        row = await fleet.vehicle(db, vehicle_id)
    if row is None:
        raise Problem("not-found")
    return row


async def _day(service: Service, vehicle: VehicleRow, day: dt.date, write: Rendering) -> DutyOut:
    async with service.database.reading() as db:
        rows = await duty.records_on(db, day, vehicle.id)
        ridden = [r for r in await ride_rows.rides_on(db, day) if r.vehicle_id == vehicle.id]
    bag = (await books.bags(service.database, day, vehicle.id))[vehicle.id]
    return write.one(
        DutyOut,
        {
            "date": day,
            "vehicle_id": vehicle.id,
            "plate": vehicle.plate,
            "readiness": readiness(rows, vehicle.driver),
            "turns": [_turn(turn) for turn in turns(rows)],
            "rides": len(ridden),
            "ride_m": sum(ride.distance_m for ride in ridden),
            "fares_yen": bag.fares_yen,
            "bag_yen": bag.bag_yen,
            "open_yen": bag.open_yen,
            "records": list(_records(rows)),
        },
    )


def _turn(turn: Turn) -> dict[str, Any]:
    own = {name: getattr(turn, name) for name in TurnOut.model_fields if hasattr(turn, name)}
    fit = None if turn.before is None else turn.before.fit
    return own | {"called_at": turn.before_at, "fit": fit}


def _records(rows: Iterable[RecordRow]) -> Iterable[dict[str, Any]]:
    kept = list(rows)
    stands = {entry.row.id for entry in standing(kept)}
    for row in kept:
        own = {name: getattr(row, name) for name in RecordOut.model_fields if name != "stands"}
        yield own | {"stands": row.id in stands}


class OddReportOut(Shape):
    """A step that was out of the ordinary, for somebody at the office to see."""

    id: int
    vehicle_id: str
    booking_id: str
    reference: str | None
    step: Literal["arrived", "aboard", "dropped", "no_show"]
    outcome: Literal["taken", "known", "stands", "asked"]
    codes: list[str]
    said: list[Said]
    said_at: Instant | None = Field(description="When it was by the device's clock.")
    at: Instant = Field(description="When it is taken to have been.")
    received_at: Instant
    lat: float | None
    lon: float | None


@router.get("/reports", operation_id="listOddReports", **needs(Permission.READ_PLAN))
async def list_odd_reports(person: SignedIn, service: The, write: In) -> list[OddReportOut]:
    """Return the steps out of the ordinary that nobody has seen yet, oldest first."""
    async with service.database.reading() as db:
        vehicles = {row.id: row for row in await fleet.all_vehicles(db, person.area)}
        rows = await duty.reports_to_look_at(db, list(vehicles))
        references = await duty.references(db, [row.booking_id for row in rows])
    return [
        write.one(OddReportOut, _odd(row, vehicles[row.vehicle_id], references.get(row.booking_id)))
        for row in rows
    ]


def _odd(row: ReportRow, vehicle: VehicleRow, reference: str | None) -> dict[str, Any]:
    own = {name: getattr(row, name) for name in OddReportOut.model_fields if hasattr(row, name)}
    known = {
        "reference": reference or "?",
        "vehicle": Text(vehicle.name, vehicle.name_en or vehicle.name),
    }
    said = [tell(f"late.{code}", **known) for code in row.codes if code in LOOK]
    return own | {"reference": reference, "said": said}


class LookedIn(BaseModel):
    """What was done about it."""

    note: Words = ""


@router.post(
    "/reports/{report_id}/looked",
    operation_id="lookedAtReport",
    status_code=204,
    **needs(Permission.DECIDE, "not-found", changes=True),
)
async def looked_at_report(
    report_id: Annotated[int, Path(ge=1, lt=2**63)],
    looked: LookedIn,
    person: SignedIn,
    service: The,
) -> None:
    """Take a step off the list; who did it first stays noted."""
    now = service.clock()
    async with service.database.writing() as db:
        row = await duty.report_by_id(db, report_id)
        own = {each.id for each in await fleet.all_vehicles(db, person.area)}
        if row is None or row.vehicle_id not in own:
            raise Problem("not-found")
        if await duty.looked_at(db, report_id, now, person.name, looked.note):
            entry = AuditEntry(now, person.name, "report.looked", row.booking_id, looked.note)
            await add_audit(db, entry)
