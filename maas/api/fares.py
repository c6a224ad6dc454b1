"""Fares worked out for the desk, vouchers, and what each vehicle should have in the bag."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from maas.api.driving import Acting, VehicleId
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import Rendering, Said, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.fares import books
from maas.fares.bag import Bag
from maas.fares.price import Journey, fare, fare_range
from maas.store import fleet, members, towns, vouchers
from maas.store.once import By
from maas.store.takings import TakingRow
from maas.store.vouchers import VoucherRow
from maas.town.imports import area_rules
from maas.town.rules import Tariff

router = APIRouter(tags=["fares"])

Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
RowId = Annotated[int, Field(ge=1, lt=2**31)]
AreaQuery = Annotated[str | None, Query(max_length=64)]


class FareIn(BaseModel):
    """A ride to price: `riders` is a list of words for each person, empty for a grown-up."""

    date: dt.date | None = Field(None, description="Service day; today when absent.")
    area: str | None = Field(None, max_length=64, description="The only area when absent.")
    riders: list[Annotated[list[Word], Field(max_length=10)]] = Field(
        default=[[]], min_length=1, max_length=20, examples=[[[], ["aicard"], ["infant"]]]
    )
    shared: bool = False
    transfer: Literal["no", "said", "linked"] = "no"
    returning: bool = False
    distance_m: int | None = Field(None, ge=0, le=1_000_000)
    oaza: tuple[str, str] | None = None

    def journey(self) -> Journey:
        """Return the ride as the fares understand it."""
        return Journey(self.shared, self.transfer, self.returning, self.distance_m, self.oaza)


class PartOut(Shape):
    """What several people pay for the same reason; `yen` is for each."""

    count: int
    line: str
    discounts: list[str]
    yen: int
    said: Said


class FareAnswer(Shape):
    """What it costs, why, and what is said at the booking."""

    yen: int
    sentence: Said
    parts: list[PartOut]
    alone_yen: int
    shared_yen: int
    at_booking: Said
    tariff: str
    record: dict[str, Any]
    assumption: bool | list[str] = Field(description="What of the tariff is only assumed.")


@router.post(
    "/fares/calculate",
    operation_id="calculateFare",
    **needs(Permission.SIGNED_IN, "no-town", "no-tariff", changes=True),
)
async def calculate_fare(asked: FareIn, person: SignedIn, service: The, write: In) -> FareAnswer:
    """Work out a fare by the same rules as real ones; nothing is kept."""
    tariff = await _tariff(service, person, asked.area, asked.date or service.today())
    heads = [frozenset(words) for words in asked.riders]
    found, known = fare(tariff, heads, asked.journey()), fare_range(tariff, heads, asked.journey())
    return write.one(
        FareAnswer,
        {
            "yen": found.yen,
            "sentence": found.sentence,
            "parts": found.parts,
            "alone_yen": known.yen,
            "shared_yen": known.shared_yen,
            "at_booking": known.sentence,
            "tariff": tariff.id,
            "record": found.record,
            "assumption": tariff.assumption,
        },
    )


async def _tariff(service: Service, person: Person, area: str | None, day: dt.date) -> Tariff:
    asked = service.area_of(person, area)
    async with service.database.reading() as db:
        areas = [row.id for row in await towns.all_areas(db)]
        if not areas:
            raise Problem("no-town")
        rules = await area_rules(db, asked or areas[0])
    tariff = rules.tariff_on(day)
    if tariff is None:
        raise Problem("no-tariff")
    return tariff


class PileOut(Shape):
    """The vouchers of one kind in the bag."""

    kind: str
    count: int
    yen: int


class BagOut(Shape):
    """What a vehicle should have of a day; see `maas.fares.bag.Bag`."""

    date: dt.date
    vehicle_id: str
    rides: int
    fares_yen: int
    corrected_yen: int
    due_yen: int
    cash_yen: int
    float_yen: int
    bag_yen: int = Field(description="The cash that should be in the bag.")
    vouchers: list[PileOut]
    vouchers_yen: int
    open_yen: int = Field(description="Due and not taken; negative when too much was taken.")


_BAG = [name for name in BagOut.model_fields if name not in {"date", "vehicle_id"}]


@router.get(
    "/reconciliation",
    operation_id="reconcile",
    **needs(Permission.READ_MONEY, "not-found"),
)
async def reconciliation(
    person: SignedIn,
    service: The,
    write: In,
    date: dt.date | None = None,
    vehicle: Annotated[str | None, Query(max_length=64)] = None,
) -> list[BagOut]:
    """Return what each vehicle (or one) should have in the bag of a service day."""
    day = date or service.today()
    async with service.database.reading() as db:
        own = {row.id for row in await fleet.all_vehicles(db, person.area)}
    if vehicle is not None and vehicle not in own:
        raise Problem("not-found")
    found = await books.bags(service.database, day, vehicle)
    return [_bag(day, id_, bag, write) for id_, bag in found.items() if id_ in own]


def _bag(day: dt.date, vehicle_id: str, bag: Bag, write: Rendering) -> BagOut:
    values = {name: getattr(bag, name) for name in _BAG}
    return write.one(BagOut, {"date": day, "vehicle_id": vehicle_id} | values)


@router.get(
    "/vehicles/{vehicle_id}/bag",
    operation_id="readBag",
    **needs(Permission.VEHICLE, "not-signed-in", "forbidden", "not-found", "bad-device"),
)
async def read_bag(
    vehicle_id: VehicleId, _: Acting, service: The, write: In, date: dt.date | None = None
) -> BagOut:
    """Return what the driver of a vehicle should have in the bag of a day (today when absent)."""
    day = date or service.today()
    found = await books.bags(service.database, day, vehicle_id)
    return _bag(day, vehicle_id, found[vehicle_id], write)


class CorrectionIn(BaseModel):
    """A movement to add: money found or missing, change money, a fare put right."""

    date: dt.date
    vehicle_id: str = Field(min_length=1, max_length=64)
    what: Literal["cash", "fare", "float"]
    yen: int = Field(ge=-1_000_000, le=1_000_000)
    reason: str = Field(min_length=1, max_length=500, examples=["数え直し"])


@router.post(
    "/reconciliation/corrections",
    operation_id="putMoneyRight",
    status_code=204,
    **needs(Permission.CORRECT_MONEY, "not-found", "key-missing", "key-reused", changes=True),
)
async def put_right(made: CorrectionIn, key: Key, person: SignedIn, service: The) -> None:
    """Put a day's money right; what was written before stays as it is."""
    by = By(person.name, service.clock(), key)
    await _own_vehicle(service, person, made.vehicle_id)
    row = TakingRow(
        made.date, made.vehicle_id, None, made.what, made.yen, by.now, by.actor,
        reason=made.reason,
    )  # fmt: skip
    _done(await books.put_right(service.database, row, by))


