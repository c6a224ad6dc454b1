"""The service's clock, so that every screen shows the server's time."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from maas.api.identity import The
from maas.api.permissions import needs
from maas.auth.roles import Permission

router = APIRouter(tags=["clock"])


class ClockOut(BaseModel):
    """The service's time in epoch seconds and how fast it runs."""

    now: float = Field(examples=[1763859600.0])
    speed: float
    timezone: str
    service_date: date
    demo: bool


@router.get("/clock", operation_id="readClock", **needs(Permission.PUBLIC))
async def read_clock(service: The) -> ClockOut:
    """Tell the time of the service; in a demo a day may run faster."""
    now = service.clock()
    return ClockOut(
        now=now,
        speed=service.clock.speed,
        timezone=service.timezone,
        service_date=service.today(),
        demo=service.settings.demo,
    )
