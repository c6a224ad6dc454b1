"""The OpenAPI document: what FastAPI derives, plus what it cannot know."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import iter_route_contexts

from maas.api.permissions import needs, permission_of
from maas.api.problems import ProblemOut, documented
from maas.api.requests import KEY_HEADER
from maas.auth.roles import Permission

router = APIRouter(include_in_schema=False)

ABOUT = """\
Bookings and bus locations of one town.  Errors are RFC 9457 problems whose `detail` can be read
aloud, Japanese by default and English with `Accept-Language: en`.  Commands that change a booking
carry an `Idempotency-Key`: sent again with the same key they do nothing twice.
"""

SCHEMES: Final = {
    "session": {"type": "apiKey", "in": "cookie", "name": "maas"},
    "device": {"type": "http", "scheme": "bearer"},
}


@router.get("/openapi.json", **needs(Permission.PUBLIC))
async def openapi_document(request: Request) -> dict[str, Any]:
    """The API in OpenAPI 3.1."""
    app: FastAPI = request.app
    return app.openapi()


def complete(app: FastAPI) -> None:
    """Make `app.openapi()` hold the problem's schema and say that idempotency keys are required."""
    derive = app.openapi

    def openapi() -> dict[str, Any]:
        document = derive()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault("ProblemOut", ProblemOut.model_json_schema())
        document["components"]["securitySchemes"] = SCHEMES
        needed = _needed(app)
        for operation in _operations(document):
            operation["security"] = needed[operation["operationId"]]
            responses = operation["responses"]
            responses.setdefault("503", documented("database-away", "storage-full")[503])
            for parameter in operation.get("parameters", []):
                parameter["required"] |= parameter["name"] == KEY_HEADER
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _needed(app: FastAPI) -> dict[str, list[dict[str, list[str]]]]:
    """Return how to prove oneself, by operation."""
    routes = [route for route in iter_route_contexts(app.routes) if hasattr(route, "operation_id")]
    return {route.operation_id: _proofs(permission_of(route)) for route in routes}


def _proofs(permission: Permission | None) -> list[dict[str, list[str]]]:
    session: dict[str, list[str]] = {"session": []}
    device: dict[str, list[str]] = {"device": []}
    known = {
        Permission.PUBLIC: [],
        Permission.DEVICE: [device],
        Permission.VEHICLE: [session, device],
    }
    return [session] if permission is None else known.get(permission, [session])


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]
