"""Where the trams of Brussels were between their stops, told by nothing but what was before.

A snapshot every 20 s says of each vehicle which stop it passed last and how many metres it is past
it, but not which vehicle it is.  Trams cannot overtake: those whose last stop event is at that stop
are the rows there in the order they came, as long as there are as many of one as of the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from benchmarks.avl import BRUSSELS, Trip, parquet_rows, stop_number
from busloc.usual import Seen
from gtfs.calendar import day_start_epoch
from gtfs.geo import distance_m

LONG_S = 900.0
"""A tram that long on one leg has left the line, or was not observed where it came."""
WHOLE_SECOND_S = 1.0
"""Snapshots are told to the whole second before: none is used until that second is over."""

Way = tuple[str, str]
"""The terminus headed to, and the last stop passed."""
Snapshots = Mapping[Way, Mapping[float, Sequence[float]]]
"""The metres past the stop of all vehicles there, by when that was known."""
Span = tuple[float, float, int, int]
"""A trip between two events: came, came to the next one observed, trip, index of the call."""


def stib_seen(folder: Path, day: date, trips: Sequence[Trip]) -> list[tuple[Seen, ...]]:
    """Return where each trip was seen, in the order of time."""
    rows = parquet_rows(folder / "vd55" / f"{day:%Y%m%d}.parquet")
    start = day_start_epoch(day, BRUSSELS)
    snapshots: defaultdict[Way, defaultdict[float, list[float]]]
    snapshots = defaultdict(lambda: defaultdict(list))
    for row in rows:
        known_s = row["ts"] - start + WHOLE_SECOND_S
        snapshots[row["dir"], stop_number(row["point"])][known_s].append(float(row["dist"]))
    return seen_in_order(trips, snapshots, _places(folder))


def seen_in_order(
    trips: Sequence[Trip], snapshots: Snapshots, places: Mapping[str, tuple[float, float]]
) -> list[tuple[Seen, ...]]:  # fmt: skip
    """Return where each trip was seen; a row that goes back is some other vehicle's.

    ``places`` are (lat, lon) by stop; a leg is as long as the straight line.
    """
    found: defaultdict[int, list[Seen]] = defaultdict(list)
    for way, spans in _spans(trips).items():
        furthest_m: dict[int, float] = {}
        for at_s, dists_m in sorted(snapshots.get(way, {}).items()):
            there = [
                (k, i) for came_s, ended_s, k, i in spans
                if came_s <= at_s < min(ended_s, came_s + LONG_S)
            ]  # fmt: skip
            if len(there) != len(dists_m):
                continue
            for (k, i), dist_m in zip(there, sorted(dists_m, reverse=True), strict=True):
                if dist_m >= furthest_m.get(k, 0.0):
                    furthest_m[k] = dist_m
                    stops = trips[k].stops
                    leg_m = distance_m(*places[stops[i]], *places[stops[i + 1]])
                    found[k].append(Seen(at_s, i, min(dist_m / leg_m, 1.0)))
    return [tuple(sorted(found[k], key=lambda seen: seen.at_s)) for k in range(len(trips))]


def _spans(trips: Sequence[Trip]) -> dict[Way, list[Span]]:
    """Return the trips under way after each stop, the first to come first."""
    found: defaultdict[Way, list[Span]] = defaultdict(list)
    for k, trip in enumerate(trips):
        terminus = trip.id.split("-")[2]
        for (i, came_s), (_, ended_s) in zip(trip.events, trip.events[1:], strict=False):
            found[terminus, trip.stops[i]].append((came_s, ended_s, k, i))
    return {way: sorted(spans) for way, spans in found.items()}


def _places(folder: Path) -> dict[str, tuple[float, float]]:
    rows = parquet_rows(folder / "gtfs" / "stops.parquet")
    return {stop_number(row["stop_id"]): (row["stop_lat"], row["stop_lon"]) for row in rows}
