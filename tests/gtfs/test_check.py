"""What riders notice first is found first."""

from __future__ import annotations

from datetime import date

import pytest

from gtfs.check import Severity, check
from gtfs.tables import FeedError
from tests.gtfs.towns import THERE_AND_BACK, feed_of, town

TODAY = date(2026, 11, 9)


Changes = dict[str, str | None]


def rules(changes: Changes | None = None, today: date = TODAY) -> dict[str, str]:
    return {finding.rule: finding.example for finding in check(feed_of(**changes or {}), today)}


def changed(stem: str, old: str, new: str) -> Changes:
    text = town()[f"{stem}.txt"]
    assert old in text
    return {stem: text.replace(old, new)}


def test_nothing_is_wrong_with_the_town() -> None:
    assert check(feed_of(), TODAY) == []


def test_a_feed_that_has_run_out_is_the_first_thing_riders_notice() -> None:
    first, second = check(feed_of(), date(2026, 12, 1))

    assert (first.rule, first.severity) == ("no_service_today", Severity.ERROR)
    assert (second.rule, second.severity) == ("expires_soon", Severity.WARNING)
    assert first.text == "これから7日間、走る便がありません"


def test_a_feed_that_runs_out_within_a_week_is_told_in_time() -> None:
    assert rules(today=date(2026, 11, 23)) == {}
    assert rules(today=date(2026, 11, 24)) == {"expires_soon": "2026-11-30"}


def test_a_feed_that_starts_within_a_week_is_not_without_service() -> None:
    assert rules(today=date(2026, 10, 26)) == {}
    assert rules(today=date(2026, 10, 25)) == {"no_service_today": "2026-10-25"}


@pytest.mark.parametrize(
    ("stem", "old", "new", "rule", "example"),
    [
        ("stop_times", "08:05:00,08:05:00", "08:02:30,08:02:30", "time_goes_back", "up"),
        ("stop_times", "08:02:00,08:03:00", "08:03:00,08:02:00", "time_goes_back", "up"),
        ("stop_times", "08:00:00,08:00:00", ",", "no_time_at_the_ends", "up"),
        ("stop_times", "08:05:00,08:05:00", ",", "no_time_at_the_ends", "up"),
        ("stop_times", "d,3", "d,2", "same_sequence_twice", "up"),
        ("stop_times", ",c,2", ",x,2", "call_at_unknown_stop", "x"),
        ("trips", "r1,daily", "r2,daily", "trip_without_route", "night"),
        ("trips", "r1,daily", "r1,never", "trip_without_service", "night"),
        ("stops", "c,橋", "c,", "stop_without_name", "c"),
        ("stops", "c,橋,34.81,133.70", "c,橋,,", "stop_without_place", "c"),
        ("stops", "c,橋,34.81,133.70", "c,橋,34.81,", "stop_without_place", "c"),
        ("stops", "c,橋,34.81,133.70", "c,橋,,133.70", "stop_without_place", "c"),
        ("stops", "c,橋,34.81,133.70", "c,橋,0,0", "stop_without_place", "c"),
        ("stops", "c,橋,34.81,133.70", "c,橋,3.81,133.70", "stop_without_place", "c"),
        ("stops", "c,橋,34.81,133.70", "c,橋,34.81,13.70", "stop_without_place", "c"),
        ("stop_times", "08:05:00,08:05:00", "08:03:00,08:03:00", "none", ""),
        ("translations", "stops,stop_name,ja-Hrkt,ハシ,,,橋\n", "", "stop_without_kana", "橋"),
        ("translations", "stops,stop_name,en,Bridge,,,橋\n", "", "stop_without_english", "橋"),
        (
            "translations",
            "trips,trip_headsign,ja-Hrkt,ヤクバ,,,役場\n",
            "",
            "headsign_without_kana",
            "役場",
        ),
    ],
)
def test_each_rule_finds_its_fault(stem: str, old: str, new: str, rule: str, example: str) -> None:
    found = rules(changed(stem, old, new))

    assert found.get(rule, "") == example
    assert rule != "none" or found == {}


def test_a_trip_needs_two_stops_and_a_call_needs_a_trip() -> None:
    header, *calls = town()["stop_times.txt"].splitlines()
    stray = [header, *calls[:4], "ghost,25:10:00,25:10:00,b,20", ""]

    found = rules({"stop_times": "\n".join(stray)})

    assert found == {"call_of_unknown_trip": "ghost", "trip_of_fewer_than_two_stops": "night"}


def test_a_bus_that_would_have_to_fly_is_found() -> None:
    """12.2 km in one minute, which may have been nearly two."""
    far = changed("stops", "d,病院,34.82", "d,病院,34.92")
    quick = changed("stop_times", "08:05:00,08:05:00", "08:04:00,08:04:00")

    assert rules(far | quick) == {"too_fast": "c -> d"}


def test_a_shape_that_misses_the_stops_is_found() -> None:
    shapes: Changes = {"shapes": THERE_AND_BACK.replace("133.70", "133.80")}

    found = rules(shapes | changed("trips", "up,病院,", "up,病院,loop"))

    assert found == {"shape_misses_stops": "up"}


def test_a_feed_without_fares_is_found() -> None:
    assert rules({"fare_attributes": None}) == {"no_fares": "fare_attributes.txt"}


def test_a_feed_with_fares_of_the_second_kind_has_fares() -> None:
    products = "fare_product_id,amount,currency\nflat,200,JPY\n"

    assert rules({"fare_attributes": None, "fare_products": products}) == {}


def test_a_feed_without_an_end_does_not_expire() -> None:
    assert rules(changed("feed_info", "20261130", ""), today=date(2026, 11, 24)) == {}


def test_a_stop_where_nothing_calls_is_not_riders_business() -> None:
    assert rules({"stops": town()["stops.txt"] + "z,廃止,,,0,,\n"}) == {}


def test_a_name_in_latin_letters_needs_no_english() -> None:
    assert rules(changed("stops", "c,橋", "c,Bridge")) == {"stop_without_kana": "Bridge"}


def test_a_feed_in_another_language_needs_no_kana() -> None:
    untranslated: Changes = {"translations": None}
    foreign = changed("agency", "Tokyo,ja", "Tokyo,ca")

    assert {"stop_without_kana", "headsign_without_kana"} <= rules(untranslated).keys()
    assert rules(untranslated | foreign) == {"stop_without_english": "役場"}


def test_a_feed_elsewhere_is_not_outside_japan() -> None:
    andorra = changed("agency", "Asia/Tokyo", "Europe/Andorra")
    stops = changed("stops", "133.70", "1.52")

    assert "stop_without_place" in rules(stops)
    assert rules(stops | andorra) == {}


def test_a_malformed_end_is_an_error_of_the_file() -> None:
    with pytest.raises(FeedError, match="feed_end_date"):
        rules(changed("feed_info", "20261130", "いつか"))
