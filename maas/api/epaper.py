"""The sign of a stop as a picture for e-paper, and the code that opens the stop's page."""

from __future__ import annotations

import asyncio
import os
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import quote

import segno
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.plain import board_of
from maas.api.problems import Problem, language_of
from maas.api.service import Service
from maas.auth.roles import Permission
from signage.epaper import ROWS, picture

router = APIRouter(include_in_schema=False)

# Bold letters without thin lines, the clearest first.
FONTS: Final = (
    "BIZUDPGothic-Bold.ttf",
    "BIZUDGothic-Bold.ttf",
    "NotoSansCJK-Bold.ttc",
    "NotoSansJP-Bold.otf",
    "NotoSansCJKjp-Bold.otf",
    "ipaexg.ttf",
    "ipagp.ttf",
    "BIZ-UDGothicB.ttc",
    "YuGothB.ttc",
    "meiryob.ttc",
)
FOLDERS: Final = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


@router.get("/signage/{stop_id}/epaper.png", **needs(Permission.PUBLIC))
async def epaper_sign(
    stop_id: str,
    request: Request,
    service: The,
    lang: Annotated[Literal["ja", "en"] | None, Query()] = None,
) -> Response:
    """The sign of a stop as a black-and-white PNG of 800 by 480.

    A server without a Japanese font sends on to the page without script.
    """
    board = board_of(service, stop_id, ROWS)
    font = await asyncio.to_thread(font_file)
    if font is None:
        return RedirectResponse(f"/signage/{quote(stop_id, safe='')}/plain", 303)
    link = stop_page(service, request, stop_id)
    language = lang or language_of(request.scope)
    drawn = await asyncio.to_thread(picture, board, font, language, link)
    return Response(drawn, media_type="image/png", headers={"cache-control": "no-store"})


@router.get("/signage/{stop_id}/qr.svg", **needs(Permission.PUBLIC))
async def stop_code(stop_id: str, request: Request, service: The) -> Response:
    """The code on a sign by which a phone opens the page of its stop."""
    if service.buses.stop(stop_id) is None:
        raise Problem("not-found")
    out = BytesIO()
    code = segno.make_qr(stop_page(service, request, stop_id), error="m")
    code.save(out, kind="svg", border=2, light="#ffffff", omitsize=True)
    return Response(
        out.getvalue(), media_type="image/svg+xml", headers={"cache-control": "no-cache"}
    )


def stop_page(service: Service, request: Request, stop_id: str) -> str:
    """Return the address of a stop's page as a phone in the street reaches it."""
    base = service.settings.public_url or str(request.base_url)
    return f"{str(base).rstrip('/')}/stop/{quote(stop_id, safe='')}"


@lru_cache(maxsize=1)
def font_file() -> Path | None:
    """Return the best Japanese font of this machine, or `None` when it has none."""
    windows = os.environ.get("WINDIR")
    folders = [*FOLDERS, *([f"{windows}/Fonts"] if windows else [])]
    found = {
        path.name: path
        for folder in folders
        for path in Path(folder).expanduser().rglob("*")
        if path.name in FONTS
    }
    return next((found[name] for name in FONTS if name in found), None)