async def _own_vehicle(service: Service, person: Person, vehicle_id: str) -> None:
    async with service.database.reading() as db:
        row = await fleet.vehicle(db, vehicle_id)
    if row is None or person.area not in {None, row.area_id}:
        raise Problem("not-found")


def _done(wrong: books.No | None) -> None:
    if wrong is not None:
        raise Problem(wrong)


class RefundIn(BaseModel):
    """How much cash is given back for a ride, and why."""

    yen: int = Field(ge=1, le=1_000_000)
    reason: str = Field(min_length=1, max_length=500)


BookingId = Annotated[str, Path(min_length=1, max_length=64)]
VoucherId = Annotated[str, Path(min_length=1, max_length=64)]
_CHANGES = ("not-found", "bad-correction", "key-missing", "key-reused")


@router.post(
    "/rides/{booking_id}/refund",
    operation_id="refundRide",
    status_code=204,
    **needs(Permission.CORRECT_MONEY, *_CHANGES, "no-roads", "no-town", changes=True),
)
async def refund_ride(
    booking_id: BookingId, back: RefundIn, key: Key, person: SignedIn, service: The
) -> None:
    """Give cash back for a ride that has ended, at most what was taken for it."""
    await service.keeper_of_booking(booking_id, person)
    by = By(person.name, service.clock(), key)
    _done(await books.refund(service.database, booking_id, back.yen, back.reason, by))


class VouchersIn(BaseModel):
    """Vouchers to issue; `ids` are printed on them."""

    kind: Word
    ids: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        min_length=1, max_length=200
    )
    rider_id: RowId | None = None
    valid_from: dt.date
    valid_to: dt.date | None = None
    area: str | None = Field(None, max_length=64)


class VoucherOut(Shape):
    """A voucher as it is now."""

    id: str
    kind: str
    rider_id: int | None = Field(validation_alias="member_id")
    face_yen: int | None
    left_yen: int | None
    state: Literal["open", "spent", "void"]
    valid_from: dt.date
    valid_to: dt.date | None


@router.post(
    "/vouchers",
    operation_id="issueVouchers",
    status_code=201,
    **needs(Permission.HANDLE_VOUCHERS, *_CHANGES, "no-town", "no-tariff", changes=True),
)
async def issue_vouchers(
    asked: VouchersIn, key: Key, person: SignedIn, service: The, write: In
) -> list[VoucherOut]:
    """Issue vouchers of a kind that the tariff of their first day knows."""
    tariff = await _tariff(service, person, asked.area, asked.valid_from)
    kind = tariff.voucher(asked.kind)
    if kind is None or not await _is_member(service, asked.rider_id):
        raise Problem("not-found")
    by = By(person.name, service.clock(), key)
    rows = [
        VoucherRow(
            id_, kind.id, kind.form, asked.rider_id, kind.face_yen, kind.face_yen, "open",
            asked.valid_from, asked.valid_to, 1, by.now, by.actor,
        )
        for id_ in dict.fromkeys(asked.ids)
    ]  # fmt: skip
    _done(await books.issue(service.database, rows, by))
    return write.many(VoucherOut, rows)


async def _is_member(service: Service, member_id: int | None) -> bool:
    if member_id is None:
        return True
    async with service.database.reading() as db:
        return any(row.id == member_id for row in await members.all_members(db))


@router.get("/vouchers", operation_id="listVouchers", **needs(Permission.HANDLE_VOUCHERS))
async def list_vouchers(
    rider_id: Annotated[int, Query(ge=1, lt=2**31)], service: The, write: In
) -> list[VoucherOut]:
    """Return a rider's vouchers, the first to end first."""
    async with service.database.reading() as db:
        return write.many(VoucherOut, await vouchers.of_member(db, rider_id))


class GiveBackIn(BaseModel):
    """For which ride a voucher was spent, and why it is given back."""

    booking_id: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=1, max_length=500)


@router.post(
    "/vouchers/{voucher_id}/return",
    operation_id="returnVoucher",
    status_code=204,
    **needs(Permission.HANDLE_VOUCHERS, *_CHANGES, "no-roads", "no-town", changes=True),
)
async def return_voucher(
    voucher_id: VoucherId, back: GiveBackIn, key: Key, person: SignedIn, service: The
) -> None:
    """Give a voucher back that paid for a ride; what it paid is open again."""
    await service.keeper_of_booking(back.booking_id, person)
    by = By(person.name, service.clock(), key)
    _done(await books.give_back(service.database, voucher_id, back.booking_id, back.reason, by))
