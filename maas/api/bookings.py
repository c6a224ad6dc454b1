"""Take an offer, look at bookings, change and cancel them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from maas.api.answers import granted
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.quotes import RowId
from maas.api.requests import In, Key
from maas.api.shapes import BookingOut, ExplanationOut
from maas.auth.roles import Permission
from maas.rides.states import State

router = APIRouter(prefix="/bookings", tags=["bookings"])

Token = Annotated[str, Field(min_length=1, max_length=8000)]
BookingId = Annotated[str, Path(min_length=1, max_length=64)]

_NO_KEEPER = ("not-found", "no-roads", "no-town")


class ContactIn(BaseModel):
    """Who to call when the rider is not a member."""

    name: str = Field(default="", max_length=100)
    phone: str = Field(default="", max_length=40, examples=["000-000-0001"])


class BookingIn(BaseModel):
    """The offer to take, and for whom."""

    offer: Token
    rider_id: RowId | None = None
    contact: ContactIn = ContactIn()
    area: str | None = Field(None, max_length=64, description="The only area when absent.")


class ChangeIn(BaseModel):
    """The offer that replaces the present one."""

    offer: Token


class CancelIn(BaseModel):
    """Why it is cancelled."""

    reason: str = Field(default="", max_length=500, examples=["体調不良"])


class CancelBookingIn(CancelIn):
    """Why a booking is cancelled, and whether its rider gets on without us."""

    brought_otherwise: bool = Field(
        default=False,
        description="Somebody has made sure that a rider who waits beside a vehicle that broke "
        "down gets on without us; without it such a booking is not cancelled.",
    )


@router.post(
    "",
    operation_id="book",
    status_code=201,
    **needs(
        Permission.BOOK,
        "key-missing",
        "key-reused",
        "offer-gone",
        "bad-offer",
        "not-allowed",
        "no-roads",
        "no-town",
        "not-found",
        changes=True,
    ),
)
async def book(
    wanted: BookingIn, key: Key, person: SignedIn, service: The, write: In
) -> BookingOut:
    """Take an offer.  When this answers 201 the booking is on disk, once for its key."""
    answer = await service.keeper(wanted.area, person).book(
        wanted.offer,
        rider_id=service.rider(wanted.rider_id),
        key=key,
        actor=person.name,
        contact_name=wanted.contact.name,
        contact_phone=wanted.contact.phone,
    )
    return write.one(BookingOut, granted(answer, write))


@router.get("", operation_id="listBookings", **needs(Permission.READ_BOOKINGS, *_NO_KEEPER))
async def list_bookings(
    person: SignedIn,
    service: The,
    write: In,
    date: dt.date | None = None,
    state: State | None = None,
    area: Annotated[str | None, Query(max_length=64)] = None,
) -> list[BookingOut]:
    """Return the bookings of a service day (today when absent), by pick-up."""
    found = await service.keeper(area, person).bookings(date, state)
    return write.many(BookingOut, found)


@router.get(
    "/{booking_id}",
    operation_id="readBooking",
    **needs(Permission.READ_BOOKINGS, *_NO_KEEPER),
)
async def read_booking(
    booking_id: BookingId, person: SignedIn, service: The, write: In
) -> BookingOut:
    """Return one booking."""
    keeper = await service.keeper_of_booking(booking_id, person)
    return write.one(BookingOut, granted(await keeper.booking(booking_id), write))


@router.patch(
    "/{booking_id}",
    operation_id="changeBooking",
    **needs(
        Permission.BOOK,
        "key-missing",
        "key-reused",
        "offer-gone",
        "bad-offer",
        "not-allowed",
        "not-now",
        "not-found",
        "no-roads",
        "no-town",
        changes=True,
    ),
)
async def change_booking(
    booking_id: BookingId, change: ChangeIn, key: Key, person: SignedIn, service: The, write: In
) -> BookingOut:
    """Give a booking another offer; the old promise stands until the new one is on disk."""
    keeper = await service.keeper_of_booking(booking_id, person)
    answer = await keeper.change(booking_id, change.offer, key=key, actor=person.name)
    return write.one(BookingOut, granted(answer, write))


@router.delete(
    "/{booking_id}",
    operation_id="cancelBooking",
    **needs(
        Permission.BOOK,
        "key-missing",
        "key-reused",
        "not-now",
        "not-found",
        "no-roads",
        "no-town",
        changes=True,
    ),
)
async def cancel_booking(
    booking_id: BookingId,
    key: Key,
    person: SignedIn,
    service: The,
    write: In,
    cancel: CancelBookingIn | None = None,
) -> BookingOut:
    """Cancel a booking nobody has boarded for."""
    keeper = await service.keeper_of_booking(booking_id, person)
    cancel = cancel or CancelBookingIn()
    answer = await keeper.cancel(
        booking_id,
        reason=cancel.reason,
        key=key,
        actor=person.name,
        brought_otherwise=cancel.brought_otherwise,
    )
    return write.one(BookingOut, granted(answer, write))


class VehicleIn(BaseModel):
    """The vehicle a booking is to have."""

    vehicle_id: str = Field(min_length=1, max_length=64)


@router.get(
    "/{booking_id}/explanation",
    operation_id="explainBooking",
    **needs(Permission.READ_PLAN, "not-now", *_NO_KEEPER),
)
async def explain_booking(
    booking_id: BookingId,
    person: SignedIn,
    service: The,
    write: In,
    vehicle: Annotated[str | None, Query(max_length=64)] = None,
) -> ExplanationOut:
    """Say why a booking rides in its vehicle, or why not in the `vehicle` asked about."""
    keeper = await service.keeper_of_booking(booking_id, person)
    return write.one(ExplanationOut, granted(await keeper.explain(booking_id, vehicle), write))


@router.put(
    "/{booking_id}/vehicle",
    operation_id="pinBooking",
    **needs(Permission.DECIDE, "key-missing", "key-reused", "not-now", *_NO_KEEPER, changes=True),
)
async def pin_booking(
    booking_id: BookingId, given: VehicleIn, key: Key, person: SignedIn, service: The, write: In
) -> BookingOut:
    """Give a booking this vehicle for good; 409 says why the vehicle cannot keep its promise."""
    keeper = await service.keeper_of_booking(booking_id, person)
    answer = await keeper.pin(booking_id, given.vehicle_id, key=key, actor=person.name)
    return write.one(BookingOut, granted(answer, write))


@router.delete(
    "/{booking_id}/vehicle",
    operation_id="unpinBooking",
    **needs(Permission.DECIDE, "key-missing", "key-reused", "not-now", *_NO_KEEPER, changes=True),
)
async def unpin_booking(
    booking_id: BookingId, key: Key, person: SignedIn, service: The, write: In
) -> BookingOut:
    """Let the search give a booking another vehicle again."""
    keeper = await service.keeper_of_booking(booking_id, person)
    answer = await keeper.pin(booking_id, None, key=key, actor=person.name)
    return write.one(BookingOut, granted(answer, write))
