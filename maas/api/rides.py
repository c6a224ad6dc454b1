"""The ride records: what really happened, and what it cost."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.requests import In
from maas.api.shapes import RideOut
from maas.auth.roles import Permission

router = APIRouter(tags=["rides"])


@router.get(
    "/rides",
    operation_id="listRides",
    **needs(Permission.READ_RIDES, "not-found", "no-roads", "no-town"),
)
async def list_rides(
    person: SignedIn,
    service: The,
    write: In,
    date: dt.date | None = None,
    area: Annotated[str | None, Query(max_length=64)] = None,
) -> list[RideOut]:
    """Return the rides of a service day (today when absent), by drop-off."""
    return write.many(RideOut, await service.keeper(area, person).rides(date))
