"""Two recorded towns as trips with planned and actual times, exactly as their README defines them.

``stib55`` is a tram line in Brussels, ``capmetro`` the buses of Austin.  Times are seconds after
local midnight of the service day (they may pass 86,400); an event nobody observed is ``None``.
"""

from __future__ import annotations

import csv
import gzip
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from gtfs.calendar import day_start_epoch, parse_time

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "avl"
BRUSSELS, AUSTIN = ZoneInfo("Europe/Brussels"), ZoneInfo("America/Chicago")
SAMPLE = 250
GAP_S = {"test": 150, "train": 300}
"""Between fixes further apart a stop's time is not told."""
SCHEDULES = {2015: "20140824_20150606", 2016: "20160821_20170121"}


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip of one day: its stops, when it was due at each, came and (where known) left."""

    id: str
    day: date
    stops: tuple[str, ...]
    due_s: tuple[float, ...]
    actual_s: tuple[float | None, ...]
    left_s: tuple[float | None, ...]

    @property
    def events(self) -> list[tuple[int, float]]:
        """The index and time of each observed event, in the order of the stops."""
        return [(i, at) for i, at in enumerate(self.actual_s) if at is not None]


@dataclass(frozen=True, slots=True)
class Fix:
    """A position of a vehicle, with the trip it said it was on."""

    vehicle: str
    trip: str
    route: str
    epoch: float
    lat: float
    lon: float


def days_of(dataset: str, folder: Path) -> list[date]:
    """Return the days a data set holds."""
    if dataset == "stib55":
        return [day_of(path.stem) for path in sorted(folder.glob("vd55/????????.parquet"))]
    return [day_of(path.name[3:13]) for path in sorted(folder.glob("vp-*.csv.gz"))]


def day_of(text: str) -> date:
    """Return a day written ``2016-12-16`` or ``20161216``."""
    return date.fromisoformat(text)


def read_trips(dataset: str, folder: Path, day: date, *, role: str = "test") -> list[Trip]:
    """Return the trips of a day with at least three events; ``role`` is test or train."""
    if dataset == "stib55":
        return stib_trips(folder, day)
    return capmetro_trips(folder, day, gap_s=GAP_S[role])


def drawn(dataset: str, trips: Sequence[Trip]) -> list[Trip]:
    """Return the trips to be tested: all of Brussels, 250 of Austin."""
    if dataset == "stib55" or len(trips) <= SAMPLE:
        return list(trips)
    return random.Random(1).sample(list(trips), SAMPLE)


# Brussels


def stib_trips(folder: Path, day: date) -> list[Trip]:
    """Return the observed trips of line 55, each with the nearest planned trip of its pattern."""
    start = day_start_epoch(day, BRUSSELS)
    journeys: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in parquet_rows(folder / "punctuality" / "route55.parquet"):
        if row["start_date"] == f"{day:%Y%m%d}":
            journeys[row["journey_id"]].append(row)
    plan = _stib_plan(folder)
    made = (_stib_trip(name, day, start, rows, plan) for name, rows in journeys.items())
    return [trip for trip in made if trip is not None and len(trip.events) >= 3]


def stop_number(stop_id: str) -> str:
    """Return a Brussels stop's digits without leading zeros.

    >>> stop_number("0529"), stop_number("5298F")
    ('529', '5298')
    """
    return "".join(filter(str.isdigit, stop_id)).lstrip("0")


def _stib_trip(
    name: str, day: date, start: int, rows: list[dict[str, Any]],
    plan: dict[tuple[str, ...], list[tuple[float, ...]]],
) -> Trip | None:  # fmt: skip
    rows.sort(key=lambda row: row["stop_sequence"])
    stops = tuple(stop_number(row["stop_id"]) for row in rows)
    actual: list[float | None] = []
    left: list[float | None] = []
    for row in rows:
        arrival, departure = (
            _since(start, row[column]) if row["observed"] else None
            for column in ("arrival_time", "departure_time")
        )
        actual.append(departure if arrival is None else arrival)
        left.append(departure)
    seen = [at for at in actual if at is not None]
    if not seen or stops not in plan:
        return None
    first = next(i for i, at in enumerate(actual) if at is not None)
    due = min(plan[stops], key=lambda times: abs(times[first] - seen[0]))
    return Trip(name, day, stops, due, tuple(actual), tuple(left))


def _since(start: int, instant: datetime | None) -> float | None:
    return None if instant is None else instant.replace(tzinfo=UTC).timestamp() - start


def _stib_plan(folder: Path) -> dict[tuple[str, ...], list[tuple[float, ...]]]:
    """Return the planned times of every weekday trip by its stops."""
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday")
    services = {
        row["service_id"]
        for row in parquet_rows(folder / "gtfs" / "calendar.parquet")
        if any(row[name] for name in weekdays)
    }
    trips = {
        row["trip_id"]
        for row in parquet_rows(folder / "gtfs" / "trips.parquet")
        if row["service_id"] in services
    }
    calls: defaultdict[str, list[tuple[int, str, float]]] = defaultdict(list)
    for row in parquet_rows(folder / "gtfs" / "stop_times.parquet"):
        if row["trip_id"] in trips:
            at: timedelta = row["arrival_time"]
            calls[row["trip_id"]].append(
                (row["stop_sequence"], stop_number(row["stop_id"]), at.total_seconds())
            )
    plan: defaultdict[tuple[str, ...], list[tuple[float, ...]]] = defaultdict(list)
    for rows in calls.values():
        rows.sort()
        plan[tuple(stop for _, stop, _ in rows)].append(tuple(at for _, _, at in rows))
    return plan


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    """Return a table's rows by column name."""
    parquet = import_module("pyarrow.parquet")  # only Brussels needs it
    rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    return rows


