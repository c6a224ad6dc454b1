"""The demo's past put into its database, before the service starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs import Feed
from maas.demo.year_buses import counts_of
from maas.demo.year_like import likeness
from maas.demo.year_past import Past, PastDay, fixture
from maas.rides.show import Names
from maas.store import bus_counts, fleet, ledger, members, places, rides, towns
from maas.store.tables import bookings, duty_records, promises, refusals, takings
from maas.town.imports import area_rules

AT_ONCE = 20
"""Days written together."""


async def load_past(
    connection: AsyncConnection, area: str, today: date, feed: Feed | None = None
) -> int:
    """Write the year before `today` and mark its days as simulated; returns how many there are.

    None when the town is another than the fixture is of.  Riders of buses are of the `feed`.
    """
    year, names = fixture(), await _names(connection, area)
    if year is None or year.town != likeness(names):
        return 0
    rules = await area_rules(connection, area)
    days, all_days = list[PastDay](), list[date]()
    for day in Past(year, today, names, rules).days():
        days.append(day)
        all_days.append(day.day)
        if len(days) == AT_ONCE:
            await _write(connection, days, year.seed)
            days.clear()
    await _write(connection, days, year.seed)
    if feed is not None:
        buses = {row.block: id_ for id_, row in names.vehicles.items() if row.block is not None}
        counts = counts_of(feed, buses, all_days, today, names.timezone)
        await bus_counts.add_counts(connection, list(counts))
    return len(all_days)


async def _names(connection: AsyncConnection, area: str) -> Names:
    town = await towns.the_town(connection)
    rules = await area_rules(connection, area)
    return Names(
        area=area,
        timezone="Asia/Tokyo" if town is None else town.timezone,
        places={row.id: row for row in await places.all_places(connection)},
        members={row.id: row for row in await members.all_members(connection)},
        vehicles={row.id: row for row in await fleet.all_vehicles(connection, area)},
        tariff_on=rules.tariff_on,
    )


async def _write(connection: AsyncConnection, days: Sequence[PastDay], seed: int) -> None:
    await _add(connection, bookings, (each for day in days for each in day.bookings))
    await _add(connection, promises, (each for day in days for each in day.promises))
    await rides.add_rides(connection, [each for day in days for each in day.rides])
    await _add(connection, takings, (each for day in days for each in day.takings))
    await _add(connection, refusals, (each for day in days for each in day.refusals))
    await _add(connection, duty_records, (each for day in days for each in day.records))
    duties = [each for day in days for each in day.vehicle_days]
    await ledger.add_vehicle_days(connection, duties)
    await ledger.mark_simulated(connection, [day.day for day in days], seed)


async def _add(connection: AsyncConnection, table: Table, rows: Iterable[Any]) -> None:
    # As `asdict`, without copying everything that is in a row: there are very many.
    values = [{name: getattr(row, name) for name in row.__slots__} for row in rows]
    if values:
        await connection.execute(insert(table), values)
