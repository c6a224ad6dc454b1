"""Trips by headway, made into one trip a departure so that all else need not know of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from gtfs.calendar import format_time, parse_time
from gtfs.rows import StopTime, Trip, whole
from gtfs.tables import Table

MOST_RUNS = 50_000

Calls = Mapping[str, Sequence[StopTime]]


@dataclass(frozen=True, slots=True)
class Frequency:
    """From when to when (not included) a trip leaves again and again, and after how long.

    ``exact``: the departures are a timetable, not just a frequency.
    """

    trip_id: str
    start_s: int
    end_s: int
    headway_s: int
    exact: bool

    @property
    def starts_s(self) -> range:
        """Every departure from the first stop, in service-day seconds."""
        return range(self.start_s, self.end_s, self.headway_s)


def frequencies(table: Table) -> list[Frequency]:
    """Return the rows of frequencies.txt.  Raises ``FeedError``, also for far too many trips."""
    cells = zip(
        table.required("trip_id", str),
        table.required("start_time", parse_time),
        table.required("end_time", parse_time),
        table.required("headway_secs", _headway),
        table.parsed("exact_times", whole, 0),
        strict=True,
    )
    found = [Frequency(*row[:4], exact=row[4] == 1) for row in cells]
    total = 0
    for i, row in enumerate(found):
        total += len(row.starts_s)
        if total > MOST_RUNS:
            message = f"more than {MOST_RUNS} trips by headway"
            raise table.error(i, "headway_secs", message)
    return found


def run_id(trip_id: str, start_s: int) -> str:
    """Return the id of one departure of a trip by headway.

    >>> run_id("loop", 28800)
    'loop@08:00:00'
    """
    return f"{trip_id}@{format_time(start_s)}"


def expanded_trips(trips: Mapping[str, Trip], rows: Sequence[Frequency]) -> dict[str, Trip]:
    """Return the trips with each that goes by headway replaced by its departures."""
    starts: dict[str, set[int]] = {}
    for row in rows:
        starts.setdefault(row.trip_id, set()).update(row.starts_s)
    found: dict[str, Trip] = {}
    for trip in trips.values():
        if trip.id not in starts:
            found[trip.id] = trip
        for start_s in sorted(starts.get(trip.id, ())):
            id_ = run_id(trip.id, start_s)
            found[id_] = replace(trip, id=id_, run_of=trip.id, run_start_s=start_s)
    return found


class ExpandedCalls(Mapping[str, Sequence[StopTime]]):
    """The calls of every trip; those of a departure are its pattern's, moved to its start."""

    def __init__(self, calls: Calls, trips: Mapping[str, Trip], rows: Sequence[Frequency]) -> None:
        patterns = {row.trip_id for row in rows}
        self._calls = calls
        self._kept = [id_ for id_ in calls if id_ not in patterns]
        self._runs = {trip.id: trip for trip in trips.values() if trip.run_of in calls}
        self._patterns = patterns

    def __getitem__(self, trip_id: str) -> Sequence[StopTime]:
        trip = self._runs.get(trip_id)
        if trip is not None and trip.run_start_s is not None:
            return _moved(self._calls[trip.run_of], trip_id, trip.run_start_s)
        if trip_id in self._patterns:
            raise KeyError(trip_id)
        return self._calls[trip_id]

    def __iter__(self) -> Iterator[str]:
        return chain(self._kept, self._runs)

    def __len__(self) -> int:
        return len(self._kept) + len(self._runs)


def _moved(calls: Sequence[StopTime], trip_id: str, start_s: int) -> tuple[StopTime, ...]:
    first_s = next((call.departure_s for call in calls if call.departure_s is not None), start_s)
    by_s = start_s - first_s
    return tuple(
        replace(
            call,
            trip_id=trip_id,
            arrival_s=None if call.arrival_s is None else call.arrival_s + by_s,
            departure_s=None if call.departure_s is None else call.departure_s + by_s,
        )
        for call in calls
    )


def _headway(text: str) -> int:
    seconds_s = whole(text)
    if seconds_s == 0:
        raise ValueError("a headway of 0 seconds")
    return seconds_s