# Austin


def capmetro_fixes(folder: Path, day: date) -> list[Fix]:
    """Return a day's positions in the order they were reported, doubles left out."""
    found = {
        (row["vehicle_id"], row["timestamp"]): Fix(
            row["vehicle_id"], row["trip_id"], row["route_id"],
            datetime.fromisoformat(row["timestamp"]).timestamp(),
            float(row["latitude"]), float(row["longitude"]),
        )
        for row in _csv(folder / f"vp-{day}.csv.gz")
    }  # fmt: skip
    return sorted(found.values(), key=lambda fix: (fix.epoch, fix.vehicle))


def capmetro_plan(
    folder: Path, day: date, only: Iterable[str] | None = None
) -> dict[str, tuple[tuple[str, ...], tuple[float, ...]]]:
    """Return the stops and planned times of trips, in the order of the schedule file."""
    wanted = None if only is None else frozenset(only)
    calls: dict[str, tuple[list[str], list[float]]] = {}
    for row in _csv(folder / f"schedule_{SCHEDULES[day.year]}.csv.gz"):
        if wanted is None or row["trip_id"] in wanted:
            stops, times = calls.setdefault(row["trip_id"], ([], []))
            stops.append(row["stop_id"])
            times.append(float(parse_time(row["arrival_time"]) or 0))
    return {trip: (tuple(stops), tuple(times)) for trip, (stops, times) in calls.items()}


def capmetro_stops(folder: Path, day: date) -> dict[str, tuple[float, float]]:
    """Return (lat, lon) by stop."""
    rows = _csv(folder / f"stops_{SCHEDULES[day.year]}.csv.gz")
    return {row["stop_id"]: (float(row["stop_lat"]), float(row["stop_lon"])) for row in rows}


def capmetro_trips(folder: Path, day: date, *, gap_s: float) -> list[Trip]:
    """Return the trips of a day, each by the vehicle that reported it most."""
    start = day_start_epoch(day, AUSTIN)
    by_trip: defaultdict[str, list[Fix]] = defaultdict(list)
    for fix in capmetro_fixes(folder, day):
        by_trip[fix.trip].append(fix)
    plan = capmetro_plan(folder, day, by_trip)
    places = capmetro_stops(folder, day)
    made = (
        _capmetro_trip(trip, day, start, by_trip[trip], stops, due, places, gap_s)
        for trip, (stops, due) in plan.items()
    )
    return [trip for trip in made if trip is not None]


def _capmetro_trip(
    name: str, day: date, start: int, fixes: list[Fix], stops: tuple[str, ...],
    due: tuple[float, ...], places: dict[str, tuple[float, float]], gap_s: float,
) -> Trip | None:  # fmt: skip
    vehicle = Counter(fix.vehicle for fix in fixes).most_common(1)[0][0]
    own = [fix for fix in fixes if fix.vehicle == vehicle]
    if len(own) < 4 or len(stops) < 5 or any(stop not in places for stop in stops):
        return None
    line = Polyline([places[stop] for stop in stops])
    if line.length_m < 1000:
        return None
    times_s = _service_seconds([fix.epoch - start for fix in own], due)
    along = line.place([(fix.lat, fix.lon) for fix in own], times_s)
    actual = crossings(line.offsets_m, along, gap_s)
    late = [at - planned for at, planned in zip(actual, due, strict=True) if at is not None]
    if len(late) < 3 or abs(median(late)) >= 3600:
        return None
    return Trip(name, day, stops, due, actual, (None,) * len(stops))


