"""A simulated taxi: asks for its job, drives the roads, and taps what its driver would tap.

It leaves for a pick-up in time and not before, waits for the promised time, and takes its riders
straight on.  While a person has taken the vehicle over it drives, and leaves the tapping to them.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import count
from math import atan2, cos, degrees, radians
from typing import Protocol

from maas.demo.gazetteer import randomness
from maas.demo.radio import Device, Fix, Json
from maas.demo.terminal import Terminal

TICK_S = 1.0
"""Real seconds between two positions of a vehicle."""
ASK_TICKS = 3
"""A driving vehicle asks for its job this seldom, a standing one at each tick."""
MOST_AT_ONCE = 8
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


def slowness(vehicle: int, leg: int) -> float:
    """Return how much slower than planned a leg is: hardly, and now and then a lot."""
    drawn = randomness(5, vehicle, leg)
    return 0.96 + 0.08 * float(drawn.random()) + (0.25 if drawn.random() < 0.03 else 0.0)


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
    begins: time = time(8)
    """When its driver's roll is called."""
    on_duty: date | None = None
    here: Fix = field(init=False)
    target: tuple[float, float] = field(init=False)
    drive: Drive | None = None
    job: Json = field(default_factory=dict)
    free_at: float = 0.0
    told: tuple[str, float] = ("", 0.0)
    legs: int = 0

    def __post_init__(self) -> None:
        self.here = Fix(*self.depot)
        self.target = self.depot

    async def run(self) -> None:
        """Drive until cancelled."""
        self.free_at = self.clock()
        await asyncio.sleep(0.07 * self.number)
        for ticks in count():
            await self.begin(self.clock())
            if self.drive is None or ticks % ASK_TICKS == 0:
                self.job = await self.device.job() or self.job
            await self.act(self.clock())
            await self.device.report(self.here, self.clock())
            await asyncio.sleep(TICK_S)

    async def begin(self, now: float) -> None:
        """Have the roll called once a day, when the shift begins."""
        local = datetime.fromtimestamp(now, UTC).astimezone(self.terminal.zone)
        due = local.date() != self.on_duty and local.time() >= self.begins
        if due and await self.device.call_roll(f"運転 {self.name}"):
            self.on_duty = local.date()

    async def act(self, now: float) -> None:
        """Do everything that has come due by ``now``, each at its own time.

        On a fast clock a tick is a minute of the day: what happened in it is told with its time,
        so that the speed of the demo does not make its vehicles late.
        """
        for _ in range(MOST_AT_ONCE):
            self._move(now)
            if self.drive is not None or not await self._next(now):
                break

    def _move(self, now: float) -> None:
        if self.drive is None:
            return
        self.here = self.drive.at(now)
        if now >= self.drive.end:
            self.free_at, self.drive = self.drive.end, None
        elif (stop := self.job.get("next")) and _spot(stop) != self.target:
            self._head_for(stop, now, now)

    async def _next(self, now: float) -> bool:
        """Set off or tap, if it is time; whether something was done."""
        stop = self.job.get("next")
        if stop is None:
            return self._rest(now)
        if self.told[0] != _key(stop):
            self.told = _key(stop), now
        if _spot(stop) != self.target:
            return self._head_for(stop, max(self.free_at, self.told[1]), now)
        return await self._serve(stop, now)

    def _head_for(self, stop: Json, start: float, now: float) -> bool:
        """Set off at ``start`` with riders to bring, else in time for the pick-up; if it is due."""
        way = self.find_way(self.here, _spot(stop))
        if way is None:
            return False
        slow = slowness(self.number, self.legs)
        if stop["kind"] == "pickup" and not self.job["on_board"] and self.drive is None:
            start = max(start, when(stop["planned"]) - way.times_s[-1] * slow - EARLY_S)
        if start > now:
            return False
        self.legs += 1
        self.target, self.drive = _spot(stop), Drive(way, start, slow)
        self._warn(stop)
        return True

    def _warn(self, stop: Json) -> None:
        late_s = self.drive.end - when(stop["window_to"]) if self.drive else 0.0
        if late_s > LATE_S:
            minutes = round(late_s / 60)
            rider = f"{stop['rider_name']}さん {_place(stop)}"
            self.terminal.say("late", f"{self.name} {rider} 約束より約{minutes}分遅れの見込み")

    def _rest(self, now: float) -> bool:
        """Go back to the depot after a while without a job."""
        if self.target == self.depot or now < self.free_at + IDLE_S:
            return False
        way = self.find_way(self.here, self.depot)
        if way is not None:
            self.target, self.drive = self.depot, Drive(way, now)
        return way is not None

    async def _serve(self, stop: Json, now: float) -> bool:
        """Do at the stop what the driver does when it is time, unless a person is driving."""
        step, at = self._due(stop)
        if self.job.get("driver") or at > now:
            return False
        answer = await self.device.step(stop["booking_id"], step, at)
        if answer is None:
            self.job = await self.device.job() or self.job
            return False
        self.job, self.free_at = answer, at
        if (after := answer.get("next")) is not None:
            self.told = _key(after), at
        self._tell(stop, step, answer.get("ride"))
        return True

    def _due(self, stop: Json) -> tuple[str, float]:
        """Return the next tap at a stop and when it is due; riders come at the promised time."""
        if stop["kind"] == "dropoff":
            return "dropped", self.free_at + ALIGHTING_S
        if stop["state"] == "planned":
            return "arrived", max(self.free_at, self.told[1])
        ready = max(self.free_at, when(stop["window_from"]) if stop["window_from"] else 0.0)
        if stop["booking_id"] in self.absent:
            return "no_show", ready + NO_SHOW_WAIT_S
        return "aboard", ready + _boarding_s(stop)

    def _tell(self, stop: Json, step: str, ride: Json | None) -> None:
        fare = f" 運賃{ride['fare_yen']}円{'（相乗り）' if ride['shared'] else ''}" if ride else ""
        who = f"{stop['rider_name']}さん（受付 {stop['reference']}）"
        self.terminal.say(step, f"{self.name} {who} {_place(stop)}{fare}")


def _spot(stop: Json) -> tuple[float, float]:
    return stop["place"]["lat"], stop["place"]["lon"]


def _key(stop: Json) -> str:
    return f"{stop['kind']} {stop['booking_id']}"


def _place(stop: Json) -> str:
    place = stop["place"]
    return f"{place['name']}（{place['oaza']}）" if place["kind"] == "home" else str(place["name"])


def _boarding_s(stop: Json) -> float:
    return WHEELCHAIR_BOARDING_S if stop["wheelchairs"] else BOARDING_S
