"""What a town offers is what the feed says: read back by another reader, and by a stranger."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import gtfs_loader  # type: ignore[import-untyped]
import pytest
from gtfs_flex_to_gofs.gofs_converter import (  # type: ignore[import-untyped]
    convert_to_gofs,
)
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from shapely import Polygon

from gtfs.calendar import format_date, parse_time
from gtfs.demand import (
    Area,
    Notice,
    Offer,
    Point,
    Price,
    SafeDuration,
    Words,
    empty_feed,
    safe_duration,
    with_demand,
)
from gtfs.feed import Feed
from gtfs.read import read_feed
from gtfs.write import feed_bytes, write_feed
from tests.gtfs.feeds import FIRST, NAMES, OWN, SECOND, areas, bus_feeds, spot
from tests.gtfs.towns import feed_of

WEEK = tuple(FIRST + timedelta(days=n) for n in range(14))
OFFER = Offer(8 * 3600, 17 * 3600, Notice(30, message="お電話ください"), (Price(500),))
SQUARE = ((34.7, 133.6), (34.7, 133.8), (34.9, 133.8), (34.9, 133.6))
HALL = Point("hall", Words(*NAMES[0]), spot(0))


def area(**changes: object) -> Area:
    facts: dict[str, object] = {
        "id": "a",
        "name": Words("予約便", "よやくびん", "Ride"),
        "operator_id": OWN.id,
        "days": dict.fromkeys(WEEK, OFFER),
        "outline": SQUARE,
        "points": (HALL,),
        "phone": "000-000-0001",
    }
    return Area(**{**facts, **changes})  # type: ignore[arg-type]


def alone(*areas_: Area) -> Feed:
    days = sorted(day for each in areas_ for day in each.days)
    return with_demand(empty_feed(OWN, days, "1"), areas_, [OWN])


def test_one_may_ride_within_the_area_and_between_it_and_the_named_places() -> None:
    feed = alone(area())

    ends = [
        tuple(call.location_id or call.location_group_id for call in calls)
        for calls in feed.stop_times.values()
    ]

    zone, group = "drt-a-zone", "drt-a-group"
    assert ends == [(zone, zone), (zone, group), (group, zone)]
    assert feed.location_groups[0].stop_ids == ("drt-stop-hall",)
    assert feed.stops["drt-stop-hall"].place == HALL.place


def test_without_an_outline_one_rides_between_the_named_places() -> None:
    feed = alone(area(outline=()))

    [calls] = feed.stop_times.values()
    assert {call.location_group_id for call in calls} == {"drt-a-group"}
    assert feed.locations == ()


def test_an_area_without_days_or_places_is_left_out() -> None:
    feed = with_demand(feed_of(), [area(days={}), area(outline=(), points=())])

    assert feed.tables.keys() == feed_of().tables.keys()


def test_the_outline_turns_left_and_closes_whichever_way_it_was_drawn() -> None:
    for outline in (SQUARE, SQUARE[::-1]):
        document = json.loads(alone(area(outline=outline)).extras["locations.geojson"])
        polygon = Polygon(document["features"][0]["geometry"]["coordinates"][0])
        assert polygon.is_valid
        assert polygon.exterior.is_ccw
        assert polygon.bounds == (133.6, 34.7, 133.8, 34.9)


def test_an_outline_that_nobody_drew_says_so() -> None:
    said = {derived: alone(area(derived=derived)).locations[0].desc for derived in (True, False)}

    assert said == {True: "乗降場所を囲む範囲です（正式な境界の図ではありません）", False: ""}


@pytest.mark.parametrize(
    ("notice", "fields"),
    [
        (Notice(), {"type": 0, "notice_min": None, "start_day": None}),
        (Notice(30), {"type": 1, "notice_min": 30, "last_day": None, "start_day": None}),
        (Notice(30, start_day=14), {"type": 1, "start_day": 14, "start_time_s": 0}),
        (
            Notice(last_day=1, last_time_s=17 * 3600),
            {"type": 2, "last_day": 1, "last_time_s": 61_200, "notice_min": None, "service_id": ""},
        ),
        (
            Notice(last_day=2, working_days=True),
            {"type": 2, "last_day": 2, "service_id": "drt-a-1"},
        ),
        (Notice(start_day=14), {"type": 0, "start_day": None}),
    ],
)
def test_each_kind_of_notice_has_the_fields_of_its_type(
    notice: Notice, fields: dict[str, object]
) -> None:
    offer = Offer(0, 3600, notice)
    feed = alone(area(days=dict.fromkeys(WEEK, offer)))

    [rule] = feed.booking_rules.values()
    assert {name: getattr(rule, name) for name in fields} == fields
    assert rule.phone == "000-000-0001"
    assert {call.pickup_rule_id for calls in feed.stop_times.values() for call in calls} == {
        rule.id,
        "",
    }


def test_safe_durations_stand_on_every_trip() -> None:
    feed = alone(area(safe=SafeDuration(1.6, 900)))

    trips = feed.table("trips")
    assert set(trips.texts("safe_duration_factor")) == {"1.6"}
    assert set(trips.texts("safe_duration_offset")) == {"900"}


def test_fares_are_said_in_both_versions() -> None:
    prices = (Price(500), Price(250, Words("小児", "", "child")))
    offer = Offer(0, 3600, Notice(), prices)
    feed = alone(area(days=dict.fromkeys(WEEK, offer)))

    assert feed.table("fare_attributes").texts("price") == ["500"]
    assert [(p.rider_category_id, int(p.amount)) for p in feed.fares.products] == [
        ("drt-all", 500),
        ("drt-child", 250),
    ]
    assert feed.fares.network_routes == {"drt-a": ("drt-a",)}
    assert feed.fares.leg_rules[0].fare_product_id == "drt-a-fare"


def test_stops_of_the_timetable_are_used_where_a_place_is_one() -> None:
    place = Point("p", Words("役場"), (34.8, 133.7), stop_ids=("a", "b"))
    feed = with_demand(feed_of(), [area(operator_id="8000020331236", points=(place,))])

    assert feed.location_groups[0].stop_ids == ("a", "b")
    assert feed.stops.keys() == feed_of().stops.keys()


def test_the_timetable_stays_as_it_was() -> None:
    bus = feed_of()
    feed = with_demand(bus, [area(operator_id="8000020331236")])

    for name, table in bus.tables.items():
        width = len(table.columns)
        rows = [row[:width] for row in feed.tables[name].rows[: len(table)]]
        assert feed.tables[name].columns[:width] == table.columns
        assert rows == list(table.rows)


def test_ids_begin_with_what_nothing_in_the_feed_begins_with() -> None:
    once = with_demand(feed_of(), [area(operator_id="8000020331236")])
    twice = with_demand(once, [area(operator_id="8000020331236")])

    assert [route for route in twice.routes if route != "r1"] == ["drt-a", "drt2-a"]
    assert [location.id for location in twice.locations] == ["drt-a-zone", "drt2-a-zone"]


def test_old_translations_are_upgraded_when_new_ones_join_them() -> None:
    old = "trans_id,lang,translation\n役場,en,Hall\n"
    feed = with_demand(feed_of(translations=old), [area(operator_id="8000020331236")])

    assert feed.translate("stops", "stop_name", "役場", "en") == "Hall"
    assert feed.translate("routes", "route_long_name", "予約便", "en", record_id="drt-a") == "Ride"


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_every_day_says_its_offer_to_a_reader_of_its_own(data: st.DataObject) -> None:
    """The oracle reads the zip by the csv module and counts days by hand."""
    drawn = data.draw(areas([OWN.id, SECOND.id]))
    feed = with_demand(
        empty_feed(OWN, sorted(day for each in drawn for day in each.days), "1"),
        drawn,
        [OWN, SECOND],
    )
    files = read_files(feed_bytes(feed))

    for n in range(-2, 95):
        day = FIRST + timedelta(days=n)
        said = offers_on(files, day)
        for each in drawn:
            route = next(r for r in feed.routes if r.endswith(ascii_of(each.id)))
            offer = each.days.get(day)
            expected = set() if offer is None else {(offer.opens_s, offer.closes_s, kind(offer))}
            assert said.get(route, set()) == expected


def ascii_of(text: str) -> str:
    return "".join(
        c if c.isascii() and c.isalnum() else f"_{c.encode().hex('_').upper()}" for c in text
    )


def kind(offer: Offer) -> str:
    return "2" if offer.notice.last_day is not None else "1" if offer.notice.minutes else "0"


def read_files(data: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode())))
            for name in archive.namelist()
            if name.endswith(".txt")
        }


def offers_on(
    files: dict[str, list[dict[str, str]]], day: date
) -> dict[str, set[tuple[int, int, str]]]:
    text = format_date(day)
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    running = {
        row["service_id"]
        for row in files["calendar.txt"]
        if row["start_date"] <= text <= row["end_date"] and row[names[day.weekday()]] == "1"
    }
    for row in files.get("calendar_dates.txt", []):
        if row["date"] == text:
            (running.add if row["exception_type"] == "1" else running.discard)(row["service_id"])
    rules = {row["booking_rule_id"]: row["booking_type"] for row in files["booking_rules.txt"]}
    trips = {row["trip_id"]: row for row in files["trips.txt"]}
    said: dict[str, set[tuple[int, int, str]]] = {}
    for row in files["stop_times.txt"]:
        trip = trips[row["trip_id"]]
        if trip["service_id"] in running and row["pickup_type"] == "2":
            window = (
                parse_time(row["start_pickup_drop_off_window"]),
                parse_time(row["end_pickup_drop_off_window"]),
            )
            rule = rules[row["pickup_booking_rule_id"]]
            said.setdefault(trip["route_id"], set()).add((*window, rule))
    return said


@given(bus=bus_feeds(), drawn=areas([OWN.id]))
@settings(max_examples=6, deadline=None, phases=[Phase.generate])
def test_a_converter_to_gofs_accepts_it(
    tmp_path_factory: pytest.TempPathFactory, bus: Feed, drawn: list[Area]
) -> None:
    folder = tmp_path_factory.mktemp("gofs")
    feed = with_demand(bus, drawn)
    for name, text in before_adoption(feed_bytes(feed, "jp4")).items():
        (folder / name).write_text(text)

    read = gtfs_loader.load(folder)
    for stop in read.stops.values():  # its own loader forgets what its converter asks for
        stop.raw_stop_lat, stop.raw_stop_lon = stop.stop_lat, stop.stop_lon
    convert_to_gofs(read, folder, ttl=60, base_url="https://town.example.com/")

    rules = json.loads((folder / "operating_rules.json").read_text())["data"]["operating_rules"]
    said = {(r["brand_id"], r["from_zone_id"], r["to_zone_id"]) for r in rules}
    assert said == {
        (feed.trips[trip_id].route_id, *(c.location_id or c.location_group_id for c in calls))
        for trip_id, calls in feed.stop_times.items()
        if calls[0].on_demand
    }
    zones = json.loads((folder / "zones.json").read_text())["data"]["zones"]["features"]
    assert {zone["zone_id"] for zone in zones} >= {location.id for location in feed.locations}
    booking = json.loads((folder / "booking_rules.json").read_text())["data"]["booking_rules"]
    assert {rule["booking_type"] for rule in booking} == {
        rule.type for rule in feed.booking_rules.values()
    }


def before_adoption(data: bytes) -> dict[str, str]:
    """The converter reads the draft of Flex in which areas and groups stood in stop_id."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    calls = list(csv.DictReader(io.StringIO(files["stop_times.txt"])))
    for call in calls:
        ends = [call.pop(name, "") for name in ("location_id", "location_group_id")]
        call["stop_id"] = call.get("stop_id") or "".join(ends)
    members = csv.DictReader(io.StringIO(files.pop("location_group_stops.txt", "")))
    groups = [
        {"location_group_id": m["location_group_id"], "location_id": m["stop_id"]} for m in members
    ]
    files["stop_times.txt"] = written(calls)
    if groups:
        files["location_groups.txt"] = written(groups)
    return files


