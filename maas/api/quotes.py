"""When could a vehicle come?"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import OfferOut, RefusalOut, Rendering
from maas.auth.roles import Permission
from maas.rides.views import AskIn, Quote, RefusalAnswer

router = APIRouter(prefix="/quotes", tags=["bookings"])

RowId = Annotated[int, Field(ge=1, lt=2**31)]
TimeOfDay = Annotated[
    str,
    Field(
        pattern=r"^([01][0-9]|2[0-9]):[0-5][0-9]$",
        examples=["10:30"],
        description="Time of the service day; 25:10 is ten past one in the night after it.",
    ),
]


RideChannel = Literal["phone", "web", "line", "voice", "counter", "paper", "kiosk"]


class QuoteIn(BaseModel):
    """A trip someone asks for; `riders` counts everybody, also those in wheelchairs."""

    origin: RowId = Field(examples=[12])
    destination: RowId = Field(examples=[7])
    date: dt.date | None = Field(None, description="Service day; today when absent.")
    time: TimeOfDay | None = Field(None, description="Absent: as soon as possible.")
    anchor: Literal["depart", "arrive"] = "depart"
    riders: int = Field(1, ge=1, le=20)
    wheelchairs: int = Field(0, ge=0, le=20)
    rider_id: RowId | None = None
    half_fares: int = Field(0, ge=0, le=20)
    infants: int = Field(0, ge=0, le=20)
    transfer: bool = False
    helpers: int = Field(0, ge=0, le=20, description="Of the riders, who comes along to help.")
    channel: RideChannel = "phone"
    instead_of: str | None = Field(
        None, max_length=64, description="The booking this trip would replace."
    )
    area: str | None = Field(None, max_length=64, description="The only area when absent.")

    def ask(self, service: Service) -> AskIn:
        """Return the question as the rides understand it."""
        fields = self.model_dump(exclude={"area", "contact", "date", "rider_id", "time"})
        rider_id = service.rider(self.rider_id)
        return AskIn(day=self.date, time=seconds_of(self.time), rider_id=rider_id, **fields)


def seconds_of(time: str | None) -> int | None:
    """Return service-day seconds of `HH:MM`.

    >>> seconds_of("10:30"), seconds_of(None)
    (37800, None)
    """
    if time is None:
        return None
    hours, _, minutes = time.partition(":")
    return int(hours) * 3600 + int(minutes) * 60


class QuoteOut(BaseModel):
    """Either offers, best first, or a refusal that says why and what would work."""

    offers: list[OfferOut]
    refusal: RefusalOut | None
    advice: list[str] = Field(description="What the operator alone should know.")


@router.post(
    "",
    operation_id="quote",
    **needs(Permission.BOOK, "no-roads", "no-town", "not-found", changes=True),
)
async def quote(asked: QuoteIn, person: SignedIn, service: The, write: In) -> QuoteOut:
    """Say when a vehicle could come, without promising it yet."""
    return quoted(await service.keeper(asked.area, person).quote(asked.ask(service)), write)


def quoted(answer: Quote | RefusalAnswer, write: Rendering) -> QuoteOut:
    """Return the answer to a question as a body."""
    if isinstance(answer, Quote):
        advice = [each.get(write.language) for each in answer.advice]
        return QuoteOut(offers=write.many(OfferOut, answer.offers), refusal=None, advice=advice)
    return QuoteOut(offers=[], refusal=write.one(RefusalOut, answer.refusal), advice=[])
