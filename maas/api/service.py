"""What the endpoints may use: the parts of one running server, put together by `maas.app`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection

from busloc import Hub, Malformed, Ping, Region, Verdict
from busloc.io.history import History
from busloc.io.stream import Admission
from dispatcher.roads import Roads
from maas.api.problems import Problem
from maas.arrivals import Arrivals
from maas.auth.devices import Roster
from maas.auth.staff import Person
from maas.auth.throttle import Throttle
from maas.buses import Buses
from maas.clock import Clock, service_day
from maas.directory import Directory, follow
from maas.editions import Editions, read_bytes
from maas.joined import Joined
from maas.journeys import Planner
from maas.link.courier import Courier
from maas.notify.post import Post
from maas.parts import Part
from maas.records.ridership_rows import Read
from maas.records.studies import Studies, runs
from maas.rides.closures import Closures
from maas.rides.keeper import Keeper
from maas.rides.travel import Drives
from maas.rides.views import BookingView
from maas.settings import Settings
from maas.store import bookings, fleet, riding, towns
from maas.store.database import Database
from maas.store.fleet import DeviceRow
from maas.store.towns import TownRow

if TYPE_CHECKING:
    from busloc.io.mqtt import MqttListener

DEFAULT_TIMEZONE = "Asia/Tokyo"
READY = frozenset({"ok", "absent", "alone", "away", "cut off"})
"""States of a part with which the service can do its work."""
ROSTER_MIN_S = 0.25
"""A token nobody knows has the devices read anew, but not more often than this."""


_NOT_ITS_OWN: Final = frozenset({Verdict.FORBIDDEN, Verdict.UNKNOWN_VEHICLE})


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
    buses: Buses
    region: Region
    timezone: str
    closures: Closures
    history: History
    part: Part = Part.ALL
    town: TownRow | None = None
    rules_mark: tuple[int, int] | None = None
    """What `towns.rules_mark` was when the keepers read the rules."""
    directory: Directory = field(default_factory=Directory)
    roads: Mapping[str, Roads] = field(default_factory=dict)
    keepers: Mapping[str, Keeper] = field(default_factory=dict)
    joined: Joined | None = None
    mqtt: MqttListener | None = None
    post: Post | None = None
    courier: Courier | None = None
    arrivals: Arrivals = field(default_factory=Arrivals)
    accuracy: dict[tuple[str | None, str | None, int], tuple[float, object]] = field(
        default_factory=dict
    )
    """The reports on accuracy made lately: of which route, stop and days, and when."""
    ridership: dict[tuple[str, date, date], tuple[float, Read]] = field(default_factory=dict)
    """The periods read lately for the ridership pages: of which area and days, and when."""
    edition: int | None = None
    planner: Planner = field(default_factory=Planner)
    kernels: str = "compiling"
    """`absent` in a part that computes nothing."""
    throttle: Throttle = field(default_factory=Throttle)
    host_throttle: Throttle = field(default_factory=lambda: Throttle(limit=50))
    begun_throttle: Throttle = field(default_factory=lambda: Throttle(limit=200))
    """What one address begins at the door."""
    code_throttle: Throttle = field(default_factory=lambda: Throttle(limit=20))
    link_throttle: Throttle = field(default_factory=lambda: Throttle(limit=20))
    """Wrong links from one address."""
    ask_throttle: Throttle = field(default_factory=lambda: Throttle(limit=60))
    """Questions and commands by one rider's link."""
    roster: Roster = field(default_factory=lambda: Roster(b""))
    roster_at_s: float = float("-inf")
    listeners: Admission = field(default_factory=Admission)
    real_now: Callable[[], float] = time.time
    studies: Studies = field(init=False)

    def __post_init__(self) -> None:
        """Have somebody who works on what-if studies."""
        self.studies = Studies(self.database, runs(self.settings.ray))

    @property
    def road_facts(self) -> Mapping[str, Any]:
        """What the road network says of itself, empty without one."""
        return next((roads.network.meta for roads in self.roads.values()), {})

    @property
    def network_id(self) -> str:
        """The road network's name in anchors, empty without one."""
        return str(self.road_facts.get("id", ""))

    def led(self) -> set[str]:
        """Return the areas in which this process does what is due."""
        return {area for area, keeper in self.keepers.items() if keeper.leads}

    def today(self) -> date:
        """Return the service's calendar day."""
        return service_day(self.clock(), self.timezone)

    async def take_edition(self) -> None:
        """Run the buses by the edition of the timetable that is in force, if there is one."""
        editions = Editions(self.database)
        current, _ = await editions.on(self.today())
        if current is None or current.id == self.edition:
            return
        data = await editions.zip(current.id)
        if data is not None:
            feed = await asyncio.to_thread(read_bytes, data)
            self.buses.take_timetable(feed)
            self.edition = current.id

    def rider(self, rider_id: int | None) -> int | None:
        """Return the member that a card stands for now: another one when it was merged."""
        row = self.directory.member_by_id.get(rider_id or 0)
        return rider_id if row is None else row.id

    def area_of(self, person: Person, asked: str | None) -> str | None:
        """Return the area a person may look at, None for all; raises the problem 403."""
        if person.area is not None and asked not in {None, person.area}:
            raise Problem("forbidden")
        return asked or person.area

    async def device_by_token(self, token: str) -> DeviceRow | None:
        """Return the device a bearer token speaks for, None when unknown, too old or revoked."""
        found = self.roster.by_token(token, self.real_now())
        if found is None and time.monotonic() - self.roster_at_s > ROSTER_MIN_S:
            await self.read_roster()  # it may have been enrolled a moment ago, or elsewhere
            found = self.roster.by_token(token, self.real_now())
        return found

    async def read_roster(self) -> None:
        """Read anew which devices may report."""
        self.roster_at_s = time.monotonic()
        async with self.database.reading() as db:
            self.roster.take(await fleet.all_devices(db, revoked_too=False))

    def accept_from(
        self, device: DeviceRow, items: Sequence[Ping | Malformed]
    ) -> Sequence[Verdict]:
        """Take in the pings of a device, which may report its own vehicle alone."""
        last = items[-1] if items else None
        if isinstance(last, Ping):
            self.roster.note(device.id, last.boot, self.real_now())
        return self.accept(frozenset((device.vehicle_id,)), items)

    def accept_named(self, device_id: str, items: Sequence[Ping | Malformed]) -> None:
        """Take in what a broker brought from a device, unless it is unknown or revoked."""
        device = self.roster.device(device_id)
        if device is None:
            self.buses.live.gate.counts[Verdict.FORBIDDEN] += len(items)
        else:
            self.accept_from(device, items)

    def accept(
        self, allowed: frozenset[str] | None, items: Sequence[Ping | Malformed]
    ) -> Sequence[Verdict]:
        """Take in pings; where rides' vehicles are their keepers learn at once."""
        now = self.clock()
        verdicts = self.buses.live.accept(allowed, items, now)
        if Verdict.LIVE in verdicts and self.keepers:
            for item, verdict in zip(items, verdicts, strict=True):
                if verdict is Verdict.LIVE and isinstance(item, Ping):
                    self._tell_keeper(item.vehicle)
        elif self.keepers:
            mine = (item for item, verdict in zip(items, verdicts, strict=True)
                    if isinstance(item, Ping) and verdict not in _NOT_ITS_OWN)  # fmt: skip
            for vehicle in {item.vehicle for item in mine}:
                if keeper := self.keepers.get(self.directory.ride_areas.get(vehicle, "")):
                    keeper.on_heard(vehicle, now)
        return verdicts

    def _tell_keeper(self, vehicle: str) -> None:
        keeper = self.keepers.get(self.directory.ride_areas.get(vehicle, ""))
        track = self.buses.live.track(vehicle)
        if keeper is not None and track is not None:
            ping = track.ping  # its time is put right
            keeper.on_position(vehicle, ping.lat, ping.lon, ping.t, bearing=ping.bearing)

    def keeper(self, area: str | None, person: Person | None = None) -> Keeper:
        """Return the keeper of an area, by default the person's own or the first.

        Raises the problem that there is none, or that it is not the area of `person`.
        """
        asked = self.area_of(person, area) if person else area
        if not self.keepers:
            raise Problem("no-town" if self.town is None else "no-roads")
        name = asked or next(iter(self.keepers))
        if name not in self.keepers:
            raise Problem("not-found")
        return self.keepers[name]

    async def keeper_of_booking(self, booking_id: str, person: Person) -> Keeper:
        """Return the keeper of a booking's area, or raise the problem 404 or 403."""
        async with self.database.reading() as db:
            row = await bookings.booking(db, booking_id)
        if row is None:
            raise Problem("not-found")
        return self.keeper(row.area_id, person)

    async def keeper_of_vehicle(self, vehicle_id: str) -> Keeper:
        """Return the keeper of a vehicle's area, or raise the problem 404."""
        async with self.database.reading() as db:
            row = await fleet.vehicle(db, vehicle_id)
        if row is None:
            raise Problem("not-found")
        return self.keeper(row.area_id)

    async def refresh_people(self) -> None:
        """Take in members, places and vehicles that were changed here or by another process."""
        before = self.directory
        found = await follow(self.database, before)
        if found.seq <= self.directory.seq:
            return
        self.directory = found
        if not found.same_town(before):
            for keeper in self.keepers.values():
                await keeper.refresh()
            return
        rows = found.riders.others_than(before.riders)
        homes = [found.place_by_id[row.home_place_id] for row in rows if row.home_place_id]
        for keeper in self.keepers.values():
            keeper.know(rows, homes)

    async def refresh_rules(self) -> None:
        """Have the keepers read the rules anew when they were changed, here or elsewhere."""
        async with self.database.reading() as db:
            mark = await towns.rules_mark(db)
        if mark != self.rules_mark:
            for keeper in self.keepers.values():
                await keeper.refresh()
            self.rules_mark = mark

    async def next_bookings(self, member_ids: Sequence[int]) -> dict[int, BookingView]:
        """Return the next open booking from today on of each rider who has one."""
        async with self.database.reading() as db:
            rows = await riding.upcoming(db, member_ids, self.today())
        found = {}
        for member_id, (area, day, booking_id) in rows.items():
            keeper = self.keepers.get(area)
            for booking in await keeper.these(day, [booking_id]) if keeper else ():
                found[member_id] = booking
        return found

    async def parts(self) -> dict[str, str]:
        """Return the state of each part: one of `READY`, or what is wrong with it."""
        return {
            "database": await self._database_state(),
            "town": "ok" if self.town else "absent",
            "roads": "ok" if self.roads else "absent",
            "timetable": "ok" if self.buses.feeds else "absent",
            "kernels": self.kernels,
            "redis": self._bus_state(),
            "mqtt": "absent" if self.mqtt is None else "ok" if self.mqtt.connected else "away",
            "plan": await self._plan_state() if self.keepers else "absent",
            "search": self._search_state() if self.keepers else "absent",
            "clock": self._clock_state(),
        }

    async def _plan_state(self) -> str:
        """Return `cut off` when all that is wrong with the plans is that roads are closed.

        Somebody on the far side is a matter for the dispatcher, not for whoever runs the server.
        """
        plans = {
            area: wrong for area, keeper in self.keepers.items() if (wrong := await keeper.check())
        }
        if not plans:
            return "ok"
        opened = await asyncio.to_thread(self.closures.under, ())
        for area in plans:
            keeper = self.keepers[area]
            drives = {name: Drives(roads, keeper.here.anchors) for name, roads in opened.items()}
            plans[area] = await keeper.check(drives)
        return "; ".join(f"{area}: {wrong}" for area, all_ in plans.items() for wrong in all_) or (
            "cut off"
        )

    def _search_state(self) -> str:
        """Return `away` while a process that searches dies or hangs: calls are answered without."""
        fates = (fate for keeper in self.keepers.values() for fate in keeper.fates.values())
        return "away" if any(fate.is_away for fate in fates) else "ok"

    def _clock_state(self) -> str:
        """Return by how much the clock is behind what was promised by it or by another's."""
        behind_s = max((keeper.behind_s for keeper in self.keepers.values()), default=0.0)
        return f"{behind_s:.0f} s behind the last promise" if behind_s else "ok"

    def _bus_state(self) -> str:
        """Return `alone` while Redis is away: this process then serves its own listeners.

        A hub alone hears nothing that it could tell them.
        """
        if self.joined is None:
            return "absent"
        if self.joined.bus.connected:
            return "ok"
        return "does not answer" if self.part is Part.HUB else "alone"

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
