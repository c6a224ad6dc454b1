"""The OpenAPI document: what FastAPI derives, plus what it cannot know."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request

from maas.api.permissions import needs
from maas.api.problems import ProblemOut
from maas.api.requests import KEY_HEADER
from maas.auth.roles import Permission

router = APIRouter(include_in_schema=False)

ABOUT = """\
Bookings and bus locations of one town.  Errors are RFC 9457 problems whose `detail` can be read
aloud, Japanese by default and English with `Accept-Language: en`.  Commands that change a booking
carry an `Idempotency-Key`: sent again with the same key they do nothing twice.
"""


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
        for operation in _operations(document):
            for parameter in operation.get("parameters", []):
                parameter["required"] |= parameter["name"] == KEY_HEADER
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]
