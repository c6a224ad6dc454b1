"""Where the vehicles are: what their devices send, over HTTP and over WebSocket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from busloc import Unreadable, Verdict
from busloc.io.ingest import Items, VehicleEndpoint, answer, read_batch
from busloc.io.osmand import read_fields, read_traccar
from maas.api.identity import The, device_of
from maas.api.permissions import declare, needs
from maas.api.problems import Problem
from maas.api.security import POSITIONS_MAX_BYTES, POSITIONS_PATH
from maas.api.service import service_of
from maas.auth.roles import Permission

router = APIRouter(tags=["positions"])

_PROBLEMS: Final = {
    "too_large": "too-large",
    "too_many": "too-large",
    "not_an_array": "bad-request",
}

_PING: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["vehicle", "boot", "seq", "t", "lat", "lon"],
    "properties": {
        "vehicle": {"type": "string", "minLength": 1, "maxLength": 64},
        "boot": {"type": "string", "description": "Names the run of the device that counts seq."},
        "seq": {"type": "integer", "minimum": 0},
        "t": {"type": "number", "description": "Epoch seconds of the fix."},
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
        "speed": {"type": ["number", "null"], "description": "Metres a second."},
        "bearing": {"type": ["number", "null"], "description": "Degrees clockwise from north."},
        "trip": {
            "type": ["string", "null"],
            "description": "GTFS trip the driver runs.",
        },
    },
    "example": {
        "vehicle": "bus-3",
        "boot": "b7e1",
        "seq": 17,
        "t": 1763859600.0,
        "lat": 34.86,
        "lon": 133.69,
        "speed": 8.3,
        "bearing": 120,
    },
}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "array", "items": _PING}}},
    }
}
_ANSWER: Final = {
    "description": "A verdict for each item, in the order sent",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["verdicts"],
                "properties": {"verdicts": {"type": "array", "items": {"type": "string"}}},
                "example": {"verdicts": ["live", "duplicate"]},
            }
        }
    },
}


_NEEDS = needs(Permission.DEVICE, "bad-device", "bad-request", changes=True)


@router.post(
    "/positions",
    operation_id="reportPositions",
    openapi_extra=_BODY,
    response_class=Response,
    dependencies=_NEEDS["dependencies"],
    responses=_NEEDS["responses"] | {200: _ANSWER},
)
async def report_positions(request: Request) -> Response:
    """Take in up to 3,600 fixes of the device's own vehicle; one bad item spoils no other."""
    service = service_of(request)
    device = await device_of(request)
    if device is None:
        raise Problem("bad-device")
    items = await read_batch(request.stream(), POSITIONS_MAX_BYTES)
    if isinstance(items, Unreadable):
        raise Problem(_PROBLEMS[items.reason])
    await service.history.room()
    verdicts = service.accept_from(device, items)
    return Response(answer(verdicts), media_type="application/json")


class PositionsDoor:
    """The same operation without FastAPI, which takes longer over a request than the fixes do.

    The route above documents it.
    """

    path = POSITIONS_PATH

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["route"] = self  # under whose path it is counted
        response = await report_positions(Request(scope, receive))
        await response(scope, receive, send)


def positions_route() -> Route:
    """Return the route that is tried before all others; no other is asked as often."""
    door = declare(PositionsDoor(), Permission.DEVICE)
    return Route(POSITIONS_PATH, door, methods=["POST"], name="positions")


_Field = Annotated[str | None, Query(max_length=200)]
_FIELDS: Final = ("lat", "lon", "timestamp", "speed", "bearing", "speed_unit")
_OSMAND_BODY: Final = {
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in ("id", *_FIELDS)},
                }
            },
            "application/json": {
                "schema": {"type": "object", "description": "As Traccar Client sends it."}
            },
        }
    }
}


@router.get(
    "/positions/osmand",
    operation_id="reportPositionByQuery",
    response_class=Response,
    dependencies=_NEEDS["dependencies"],
    responses=_NEEDS["responses"] | {200: _ANSWER},
)
async def report_by_query(
    request: Request,
    service: The,
    id: Annotated[_Field, Query(description="The tracker's token.")] = None,  # noqa: A002
    lat: _Field = None,
    lon: _Field = None,
    timestamp: Annotated[_Field, Query(description="Epoch s or ms, or ISO 8601.")] = None,
    speed: _Field = None,
    bearing: _Field = None,
    speed_unit: Annotated[_Field, Query(description="`mps` (default), `kmh` or `kn`.")] = None,
) -> Response:
    """Take in one fix the way OsmAnd sends it; a tracker enrolled with a token may do so."""
    del id, lat, lon, timestamp, speed, bearing, speed_unit  # read all at once below
    return await _report_fields(request, service, dict(request.query_params))


@router.post(
    "/positions/osmand",
    operation_id="reportPositionByForm",
    openapi_extra=_OSMAND_BODY,
    response_class=Response,
    dependencies=_NEEDS["dependencies"],
    responses=_NEEDS["responses"] | {200: _ANSWER},
)
async def report_by_form(request: Request, service: The) -> Response:
    """Take in one fix the way Traccar Client sends it: query, form or JSON.

    A fix that is none is answered 200 all the same: the app would send it again for ever.
    """
    body = await request.body()
    if body.lstrip().startswith(b"{"):
        sent = read_traccar(body)
    else:
        sent = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=50))
    return await _report_fields(request, service, dict(request.query_params) | sent)


async def _report_fields(request: Request, service: The, fields: dict[str, str]) -> Response:
    device = await device_of(request)
    if device is None and fields.get("id"):
        device = await service.device_by_token(fields["id"])
    if device is None:
        raise Problem("bad-device")
    verdicts = service.accept_from(device, [read_fields(fields, device.vehicle_id)])
    return Response(answer(verdicts), media_type="application/json")


class VehicleSocket:
    """The ASGI application of `/ws/vehicle`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        service = service_of(HTTPConnection(scope))
        device = await device_of(HTTPConnection(scope))

        async def allowed(_: dict[str, Any]) -> frozenset[str] | None:
            # A token may grow old while its socket lives; a device that is revoked goes at once.
            known = device is not None and service.roster.device(device.id) is not None
            return frozenset((device.vehicle_id,)) if device is not None and known else None

        def accept(_: frozenset[str], items: Items) -> Sequence[Verdict]:
            assert device is not None  # noqa: S101 -- nobody else was let in
            return service.accept_from(device, items)

        await VehicleEndpoint(accept, allowed)(dict(scope), receive, send)


def vehicle_route() -> WebSocketRoute:
    """Return the route; the endpoint asks for the device's token."""
    return WebSocketRoute("/ws/vehicle", declare(VehicleSocket(), Permission.DEVICE), name="pings")
