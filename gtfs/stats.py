"""Figures a planner asks of a timetable, by gtfs-kit.

gtfs-kit takes over a second to import and drops files when it writes: it is imported here only,
inside the function, and never writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from pathlib import Path
from typing import Any

from gtfs.calendar import DayType, day_type, format_date, parse_date


@dataclass(frozen=True, slots=True)
class RouteDay:
    """What a route offers on a day, by its buses with times; demand service has none.

    ``service_h`` and ``distance_km`` are of all its trips together, ``first`` and ``last`` when
    the first starts and the last ends (HH:MM:SS of the service day), ``speed_kmh`` with stops.
    Distance and speed are ``None`` without shapes; ``headway_min``, the mean gap from 7 to 19,
    where there are too few trips.
    """

    route_id: str
    trips: int
    first: str
    last: str
    service_h: float
    distance_km: float | None
    speed_kmh: float | None
    headway_min: float | None


def route_days(path: str | Path, day: date) -> list[RouteDay]:
    """Return the figures of every route that runs on a day, the busiest first."""
    return _figures(path, [day])[day]


def by_day_type(path: str | Path, around: date) -> dict[DayType, tuple[date, list[RouteDay]]]:
    """Return a day of each type, from ``around`` on within three weeks, and its figures.

    Of the days of a type it is the first; a type without one (no holiday is a weekday) is left
    out.
    """
    days: dict[DayType, date] = {}
    for ahead in range(21):
        day = around + timedelta(days=ahead)
        days.setdefault(day_type(day), day)
    figures = _figures(path, list(days.values()))
    return {kind: (day, figures[day]) for kind, day in sorted(days.items())}


def _figures(path: str | Path, days: Sequence[date]) -> dict[date, list[RouteDay]]:
    import gtfs_kit
    from gtfs_kit.routes import compute_route_stats

    feed: Any = gtfs_kit.read_feed(path, dist_units="km")
    timed = feed.stop_times.dropna(subset=["departure_time"])
    feed.stop_times = timed
    feed.trips = feed.trips[feed.trips["trip_id"].isin(timed["trip_id"])]
    table: Any = compute_route_stats(feed, [format_date(day) for day in days])
    found: dict[date, list[RouteDay]] = {day: [] for day in days}
    for row in table.to_dict("records") if len(table) else ():
        if row["num_trips"] > 0:
            found[parse_date(row["date"])].append(_route_day(row))
    for routes in found.values():
        routes.sort(key=lambda route: (-route.trips, route.route_id))
    return found


def _route_day(row: Mapping[str, Any]) -> RouteDay:
    return RouteDay(
        route_id=row["route_id"],
        trips=int(row["num_trips"]),
        first=row["start_time"],
        last=row["end_time"],
        service_h=float(row["service_duration"]),
        distance_km=_known(row["service_distance"]),
        speed_kmh=_known(row["service_speed"]),
        headway_min=_known(row["mean_headway"]),
    )


def _known(number: float) -> float | None:
    return float(number) if isfinite(number) else None
