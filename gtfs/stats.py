"""Figures a planner asks of a timetable, by gtfs-kit.

gtfs-kit takes over a second to import and drops files when it writes: it is imported here only,
inside the function, and never writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import isnan
from pathlib import Path
from typing import Any

from gtfs.calendar import format_date


@dataclass(frozen=True, slots=True)
class RouteDay:
    """What a route offers on a day.

    ``headway_min`` is the mean gap from 7 to 19 in one direction, ``None`` where the feed gives
    no directions or too few trips.
    """

    route_id: str
    trips: int
    service_h: float
    headway_min: float | None


def route_days(path: str | Path, day: date) -> list[RouteDay]:
    """Return the figures of every route that runs on a day, the busiest first."""
    import gtfs_kit
    from gtfs_kit.routes import compute_route_stats

    feed = gtfs_kit.read_feed(path, dist_units="km")
    table: Any = compute_route_stats(feed, [format_date(day)])
    found = [_route_day(row) for row in table.to_dict("records") if row["num_trips"] > 0]
    return sorted(found, key=lambda route: (-route.trips, route.route_id))


def _route_day(row: Mapping[str, Any]) -> RouteDay:
    headway_min = float(row["mean_headway"])
    return RouteDay(
        route_id=row["route_id"],
        trips=int(row["num_trips"]),
        service_h=float(row["service_duration"]),
        headway_min=None if isnan(headway_min) else headway_min,
    )
