"""The sign of a stop as a page without script."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.problems import Problem, language_of
from maas.api.service import Service
from maas.api.stops import notices_of
from maas.auth.roles import Permission
from maas.buses import stop_names
from signage.board import Board, board
from signage.plain import STYLESHEET_PATH, page, stylesheet
from signage.words import Text

router = APIRouter(include_in_schema=False)

ROWS: Final = 8


@router.get("/signage/{stop_id}/plain", **needs(Permission.PUBLIC))
async def plain_sign(
    stop_id: str,
    request: Request,
    service: The,
    lang: Annotated[Literal["ja", "en"] | None, Query()] = None,
    refresh: Annotated[Literal["0", "1"], Query()] = "1",
) -> Response:
    """The sign of a stop for e-paper, old browsers and screen readers."""
    shown = board_of(service, stop_id, ROWS)
    language = lang or language_of(request.scope)
    return HTMLResponse(page(shown, language, refresh=refresh == "1"))


def board_of(service: Service, stop_id: str, limit: int) -> Board:
    """Return what the sign of a stop shows now, at most so many departures of it."""
    found = service.buses.stop(stop_id)
    if found is None:
        raise Problem("not-found")
    feed, stop = found
    town, now = service.town, service.clock()
    name, kana, name_en = stop_names(feed, stop)
    return board(
        stop_id,
        Text(name, name_en, kana),
        service.buses.departures(stop_id, now, limit),
        now=now,
        as_of=now,
        tz=ZoneInfo(service.timezone),
        limit=limit,
        notices=[Text(told.text, told.text_en) for told in notices_of(service, stop_id)],
        phone=town.booking_phone if town else "",
    )


@router.get(STYLESHEET_PATH, **needs(Permission.PUBLIC))
async def plain_style() -> Response:
    """The style sheet of the page without script."""
    return Response(stylesheet(), media_type="text/css", headers={"cache-control": "no-cache"})
