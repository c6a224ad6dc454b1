"""Bookings and rides as the database has them, in the shape the screens show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.directory import Directory
from maas.rides.show import Names, booking_view, ride_view
from maas.rides.views import BookingView, RideView
from maas.store import bookings, rides
from maas.store.bookings import BookingRow
from maas.store.database import Database
from maas.town.imports import area_rules


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads of one moment, with the names of one directory; `area` None reads every area."""

    database: Database
    directory: Directory
    timezone: str

    async def bookings_on(
        self, day: date, area: str | None, state: str | None
    ) -> list[BookingView]:
        """Return the bookings of a service day by pick-up."""
        async with self.database.reading() as db:
            states = None if state is None else (state,)
            rows = await bookings.bookings_on(db, day, area_id=area, states=states)
            return await self._views(db, rows)

    async def booking(self, booking_id: str) -> BookingView | None:
        """Return one booking, None when there is none."""
        async with self.database.reading() as db:
            row = await bookings.booking(db, booking_id)
            return (await self._views(db, [row]))[0] if row else None

    async def next_booking(self, member_id: int, day: date) -> BookingView | None:
        """Return a member's next open booking from `day` on, None when there is none."""
        async with self.database.reading() as db:
            row = await bookings.next_booking_of(db, member_id, day)
            return (await self._views(db, [row]))[0] if row else None

    async def rides_on(self, day: date, area: str | None) -> list[RideView]:
        """Return the rides of a service day in the order of their drop-offs."""
        async with self.database.reading() as db:
            rows = await rides.rides_on(db, day)
            booked = {row.id: row for row in await bookings.bookings_on(db, day, area_id=area)}
            names = await self._names(db, {row.area_id for row in booked.values()})
        pairs = [(row, booked[row.booking_id]) for row in rows if row.booking_id in booked]
        return [ride_view(names[of.area_id], row, of.reference) for row, of in pairs]

    async def _views(self, db: AsyncConnection, rows: Iterable[BookingRow]) -> list[BookingView]:
        rows = list(rows)
        days = {(row.area_id, row.service_date) for row in rows}
        told = {
            promise.booking_id: promise
            for area, day in days
            for promise in await bookings.promises_on(db, area, day)
        }
        names = await self._names(db, {row.area_id for row in rows})
        return [booking_view(names[row.area_id], row, told[row.id]) for row in rows]

    async def _names(self, db: AsyncConnection, areas: Iterable[str]) -> dict[str, Names]:
        known = self.directory
        return {
            area: Names(
                area=area,
                timezone=self.timezone,
                places=known.place_by_id,
                members=known.member_by_id,
                vehicles={vehicle.id: vehicle for vehicle in known.vehicles},
                tariff_on=(await area_rules(db, area)).tariff_on,
            )
            for area in areas
        }
