"""A day of the buses as TIDES: what was seen beside what was planned, and nobody's rides."""

from __future__ import annotations

import csv
import io
from datetime import date

from maas.store.arrivals import VisitRow
from maas.store.fleet import VehicleRow
from maas.store.positions import PositionRow
from maas.tides import BusDay, tides_package
from tests.gtfs.towns import feed_of

DAY = date(2026, 11, 24)
MIDNIGHT = 1_795_446_000
"""2026-11-24 00:00 in Tokyo."""


def bus(vehicle_id: str = "bus-1") -> VehicleRow:
    return VehicleRow(
        row=1, id=vehicle_id, area_id="a", name="赤バス", name_en="Red", operator="町", kind="bus",
        profile="car", seats=24, wheelchair_places=1, seats_lost_per_wheelchair=0,
        battery_wh=None, depot_place_id=None, plate="", shift_from_s=0, shift_to_s=0,
        block="bus-1", driver=None,
    )  # fmt: skip


def visit(
    index: int, arrive_s: float | None, depart_s: float | None, vehicle: str = "bus-1"
) -> VisitRow:
    return VisitRow(DAY, "up", index, vehicle, arrive_s, depart_s, passed=False)


def table(told: BusDay, name: str) -> list[dict[str, str]]:
    files = tides_package("吉備町", feed_of(), told)
    return list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode())))


SEEN = BusDay(
    DAY,
    [visit(0, None, 28_805.0), visit(2, 29_130.4, None), visit(1, 0.0, 0.0, vehicle="bus-9")],
    [PositionRow("bus-1", "dev", "boot", 7, MIDNIGHT + 28_805, 0.0, 34.8, 133.7, 3.5, trip="up")],
    [bus()],
)  # fmt: skip


def test_a_trip_has_its_planned_and_its_seen_times() -> None:
    (trip,) = table(SEEN, "trips_performed")
    assert trip["schedule_trip_start"] == "2026-11-23T23:00:00Z"
    assert trip["actual_trip_start"] == "2026-11-23T23:00:05Z"
    assert trip["actual_trip_end"] == "2026-11-23T23:05:30Z"
    assert (trip["trip_start_stop_id"], trip["trip_end_stop_id"]) == ("a", "d")


def test_the_vehicle_that_made_most_calls_drove_the_trip() -> None:
    assert [trip["vehicle_id"] for trip in table(SEEN, "trips_performed")] == ["bus-1"]


def test_a_call_nobody_saw_is_marked_as_missing() -> None:
    visits = table(SEEN, "stop_visits")
    assert [row["schedule_relationship"] for row in visits] == ["Scheduled", "Missing", "Scheduled"]
    assert [row["trip_stop_sequence"] for row in visits] == ["1", "2", "3"]
    assert visits[1]["actual_arrival_time"] == ""
    assert visits[1]["schedule_departure_time"] == "2026-11-23T23:03:00Z"


def test_how_long_a_bus_stood_is_told_where_both_times_were_seen() -> None:
    stood = BusDay(DAY, [visit(1, 28_920.0, 28_980.0)], [], [bus()])
    assert [row["dwell"] for row in table(stood, "stop_visits")] == ["", "60", ""]
    at_midnight = BusDay(DAY, [visit(1, 0.0, 12.0)], [], [bus()])
    assert table(at_midnight, "stop_visits")[1]["dwell"] == "12"


def test_a_fix_says_where_and_when() -> None:
    (fix,) = table(SEEN, "vehicle_locations")
    assert fix["event_timestamp"] == "2026-11-23T23:00:05Z"
    assert (fix["latitude"], fix["speed"], fix["trip_id_scheduled"]) == ("34.8", "3.5", "up")


def test_a_trip_the_timetable_does_not_know_is_left_out() -> None:
    odd = BusDay(DAY, [VisitRow(DAY, "gone", 0, "bus-1", 1.0, 2.0, passed=False)], [], [bus()])
    assert table(odd, "trips_performed") == []
    assert table(odd, "stop_visits") == []
