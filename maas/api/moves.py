"""Rides given other vehicles by hand: several at once, looked at before they are done."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from maas.api.answers import granted
from maas.api.disruption import TimesOut
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.requests import In, Key
from maas.api.shapes import Shape
from maas.auth.roles import Permission
from maas.rides.reassign import Move, Reassign

router = APIRouter(tags=["plan"])

Id = Annotated[str, Field(min_length=1, max_length=64)]


class MoveIn(BaseModel):
    """A booking is to ride in a vehicle; `pinned`: for good, whatever would be cheaper."""

    booking_id: Id
    vehicle_id: Id
    pinned: bool = True


class MovesIn(BaseModel):
    """Bookings of one day and their vehicles; with `preview` nothing is done."""

    moves: list[MoveIn] = Field(min_length=1, max_length=100)
    preview: bool = False
    area: str | None = Field(None, max_length=64, description="The only area when absent.")

    @model_validator(mode="after")
    def once_each(self) -> MovesIn:
        """Raise ``ValueError`` when a booking is named twice."""
        if len({one.booking_id for one in self.moves}) < len(self.moves):
            raise ValueError("a booking is named twice")
        return self


class MovedRiderOut(Shape):
    """What a move does to one rider; `moved`: it is them who change vehicles."""

    booking_id: str
    reference: str
    name: str
    kana: str
    phone: str
    state: str
    moved: bool
    before: TimesOut
    after: TimesOut
    pickup_later_s: int
    arrive_later_s: int


class MoveOut(Shape):
    """A booking, and the vehicle it had."""

    booking_id: str
    vehicle_id: str
    pinned: bool


class MovesOut(Shape):
    """Everybody whose times move; every promise is kept.

    `undo` are the moves that take it all back; `cost_s` what it adds to the plan's cost, in
    seconds of driving.
    """

    date: dt.date
    preview: bool
    riders: list[MovedRiderOut]
    undo: list[MoveOut]
    cost_s: int


@router.post(
    "/moves",
    operation_id="moveBookings",
    **needs(
        Permission.DECIDE,
        "key-missing",
        "key-reused",
        "not-now",
        "not-found",
        "no-roads",
        "no-town",
        changes=True,
    ),
)
async def move_bookings(
    wanted: MovesIn, key: Key, person: SignedIn, service: The, write: In
) -> MovesOut:
    """Give bookings other vehicles, all or none; 409 says why one cannot be carried there."""
    keeper = service.keeper(wanted.area, person)
    moves = tuple(Move(one.booking_id, one.vehicle_id, one.pinned) for one in wanted.moves)
    answer = await Reassign(keeper).move(moves, key=key, actor=person.name, preview=wanted.preview)
    return write.one(MovesOut, granted(answer, write))
