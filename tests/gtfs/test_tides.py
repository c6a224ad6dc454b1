"""TIDES: rows become a package that describes itself."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from gtfs import tides
from gtfs.tides import (
    About,
    FleetVehicle,
    PassengerEvent,
    StopVisit,
    TripPerformed,
    VehicleLocation,
)

TOKYO = ZoneInfo("Asia/Tokyo")
DAY = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 8, 0, 5, tzinfo=TOKYO)
ABOUT = About("kibi-2026-11", "吉備町営バス 2026年11月", "吉備町", "バスの記録", "CC-BY-4.0")

TRIP = TripPerformed(
    service_date=DAY, trip_id_performed="up", vehicle_id="bus-1", trip_id_scheduled="up",
    direction_id=0, actual_trip_start=AT, trip_type=tides.TripType.IN_SERVICE,
)  # fmt: skip
VISITS = [
    StopVisit(
        service_date=DAY, trip_id_performed="up", trip_stop_sequence=number, vehicle_id="bus-1",
        stop_id=stop, timepoint=number == 1, actual_arrival_time=AT, dwell=12, boarding_1=number,
    )
    for number, stop in ((2, "c"), (1, "a"))
]  # fmt: skip
FIX = VehicleLocation(
    location_ping_id="bus-1/boot/1", event_timestamp=AT, vehicle_id="bus-1", latitude=34.8,
    longitude=133.7, speed=8.25, current_status=tides.Status.STOPPED,
)  # fmt: skip
BUS = FleetVehicle(vehicle_id="bus-1", capacity_seated=24)


def table(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode())))


def test_instants_are_in_utc_and_missing_values_empty() -> None:
    (row,) = table(tides.package([FIX], ABOUT), "vehicle_locations")
    assert row["event_timestamp"] == "2026-11-23T23:00:05Z"
    assert row["service_date"] == ""
    assert (row["latitude"], row["speed"]) == ("34.8", "8.25")
    assert row["current_status"] == "Stopped at"


def test_rows_are_sorted_by_their_key_whatever_order_they_come_in() -> None:
    files = tides.package([*VISITS, TRIP, BUS, FIX], ABOUT)
    assert [row["stop_id"] for row in table(files, "stop_visits")] == ["a", "c"]
    assert [row["timepoint"] for row in table(files, "stop_visits")] == ["true", "false"]
    assert files == tides.package([BUS, FIX, TRIP, *reversed(VISITS)], ABOUT)


def test_a_key_is_there_once() -> None:
    with pytest.raises(ValueError, match=r"vehicles vehicle_id: .*bus-1.* is there twice"):
        tides.package([BUS, BUS], ABOUT)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (VehicleLocation(location_ping_id="1", event_timestamp=AT, vehicle_id="v", latitude=90.1),
         "vehicle_locations.latitude"),
        (VehicleLocation(location_ping_id="1", event_timestamp=AT, vehicle_id="v", speed=-1.0),
         "vehicle_locations.speed"),
        (StopVisit(service_date=DAY, trip_id_performed="up", trip_stop_sequence=0),
         "stop_visits.trip_stop_sequence"),
    ],
)  # fmt: skip
def test_what_tides_forbids_is_not_written(row: tides.Row, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: .* out of bounds"):
        tides.package([row], ABOUT)


def test_the_package_leads_to_every_table_and_its_schema() -> None:
    files = tides.package([TRIP], ABOUT)
    described = json.loads(files["datapackage.json"])
    assert {each["tides-table"] for each in described["resources"]} == {
        "vehicle_locations", "stop_visits", "trips_performed", "passenger_events", "vehicles",
    }  # fmt: skip
    for resource in described["resources"]:
        columns = files[resource["path"]].decode().splitlines()[0].split(",")
        schema = json.loads(files[resource["schema"]])
        assert [column["name"] for column in schema["fields"]] == columns
        assert set(schema["primaryKey"]) <= set(columns)


def test_a_schema_says_what_must_be_there_and_within_which_bounds() -> None:
    schema = {each["name"]: each for each in tides.schema(PassengerEvent)["fields"]}
    assert schema["event_timestamp"] == {
        "name": "event_timestamp", "type": "datetime", "constraints": {"required": True},
    }  # fmt: skip
    assert schema["trip_stop_sequence"]["constraints"] == {"required": True, "minimum": 1}
    assert schema["event_type"]["constraints"]["enum"] == [
        "Passenger boarded",
        "Passenger alighted",
    ]
    assert schema["stop_id"] == {"name": "stop_id", "type": "string"}