def _service_seconds(times_s: list[float], due: Sequence[float]) -> list[float]:
    """Put fixes after midnight on the previous service day, as their schedule has them."""
    if due[0] >= 20 * 3600 and median(times_s) < 6 * 3600:
        return [at + 86_400 for at in times_s]
    return times_s


def crossings(
    offsets_m: Sequence[float], along: Sequence[tuple[float, float]], gap_s: float
) -> tuple[float | None, ...]:
    """Return when each offset was first passed, ``None`` where no two near fixes tell.

    ``along`` holds (seconds, metres), both never falling.

    >>> crossings([0, 50, 100], [(10, 0), (20, 100)], 150)
    (10, 15.0, 20.0)
    """
    found: list[float | None] = []
    metres = [along_m for _, along_m in along]
    for offset_m in offsets_m:
        k = bisect_right(metres, offset_m - 1e-9)
        if k == len(along) or (k == 0 and metres[0] > offset_m):
            found.append(None)
        elif k == 0 or metres[k] == offset_m:
            found.append(along[k][0])
        else:
            (one_s, one_m), (other_s, other_m) = along[k - 1], along[k]
            share = (offset_m - one_m) / (other_m - one_m)
            told = other_s - one_s <= gap_s
            found.append(one_s + share * (other_s - one_s) if told else None)
    return tuple(found)


class Polyline:
    """A straight line from stop to stop, on a local plane."""

    OFF_M = 400.0
    SCALE_M = 60.0
    BACK_M = 60.0
    AHEAD_MPS = 30.0
    AHEAD_M = 200.0

    def __init__(self, places: Sequence[tuple[float, float]]) -> None:
        self._origin = places[0]
        self._points = self._plane(places)
        legs = np.diff(self._points, axis=0)
        self._lengths = np.hypot(legs[:, 0], legs[:, 1])
        self._legs = legs
        ends = np.concatenate(([0.0], np.cumsum(self._lengths)))
        self.offsets_m: list[float] = ends.tolist()
        self.length_m: float = self.offsets_m[-1]

    def place(
        self, fixes: Sequence[tuple[float, float]], times_s: Sequence[float]
    ) -> list[tuple[float, float]]:
        """Return (seconds, metres along) of the fixes near the line, never going back.

        The cheapest course by Viterbi: a fix costs (off / 60 m)², a step back of more than 60 m
        or ahead by more than 30 m/s and 200 m is barred.
        """
        stages = [
            (at, *found)
            for at, found in zip(times_s, map(self._candidates, self._plane(fixes)), strict=True)
            if found is not None
        ]
        if not stages:
            return []
        cost = stages[0][2]
        came: list[NDArray[np.intp]] = []
        for (was_s, was_m, _), (at_s, at_m, at_cost) in pairwise(stages):
            step = at_m[None, :] - was_m[:, None]
            reach = self.AHEAD_MPS * (at_s - was_s) + self.AHEAD_M
            barred = (step < -self.BACK_M) | (step > reach)
            total = np.where(barred, 1e6, 0.0) + cost[:, None]
            came.append(total.argmin(axis=0))
            cost = total.min(axis=0) + at_cost
        k = int(cost.argmin())
        metres = []
        for stage, back in zip(reversed(stages), [*reversed(came), None], strict=True):
            metres.append(float(stage[1][k]))
            k = k if back is None else int(back[k])
        clear = np.maximum.accumulate(metres[::-1])
        return [(stage[0], float(m)) for stage, m in zip(stages, clear, strict=True)]

    def _candidates(
        self, point: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Return metres along and cost on every leg within reach."""
        squared = np.maximum(self._lengths**2, 1e-9)
        share = ((point - self._points[:-1]) * self._legs).sum(axis=1) / squared
        share = share.clip(0.0, 1.0)
        near = self._points[:-1] + share[:, None] * self._legs
        off_m = np.hypot(*(point - near).T)
        within = off_m <= self.OFF_M
        if not within.any():
            return None
        along_m = np.asarray(self.offsets_m[:-1]) + share * self._lengths
        return along_m[within], (off_m[within] / self.SCALE_M) ** 2

    def _plane(self, places: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
        at = np.asarray(places, dtype=float)
        lat0, lon0 = self._origin
        scale_m = 111_195.0
        east = (at[:, 1] - lon0) * scale_m * np.cos(np.radians(lat0))
        return np.column_stack([east, (at[:, 0] - lat0) * scale_m])


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
