"""Ridership for planners and the council: counts of a period beside the year before."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from gtfs.calendar import seconds_of
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.ridership_drawn import analysis, year_before
from maas.api.ridership_shapes import FigureOut, RidershipOut
from maas.api.service import Service
from maas.auth.roles import Permission
from maas.records.ridership import Chosen
from maas.records.ridership_rows import Now, Read, Where, read_all
from maas.records.ridership_words import FIGURES
from maas.rides.keeper import Keeper
from maas.rides.refused import FOR_WANT_OF_ROOM
from maas.store import closings
from maas.store.ledger import simulated_between

router = APIRouter(prefix="/ridership", tags=["ridership"])

MOST_DAYS: Final = 732
KEPT_S: Final = 60.0
"""A period is read anew at most this often; other choices of it are counted from what was read."""
PERIODS_KEPT: Final = 4
_NO_KEEPER = ("not-found", "no-roads", "no-town")
Day = Annotated[dt.date | None, Query()]
Age = Literal["0-17", "18-64", "65-74", "75-84", "85+", "unknown"]
Purpose = Literal["medical", "shopping", "hall", "school", "transfer", "facility", "other"]
Named = Annotated[str, Query(min_length=1, max_length=64)]


@router.get("/figures", operation_id="listFigures", **needs(Permission.PLAN))
async def list_figures(write: In) -> list[FigureOut]:
    """Say what each figure of ridership means, in which unit, from which records."""
    return [
        FigureOut(
            key=key,
            better=figure.better,
            **{name: getattr(figure, name).get(write.language)
               for name in ("name", "unit", "meaning", "source")},
        )
        for key, figure in FIGURES.items()
    ]  # fmt: skip


@router.get("", operation_id="readRidership", **needs(Permission.PLAN, *_NO_KEEPER))
async def read_ridership(
    person: SignedIn,
    service: The,
    since: Annotated[
        Day, Query(alias="from", description="Eleven months before that of `to`.")
    ] = None,
    to: Annotated[Day, Query(description="Today when absent; never after today.")] = None,
    area: Annotated[str | None, Query(max_length=64)] = None,
    hour_from: Annotated[int, Query(ge=0, le=29)] = 0,
    hour_to: Annotated[int, Query(ge=0, le=29, description="The last hour that counts.")] = 29,
    weekday: Annotated[list[Annotated[int, Query(ge=0, le=6)]], Query(max_length=7)] = [],  # noqa: B006
    age: Annotated[list[Age], Query(max_length=6)] = [],  # noqa: B006
    purpose: Annotated[list[Purpose], Query(max_length=6)] = [],  # noqa: B006
    hamlet: Annotated[list[Named], Query(max_length=20)] = [],  # noqa: B006
    vehicle: Annotated[list[Named], Query(max_length=20)] = [],  # noqa: B006
) -> RidershipOut:
    """Count the riders of a period, whole or by what is chosen, and of the year before."""
    keeper = service.keeper(area, person)
    today = keeper.today
    last = min(to or today, today)
    first = since or year_begins(last)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise Problem("not-found")
    chosen = Chosen(
        hours=(hour_from, hour_to),
        weekdays=frozenset(weekday),
        ages=frozenset(age),
        purposes=frozenset(purpose),
        hamlets=frozenset(hamlet),
        vehicles=frozenset(vehicle),
    )
    now = await _period(service, keeper, first, last)
    before = await _period(service, keeper, year_before(first), year_before(last))
    found = await asyncio.to_thread(analysis, keeper, chosen, now, before)
    async with service.database.reading() as db:
        simulated = await simulated_between(db, first, last)
        given = await closings.all_closings(db)
    span = f"{first:%Y-%m}", f"{last:%Y-%m}"
    closed = [row.month for row in given if row.state == "closed"]
    update = {
        "simulated": bool(simulated),
        "closed_months": sorted(month for month in closed if span[0] <= month <= span[1]),
    }
    return found.model_copy(update=update)


async def _period(service: Service, keeper: Keeper, first: dt.date, last: dt.date) -> Read:
    """Return what counts on some days, read anew when the last reading is a minute old."""
    key, at, kept = (keeper.area, first, last), service.real_now(), service.ridership
    known = kept.get(key)
    if known is not None and 0 <= at - known[0] < KEPT_S:
        return known[1]
    zone = keeper.here.names.timezone
    now = Now(keeper.today, int(seconds_of(keeper.clock(), keeper.today, zone)))
    where = Where(keeper.area, now, ZoneInfo(zone), FOR_WANT_OF_ROOM)
    async with service.database.reading() as db:
        found = await read_all(db, where, first, last)
    while len(kept) >= PERIODS_KEPT:
        del kept[min(kept, key=lambda one: kept[one][0])]
    kept[key] = at, found
    return found


def year_begins(last: dt.date) -> dt.date:
    """Return the first day of the twelve months that end with a day's."""
    return dt.date(last.year - (last.month < 12), last.month % 12 + 1, 1)
