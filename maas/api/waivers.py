"""A rule stands against a trip, and somebody who may decides that it is made all the same."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.quotes import QuoteIn, QuoteOut, quoted
from maas.api.requests import In
from maas.api.service import Service
from maas.api.session import CredentialsIn, proved
from maas.auth.roles import Permission, allowed
from maas.auth.staff import Person
from maas.rides.waivers import Waivers

router = APIRouter(prefix="/quotes", tags=["bookings"])

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]


class WaiverIn(BaseModel):
    """The trip, why it is to be made, and who decides when that is not who is signed in."""

    trip: QuoteIn
    reason: Why = Field(examples=["退院の迎え。家族が来られない。"])
    supervisor: CredentialsIn | None = None


class WaivedOut(QuoteOut):
    """The answer without the rules set aside; `waived` are their sentences, `by` who decided."""

    waived: list[str]
    by: str


@router.post(
    "/waived",
    operation_id="quoteWaived",
    **needs(
        Permission.BOOK, "bad-credentials", "code-needed", "wrong-code", "too-many-attempts",
        "no-roads", "no-town",
        "not-found", changes=True,
    ),
)  # fmt: skip
async def quote_waived(
    asked: WaiverIn, person: SignedIn, request: Request, service: The, write: In
) -> WaivedOut:
    """Say when a vehicle could come without the rules that may be set aside; that is audited.

    Who may set rules aside is signed in, or proves it with name and password at the operator's
    desk.  Seats, ride times, shifts and promises to others stay as they are.
    """
    decides = await _who(asked.supervisor, person, request, service)
    keeper = service.keeper(asked.trip.area, person)
    found = await Waivers(keeper).quote(asked.trip.ask(service), by=decides.name, why=asked.reason)
    waived = [sentence.get(write.language) for sentence in found.rules]
    answer = quoted(found.answer, write)
    return WaivedOut(**dict(answer), waived=waived, by=decides.display_name)


async def _who(
    supervisor: CredentialsIn | None, person: Person, request: Request, service: Service
) -> Person:
    """Return who decides, or raise the problem 403 when they may not."""
    decides = person if supervisor is None else (await proved(supervisor, request, service))[0]
    here = decides.area is None or decides.area == person.area or person.area is None
    if not here or not allowed(decides.role, Permission.WAIVE_RULES):
        raise Problem("forbidden")
    return decides
