"""A simulated taxi: asks for its job, drives the roads, and taps what its driver would tap.

It leaves for a pick-up in time and not before, waits for the promised time, and takes its riders
straight on.  While a person has taken the vehicle over it drives, and leaves the tapping to them.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import atan2, cos, degrees, radians
from typing import Protocol

from maas.demo.gazetteer import randomness
from maas.demo.radio import Device, Fix, Json
from maas.demo.terminal import Terminal

TICK_S = 1.0
"""Real seconds between two positions of a vehicle."""
ASK_TICKS = 2
EARLY_S = 90.0
LATE_S = 120.0
ALIGHTING_S = 30.0
BOARDING_S = 60.0
WHEELCHAIR_BOARDING_S = 180.0
NO_SHOW_WAIT_S = 330.0
IDLE_S = 25 * 60.0


class Way(Protocol):
    """A drive over the roads, as ``dispatcher.roads`` describes it."""

    @property
    def lonlats(self) -> Sequence[tuple[float, float]]:
        """The vertices."""
        ...

    @property
    def times_s(self) -> Sequence[float]:
        """Seconds from the start at each vertex."""
        ...


FindWay = Callable[[Fix, tuple[float, float]], Way | None]
"""From where a vehicle is to (lat, lon); ``None`` when no road leads there."""


@dataclass(frozen=True, slots=True)
class Drive:
    """A way being driven since ``start``, everything ``slowness`` times as slow as planned."""

    way: Way
    start: float
    slowness: float = 1.0

    @property
    def end(self) -> float:
        """When the vehicle gets there, in epoch seconds."""
        return self.start + self.way.times_s[-1] * self.slowness

    def at(self, now: float) -> Fix:
        """Return where the vehicle is at ``now``."""
        times, spots = self.way.times_s, self.way.lonlats
        passed_s = min(max(0.0, (now - self.start) / self.slowness), times[-1])
        i = min(max(bisect_right(times, passed_s), 1), len(times) - 1)
        if len(times) < 2:
            return Fix(spots[0][1], spots[0][0])
        (lon0, lat0), (lon1, lat1) = spots[i - 1], spots[i]
        span_s = times[i] - times[i - 1]
        share = (passed_s - times[i - 1]) / span_s if span_s > 0 else 1.0
        north, east = (lat1 - lat0) * 111_000, (lon1 - lon0) * 111_000 * cos(radians(lat0))
        moving = now < self.end and span_s > 0
        speed = (north**2 + east**2) ** 0.5 / span_s / self.slowness if moving else 0.0
        bearing = degrees(atan2(east, north)) % 360
        return Fix(lat0 + (lat1 - lat0) * share, lon0 + (lon1 - lon0) * share, bearing, speed)


def when(text: str) -> float:
    """Return the epoch seconds of an instant of the API."""
    return datetime.fromisoformat(text).timestamp()


@dataclass(slots=True)
class Taxi:
    """One vehicle of the demand taxi in the simulation.

    ``absent`` holds the bookings whose riders will not be there.
    """

    name: str
    number: int
    depot: tuple[float, float]
    device: Device
    find_way: FindWay
    clock: Callable[[], float]
    terminal: Terminal
    absent: Collection[str]
    here: Fix = field(init=False)
    target: tuple[float, float] = field(init=False)
    drive: Drive | None = None
    job: Json = field(default_factory=dict)
    reached_at: float = 0.0
    serving: str = ""
    legs: int = 0

    def __post_init__(self) -> None:
        self.here = Fix(*self.depot)
        self.target = self.depot

    async def run(self) -> None:
        """Drive until cancelled."""
        self.reached_at = self.clock()
        await asyncio.sleep(0.07 * self.number)
        ticks = 0
        while True:
            if ticks % ASK_TICKS == 0:
                self.job = await self.device.job() or self.job
            await self._act(self.clock())
            await self.device.report(self.here, self.clock())
            ticks += 1
            await asyncio.sleep(TICK_S)

    async def _act(self, now: float) -> None:
        self._move(now)
        stop = self.job.get("next")
        if stop is None:
            self._rest(now)
            return
        place = stop["place"]["lat"], stop["place"]["lon"]
        if place != self.target or self.serving != _key(stop):
            self._head_for(stop, place, now)
        elif self.drive is None:
            await self._serve(stop, now)

    def _move(self, now: float) -> None:
        if self.drive is None:
            return
        self.here = self.drive.at(now)
        if now >= self.drive.end:
            self.reached_at, self.drive = self.drive.end, None

    def _head_for(self, stop: Json, place: tuple[float, float], now: float) -> None:
        """Set off now with riders on board or to let one out, else in time for the pick-up."""
        if place == self.target and self.drive is None:
            self.serving, self.reached_at = _key(stop), now
            return
        if place == self.target:
            self.serving = _key(stop)
            return
        way = self.find_way(self.here, place)
        if way is None:
            return
        slowness = self._slowness()
        needed_s = way.times_s[-1] * slowness
        hurry = stop["kind"] == "dropoff" or self.job["on_board"] or self.drive is not None
        if hurry or now >= when(stop["planned"]) - needed_s - EARLY_S:
            self.legs += 1
            self.target, self.drive, self.serving = place, Drive(way, now, slowness), _key(stop)
            self._warn(stop)

    def _slowness(self) -> float:
        """Return how much slower than planned this leg is: a little, now and then a lot."""
        drawn = randomness(5, self.number, self.legs)
        return 0.97 + 0.13 * float(drawn.random()) + (0.25 if drawn.random() < 0.03 else 0.0)

    def _warn(self, stop: Json) -> None:
        late_s = self.drive.end - when(stop["window_to"]) if self.drive else 0.0
        if late_s > LATE_S:
            minutes = round(late_s / 60)
            rider = f"{stop['rider_name']}さん {_place(stop)}"
            self.terminal.say("late", f"{self.name} {rider} 約束より約{minutes}分遅れの見込み")

    def _rest(self, now: float) -> None:
        """Go back to the depot after a while without a job."""
        if self.drive is None and self.target != self.depot and now > self.reached_at + IDLE_S:
            way = self.find_way(self.here, self.depot)
            if way is not None:
                self.target, self.drive, self.serving = self.depot, Drive(way, now), ""

    async def _serve(self, stop: Json, now: float) -> None:
        """Do at the stop what the driver does, unless a person is driving."""
        if self.job.get("driver"):
            return
        booking = stop["booking_id"]
        if stop["kind"] == "dropoff":
            if now >= self.reached_at + ALIGHTING_S:
                await self._tap(stop, "dropped")
        elif stop["state"] == "planned":
            await self._tap(stop, "arrived")
        elif booking in self.absent:
            if now >= self._ready_at(stop) + NO_SHOW_WAIT_S:
                await self._tap(stop, "no_show")
        elif now >= self._ready_at(stop) + _boarding_s(stop):
            await self._tap(stop, "aboard")

    def _ready_at(self, stop: Json) -> float:
        """Return when boarding can begin: the rider comes at the promised time."""
        promised = when(stop["window_from"]) if stop["window_from"] else 0.0
        return max(self.reached_at, promised)

    async def _tap(self, stop: Json, step: str) -> None:
        answer = await self.device.step(stop["booking_id"], step)
        if answer is None:
            self.job = await self.device.job() or self.job
            return
        self.job = answer
        if step != "arrived":
            self.reached_at = self.clock()
        ride = answer.get("ride")
        fare = f" 運賃{ride['fare_yen']}円{'（相乗り）' if ride['shared'] else ''}" if ride else ""
        who = f"{stop['rider_name']}さん（受付 {stop['reference']}）"
        self.terminal.say(step, f"{self.name} {who} {_place(stop)}{fare}")


def _key(stop: Json) -> str:
    return f"{stop['kind']} {stop['booking_id']}"


def _place(stop: Json) -> str:
    place = stop["place"]
    return f"{place['name']}（{place['oaza']}）" if place["kind"] == "home" else str(place["name"])


def _boarding_s(stop: Json) -> float:
    return WHEELCHAIR_BOARDING_S if stop["wheelchairs"] else BOARDING_S
