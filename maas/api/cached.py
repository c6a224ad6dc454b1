"""Answers that a caller may keep, and is not sent again what it has."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Header
from fastapi.responses import Response

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=500)]


def cached(body: bytes, media_type: str, known: str | None, max_age_s: int) -> Response:
    """Answer with a body under its hash, or say that the caller has it already (`known`)."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": etag, "cache-control": f"public, max-age={max_age_s}"}
    if known is not None and etag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
