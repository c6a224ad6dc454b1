"""Hold a seat while the caller talks, then book it or give it up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from maas.api.answers import granted
from maas.api.bookings import ContactIn, Token
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.quotes import RowId
from maas.api.requests import In, Key
from maas.api.shapes import BookingOut
from maas.auth.roles import Permission
from maas.rides.booking import Caller
from maas.rides.holds import HOLD_S, LONGEST_S, Holds

router = APIRouter(prefix="/holds", tags=["bookings"])

HoldId = Annotated[str, Path(min_length=1, max_length=64)]
_COMMON = ("key-missing", "key-reused", "no-roads", "no-town", "not-found")


class HoldIn(BaseModel):
    """The offer to hold, and for whom as far as that is known."""

    offer: Token
    rider_id: RowId | None = None
    contact: ContactIn = ContactIn()
    call_id: str | None = Field(
        None, max_length=100, description="The telephone call; its end gives the seat up."
    )
    seconds: int = Field(HOLD_S, ge=10, le=LONGEST_S)
    area: str | None = Field(None, max_length=64, description="The only area when absent.")


class RiderIn(BaseModel):
    """Who rides: a member, or somebody with a name and a telephone."""

    rider_id: RowId | None = None
    contact: ContactIn = ContactIn()


@router.post(
    "",
    operation_id="holdSeat",
    status_code=201,
    **needs(Permission.BOOK, *_COMMON, "offer-gone", "bad-offer", changes=True),
)
async def hold(wanted: HoldIn, key: Key, person: SignedIn, service: The, write: In) -> BookingOut:
    """Hold a seat: others cannot have it until it is given up or `held_until` has passed."""
    contact = wanted.contact
    caller = Caller(
        service.rider(wanted.rider_id), contact.name, contact.phone, call_id=wanted.call_id
    )
    answer = await Holds(service.keeper(wanted.area, person)).hold(
        wanted.offer, caller, key=key, actor=person.name, for_s=wanted.seconds
    )
    return write.one(BookingOut, granted(answer, write))


@router.post(
    "/{hold_id}/booking",
    operation_id="bookHeldSeat",
    status_code=201,
    **needs(Permission.BOOK, *_COMMON, "not-allowed", "not-now", "offer-gone", changes=True),
)
async def book_held(
    hold_id: HoldId, rider: RiderIn, key: Key, person: SignedIn, service: The, write: In
) -> BookingOut:
    """Book the held seat at the times that were offered."""
    keeper = await service.keeper_of_booking(hold_id, person)
    caller = Caller(service.rider(rider.rider_id), rider.contact.name, rider.contact.phone)
    answer = await Holds(keeper).book(hold_id, caller, key=key, actor=person.name)
    return write.one(BookingOut, granted(answer, write))


@router.delete(
    "/{hold_id}",
    operation_id="releaseSeat",
    **needs(Permission.BOOK, *_COMMON, "not-now", changes=True),
)
async def release(
    hold_id: HoldId, key: Key, person: SignedIn, service: The, write: In
) -> BookingOut:
    """Give the seat up; doing so again changes nothing."""
    keeper = await service.keeper_of_booking(hold_id, person)
    answer = await Holds(keeper).release(hold_id, key=key, actor=person.name)
    return write.one(BookingOut, granted(answer, write))
