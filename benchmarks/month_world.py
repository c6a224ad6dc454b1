"""The simulated month's clock, vehicles and buses; see ``benchmarks.month``."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from dispatcher.roads import RoadPath, Roads
from gtfs import Feed
from gtfs.calendar import day_start_epoch
from gtfs.geo import distance_m
from maas.rides.connections import Bus, Sighted
from maas.rides.keeper import Keeper
from maas.rides.views import JobView, PlanStopView, Step
from maas.store.database import Database
from maas.store.links import Toward
from maas.store.places import PlaceRow
from maas.town.calendars import clock_words
from maas.town.messages import Text

ZONE = ZoneInfo("Asia/Tokyo")
STEP_S = 10
EARLY_S = 90


@dataclass(slots=True)
class World:
    """A keeper and its clock."""

    keeper: Keeper
    database: Database
    clock: list[float]
    counted: dict[str, int] = field(default_factory=dict)
    pressed: dict[str, float] = field(default_factory=dict)
    """When the button of each open return was pressed."""
    keys: Any = field(default_factory=count)

    @property
    def now(self) -> float:
        """The epoch second it is."""
        return self.clock[0]

    def pass_to(self, epoch: float) -> None:
        """Let time pass; it never goes back."""
        self.clock[0] = max(self.now, epoch)

    def count(self, what: str) -> None:
        """Note that something happened."""
        self.counted[what] = self.counted.get(what, 0) + 1

    def key(self) -> str:
        """Return an idempotency key nobody has used."""
        return f"month-{next(self.keys)}"


# Vehicles


@dataclass(slots=True)
class Cab:
    """A vehicle that does what its job says, at the second it is due."""

    world: World
    name: str
    roads: Roads
    midnight: int
    boarding_s: int
    wheelchair_s: int
    alighting_s: int
    wait_s: int
    absent: set[str]
    ready: Mapping[str, int]
    here: tuple[float, float]
    free_s: float
    spot: tuple[float, float] | None = None
    way: RoadPath | None = None
    began_s: float = 0.0
    told: tuple[str, float] = ("", 0.0)
    version: int = -1
    job: JobView | None = None
    looked_up: tuple[tuple[float, float], tuple[float, float], RoadPath] | None = None

    async def act(self, now_s: float) -> None:
        """Do everything due by `now_s`, in its order."""
        while await self._goes_on(now_s):
            pass

    async def _goes_on(self, now_s: float) -> bool:
        """Drive, turn, set off or tap; whether there may be more to do by now."""
        on_the_way = self._roll(now_s)
        job = await self._present()
        stop = None if job is None else job.next
        if job is None or stop is None:
            return False
        key = f"{stop.kind} {stop.booking_id}"
        if self.told[0] != key:
            self.told = key, max(self.free_s, now_s - STEP_S)
        spot = stop.place.lat, stop.place.lon
        if on_the_way:
            if spot != self.spot:
                self._set_off(spot, now_s)
            return False
        if spot != self.spot:
            return self._head_for(stop, now_s, empty=not job.on_board)
        return await self._serve(stop, now_s)

    async def _present(self) -> JobView | None:
        """Return the job, asked for anew when the vehicle's plan has changed."""
        day = await self.world.keeper.day_of(self.world.keeper.today)
        version = day.plans[self.name].version if self.name in day.plans else 0
        if self.version != version:
            self.version, self.job = version, await self.world.keeper.job(self.name)
        return self.job

    def _roll(self, now_s: float) -> bool:
        """Drive on; whether the vehicle is still on its way."""
        if self.way is None:
            return False
        end_s = self.began_s + self.way.duration_s
        self.here = self._along(min(now_s, end_s) - self.began_s)
        self.world.keeper.on_position(self.name, *self.here, self.midnight + min(now_s, end_s))
        if now_s < end_s:
            return True
        self.free_s, self.way = end_s, None
        return False

    def _along(self, gone_s: float) -> tuple[float, float]:
        assert self.way is not None  # noqa: S101 -- it is on its way
        times_s, spots = self.way.times_s, self.way.lonlats
        i = min(max(bisect_right(times_s, gone_s), 1), len(times_s) - 1)
        span_s = times_s[i] - times_s[i - 1]
        share = min(1.0, (gone_s - times_s[i - 1]) / span_s) if span_s > 0 else 1.0
        (lon0, lat0), (lon1, lat1) = spots[i - 1], spots[i]
        return lat0 + share * (lat1 - lat0), lon0 + share * (lon1 - lon0)

    def _head_for(self, stop: PlanStopView, now_s: float, *, empty: bool) -> bool:
        """Set off, with nobody on board only in time for the pick-up; whether it did."""
        spot = stop.place.lat, stop.place.lon
        start_s = max(self.free_s, self.told[1])
        if stop.kind == "pickup" and empty:
            planned_s = stop.planned - self.midnight
            start_s = max(start_s, planned_s - self._path(spot).duration_s - EARLY_S)
        if start_s > now_s:
            return False
        self._set_off(spot, start_s)
        return True

    def _set_off(self, spot: tuple[float, float], at_s: float) -> None:
        self.spot, self.way, self.began_s = spot, self._path(spot), at_s

    def _path(self, spot: tuple[float, float]) -> RoadPath:
        if self.looked_up is not None and self.looked_up[:2] == (self.here, spot):
            return self.looked_up[2]
        found = self.roads.path(self.roads.snap(*self.here).anchor, self.roads.snap(*spot).anchor)
        if found is None:
            raise RuntimeError(f"no road from {self.here} to {spot}")
        self.looked_up = self.here, spot, found
        return found

    async def _serve(self, stop: PlanStopView, now_s: float) -> bool:
        step, due_s = self._due(stop)
        if due_s > now_s:
            return False
        answer = await self.world.keeper.step(
            self.name, stop.booking_id, step, at=self.midnight + due_s,
            key=self.world.key(), actor=self.name,
        )  # fmt: skip
        self.free_s = due_s
        if not isinstance(answer, JobView):
            raise TypeError(f"{step} of {stop.reference} refused: {answer}")
        self.world.count(step)
        return True

    def _due(self, stop: PlanStopView) -> tuple[Step, float]:
        if stop.kind == "dropoff":
            return "dropped", self.free_s + self.alighting_s
        if stop.state == "planned":
            return "arrived", max(self.free_s, self.told[1])
        ready_s = max(self.free_s, self.ready.get(stop.booking_id, 0))
        ready_s = max(ready_s, (stop.window_from or self.midnight) - self.midnight)
        if stop.booking_id in self.absent:
            return "no_show", ready_s + self.wait_s
        return "aboard", ready_s + (self.wheelchair_s if stop.wheelchairs else self.boarding_s)


