"""The rest of a driver's shift besides its stops: breaks, and whether the battery will do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from fastapi import APIRouter

from maas.api.driving import Acting, VehicleId
from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import Instant, Shape
from maas.auth.roles import Permission
from maas.duty.day import last_charge, turns
from maas.fleet.battery import lasts, range_m
from maas.rides.keeper import Keeper
from maas.rides.show import Reading
from maas.store import duty, fleet
from maas.store.duty import RecordRow
from maas.store.fleet import VehicleRow
from maas.town.calendars import Refused, rules_on
from maas.town.figures import figure_on
from maas.town.times import ends

router = APIRouter(prefix="/vehicles", tags=["vehicles"])


class BreakOut(Shape):
    """A break: the town's, in which nobody is picked up, the office's, or one the driver took.

    `until` is missing while it lasts.
    """

    by: Literal["town", "office", "driver"]
    since: Instant
    until: Instant | None


class BatteryOut(Shape):
    """What is left in a battery by the last reading; all of it is null before the first.

    `range_m` is null, too, when the town's rules do not say what the vehicle uses.
    """

    percent: float | None
    at: Instant | None
    range_m: int | None
    ahead_m: int
    lasts: Literal["enough", "tight", "short"] | None


class ShiftOut(Shape):
    """The breaks of a vehicle's day in their order, and its battery if it has one."""

    breaks: list[BreakOut]
    battery: BatteryOut | None


@router.get(
    "/{vehicle_id}/shift",
    operation_id="readShift",
    **needs(
        Permission.VEHICLE,
        "not-signed-in", "forbidden", "not-found", "bad-device", "not-your-vehicle", "no-roads",
        "no-town",
    ),
)  # fmt: skip
async def read_shift(vehicle_id: VehicleId, _: Acting, service: The, write: In) -> ShiftOut:
    """Return a vehicle's breaks today and how far it still gets against how far it has to."""
    keeper = await service.keeper_of_vehicle(vehicle_id)
    async with service.database.reading() as db:
        row = await fleet.vehicle(db, vehicle_id)
        records = await duty.records_on(db, service.today(), vehicle_id)
    if row is None or all(each.id != vehicle_id for each in keeper.here.taxis):
        raise Problem("not-found")
    breaks = [
        *_of_the_town(service, keeper),
        *await _of_the_office(keeper, vehicle_id),
        *_of_drivers(records),
    ]
    breaks.sort(key=lambda each: each["since"])
    battery = await _battery(service, keeper, row, records)
    return write.one(ShiftOut, {"breaks": breaks, "battery": battery})


def _of_the_town(service: Service, keeper: Keeper) -> Iterator[dict[str, Any]]:
    found = rules_on(keeper.here.rules, service.today())
    for span in () if isinstance(found, Refused) else found.hours.breaks:
        since, until = (keeper.here.names.epoch(service.today(), s) for s in ends(span))
        yield {"by": "town", "since": since, "until": until}


async def _of_the_office(keeper: Keeper, vehicle_id: str) -> list[dict[str, Any]]:
    plan = await keeper.vehicle_view(vehicle_id)
    rests = () if plan is None else plan.rests
    return [{"by": "office", "since": rest.since, "until": rest.until} for rest in rests]


def _of_drivers(records: list[RecordRow]) -> Iterator[dict[str, Any]]:
    for turn in turns(records):
        for rest in turn.rests:
            yield {"by": "driver", "since": rest.since, "until": rest.until}


async def _battery(
    service: Service, keeper: Keeper, row: VehicleRow, records: list[RecordRow]
) -> dict[str, Any] | None:
    if row.battery_wh is None:
        return None
    if (read := last_charge(records)) is not None:  # it may have been entered a moment ago
        keeper.on_battery(row.id, Reading(*read))
    ahead_m = await keeper.ahead_m(row.id)
    unread = {"percent": None, "at": None, "range_m": None, "ahead_m": ahead_m, "lasts": None}
    reading = keeper.battery_of(row.id)
    if reading is None:
        return unread
    known = {**unread, "percent": reading.percent, "at": reading.at}
    use = figure_on(keeper.here.rules.figures, "kwh_100km", service.today(), row.profile)
    left_m = None if use is None else range_m(reading.percent, row.battery_wh, use.value)
    if left_m is None:
        return known
    return {**known, "range_m": left_m, "lasts": lasts(left_m, ahead_m)}
