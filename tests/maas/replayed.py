"""A day of a timetable driven by simulated buses with noise, and its realtime messages."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from busloc import Hub, LiveMap, Ping
from gtfs import Feed
from gtfs.calendar import day_start_epoch
from maas.realtime import Realtime

FIX_S = 10
NOISE_M = 8.0
DEGREE_M = 111_195.0


@dataclass(frozen=True)
class Drive:
    """One trip as it is driven: epoch seconds and metres along its line, in order."""

    vehicle: str
    trip: str
    knots: tuple[tuple[float, float], ...]

    def along_m(self, t: float) -> float | None:
        """Return the place at an instant, None before it shows up and after it has gone."""
        if not self.knots[0][0] - 60 <= t <= self.knots[-1][0] + 60:
            return None
        for (t0, m0), (t1, m1) in zip(self.knots, self.knots[1:], strict=False):
            if t <= t1:
                share = min(1.0, max(0.0, (t - t0) / max(1.0, t1 - t0)))
                return m0 + share * (m1 - m0)
        return self.knots[-1][1]


def dice_of(seed: int) -> random.Random:
    """Return dice that fall the same way for a seed."""
    return random.Random(seed)  # noqa: S311 -- noise, no secret


def drives_of(feed: Feed, day: date, zone: ZoneInfo, dice: random.Random) -> list[Drive]:
    """Return the drives of a day: one vehicle a block, or a trip where there is no block."""
    start, found = day_start_epoch(day, zone), []
    for trip in feed.trips_on(day):
        calls, offsets = feed.stop_times[trip.id], feed.stop_offsets_m(trip.id)
        late, knots, last = dice.uniform(-30, 60), [], 0.0
        for i, (call, along_m) in enumerate(zip(calls, offsets, strict=True)):
            planned = start + (call.departure_s or call.arrival_s or 0)
            late += dice.uniform(-25, 30)
            at = max(planned + (max(0.0, late) if i == 0 else late), last + 1)
            knots.append((at, along_m))
            last = at
        found.append(Drive(trip.block_id or f"bus-{trip.id}", trip.id, tuple(knots)))
    return found


def pings_of(feed: Feed, drives: list[Drive], dice: random.Random) -> Iterator[tuple[int, Ping]]:
    """Yield what the buses report, in time order, each with the instant it comes in."""
    first = int(min(drive.knots[0][0] for drive in drives)) - 60
    until = int(max(drive.knots[-1][0] for drive in drives)) + 60
    seq = 0
    for t in range(first, until, FIX_S):
        for drive in drives:
            along_m = drive.along_m(t)
            if along_m is None:
                continue
            lat, lon, bearing = feed.line(drive.trip).at(along_m)
            seq += 1
            yield (
                t,
                Ping(
                    vehicle=drive.vehicle, boot="b", seq=seq, t=float(t),
                    lat=lat + dice.gauss(0, NOISE_M) / DEGREE_M,
                    lon=lon + dice.gauss(0, NOISE_M) / DEGREE_M / 0.82,
                    speed=abs(dice.gauss(7, 2)), bearing=bearing, trip=drive.trip,
                ),
            )  # fmt: skip


def replayed(
    feed: Feed,
    zone: ZoneInfo,
    pings: Iterator[tuple[int, Ping]],
    *,
    every_s: int = 30,
    duties: Mapping[str, str] | None = None,
    names: Mapping[str, str],
) -> Iterator[tuple[int, Realtime, LiveMap]]:
    """Drive a live map through a day; yield it every half a minute of its clock."""
    clock = [0.0]
    hub = Hub(now=lambda: clock[0], monotonic=lambda: clock[0])
    live = LiveMap(
        hub, region=(-90, -180, 90, 180), tz=zone, feed=feed, names=names, duties=duties or {}
    )
    timetable = live.timetable
    assert timetable is not None
    realtime = Realtime(live, timetable)
    for t, ping in pings:
        clock[0] = clock[0] or t
        while clock[0] < t:
            clock[0] += FIX_S
            live.tick(clock[0])
            realtime.refresh(clock[0])
            hub.flush()
            if clock[0] % every_s == 0:
                yield int(clock[0]), realtime, live
        live.accept(None, [ping], t)
