"""Where exactly at a place the vehicle stops: the door, the stop, the entrance, and its picture."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.shapes import Shape
from maas.auth.roles import Permission
from maas.store import pickup_points
from maas.store.once import By
from maas.store.pickup_points import PickupPoint
from maas.town.points import put_point, remove_point

router = APIRouter(prefix="/places/{place_id}/pickup-points", tags=["places"])

PlaceId = Annotated[int, Path(ge=1, lt=2**31)]
# No control characters: PostgreSQL does not keep all of them.
Words = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")]


class PickupPointIn(BaseModel):
    """A pick-up point; `part_of` is the facility whose other entrance the place is."""

    point: Literal["door", "stop", "entrance"]
    part_of: int | None = Field(None, ge=1, lt=2**31)
    entrance: Words = Field("", examples=["正面玄関"])
    entrance_en: Words = Field("", examples=["main entrance"])
    landmark: Words = Field("", examples=["赤い屋根の家の前"])
    photo: Words = Field("", description="Refers to a picture that is kept elsewhere.")
    step_free: bool = False


class PickupPointOut(Shape):
    """A pick-up point; the place's position is where the vehicle stands."""

    place_id: int
    point: Literal["door", "stop", "entrance"]
    part_of: int | None
    entrance: str
    entrance_en: str
    landmark: str
    photo: str
    step_free: bool


@router.get("", operation_id="readPickupPoints", **needs(Permission.READ_PEOPLE))
async def read_pickup_points(place_id: PlaceId, service: The, write: In) -> list[PickupPointOut]:
    """Return the pick-up point of a place, and those of the places that are part of it."""
    async with service.database.reading() as db:
        return write.many(PickupPointOut, await pickup_points.points_at(db, place_id))


_CHANGES = ("not-found", "key-missing", "key-reused")


@router.put(
    "",
    operation_id="putPickupPoint",
    **needs(Permission.WRITE_PEOPLE, *_CHANGES, changes=True),
)
async def put_pickup_point(
    place_id: PlaceId, asked: PickupPointIn, key: Key, person: SignedIn, service: The, write: In
) -> PickupPointOut:
    """Say where at a place the vehicle stops, in place of what was said before."""
    point = PickupPoint(place_id=place_id, **asked.model_dump())
    by = By(person.name, service.clock(), key)
    done = await put_point(service.database, point, by)
    if isinstance(done, str):
        raise Problem(done)
    return write.one(PickupPointOut, point)


@router.delete(
    "",
    operation_id="removePickupPoint",
    status_code=204,
    **needs(Permission.WRITE_PEOPLE, *_CHANGES),
)
async def remove_pickup_point(place_id: PlaceId, key: Key, person: SignedIn, service: The) -> None:
    """Forget the pick-up point of a place; its position is all there is to go by then."""
    by = By(person.name, service.clock(), key)
    done = await remove_point(service.database, place_id, by)
    if isinstance(done, str):
        raise Problem(done)
