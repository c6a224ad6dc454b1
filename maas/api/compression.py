"""Compress what is large and holds no secrets: screens, open data, the map."""

from __future__ import annotations

from typing import Final

from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

# An answer that mixes secrets with what a caller sent must not be compressed (BREACH), so this
# lists what may be; tiles are read in ranges and are compressed inside.
PUBLIC_PREFIXES: Final = ("/assets/", "/feeds/", "/api/v1/map", "/api/v1/stops")
LEVEL: Final = 6


class Compression:
    """ASGI middleware that hands the public paths to gzip and leaves the others alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._gzip = GZipMiddleware(
            app,
            minimum_size=1000,
            compresslevel=LEVEL,
            exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream"),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        public = scope["type"] == "http" and scope["path"].startswith(PUBLIC_PREFIXES)
        await (self._gzip if public else self._plain)(scope, receive, send)
