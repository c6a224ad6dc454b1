"""All the lines of a timetable at once: which of them pass near a place, and what runs on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import cos, radians

import numpy as np
import shapely
from numpy.typing import NDArray

from busloc.course import Course, Run, Timetable
from busloc.match import OFF_ROUTE_M, OFF_STRAIGHT_M
from gtfs.geo import DEGREE_M

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEXT, NEXT_M = 3, 300.0
APART_M = 1e7
"""Farther than any line is long: keeps the offsets of different patterns apart in one array."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where ways pass near a place, in order of pattern and way: parallel arrays.

    ``leg_m`` is the length of the straight piece of line there, ``bearing_rad`` its direction
    clockwise from north.
    """

    pattern: Ints
    along_m: Floats
    off_m: Floats
    leg_m: Floats
    bearing_rad: Floats


class Network:
    """Runs grouped by *pattern*, one way through the same stops, with an index of their ways.

    ``runs`` are in order of pattern and start; those of pattern ``p`` are the ``count[p]`` from
    ``first[p]`` on.  ``starts`` and ``ends`` are their planned times in epoch seconds, ``route``
    numbers their routes.  ``next`` has for each run the ``NEXT`` first ones of its route that are
    due to leave from where it ends once it has ended, -1 where there are no more.
    """

    def __init__(self, timetable: Timetable, runs: Iterable[Run]) -> None:
        """Take the given runs; those that cannot be followed are left out."""
        patterns = _patterns(timetable, runs)
        ordered = [item for pattern in patterns for item in pattern]
        zeros = [timetable.day_start(run.day) for run, _ in ordered]
        courses = [course for _, course in ordered]
        self.runs: tuple[Run, ...] = tuple(run for run, _ in ordered)
        self.count = np.array([len(pattern) for pattern in patterns], dtype=np.int64)
        self.first = np.cumsum(self.count) - self.count
        self._arrive, self._call = _flat([course.arrive_s for course in courses], zeros)
        self._depart, _ = _flat([course.depart_s for course in courses], zeros)
        lasts = self._call + [len(course.calls) - 1 for course in courses]
        self.starts, self.ends = self._depart[self._call], self._arrive[lasts]
        ways = [pattern[0][1] for pattern in patterns]
        routes: dict[str, int] = {}
        numbers = [routes.setdefault(course.trip.route_id, len(routes)) for course in courses]
        self.route = np.array(numbers, dtype=np.int64)
        self.next = _next(ways, self)
        self.length_m = np.array([way.line.length_m for way in ways], dtype=np.float64)
        offsets = [way.offsets_m for way in ways]
        self._offsets, self._offset = _flat(offsets, (APART_M * k for k in range(len(ways))))
        self._calls = np.array([len(way) for way in offsets], dtype=np.int64)
        self._index = _Index(ways)

    @staticmethod
    def of_days(timetable: Timetable, days: Iterable[date]) -> Network:
        """Return the network of everything that runs on the given service days."""
        feed = timetable.feed
        return Network(
            timetable, (Run(trip.id, day) for day in days for trip in feed.trips_on(day))
        )

    def near(self, lat: float, lon: float) -> Places:
        """Return every place where a line passes near enough to hold a vehicle seen here."""
        return self._index.near(lat, lon)

    def runs_at(self, pattern: Ints, along_m: Floats) -> tuple[Ints, Ints, Floats]:
        """Return the runs of each place's pattern and when they are due there, in one row.

        The arrays are: which place, which run, and epoch seconds.
        """
        count = self.count[pattern]
        place = np.repeat(np.arange(len(pattern)), count)
        within = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
        run = self.first[pattern][place] + within
        leg, share = self._leg(pattern, along_m)
        here = self._call[run] + leg[place]
        left, there = self._depart[here], self._arrive[here + 1]
        return place, run, left + share[place] * (there - left)

    def _leg(self, pattern: Ints, along_m: Floats) -> tuple[Ints, Floats]:
        """Return between which calls places lie, and what share of that way is behind."""
        base = self._offset[pattern]
        at = along_m + APART_M * pattern
        found = np.searchsorted(self._offsets, at, side="right") - 1
        i = np.clip(found, base, base + self._calls[pattern] - 2)
        length = np.maximum(self._offsets[i + 1] - self._offsets[i], 1e-9)
        return i - base, np.clip((at - self._offsets[i]) / length, 0.0, 1.0)


def _next(ways: Sequence[Course], network: Network) -> Ints:
    found = np.full((len(network.runs), NEXT), -1)
    pattern = np.repeat(np.arange(len(ways)), network.count)
    by_start = np.argsort(network.starts, kind="stable")
    begins = np.array([way.line.points[0] for way in ways]).reshape(-1, 2)
    for number, way in enumerate(ways):
        lat, lon = way.line.points[-1]
        off = (begins - [lat, lon]) * [DEGREE_M, DEGREE_M * cos(radians(lat))]
        leaving = by_start[(np.hypot(*off.T) <= NEXT_M)[pattern[by_start]]]
        ended = np.flatnonzero(pattern == number)
        for route in np.unique(network.route[ended]):
            own, those = (runs[network.route[runs] == route] for runs in (ended, leaving))
            place = np.searchsorted(network.starts[those], network.ends[own])[:, None]
            padded = np.append(those, -1)
            found[own] = padded[np.minimum(place + np.arange(NEXT), len(those))]
    return found


def _patterns(timetable: Timetable, runs: Iterable[Run]) -> list[list[tuple[Run, Course]]]:
    groups: dict[tuple[int, tuple[float, ...]], list[tuple[Run, Course]]] = {}
    for run in runs:
        course = timetable.course(run.trip_id)
        if course is not None:
            groups.setdefault((id(course.line), course.offsets_m), []).append((run, course))
    for group in groups.values():
        group.sort(
            key=lambda item: (
                timetable.day_start(item[0].day) + item[1].depart_s[0],
                item[0].trip_id,
            )
        )
    return list(groups.values())


def _flat(rows: Sequence[Sequence[float]], add: Iterable[float]) -> tuple[Floats, Ints]:
    """Return rows of different lengths in one array, each with its own addend, and their starts."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    values = np.fromiter((value for row in rows for value in row), dtype=np.float64)
    return values + np.repeat(np.fromiter(add, dtype=np.float64), lengths), (
        np.cumsum(lengths) - lengths
    )


