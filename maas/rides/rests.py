"""Breaks that the office puts into a vehicle's plan, as part of a change and of a day in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import Plan, Task
from maas.rides.booking import Live
from maas.rides.day import Day, break_of, times
from maas.rides.show import rests_of
from maas.rides.views import RestView
from maas.store import rests
from maas.store.rests import RestRow
from maas.town.nearby import PRIVATE

LATER_S: Final = 900
"""A break may begin so much later than asked for."""


@dataclass(frozen=True, slots=True)
class Rested:
    """A break that a vehicle's plan has from now on."""

    rest: RestRow

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Keep it; always True."""
        await rests.add_rest(connection, self.rest)
        return True

    def on(self, day: Day, /) -> Day:
        """Return a day that knows the break."""
        if self.rest.service_date != day.day:
            return day
        return replace(day, rests={**day.rests, self.rest.id: self.rest})


def wherever(live: Live, plan: Plan, row: RestRow) -> list[Task]:
    """Return a break at the depot, and where the vehicle is by then if the public may be there."""
    route = plan.routes[row.vehicle_id]
    begin_s = times(route, plan, live.travel).begin_s
    before = [
        stop.request_id
        for stop, at_s in zip(route.stops, begin_s, strict=True)
        if at_s <= row.latest_s and stop.request_id in plan.requests
    ]
    there = plan.requests[before[-1]].destination if before else route.vehicle.start
    place = live.names.places.get(there)
    shared = place is not None and place.kind not in PRIVATE and place.id != row.place_id
    return [break_of(row), *([break_of(row, there)] if shared else [])]


def shown(live: Live, plan: Plan, row: RestRow) -> RestView:
    """Return a break of a plan as screens show it."""
    day, route = Rested(row).on(live.day), plan.routes[row.vehicle_id]
    found = rests_of(live.names, day, route, plan, live.travel)
    return next(view for view in found if view.id == row.id)
