"""The course of a trip: where along its way it should be, and when."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gtfs.calendar import day_start_epoch, service_days_around
from gtfs.feed import Feed, StopTime, Trip
from gtfs.geo import Line
from gtfs.times import filled

AT_STOP_M = 50.0
QUARTER_S = 900
"""No time zone's midnight lies within a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Run:
    """One trip on one service day."""

    trip_id: str
    day: date


@dataclass(frozen=True, slots=True)
class Course:
    """A trip's way and times.  Times are service-day seconds, one per call, all filled in.

    ``straight`` says that the way was drawn from stop to stop, for want of a shape.
    """

    trip: Trip
    line: Line
    straight: bool
    calls: tuple[StopTime, ...]
    offsets_m: tuple[float, ...]
    arrive_s: tuple[int, ...]
    depart_s: tuple[int, ...]

    def due_s(self, along_m: float) -> float:
        """Return when the timetable has the vehicle there, between its stops in proportion."""
        i = bisect_right(self.offsets_m, along_m) - 1
        if i < 0:
            return self.depart_s[0]
        if i >= len(self.calls) - 1:
            return self.arrive_s[-1]
        leg_m = self.offsets_m[i + 1] - self.offsets_m[i]
        share = (along_m - self.offsets_m[i]) / leg_m
        return self.depart_s[i] + share * (self.arrive_s[i + 1] - self.depart_s[i])

    def delay_s(self, along_m: float, time_s: float) -> float:
        """Return how late a vehicle is, negative when early, 0 while it waits as planned."""
        i = self._stop_near(along_m)
        if i is None:
            return time_s - self.due_s(along_m)
        arrive_s = float("-inf") if i == 0 else self.arrive_s[i]
        depart_s = self.depart_s[i] if i < len(self.calls) - 1 else self.arrive_s[i]
        return time_s - min(max(time_s, arrive_s), depart_s)

    def leg_m(self, along_m: float) -> float:
        """Return the length of the way between the two calls round a place."""
        i = bisect_right(self.offsets_m, along_m, 1, len(self.calls) - 1)
        return self.offsets_m[i] - self.offsets_m[i - 1]

    def next_call(self, along_m: float) -> int:
        """Return the index of the first call not yet left behind; past the last: their number."""
        return bisect_right(self.offsets_m, along_m - AT_STOP_M)

    def waits(self, along_m: float) -> bool:
        """Say whether a vehicle there is at one of the ends."""
        return along_m <= self.offsets_m[0] + AT_STOP_M or self.ended(along_m)

    def ended(self, along_m: float) -> bool:
        """Say whether a vehicle there has come to the last stop."""
        return along_m >= self.offsets_m[-1] - AT_STOP_M

    def _stop_near(self, along_m: float) -> int | None:
        i = bisect_right(self.offsets_m, along_m - AT_STOP_M)
        near = range(i, bisect_right(self.offsets_m, along_m + AT_STOP_M))
        return min(near, key=lambda k: abs(self.offsets_m[k] - along_m), default=None)


class Timetable:
    """A feed seen as courses, in one time zone."""

    def __init__(self, feed: Feed, tz: ZoneInfo) -> None:
        self.feed = feed
        self._tz = tz
        self.course = lru_cache(maxsize=4096)(self._find_course)
        self.block_runs = lru_cache(maxsize=1024)(self._find_block_runs)
        self.day_start = lru_cache(maxsize=64)(self._find_day_start)
        self.trip_runs = lru_cache(maxsize=4096)(self._find_trip_runs)
        self._days_around = lru_cache(maxsize=1024)(self._find_days_around)
        self._blocks: dict[str, list[Trip]] = {}
        for trip in feed.trips.values():
            if trip.block_id:
                self._blocks.setdefault(trip.block_id, []).append(trip)

    def days_around(self, epoch: float) -> tuple[date, date, date]:
        """Return the service days a vehicle may be on: yesterday, today, and tomorrow's first."""
        return self._days_around(int(epoch // QUARTER_S))

    def runs(self, trip_id: str, day: date) -> bool:
        """Say whether a trip runs on a service day."""
        trip = self.feed.trips.get(trip_id)
        return trip is not None and trip.service_id in self.feed.services_on(day)

    def _find_days_around(self, quarter: int) -> tuple[date, date, date]:
        yesterday, today = service_days_around(quarter * QUARTER_S, self._tz)
        return yesterday, today, today + timedelta(days=1)

    def _find_trip_runs(self, trip_id: str, day: date) -> tuple[Run, ...]:
        """Return a trip's run on a service day, none on a day it does not run."""
        return (Run(trip_id, day),) if self.runs(trip_id, day) else ()

    def _find_day_start(self, day: date) -> int:
        return day_start_epoch(day, self._tz)

    def _find_course(self, trip_id: str) -> Course | None:
        """Return a trip's course, ``None`` when it has fewer than two timed stops on the ground."""
        calls = tuple(self.feed.stop_times.get(trip_id, ()))
        if trip_id not in self.feed.trips or len(calls) < 2:
            return None
        try:
            offsets_m = self.feed.stop_offsets_m(trip_id)
        except ValueError:
            return None
        arrive_s = filled([call.arrival_s for call in calls], offsets_m)
        depart_s = filled([call.departure_s for call in calls], offsets_m)
        if arrive_s is None or depart_s is None:
            return None
        trip = self.feed.trips[trip_id]
        straight = trip.shape_id not in self.feed.shapes or not self.feed.follows_shape(trip_id)
        line = self.feed.line(trip_id)
        return Course(trip, line, straight, calls, offsets_m, arrive_s, depart_s)

    def _find_block_runs(self, block_id: str, day: date) -> tuple[Run, ...]:
        """Return a duty's trips of a service day, in the order they are driven."""
        started = [
            (course.depart_s[0], trip.id)
            for trip in self._blocks.get(block_id, ())
            if self.runs(trip.id, day) and (course := self.course(trip.id)) is not None
        ]
        return tuple(Run(trip_id, day) for _, trip_id in sorted(started))
