"""Is it alive, is it ready, and what has it been doing."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request

from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.service import READY, Service
from maas.auth.roles import Permission

router = APIRouter(tags=["health"])


@router.get("/healthz", operation_id="readHealth", **needs(Permission.PUBLIC))
async def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    operation_id="readReadiness",
    **(needs(Permission.PUBLIC) | {"responses": {503: {"description": "Some part is not ready"}}}),
)
async def readyz(request: Request) -> JSONResponse:
    """Say part by part whether the service can do its work; 503 while one cannot."""
    service = getattr(request.app.state, "service", None)
    parts = await service.parts() if isinstance(service, Service) else {"server": "starting"}
    ready = all(state in READY for state in parts.values())
    status = {"status": "ready" if ready else "not ready", "parts": parts}
    return JSONResponse(status, status_code=200 if ready else 503)


@router.get(
    "/metrics", operation_id="readMetrics", response_class=Response, **needs(Permission.PUBLIC)
)
async def metrics(service: The) -> Response:
    """The counters, in the text format Prometheus reads."""
    return Response(generate_latest(service.registry), media_type=CONTENT_TYPE_LATEST)
