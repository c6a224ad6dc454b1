"""A day of the buses as a TIDES package: what ran, where it called, where it was.

Vehicles on demand are left out: a fix at a door and a time is a rider's address and habit.
Who got on and off is in the staff's package alone: one rider at a stop at a time is a habit too.
In public, riders are in the releases (`maas.records.released`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs import Feed
from gtfs.calendar import day_start_epoch
from gtfs.feed import StopTime
from gtfs.tides import (
    About,
    FleetVehicle,
    PassengerEvent,
    PassengerEventType,
    Row,
    StopRelation,
    StopVisit,
    TripPerformed,
    TripRelation,
    TripType,
    VehicleLocation,
    package,
)
from maas.records.bus_counts import RunCount, counted_runs
from maas.store import arrivals, fleet, positions
from maas.store.arrivals import VisitRow
from maas.store.fleet import VehicleRow
from maas.store.positions import PositionRow

LICENCE = "CC-BY-4.0"


@dataclass(frozen=True, slots=True)
class BusDay:
    """What was recorded of the buses on one service day."""

    day: date
    visits: Sequence[VisitRow]
    fixes: Sequence[PositionRow]
    buses: Sequence[VehicleRow]
    counted: Sequence[RunCount] = ()


async def counted_bus_day(connection: AsyncConnection, feed: Feed, day: date) -> BusDay:
    """Return the same with who got on and off; a run nobody saw but counted on is there too."""
    zone = ZoneInfo(feed.timezone)
    told = await bus_day(connection, day, zone)
    runs = (await counted_runs(connection, feed, zone, day, day)).runs
    seen = {visit.trip_id for visit in told.visits}
    unseen = [
        VisitRow(day, run.trip_id, call.call_index, run.vehicle_id, None, None, passed=False)
        for run in runs
        if run.trip_id not in seen
        for call in run.calls
    ]
    return replace(told, visits=[*told.visits, *unseen], counted=runs)


async def bus_day(connection: AsyncConnection, day: date, zone: ZoneInfo) -> BusDay:
    """Return what was recorded of the buses on a service day."""
    start = day_start_epoch(day, zone)
    buses = [row for row in await fleet.all_vehicles(connection) if row.block]
    fixes = await positions.positions_between(
        connection, [bus.id for bus in buses], start, start + 86_400
    )
    return BusDay(day, await arrivals.visits_between(connection, day, day), fixes, buses)


def tides_package(town: str, feed: Feed, told: BusDay) -> dict[str, bytes]:
    """Return the files of a day's package; `town` is who publishes it."""
    about = About(
        name=f"buses-{told.day.isoformat()}",
        title=f"{town} バスの運行記録 {told.day.isoformat()}",
        agency=feed.agencies[0].name if feed.agencies else town,
        description=(
            "バスが、いつ、どの停留所に着いて出たか、どこを走っていたかの記録です。"
            " Where and when the buses ran; recorded by the vehicles' own positions."
        ),
        licence=LICENCE,
    )
    return package(_rows(feed, told), about)


def _rows(feed: Feed, told: BusDay) -> Iterator[Row]:
    day = _Day(feed, told.day, told.counted)
    for bus in told.buses:
        yield FleetVehicle(vehicle_id=bus.id, model_name=bus.name, capacity_seated=bus.seats,
                           capacity_wheelchair=bus.wheelchair_places)  # fmt: skip
    for trip_id, visits in _performed(told.visits).items():
        if trip_id in feed.trips:
            yield day.trip(trip_id, visits)
            made = list(day.visits(trip_id, visits))
            yield from made
            for visit in made:
                yield from day.passengers(visit)
    for fix in told.fixes:
        yield day.fix(fix)


def _performed(visits: Sequence[VisitRow]) -> dict[str, list[VisitRow]]:
    """Return the visits of each trip by the vehicle that made most of them."""
    by_trip: defaultdict[str, list[VisitRow]] = defaultdict(list)
    for visit in visits:
        by_trip[visit.trip_id].append(visit)
    performed = {}
    for trip_id, found in by_trip.items():
        count = Counter(visit.vehicle_id for visit in found)
        vehicle = min(count, key=lambda vehicle: (-count[vehicle], vehicle))
        performed[trip_id] = [visit for visit in found if visit.vehicle_id == vehicle]
    return performed


