"""From the ledger to a release: the rides and bus riders of a month, nobody named.

Whoever rides is told apart by membership or telephone; guests who gave neither count as one person,
and so does a whole party: k is never larger than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs import Feed
from maas.records.bus_counts import RunCount, counted_runs
from maas.records.ledger import rides_between
from maas.records.mesh import half_mesh
from maas.records.released import Moved, Trip, day_type
from maas.store import ledger, places, releases
from maas.store.entries import Ride


def days_of(month: str) -> tuple[date, date]:
    """Return the first and last day of a month written 2026-10.  Raises ``ValueError``."""
    first = date.fromisoformat(f"{month}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def as_it_stands(entries: Iterable[Ride]) -> list[Ride]:
    """Return each ride as it is now: what a correction enters takes the place of what was."""
    stands: dict[str, Ride] = {}
    for entry in entries:
        if entry.sign > 0:
            stands[entry.booking_id] = entry
        else:
            stands.pop(entry.booking_id, None)
    return list(stands.values())


async def month_trips(connection: AsyncConnection, month: str, today: date) -> list[Trip]:
    """Return the rides of a month on demand as they stand, each with squares for its places."""
    first, last = days_of(month)
    entries = await rides_between(connection, first, max(last, today))
    rides = [each for each in as_it_stands(entries) if first <= each.service_date <= last]
    squares = {row.id: half_mesh(row.lat, row.lon) for row in await places.all_places(connection)}
    riders = await releases.rider_keys(connection, first, last)
    return [_trip(each, squares, riders) for each in rides]


def _trip(ride: Ride, squares: Mapping[int, str], riders: Mapping[str, str]) -> Trip:
    return Trip(
        rider=riders.get(ride.booking_id, "guest"),
        vehicle=ride.vehicle_id,
        origin=squares[ride.origin_id],
        destination=squares[ride.destination_id],
        day_type=day_type(ride.service_date),
        hour=ride.picked_up_s // 3600,
        people=ride.riders,
    )


async def month_moved(
    connection: AsyncConnection, feed: Feed | None, zone: ZoneInfo, month: str
) -> list[Moved]:
    """Return who got on and off the buses of a month, by run and stop."""
    if feed is None:
        return []
    counted = await counted_runs(connection, feed, zone, *days_of(month))
    return [
        moved for run in counted.runs if run.trip_id in feed.trips for moved in _moved(feed, run)
    ]


def _moved(feed: Feed, run: RunCount) -> Iterator[Moved]:
    route, calls = feed.trips[run.trip_id].route_id, feed.stop_times[run.trip_id]
    for counted in run.calls:
        call = calls[counted.call_index]
        where = (f"{run.day}/{run.trip_id}/{run.vehicle_id}", route, call.stop_id)
        when = (day_type(run.day), (call.departure_s or 0) // 3600)
        if counted.boarded:
            yield Moved("boarded", *where, *when, counted.boarded)
        if counted.alighted:
            yield Moved("alighted", *where, *when, counted.alighted)


async def is_simulated(connection: AsyncConnection, month: str) -> bool:
    """Whether any day of a month was made up."""
    days: Sequence[date] = await ledger.simulated_between(connection, *days_of(month))
    return bool(days)
