"""Vehicles that are out, stop early or are back, as part of a change and of a day in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.rides.day import Day
from maas.store import outages
from maas.store.outages import DisruptionRow, OutageRow


@dataclass(frozen=True, slots=True)
class Reported:
    """A command about the day, and what is so of vehicles since then."""

    disruption: DisruptionRow
    outages: tuple[OutageRow, ...]

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Keep both; always True."""
        await outages.add_disruption(connection, self.disruption)
        await outages.add_outages(connection, self.outages)
        return True

    def on(self, day: Day, /) -> Day:
        """Return a day that knows its vehicles' outages."""
        rows = {row.vehicle_id: row for row in self.outages if row.service_date == day.day}
        return replace(day, outages={**day.outages, **rows})
