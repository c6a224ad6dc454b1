"""People who ride: found while they are on the telephone, and registered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.places import Limit
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import BookingOut, PlaceOut, Rendering, Shape
from maas.auth.roles import Permission
from maas.directory import Directory, read_directory
from maas.people.riders import age
from maas.store.members import MemberRow
from maas.town.imports import NewMember, add_member

router = APIRouter(prefix="/riders", tags=["people"])


class FavouriteOut(Shape):
    """A place a rider often goes to; `slot` is the key that picks it."""

    slot: int = Field(ge=1, le=9)
    place: PlaceOut


class RiderOut(Shape):
    """A member, with everything the booking desk needs while they are on the telephone."""

    id: int
    number: str
    name: str
    kana: str
    phone: str
    age: int | None
    address: str
    oaza: str
    home_place: PlaceOut | None
    tags: list[str]
    notes: str
    language: str
    favourites: list[FavouriteOut]
    next_booking: BookingOut | None


class RiderIn(BaseModel):
    """Somebody new; the home is where `lat`, `lon` say, or at a place already known."""

    name: str = Field(min_length=1, max_length=100, examples=["見本花子"])
    kana: str = Field(default="", max_length=100, examples=["みほんはなこ"])
    phone: str = Field(default="", max_length=40, examples=["000-000-0001"])
    place_id: int | None = Field(default=None, ge=1, lt=2**31)
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    address: str = Field(default="", max_length=200)
    oaza: str = Field(default="", max_length=100)
    birth_year: int | None = Field(default=None, ge=1880, le=2200)
    tags: list[Annotated[str, Field(max_length=40)]] = Field(default=[], max_length=20)
    notes: str = Field(default="", max_length=1000)


@router.get("", operation_id="searchRiders", **needs(Permission.READ_PEOPLE))
async def search_riders(
    service: The,
    write: In,
    q: Annotated[str, Query(max_length=100, description="Kana, name, telephone, number.")] = "",
    limit: Limit = 20,
) -> list[RiderOut]:
    """Find riders by kana, kanji, romaji, the end of their telephone, or member number."""
    found = service.directory.riders.search(q, limit)
    return [await _rider(service, write, member) for member in found]


@router.get("/{rider_id}", operation_id="readRider", **needs(Permission.READ_PEOPLE, "not-found"))
async def read_rider(
    rider_id: Annotated[int, Path(ge=1, lt=2**31)], service: The, write: In
) -> RiderOut:
    """Return one rider."""
    member = service.directory.riders.get(rider_id)
    if member is None:
        raise Problem("not-found")
    return await _rider(service, write, member)


@router.post(
    "",
    operation_id="addRider",
    status_code=201,
    **needs(Permission.WRITE_PEOPLE, "no-town", "not-found", changes=True),
)
async def add_rider(new: RiderIn, _: SignedIn, service: The, write: In) -> RiderOut:
    """Register somebody who calls for the first time."""
    if service.town is None:
        raise Problem("no-town")
    lat, lon = _home_of(new, service.directory)
    values = new.model_dump(exclude={"place_id", "lat", "lon", "tags"})
    member = NewMember(lat=lat, lon=lon, tags=tuple(new.tags), **values)
    roads = service.roads.get("car")
    number = await add_member(service.database, member, roads, service.network_id)
    service.directory = await read_directory(service.database)
    found = service.directory.riders.get(number)
    if found is None:
        raise Problem("not-found")
    return await _rider(service, write, found)


def _home_of(new: RiderIn, directory: Directory) -> tuple[float, float]:
    if new.lat is not None and new.lon is not None:
        return new.lat, new.lon
    place = directory.place_by_id.get(new.place_id or 0)
    if place is None:
        raise Problem("not-found")
    return place.lat, place.lon


async def _rider(service: Service, write: Rendering, member: MemberRow) -> RiderOut:
    known = service.directory.place_by_id
    home = known.get(member.home_place_id or 0)
    favourites = [(slot, known.get(number)) for slot, number in enumerate(member.favourites, 1)]
    upcoming = await service.next_booking(member.id)
    return RiderOut(
        id=member.id,
        number=member.number,
        name=member.name,
        kana=member.kana,
        phone=member.phone,
        age=age(member, service.today().year),
        address=member.address,
        oaza=member.oaza,
        home_place=write.one(PlaceOut, home) if home else None,
        tags=list(member.tags),
        notes=member.notes,
        language=member.language,
        favourites=[
            FavouriteOut(slot=slot, place=write.one(PlaceOut, place))
            for slot, place in favourites
            if place is not None and slot <= 9
        ],
        next_booking=write.one(BookingOut, upcoming) if upcoming else None,
    )
