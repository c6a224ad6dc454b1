"""The bus lines as ladders, for the dispatcher."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.requests import In
from maas.api.shapes import Shape
from maas.auth.roles import Permission
from maas.ladder import ladders

router = APIRouter(tags=["plan"])


class RungOut(Shape):
    """A stop, so many metres along the line."""

    name: str
    name_en: str
    at_m: int


class LadderCallOut(Shape):
    """When a run should be at a stop: epoch seconds."""

    at_m: int
    arrive: int
    depart: int


class SpottedOut(Shape):
    """Where a vehicle was on its run at `ts`; positive `delay_s` is late."""

    vehicle: str
    name: str
    at_m: int
    ts: float
    delay_s: int


class ClimbOut(Shape):
    """A run; `bus` is null while no vehicle is known to be on it."""

    trip: str
    headsign: str
    headsign_en: str
    state: Literal["scheduled", "running", "unconfirmed", "not_running", "cancelled", "diverted"]
    calls: list[LadderCallOut]
    bus: SpottedOut | None


class LadderOut(Shape):
    """A bus line with its runs from an hour ago until an hour and a half ahead."""

    route: str
    name: str
    name_en: str
    color: str = Field(examples=["0b4f43"])
    rungs: list[RungOut]
    runs: list[ClimbOut]


@router.get("/ladder", operation_id="readLadder", **needs(Permission.READ_PLAN))
async def read_ladder(service: The, write: In) -> list[LadderOut]:
    """Return the bus lines that run about now, and where their buses are along them."""
    return write.many(LadderOut, ladders(service.buses.live, service.clock()))