# Buses


@dataclass(frozen=True, slots=True)
class LateBuses:
    """The town's buses as they will run, and what is known of them at each moment."""

    feed: Feed
    seed: int

    def late_s(self, trip_id: str, day: date) -> int:
        """Return how late a trip is all the way: mostly hardly, one in ten badly."""
        choose = random.Random(f"{self.seed}/{trip_id}/{day}")
        worst_s = choose.choices((90, 600, 1500), (6, 3, 1))[0]
        return choose.randrange(worst_s)

    def bus(self, trip_id: str, stop_id: str, day: date, toward: Toward) -> Bus | None:
        """See ``maas.rides.connections.BusTimes``."""
        calls = self.feed.stop_times[trip_id] if self._runs(trip_id, day) else ()
        for call in calls:
            at_s = call.departure_s if toward == "to_bus" else call.arrival_s
            if call.stop_id == stop_id and at_s is not None:
                stop, sign = self.feed.stops[stop_id], self.feed.trips[trip_id].headsign
                name = Text(f"{clock_words(at_s)} {sign}行き", f"{clock_words(at_s)} {sign}")
                return Bus(trip_id, stop_id, at_s, name, stop.lat or 0.0, stop.lon or 0.0)
        return None

    def sighted(self, bus: Bus, day: date, toward: Toward, now: float) -> Sighted:
        """Return nothing before a bus has left its first stop, then how late it is."""
        del toward
        first_s = self.feed.stop_times[bus.trip_id][0].departure_s or 0
        late_s = self.late_s(bus.trip_id, day)
        left = now >= day_start_epoch(day, ZONE) + first_s + late_s
        return Sighted(bus.at_s + late_s) if left else Sighted()

    def after(self, bus: Bus, day: date, toward: Toward, at_s: int) -> Bus | None:
        """Return the next bus of the same route at the stop."""
        trip = self.feed.trips[bus.trip_id]
        found = [
            following
            for other, call in self.feed.calls_at(bus.stop_id, day)
            if other.route_id == trip.route_id and other.direction_id == trip.direction_id
            and (call.departure_s or 0) >= at_s
            and (following := self.bus(other.id, bus.stop_id, day, toward)) is not None
        ]  # fmt: skip
        return found[0] if found else None

    def any_call(self, choose: random.Random, day: date) -> tuple[str, str, int]:
        """Return a trip of the day, one of its stops on the way, and when it is there."""
        trip = choose.choice(self.feed.trips_on(day))
        call = choose.choice(self.feed.stop_times[trip.id][1:-1])
        return trip.id, call.stop_id, call.departure_s or 0

    def _runs(self, trip_id: str, day: date) -> bool:
        return self.feed.trips[trip_id].service_id in self.feed.services_on(day)


def stop_places(feed: Feed, places: Iterable[PlaceRow]) -> dict[str, int]:
    """Return the place of the town that is each stop of the timetable."""
    stops = [place for place in places if place.kind == "stop"]
    found = {}
    for stop in feed.stops.values():
        lat, lon = stop.place or (0.0, 0.0)
        apart_m = [distance_m(place.lat, place.lon, lat, lon) for place in stops]
        found[stop.id] = stops[apart_m.index(min(apart_m))].id
    return found
