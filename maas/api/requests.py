"""What several endpoints read from a request: language, Idempotency-Key.

They are coroutines though they wait for nothing: FastAPI sends every plain function to a thread.
"""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Header
from starlette.requests import HTTPConnection

from maas.api.identity import The
from maas.api.problems import Problem, language_of
from maas.api.shapes import Rendering

KEY_HEADER = "Idempotency-Key"


async def rendering(connection: HTTPConnection, service: The) -> Rendering:
    """Return how to write the answer: the town's time zone, the caller's language."""
    return Rendering(ZoneInfo(service.timezone), language_of(connection.scope))


async def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias=KEY_HEADER,
            min_length=1,
            max_length=200,
            description="Any text that is new for a new command and the same for a repeat of it.",
            examples=["0c2f9a7e54d14a0e"],
        ),
    ] = None,
) -> str:
    """Return the request's key, or raise the problem 400."""
    if key is None:
        raise Problem("key-missing")
    return key


In = Annotated[Rendering, Depends(rendering)]
Key = Annotated[str, Depends(idempotency_key)]