def written(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


RIDES = st.lists(
    st.tuples(st.integers(60, 3000), st.integers(0, 2400)).map(lambda r: (r[0], r[0] + r[1])),
    min_size=20,
    max_size=60,
)


@given(RIDES)
@settings(max_examples=25, deadline=None)
def test_safe_durations_cover_all_but_one_ride_in_twenty(rides: list[tuple[int, int]]) -> None:
    found = safe_duration(rides)

    assert found is not None
    kept = sum(aboard <= found.factor * direct + found.offset_s for direct, aboard in rides)
    assert kept >= 0.95 * len(rides)
    tight = sum(aboard <= found.factor * direct + found.offset_s - 2 for direct, aboard in rides)
    assert found.offset_s == 0 or tight < 0.95 * len(rides)


def test_too_few_rides_say_nothing() -> None:
    assert safe_duration([(600, 700)] * 19) is None
    assert safe_duration([(600, 700)] * 20) is not None


def test_two_exports_are_the_same_bytes_and_a_moved_stop_changes_its_row_alone(
    tmp_path: Path,
) -> None:
    moved = Point("hall", HALL.name, (34.81, 133.7))
    before, again, after = (
        read_files(feed_bytes(alone(area(points=(point,))), "jp4")) for point in (HALL, HALL, moved)
    )

    assert before == again
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"stops.txt"}
    write_feed(alone(area()), tmp_path / "one.zip", "jp4")
    assert (tmp_path / "one.zip").read_bytes() == feed_bytes(alone(area()), "jp4")
    assert read_feed(tmp_path / "one.zip").locations == alone(area()).locations
