"""Day sheets to print: as the plan is now, or the last that was made when there is no plan."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, Final

from fastapi import APIRouter, Response
from pydantic import Field

from maas.api.driving import VehicleId
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import Instant, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.duty.sheet import Sheet, draw
from maas.rides.sheets import Sheets, file_of, folder_in, printed
from maas.store import fleet
from maas.store.fleet import VehicleRow

router = APIRouter(prefix="/sheets", tags=["sheets"])

PDF: Final = "application/pdf"
_ANSWER: Final[dict[str, Any]] = {
    "response_class": Response,
    "response_model": None,
}


class SheetOut(Shape):
    """A sheet kept on disk, which can be printed when nothing else works."""

    vehicle_id: str
    date: dt.date = Field(validation_alias="day")
    made_at: Instant


def _pdf(*problems: str) -> dict[str, Any]:
    found = needs(Permission.READ_PLAN, *problems)
    found["responses"][200] = {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}
    return found | _ANSWER


@router.get("", operation_id="listSheets", **needs(Permission.READ_PLAN))
async def list_sheets(
    person: SignedIn, service: The, write: In, date: dt.date | None = None
) -> list[SheetOut]:
    """Return which sheets of a day (today when absent) are kept on disk."""
    vehicles = [row.id for row in await _vehicles(service, person)]
    day, folder = date or service.today(), folder_in(service.settings.data_dir)
    found = await asyncio.to_thread(printed, folder, day, vehicles)
    return write.many(SheetOut, found)


@router.get("/all", operation_id="printSheets", **_pdf("not-found"))
async def print_sheets(person: SignedIn, service: The, date: dt.date | None = None) -> Response:
    """Return the sheets of every vehicle of the caller's area in one file, as the plan is now."""
    day, found = date or service.today(), []
    areas = {row.area_id for row in await _vehicles(service, person)}
    for area in sorted(areas & service.keepers.keys()):
        found += await _sheets(service, area).all(day)
    if not found:
        raise Problem("not-found")
    return await _answer(found, f"{day}.pdf")


@router.get("/{vehicle_id}", operation_id="printSheet", **_pdf("not-found"))
async def print_sheet(
    vehicle_id: VehicleId,
    person: SignedIn,
    service: The,
    date: dt.date | None = None,
) -> Response:
    """Return a vehicle's sheet as the plan is now; without a plan the last one that was made."""
    row = next((row for row in await _vehicles(service, person) if row.id == vehicle_id), None)
    if row is None:
        raise Problem("not-found")
    day, folder = date or service.today(), folder_in(service.settings.data_dir)
    if row.area_id in service.keepers:
        sheet = await _sheets(service, row.area_id).of(vehicle_id, day)
        if sheet is not None:
            return await _answer([sheet], file_of(folder, day, vehicle_id).name)
    file = file_of(folder, day, vehicle_id)
    if not file.exists():
        raise Problem("not-found")
    return _file(await asyncio.to_thread(file.read_bytes), file.name)


async def _vehicles(service: Service, person: Person) -> list[VehicleRow]:
    async with service.database.reading() as db:
        return await fleet.all_vehicles(db, person.area)


def _sheets(service: Service, area: str) -> Sheets:
    return Sheets(service.keepers[area], service.town.booking_phone if service.town else "")


async def _answer(found: list[Sheet], name: str) -> Response:
    return _file(await asyncio.to_thread(draw, found), name)


def _file(data: bytes, name: str) -> Response:
    headers = {"content-disposition": f'inline; filename="{name}"', "cache-control": "no-store"}
    return Response(data, media_type=PDF, headers=headers)
