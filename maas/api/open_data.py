"""Open data beside GTFS, without login: GOFS, TIDES, and the page that explains the addresses."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from gtfs import gofs
from gtfs.calendar import day_start_epoch
from maas.api.cached import IfNoneMatch, cached
from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.problems import Problem, language_of
from maas.api.service import Service
from maas.auth.roles import Permission
from maas.demand_feed import demand_facts, open_feed
from maas.messages import Language
from maas.open_data import days_page, gofs_files, page, zipped
from maas.store import arrivals, fleet
from maas.tides import bus_day, tides_package
from signage.plain import STYLESHEET_PATH

router = APIRouter(prefix="/feeds", tags=["open data"])

GOFS_TTL_S: Final = 3600
DAYS_KEPT: Final = 35
"""As long as positions are kept as they came."""

Lang = Annotated[Literal["ja", "en"] | None, Query()]
_PUBLIC: Final = needs(Permission.PUBLIC, "starting", "not-found")


def _described(media_type: str) -> dict[str, Any]:
    schema = {"type": "object"} if media_type == "application/json" else {"type": "string"}
    content = {media_type: {"schema": schema}}
    responses = _PUBLIC["responses"] | {
        200: {"description": "The data", "content": content},
        304: {"description": "Unchanged"},
    }
    return _PUBLIC | {"responses": responses, "response_class": Response}


@router.get("/", include_in_schema=False, **needs(Permission.PUBLIC))
async def addresses(service: The, request: Request, lang: Lang = None) -> Response:
    """The page that says what is published where."""
    language = language_asked(request, lang)
    town = service.town
    name = "" if town is None else town.name if language == "ja" else town.name_en
    return HTMLResponse(page(name, language, STYLESHEET_PATH))


@router.get("/gofs/gofs.json", operation_id="readGofs", **_described("application/json"))
async def gofs_index(service: The, request: Request, known: IfNoneMatch = None) -> Response:
    """The demand service as GOFS-lite 1.0: where its files are."""
    return await _gofs("gofs.json", service, request, known)


@router.get("/gofs/gofs_versions.json", operation_id="readGofsVersions",
            **_described("application/json"))  # fmt: skip
async def gofs_versions(service: The, request: Request, known: IfNoneMatch = None) -> Response:
    """The versions of GOFS there are."""
    return await _gofs("gofs_versions.json", service, request, known)


@router.get(
    "/gofs/{language}/{file}", operation_id="readGofsFile", **_described("application/json")
)
async def gofs_file(
    service: The,
    request: Request,
    language: Literal["ja", "en"],
    file: Annotated[str, Path(pattern=r"^[a-z_]{1,40}\.json$")],
    known: IfNoneMatch = None,
) -> Response:
    """A file of GOFS in a language."""
    return await _gofs(f"{language}/{file}", service, request, known)


@router.get("/tides/", include_in_schema=False, **needs(Permission.PUBLIC))
async def recorded_days(service: The, request: Request, lang: Lang = None) -> Response:
    """The page of the days there are records of."""
    days = [day.isoformat() for day in await _days(service)]
    return HTMLResponse(days_page(days, language_asked(request, lang), STYLESHEET_PATH))


@router.get("/tides/{day}.zip", operation_id="readTides", **_described("application/zip"))
async def recorded_day(service: The, day: date, known: IfNoneMatch = None) -> Response:
    """What the buses did on a day that is over, as a TIDES data package."""
    feed = service.buses.feed
    if feed is None or day not in await _days(service):
        raise Problem("not-found")
    async with service.database.reading() as db:
        told = await bus_day(db, day, ZoneInfo(feed.timezone))
    town = service.town.name if service.town else ""
    files = await asyncio.to_thread(tides_package, town, feed, told)
    body = await asyncio.to_thread(zipped, files)
    return cached(body, "application/zip", known, 86_400)


async def _days(service: Service) -> list[date]:
    """Return the days that are over and have stop events, the newest first."""
    today = service.today()
    async with service.database.reading() as db:
        return await arrivals.visited_days(db, today - timedelta(days=DAYS_KEPT), today)


async def _gofs(path: str, service: Service, request: Request, known: str | None) -> Response:
    async with service.database.reading() as db:
        facts = await demand_facts(db)
        vehicles = await fleet.all_vehicles(db)
    base = str(request.base_url)
    feed = open_feed(service.buses.feed, facts, service.today(), url=base)
    files = {} if feed is None else gofs_files(feed, vehicles, f"{base}feeds/gofs")
    if path not in files:
        raise Problem("not-found")
    # What it says follows from the rules of the day, so it is as old as the day.
    since = day_start_epoch(service.today(), ZoneInfo(service.timezone))
    document = gofs.envelope(files[path], last_updated=since, ttl_s=GOFS_TTL_S)
    body = json.dumps(document, ensure_ascii=False).encode()
    return cached(body, "application/json", known, GOFS_TTL_S)


def language_asked(request: Request, asked: Literal["ja", "en"] | None) -> Language:
    """Return the language of a page: the one in its address, else the browser's."""
    return asked or language_of(request.scope)
