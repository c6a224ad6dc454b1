"""A planner's figures of a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gtfs.calendar import DayType
from gtfs.demand import with_demand
from gtfs.stats import by_day_type, route_days
from gtfs.write import write_feed
from tests.gtfs.test_demand import area
from tests.gtfs.towns import feed_of, town, zipped


@pytest.mark.heavy
def test_trips_hours_and_headway_of_a_day(tmp_path: Path) -> None:
    """Ten trips an hour apart from 8:00, each of five minutes."""
    trips = [f"r1,daily,t{hour},0" for hour in range(8, 18)]
    calls = [
        call
        for hour in range(8, 18)
        for call in (
            f"t{hour},{hour}:00:00,{hour}:00:00,a,1",
            f"t{hour},{hour}:05:00,{hour}:05:00,d,2",
        )
    ]
    files = town(
        trips="\n".join(["route_id,service_id,trip_id,direction_id", *trips, ""]),
        stop_times="\n".join(
            ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *calls, ""]
        ),
    )

    figures = route_days(zipped(tmp_path / "feed.zip", files), date(2026, 11, 25))

    [route] = figures
    assert (route.route_id, route.trips, route.headway_min) == ("r1", 10, 60.0)
    assert (route.first, route.last) == ("08:00:00", "17:05:00")
    assert route.service_h == pytest.approx(10 * 5 / 60)
    assert (route.distance_km, route.speed_kmh) == (None, None)


@pytest.mark.heavy
def test_each_type_of_day_has_its_own_figures(tmp_path: Path) -> None:
    """`up` runs on weekdays, `night` every day; Monday the 23rd is a holiday without `up`."""
    path = zipped(tmp_path / "feed.zip", town())

    found = by_day_type(path, date(2026, 11, 6))

    assert {
        kind: (day.day, [r.trips for r in routes]) for kind, (day, routes) in found.items()
    } == {
        DayType.WEEKDAY: (6, [2]),
        DayType.SATURDAY: (7, [1]),
        DayType.HOLIDAY: (8, [1]),
    }


@pytest.mark.heavy
def test_demand_service_has_no_such_figures(tmp_path: Path) -> None:
    feed = with_demand(feed_of(), [area(operator_id="8000020331236")])
    write_feed(feed, tmp_path / "feed.zip")

    routes = route_days(tmp_path / "feed.zip", date(2026, 11, 6))

    assert [route.route_id for route in routes] == ["r1"]
