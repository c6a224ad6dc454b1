"""What a feed answers: days, stops, ways and words."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.feed import Feed
from gtfs.geo import Line, distance_m
from gtfs.read import read_feed
from tests.gtfs.towns import THERE_AND_BACK, feed_of, town, zipped

WEDNESDAY = date(2026, 11, 25)
HOLIDAY_MONDAY = date(2026, 11, 23)
SATURDAY_WITH_BUSES = date(2026, 11, 28)


def test_times_are_in_the_time_zone_of_the_agency() -> None:
    assert feed_of().timezone == "Asia/Tokyo"
    assert feed_of(agency="agency_id,agency_timezone\n").timezone == ""


def test_a_service_runs_on_its_weekdays_unless_that_day_is_changed() -> None:
    feed = feed_of()

    assert feed.services_on(WEDNESDAY) == {"weekday", "daily"}
    assert feed.services_on(HOLIDAY_MONDAY) == {"daily"}
    assert feed.services_on(SATURDAY_WITH_BUSES) == {"weekday", "daily"}
    assert feed.services_on(date(2026, 11, 29)) == {"daily"}
    assert feed.services_on(date(2026, 12, 1)) == frozenset()
    assert [trip.id for trip in feed.trips_on(HOLIDAY_MONDAY)] == ["night"]


WEEKS = st.lists(
    st.tuples(
        st.lists(st.booleans(), min_size=7, max_size=7), st.integers(0, 20), st.integers(0, 20)
    ),
    max_size=3,
)
CHANGES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.booleans()), max_size=8)


@given(WEEKS, CHANGES)
@settings(max_examples=60, deadline=None)
def test_services_agree_with_a_day_by_day_reckoning(
    weeks: list[tuple[list[bool], int, int]], changes: list[tuple[int, int, bool]]
) -> None:
    first = date(2026, 11, 1)
    changes = list(
        {(service, day): (service, day, added) for service, day, added in changes}.values()
    )
    feed = feed_of(calendar=_calendar(first, weeks), calendar_dates=_changes(first, changes))

    for ahead in range(21):
        day = first + timedelta(days=ahead)
        expected = set()
        for service in range(4):
            runs = service < len(weeks) and (
                weeks[service][0][day.weekday()] and weeks[service][1] <= ahead <= weeks[service][2]
            )
            said = [added for changed, at, added in changes if (changed, at) == (service, ahead)]
            if said[0] if said else runs:
                expected.add(f"s{service}")
        assert feed.services_on(day) == expected


def _calendar(first: date, weeks: list[tuple[list[bool], int, int]]) -> str:
    days = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
    rows = [
        f"s{i},{','.join('01'[runs] for runs in days_)},"
        f"{first + timedelta(days=start):%Y%m%d},{first + timedelta(days=end):%Y%m%d}"
        for i, (days_, start, end) in enumerate(weeks)
    ]
    return "\n".join([f"service_id,{days},start_date,end_date", *rows]) + "\n"


def _changes(first: date, changes: list[tuple[int, int, bool]]) -> str:
    rows = [
        f"s{service},{first + timedelta(days=day):%Y%m%d},{1 if added else 2}"
        for service, day, added in changes
    ]
    return "\n".join(["service_id,date,exception_type", *rows]) + "\n"


def test_a_station_has_the_calls_of_its_platforms_by_departure() -> None:
    calls = feed_of().calls_at("sta", WEDNESDAY)

    assert [(trip.id, call.stop_id, call.departure_s) for trip, call in calls] == [
        ("up", "a", 8 * 3600),
        ("night", "b", 90_600),
    ]


def test_a_stop_has_only_its_own_calls_and_only_of_that_day() -> None:
    feed = feed_of()

    assert [trip.id for trip, _ in feed.calls_at("a", WEDNESDAY)] == ["up"]
    assert feed.calls_at("a", HOLIDAY_MONDAY) == []
    assert feed.calls_at("nowhere", WEDNESDAY) == []


def test_calls_come_in_the_order_of_the_trip_whatever_the_order_of_the_file() -> None:
    lines = town()["stop_times.txt"].splitlines()
    shuffled = "\n".join([lines[0], lines[5], lines[3], lines[1], lines[4], lines[2]]) + "\n"

    feed = feed_of(stop_times=shuffled)

    assert [call.stop_id for call in feed.stop_times["up"]] == ["a", "c", "d"]
    assert [call.stop_sequence for call in feed.stop_times["night"]] == [10, 20]


def test_a_call_with_one_time_has_both_and_one_without_has_none() -> None:
    feed = feed_of(
        stop_times="""\
trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint
up,,08:00:00,a,1,1
up,,,c,2,
up,08:05:00,,d,3,0
"""
    )

    first, middle, last = feed.stop_times["up"]
    assert (first.arrival_s, first.departure_s, first.timepoint) == (28_800, 28_800, True)
    assert (middle.arrival_s, middle.departure_s) == (None, None)
    assert (last.arrival_s, last.departure_s, last.timepoint) == (29_100, 29_100, False)
    assert feed.calls_at("c", WEDNESDAY) == []


def test_without_a_shape_the_way_is_straight_from_stop_to_stop() -> None:
    feed = feed_of()

    assert feed.follows_shape("up")
    assert feed.line("up").length_m == pytest.approx(2224, abs=1)
    assert feed.stop_offsets_m("up") == pytest.approx((0, 1112, 2224), abs=1)


def test_stops_on_a_street_run_twice_lie_on_the_pass_their_order_asks_for() -> None:
    feed = feed_of(
        shapes=THERE_AND_BACK,
        trips="route_id,service_id,trip_id,shape_id\nr1,daily,round,loop\n",
        stop_times="""\
