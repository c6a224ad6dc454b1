"""GOFS: what the town's feed says of its demand service, in JSON."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from gtfs import gofs
from gtfs.demand import Area, Notice, Offer, Operator, Point, Price, Words, with_demand
from gtfs.feed import Feed
from gtfs.gofs import VehicleType
from tests.gtfs.towns import feed_of

MONDAY = date(2026, 11, 2)
VAN = VehicleType("van", 8, wheelchairs=True)
OUTLINE = [(34.7, 133.6), (34.7, 133.8), (34.9, 133.8)]
BASE = "https://example.invalid/feeds/gofs"


def weekdays(count: int) -> list[date]:
    days = (MONDAY + timedelta(days=k) for k in range(count))
    return [day for day in days if day.weekday() < 5]


def demand_feed(**changes: str | None) -> Feed:
    offer = Offer(
        8 * 3600, 17 * 3600, Notice(minutes=30, message="電話してください"), (Price(500),)
    )
    days = {day: offer for day in weekdays(28) if day != date(2026, 11, 23)}
    # One Saturday more.
    days[date(2026, 11, 28)] = offer
    area = Area(
        id="east",
        name=Words("東地区", "ひがしちく", "East"),
        operator_id="taxi",
        days=days,
        outline=OUTLINE,
        points=[Point("clinic", Words("診療所", "しんりょうじょ", "Clinic"), (34.82, 133.70))],
        phone="000-000-0001",
    )
    operator = Operator(
        "taxi", Words("町のタクシー", en="Town Taxi"), "https://example.invalid/", "Asia/Tokyo"
    )
    return with_demand(feed_of(**changes), [area], [operator])


def files(**changes: str | None) -> dict[str, Any]:
    return gofs.documents(demand_feed(**changes), [VAN], base_url=BASE, languages=("ja", "en"))


def test_a_timetable_without_demand_service_has_no_gofs() -> None:
    assert gofs.documents(feed_of(), [VAN], base_url=BASE, languages=("ja",)) == {}


def test_each_language_has_every_file_and_the_index_leads_to_it() -> None:
    found = files()
    names = {"system_information", "service_brands", "vehicle_types", "zones", "operating_rules",
             "calendars", "fares", "booking_rules"}  # fmt: skip
    for language in ("ja", "en"):
        told = {feed["name"]: feed["url"] for feed in found["gofs.json"][language]["feeds"]}
        assert set(told) == names
        for url in told.values():
            assert url.removeprefix(f"{BASE}/") in found


def test_names_are_said_in_the_language_asked_for() -> None:
    found = files()
    assert found["ja/service_brands.json"]["service_brands"][0]["brand_name"] == "東地区"
    assert found["en/service_brands.json"]["service_brands"][0]["brand_name"] == "East"
    assert found["ja/system_information.json"]["name"] == "町のタクシー"
    assert found["en/system_information.json"]["name"] == "Town Taxi"


def test_riders_go_from_the_area_to_its_stops_within_the_hours() -> None:
    rules = files()["ja/operating_rules.json"]["operating_rules"]
    kinds = {(r["from_zone_id"].split("-")[-1], r["to_zone_id"].split("-")[-1]) for r in rules}
    assert kinds == {("zone", "zone"), ("zone", "group"), ("group", "zone")}
    for rule in rules:
        assert rule["start_pickup_window"] == "08:00:00"
        assert rule["end_pickup_window"] == rule["end_dropoff_window"] == "17:00:00"
        assert rule["vehicle_type_id"] == ["van"]


def test_a_day_more_is_a_calendar_of_its_own_and_a_holiday_is_excepted() -> None:
    calendars = files()["ja/calendars.json"]["calendars"]
    week, saturday = calendars
    assert week["days"] == ["mon", "tue", "wed", "thu", "fri"]
    assert week["excepted_dates"] == ["20261123"]
    assert (saturday["start_date"], saturday["end_date"]) == ("20261128", "20261128")
    assert "days" not in saturday
    rules = files()["ja/operating_rules.json"]["operating_rules"]
    assert rules[0]["calendars"] == [week["calendar_id"], saturday["calendar_id"]]


def test_the_phone_and_the_notice_are_told_for_each_way() -> None:
    rules = files()["ja/booking_rules.json"]["booking_rules"]
    assert {rule["phone_number"] for rule in rules} == {"000-000-0001"}
    assert {rule["prior_notice_duration_min"] for rule in rules} == {30}
    assert {rule["booking_type"] for rule in rules} == {1}
    assert all("prior_notice_last_day" not in rule for rule in rules)


def test_a_ride_costs_what_the_feed_says() -> None:
    (fare,) = files()["ja/fares.json"]["fares"]
    assert (fare["currency"], fare["rider"]) == ("JPY", [{"amount": 500}])
    assert files()["ja/operating_rules.json"]["operating_rules"][0]["fare_id"] == fare["fare_id"]


def test_everything_named_is_somewhere() -> None:
    found = files()
    zones = {zone["zone_id"] for zone in found["ja/zones.json"]["zones"]["features"]}
    calendars = {each["calendar_id"] for each in found["ja/calendars.json"]["calendars"]}
    brands = {each["brand_id"] for each in found["ja/service_brands.json"]["service_brands"]}
    for rule in found["ja/operating_rules.json"]["operating_rules"]:
        assert {rule["from_zone_id"], rule["to_zone_id"]} <= zones
        assert set(rule["calendars"]) <= calendars
        assert rule["brand_id"] in brands
    for rule in found["ja/booking_rules.json"]["booking_rules"]:
        assert {*rule["from_zone_ids"], *rule["to_zone_ids"]} <= zones


def test_places_are_longitude_first() -> None:
    area, stops = files()["ja/zones.json"]["zones"]["features"]
    ring = area["geometry"]["coordinates"][0][0]
    assert area["geometry"]["type"] == "MultiPolygon"
    assert ring[0] == ring[-1]
    assert all(133 < lon < 134 and 34 < lat < 35 for lon, lat in ring)
    assert stops["geometry"] == {"type": "MultiPoint", "coordinates": [[133.7, 34.82]]}


def test_a_stop_served_on_demand_by_itself_is_a_zone() -> None:
    calls = (
        "trip_id,stop_id,stop_sequence,start_pickup_drop_off_window,end_pickup_drop_off_window,"
        "pickup_type,drop_off_type\nup,a,1,08:00:00,12:00:00,2,1\nup,d,2,08:00:00,12:00:00,1,2\n"
    )
    found = gofs.documents(feed_of(stop_times=calls), [VAN], base_url=BASE, languages=("en",))
    zones = found["en/zones.json"]["zones"]["features"]
    assert [(zone["zone_id"], zone["properties"]["name"]) for zone in zones] == [
        ("a", "Town Hall"),
        ("d", "Hospital"),
    ]
    assert [zone["geometry"]["type"] for zone in zones] == ["Point", "Point"]


def test_an_envelope_says_since_when() -> None:
    assert gofs.envelope({"a": 1}, last_updated=1_763_859_600, ttl_s=60) == {
        "last_updated": 1_763_859_600,
        "ttl": 60,
        "version": "1.0",
        "data": {"a": 1},
    }
