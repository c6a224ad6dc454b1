"""The live plan, as the monitor shows it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.requests import In
from maas.api.shapes import PlanOut
from maas.auth.roles import Permission

router = APIRouter(tags=["plan"])


@router.get(
    "/plan",
    operation_id="readPlan",
    **needs(Permission.READ_PLAN, "not-found", "no-roads", "no-town"),
)
async def read_plan(
    person: SignedIn,
    service: The,
    write: In,
    area: Annotated[str | None, Query(max_length=64)] = None,
    date: Annotated[dt.date | None, Query(ge=dt.date(2000, 1, 1), le=dt.date(2999, 12, 31))] = None,
) -> PlanOut:
    """Return every vehicle's stops, promises, slack and road ahead (today when no date)."""
    return write.one(PlanOut, await service.keeper(area, person).plan_view(date))
