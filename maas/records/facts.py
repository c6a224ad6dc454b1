"""Everything a report is made from, read at once: entries of a span, places, vehicles, figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.records.closing import Entries, entries_between
from maas.records.spans import Span
from maas.records.words import PURPOSE_OF
from maas.store import closings, fleet, ledger, towns
from maas.store.closings import month_of
from maas.store.entries import Ride
from maas.store.fleet import VehicleRow
from maas.store.tables import bookings, duty_records, places, rides
from maas.town.figures import Figure
from maas.town.imports import area_rules

STATES = {"under_way": "集計中", "provisional": "速報", "closed": "確定"}


class Spot(NamedTuple):
    """A place as reports know it; homes have no name here."""

    name: str
    kind: str
    oaza: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report of a span is made from."""

    span: Span
    town: str
    state: str
    made: str
    entries: Entries
    places: Mapping[int, Spot]
    vehicles: Mapping[str, VehicleRow]
    figures: Sequence[Figure]
    simulated: int
    """How many days of the span were made up."""
    first_ridden: Mapping[int, date]
    """When each member rode for the first time."""
    months: tuple[str, ...]
    """The months of the span that have begun: what is paid by the month is paid for these."""
    accidents: Mapping[str, int]
    """How many accidents are in the duty records of each vehicle."""

    def spot(self, place_id: int) -> Spot:
        """Return a place, also one that is no longer there."""
        return self.places.get(place_id, Spot("不明", "", "不明"))

    def purpose(self, ride: Ride) -> str:
        """Return what a ride was for: the kind of place it led to, or on the way home came from."""
        kinds = (self.spot(place_id).kind for place_id in (ride.destination_id, ride.origin_id))
        return next((PURPOSE_OF[kind] for kind in kinds if kind in PURPOSE_OF), "other")


async def facts_of(
    connection: AsyncConnection, span: Span, *, area_id: str | None, today: date, made: str
) -> Facts:
    """Read what the reports of a span need, of one area or all."""
    town = await towns.the_town(connection)
    figures: list[Figure] = []
    for area in await towns.all_areas(connection):
        if area_id in {None, area.id}:
            figures += (await area_rules(connection, area.id)).figures
    return Facts(
        span=span,
        town="" if town is None else town.name,
        state=await state_of(connection, span, today),
        made=made,
        entries=await entries_between(connection, span.first, span.last, area_id),
        places=await _spots(connection),
        vehicles={row.id: row for row in await fleet.all_vehicles(connection, area_id)},
        figures=figures,
        simulated=len(await ledger.simulated_between(connection, span.first, span.last)),
        first_ridden=await _first_ridden(connection),
        months=tuple(month for month in span.months if month <= month_of(today)),
        accidents=await _accidents(connection, span),
    )


async def state_of(connection: AsyncConnection, span: Span, today: date) -> str:
    """Return whether the figures of a span may still change: every month has to be closed."""
    closed = await closings.closed_of(connection, span.months)
    if closed.issuperset(span.months):
        return STATES["closed"]
    over = span.months[-1] < month_of(today)
    return STATES["provisional" if over else "under_way"]


async def _spots(connection: AsyncConnection) -> dict[int, Spot]:
    p = places.c
    rows = await connection.execute(select(p.id, p.name, p.kind, p.oaza))
    return {id_: Spot(name, kind, oaza or "不明") for id_, name, kind, oaza in rows}


async def _accidents(connection: AsyncConnection, span: Span) -> Counter[str]:
    r = duty_records.c
    query = select(r.id, r.vehicle_id, r.body).where(
        r.kind == "incident", r.service_date.between(span.first, span.last)
    )
    rows = (await connection.execute(query)).all()
    ids = [row.id for row in rows]
    gone = set((await connection.execute(select(r.corrects).where(r.corrects.in_(ids)))).scalars())
    standing = (row for row in rows if row.id not in gone)
    return Counter(row.vehicle_id for row in standing if row.body.get("what") == "accident")


async def _first_ridden(connection: AsyncConnection) -> dict[int, date]:
    query = (
        select(bookings.c.member_id, func.min(rides.c.service_date))
        .join(rides, rides.c.booking_id == bookings.c.id)
        .where(bookings.c.member_id.is_not(None))
        .group_by(bookings.c.member_id)
    )
    return dict((await connection.execute(query)).all())
