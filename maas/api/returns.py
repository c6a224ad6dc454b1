"""Returns without a time: opened with the outward ride, made a ride by a call or a button."""

from __future__ import annotations

import logging
import math
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from maas.api.answers import granted
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.shapes import BookingOut, Instant, PlaceOut, RiderRefOut, Said, Shape
from maas.auth.roles import Permission
from maas.rides.returns import OpenReturns
from maas.rides.views import NotFound

router = APIRouter(prefix="/returns", tags=["bookings"])
log = logging.getLogger(__name__)

ReturnId = Annotated[str, Path(min_length=1, max_length=64)]
Area = Annotated[str | None, Query(max_length=64, description="The only area when absent.")]
_COMMON = ("no-roads", "no-town", "not-found")
_CHANGE = ("key-missing", "key-reused", "not-now", "not-allowed")


class OutwardIn(BaseModel):
    """The outward ride whose time of return nobody knows."""

    outward_id: str = Field(min_length=1, max_length=64)


class PressIn(BaseModel):
    """What the button or the slip of paper carries."""

    button: str = Field(min_length=8, max_length=64)


class OpenReturnOut(Shape):
    """A return without a time; `booking` is the ride once it is promised."""

    id: str
    state: Literal["open", "called", "promised", "closed"] = Field(
        description="`called`: they are ready, and no vehicle is free yet."
    )
    outward_id: str
    rider: RiderRefOut | None
    origin: PlaceOut
    destination: PlaceOut
    expected: Instant = Field(description="When people who went there are usually ready.")
    seat_held: bool
    late: bool = Field(description="Promised later than the town's rule: somebody must be told.")
    booking: BookingOut | None
    sentence: Said
    button: str | None = Field(description="For a button or a slip; told once, when it is opened.")


class PressedOut(Shape):
    """What a screen without anybody signed in may say: the sentence alone."""

    state: Literal["open", "called", "promised", "closed"]
    sentence: Said


@router.get("", operation_id="listReturns", **needs(Permission.READ_BOOKINGS, *_COMMON))
async def list_returns(
    person: SignedIn, service: The, write: In, area: Area = None, *, ended: bool = False
) -> list[OpenReturnOut]:
    """Return today's returns that wait, by when they are expected; with `ended` all of them."""
    found = await OpenReturns(service.keeper(area, person)).on(ended=ended)
    return write.many(OpenReturnOut, found)


@router.post(
    "",
    operation_id="openReturn",
    status_code=201,
    **needs(Permission.BOOK, *_COMMON, *_CHANGE, changes=True),
)
async def open_return(
    wanted: OutwardIn, key: Key, person: SignedIn, service: The, write: In
) -> OpenReturnOut:
    """Take a return without a time; a seat is held softly for when it is expected."""
    keeper = await service.keeper_of_booking(wanted.outward_id, person)
    answer = await OpenReturns(keeper).open(wanted.outward_id, key=key, actor=person.name)
    return write.one(OpenReturnOut, granted(answer, write))


@router.post(
    "/press",
    operation_id="pressReturnButton",
    **needs(
        Permission.PUBLIC, "not-found", "not-now", "not-allowed", "key-reused",
        "too-many-attempts", "no-roads", "no-town", changes=True,
    ),
)  # fmt: skip
async def press_button(pressed: PressIn, request: Request, service: The, write: In) -> PressedOut:
    """Make a return a ride by its button; pressed again it says the same.

    Twenty wrong buttons within five minutes make an address wait.
    """
    host, now_s = request.client.host if request.client else "", service.real_now()
    wait_s = math.ceil(service.code_throttle.wait_s(host, now_s))
    if wait_s > 0:
        raise Problem("too-many-attempts", wait_s=wait_s, headers={"retry-after": str(wait_s)})
    service.keeper(None)
    for keeper in service.keepers.values():
        answer = await OpenReturns(keeper).press_button(pressed.button)
        if not isinstance(answer, NotFound):
            return write.one(PressedOut, granted(answer, write))
    service.code_throttle.fail(host, now_s)
    log.warning("unknown return button from %s", host)
    raise Problem("not-found")


@router.post(
    "/{return_id}/ready",
    operation_id="returnReady",
    **needs(Permission.BOOK, *_COMMON, *_CHANGE, changes=True),
)
async def ready(
    return_id: ReturnId, key: Key, person: SignedIn, service: The, write: In, area: Area = None
) -> OpenReturnOut:
    """Make a return a ride now, as early as there is room."""
    returns = OpenReturns(service.keeper(area, person))
    answer = await returns.press(return_id, key=key, actor=person.name)
    return write.one(OpenReturnOut, granted(answer, write))


@router.delete(
    "/{return_id}",
    operation_id="closeReturn",
    **needs(Permission.BOOK, *_COMMON, *_CHANGE, changes=True),
)
async def close(
    return_id: ReturnId, key: Key, person: SignedIn, service: The, write: In, area: Area = None
) -> OpenReturnOut:
    """Withdraw a return that is no ride yet; its seat is free again."""
    returns = OpenReturns(service.keeper(area, person))
    answer = await returns.close(return_id, key=key, actor=person.name)
    return write.one(OpenReturnOut, granted(answer, write))
