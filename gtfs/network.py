"""What journeys are made of: runs that follow each other, and ways between stops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from gtfs.calendar import day_start_epoch
from gtfs.feed import Feed, StopTime
from gtfs.geo import distance_m
from gtfs.times import filled

WALK_MAX_M = 300.0
WALK_MPS = 0.8
"""An old person's pace along streets that are no straight lines."""
NO = 1
TIMED, MIN_TIME, NOT_POSSIBLE = "1", "2", "3"
M_PER_DEG = 111_195.0

Times = Sequence[tuple[int, int]]
"""Arrival and departure of each call of a trip, in seconds of its own service day."""
Walks = Mapping[str, Mapping[str, int]]
"""From each stop to the stops where a rider may board next, itself among them, in seconds."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Where runs of one pattern stop, and where riders may board and alight."""

    stops: tuple[str, ...]
    boards: tuple[bool, ...]
    alights: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A trip on a service day; its times are ``shift_s`` later on the network's clock."""

    trip_id: str
    day: date
    shift_s: int
    arrive_s: tuple[int, ...]
    depart_s: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Runs with the same calls that never overtake each other, earliest first.

    ``arrive_s`` and ``depart_s`` hold the times by call, then by run.
    """

    calls: Calls
    runs: tuple[Run, ...]
    arrive_s: tuple[tuple[int, ...], ...]
    depart_s: tuple[tuple[int, ...], ...]

    def mirrored(self) -> Pattern:
        """Return the pattern with time running backwards."""
        calls = Calls(self.calls.stops[::-1], self.calls.alights[::-1], self.calls.boards[::-1])
        return _pattern(calls, [_mirrored(run) for run in reversed(self.runs)])


def patterns_on(feed: Feed, day: date) -> Iterator[Pattern]:
    """Yield the patterns of a service day and the days beside it, on the clock of ``day``."""
    grouped: defaultdict[Calls, list[Run]] = defaultdict(list)
    for each in (day - timedelta(days=1), day, day + timedelta(days=1)):
        shift_s = _midnight(feed, each) - _midnight(feed, day)
        for trip in feed.trips_on(each):
            times = _times(feed, trip.id)
            if times is not None:
                calls = _calls(feed.stop_times[trip.id])
                grouped[calls].append(run_of(trip.id, each, times, shift_s))
    for calls, runs in grouped.items():
        yield from patterns_of(calls, runs)


def patterns_of(calls: Calls, runs: Sequence[Run]) -> list[Pattern]:
    """Share runs out so that in none of the patterns one overtakes another."""
    queues: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: (run.depart_s, run.arrive_s, run.trip_id)):
        behind = (queue for queue in queues if _follows(queue[-1], run))
        queue = next(behind, None)
        if queue is None:
            queues.append([run])
        else:
            queue.append(run)
    return [_pattern(calls, queue) for queue in queues]


def run_of(trip_id: str, day: date, times: Times, shift_s: int) -> Run:
    """Return a run whose ``times`` are given in seconds of its own service day."""
    arrive_s = tuple(arrive_s + shift_s for arrive_s, _ in times)
    return Run(trip_id, day, shift_s, arrive_s, tuple(depart_s + shift_s for _, depart_s in times))


def walks_of(feed: Feed, change_s: int) -> dict[str, dict[str, int]]:
    """Return the ways between stops: those near each other, and what ``transfers.txt`` says."""
    walks = {
        stop_id: {stop_id: change_s}
        for stop_id, stop in feed.stops.items()
        if stop.location_type == 0
    }
    for one, other, apart_m in _near(feed):
        walk_s = change_s + round(apart_m / WALK_MPS)
        walks[one][other] = walks[other][one] = walk_s
    for row in feed.table("transfers").records():
        for one in _platforms(feed, row.get("from_stop_id", "")):
            for other in _platforms(feed, row.get("to_stop_id", "")):
                if one in walks and other in walks and not _special(row):
                    _apply(walks[one], other, row)
    return walks


def _apply(walks: dict[str, int], other: str, row: Mapping[str, str]) -> None:
    kind = row.get("transfer_type", "")
    if kind == NOT_POSSIBLE:
        walks.pop(other, None)
    elif kind == TIMED:
        walks[other] = 0
    elif kind == MIN_TIME and row.get("min_transfer_time"):
        walks[other] = int(row["min_transfer_time"])


def _special(row: Mapping[str, str]) -> bool:
    """Say whether a transfer holds for some routes or trips only."""
    fields = ("from_route_id", "to_route_id", "from_trip_id", "to_trip_id")
    return any(row.get(field) for field in fields)


def _platforms(feed: Feed, stop_id: str) -> tuple[str, ...]:
    return (stop_id, *feed.children.get(stop_id, ()))


def _near(feed: Feed) -> Iterator[tuple[str, str, float]]:
    """Yield the pairs of stops within ``WALK_MAX_M``, with the metres between them."""
    stops = sorted(
        (place[0], place[1], stop.id)
        for stop in feed.stops.values()
        if stop.location_type == 0 and (place := stop.place) is not None
    )
    for i, (lat, lon, one) in enumerate(stops):
        for k in range(i + 1, len(stops)):
            other_lat, other_lon, other = stops[k]
            if (other_lat - lat) * M_PER_DEG > WALK_MAX_M:
                break
            apart_m = distance_m(lat, lon, other_lat, other_lon)
            if apart_m <= WALK_MAX_M:
                yield one, other, apart_m


def _times(feed: Feed, trip_id: str) -> Times | None:
    """Return the times of every call, ``None`` for a trip nobody can be told about."""
    calls = feed.stop_times.get(trip_id, ())
    if len(calls) < 2 or any(call.stop_id not in feed.stops for call in calls):
        return None
    arrive_s = _whole(feed, trip_id, [call.arrival_s for call in calls])
    depart_s = _whole(feed, trip_id, [call.departure_s for call in calls])
    if arrive_s is None or depart_s is None:
        return None
    return list(zip(arrive_s, depart_s, strict=True))


def _whole(feed: Feed, trip_id: str, times_s: Sequence[int | None]) -> Sequence[int] | None:
    known = [time_s for time_s in times_s if time_s is not None]
    if len(known) == len(times_s):
        return known
    try:
        return filled(times_s, feed.stop_offsets_m(trip_id))
    except ValueError:
        return None


def _calls(calls: Sequence[StopTime]) -> Calls:
    return Calls(
        tuple(call.stop_id for call in calls),
        tuple(call.pickup_type != NO for call in calls),
        tuple(call.drop_off_type != NO for call in calls),
    )


def _midnight(feed: Feed, day: date) -> int:
    return day_start_epoch(day, ZoneInfo(feed.timezone))


def _follows(one: Run, other: Run) -> bool:
    """Say whether a run is nowhere before another."""
    arrives = zip(one.arrive_s, other.arrive_s, strict=True)
    departs = zip(one.depart_s, other.depart_s, strict=True)
    return all(a <= b for a, b in arrives) and all(a <= b for a, b in departs)


def _pattern(calls: Calls, runs: Sequence[Run]) -> Pattern:
    arrive_s = tuple(zip(*(run.arrive_s for run in runs), strict=True))
    depart_s = tuple(zip(*(run.depart_s for run in runs), strict=True))
    return Pattern(calls, tuple(runs), arrive_s, depart_s)


def _mirrored(run: Run) -> Run:
    arrive_s = tuple(-time_s for time_s in reversed(run.depart_s))
    depart_s = tuple(-time_s for time_s in reversed(run.arrive_s))
    return Run(run.trip_id, run.day, run.shift_s, arrive_s, depart_s)