trip_id,arrival_time,departure_time,stop_id,stop_sequence
round,08:00:00,08:00:00,a,1
round,08:02:00,08:02:00,c,2
round,08:04:00,08:04:00,d,3
round,08:06:00,08:06:00,c,4
round,08:08:00,08:08:00,b,5
""",
    )

    assert feed.stop_offsets_m("round") == pytest.approx((0, 1112, 2224, 3336, 4448), abs=1)
    assert feed.follows_shape("round")


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6).map(sorted), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_stops_beside_a_winding_way_keep_their_order_and_stay_near(
    shares: list[float], seed: int
) -> None:
    way = Line(
        [34.80 + 0.002 * ((seed >> i) % 7) + 0.004 * i for i in range(8)],
        [133.70 + 0.003 * ((seed >> 2 * i) % 5) for i in range(8)],
    )
    places = [way.at(share * way.length_m)[:2] for share in shares]
    feed = _feed_along(way, places)

    offsets_m = feed.stop_offsets_m("t")

    assert list(offsets_m) == sorted(offsets_m)
    for place, offset_m in zip(places, offsets_m, strict=True):
        assert distance_m(*place, *feed.line("t").at(offset_m)[:2]) < 1.0


def _feed_along(way: Line, places: list[tuple[float, float]]) -> Feed:
    points = [f"w,{lat},{lon},{i}" for i, (lat, lon) in enumerate(way.points)]
    stops = [f"s{i},駅,{lat},{lon}" for i, (lat, lon) in enumerate(places)]
    calls = [f"t,08:{i:02d}:00,08:{i:02d}:00,s{i},{i}" for i in range(len(places))]
    return feed_of(
        shapes="\n".join(["shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence", *points, ""]),
        stops="\n".join(["stop_id,stop_name,stop_lat,stop_lon", *stops, ""]),
        trips="route_id,service_id,trip_id,shape_id\nr1,daily,t,w\n",
        stop_times="\n".join(
            ["trip_id,arrival_time,departure_time,stop_id,stop_sequence", *calls, ""]
        ),
    )


def test_a_shape_that_runs_elsewhere_is_not_taken_for_the_way() -> None:
    elsewhere = THERE_AND_BACK.replace("133.70", "133.80")

    feed = feed_of(
        shapes=elsewhere, trips="route_id,service_id,trip_id,shape_id\nr1,daily,up,loop\n"
    )

    assert not feed.follows_shape("up")
    assert feed.line("up").length_m == pytest.approx(2224, abs=1)


@pytest.mark.parametrize("stop", ["c,橋,,", "c,橋,34.81,", "x,橋,34.81,133.70"])
def test_a_stop_without_a_place_says_nothing_against_the_shape(stop: str) -> None:
    stops = town()["stops.txt"].replace("c,橋,34.81,133.70", stop)

    feed = feed_of(
        shapes=THERE_AND_BACK.replace("133.70", "133.80"),
        stops=stops,
        trips=town()["trips.txt"].replace("up,病院,", "up,病院,loop"),
    )

    assert feed.follows_shape("up")
    with pytest.raises(ValueError, match="has no place"):
        feed.line("up")


def test_a_translation_for_the_record_wins_over_one_for_the_text() -> None:
    feed = feed_of()

    assert feed.translate("stops", "stop_name", "役場", "en") == "Town Hall"
    assert feed.translate("stops", "stop_name", "役場", "en", record_id="a") == "Town Hall"
    assert feed.translate("stops", "stop_name", "役場", "en", record_id="b") == "Hall (stand 2)"
    assert feed.translate("stops", "stop_name", "役場", "ja-Hrkt") == "ヤクバ"
    assert feed.translate("stops", "stop_name", "役場", "ko") is None
    assert feed.translate("trips", "trip_headsign", "橋", "en") is None


def test_a_route_is_called_what_the_bus_shows() -> None:
    words = town()["translations.txt"]
    short = "routes,route_short_name,en,North,,,北\nroutes,route_long_name,en,North line,,,北線\n"
    feed = feed_of(translations=words + short)

    assert (feed.route_name("r1", "en"), feed.route_name("r1", "ko")) == ("North", None)
    assert feed.route_name("gone", "en") is None
    own = "routes,route_short_name,en,The northern,r1,,\n"
    assert feed_of(translations=words + short + own).route_name("r1", "en") == "The northern"
    without = town()["routes.txt"].replace("r1,8000020331236,北,", "r1,8000020331236,,")
    assert (
        feed_of(translations=words + short, routes=without).route_name("r1", "en") == "North line"
    )


def test_a_translation_from_before_2020_holds_for_the_text_anywhere() -> None:
    feed = feed_of(translations="trans_id,lang,translation\n役場,en,Town Hall\n")

    assert feed.translate("stops", "stop_name", "役場", "en") == "Town Hall"
    assert feed.translate("trips", "trip_headsign", "役場", "en") == "Town Hall"


def test_spaces_around_a_value_are_kept_in_the_table_and_not_shown_to_riders(
    tmp_path: Path,
) -> None:
    stops = town()["stops.txt"].replace("橋,34.81", "橋 , 34.81")

    feed = read_feed(zipped(tmp_path / "feed.zip", town(stops=stops)))

    assert feed.stops["c"].name == "橋"
    assert feed.stops["c"].lat == 34.81
    assert feed.tables["stops"].rows[3][1] == "橋 "
