"""The days of an area held in memory, and the one way a change gets into them.

A change is written in one transaction that fails when a vehicle's plan has moved, and only then
followed in memory.  Whatever raises on the way leaves its days in doubt, and a day in doubt is read
from the database before it is used again: SQL is the only truth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final, TypeVar, cast
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

import msgspec

from dispatcher import Fleet, Plan
from dispatcher.check import check
from dispatcher.roads import Anchor, RoadTimes
from gtfs.calendar import seconds_of
from maas.rides.booking import Live
from maas.rides.commit import Asked, Change, commit, load_day
from maas.rides.day import Day, Moment, Planned, as_of, before_event, planned
from maas.rides.show import Reading, Seen
from maas.rides.standing import Standing, load_standing, network_of
from maas.rides.travel import Drives, vehicle_place
from maas.rides.views import KeyConflict, PositionView
from maas.store import bookings as booking_rows
from maas.store import commits, plans
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.database import Database
from maas.store.fleet import VehicleRow
from maas.store.members import MemberRow
from maas.store.places import PlaceRow
from maas.store.positions import latest_positions
from maas.town.messages import say

BELOW_PROMISES: Final = -1
"""The priority of a seat that is only held: it gives way before anybody is told another time."""

RACES: Final = 30
"""How often a change is worked out again before we give up: never, with one keeper an area."""

BEHIND_S: Final = 60.0
"""By so much, in seconds of the service, the clocks of two servers may differ."""

SIGHT_S: Final = 300.0
"""A vehicle unseen for so long may be further away than riders are left untold of."""

Travel = Mapping[str, Drives]

T = TypeVar("T")
A = TypeVar("A")


_FOUND: Final[ContextVar[dict[Hashable, object] | None]] = ContextVar("found", default=None)
"""What was searched for already for the change that is being made."""


class _SearchFirstError(Exception):
    """A change needs a search, during which others may write."""

    def __init__(self, key: Hashable, search: Callable[[], Awaitable[object]]) -> None:
        super().__init__(key)
        self.key = key
        self.search = search


class Held:
    """What an area's keeper holds: days by date, what stands still, where vehicles were seen.

    `roads` has the driving times of every vehicle profile and `network` the id of the network
    they are on (`None`: the roads know); `clock` is the service clock in epoch seconds.
    """

    def __init__(
        self,
        database: Database,
        *,
        area: str,
        roads: Mapping[str, RoadTimes],
        network: str | None,
        clock: Callable[[], float],
    ) -> None:
        self.database = database
        self.area = area
        self.roads = roads
        self.network = network_of(roads) if network is None else network
        self.clock = clock
        self._standing: Standing | None = None
        self._days: dict[date, Day] = {}
        self._planned: dict[date, Planned] = {}
        self._fleets: dict[date, tuple[tuple[object, ...], Fleet]] = {}
        self._doubtful: set[date] = set()
        self._read: set[date] = set()
        """The days that what is being worked out was read from."""
        self._writing = asyncio.Lock()
        self._calls: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._news = asyncio.Event()
        self._seen: dict[str, Seen] = {}
        self._told_at = 0.0

    async def refresh(self) -> None:
        """Read places, members, vehicles and rules anew, after an import or a registration."""
        self._standing = await load_standing(self.database, self.area, self.roads, self.network)
        for vehicle_id, seen in self._seen.items():
            if seen.position is not None:
                self._anchor(vehicle_id, seen.position.lat, seen.position.lon)

    @property
    def today(self) -> date:
        """The service day it is now."""
        zone = ZoneInfo(self.here.names.timezone)
        return datetime.fromtimestamp(self.clock(), UTC).astimezone(zone).date()

    @property
    def here(self) -> Standing:
        """What stands still: rules, names, vehicles and driving times."""
        if self._standing is None:
            raise RuntimeError("the keeper has not been started")
        return self._standing

    async def day_of(self, day: date) -> Day:
        """Return the rows of a day as they are now."""
        return await self._day(day)

    async def _day(self, day: date) -> Day:
        """Return a day that is not in doubt, reading it when it is or is not known yet."""
        if day in self._days and day not in self._doubtful:
            return self._days[day]
        async with self._writing:
            return await self._day_while_writing(day)

    async def _day_while_writing(self, day: date) -> Day:
        self._read.add(day)
        if day not in self._days or day in self._doubtful:
            held = await load_day(self.database, self.area, day)
            if any(row.pickup_id not in self.here.names.places for row in held.bookings.values()):
                await self.refresh()  # a place that another process has registered
            self._days[day] = held
            self._doubtful.discard(day)
            self._heard(held.promises.values())
        return self._days[day]

    async def _follow(self, days: Collection[date]) -> bool:
        """Look whether another process has written days that are held; they are in doubt then."""
        for day in days:
            async with self.database.reading() as connection:
                versions = await plans.versions_on(connection, self.area, day)
            if versions != {id_: row.version for id_, row in self._days[day].plans.items()}:
                self._doubtful.add(day)
        return not self._doubtful.isdisjoint(days)

    def _heard(self, promises: Iterable[PromiseRow]) -> None:
        self._told_at = max(self._told_at, *(row.told_at for row in promises), 0.0)

    @property
    def behind_s(self) -> float:
        """By how much the clock is behind a promise that was told already, 0 when it is not.

        Then nothing may be promised here: it would be in a past that others have seen go by.
        """
        behind_s = self._told_at - self.clock()
        return behind_s if behind_s > BEHIND_S else 0.0

    def moment_of(self, day: Day) -> Moment | None:
        """Return the moment it is, `None` on another day than today."""
        if day.day != self.today:
            return None
        rule = self.here.rules.booking_on(day.day)
        places = {
            row.id: vehicle_place(row.row) for row in self.here.taxis if self._is_newer(row, day)
        }
        waiting = frozenset(id_ for id_, row in day.bookings.items() if row.state == "arrived")
        held = frozenset(id_ for id_, row in day.bookings.items() if row.state == "held")
        divert_until_s = rule.divert_until_s if rule else 0
        return Moment(self._now_s(day.day), places, waiting, divert_until_s, held)

    def _is_newer(self, vehicle: VehicleRow, day: Day) -> bool:
        """Whether a vehicle's last fix is of this day, and newer than the last stop it finished."""
        seen = self._seen.get(vehicle.id)
        if seen is None or seen.position is None:
            return False
        since_s = day.plan_row(vehicle.id).free_s or 0
        return seen.position.ts >= self.here.names.epoch(day.day, since_s)

    def _now_s(self, day: date) -> int:
        return seconds_of(self.clock(), day, self.here.names.timezone)

    def plan_as_written(self, day: Day) -> Plan:
        """Return the plan as its rows have it, made anew only where they have changed."""
        made = planned(day, self.here.taxis, self._planned.get(day.day))
        self._planned[day.day] = made
        return made.plan

    def fleet_of(self, live: Live) -> Fleet:
        """Return a plan made ready for quotes; what has not changed since the last is taken over.

        With other roads, or places that lie elsewhere, everything is made ready anew.
        """
        day, on = live.day.day, (self._standing, *(each.version for each in self.roads.values()))
        before = self._fleets.get(day)
        known = before[1] if before is not None and before[0] == on else None
        if known is None or known.plan is not live.plan:
            known = Fleet(live.plan, live.travel) if known is None else known.at(live.plan)
            self._fleets[day] = on, known
        return known

    def _plan(self, day: Day) -> Plan:
        plan, moment = self.plan_as_written(day), self.moment_of(day)
        return plan if moment is None else as_of(plan, moment, self.here.travel)

    def _live(self, day: Day, actor: str = "") -> Live:
        here, now = self.here, self.clock()
        now_s = self._now_s(day.day)
        return Live(here.names, here.travel, day, self._plan(day), now, now_s, actor)

    def before(self, day: Day, touched: Collection[str], travel: Travel | None = None) -> Plan:
        """Return the plan that an event about `touched` vehicles is worked out on.

        `travel` are the driving times then, `None` those of now.
        """
        plan, moment = _held_last(self.plan_as_written(day), day), self.moment_of(day)
        if moment is None:
            return plan
        return before_event(plan, moment, travel or self.here.travel, touched)

    def position_of(self, vehicle_id: str) -> PositionView | None:
        """Return where a vehicle was last seen, `None` when it never was."""
        return self._seen.get(vehicle_id, Seen()).position

    def know(self, members: Iterable[MemberRow] = (), places: Iterable[PlaceRow] = ()) -> None:
        """Take in members and places that are new, or others than they were."""
        here, known = self.here, list(places)
        names = replace(
            here.names,
            members={**here.names.members, **{row.id: row for row in members}},
            places={**here.names.places, **{row.id: row for row in known}},
        )
        for row in known:
            here.anchors.put(row.id, None if row.anchor is None else Anchor.parse(row.anchor))
        self._standing = replace(here, names=names)

    async def _know(self, place_ids: Sequence[int], member_id: int | None) -> None:
        """Read the names anew when one is asked for that was registered since."""
        names = self.here.names
        unknown = any(place_id not in names.places for place_id in place_ids)
        if unknown or (member_id is not None and member_id not in names.members):
            await self.refresh()

    async def row_of(self, booking_id: str) -> BookingRow | None:
        """Return a booking as it is now; only while writing."""
        for day in list(self._days):
            row = (await self._day_while_writing(day)).bookings.get(booking_id)
            if row is not None:
                return row
        async with self.database.reading() as connection:
            found = await booking_rows.booking(connection, booking_id)
        if found is None or found.area_id != self.area:
            return None
        return (await self._day_while_writing(found.service_date)).bookings.get(booking_id)

    async def live_of(self, day: date, actor: str = "") -> Live:
        """Return what a decision about a day is made on; only inside the `make` of `once`."""
        return self._live(await self._day_while_writing(day), actor)

    async def once(
        self,
        call: Asked,
        kind: type[A],
        make: Callable[[], Awaitable[Change | T]],
    ) -> A | T | KeyConflict:
        """Make and write a change once for its key, and return its answer as a `kind`.

        `make` is called again when another writer was first, on what is there then.  Whatever it
        returns that is not a change is returned as it is and not remembered, once it is sure that
        it was made of what is on disk: a vehicle does not send again what is refused.
        """
        lost = False

        async def attempt() -> tuple[A | T | KeyConflict] | None:
            nonlocal lost
            if lost and (given := await self._given(call, kind)) is not None:
                return (given,)
            self._read.clear()
            made = await make()
            if not isinstance(made, Change):
                if (given := await self._given(call, kind)) is not None:
                    return (given,)  # its twin was first
                return None if await self._follow(self._read & self._days.keys()) else (made,)
            if not await self._write(made, call):
                lost = True
                return None
            # What is kept is what is answered, now and whenever the key comes again.
            return (msgspec.json.decode(msgspec.json.encode(made.answer), type=kind),)

        # Equal calls wait for each other, so that others need not wait while a key is looked up.
        async with self._calls.setdefault((call.actor, call.key), asyncio.Lock()):
            if (given := await self._given(call, kind)) is not None:
                return given
            return await self._while_writing(attempt)

    async def _given(self, call: Asked, kind: type[A]) -> A | KeyConflict | None:
        """Return what was answered to a call before, `None` when it is new."""
        async with self.database.reading() as connection:
            given = await commits.answer(connection, call.actor, call.key)
        if given is None:
            return None
        if given.parameters != call.parameters:
            return KeyConflict(say("key_reused"))
        return msgspec.json.decode(given.body, type=kind)

    async def looked_at(self, make: Callable[[], Awaitable[T]]) -> T:
        """Return what a change would be, writing nothing; see `once`."""

        async def attempt() -> tuple[T]:
            return (await make(),)

        return await self._while_writing(attempt)

    async def own(self, make: Callable[[], Awaitable[Change | None]]) -> bool:
        """Make and write a change that nobody asked for; False when there is none to make."""

        async def attempt() -> tuple[bool] | None:
            made = await make()
            if made is None:
                return (False,)
            return (True,) if await self._write(made, None) else None

        return await self._while_writing(attempt)

    async def _while_writing(self, attempt: Callable[[], Awaitable[tuple[T] | None]]) -> T:
        """Call `attempt` while nobody else writes until it succeeds; its searches run between."""
        found: dict[Hashable, object] = {}
        before, lost = _FOUND.set(found), 0
        try:
            while lost < RACES:
                try:
                    async with self._writing:
                        done = await attempt()
                except _SearchFirstError as first:
                    found[first.key] = await first.search()
                    continue
                if done is not None:
                    return done[0]
                lost += 1
        finally:
            _FOUND.reset(before)
        raise TimeoutError(f"lost {RACES} races for one change")

    async def elsewhere(self, key: Hashable, search: Callable[[], Awaitable[T]]) -> T:
        """Return what a long search finds, for which no other writer waits.

        Inside the `make` of a change that is given up, the search runs, and `make` is called again:
        what it finds may be of a moment before.  `key` says which search of the change it is.
        """
        found = _FOUND.get()
        if found is None:
            return await search()
        if key not in found:
            raise _SearchFirstError(key, search)
        return cast("T", found[key])

    async def _write(self, change: Change, call: Asked | None) -> bool:
        """Write a change and follow it in memory; False when somebody else was first."""
        days = {row.service_date for row in change.plans}
        days |= {row.service_date for row in change.bookings}
        try:
            kept = await commit(self.database, self.area, change, call)
        except BaseException:
            self._doubtful |= days
            raise
        if not kept:
            self._doubtful |= days
            return False
        for day in days & self._days.keys():
            self._days[day] = change.after(self._days[day])
        self._heard(change.promises)
        self._news.set()
        return True

    async def recall_positions(self) -> None:
        """Begin with where each vehicle was last seen today, whichever process heard it."""
        since, vehicles = self.here.names.epoch(self.today, 0), [row.id for row in self.here.taxis]
        async with self.database.reading() as connection:
            rows = await latest_positions(connection, vehicles, since)
        for row in rows:
            if row.t <= self.clock():  # a demo that begins its day again has seen later ones
                self.on_position(row.vehicle_id, row.lat, row.lon, row.t, bearing=row.bearing)

    def on_position(
        self,
        vehicle_id: str,
        lat: float,
        lon: float,
        now: float,
        *,
        bearing: float | None = None,
    ) -> None:
        """Take where a vehicle is; `now` is the epoch second of the fix, older ones are ignored.

        No fix is of later than it came: one dated by a clock that is ahead would stand against what
        somebody says of the vehicle after it.
        """
        before, now = self._seen.get(vehicle_id, Seen()), min(now, self.clock())
        if before.position is not None and before.position.ts > now:
            return
        self._seen[vehicle_id] = replace(before, position=PositionView(lat, lon, bearing, now))
        self._anchor(vehicle_id, lat, lon)

    def on_heard(self, vehicle_id: str, now: float) -> None:
        """Take that a vehicle's device sends, though nobody can tell from it where it is."""
        before = self._seen.get(vehicle_id, Seen())
        self._seen[vehicle_id] = replace(before, heard_at=now)

    def out_of_sight(self) -> frozenset[str]:
        """Return the vehicles heard of today of which nobody knows where they are by now.

        Their drivers may go by an older plan.  A vehicle without a device is not among them: it is
        where the plan has it, as far as anybody will ever know.
        """
        now, midnight = self.clock(), self.here.names.epoch(self.today, 0)
        found = set()
        for id_, seen in self._seen.items():
            at = 0.0 if seen.position is None else seen.position.ts
            if max(at, seen.heard_at) >= midnight and now - at > SIGHT_S:
                found.add(id_)
        return frozenset(found)

    def on_battery(self, vehicle_id: str, reading: Reading) -> None:
        """Take what is left in a vehicle's battery; a reading older than the last is ignored."""
        before = self._seen.get(vehicle_id, Seen())
        if before.battery is None or before.battery.at <= reading.at:
            self._seen[vehicle_id] = replace(before, battery=reading)

    def battery_of(self, vehicle_id: str) -> Reading | None:
        """Return what was last read of a vehicle's battery, `None` when nobody has."""
        return self._seen.get(vehicle_id, Seen()).battery

    def _anchor(self, vehicle_id: str, lat: float, lon: float) -> None:
        row = self.here.names.vehicles.get(vehicle_id)
        if row is not None and row.profile in self.roads:
            anchor = self.roads[row.profile].snap(lat, lon).anchor
            self.here.anchors.put(vehicle_place(row.row), anchor)

    async def check(self, travel: Travel | None = None) -> list[str]:
        """Return what the independent verifier finds wrong with the live plans; empty is well.

        `travel` are the driving times they are held against, `None` those of now.
        """
        found = []
        for day in sorted(self._days):
            held = await self._day(day)
            faults = check(self._plan(held), travel or self.here.travel)
            found += [f"{day}: {fault}" for fault in faults]
        return found


def _held_last(plan: Plan, day: Day) -> Plan:
    """Return the plan in which an event moves held seats rather than promises."""
    held = {
        id_: replace(each, priority=BELOW_PROMISES)
        for id_, each in plan.requests.items()
        if day.bookings[id_].state == "held"
    }
    return replace(plan, requests={**plan.requests, **held}) if held else plan
