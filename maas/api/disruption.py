"""What goes wrong on a day, roads that are closed, and how promises were kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field, model_validator

from gtfs.calendar import seconds_of
from maas.api.answers import granted
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import BookingOut, Instant, PlannedRestOut, Said, Shape, VehicleRefOut
from maas.api.stretches import StretchOut, stretches_at
from maas.auth.roles import Permission
from maas.rides.disruption import Disruption, Upset
from maas.rides.keeper import Keeper
from maas.rides.ledger import kept_on
from maas.rides.outcome import Kind, What
from maas.store.ledger import ledger_between

router = APIRouter(tags=["plan"])

MOST_DAYS = 92
_NO_KEEPER = ("not-found", "no-roads", "no-town")
Area = Annotated[str | None, Query(max_length=64)]
Day = Annotated[dt.date | None, Query(ge=dt.date(2000, 1, 1), le=dt.date(2999, 12, 31))]
Lat = Annotated[float, Field(ge=-90, le=90)]
Lon = Annotated[float, Field(ge=-180, le=180)]
VehicleId = Annotated[str, Field(min_length=1, max_length=64)]


class PointIn(BaseModel):
    """A point on the map."""

    lat: Lat = Field(examples=[34.86])
    lon: Lon = Field(examples=[133.69])


class DisruptionIn(BaseModel):
    """What has happened.

    `vehicle_out`, `driver_off` and `back` name vehicles; `rest` one vehicle and how many minutes it
    is to stand from `at` on, `rest_off` the break that is not taken; `road_closed` points;
    `road_slow` points (none: all roads) and a factor; `road_open` the closure.  With `preview`
    nothing is done.
    """

    kind: Kind
    reason: str = Field(default="", max_length=200, examples=["パンク"])
    date: dt.date | None = Field(
        None, ge=dt.date(2000, 1, 1), le=dt.date(2999, 12, 31), description="Today when absent."
    )
    vehicles: list[VehicleId] = Field(default=[], max_length=100)
    at: AwareDatetime | None = Field(None, description="Now when absent.")
    where: PointIn | None = Field(None, description="Where the vehicle is, if it does not say so.")
    points: list[PointIn] = Field(default=[], max_length=1000)
    factor: float | None = Field(None, gt=0, le=1, description="Part of the usual speed.")
    until: AwareDatetime | None = None
    closure: str | None = Field(None, max_length=64)
    minutes: int | None = Field(None, ge=5, le=240, description="How long a break is.")
    rest: str | None = Field(None, max_length=64, description="The break that is not taken.")
    preview: bool = False
    area: str | None = Field(None, max_length=64, description="The only area when absent.")

    @model_validator(mode="after")
    def complete(self) -> DisruptionIn:
        """Raise ``ValueError`` when it does not say of what."""
        missing = {
            "vehicle_out": not self.vehicles,
            "driver_off": not self.vehicles,
            "back": not self.vehicles,
            "rest": len(self.vehicles) != 1 or self.minutes is None,
            "rest_off": self.rest is None,
            "road_closed": not self.points,
            "road_slow": self.factor is None,
            "road_open": self.closure is None,
        }
        if missing[self.kind]:
            raise ValueError(f"{self.kind} does not say of what")
        return self


class TimesOut(Shape):
    """What a rider was told, and what is planned."""

    vehicle: VehicleRefOut
    pickup_from: Instant
    pickup_to: Instant
    pickup_planned: Instant
    arrive_by: Instant
    arrive_planned: Instant


class RiderChangeOut(Shape):
    """What becomes of one booking; `call_first` 1 is the first to ring, null needs no call.

    moved: told other times. transfer: changes vehicles on the way. unplaced: no vehicle can carry
    it now. shifted: the promise is kept all the same. released: a seat only held is given up.
    """

    booking_id: str
    reference: str
    name: str
    kana: str
    phone: str
    state: str
    what: What
    before: TimesOut
    after: TimesOut | None
    later_s: int | None
    call_first: int | None
    call_by: Instant


class OvertimeOut(Shape):
    """A driver who has to work longer."""

    vehicle: VehicleRefOut
    until: Instant


class DisruptionOut(Shape):
    """What came of it, or would: those to ring first, then everybody else whose ride changes."""

    id: str
    kind: Kind
    date: dt.date
    at: Instant
    by: str
    preview: bool
    reason: str
    sentence: Said
    vehicles: list[VehicleRefOut]
    riders: list[RiderChangeOut]
    overtime: list[OvertimeOut]
    closure: str | None
    rest: PlannedRestOut | None = Field(description="The break put in, or taken out.")


@router.post(
    "/disruptions",
    operation_id="reportDisruption",
    **needs(Permission.DECIDE, "key-missing", "key-reused", "not-now", *_NO_KEEPER, changes=True),
)
async def report_disruption(
    happened: DisruptionIn, key: Key, person: SignedIn, service: The, write: In
) -> DisruptionOut:
    """Replan the area for what has happened, tell whom it moves, and say whom to ring first."""
    keeper = service.keeper(happened.area, person)
    answer = await _disruption(service, keeper).report(
        _upset(happened, keeper), key=key, actor=person.name, preview=happened.preview
    )
    return write.one(DisruptionOut, granted(answer, write))


def _disruption(service: Service, keeper: Keeper) -> Disruption:
    return Disruption(keeper, service.closures)


def _upset(happened: DisruptionIn, keeper: Keeper) -> Upset:
    day = happened.date or keeper.today
    at_s = None
    if happened.at is not None:
        at_s = seconds_of(happened.at.timestamp(), day, keeper.here.names.timezone)
        if not 0 <= at_s <= 2 * 86_400:
            raise Problem("not-found")
    return Upset(
        kind=happened.kind,
        day=happened.date,
        vehicles=tuple(dict.fromkeys(happened.vehicles)),
        at_s=at_s,
        where=None if happened.where is None else (happened.where.lat, happened.where.lon),
        points=tuple((point.lat, point.lon) for point in happened.points),
        factor=happened.factor,
        until=None if happened.until is None else happened.until.timestamp(),
        closure=happened.closure,
        minutes=happened.minutes,
        rest=happened.rest,
        reason=happened.reason,
    )


@router.get(
    "/disruptions",
    operation_id="listDisruptions",
    **needs(Permission.READ_PLAN, *_NO_KEEPER),
)
async def list_disruptions(
    person: SignedIn, service: The, write: In, date: Day = None, area: Area = None
) -> list[DisruptionOut]:
    """Return what was reported for a day (today when absent), the newest first."""
    keeper = service.keeper(area, person)
    return write.many(DisruptionOut, await _disruption(service, keeper).on(date))


@router.get(
    "/bookings-without-vehicle",
    operation_id="listUnplaced",
    **needs(Permission.READ_BOOKINGS, *_NO_KEEPER),
)
async def list_unplaced(
    person: SignedIn, service: The, write: In, date: Day = None, area: Area = None
) -> list[BookingOut]:
    """Return the bookings that no vehicle can carry now; they are tried again by themselves."""
    keeper = service.keeper(area, person)
    day = await keeper.day_of(date or keeper.today)
    waiting = {row.id for row in day.unplaced}
    found = [view for view in await keeper.bookings(day.day) if view.id in waiting]
    return write.many(BookingOut, found)


class ClosureOut(Shape):
    """Roads at `points` (none: all) closed, or driven at `factor` of their speed.

    `stretches` are those roads from junction to junction, each once.
    """

    id: str
    points: list[tuple[float, float]]
    factor: float | None
    until: Instant | None
    reason: str
    at: Instant
    by: str
    stretches: list[StretchOut]


@router.get("/closures", operation_id="listClosures", **needs(Permission.READ_PLAN))
async def list_closures(person: SignedIn, service: The, write: In) -> list[ClosureOut]:
    """Return the roads that are closed or slow now."""
    del person
    return [
        write.one(ClosureOut, {**asdict(row), "stretches": stretches_at(service, row.points)})
        for row in await service.closures.holding()
    ]


class MovedOut(BaseModel):
    """How many promises were moved for one reason."""

    reason: str
    count: int


class KeptOut(BaseModel):
    """How the promises of one service day were kept, counted from the ledger.

    `kept` are rides that were as last told, `kept_as_asked` as when the rider last agreed; `share`
    is `kept` of the rides due.
    """

    date: dt.date
    promised: int
    kept: int
    kept_as_asked: int
    late: int
    not_carried: int
    no_show: int
    cancelled: int
    open: int
    moved: list[MovedOut]
    worst_late_s: int
    worst_reference: str | None
    share: float | None


@router.get(
    "/promises/kept",
    operation_id="readPromisesKept",
    **needs(Permission.READ_RIDES, *_NO_KEEPER),
)
async def read_promises_kept(
    person: SignedIn,
    service: The,
    since: Annotated[Day, Query(alias="from", description="Today when absent.")] = None,
    to: Day = None,
    area: Area = None,
) -> list[KeptOut]:
    """Say day by day how promises were kept, and why some were moved."""
    keeper = service.keeper(area, person)
    first = since or to or keeper.today
    last = to or max(first, keeper.today if since is None else first)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise Problem("not-found")
    async with service.database.reading() as db:
        ledger = await ledger_between(db, keeper.area, first, last)
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    zone, now = keeper.here.names.timezone, service.clock()
    kept = [kept_on(day, ledger.get(day, []), seconds_of(now, day, zone)) for day in days]
    return [
        KeptOut(
            date=one.day,
            moved=[MovedOut(reason=why, count=count) for why, count in one.moved.items()],
            **{name: getattr(one, name) for name in _PLAIN},
        )
        for one in kept
    ]


_PLAIN: tuple[str, ...] = (
    "promised", "kept", "kept_as_asked", "late", "not_carried", "no_show", "cancelled", "open",
    "worst_late_s", "worst_reference", "share",
)  # fmt: skip
