"""A planner's figures of a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gtfs.stats import RouteDay, route_days
from tests.gtfs.towns import town, zipped


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

    assert figures == [RouteDay("r1", trips=10, service_h=figures[0].service_h, headway_min=60.0)]
    assert figures[0].service_h == pytest.approx(10 * 5 / 60)
