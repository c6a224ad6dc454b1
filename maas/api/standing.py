"""Weekly bookings: made, paused, ended; and the days that could not be booked."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from maas.api.answers import granted
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.quotes import RideChannel, RowId, TimeOfDay, seconds_of
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import PlaceOut, RiderRefOut, Said, Shape
from maas.auth.roles import Permission
from maas.rides.standing_bookings import StandingBookings
from maas.rides.views import AskIn

router = APIRouter(prefix="/standing", tags=["bookings"])

StandingId = Annotated[str, Path(min_length=1, max_length=64)]
Area = Annotated[str | None, Query(max_length=64, description="The only area when absent.")]
_COMMON = ("no-roads", "no-town", "not-found")
_CHANGE = ("key-missing", "key-reused", "not-now", "not-allowed")


class StandingIn(BaseModel):
    """A member's trip on some weekdays; Monday is 0."""

    rider_id: RowId
    origin: RowId = Field(examples=[12])
    destination: RowId = Field(examples=[7])
    time: TimeOfDay
    anchor: Literal["depart", "arrive"] = "depart"
    weekdays: list[Annotated[int, Field(ge=0, le=6)]] = Field(
        min_length=1, max_length=7, examples=[[1, 4]]
    )
    valid_from: dt.date
    valid_to: dt.date | None = None
    holidays: bool = Field(default=False, description="Ride on public holidays too.")
    open_return: bool = Field(default=False, description="Each day with a return without a time.")
    riders: int = Field(1, ge=1, le=20)
    wheelchairs: int = Field(0, ge=0, le=20)
    half_fares: int = Field(0, ge=0, le=20)
    infants: int = Field(0, ge=0, le=20)
    helpers: int = Field(0, ge=0, le=20)
    channel: RideChannel = "phone"
    area: str | None = Field(None, max_length=64, description="The only area when absent.")

    def ask(self, service: Service) -> AskIn:
        """Return one day's trip as the rides understand it."""
        return AskIn(
            origin=self.origin,
            destination=self.destination,
            time=seconds_of(self.time),
            anchor=self.anchor,
            riders=self.riders,
            wheelchairs=self.wheelchairs,
            rider_id=service.rider(self.rider_id),
            half_fares=self.half_fares,
            infants=self.infants,
            helpers=self.helpers,
            channel=self.channel,
        )


class PauseIn(BaseModel):
    """From which day to which it rests; no last day is until further notice, no first goes on."""

    first: dt.date | None = None
    last: dt.date | None = None


class EndIn(BaseModel):
    """The last day."""

    last: dt.date


class StandingDayOut(Shape):
    """What became of one day; `skipped` days are not to be driven."""

    standing_id: str
    date: dt.date
    outcome: Literal["booked", "refused", "skipped"]
    booking_id: str | None
    reason: str
    sentence: Said
    seen_by: str | None


class StandingOut(Shape):
    """A weekly booking with its days to come."""

    id: str
    rider: RiderRefOut | None
    origin: PlaceOut
    destination: PlaceOut
    time: int = Field(description="Seconds of the service day.", examples=[36000])
    anchor: Literal["depart", "arrive"]
    riders: int
    wheelchairs: int
    weekdays: list[int]
    holidays: bool
    open_return: bool
    valid_from: dt.date
    valid_to: dt.date | None
    paused_from: dt.date | None
    paused_to: dt.date | None
    days: list[StandingDayOut]


@router.get("", operation_id="listStanding", **needs(Permission.READ_BOOKINGS, *_COMMON))
async def list_standing(
    person: SignedIn,
    service: The,
    write: In,
    rider_id: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    area: Area = None,
) -> list[StandingOut]:
    """Return the weekly bookings that go on, of one member or all."""
    found = await StandingBookings(service.keeper(area, person)).on(member_id=rider_id)
    return write.many(StandingOut, found)


@router.post(
    "",
    operation_id="standWeekly",
    status_code=201,
    **needs(Permission.BOOK, *_COMMON, *_CHANGE, changes=True),
)
async def stand(
    wanted: StandingIn, key: Key, person: SignedIn, service: The, write: In
) -> StandingOut:
    """Book a trip every week; its days are booked some weeks ahead, exceptions are listed."""
    standing = StandingBookings(service.keeper(wanted.area, person))
    answer = await standing.add(
        wanted.ask(service),
        wanted.weekdays,
        (wanted.valid_from, wanted.valid_to),
        holidays=wanted.holidays,
        open_return=wanted.open_return,
        key=key,
        actor=person.name,
    )
    return write.one(StandingOut, granted(answer, write))


@router.get(
    "/exceptions",
    operation_id="listStandingExceptions",
    **needs(Permission.READ_BOOKINGS, *_COMMON),
)
async def exceptions(
    person: SignedIn, service: The, write: In, area: Area = None
) -> list[StandingDayOut]:
    """Return the days to come that could not be booked and nobody has dealt with."""
    found = await StandingBookings(service.keeper(area, person)).exceptions()
    return write.many(StandingDayOut, found)


@router.put(
    "/{standing_id}/pause",
    operation_id="pauseStanding",
    **needs(Permission.BOOK, *_COMMON, *_CHANGE, changes=True),
)
async def pause(
    standing_id: StandingId,
    span: PauseIn,
    key: Key,
    person: SignedIn,
    service: The,
    write: In,
    area: Area = None,
) -> StandingOut:
    """Let it rest; days booked meanwhile are cancelled, and booked again when it goes on."""
    standing = StandingBookings(service.keeper(area, person))
    answer = await standing.pause(standing_id, span.first, span.last, key=key, actor=person.name)
    return write.one(StandingOut, granted(answer, write))


@router.put(
    "/{standing_id}/end",
    operation_id="endStanding",
    **needs(Permission.BOOK, *_COMMON, *_CHANGE, changes=True),
)
async def end(
    standing_id: StandingId,
    span: EndIn,
    key: Key,
    person: SignedIn,
    service: The,
    write: In,
    area: Area = None,
) -> StandingOut:
    """End it after a day; what is booked later is cancelled."""
    standing = StandingBookings(service.keeper(area, person))
    answer = await standing.end(standing_id, span.last, key=key, actor=person.name)
    return write.one(StandingOut, granted(answer, write))


@router.post(
    "/{standing_id}/days/{date}/seen",
    operation_id="seeStandingDay",
    status_code=204,
    **needs(Permission.BOOK, *_COMMON),
)
async def seen(
    standing_id: StandingId, date: dt.date, person: SignedIn, service: The, area: Area = None
) -> None:
    """Note that an exception has been dealt with."""
    standing = StandingBookings(service.keeper(area, person))
    if not await standing.see(standing_id, date, person.name):
        raise Problem("not-found")