class _Index:
    """The straight pieces of all lines on a flat map, found by boxes round them."""

    def __init__(self, courses: list[Course]) -> None:
        points = [np.array(course.line.points) for course in courses]
        middle = np.concatenate(points).mean(axis=0) if points else np.zeros(2)
        self._lat, self._lon = float(middle[0]), float(middle[1])
        self._east_m = DEGREE_M * cos(radians(self._lat))
        ways = [self._plane(way) for way in points]
        steps = [np.diff(way, axis=0) for way in ways]
        legs = [
            _legs(step, course.line.length_m) for step, course in zip(steps, courses, strict=True)
        ]
        pieces = [len(leg) for leg in legs]
        self._pattern = np.repeat(np.arange(len(ways)), pieces)
        self._first = np.concatenate([np.zeros(0, bool), *(np.arange(n) == 0 for n in pieces)])
        self._from = np.concatenate([np.zeros((0, 2)), *(way[:-1] for way in ways)])
        self._step = np.concatenate([np.zeros((0, 2)), *steps])
        self._leg = np.concatenate([np.zeros(0), *legs])
        self._start = np.concatenate([np.zeros(0), *(np.cumsum(leg) - leg for leg in legs)])
        straight = np.array([course.straight for course in courses], dtype=bool)[self._pattern]
        self._near = np.where(straight, np.maximum(OFF_STRAIGHT_M, self._leg / 2), OFF_ROUTE_M)
        ends = self._from, self._from + self._step
        low, high = np.minimum(*ends) - self._near[:, None], np.maximum(*ends) + self._near[:, None]
        self._tree = shapely.STRtree(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))

    def near(self, lat: float, lon: float) -> Places:
        place = self._plane(np.array([[lat, lon]]))[0]
        i = np.sort(self._tree.query(shapely.Point(place)))
        gap, step = place - self._from[i], self._step[i]
        share = np.clip(
            (gap * step).sum(axis=1) / np.maximum((step**2).sum(axis=1), 1e-9), 0.0, 1.0
        )
        off_m = np.hypot(*(gap - share[:, None] * step).T)
        at = self._passes(i, share) & (off_m <= self._near[i])
        kept = i[at]
        return Places(
            pattern=self._pattern[kept],
            along_m=self._start[kept] + share[at] * self._leg[kept],
            off_m=off_m[at],
            leg_m=self._leg[kept],
            bearing_rad=np.arctan2(self._step[kept, 0], self._step[kept, 1]),
        )

    def _passes(self, i: Ints, share: Floats) -> NDArray[np.bool_]:
        """Say for pieces where a line comes nearest before it goes away again."""
        at_start, at_end = share <= 0.0, share >= 1.0
        follows = np.append((i[1:] == i[:-1] + 1) & ~self._first[i[1:]], [False])
        away_next = ~follows | np.append(at_start[1:], [True])
        leads = np.append([True], ~follows[:-1])
        passes: NDArray[np.bool_] = (at_start & leads) | ~(at_start | at_end) | (at_end & away_next)
        return passes

    def _plane(self, places: Floats) -> Floats:
        """Return rows of (lat, lon) as (east, north) in metres."""
        return (places[:, ::-1] - [self._lon, self._lat]) * [self._east_m, DEGREE_M]


def _legs(steps: Floats, length_m: float) -> Floats:
    """Return the lengths of a line's pieces, stretched to its length on the sphere."""
    legs = np.hypot(steps[:, 0], steps[:, 1])
    return np.asarray(legs * (length_m / max(float(legs.sum()), 1e-9)))
