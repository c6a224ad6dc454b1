"""Demand service in a feed is read as typed rows, and every fault says where it is."""

from __future__ import annotations

import json
from datetime import date

import pytest

from gtfs.check import check
from gtfs.feed import Feed
from gtfs.flex import Location, LocationGroup
from gtfs.read import parse_table
from gtfs.tables import FeedError
from tests.gtfs.towns import town

TODAY = date(2026, 11, 9)
SQUARE = [[133.6, 34.7], [133.8, 34.7], [133.8, 34.9], [133.6, 34.9], [133.6, 34.7]]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE]}
FEATURE = {
    "type": "Feature",
    "id": "zone",
    "properties": {"stop_name": "町内"},
    "geometry": POLYGON,
}
HEAD = (
    "trip_id,arrival_time,departure_time,stop_id,stop_sequence,location_group_id,location_id,"
    "start_pickup_drop_off_window,end_pickup_drop_off_window,pickup_type,drop_off_type,"
    "pickup_booking_rule_id,drop_off_booking_rule_id\n"
)
UP = "".join(line + ",,,,,0,0,,\n" for line in town()["stop_times.txt"].splitlines()[1:] if line)
RIDES = "ride,,,,1,,zone,08:30:00,17:00:00,2,1,book,\nride,,,,2,near,,08:30:00,17:00:00,1,2,,book\n"
FLEX = {
    "stop_times": HEAD + UP + RIDES,
    "trips": town()["trips.txt"] + "r1,daily,ride,,,\n",
    "booking_rules": "booking_rule_id,booking_type,prior_notice_duration_min,prior_notice_last_day,"
    "prior_notice_last_time,prior_notice_service_id,phone_number\nbook,1,30,,,,000-000-0001\n",
    "location_groups": "location_group_id,location_group_name\nnear,役場前\n",
    "location_group_stops": "location_group_id,stop_id\nnear,a\nnear,b\n",
}


def feed(geojson: object = None, **changes: str) -> Feed:
    files = town(**{**FLEX, **changes})
    document = {"type": "FeatureCollection", "features": [FEATURE]} if geojson is None else geojson
    return Feed(
        {
            name.removesuffix(".txt"): parse_table(name.removesuffix(".txt"), text.encode())
            for name, text in files.items()
        },
        {"locations.geojson": json.dumps(document).encode()},
    )


def test_areas_groups_windows_and_rules_are_typed() -> None:
    found = feed()

    first, last = found.stop_times["ride"]
    assert (first.location_id, last.location_group_id) == ("zone", "near")
    assert (first.window_start_s, first.window_end_s) == (30_600, 61_200)
    assert first.on_demand
    assert not found.stop_times["up"][0].on_demand
    assert found.booking_rules["book"].notice_min == 30
    assert found.location_groups == [LocationGroup("near", "役場前", ("a", "b"))]
    ring = tuple((lat, lon) for lon, lat in SQUARE)
    assert found.locations == [Location("zone", "町内", "", ((ring,),))]
    assert check(found, TODAY) == []


def test_a_call_in_an_area_is_at_no_stop() -> None:
    found = feed()

    assert [trip.id for trip, _ in found.calls_at("a", TODAY)] == ["up"]
    assert "ride" in {trip.id for trip in found.trips_on(TODAY)}


