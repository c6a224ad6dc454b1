"""The waitlist: wait for a seat, take the one that is offered, or wait no longer."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from maas.api.answers import granted
from maas.api.bookings import ContactIn
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.quotes import QuoteIn
from maas.api.requests import In, Key
from maas.api.shapes import BookingOut, Instant, PlaceOut, RiderRefOut, Said, Shape
from maas.auth.roles import Permission
from maas.rides.booking import Caller
from maas.rides.waitlist import Waitlist

router = APIRouter(prefix="/waitlist", tags=["bookings"])

EntryId = Annotated[str, Path(min_length=1, max_length=64)]
Area = Annotated[str | None, Query(max_length=64, description="The only area when absent.")]
_COMMON = ("no-roads", "no-town", "not-found")
_CHANGE = ("key-missing", "key-reused", "not-now", "not-allowed", "offer-gone")


class WaitIn(QuoteIn):
    """The trip somebody waits for, and whom to tell."""

    contact: ContactIn = ContactIn()


class WaitingOut(Shape):
    """Somebody on the waitlist; `booking` is the seat held for them until `answer_by`."""

    id: str
    state: Literal["waiting", "offered", "taken", "lapsed", "withdrawn"]
    date: dt.date
    wished: Instant
    rider: RiderRefOut | None
    contact_name: str
    contact_phone: str
    origin: PlaceOut
    destination: PlaceOut
    riders: int = Field(examples=[1])
    answer_by: Instant | None
    booking: BookingOut | None
    sentence: Said


@router.get("", operation_id="listWaiting", **needs(Permission.READ_BOOKINGS, *_COMMON))
async def list_waiting(
    person: SignedIn, service: The, write: In, area: Area = None, *, ended: bool = False
) -> list[WaitingOut]:
    """Return who waits from today on, longest first; with `ended` also what became of it."""
    found = await Waitlist(service.keeper(area, person)).on(ended=ended)
    return write.many(WaitingOut, found)


@router.post(
    "",
    operation_id="waitForSeat",
    status_code=201,
    **needs(Permission.BOOK, *_COMMON, *_CHANGE, changes=True),
)
async def wait(wanted: WaitIn, key: Key, person: SignedIn, service: The, write: In) -> WaitingOut:
    """Put somebody on the waitlist; whoever waits longest is offered what comes free."""
    caller = Caller(service.rider(wanted.rider_id), wanted.contact.name, wanted.contact.phone)
    waitlist = Waitlist(service.keeper(wanted.area, person))
    answer = await waitlist.wait(wanted.ask(service), caller, key=key, actor=person.name)
    return write.one(WaitingOut, granted(answer, write))


@router.post(
    "/{entry_id}/booking",
    operation_id="takeOfferedSeat",
    **needs(Permission.BOOK, *_COMMON, *_CHANGE, changes=True),
)
async def take(
    entry_id: EntryId, key: Key, person: SignedIn, service: The, write: In, area: Area = None
) -> WaitingOut:
    """Book the seat that was offered."""
    waitlist = Waitlist(service.keeper(area, person))
    answer = await waitlist.take(entry_id, key=key, actor=person.name)
    return write.one(WaitingOut, granted(answer, write))


@router.delete(
    "/{entry_id}",
    operation_id="waitNoLonger",
    **needs(Permission.BOOK, *_COMMON, *_CHANGE, changes=True),
)
async def withdraw(
    entry_id: EntryId, key: Key, person: SignedIn, service: The, write: In, area: Area = None
) -> WaitingOut:
    """Wait no longer; a seat that was offered goes to the next."""
    waitlist = Waitlist(service.keeper(area, person))
    answer = await waitlist.withdraw(entry_id, key=key, actor=person.name)
    return write.one(WaitingOut, granted(answer, write))
