"""Riders counted on buses: what drivers tap and counters send, and what it comes to."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, Field

from gtfs import Feed
from gtfs.calendar import day_start_epoch
from maas.api.driving import Acting, VehicleId
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import Said, Shape
from maas.auth.roles import Permission
from maas.open_data import zipped
from maas.records.bus_counts import Counted, RunCount, counted_runs, standing
from maas.records.counting import Count, Through, put_right, take_in
from maas.store import bus_counts, fleet
from maas.store.bus_counts import CountRow
from maas.store.fleet import VehicleRow
from maas.tides import counted_bus_day, tides_package

router = APIRouter(tags=["bus riders"])

_VEHICLE = ("not-signed-in", "forbidden", "not-found", "bad-device", "not-your-vehicle")
EventId = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
People = Annotated[int, Field(ge=0, le=200)]
CallIndex = Annotated[int, Field(ge=0, le=999, description="The call's place in its trip, from 0.")]
TripId = Annotated[str, Field(min_length=1, max_length=200)]


class CountIn(BaseModel):
    """Who got on and off at a call, or one tap of it; a counter may not know which call it is."""

    event: EventId
    date: dt.date | None = Field(None, description="Service day of the run; today when absent.")
    trip: TripId | None = None
    call: CallIndex | None = None
    boarded: People
    alighted: People
    at: AwareDatetime | None = None
    boot: str | None = Field(None, max_length=64, description="One start of the device.")
    seq: int | None = Field(None, ge=0, lt=2**53, description="Counts up within a start.")
    corrects: EventId | None = Field(None, description="The event it takes the place of.")


class CountsIn(BaseModel):
    """All that a device has kept; `sent_at` is its clock at this moment."""

    sent_at: AwareDatetime | None = None
    counts: list[CountIn] = Field(min_length=1, max_length=200)


class CountResultOut(Shape):
    """Whether a count was kept, and why not."""

    event: str
    kept: bool
    said: Said | None


class CountsOut(BaseModel):
    """What became of each count."""

    results: list[CountResultOut]


class TapOut(BaseModel):
    """A tap that stands."""

    event: str
    boarded: int
    alighted: int


class RunCallOut(BaseModel):
    """A call of a run: who got on and off as counted (null: nobody counted), who is then on board.

    `taps` are the driver's own events that stand, each with how many it says.
    """

    call: int
    stop_id: str
    name: str
    name_en: str
    at_s: int | None = Field(description="Planned departure in seconds of the service day.")
    boarded: int | None
    alighted: int | None
    load: int | None
    source: Literal["driver", "counter", "office"] | None
    taps: list[TapOut]


class OddCountOut(BaseModel):
    """What does not add up at a call (null: the run as a whole), by how many people."""

    code: Literal["load_negative", "left_aboard", "over_full", "sources_differ"]
    call: int | None
    by: int


class RunOut(BaseModel):
    """A trip of a bus on a service day with the riders counted on it."""

    trip: str
    vehicle_id: str
    route: str
    headsign: str
    headsign_en: str
    riders: int
    calls: list[RunCallOut]
    odd: list[OddCountOut]


class BusDayOut(BaseModel):
    """The runs of a bus, or of all, on a service day that began at `start` (epoch seconds).

    `unplaced` people were counted by counters where no bus is known to have called.
    """

    date: dt.date
    start: int
    runs: list[RunOut]
    unplaced: int


@router.post(
    "/vehicles/{vehicle_id}/counts",
    operation_id="countRiders",
    **needs(Permission.VEHICLE, *_VEHICLE, changes=True),
)
async def count_riders(
    vehicle_id: VehicleId, told: CountsIn, actor: Acting, service: The, write: In
) -> CountsOut:
    """Keep what was counted on a bus, each event once, in the device's order.

    What comes with a device's token is a counter's word, what a person sends a driver's.
    """
    await _bus(service, vehicle_id)
    today = service.today()
    through = Through(
        vehicle_id,
        "counter" if actor.startswith("device:") else "driver",
        actor,
        service.clock(),
        told.sent_at.timestamp() if told.sent_at else None,
    )
    counts = [_count(each, today) for each in told.counts]
    answers = await take_in(service.database, service.buses.feed, counts, through)
    results = [
        {"event": event, "kept": said is None, "said": said} for event, said in answers.items()
    ]
    return CountsOut(results=write.many(CountResultOut, results))


def _count(told: CountIn, today: dt.date) -> Count:
    return Count(
        event=told.event,
        day=told.date or today,
        boarded=told.boarded,
        alighted=told.alighted,
        trip_id=told.trip,
        call_index=told.call,
        said_at=told.at.timestamp() if told.at else None,
        boot=told.boot,
        seq=told.seq,
        corrects=told.corrects,
    )


@router.get(
    "/vehicles/{vehicle_id}/runs",
    operation_id="listRuns",
    **needs(Permission.VEHICLE, *_VEHICLE),
)
async def list_runs(
    vehicle_id: VehicleId, _: Acting, service: The, date: dt.date | None = None
) -> BusDayOut:
    """Return the runs of a bus on a service day (today when absent), for its driver to count on."""
    bus = await _bus(service, vehicle_id)
    day = date or service.today()
    async with service.database.reading() as db:
        rows = await bus_counts.counts_between(db, day, day, vehicle_id)
    counted = await _counted(service, day)
    timetable = service.buses.timetable
    planned = timetable.block_runs(bus.block or "", day) if timetable else ()
    own = {run.trip_id: run for run in counted.runs if run.vehicle_id == vehicle_id}
    trips = dict.fromkeys([*(run.trip_id for run in planned), *own])
    runs = tuple(own.get(trip) or RunCount(day, trip, vehicle_id, (), ()) for trip in trips)
    return _day(service, day, Counted(runs), rows)


@router.get("/bus-counts", operation_id="listBusCounts", **needs(Permission.READ_RIDES))
async def list_bus_counts(person: SignedIn, service: The, date: dt.date | None = None) -> BusDayOut:
    """Return every run of a service day (today when absent) that was counted, with what is odd."""
    day = date or service.today()
    counted = await _counted(service, day)
    async with service.database.reading() as db:
        own = {row.id for row in await fleet.all_vehicles(db, person.area)}
    runs = tuple(run for run in counted.runs if run.vehicle_id in own)
    return _day(service, day, Counted(runs, counted.unplaced), ())


@router.get(
    "/bus-counts/tides/{day}.zip",
    operation_id="readCountedTides",
    response_class=Response,
    **needs(Permission.READ_RIDES, "no-timetable"),
)
async def read_counted_tides(day: dt.date, service: The) -> Response:
    """Return a day of the buses as a TIDES package with who got on and off, for the staff."""
    feed = service.buses.feed
    if feed is None:
        raise Problem("no-timetable")
    async with service.database.reading() as db:
        told = await counted_bus_day(db, feed, day)
    town = service.town.name if service.town else ""
    body = await asyncio.to_thread(lambda: zipped(tides_package(town, feed, told)))
    return Response(body, media_type="application/zip")


class CorrectionIn(BaseModel):
    """How many really got on and off at a call, and how that is known."""

    vehicle_id: Annotated[str, Field(min_length=1, max_length=64)]
    date: dt.date
    trip: TripId
    call: CallIndex
    boarded: People
    alighted: People
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@router.post(
    "/bus-counts/corrections",
    operation_id="correctBusCount",
    **needs(Permission.DECIDE, "not-found", "key-missing", "bad-record", changes=True),
)
async def correct_bus_count(
    right: CorrectionIn, key: Key, person: SignedIn, service: The, write: In
) -> BusDayOut:
    """Put the riders of a call right; what was counted stays on record."""
    bus = await _bus(service, right.vehicle_id)
    if person.area not in {None, bus.area_id}:
        raise Problem("forbidden")
    count = Count(
        f"{person.name}:{key}", right.date, right.boarded, right.alighted, right.trip, right.call,
        reason=right.reason,
    )  # fmt: skip
    through = Through(right.vehicle_id, "office", person.name, service.clock())
    feed = service.buses.feed
    wrong = await put_right(service.database, feed, count, through, _starts(service))
    if wrong is not None:
        raise Problem("bad-record", detail=wrong.get(write.language))
    return _day(service, right.date, await _counted(service, right.date), ())


async def _bus(service: Service, vehicle_id: str) -> VehicleRow:
    async with service.database.reading() as db:
        row = await fleet.vehicle(db, vehicle_id)
    if row is None or row.kind != "bus":
        raise Problem("not-found")
    return row


async def _counted(service: Service, day: dt.date) -> Counted:
    async with service.database.reading() as db:
        zone = ZoneInfo(service.timezone)
        return await counted_runs(db, service.buses.feed, zone, day, day)


def _starts(service: Service) -> Callable[[dt.date], float]:
    zone = ZoneInfo(service.timezone)
    return lambda day: day_start_epoch(day, zone)


def _day(service: Service, day: dt.date, counted: Counted, taps: Sequence[CountRow]) -> BusDayOut:
    feed, start = service.buses.feed, int(_starts(service)(day))
    now_s = service.clock() - start
    stand = [row for row in standing(taps) if row.source == "driver"]
    shown = [
        _run(feed, run, stand, now_s)
        for run in counted.runs
        if feed is not None and run.trip_id in feed.trips
    ]
    return BusDayOut(date=day, start=start, runs=shown, unplaced=counted.unplaced)


def _run(feed: Feed, run: RunCount, taps: Iterable[CountRow], now_s: float) -> RunOut:
    trip, calls = feed.trips[run.trip_id], feed.stop_times[run.trip_id]
    route = feed.routes[trip.route_id]
    over = (calls[-1].arrival_s or 0) < now_s
    headsign = trip.headsign or feed.stops[calls[-1].stop_id].name
    return RunOut(
        trip=run.trip_id,
        vehicle_id=run.vehicle_id,
        route=route.short_name or route.long_name,
        headsign=headsign,
        headsign_en=feed.translate("trips", "trip_headsign", headsign, "en") or headsign,
        riders=run.riders,
        calls=list(_calls(feed, run, taps)),
        # Whoever is on board of a bus that still drives is not left there.
        odd=[
            OddCountOut(code=odd.code, call=odd.call_index, by=odd.by)
            for odd in run.oddities
            if over or odd.code != "left_aboard"
        ],
    )


def _calls(feed: Feed, run: RunCount, taps: Iterable[CountRow]) -> Iterable[RunCallOut]:
    counted = {call.call_index: call for call in run.calls}
    load: int | None = None
    for index, call in enumerate(feed.stop_times[run.trip_id]):
        name = feed.stops[call.stop_id].name if call.stop_id in feed.stops else call.stop_id
        held = counted.get(index)
        load = load if held is None else held.load
        yield RunCallOut(
            call=index,
            stop_id=call.stop_id,
            name=name,
            name_en=feed.translate("stops", "stop_name", name, "en") or name,
            at_s=call.departure_s,
            boarded=None if held is None else held.boarded,
            alighted=None if held is None else held.alighted,
            load=load,
            source=None if held is None else held.source,
            taps=[
                TapOut(event=_event(tap), boarded=tap.boarded, alighted=tap.alighted)
                for tap in taps
                if (tap.trip_id, tap.call_index) == (run.trip_id, index)
            ],
        )


def _event(tap: CountRow) -> str:
    return tap.id.removeprefix(f"{tap.vehicle_id}/{tap.source}:")
