"""Outward and return, or a group in several vehicles: asked for, booked and cancelled at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from maas.api.answers import granted
from maas.api.bookings import CancelIn, ContactIn, Token
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.quotes import QuoteIn, QuoteOut, RowId, quoted
from maas.api.requests import In, Key
from maas.api.returns import OpenReturnOut
from maas.api.shapes import BookingOut, Shape
from maas.auth.roles import Permission
from maas.rides.booking import Caller
from maas.rides.together import Together, parts

router = APIRouter(tags=["bookings"])

GroupId = Annotated[str, Path(min_length=1, max_length=64)]
_COMMON = ("no-roads", "no-town", "not-found")


class TripsIn(BaseModel):
    """Trips asked for together, in the order in which they are ridden."""

    trips: list[QuoteIn] = Field(min_length=1, max_length=6)
    split: bool = Field(
        default=False, description="Share a party too large for any vehicle among several."
    )
    area: str | None = Field(None, max_length=64, description="The only area when absent.")


class TogetherIn(BaseModel):
    """One offer for each trip, all of them taken or none."""

    offers: list[Token] = Field(min_length=1, max_length=12)
    rider_id: RowId | None = None
    contact: ContactIn = ContactIn()
    call_id: str | None = Field(None, max_length=100)
    open_return: bool = Field(
        default=False, description="Also a return without a time for the first ride."
    )
    area: str | None = Field(None, max_length=64, description="The only area when absent.")


class TogetherOut(Shape):
    """What was booked; each booking has `group_id`."""

    group_id: str
    bookings: list[BookingOut]
    open_return: OpenReturnOut | None


@router.post(
    "/quotes/together",
    operation_id="quoteTogether",
    **needs(Permission.BOOK, *_COMMON, changes=True),
)
async def quote_together(
    asked: TripsIn, person: SignedIn, service: The, write: In
) -> list[QuoteOut]:
    """Answer each trip as if the first offers for the trips before it had been taken."""
    keeper = service.keeper(asked.area, person)
    asks = [trip.ask(service) for trip in asked.trips]
    if asked.split:
        largest = max(row.seats for row in keeper.here.taxis)
        asks = [part for ask in asks for part in parts(ask, largest)]
    return [quoted(answer, write) for answer in await Together(keeper).quote(asks)]


@router.post(
    "/bookings/together",
    operation_id="bookTogether",
    status_code=201,
    **needs(
        Permission.BOOK,
        *_COMMON,
        "key-missing",
        "key-reused",
        "offer-gone",
        "bad-offer",
        "not-allowed",
        "not-now",
        changes=True,
    ),
)
async def book_together(
    wanted: TogetherIn, key: Key, person: SignedIn, service: The, write: In
) -> TogetherOut:
    """Take all offers in one step; when one is gone nothing is booked."""
    contact = wanted.contact
    rider_id = service.rider(wanted.rider_id)
    caller = Caller(rider_id, contact.name, contact.phone, call_id=wanted.call_id)
    answer = await Together(service.keeper(wanted.area, person)).book(
        wanted.offers, caller, key=key, actor=person.name, open_return=wanted.open_return
    )
    return write.one(TogetherOut, granted(answer, write))


@router.delete(
    "/bookings/together/{group_id}",
    operation_id="cancelTogether",
    **needs(Permission.BOOK, *_COMMON, "key-missing", "key-reused", "not-now", changes=True),
)
async def cancel_together(
    group_id: GroupId,
    key: Key,
    person: SignedIn,
    service: The,
    write: In,
    cancel: CancelIn | None = None,
) -> TogetherOut:
    """Cancel what is not over of what was booked together."""
    reason = cancel.reason if cancel else ""
    answer = await Together(service.keeper(None, person)).cancel(
        group_id, reason=reason, key=key, actor=person.name
    )
    return write.one(TogetherOut, granted(answer, write))
