"""What every answer and every request goes through: headers, origin, body size, counters."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maas.api.problems import Problem, answer, language_of, of_database
from maas.parts import Part

log = logging.getLogger(__name__)

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
POSITIONS_PATH: Final = "/api/v1/positions"
BODY_MAX_BYTES: Final = 64 * 1024
POSITIONS_MAX_BYTES: Final = 4 * 1024 * 1024
PAPERS_PATH: Final = "/api/v1/riders/import"
PAPERS_MAX_BYTES: Final = 4 * 1024 * 1024
TIMETABLE_PATH: Final = "/api/v1/timetables/import"
TIMETABLE_MAX_BYTES: Final = 32 * 1024 * 1024
_LARGE: Final = {
    POSITIONS_PATH: POSITIONS_MAX_BYTES,
    PAPERS_PATH: PAPERS_MAX_BYTES,
    TIMETABLE_PATH: TIMETABLE_MAX_BYTES,
}

POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(self), microphone=()",
}
OPEN_DATA_PREFIX: Final = "/feeds/"


def same_origin(scope: Scope) -> bool:
    """Say whether a request comes from our own pages, or from a program that is no browser.

    Browsers send `Sec-Fetch-Site` and `Origin`; whoever sends neither carries no cookie that a
    foreign page could have borrowed.
    """
    headers = Headers(scope=scope)
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


@dataclass(frozen=True, slots=True)
class Meters:
    """Counters of requests by route and status, and how long they took."""

    requests: Counter
    seconds: Histogram

    @classmethod
    def on(cls, registry: CollectorRegistry) -> Meters:
        """Return meters that report to `registry`."""
        return cls(
            Counter(
                "maas_http_requests", "Requests", ["method", "route", "status"], registry=registry
            ),
            Histogram("maas_http_seconds", "Time to answer", ["route"], registry=registry),
        )

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answered request under its route's pattern, never its path."""
        route = getattr(scope.get("route"), "path", None) or "unrouted"
        self.requests.labels(scope["method"], route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)


@dataclass(frozen=True, slots=True)
class Guard:
    """ASGI middleware around the whole application."""

    app: ASGIApp
    part: Part
    meters: Meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is another part's, foreign origins and large bodies; add headers; count."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        elsewhere = not self.part.serves(scope["path"])
        if not elsewhere and same_origin(scope):
            await self.app(scope, receive, send)
            return
        await receive()
        if elsewhere and "websocket.http.response" in scope.get("extensions", {}):
            await self._misdirected(scope)(scope, receive, send)
            return
        reason = "another part" if elsewhere else "foreign origin"
        await send({"type": "websocket.close", "code": 1008, "reason": reason})

    def _misdirected(self, scope: Scope) -> JSONResponse:
        return answer(Problem("misdirected", part=self.part.value), language_of(scope))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(scope, message)
            await send(message)

        started = time.perf_counter()
        try:
            await self._checked(scope, receive, send_guarded)
        except Exception as error:
            problem = of_database(error)
            if problem is None:
                log.exception("%s %s failed", scope["method"], scope["path"])
            else:
                log.warning("%s %s: %s", scope["method"], scope["path"], problem.slug)
            if status:
                raise
            problem = problem or Problem("internal")
            await answer(problem, language_of(scope))(scope, receive, send_guarded)
        finally:
            self.meters.count(scope, status, time.perf_counter() - started)

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.part.serves(scope["path"]):
            await self._misdirected(scope)(scope, receive, send)
            return
        if scope["method"] not in SAFE_METHODS and not same_origin(scope):
            refusal = answer(Problem("foreign-origin"), language_of(scope))
            await refusal(scope, receive, send)
            return
        most = _LARGE.get(scope["path"], BODY_MAX_BYTES)
        if _declared_length(scope) > most:
            await answer(Problem("too-large"), language_of(scope))(scope, receive, send)
            return
        await self.app(scope, _limited(receive, most), send)


def _declared_length(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isdecimal() else 0


def _limited(receive: Receive, most: int) -> Receive:
    """Return a `receive` that raises HTTP 413 once more than `most` bytes came."""
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise HTTPException(413)
        return message

    return counted


def _add_headers(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if scope["path"].startswith(OPEN_DATA_PREFIX):
        headers["cross-origin-resource-policy"] = "cross-origin"
        headers["access-control-allow-origin"] = "*"
    if scope["scheme"] == "https":
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    if scope["path"].startswith("/api/"):
        headers.setdefault("cache-control", "no-store")
