"""Riders counted on buses over a period: by stop and by run of the timetable."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from gtfs import Feed
from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.ridership import MOST_DAYS, year_begins
from maas.auth.roles import Permission
from maas.records.bus_counts import Counted, counted_runs
from maas.records.busriders import RunSum, by_run, by_stop, run_names
from maas.store.ledger import simulated_between

router = APIRouter(prefix="/ridership", tags=["ridership"])


class BusStopOut(BaseModel):
    """Who got on and off at a stop."""

    name: str
    name_en: str
    boarded: int
    alighted: int


class BusRunOut(BaseModel):
    """The riders of a trip of the timetable on the days it was counted."""

    trip: str
    route: str
    route_en: str
    headsign: str
    headsign_en: str
    departs: str = Field(examples=["07:10"])
    days: int
    riders: int
    most_on_board: int


class BusRidersOut(BaseModel):
    """Riders counted on buses; nobody is told apart.

    `runs_counted` is how many runs there were of it, `unplaced` who got on or off where no call
    was made.
    """

    first: dt.date
    last: dt.date
    simulated: bool
    riders: int
    runs_counted: int
    unplaced: int
    stops: list[BusStopOut]
    runs: list[BusRunOut]


@router.get("/buses", operation_id="readBusRiders", **needs(Permission.PLAN, "not-found"))
async def read_bus_riders(
    service: The,
    since: Annotated[dt.date | None, Query(alias="from", description="As of ridership.")] = None,
    to: Annotated[dt.date | None, Query(description="Today when absent.")] = None,
) -> BusRidersOut:
    """Count the riders of the buses of a period, the busiest stops first."""
    last = min(to or service.today(), service.today())
    first = since or year_begins(last)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise Problem("not-found")
    feed = service.buses.feed
    async with service.database.reading() as db:
        counted = await counted_runs(db, feed, ZoneInfo(service.timezone), first, last)
        simulated = await simulated_between(db, first, last)
    found = await asyncio.to_thread(_riders, counted, feed, first, last)
    return found.model_copy(update={"simulated": bool(simulated)})


def _riders(counted: Counted, feed: Feed | None, first: dt.date, last: dt.date) -> BusRidersOut:
    runs = [_run(each, feed) for each in by_run(counted.runs)]
    stops = [
        BusStopOut(
            name=each.name,
            name_en=_english(feed, "stops", "stop_name", each.name),
            boarded=each.boarded,
            alighted=each.alighted,
        )
        for each in by_stop(counted.runs, feed)
    ]
    return BusRidersOut(
        first=first,
        last=last,
        simulated=False,
        riders=sum(each.riders for each in runs),
        runs_counted=len(counted.runs),
        unplaced=counted.unplaced,
        stops=stops,
        runs=sorted(runs, key=lambda each: (-each.riders, each.departs, each.trip)),
    )


def _run(each: RunSum, feed: Feed | None) -> BusRunOut:
    _, headsign, departs = run_names(each.trip_id, feed)
    route, route_en = _route(feed, each.trip_id)
    return BusRunOut(
        trip=each.trip_id,
        route=route,
        route_en=route_en,
        headsign=headsign,
        headsign_en=_english(feed, "trips", "trip_headsign", headsign),
        departs=departs,
        days=each.days,
        riders=each.riders,
        most_on_board=each.most_on_board,
    )


def _route(feed: Feed | None, trip_id: str) -> tuple[str, str]:
    """Return what the bus shows of its route, and that in English where it is known."""
    trip = None if feed is None else feed.trips.get(trip_id)
    if feed is None or trip is None:
        return "", ""
    name = feed.routes[trip.route_id].name
    return name, feed.route_name(trip.route_id, "en") or name


def _english(feed: Feed | None, table: str, field: str, name: str) -> str:
    return name if feed is None else feed.translate(table, field, name, "en") or name
