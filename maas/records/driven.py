"""Vehicles' days from what was driven: written once, the night after.

The way is that from the garage through every place where somebody got in or out and back, by the
roads; with riders where somebody sits in it.  When every driver wrote down the meter, the meter
says how far it was in all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.duty.day import Turn, turns
from maas.store import closings, commits, duty, fleet, ledger
from maas.store.database import Database
from maas.store.duty import RecordRow
from maas.store.entries import VehicleDay
from maas.store.fleet import VehicleRow
from maas.store.tables import bookings, rides

LOOK_BACK_DAYS: Final = 7
"""Days this far back that have no row yet are written too: the server may have been off."""

Length = Callable[[str, Sequence[int]], int]
"""How many metres a vehicle of a profile drives through some places."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody gets in (`by` 1) or out (-1) at a place."""

    at_s: int
    by: int
    place_id: int


async def write_driven(
    database: Database, length: Length, *, today: date, now: float
) -> list[VehicleDay]:
    """Write the days that are over and not written yet; returns them."""
    first, last = today - timedelta(days=LOOK_BACK_DAYS), today - timedelta(days=1)
    async with database.reading() as db:
        vehicles = [row for row in await fleet.all_vehicles(db) if row.block is None]
        visits = await _visits(db, first, last)
        records = defaultdict[tuple[date, str], list[RecordRow]](list)
        for row in await duty.records_between(db, first, last, [each.id for each in vehicles]):
            records[row.service_date, row.vehicle_id].append(row)
    of = {row.id: row for row in vehicles}
    found = [
        driven(of[id_], day, visits.get((day, id_), ()), turns(records[day, id_]), length)
        for day, id_ in sorted({*visits, *records})
        if id_ in of
    ]
    async with database.writing() as db:
        await commits.lock_audit(db)
        known = await ledger.vehicle_day_rows(db, first, last)
        done = {(row.service_date, row.vehicle_id) for row in known}
        fresh = [
            row._replace(dated=await closings.day_for(db, row.service_date, now), recorded_at=now)
            for row in found
            if row is not None and (row.service_date, row.vehicle_id) not in done
        ]
        await ledger.add_vehicle_days(db, fresh)
    return fresh


def driven(
    vehicle: VehicleRow, day: date, visits: Iterable[Visit], its: Sequence[Turn], length: Length
) -> VehicleDay | None:
    """Return a vehicle's day, `None` when it neither left the garage nor carried anybody."""
    stops = sorted(visits, key=lambda visit: (visit.at_s, visit.by))
    if not stops and not any(turn.driven_km for turn in its):
        return None
    roads_m, loaded_m = _by_roads(vehicle, stops, length)
    meters = [turn.driven_km for turn in its]
    metered = bool(meters) and all(km is not None for km in meters)
    metres = round(sum(km or 0.0 for km in meters) * 1000) if metered else roads_m
    return VehicleDay(
        vehicle.id, day, vehicle.area_id, day, metres, min(loaded_m, metres), _duty_s(stops, its),
        None, "meter" if metered else "roads", 0.0,
    )  # fmt: skip


def _by_roads(vehicle: VehicleRow, stops: Sequence[Visit], length: Length) -> tuple[int, int]:
    """Return the metres in all and with riders."""
    loaded_m, aboard = 0, 0
    for here, there in pairwise(stops):
        aboard += here.by
        if aboard > 0:
            loaded_m += length(vehicle.profile, [here.place_id, there.place_id])
    depot = [] if vehicle.depot_place_id is None else [vehicle.depot_place_id]
    way = [*depot, *(stop.place_id for stop in stops), *depot]
    return length(vehicle.profile, way), loaded_m


def _duty_s(stops: Sequence[Visit], its: Sequence[Turn]) -> int:
    """Return how long it was out less breaks; without records from the first stop to the last."""
    out_s = [
        round(turn.in_at - turn.out_at) - turn.rest_s
        for turn in its
        if turn.in_at is not None and turn.out_at is not None
    ]
    if out_s:
        return max(0, sum(out_s))
    return stops[-1].at_s - stops[0].at_s if stops else 0


async def _visits(
    connection: AsyncConnection, first: date, last: date
) -> Mapping[tuple[date, str], list[Visit]]:
    r, b = rides.c, bookings.c
    query = (
        select(
            r.service_date, r.vehicle_id, r.picked_up_s, r.dropped_off_s, b.origin_id,
            b.boards_at_id, b.destination_id,
        )
        .join(bookings, b.id == r.booking_id)
        .where(r.service_date.between(first, last))
    )  # fmt: skip
    found = defaultdict[tuple[date, str], list[Visit]](list)
    for day, id_, up_s, off_s, origin, boards_at, destination in await connection.execute(query):
        found[day, id_] += [
            Visit(up_s, 1, origin if boards_at is None else boards_at),
            Visit(off_s, -1, destination),
        ]
    return found
