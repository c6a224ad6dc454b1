"""Which way a trip goes where a feed does not say: 0 in the usual order, 1 against it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

from gtfs.feed import Feed

Names = tuple[str, ...]


def directions(feed: Feed) -> Mapping[str, str]:
    """Return 0 or 1 by the id in trips.txt, for routes of which no trip has a direction.

    A route's usual order of stops is that of most of its trips, of equals the first by name;
    the two sides of a street are told apart by nothing but their platform, so names count.
    """
    by_route: defaultdict[str, dict[str, Names]] = defaultdict(dict)
    told = {trip.route_id for trip in feed.trips.values() if trip.direction_id is not None}
    for id_, trip in feed.trips.items():
        if trip.route_id not in told:
            by_route[trip.route_id][trip.file_id] = _names(feed, id_)
    return {trip_id: direction for trips in by_route.values() for trip_id, direction in _of(trips)}


def _of(trips: Mapping[str, Names]) -> list[tuple[str, str]]:
    counts = Counter(trips.values())
    usual = min(counts, key=lambda names: (-counts[names], names))
    ways = {names: "1" if _against(names, usual) else "0" for names in counts}
    return [(trip_id, ways[names]) for trip_id, names in trips.items()]


def _names(feed: Feed, trip_id: str) -> Names:
    calls = feed.stop_times.get(trip_id, ())
    found = (feed.stops.get(call.stop_id) for call in calls)
    return tuple(stop.name for stop in found if stop is not None)


def _against(names: Sequence[str], usual: Sequence[str]) -> bool:
    """Say whether more of the stops they share stand the other way round than the same."""
    at = {name: place for place, name in enumerate(usual) if usual.count(name) == 1}
    shared = [at[name] for name in names if name in at]
    forward = sum(a < b for a, b in combinations(shared, 2))
    return 2 * forward < len(shared) * (len(shared) - 1) // 2
