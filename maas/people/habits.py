"""What somebody usually wants, learnt from the rides they have made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median_low
from typing import Final

APART_S: Final = 45 * 60
"""Rides of one weekday that begin farther apart than this are different habits."""
LEAST: Final = 2
"""So many rides make a habit."""
STEP_S: Final = 5 * 60


@dataclass(frozen=True, slots=True)
class Trip:
    """A ride somebody made; `pickup_s` is seconds of its service day."""

    day: date
    origin_id: int
    destination_id: int
    pickup_s: int


@dataclass(frozen=True, slots=True)
class Habit:
    """A trip made again and again; `weekday` counts from Monday 0, `time_s` is when it begins."""

    origin_id: int
    destination_id: int
    weekday: int
    time_s: int
    count: int
    last: date


@dataclass(frozen=True, slots=True)
class Often:
    """A place somebody has often been taken to."""

    place_id: int
    count: int
    last: date


def habits(trips: Iterable[Trip]) -> list[Habit]:
    """Return the habitual trips, the most frequent first, then the latest.

    The time is the middle one of its rides, to five minutes.
    """
    alike: dict[tuple[int, int, int], list[Trip]] = defaultdict(list)
    for trip in trips:
        alike[trip.origin_id, trip.destination_id, trip.day.weekday()].append(trip)
    found = [
        _habit(group)
        for same in alike.values()
        for group in _groups(sorted(same, key=lambda trip: (trip.pickup_s, trip.day)))
        if len({trip.day for trip in group}) >= LEAST
    ]
    return sorted(found, key=lambda h: (-h.count, -h.last.toordinal(), h.weekday, h.time_s))


def _groups(trips: Sequence[Trip]) -> Iterator[list[Trip]]:
    """Yield trips in the order of their times, parted where the next begins much later."""
    group: list[Trip] = []
    for trip in trips:
        if group and trip.pickup_s - group[-1].pickup_s > APART_S:
            yield group
            group = []
        group.append(trip)
    if group:
        yield group


def _habit(trips: Sequence[Trip]) -> Habit:
    middle_s = median_low(trip.pickup_s for trip in trips)
    first = trips[0]
    return Habit(
        first.origin_id,
        first.destination_id,
        first.day.weekday(),
        (middle_s + STEP_S // 2) // STEP_S * STEP_S,
        len(trips),
        max(trip.day for trip in trips),
    )


def often(trips: Iterable[Trip], home_id: int | None) -> list[Often]:
    """Return where somebody is taken to, most often first; their own home is not told."""
    known = list(trips)
    counts = Counter(trip.destination_id for trip in known if trip.destination_id != home_id)
    last: dict[int, date] = {}
    for trip in known:
        last[trip.destination_id] = max(trip.day, last.get(trip.destination_id, trip.day))
    found = [Often(place, count, last[place]) for place, count in counts.items()]
    return sorted(found, key=lambda place: (-place.count, -place.last.toordinal(), place.place_id))
