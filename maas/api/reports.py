"""Reports as files, one click each: of a month or its year, of a vehicle's day."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated, Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field
from starlette.requests import Request

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.service import Service
from maas.auth.roles import Permission
from maas.records.catalogue import KINDS, Wanted, daily_report, report
from maas.records.daily import has_something
from maas.records.report import Report, made_words
from maas.records.spans import Calendar
from maas.records.written import MEDIA_TYPES, STYLE, WRITERS, Format, as_html
from maas.store import fleet

router = APIRouter(prefix="/reports", tags=["reports"])
style_router = APIRouter(include_in_schema=False)

STYLE_PATH: Final = "/reports.css"
MONTH: Final = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
Month = Annotated[str, Query(pattern=MONTH, examples=["2026-11"])]
Area = Annotated[str | None, Query(max_length=64, description="All of them when absent.")]
FileFormat = Annotated[Format, Query(alias="format", description="What the file is.")]
_FILE: Final[dict[str, Any]] = {"response_class": Response, "response_model": None}


class ReportKindOut(BaseModel):
    """A report there is, and of which span it usually is."""

    name: str = Field(examples=["monthly"])
    title: str
    about: str
    calendar: Calendar


class DailyOut(BaseModel):
    """A vehicle that has something to report of a day."""

    vehicle_id: str
    vehicle: str
    date: dt.date


def _files(*problems: str) -> dict[str, Any]:
    found = needs(Permission.READ_RIDES, *problems)
    binary = {"schema": {"type": "string", "format": "binary"}}
    kinds = {kind.split(";", maxsplit=1)[0]: binary for kind in MEDIA_TYPES.values()}
    found["responses"][200] = {"description": "The report.", "content": kinds}
    return found | _FILE


@router.get("/catalogue", operation_id="listReports", **needs(Permission.READ_RIDES))
async def list_reports() -> list[ReportKindOut]:
    """Return the reports there are."""
    return [
        ReportKindOut(name=name, title=kind.title, about=kind.about, calendar=kind.calendar)
        for name, kind in KINDS.items()
    ]


@router.get("/daily", operation_id="listDailyReports", **needs(Permission.READ_RIDES))
async def list_daily(person: SignedIn, service: The, date: dt.date | None = None) -> list[DailyOut]:
    """Return which vehicles have something to report of a day (today when absent)."""
    day = date or service.today()
    async with service.database.reading() as db:
        having = await has_something(db, day)
        vehicles = await fleet.all_vehicles(db, person.area)
    return [
        DailyOut(vehicle_id=row.id, vehicle=row.name, date=day)
        for row in vehicles
        if row.id in having
    ]


@router.get("/daily/{vehicle_id}", operation_id="readDailyReport", **_files("not-found"))
async def read_daily(
    vehicle_id: Annotated[str, Path(min_length=1, max_length=64)],
    person: SignedIn,
    service: The,
    request: Request,
    date: dt.date | None = None,
    kind: FileFormat = "pdf",
) -> Response:
    """Return a vehicle's daily report (日報): duty record, riders, fares, kilometres."""
    day = date or service.today()
    made = made_words(service.clock(), service.timezone)
    async with service.database.reading() as db:
        vehicle = await fleet.vehicle(db, vehicle_id)
        if vehicle is None or person.area not in {None, vehicle.area_id}:
            raise Problem("not-found")
        zone = ZoneInfo(service.timezone)
        found = await daily_report(db, vehicle, day, zone, today=service.today(), made=made)
    return await _file(found, kind, f"{day}-{vehicle_id}", request)


@router.get("/{name}", operation_id="readReport", **_files("not-found"))
async def read_report(
    name: Annotated[str, Path(min_length=1, max_length=40)],
    month: Month,
    person: SignedIn,
    service: The,
    request: Request,
    kind: FileFormat = "html",
    calendar: Annotated[Calendar | None, Query(description="Of the year from then.")] = None,
    area: Area = None,
) -> Response:
    """Return a report of a month, or of the year of its calendar that the month is in."""
    if name not in KINDS:
        raise Problem("not-found")
    wanted = Wanted(name, month, calendar, service.area_of(person, area))
    found = await _made(service, wanted)
    return await _file(found, kind, f"{name}-{month}", request)


async def _made(service: Service, wanted: Wanted) -> Report:
    made = made_words(service.clock(), service.timezone)
    feed, zone = service.buses.feed, ZoneInfo(service.timezone)
    async with service.database.reading() as db:
        return await report(db, wanted, feed, zone, today=service.today(), made=made)


async def _file(found: Report, kind: Format, name: str, request: Request) -> Response:
    if kind == "html":
        style = f"{request.scope.get('root_path', '')}{STYLE_PATH}"
        page = await asyncio.to_thread(as_html, found, style=style)
        return Response(page, media_type=MEDIA_TYPES[kind])
    data = await asyncio.to_thread(WRITERS[kind], found)
    title = quote(f"{found.title} {found.period} {found.state}.{kind}")
    shown = "inline" if kind == "pdf" else "attachment"
    about = f"{shown}; filename=\"{quote(name)}.{kind}\"; filename*=UTF-8''{title}"
    return Response(data, media_type=MEDIA_TYPES[kind], headers={"content-disposition": about})


@style_router.get(STYLE_PATH, **needs(Permission.PUBLIC))
async def report_style() -> Response:
    """Return the style sheet of printed reports."""
    return Response(STYLE, media_type="text/css", headers={"cache-control": "no-cache"})
