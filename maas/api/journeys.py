"""Ways by bus: which one to take, on the timetable as it is known to run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from busloc import Timetable
from gtfs.journeys import Journey, Ride
from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.service import Service
from maas.auth.roles import Permission
from maas.buses import stop_names
from maas.clock import service_day
from maas.journeys import Known, known_times, platforms, stops_near

router = APIRouter(prefix="/journeys", tags=["stops"])

Where = Annotated[
    str,
    Query(
        min_length=1,
        max_length=200,
        description="A stop's id, or lat,lon.",
        examples=["34.86,133.69"],
    ),
]


class JourneyEndOut(BaseModel):
    """A stop of a ride."""

    id: str
    name: str
    name_en: str | None


class JourneyRideOut(BaseModel):
    """One bus; instants are epoch seconds, `live` whether they are expected, not only planned."""

    trip: str
    route: str
    route_name: str
    headsign: str
    board: JourneyEndOut
    alight: JourneyEndOut
    departs: int
    arrives: int
    live: bool


class JourneyOut(BaseModel):
    """Buses one after another, with the walks to the first and from the last."""

    leaves: int
    arrives: int
    rides: list[JourneyRideOut]


class JourneysOut(BaseModel):
    """The journeys no other beats in both time and rides, fewest rides first."""

    journeys: list[JourneyOut]


@router.get(
    "", operation_id="findJourneys", **needs(Permission.PUBLIC, "not-found", "no-timetable")
)
async def find_journeys(
    service: The,
    origin: Annotated[Where, Query(alias="from")],
    target: Annotated[Where, Query(alias="to")],
    at: Annotated[AwareDatetime | None, Query(description="Leave then or later.")] = None,
    by: Annotated[AwareDatetime | None, Query(description="Be there by then.")] = None,
) -> JourneysOut:
    """Find the buses that bring somebody there first, or that leave last and are in time."""
    timetable = service.buses.timetable
    if timetable is None:
        raise Problem("no-timetable")
    ends = _ends(timetable, origin), _ends(timetable, target)
    now = service.clock()
    asked = _epoch(by or at, now)
    day = service_day(asked, service.timezone)
    # Read here: the live map changes while a thread looks for ways.
    known = known_times(service.buses.live, timetable, now)

    def find() -> list[Journey]:
        network = service.planner.network(timetable, day).seen(known)
        ask_s = round(asked) - timetable.day_start(day)
        return network.latest(*ends, ask_s) if by else network.earliest(*ends, ask_s)

    show = _Shown(service, timetable, day, known)
    return JourneysOut(journeys=[show.journey(each) for each in await asyncio.to_thread(find)])


def _epoch(asked: datetime | None, now: float) -> float:
    """Return an instant, by default the service's now; raises the problem for absurd ones."""
    if asked is None:
        return now
    moment = asked.astimezone(UTC)
    if not 2000 <= moment.year <= 2100:
        raise Problem("not-found")
    return moment.timestamp()


def _ends(timetable: Timetable, where: str) -> Mapping[str, int]:
    feed = timetable.feed
    if where in feed.stops:
        return platforms(feed, where)
    lat, _, lon = where.partition(",")
    try:
        found = stops_near(feed, float(lat), float(lon))
    except ValueError:
        raise Problem("not-found") from None
    return found


@dataclass(frozen=True, slots=True)
class _Shown:
    """Says what was found in the words and instants of the API."""

    service: Service
    timetable: Timetable
    day: date
    known: Known

    def journey(self, found: Journey) -> JourneyOut:
        start = self.timetable.day_start(self.day)
        return JourneyOut(
            leaves=start + found.depart_s,
            arrives=start + found.arrive_s,
            rides=[self._ride(ride, start) for ride in found.rides],
        )

    def _ride(self, ride: Ride, start: int) -> JourneyRideOut:
        feed = self.timetable.feed
        trip = feed.trips[ride.trip_id]
        route = feed.routes.get(trip.route_id)
        return JourneyRideOut(
            trip=trip.id,
            route=trip.route_id,
            route_name=route.name if route else "",
            headsign=trip.headsign,
            board=_end(self.service, ride.from_stop),
            alight=_end(self.service, ride.to_stop),
            departs=start + ride.depart_s,
            arrives=start + ride.arrive_s,
            live=(ride.trip_id, ride.day) in self.known,
        )


def _end(service: Service, stop_id: str) -> JourneyEndOut:
    found = service.buses.stop(stop_id)
    if found is None:
        return JourneyEndOut(id=stop_id, name=stop_id, name_en=None)
    name, _, name_en = stop_names(*found)
    return JourneyEndOut(id=stop_id, name=name, name_en=name_en or None)
