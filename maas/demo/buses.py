"""A simulated bus: runs its block of the timetable along the trips' lines, a little late."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count

from gtfs.calendar import day_start_epoch
from gtfs.feed import Feed
from gtfs.geo import Line
from maas.demo.gazetteer import randomness
from maas.demo.radio import Device, Fix
from maas.demo.terminal import Terminal
from maas.demo.vehicles import TICK_S

DWELL_S = 15.0
TELL_S = 180.0
PARKED_TICKS = 10


@dataclass(frozen=True, slots=True)
class Run:
    """One trip as it will really go: (epoch seconds, metres along the line) in order."""

    trip_id: str
    headsign: str
    route: str
    line: Line
    knots: Sequence[tuple[float, float]]
    late_s: float

    def at(self, now: float) -> Fix:
        """Return where the bus is; before the start and after the end it stands there."""
        i = min(max(bisect_right(self.knots, (now, 0.0)), 1), len(self.knots) - 1)
        (t0, m0), (t1, m1) = self.knots[i - 1], self.knots[i]
        share = min(1.0, max(0.0, (now - t0) / (t1 - t0))) if t1 > t0 else 1.0
        lat, lon, bearing = self.line.at(m0 + (m1 - m0) * share)
        moving = t0 < now < t1
        return Fix(lat, lon, bearing, (m1 - m0) / (t1 - t0) if moving else 0.0)


def runs_of(feed: Feed, block: str, day: date, zone: str) -> list[Run]:
    """Return the block's trips of a day with their seeded delays, in order."""
    midnight = day_start_epoch(day, zone)
    trips = [trip for trip in feed.trips_on(day) if trip.block_id == block]
    trips.sort(key=lambda trip: feed.stop_times[trip.id][0].departure_s or 0)
    return [_run(feed, trip.id, midnight, number) for number, trip in enumerate(trips)]


def _run(feed: Feed, trip_id: str, midnight: float, number: int) -> Run:
    """Draw how a trip goes: never early, losing some seconds at each stop and making some up."""
    trip, calls = feed.trips[trip_id], feed.stop_times[trip_id]
    drawn = randomness(6, number, *trip_id.encode())
    late_s = 150.0 * float(drawn.random()) ** 2
    knots: list[tuple[float, float]] = []
    for call, along_m in zip(calls, feed.stop_offsets_m(trip_id), strict=True):
        planned = midnight + (call.departure_s or call.arrival_s or 0)
        late_s = max(0.0, late_s + 50.0 * float(drawn.random()) - 20.0)
        leaves = max(planned + late_s, knots[-1][0] + 2 * DWELL_S if knots else 0.0)
        knots += [(leaves - DWELL_S, along_m), (leaves, along_m)]
    route = feed.routes[trip.route_id]
    name = route.short_name or route.long_name
    return Run(trip_id, trip.headsign, name, feed.line(trip_id), knots, late_s)


@dataclass(slots=True)
class Bus:
    """One bus of the simulation with its day's runs."""

    name: str
    number: int
    runs: Sequence[Run]
    device: Device
    clock: Callable[[], float]
    terminal: Terminal

    async def run(self) -> None:
        """Drive the block until cancelled; between trips the bus stands and says so less often."""
        await asyncio.sleep(0.07 * self.number)
        told: set[str] = set()
        for ticks in count():
            now = self.clock()
            run = self._current(now)
            if run is not None:
                moving = run.knots[0][0] <= now < run.knots[-1][0]
                if moving or ticks % PARKED_TICKS == 0:
                    await self.device.report(run.at(now), now, run.trip_id if moving else None)
                self._tell(run, moving, told)
            await asyncio.sleep(TICK_S)

    def _current(self, now: float) -> Run | None:
        """Return the run under way or next, the last one at the end of the day."""
        ahead = (run for run in self.runs if now < run.knots[-1][0])
        return next(ahead, self.runs[-1] if self.runs else None)

    def _tell(self, run: Run, moving: bool, told: set[str]) -> None:  # noqa: FBT001
        if moving and run.late_s > TELL_S and run.trip_id not in told:
            told.add(run.trip_id)
            start, minutes = self.terminal.hour(run.knots[1][0]), round(run.late_s / 60)
            trip = f"{run.route} {start}発 {run.headsign}行き"
            self.terminal.say("late", f"{self.name} {trip} 終点で約{minutes}分遅れの見込み")
