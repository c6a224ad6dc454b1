"""Drives with known stop events along a timetable's lines, as a receiver would report them.

A bus stands at some stops and goes by others, waits at lights, takes detours that miss stops, and
breaks off.  Its fixes are noisy, the noise drifts, and some are lost.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from busloc.course import Course, Run, Timetable
from busloc.ping import Ping
from gtfs.geo import DEGREE_M

EVERY_S = 5
NOISE_M, DRIFT = 10.0, 0.8
LOST = 0.1
STANDS, DWELL_S = 0.6, (8, 45)
LIGHT_EVERY_M, LIGHT_S = 2500.0, (10, 45)
SPEED_MPS = (7.0, 13.0)
PULL_MPS2 = 1.0
DETOURS, DETOUR_M, BREAKS_OFF = 0.15, 500.0, 0.05
REST_S = 120


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was made: when the bus came and left, in epoch seconds, or when it went by."""

    arrive: float
    depart: float
    passed: bool


@dataclass(slots=True)
class Drive:
    """A run as it was driven: what the receiver sent, and the calls made by their index."""

    run: Run
    pings: list[Ping] = field(default_factory=list)
    made: dict[int, Made] = field(default_factory=dict)


def drive(timetable: Timetable, run: Run, course: Course, rng: random.Random) -> Drive:
    """Return a drive of a run that begins up to five minutes late."""
    start = timetable.day_start(run.day) + course.depart_s[0]
    away = _detour(course, rng)
    end_m = course.line.length_m
    if rng.random() < BREAKS_OFF:
        end_m *= rng.uniform(0.3, 0.9)
    leaves = start + rng.uniform(0, 300)
    places = _places(course, away, end_m, start - 60.0, leaves, rng)
    made = Drive(run)
    east_m = north_m = 0.0
    before_m = -1.0
    stood: dict[int, tuple[float, float]] = {}
    for second, (t, along_m, standing) in enumerate(places):
        for i, offset_m in enumerate(course.offsets_m):
            if not away[0] < offset_m < away[1] and before_m < offset_m <= along_m:
                made.made[i] = Made(t, t, passed=True)
        if standing is not None:
            first, _ = stood.get(standing, (t, t))
            stood[standing] = first, t
        before_m = along_m
        if second % EVERY_S == 0:
            spread = NOISE_M * math.sqrt(1 - DRIFT**2)
            east_m = DRIFT * east_m + rng.gauss(0, spread)
            north_m = DRIFT * north_m + rng.gauss(0, spread)
            if rng.random() >= LOST:
                aside_m = DETOUR_M if away[0] < along_m < away[1] else 0.0
                made.pings.append(_ping(course, run, t, along_m, aside_m, (east_m, north_m)))
    for i, (first, last) in stood.items():
        made.made[i] = Made(first, last, passed=False)
    return made


def _detour(course: Course, rng: random.Random) -> tuple[float, float]:
    """Return from where to where the bus leaves its line, missing a stop or two; often nowhere."""
    calls = len(course.calls)
    if calls < 6 or rng.random() >= DETOURS:
        return math.inf, -math.inf
    i = rng.randrange(1, calls - 3)
    j = min(i + rng.randint(2, 3), calls - 2)
    return course.offsets_m[i] + 120.0, course.offsets_m[j] - 120.0


def _places(
    course: Course, away: tuple[float, float], end_m: float,
    since: float, leaves: float, rng: random.Random,
) -> Iterator[tuple[float, float, int | None]]:  # fmt: skip
    """Yield second by second where the bus is, and the call it stands at."""
    halts = _halts(course, away, end_m, rng)
    t, along_m = since, 0.0
    while t < leaves:
        yield t, along_m, 0
        t += 1
    speed = 0.0
    for halt_m, stand_s, call in halts:
        cruise = rng.uniform(*SPEED_MPS)
        while along_m < halt_m - 0.5:
            slow = math.sqrt(2 * PULL_MPS2 * (halt_m - along_m))
            speed = max(0.8, min(speed + PULL_MPS2, cruise, slow))
            along_m = min(along_m + speed, halt_m)
            yield t, along_m, None
            t += 1
        along_m, speed = halt_m, 0.0
        for _ in range(stand_s):
            yield t, along_m, call
            t += 1


def _halts(
    course: Course, away: tuple[float, float], end_m: float, rng: random.Random
) -> list[tuple[float, int, int | None]]:
    """Return where the bus stands: metres along, seconds, and the call or none."""
    last = len(course.calls) - 1
    halts: list[tuple[float, int, int | None]] = [
        (offset_m, REST_S if i == last else rng.randint(*DWELL_S), i)
        for i, offset_m in enumerate(course.offsets_m)
        if i > 0 and offset_m <= end_m and not away[0] < offset_m < away[1]
        and (i == last or rng.random() < STANDS)
    ]  # fmt: skip
    lights = int(end_m / LIGHT_EVERY_M)
    halts += [(rng.uniform(0, end_m), rng.randint(*LIGHT_S), None) for _ in range(lights)]
    if end_m < course.line.length_m:
        halts.append((end_m, REST_S, None))
    return sorted(halts, key=lambda halt: halt[0])


def _ping(
    course: Course, run: Run, t: float, along_m: float, aside_m: float, noise_m: tuple[float, float]
) -> Ping:
    lat, lon, bearing = course.line.at(along_m)
    right = math.radians(bearing + 90.0)
    east_m = noise_m[0] + aside_m * math.sin(right)
    north_m = noise_m[1] + aside_m * math.cos(right)
    return Ping(
        vehicle="bus", boot="drive", seq=int(t), t=t,
        lat=lat + north_m / DEGREE_M,
        lon=lon + east_m / (DEGREE_M * math.cos(math.radians(lat))),
        trip=run.trip_id,
    )  # fmt: skip
