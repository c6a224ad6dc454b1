"""Realtime messages keep the promises that validators check."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from google.transit import gtfs_realtime_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from gtfs.realtime import (
    Call,
    Cause,
    Concern,
    Effect,
    Notice,
    Position,
    Severity,
    Status,
    TripRef,
    Update,
    alert_entity,
    alerts,
    position_entity,
    spliced,
    trip_updates,
    update_entity,
    vehicle_positions,
)

NOW = 1_795_564_800.0
TRIP = TripRef("up", date(2026, 11, 25), route_id="r1")


def parsed(message: bytes) -> pb.FeedMessage:
    feed = pb.FeedMessage()
    feed.ParseFromString(message)
    return feed


def test_every_message_says_when_it_was_made_and_of_which_timetable() -> None:
    header = parsed(vehicle_positions([], now=NOW, feed_version="20261101")).header

    assert header.gtfs_realtime_version == "2.0"
    assert header.incrementality == pb.FeedHeader.FULL_DATASET
    assert header.timestamp == int(NOW)
    assert header.feed_version == "20261101"


def test_a_vehicle_on_a_trip_says_where_it_is() -> None:
    seen = Position(
        "bus-1",
        "1号車",
        34.8,
        133.7,
        NOW - 3,
        bearing=90.0,
        speed_mps=8.5,
        trip=TRIP,
        stop_sequence=2,
        stop_id="c",
        status=Status.INCOMING,
    )

    [entity] = parsed(vehicle_positions([seen], now=NOW)).entity

    vehicle = entity.vehicle
    assert (entity.id, vehicle.vehicle.id, vehicle.vehicle.label) == ("bus-1", "bus-1", "1号車")
    assert (vehicle.position.latitude, vehicle.position.longitude) == pytest.approx((34.8, 133.7))
    assert (vehicle.position.bearing, vehicle.position.speed) == (90.0, 8.5)
    assert (vehicle.trip.trip_id, vehicle.trip.start_date) == ("up", "20261125")
    assert vehicle.trip.HasField("schedule_relationship")
    assert (vehicle.current_stop_sequence, vehicle.stop_id) == (2, "c")
    assert vehicle.current_status == pb.VehiclePosition.INCOMING_AT
    assert vehicle.timestamp == int(NOW) - 3


def test_a_vehicle_without_a_trip_names_none() -> None:
    [entity] = parsed(
        vehicle_positions([Position("van-1", "", 34.8, 133.7, NOW, stop_sequence=1)], now=NOW)
    ).entity

    assert not entity.vehicle.HasField("trip")
    assert not entity.vehicle.HasField("current_stop_sequence")
    assert not entity.vehicle.position.HasField("bearing")


def test_no_time_is_later_than_the_headers() -> None:
    ahead = Position("bus-1", "", 34.8, 133.7, NOW + 5)

    [position] = parsed(vehicle_positions([ahead], now=NOW)).entity
    [update] = parsed(trip_updates([Update(TRIP, NOW + 5)], now=NOW)).entity

    assert position.vehicle.timestamp == update.trip_update.timestamp == int(NOW)


@given(
    st.lists(
        st.tuples(st.integers(-60, 300), st.none() | st.integers(-60, 120)), min_size=1, max_size=8
    )
)
def test_times_strictly_increase_from_stop_to_stop(legs: list[tuple[int, int | None]]) -> None:
    at, calls = NOW, []
    for sequence, (ride_s, wait_s) in enumerate(legs):
        at += ride_s
        departure = None if wait_s is None else at + wait_s
        calls.append(Call(sequence, f"s{sequence}", at, departure, uncertainty_s=30))

    [entity] = parsed(trip_updates([Update(TRIP, NOW, tuple(reversed(calls)))], now=NOW)).entity

    stops = entity.trip_update.stop_time_update
    assert [stop.stop_sequence for stop in stops] == list(range(len(legs)))
    assert {stop.arrival.uncertainty for stop in stops} == {30}
    assert all(stop.arrival.time <= stop.departure.time for stop in stops)
    assert all(a.departure.time < b.arrival.time for a, b in pairwise(stops))
    assert all(
        stop.arrival.time >= int(call.arrival or 0) for stop, call in zip(stops, calls, strict=True)
    )


def test_a_stop_left_out_has_no_times() -> None:
    calls = (Call(1, "a", NOW, None), Call(2, "c", None, None), Call(3, "d", NOW + 60, NOW + 60))

    [entity] = parsed(
        trip_updates([Update(TRIP, NOW, calls, vehicle_id="bus-1", delay_s=-30)], now=NOW)
    ).entity

    update = entity.trip_update
    assert entity.id == "up@20261125"
    assert (update.vehicle.id, update.delay) == ("bus-1", -30)
    assert [stop.schedule_relationship for stop in update.stop_time_update] == [0, 1, 0]
    assert not update.stop_time_update[1].HasField("arrival")


def test_a_cancelled_trip_has_no_stops() -> None:
    cancelled = TripRef("up", date(2026, 11, 25), cancelled=True)

    [entity] = parsed(
        trip_updates([Update(cancelled, NOW, (Call(1, "a", NOW, NOW),))], now=NOW)
    ).entity

    assert entity.trip_update.trip.schedule_relationship == pb.TripDescriptor.CANCELED
    assert len(entity.trip_update.stop_time_update) == 0


def test_what_is_not_known_is_not_there() -> None:
    trip = TripRef("up", date(2026, 11, 25))
    seen = Position("bus-1", "", 34.8, 133.7, NOW, trip=trip)

    positions = parsed(vehicle_positions([seen], now=NOW))
    updates = parsed(trip_updates([Update(trip, NOW, (Call(1, "a", NOW, NOW),))], now=NOW))

    vehicle, update = positions.entity[0].vehicle, updates.entity[0].trip_update
    assert not positions.header.HasField("feed_version")
    assert not vehicle.trip.HasField("route_id")
    assert not vehicle.HasField("stop_id")
    assert not vehicle.HasField("current_status")
    assert not vehicle.position.HasField("speed")
    assert not update.HasField("vehicle")
    assert not update.HasField("delay")
    assert not update.stop_time_update[0].arrival.HasField("uncertainty")


def test_the_route_is_named_where_it_is_known() -> None:
    [entity] = parsed(trip_updates([Update(TRIP, NOW)], now=NOW)).entity

    assert entity.trip_update.trip.route_id == "r1"
    assert entity.trip_update.trip.schedule_relationship == pb.TripDescriptor.SCHEDULED


@pytest.mark.parametrize("where", [{"stop_sequence": 2}, {"stop_id": "c"}])
def test_a_stop_is_named_whole_or_not_at_all(where: dict[str, Any]) -> None:
    seen = Position("bus-1", "", 34.8, 133.7, NOW, trip=TRIP, **where)

    [entity] = parsed(vehicle_positions([seen], now=NOW)).entity

    assert not entity.vehicle.HasField("current_stop_sequence")
    assert not entity.vehicle.HasField("stop_id")


# Alerts


def test_an_alert_says_whom_it_is_about_when_and_in_which_languages() -> None:
    notice = Notice(
        id="a1",
        header={"ja": "雪のため遅れています。", "en": "Delays because of snow."},
        text={"ja": "峠の道が通れません。", "en": ""},
        spoken={"ja": "ゆきのため、おくれています。"},
        concerns=(Concern(route_id="r1"), Concern(stop_id="c"), Concern(trip=TRIP)),
        from_s=NOW,
        to_s=NOW + 3600,
        cause=Cause.WEATHER,
        effect=Effect.DELAYS,
        severity=Severity.WARNING,
        url="https://example.invalid/snow",
    )

    [entity] = parsed(alerts([notice], now=NOW, feed_version="7")).entity

    alert = entity.alert
    assert entity.id == "a1"
    assert words(alert.header_text) == {
        "ja": "雪のため遅れています。",
        "en": "Delays because of snow.",
    }
    assert words(alert.description_text) == {"ja": "峠の道が通れません。"}
    assert words(alert.tts_description_text) == {"ja": "ゆきのため、おくれています。"}
    assert words(alert.url) == {"ja": "https://example.invalid/snow"}
    assert [(p.start, p.end) for p in alert.impact_period] == [(int(NOW), int(NOW) + 3600)]
    assert [(p.start, p.end) for p in alert.communication_period] == [(int(NOW), int(NOW) + 3600)]
    assert not alert.active_period
    assert [each.route_id for each in alert.informed_entity] == ["r1", "", ""]
    assert [each.stop_id for each in alert.informed_entity] == ["", "c", ""]
    assert alert.informed_entity[2].trip.trip_id == "up"
    assert (alert.cause, alert.effect) == (pb.Alert.WEATHER, pb.Alert.SIGNIFICANT_DELAYS)
    assert alert.severity_level == pb.Alert.WARNING


def test_an_alert_without_an_end_or_speech_says_nothing_of_them() -> None:
    notice = Notice("a1", {"ja": "工事中です。"}, (Concern(agency_id="a"),), from_s=NOW)

    [entity] = parsed(alerts([notice], now=NOW)).entity

    assert not entity.alert.impact_period[0].HasField("end")
    assert not entity.alert.HasField("tts_header_text")
    assert not entity.alert.HasField("url")
    assert entity.alert.informed_entity[0].agency_id == "a"


def words(text: pb.TranslatedString) -> dict[str, str]:
    return {each.language: each.text for each in text.translation}


# Spliced messages

places = st.builds(
    Position,
    vehicle_id=st.text(min_size=1, max_size=300),
    label=st.text(max_size=5),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    at=st.floats(NOW - 90, NOW + 5),
    bearing=st.none() | st.floats(0, 359),
    trip=st.none() | st.just(TRIP),
    stop_sequence=st.none() | st.integers(0, 99),
    stop_id=st.none() | st.text(max_size=4),
)
calls_of = st.lists(
    st.builds(
        Call, st.integers(0, 99), st.text(min_size=1, max_size=4), st.floats(NOW, NOW + 9e3),
        st.none() | st.floats(NOW, NOW + 9e3), st.none() | st.integers(0, 900),
    ),
    max_size=30,
)  # fmt: skip
known_updates = st.builds(
    Update, st.just(TRIP), st.floats(NOW - 90, NOW), calls_of, st.text(max_size=3)
)
notices = st.builds(
    Notice,
    id=st.text(min_size=1, max_size=9),
    header=st.dictionaries(st.sampled_from(["ja", "en"]), st.text(max_size=200)),
    concerns=st.lists(st.builds(Concern, route_id=st.text(max_size=3)), max_size=3),
)


@given(st.lists(places, max_size=4), st.lists(known_updates, max_size=4), st.lists(notices))
def test_a_spliced_message_parses_as_if_it_were_built_whole(
    seen: list[Position], known: list[Update], told: list[Notice]
) -> None:
    positions = [position_entity(each, NOW) for each in seen]
    updates = [update_entity(each, NOW) for each in known]
    made = [
        (vehicle_positions(seen, now=NOW, feed_version="7"), positions),
        (trip_updates(known, now=NOW, feed_version="7"), updates),
        (alerts(told, now=NOW, feed_version="7"), [alert_entity(each) for each in told]),
    ]

    for whole, parts in made:
        assert parsed(spliced(parts, now=NOW, feed_version="7")) == parsed(whole)
