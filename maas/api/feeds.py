"""Open data, without login: the timetable as GTFS-JP, and GTFS Realtime."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from google.transit import gtfs_realtime_pb2

from busloc import Timetable
from gtfs.write import feed_bytes
from maas.api.cached import IfNoneMatch, cached
from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.service import Service
from maas.auth.roles import Permission
from maas.demand_feed import demand_facts, open_feed
from maas.editions import Editions
from maas.realtime import Message, Realtime

router = APIRouter(prefix="/feeds", tags=["open data"])

PROTOBUF: Final = "application/x-protobuf"
MAX_AGE_S: Final = 15


def _described(media_type: str, *problems: str) -> dict[str, Any]:
    declared = needs(Permission.PUBLIC, "no-timetable", "starting", *problems)
    text = media_type == "application/json"
    schema = {"type": "object"} if text else {"type": "string", "format": "binary"}
    content = {media_type: {"schema": schema}}
    responses = declared["responses"] | {
        200: {"description": "The feed", "content": content},
        304: {"description": "Unchanged"},
    }
    return declared | {"responses": responses, "response_class": Response}


@router.get("/gtfs-jp.zip", operation_id="readTimetable", **_described("application/zip"))
async def timetable_zip(service: The, request: Request, known: IfNoneMatch = None) -> Response:
    """The timetable and the demand service; the same bytes as long as neither changes."""
    async with service.database.reading() as db:
        facts = await demand_facts(db)
    url = str(request.base_url)
    feed = open_feed(service.buses.feed, facts, service.today(), url=url)
    if feed is None:
        raise Problem("no-timetable")
    body = await asyncio.to_thread(feed_bytes, feed)
    return cached(body, "application/zip", known, 3600)


@router.get(
    "/gtfs-jp-next.zip",
    operation_id="readNextTimetable",
    **_described("application/zip", "not-found"),
)
async def next_timetable_zip(service: The, known: IfNoneMatch = None) -> Response:
    """The timetable that follows the one in force, as soon as it is published."""
    editions = Editions(service.database)
    _, coming = await editions.on(service.today())
    body = None if coming is None else await editions.zip(coming.id)
    if body is None:
        raise Problem("not-found")
    return cached(body, "application/zip", known, 3600)


@router.get(
    "/gtfs-rt/vehicle-positions.pb", operation_id="readVehiclePositions", **_described(PROTOBUF)
)
async def positions_pb(service: The, request: Request) -> Response:
    """Where the buses are that serve a trip, as GTFS Realtime."""
    return await _published(_realtime(service).positions(service.clock()), request)


@router.get(
    "/gtfs-rt/other-vehicle-positions.pb",
    operation_id="readOtherVehiclePositions",
    **_described(PROTOBUF),
)
async def others_pb(service: The, request: Request) -> Response:
    """Where the vehicles are that serve no trip of the timetable: on demand, empty, on a detour."""
    return await _published(_realtime(service).others(service.clock()), request)


@router.get("/gtfs-rt/trip-updates.pb", operation_id="readTripUpdates", **_described(PROTOBUF))
async def updates_pb(service: The, request: Request) -> Response:
    """When the buses are expected, and which trips are called off, as GTFS Realtime."""
    return await _published(_realtime(service).updates(service.clock()), request)


@router.get("/gtfs-rt/alerts.pb", operation_id="readAlertsFeed", **_described(PROTOBUF))
async def alerts_pb(service: The, request: Request) -> Response:
    """What riders are told, and which trips do not run, as GTFS Realtime."""
    _timetable(service)
    return await _published(service.buses.notices.message(service.clock()), request)


@router.get(
    "/gtfs-rt/vehicle-positions.json",
    operation_id="readVehiclePositionsJson",
    **_described("application/json"),
)
async def positions_json(service: The, known: IfNoneMatch = None) -> Response:
    """Where every vehicle is, for people to read: first those on trips, then all others."""
    realtime, now = _realtime(service), service.clock()
    parts = realtime.positions(now), realtime.others(now)
    return cached(_as_json(*parts), "application/json", known, MAX_AGE_S)


@router.get(
    "/gtfs-rt/trip-updates.json",
    operation_id="readTripUpdatesJson",
    **_described("application/json"),
)
async def updates_json(service: The, known: IfNoneMatch = None) -> Response:
    """When the buses are expected, for people to read."""
    message = _realtime(service).updates(service.clock())
    return cached(_as_json(message), "application/json", known, MAX_AGE_S)


@router.get(
    "/gtfs-rt/alerts.json",
    operation_id="readAlertsFeedJson",
    **_described("application/json"),
)
async def alerts_json(service: The, known: IfNoneMatch = None) -> Response:
    """What riders are told, for people to read."""
    _timetable(service)
    message = service.buses.notices.message(service.clock())
    return cached(_as_json(message), "application/json", known, MAX_AGE_S)


def _timetable(service: Service) -> Timetable:
    timetable = service.buses.timetable
    if timetable is None:
        raise Problem("no-timetable")
    return timetable


def _realtime(service: Service) -> Realtime:
    realtime = service.buses.realtime
    if realtime is None:
        raise Problem("no-timetable")
    return realtime


async def _published(message: Message, request: Request) -> Response:
    """Answer with a message as it is kept: packed, plain, or not at all if the caller has it."""
    headers = {
        "etag": message.tag,
        "last-modified": formatdate(message.at, usegmt=True),
        "cache-control": f"public, max-age={MAX_AGE_S}",
        "vary": "Accept-Encoding",
    }
    if _has_it(message, request.headers):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(message.body, media_type=PROTOBUF, headers=headers)
    headers |= {"content-encoding": "gzip", "etag": f'{message.tag[:-1]}-gzip"'}
    return Response(await asyncio.to_thread(message.packed), media_type=PROTOBUF, headers=headers)


def _has_it(message: Message, asked: Mapping[str, str]) -> bool:
    known = asked.get("if-none-match")
    if known is not None:
        return message.tag[:-1] in known or known.strip() == "*"
    since = asked.get("if-modified-since")
    try:
        return since is not None and parsedate_to_datetime(since).timestamp() >= message.at
    except (ValueError, TypeError):
        return False


def _as_json(*messages: Message) -> bytes:
    """Return messages as one for people to read, under the first one's header."""
    parsed = gtfs_realtime_pb2.FeedMessage()
    for message in reversed(messages):
        parsed.MergeFromString(message.body)
    return json.dumps(MessageToDict(parsed), ensure_ascii=False, indent=1).encode()
