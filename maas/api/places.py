"""Places: everywhere a rider can be picked up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from maas.api.identity import MaybePerson, The
from maas.api.permissions import needs
from maas.api.requests import In
from maas.api.shapes import PlaceOut
from maas.auth.roles import Permission, allowed

router = APIRouter(tags=["places"])

Search = Annotated[
    str,
    Query(max_length=100, description="Name, kana, romaji, nickname or address; empty for all."),
]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/places", operation_id="searchPlaces", **needs(Permission.PUBLIC))
async def search_places(
    person: MaybePerson, service: The, write: In, q: Search = "", limit: Limit = 20
) -> list[PlaceOut]:
    """Find places, best match first.  Riders' homes are found by the booking desk only."""
    homes_too = person is not None and allowed(person.role, Permission.READ_PEOPLE)
    index = service.directory.all_places if homes_too else service.directory.public_places
    return write.many(PlaceOut, index.search(q, limit))
