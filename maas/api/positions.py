"""Where the vehicles are: what their devices send, over HTTP and over WebSocket."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.requests import HTTPConnection
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from busloc import Unreadable
from busloc.io.ingest import VehicleEndpoint, answer, read_batch
from maas.api.identity import The, device_vehicle
from maas.api.permissions import declare, needs
from maas.api.problems import Problem
from maas.api.security import POSITIONS_MAX_BYTES
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
async def report_positions(request: Request, service: The) -> Response:
    """Take in up to 3,600 fixes of the device's own vehicle; one bad item spoils no other."""
    vehicle = await device_vehicle(request)
    if vehicle is None:
        raise Problem("bad-device")
    items = await read_batch(request.stream(), POSITIONS_MAX_BYTES)
    if isinstance(items, Unreadable):
        raise Problem(_PROBLEMS[items.reason])
    verdicts = service.accept(frozenset({vehicle}), items)
    return Response(answer(verdicts), media_type="application/json")


class VehicleSocket:
    """The ASGI application of `/ws/vehicle`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        service = service_of(HTTPConnection(scope))
        endpoint = VehicleEndpoint(service.accept, _vehicles_of)
        await endpoint(dict(scope), receive, send)


async def _vehicles_of(scope: dict[str, Any]) -> frozenset[str] | None:
    vehicle = await device_vehicle(HTTPConnection(scope))
    return None if vehicle is None else frozenset({vehicle})


def vehicle_route() -> WebSocketRoute:
    """Return the route; the endpoint asks for the device's token."""
    return WebSocketRoute("/ws/vehicle", declare(VehicleSocket(), Permission.DEVICE), name="pings")
