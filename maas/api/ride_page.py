"""`/r/{token}`: one ride, for its rider and those it was shown to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from maas.api.answers import granted
from maas.api.bookings import BookingId
from maas.api.identity import SignedIn, The
from maas.api.links import Ride, TheRide, count
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.push import push_link, pushes
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import FareOut, Instant, LonLat, Rendering, Said, Shape
from maas.auth.roles import Permission
from maas.notify.occasions import Channel
from maas.people.links import ride_token
from maas.rides.rider_view import ride_seen
from maas.rides.states import State
from maas.town.files import Colour

router = APIRouter(tags=["riders"])

_LINK = ("not-found", "link-over", "slow-down", "no-roads", "no-town")
ACTOR = "ride link"


class RideVehicleOut(Shape):
    """The vehicle to look for."""

    name: str
    name_en: str
    plate: str
    colour: Colour
    kind: str


class RideEndOut(BaseModel):
    """Where a ride begins or ends; a home has no name here, and no position but the rider's."""

    name: str
    name_en: str
    kana: str
    home: bool
    entrance: str = ""
    entrance_en: str = ""
    landmark: str = ""
    photo: str = ""
    step_free: bool = False
    at: LonLat | None = None


class RideMovedOut(Shape):
    """When the pick-up was to be before we moved it, and why."""

    pickup_from: Instant
    pickup_to: Instant
    why: Said | None


class RidePageOut(BaseModel):
    """A ride as its rider sees it; `now` is the service's epoch seconds.

    `expected` is when the vehicle comes, or arrives once the rider is on board, and null while
    nobody knows; `seen_at` is when the vehicle was last heard of.  `position` is told while it is
    on its way to the rider.  `show` is the link for the family, who may look and not cancel;
    `push` lets this browser be notified, where the member wants to be told so.
    """

    now: float
    state: State
    reference: str
    pickup_from: Instant
    pickup_to: Instant
    arrive_by: Instant
    expected: Instant | None
    seen_at: Instant | None
    position: LonLat | None
    away_m: int | None = Field(description="How far off the vehicle is as the crow flies.")
    vehicle: RideVehicleOut
    other_vehicle: bool = Field(description="Another one than the rider was told.")
    moved: RideMovedOut | None
    without_vehicle: bool = Field(description="We are looking for a vehicle and will ring.")
    origin: RideEndOut
    destination: RideEndOut
    riders: int
    fare: FareOut
    fare_yen: int | None = Field(description="What the ride cost, once it has ended.")
    phone: str
    may_cancel: bool
    show: str | None
    push: str | None


@router.get("/ride/{token}", operation_id="readRide", **needs(Permission.LINK, *_LINK))
async def read_ride(ride: TheRide, service: The, write: In) -> RidePageOut:
    """Return a ride by its link, which is good until the day after the ride."""
    return _page(ride, service, write)


@router.post(
    "/ride/{token}/cancel",
    operation_id="cancelRide",
    **needs(
        Permission.LINK, *_LINK, "forbidden", "not-now", "key-missing", "key-reused", changes=True
    ),
)
async def cancel_ride(ride: TheRide, key: Key, service: The, write: In) -> RidePageOut:
    """Cancel a ride by its own link; the link for the family cannot."""
    if not ride.link.own:
        raise Problem("forbidden")
    booking_id = ride.link.booking_id
    count(service, booking_id)
    done = await ride.keeper.cancel(booking_id, reason="", key=key, actor=ACTOR)
    seen = await ride_seen(ride.keeper, granted(done, write).id)
    assert seen is not None  # noqa: S101 -- bookings are never deleted
    return _page(replace(ride, seen=seen), service, write)


class RideLinkOut(BaseModel):
    """The page of a ride, for a QR code or a message to its rider."""

    path: str = Field(examples=["/r/…"])


@router.get(
    "/bookings/{booking_id}/link",
    operation_id="readRideLink",
    **needs(Permission.READ_BOOKINGS, "not-found", "no-roads", "no-town"),
)
async def read_ride_link(booking_id: BookingId, person: SignedIn, service: The) -> RideLinkOut:
    """Return the link to a booking's page, which its rider may be given."""
    await service.keeper_of_booking(booking_id, person)
    return RideLinkOut(path=f"/r/{ride_token(booking_id, service.settings.signing_key())}")


def _page(ride: Ride, service: Service, write: Rendering) -> RidePageOut:
    seen, own = ride.seen, ride.link.own
    booking = seen.booking
    key = service.settings.signing_key()
    point: dict[str, Any] = {}
    if seen.point is not None:
        names = ("entrance", "entrance_en", "landmark", "photo", "step_free")
        point = {name: getattr(seen.point, name) for name in names}
    origin = _end(seen.boards_at, own=own) | point
    return RidePageOut.model_validate(
        {
            "now": service.clock(),
            "origin": origin,
            "destination": _end(booking.destination, own=own),
            "position": _lonlat(seen.position) if own else None,
            "away_m": seen.away_m if own else None,
            "vehicle": RideVehicleOut.model_validate(seen.vehicle),
            "moved": write.one(RideMovedOut, seen.moved) if seen.moved else None,
            "fare": write.one(FareOut, booking.fare),
            "phone": service.town.booking_phone if service.town else "",
            "may_cancel": own and seen.may_cancel,
            "show": ride_token(booking.id, key, own=False) if own else None,
            "push": _push(ride, service),
        }
        | {
            name: getattr(booking, name)
            for name in ("state", "reference", "pickup_from", "pickup_to", "arrive_by", "riders")
        }
        | {
            name: getattr(seen, name)
            for name in ("expected", "seen_at", "other_vehicle", "without_vehicle", "fare_yen")
        },
        context=write,
    )


def _push(ride: Ride, service: Service) -> str | None:
    member = ride.seen.booking.rider
    row = None if member is None else service.directory.riders.get(member.id)
    if not ride.link.own or row is None or row.confirm_by != Channel.PUSH:
        return None
    if not pushes(service):
        return None
    return push_link(row.id, service.real_now(), service.settings.signing_key())


def _end(place: Any, *, own: bool) -> dict[str, Any]:  # noqa: ANN401 -- a row or a view
    home = place.kind == "home"
    return {
        "name": "" if home else place.name,
        "name_en": "" if home else place.name_en,
        "kana": "" if home else place.kana,
        "home": home,
        "at": _lonlat(place) if own or not home else None,
    }


def _lonlat(place: Any) -> list[float] | None:  # noqa: ANN401 -- whatever has a position
    return None if place is None else [place.lon, place.lat]