class _Day:
    """The timetable of a service day, to say what was planned."""

    def __init__(self, feed: Feed, day: date, counted: Sequence[RunCount]) -> None:
        self._feed, self._day = feed, day
        self._zone = ZoneInfo(feed.timezone)
        self._start = day_start_epoch(day, self._zone)
        self._counts = {
            (run.trip_id, run.vehicle_id, call.call_index): call
            for run in counted
            for call in run.calls
        }

    def trip(self, trip_id: str, visits: Sequence[VisitRow]) -> TripPerformed:
        """Return a trip as it was driven."""
        trip, calls = self._feed.trips[trip_id], self._feed.stop_times[trip_id]
        first, last = visits[0], visits[-1]
        return TripPerformed(
            service_date=self._day,
            trip_id_performed=trip_id,
            vehicle_id=first.vehicle_id,
            trip_id_scheduled=trip_id,
            route_id=trip.route_id,
            shape_id=trip.shape_id or None,
            direction_id=trip.direction_id,
            block_id=trip.block_id or None,
            trip_start_stop_id=calls[0].stop_id,
            trip_end_stop_id=calls[-1].stop_id,
            schedule_trip_start=self._at(calls[0].departure_s),
            schedule_trip_end=self._at(calls[-1].arrival_s),
            actual_trip_start=self._at(first.depart_s if first.call_index == 0 else None),
            actual_trip_end=self._at(last.arrive_s if last.call_index == len(calls) - 1 else None),
            trip_type=TripType.IN_SERVICE,
            schedule_relationship=TripRelation.SCHEDULED,
        )

    def visits(self, trip_id: str, visits: Sequence[VisitRow]) -> Iterator[StopVisit]:
        """Yield a visit for every call of a trip; one nobody saw is marked as missing."""
        seen = {visit.call_index: visit for visit in visits}
        for index, call in enumerate(self._feed.stop_times[trip_id]):
            yield self._visit(trip_id, index, call, visits[0].vehicle_id, seen.get(index))

    def _visit(
        self, trip_id: str, index: int, call: StopTime, vehicle: str, seen: VisitRow | None
    ) -> StopVisit:
        arrive_s = None if seen is None else seen.arrive_s
        depart_s = None if seen is None else seen.depart_s
        count = self._counts.get((trip_id, vehicle, index))
        stood = None if arrive_s is None or depart_s is None else round(depart_s - arrive_s)
        return StopVisit(
            service_date=self._day,
            trip_id_performed=trip_id,
            trip_stop_sequence=index + 1,
            scheduled_stop_sequence=call.stop_sequence,
            vehicle_id=vehicle,
            dwell=stood,
            stop_id=call.stop_id or None,
            timepoint=call.timepoint,
            schedule_arrival_time=self._at(call.arrival_s),
            schedule_departure_time=self._at(call.departure_s),
            actual_arrival_time=self._at(arrive_s),
            actual_departure_time=self._at(depart_s),
            boarding_1=None if count is None else count.boarded,
            alighting_1=None if count is None else count.alighted,
            # A load below nobody is a miscount: what is not known is left blank.
            departure_load=None if count is None or count.load < 0 else count.load,
            schedule_relationship=StopRelation.SCHEDULED if seen else StopRelation.MISSING,
        )

    def passengers(self, visit: StopVisit) -> Iterator[PassengerEvent]:
        """Yield how many got off and on at a call, as two events at the time it was made."""
        at = visit.actual_departure_time or visit.actual_arrival_time
        at = at or visit.schedule_departure_time or visit.schedule_arrival_time
        for kind, people in (
            (PassengerEventType.ALIGHTED, visit.alighting_1),
            (PassengerEventType.BOARDED, visit.boarding_1),
        ):
            if people and at is not None and visit.vehicle_id is not None:
                yield PassengerEvent(
                    passenger_event_id=f"{visit.trip_id_performed}/{visit.trip_stop_sequence}/{kind.name}",
                    service_date=self._day,
                    event_timestamp=at,
                    trip_stop_sequence=visit.trip_stop_sequence,
                    event_type=kind,
                    vehicle_id=visit.vehicle_id,
                    trip_id_performed=visit.trip_id_performed,
                    stop_id=visit.stop_id,
                    event_count=people,
                )

    def fix(self, fix: PositionRow) -> VehicleLocation:
        """Return where a bus was."""
        trip = fix.trip if fix.trip in self._feed.trips else None
        return VehicleLocation(
            location_ping_id=f"{fix.device}/{fix.boot}/{fix.seq}",
            event_timestamp=datetime.fromtimestamp(fix.t, self._zone),
            vehicle_id=fix.vehicle_id,
            service_date=self._day,
            trip_id_scheduled=trip,
            latitude=fix.lat,
            longitude=fix.lon,
            heading=fix.bearing,
            speed=fix.speed,
        )

    def _at(self, time_s: float | None) -> datetime | None:
        return None if time_s is None else datetime.fromtimestamp(self._start + time_s, self._zone)
