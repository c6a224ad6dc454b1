"""What the endpoints may use: the parts of one running server, put together by `maas.app`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection

from busloc.hub import Hub
from maas.api.problems import Problem
from maas.auth.throttle import Throttle
from maas.clock import Clock
from maas.rides.keeper import Keeper
from maas.settings import Settings
from maas.store import bookings, fleet
from maas.store.database import Database
from maas.store.towns import TownRow

DEFAULT_TIMEZONE = "Asia/Tokyo"


@dataclass(slots=True)
class Service:
    """One running server.  `clock` is the service's time, `real_now` the wall's.

    `town` is None before one is imported; `keepers` (by area) is empty without a road network.
    """

    settings: Settings
    clock: Clock
    database: Database
    registry: CollectorRegistry
    hub: Hub
    town: TownRow | None = None
    keepers: Mapping[str, Keeper] = field(default_factory=dict)
    throttle: Throttle = field(default_factory=Throttle)
    real_now: Callable[[], float] = time.time

    @property
    def timezone(self) -> str:
        """The time zone of the town."""
        return self.town.timezone if self.town else DEFAULT_TIMEZONE

    def keeper(self, area: str | None) -> Keeper:
        """Return the keeper of an area (None: the first), or raise the problem that it has none."""
        if not self.keepers:
            raise Problem("no-town" if self.town is None else "no-roads")
        name = area if area is not None else next(iter(self.keepers))
        if name not in self.keepers:
            raise Problem("not-found")
        return self.keepers[name]

    async def keeper_of_booking(self, booking_id: str) -> Keeper:
        """Return the keeper of a booking's area, or raise the problem 404."""
        async with self.database.reading() as db:
            row = await bookings.booking(db, booking_id)
        if row is None:
            raise Problem("not-found")
        return self.keeper(row.area_id)

    async def keeper_of_vehicle(self, vehicle_id: str) -> Keeper:
        """Return the keeper of a vehicle's area, or raise the problem 404."""
        async with self.database.reading() as db:
            row = await fleet.vehicle(db, vehicle_id)
        if row is None:
            raise Problem("not-found")
        return self.keeper(row.area_id)

    async def parts(self) -> dict[str, str]:
        """Return the state of each part: `ok`, `absent`, or what is wrong with it."""
        return {"database": await self._database_state()}

    async def _database_state(self) -> str:
        try:
            await self.database.ping()
        except SQLAlchemyError as error:
            return f"does not answer: {type(error).__name__}"
        return "ok"


def service_of(connection: HTTPConnection) -> Service:
    """Return the running service, or raise the problem 503 while it is starting."""
    service = getattr(connection.app.state, "service", None)
    if not isinstance(service, Service):
        raise Problem("starting")
    return service
