"""The screens: static pages built once, served under addresses one can read aloud."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from maas.api.permissions import needs
from maas.api.problems import Problem, language_of
from maas.auth.roles import Permission
from maas.messages import PROBLEMS

router = APIRouter(include_in_schema=False)

_ROOT: Final = Path(__file__).resolve().parents[2]
STAFF_SCREENS: Final = frozenset(
    {"login", "operator", "monitor", "driver", "admin", "planner", "design"}
)
DISTS: Final = (_ROOT / "signage" / "web" / "dist", _ROOT / "maas" / "web" / "dist")

_NOT_BUILT: Final = """<!doctype html>
<html lang="{language}"><meta charset="utf-8"><title>{title}</title>
<h1>{title}</h1><p>{detail}</p></html>
"""


def page(name: str, request: Request) -> Response:
    """Return a built page, or the sentence that says how to build it."""
    for dist in DISTS:
        if (dist / f"{name}.html").is_file():
            return _file(dist / f"{name}.html", request, "no-cache")
    language = language_of(request.scope)
    status, title, detail = PROBLEMS["screens-not-built"]
    text = _NOT_BUILT.format(
        language=language, title=getattr(title, language), detail=getattr(detail, language)
    )
    return HTMLResponse(text, status_code=status)


@router.get("/", **needs(Permission.PUBLIC))
async def home(request: Request) -> Response:
    """The public home page."""
    return page("index", request)


@router.get("/signage/{stop:path}", **needs(Permission.PUBLIC))
async def sign(stop: str, request: Request) -> Response:  # noqa: ARG001 -- the script reads it
    """The sign of a stop."""
    return page("sign", request)


@router.get("/stop/{stop:path}", **needs(Permission.PUBLIC))
async def stop_page(stop: str, request: Request) -> Response:  # noqa: ARG001 -- as above
    """The page of a stop for a telephone."""
    return page("stop", request)


@router.get("/r/{token}", **needs(Permission.PUBLIC))
async def ride_page(token: str, request: Request) -> Response:  # noqa: ARG001 -- as above
    """The page of one ride, for who has its link; it asks for the ride itself."""
    return page("ride", request)


@router.get("/book", **needs(Permission.PUBLIC))
async def booking_page(request: Request) -> Response:
    """Where members book by themselves; it asks for their link itself."""
    return page("book", request)


@router.get("/{screen}", **needs(Permission.PUBLIC))
async def staff_screen(screen: str, request: Request) -> Response:
    """A staff screen; it asks for the session itself."""
    if screen not in STAFF_SCREENS:
        return _root_file(screen)
    return page(screen, request)


@router.get("/assets/{name:path}", **needs(Permission.PUBLIC))
async def asset(name: str, request: Request) -> Response:
    """A script, style or font; its name contains its hash, so it may be kept for ever."""
    found = _inside(name, "assets")
    if found is None:
        raise Problem("not-found")
    return _file(found, request, "public, max-age=31536000, immutable")


def _file(path: Path, request: Request, cache: str) -> Response:
    """Return a built file, as Brotli where the build left one and the browser takes it."""
    headers = {"cache-control": cache, "vary": "accept-encoding"}
    packed = path.with_name(f"{path.name}.br")
    accepted = request.headers.get("accept-encoding", "").replace(" ", "").split(",")
    if "br" not in accepted or not packed.is_file():
        return FileResponse(path, headers=headers)
    media_type = mimetypes.guess_type(path.name)[0]
    return FileResponse(packed, headers=headers | {"content-encoding": "br"}, media_type=media_type)


def _root_file(name: str) -> Response:
    """Return a file that lies beside the pages (favicon, manifest, service worker)."""
    found = None if name.endswith(".html") else _inside(name, ".")
    if found is None:
        raise Problem("not-found")
    return FileResponse(found, headers={"cache-control": "no-cache"})


def _inside(name: str, folder: str) -> Path | None:
    for dist in DISTS:
        root = (dist / folder).resolve()
        path = (root / name).resolve()
        if path.is_relative_to(root) and path.is_file():
            return path
    return None
