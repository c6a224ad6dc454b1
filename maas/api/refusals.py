"""Refusals and declined offers, and what one more vehicle would have saved."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from maas.api.answers import granted
from maas.api.bookings import Token
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.quotes import RowId, seconds_of
from maas.api.requests import In
from maas.api.shapes import Instant, RiderRefOut, Said, Shape
from maas.auth.roles import Permission, allowed
from maas.rides.refused import Refusals

router = APIRouter(prefix="/refusals", tags=["rides"])

Area = Annotated[str | None, Query(max_length=64, description="The only area when absent.")]
Clock = Annotated[str, Query(pattern=r"^([01][0-9]|2[0-9]):[0-5][0-9]$", examples=["09:00"])]
_COMMON = ("no-roads", "no-town", "not-found")


class DeclinedIn(BaseModel):
    """The offers that somebody did not want, and why."""

    offers: list[Token] = Field(min_length=1, max_length=12)
    rider_id: RowId | None = None
    reason: str = Field(default="declined", max_length=200, examples=["遅すぎる"])
    area: str | None = Field(None, max_length=64, description="The only area when absent.")


class DeclinedOut(BaseModel):
    """How many offers were noted as declined."""

    declined: int


class AskedOut(Shape):
    """What somebody asked for; `time` is seconds of the service day, null as soon as possible."""

    origin: int
    destination: int
    time: int | None
    riders: int
    wheelchairs: int


class RefusalLogOut(Shape):
    """A "no" of ours, or of the caller (`declined`), with the limit that bound."""

    at: Instant
    date: dt.date
    declined: bool
    reason: str
    binding: str | None
    ask: AskedOut
    rider: RiderRefOut | None
    alternatives: int
    relaxations: list[str] = Field(description="What would have had to give.")
    actor: str


class SavedOut(Shape):
    """How many of the `lost` asks one more vehicle would have carried, at least.

    The dispatcher is asked anew for a vehicle like `like`, alone and empty at its depot; the other
    vehicles drive as they did.
    """

    date: dt.date
    from_s: int
    to_s: int
    like: str
    saved: int
    lost: int
    sentence: Said
    asks: list[AskedOut]


@router.get("", operation_id="listRefusals", **needs(Permission.READ_RIDES, *_COMMON))
async def list_refusals(
    person: SignedIn,
    service: The,
    write: In,
    date: dt.date | None = None,
    area: Area = None,
) -> list[RefusalLogOut]:
    """Return what was refused or declined for a service day (today when absent)."""
    keeper = service.keeper(area, person)
    told = await Refusals(keeper).on(date or keeper.today)
    # Planners see what was asked, and not by whom.
    if not allowed(person.role, Permission.READ_PEOPLE):
        told = [replace(one, rider=None) for one in told]
    return write.many(RefusalLogOut, told)


@router.post(
    "/declined",
    operation_id="declineOffers",
    status_code=201,
    **needs(Permission.BOOK, *_COMMON, "bad-offer", changes=True),
)
async def decline(declined: DeclinedIn, person: SignedIn, service: The, write: In) -> DeclinedOut:
    """Note offers that somebody did not want: they tell what would be wanted instead."""
    refusals = Refusals(service.keeper(declined.area, person))
    count = await refusals.decline(
        declined.offers, reason=declined.reason, rider_id=declined.rider_id, actor=person.name
    )
    return DeclinedOut(declined=granted(count, write))


@router.get("/saved", operation_id="readSaved", **needs(Permission.READ_RIDES, *_COMMON))
async def read_saved(
    person: SignedIn,
    service: The,
    write: In,
    first: Annotated[Clock, Query(alias="from")],
    last: Annotated[Clock, Query(alias="to")],
    date: dt.date | None = None,
    like: Annotated[str | None, Query(max_length=64)] = None,
    area: Area = None,
) -> SavedOut:
    """Say how many refused asks one more vehicle between two times would have carried."""
    keeper = service.keeper(area, person)
    found = await Refusals(keeper).saved(
        date or keeper.today, seconds_of(first) or 0, seconds_of(last) or 0, like
    )
    if found is None:
        raise Problem("not-found")
    return write.one(SavedOut, found)
