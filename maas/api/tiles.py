"""Our own map tiles: one PMTiles file, read in ranges."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.auth.roles import Permission

router = APIRouter(include_in_schema=False)

TILES_PATH = "/tiles/roads.pmtiles"


@router.get(TILES_PATH, **needs(Permission.PUBLIC))
@router.head(TILES_PATH, **needs(Permission.PUBLIC))
async def roads_tiles(service: The) -> Response:
    """The road tiles; `Range` requests give 206."""
    folder = service.settings.roads_dir
    path = folder / "roads.pmtiles" if folder else None
    if path is None or not path.is_file():
        raise Problem("not-found")
    return FileResponse(path, media_type="application/octet-stream")
