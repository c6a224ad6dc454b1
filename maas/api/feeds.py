"""Open data, without login: the timetable as GTFS-JP, and GTFS Realtime."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from google.transit import gtfs_realtime_pb2

from busloc import Timetable
from gtfs.realtime import trip_updates, vehicle_positions
from gtfs.write import feed_bytes
from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.service import Service
from maas.auth.roles import Permission
from maas.demand_feed import demand_facts, open_feed
from maas.realtime import feed_version, positions, updates

router = APIRouter(prefix="/feeds", tags=["open data"])

PROTOBUF: Final = "application/x-protobuf"
MAX_AGE_S: Final = 15

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=500)]


def _described(media_type: str) -> dict[str, Any]:
    declared = needs(Permission.PUBLIC, "no-timetable", "starting")
    text = media_type == "application/json"
    schema = {"type": "object"} if text else {"type": "string", "format": "binary"}
    content = {media_type: {"schema": schema}}
    responses = declared["responses"] | {
        200: {"description": "The feed", "content": content},
        304: {"description": "Unchanged"},
    }
    return declared | {"responses": responses, "response_class": Response}


def _cached(body: bytes, media_type: str, known: str | None, max_age_s: int) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": etag, "cache-control": f"public, max-age={max_age_s}"}
    if known is not None and etag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


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
    return _cached(body, "application/zip", known, 3600)


@router.get(
    "/gtfs-rt/vehicle-positions.pb", operation_id="readVehiclePositions", **_described(PROTOBUF)
)
async def positions_pb(service: The, known: IfNoneMatch = None) -> Response:
    """Where the buses are, as GTFS Realtime."""
    return _cached(_positions(service), PROTOBUF, known, MAX_AGE_S)


@router.get("/gtfs-rt/trip-updates.pb", operation_id="readTripUpdates", **_described(PROTOBUF))
async def updates_pb(service: The, known: IfNoneMatch = None) -> Response:
    """When the buses are expected, as GTFS Realtime."""
    return _cached(_updates(service), PROTOBUF, known, MAX_AGE_S)


@router.get(
    "/gtfs-rt/vehicle-positions.json",
    operation_id="readVehiclePositionsJson",
    **_described("application/json"),
)
async def positions_json(service: The, known: IfNoneMatch = None) -> Response:
    """Where the buses are, for people to read."""
    return _cached(_as_json(_positions(service)), "application/json", known, MAX_AGE_S)


@router.get(
    "/gtfs-rt/trip-updates.json",
    operation_id="readTripUpdatesJson",
    **_described("application/json"),
)
async def updates_json(service: The, known: IfNoneMatch = None) -> Response:
    """When the buses are expected, for people to read."""
    return _cached(_as_json(_updates(service)), "application/json", known, MAX_AGE_S)


def _timetable(service: Service) -> Timetable:
    timetable = service.buses.timetable
    if timetable is None:
        raise Problem("no-timetable")
    return timetable


def _positions(service: Service) -> bytes:
    now, timetable = service.clock(), _timetable(service)
    return vehicle_positions(
        positions(service.buses.live, now), now=now, feed_version=feed_version(timetable.feed)
    )


def _updates(service: Service) -> bytes:
    now, timetable = service.clock(), _timetable(service)
    known = updates(service.buses.live, timetable, now)
    return trip_updates(known, now=now, feed_version=feed_version(timetable.feed))


def _as_json(message: bytes) -> bytes:
    parsed = gtfs_realtime_pb2.FeedMessage.FromString(message)
    return json.dumps(MessageToDict(parsed), ensure_ascii=False, indent=1).encode()
