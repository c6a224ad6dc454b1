"""The live stream without WebSockets: server-sent events, and asking again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from busloc.io.sse import ID_CHARS, events, poll
from busloc.io.stream import TOPICS_MAX, topics_named
from maas.api.identity import MaybePerson, The
from maas.api.live import may_hear, signed_out
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.service import Service
from maas.auth.roles import Permission
from maas.auth.staff import Person

router = APIRouter(prefix="/live", tags=["live"])

WAIT_MAX_S: Final = 30.0


class EventStream(StreamingResponse):
    """Server-sent events; nothing on the way may hold them back."""

    media_type = "text/event-stream"


class FrameOut(BaseModel):
    """One frame of the live stream, as `WS /ws/live` sends it."""

    t: str = Field(description="Topic.")
    e: str = Field(description="Epoch: another one means that the topic began anew.")
    s: int = Field(description="Number within the epoch.")
    k: Literal["snap", "delta"] = Field(description="All there is, or what has changed.")
    n: float = Field(description="The service's clock, epoch seconds.")
    u: list[dict[str, Any]] = Field(description="Vehicles, departures, ...")
    recovered: bool = Field(default=True, description="False: something was lost on the way.")
    retry: int | None = Field(None, description="Spread coming back over so many seconds.")


class PollOut(BaseModel):
    """What topics have told; send `id` back to go on from there."""

    id: str
    frames: list[FrameOut]


Topics = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]],
    Query(
        alias="topic",
        min_length=1,
        max_length=TOPICS_MAX,
        description="Topics to hear, such as `vehicles`, `route:12`, `stop:2_01` or "
        "`area:34.8,133.6,34.9,133.7`.",
    ),
]


@router.get(
    "/sse",
    operation_id="hearEvents",
    response_class=EventStream,
    **needs(Permission.PUBLIC, "forbidden", "too-many-listeners"),
)
async def hear_events(
    request: Request,
    service: The,
    person: MaybePerson,
    topics: Topics,
    last_event_id: Annotated[str, Header(alias="Last-Event-ID", max_length=ID_CHARS)] = "",
) -> EventStream:
    """Hear topics as server-sent events: for signs and proxies that know no WebSockets.

    Each event is a frame as on `WS /ws/live`; its id goes back as `Last-Event-ID`, by itself in a
    browser, and what was missed comes first, or a snapshot.
    """
    named = _heard_by(person, topics)
    if not service.listeners.has_room(_address(request)):
        raise _too_many(service)
    until = None if person is None else lambda: signed_out(request, service)

    async def stream() -> AsyncIterator[bytes]:
        async with _place(request, service):
            async for event in events(service.hub, named, last_event_id, until):
                yield event

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return EventStream(stream(), headers=headers)


@router.get(
    "/poll",
    operation_id="pollLive",
    response_model=PollOut,
    **needs(Permission.PUBLIC, "forbidden", "too-many-listeners"),
)
async def poll_live(
    request: Request,
    service: The,
    person: MaybePerson,
    topics: Topics,
    since: Annotated[
        str, Query(max_length=ID_CHARS, description="The `id` of the answer before.")
    ] = "",
    wait_s: Annotated[
        float, Query(ge=0, le=WAIT_MAX_S, description="How long to wait for news.")
    ] = 25.0,
) -> Response:
    """Return what topics have told since the answer before, waiting until there is something.

    Without `since`, or when it is too long ago, that is a snapshot, at once.
    """
    named = _heard_by(person, topics)
    async with _place(request, service):
        body = await poll(service.hub, named, since, wait_s)
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


def _heard_by(person: Person | None, asked: Sequence[str]) -> list[str]:
    """Return the topics somebody asks for; raises the problem 403 when one may not be heard."""
    named = list(dict.fromkeys(topic for each in asked for topic in topics_named(each)))
    if len(named) > TOPICS_MAX or not named or not all(may_hear(person, topic) for topic in named):
        raise Problem("forbidden")
    return named


@asynccontextmanager
async def _place(request: Request, service: Service) -> AsyncIterator[None]:
    """Count one more listener while the block lasts; raises the problem 503 when it is full."""
    if not service.listeners.enter(_address(request)):
        raise _too_many(service)
    try:
        yield
    finally:
        service.listeners.leave(_address(request))


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _too_many(service: Service) -> Problem:
    return Problem("too-many-listeners", headers={"retry-after": str(service.hub.retry_s)})
