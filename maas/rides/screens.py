"""What the screens see of an area: bookings, rides, plans and the driver's job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from dispatcher import Plan, Route
from maas.fleet.vehicles import on_shift
from maas.rides import states
from maas.rides.day import Day, without_held
from maas.rides.held import Held
from maas.rides.show import (
    Seen,
    booking_view,
    next_place,
    places_ahead,
    ride_view,
    vehicle_view,
)
from maas.rides.views import (
    BookingView,
    JobView,
    NotFound,
    PlanView,
    RideView,
    VehiclePlanView,
)
from maas.store import fleet, rides
from maas.store.fleet import VehicleRow
from maas.town.messages import say


class Screens(Held):
    """Reads what is held; changes nothing."""

    async def bookings(
        self, day: date | None = None, state: str | None = None
    ) -> list[BookingView]:
        """Return the bookings of a day (`None` today) by pick-up, in one state or all.

        Seats that were held and given up are told only when asked for.
        """
        held = await self._day(day or self.today)
        wanted = states.ALL - {"lapsed"} if state is None else {state}
        rows = [row for row in held.bookings.values() if row.state in wanted]
        rows.sort(key=lambda row: (row.pickup_planned_s, row.id))
        return [booking_view(self.here.names, row, held.promises[row.id]) for row in rows]

    async def booking(self, booking_id: str) -> BookingView | NotFound:
        """Return one booking."""
        async with self._writing:
            row = await self.row_of(booking_id)
            if row is None:
                return NotFound(say("no_booking"))
            promise = self._days[row.service_date].promises[row.id]
        return booking_view(self.here.names, row, promise)

    async def these(self, day: date, booking_ids: Iterable[str]) -> list[BookingView]:
        """Return some bookings of a day as they were last written; waits for no writer."""
        held = await self._day(day)
        rows = [held.bookings[id_] for id_ in booking_ids if id_ in held.bookings]
        return [booking_view(self.here.names, row, held.promises[row.id]) for row in rows]

    async def rides(self, day: date | None = None) -> list[RideView]:
        """Return the rides that ended on a day (`None` today), in the order they did."""
        held = await self._day(day or self.today)
        async with self.database.reading() as connection:
            rows = await rides.rides_on(connection, held.day)
        known = [row for row in rows if row.booking_id in held.bookings]
        names, references = self.here.names, held.bookings
        return [ride_view(names, row, references[row.booking_id].reference) for row in known]

    async def ride_of(self, booking_id: str) -> RideView | None:
        """Return the ride a booking became, `None` when it has not ended; only while writing."""
        row = await self.row_of(booking_id)
        async with self.database.reading() as connection:
            ride = await rides.ride(connection, booking_id)
        if row is None or ride is None:
            return None
        return ride_view(self.here.names, ride, row.reference)

    async def plan_view(self, day: date | None = None) -> PlanView:
        """Return the plan of a day (`None` today) as the monitor shows it."""
        held = await self._day(day or self.today)
        plan, drivers = self._plan(held), await self.drivers()
        views = [self._vehicle(held, plan, row, drivers) for row in self.here.taxis]
        return PlanView(self.area, held.day, self.clock(), tuple(views))

    async def vehicle_view(
        self, vehicle_id: str, day: date | None = None
    ) -> VehiclePlanView | None:
        """Return one vehicle's plan, `None` for a vehicle that takes no bookings here."""
        held = await self._day(day or self.today)
        row = next((row for row in self.here.taxis if row.id == vehicle_id), None)
        if row is None:
            return None
        return self._vehicle(held, self._plan(held), row, await self.drivers())

    async def job(self, vehicle_id: str) -> JobView | None:
        """Return what the driver does next, `None` for a vehicle that takes no bookings here."""
        if all(row.id != vehicle_id for row in self.here.taxis):
            return None
        return await self.job_on(await self._day(self.today), vehicle_id)

    async def job_on(self, day: Day, vehicle_id: str, ride: RideView | None = None) -> JobView:
        """Return what the driver of one of our vehicles does next on a day as it is given."""
        row = next(row for row in self.here.taxis if row.id == vehicle_id)
        held = {id_ for id_, each in day.bookings.items() if each.state == "held"}
        plan = without_held(self._plan(day), vehicle_id, held)
        view = self._vehicle(day, plan, row, await self.drivers())
        on_board = tuple(s for s in view.stops if day.bookings[s.booking_id].state == "aboard")
        coming = view.stops[0] if view.stops else None
        return JobView(view, coming, view.stops[1:], on_board, view.driver, ride)

    async def ahead_m(self, vehicle_id: str) -> int:
        """Return how far one of our vehicles still drives today, to where its shift ends."""
        held = await self._day(self.today)
        row = next(row for row in self.here.taxis if row.id == vehicle_id)
        plan = self._plan(held)
        route = plan.routes.get(vehicle_id, Route(on_shift(row, None, None)))
        ends = [] if route.vehicle.end is None else [route.vehicle.end]
        places = [route.vehicle.start, *places_ahead(route, plan), *ends]
        return self.here.travel[row.profile].length_m(places)

    async def drivers(self) -> dict[str, str | None]:
        """Return who has taken over each vehicle."""
        async with self.database.reading() as connection:
            rows = await fleet.all_vehicles(connection, self.area)
        return {row.id: row.driver for row in rows}

    def _vehicle(
        self, day: Day, plan: Plan, row: VehicleRow, drivers: Mapping[str, str | None]
    ) -> VehiclePlanView:
        here, route = self.here, plan.routes.get(row.id)
        if route is None:  # it is out
            route = Route(on_shift(row, None, None))
            plan = plan.with_route(route)
        seen = self._seen.get(row.id, Seen())
        ahead, way = next_place(route, plan), None
        if ahead is not None:
            way = here.travel[row.profile].path(route.vehicle.start, ahead)
            seen = replace(seen, path=() if way is None else tuple(way.lonlats))
        vehicle = replace(row, driver=drivers.get(row.id))
        view = vehicle_view(here.names, vehicle, day, plan, here.travel, seen)
        if way is None:
            return view
        first = min(
            [stop.planned for stop in view.stops[:1]] + [rest.since for rest in view.rests[:1]]
        )
        leaves = first - way.duration_s
        return replace(view, due=tuple(leaves + after_s for after_s in way.times_s))