@pytest.mark.parametrize(
    ("stem", "old", "new", "line", "rule"),
    [
        ("stop_times", "1,,zone", "1,near,zone", 7, "call_nowhere"),
        ("stop_times", "1,,zone", "1,,", 7, "call_nowhere"),
        ("stop_times", "1,,zone", "1,,elsewhere", 7, "call_in_unknown_area"),
        ("stop_times", "near,,08:30", "far,,08:30", 8, "call_in_unknown_area"),
        ("stop_times", "zone,08:30:00,17:00:00", "zone,17:00:00,08:30:00", 7, "no_window"),
        ("stop_times", "zone,08:30:00,17:00:00", "zone,08:30:00,", 7, "no_window"),
        ("stop_times", "17:00:00,2,1", "17:00:00,0,1", 7, "fetched_without_booking"),
        ("stop_times", "17:00:00,1,2", "17:00:00,1,0", 8, "fetched_without_booking"),
        ("stop_times", "2,1,book", "2,1,booc", 7, "unknown_booking_rule"),
        ("stop_times", "2,1,book", "2,1,", 7, "no_booking_rule"),
        ("booking_rules", "book,1,30,", "book,1,,", 2, "booking_rule_unclear"),
        ("booking_rules", "book,1,30,", "book,0,30,", 2, "booking_rule_unclear"),
        ("booking_rules", "book,1,30,,", "book,2,,1,", 2, "booking_rule_unclear"),
        ("booking_rules", "1,30,,,,", "2,,1,17:00:00,never,", 2, "booking_service_unknown"),
        ("booking_rules", "000-000-0001", "", 2, "nobody_to_call"),
        ("location_group_stops", "near,b", "near,z", 3, "group_of_unknown_stop"),
        ("location_groups", "near,役場前\n", "near,役場前\nfar,\n", 3, "group_without_stops"),
    ],
)
def test_a_planted_fault_is_found_by_file_and_line(
    stem: str, old: str, new: str, line: int, rule: str
) -> None:
    assert old in FLEX[stem]

    found = check(feed(**{stem: FLEX[stem].replace(old, new, 1)}), TODAY)

    assert (rule, f"{stem}.txt", line) in [(f.rule, f.file, f.line) for f in found]
    [finding] = [f for f in found if f.rule == rule]
    assert finding.sentence().startswith(f"{stem}.txt {line}行目: ")
    assert finding.sentence("en").startswith(f"{stem}.txt:{line}: ")


def test_an_outline_that_crosses_itself_is_found() -> None:
    crossed = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]
    geometry = {"type": "Polygon", "coordinates": [crossed]}

    found = check(feed({"features": [FEATURE | {"geometry": geometry}]}), TODAY)

    assert [(f.rule, f.file, f.example) for f in found] == [
        ("area_misdrawn", "locations.geojson", "zone")
    ]


def test_an_area_with_the_id_of_a_stop_is_found() -> None:
    found = check(feed({"features": [FEATURE, FEATURE | {"id": "a"}]}), TODAY)

    assert [(f.rule, f.example) for f in found] == [("id_of_two_places", "a")]


NO_RINGS: tuple[object, ...] = (
    [],
    [[]],
    [7],
    [SQUARE[:3]],
    [SQUARE[:4]],
    [[[0], *SQUARE, [0]]],
    [[[181, 0], *SQUARE[1:], [181, 0]]],
    [[["1", 2], *SQUARE[1:], ["1", 2]]],
)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], "features"),
        ({}, "features"),
        ({"features": {}}, "features"),
        ({"features": [1]}, "type"),
        (
            {"features": [FEATURE | {"geometry": {"type": [], "coordinates": [[SQUARE]]}}]},
            "geometry",
        ),
        ({"features": [FEATURE | {"id": 7}]}, "id"),
        ({"features": [FEATURE | {"id": ""}]}, "id"),
        ({"features": [FEATURE | {"properties": {"stop_name": 7}}]}, "properties"),
        ({"features": [FEATURE | {"geometry": None}]}, "geometry"),
        ({"features": [FEATURE | {"geometry": {"type": "Point"}}]}, "geometry"),
        *(
            ({"features": [FEATURE | {"geometry": POLYGON | {"coordinates": rings}}]}, "geometry")
            for rings in NO_RINGS
        ),
    ],
)
def test_what_is_no_area_is_refused_by_its_feature(document: object, field: str) -> None:
    with pytest.raises(FeedError) as caught:
        feed(document)

    assert (caught.value.file, caught.value.field) == ("locations.geojson", field)


def test_what_is_not_json_is_refused_by_its_line() -> None:
    with pytest.raises(FeedError) as caught:
        Feed(feed().tables, {"locations.geojson": b'{\n"features": [}'})

    assert (caught.value.file, caught.value.line) == ("locations.geojson", 2)


@pytest.mark.parametrize(
    ("stem", "old", "new", "line", "field"),
    [
        ("booking_rules", "book,1", "book,3", 2, "booking_type"),
        ("booking_rules", "1,30", "1,soon", 2, "prior_notice_duration_min"),
        ("location_group_stops", "near,b", "far,b", 3, "location_group_id"),
        ("stop_times", "08:30:00,17", "8.30,17", 7, "start_pickup_drop_off_window"),
    ],
)
def test_a_bad_value_is_named(stem: str, old: str, new: str, line: int, field: str) -> None:
    with pytest.raises(FeedError) as caught:
        feed(**{stem: FLEX[stem].replace(old, new, 1)})

    assert (caught.value.file, caught.value.line, caught.value.field) == (
        f"{stem}.txt",
        line,
        field,
    )
