"""The last seven days as they were, for looking back: rides, vehicles, what went wrong."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from gtfs.calendar import day_start_epoch
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.service import Service
from maas.api.shapes import Instant, PlaceOut, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.rides.past import DECIDED, GONE, past_rides
from maas.store import fleet
from maas.store.commits import entries_between
from maas.store.ledger import ledger_between
from maas.store.outages import disruptions_on
from maas.store.positions import tracks_between

router = APIRouter(prefix="/past", tags=["plan"])

DAYS: Final = 7
MOST_HOURS: Final = 6
_NO_KEEPER = ("not-found", "no-roads", "no-town")
PastDate = Annotated[dt.date, Path(description="Today or one of the seven days before.")]
Area = Annotated[str | None, Query(max_length=64)]


class ToldOut(Shape):
    """What a rider was told from `at` on, and why."""

    at: Instant
    pickup_from: Instant
    pickup_to: Instant
    arrive_by: Instant
    why: str = Field(examples=["booked"])


class AssignedOut(Shape):
    """The vehicle a rider was to have from `at` on."""

    at: Instant
    vehicle_id: str


class PastRideOut(Shape):
    """A booking through its day; what has not happened is null.

    `ended`: cancelled, given up, or nobody came.
    """

    booking_id: str
    reference: str
    name: str
    state: str
    riders: int
    origin: PlaceOut
    destination: PlaceOut
    told: list[ToldOut]
    assigned: list[AssignedOut]
    arrived: Instant | None
    aboard: Instant | None
    dropped: Instant | None
    ended: Instant | None


class PastVehicleOut(Shape):
    """A vehicle of the area."""

    id: str
    name: str
    name_en: str
    kind: str


class WentWrongOut(BaseModel):
    """What was reported, when."""

    at: float
    sentence: str


class PastDayOut(BaseModel):
    """One service day from its midnight `start` (epoch seconds)."""

    date: dt.date
    start: int
    vehicles: list[PastVehicleOut]
    rides: list[PastRideOut]
    went_wrong: list[WentWrongOut]


@router.get("/{date}", operation_id="readPastDay", **needs(Permission.READ_PLAN, *_NO_KEEPER))
async def read_past_day(
    date: PastDate, person: SignedIn, service: The, write: In, area: Area = None
) -> PastDayOut:
    """Return what was promised, decided and done on a day, each with the moment it became so."""
    keeper = service.keeper(area, person)
    start = _start(service, date)
    async with service.database.reading() as db:
        ledger = (await ledger_between(db, keeper.area, date, date)).get(date, [])
        # A ride may be promised and moved long before its day.
        first = min((told[0].told_at for _, told in ledger if told), default=start)
        entries = await entries_between(db, first, start + 2 * 86_400, (*GONE, *DECIDED))
        reported = await disruptions_on(db, keeper.area, date)
        vehicles = await fleet.all_vehicles(db, keeper.area)
    return PastDayOut(
        date=date,
        start=start,
        vehicles=write.many(PastVehicleOut, vehicles),
        rides=write.many(PastRideOut, past_rides(keeper.here.names, ledger, entries, reported)),
        went_wrong=[
            WentWrongOut(at=row.at, sentence=str(row.outcome["sentence"][write.language]))
            for row in reversed(reported)
        ],
    )


@router.get(
    "/{date}/tracks",
    operation_id="readPastTracks",
    **needs(Permission.READ_PLAN, *_NO_KEEPER),
)
async def read_past_tracks(
    date: PastDate,
    person: SignedIn,
    service: The,
    since_s: Annotated[int, Query(ge=0, lt=2 * 86_400, description="Seconds of the day.")],
    hours: Annotated[int, Query(ge=1, le=MOST_HOURS)] = 1,
    step_s: Annotated[int, Query(ge=5, le=300)] = 15,
    area: Area = None,
) -> dict[str, list[tuple[float, float, float]]]:
    """Return where each vehicle was: epoch second, latitude, longitude, one fix a `step_s`."""
    first = _start(service, date) + since_s
    async with service.database.reading() as db:
        vehicles = [row.id for row in await fleet.all_vehicles(db, _area(service, person, area))]
        fixes = await tracks_between(db, vehicles, first, first + 3600 * hours, step_s)
    tracks: defaultdict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for vehicle_id, t, lat, lon in fixes:
        tracks[vehicle_id].append((t, lat, lon))
    return tracks


def _area(service: Service, person: Person, area: str | None) -> str:
    return service.keeper(area, person).area


def _start(service: Service, day: dt.date) -> int:
    """Return when a day began; raises the problem 404 for one that cannot be looked at."""
    if not 0 <= (service.today() - day).days <= DAYS:
        raise Problem("not-found")
    return day_start_epoch(day, service.timezone)
