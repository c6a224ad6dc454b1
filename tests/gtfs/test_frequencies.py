"""Trips by headway: one trip a departure wherever trips are used, untouched in the table."""

from __future__ import annotations

from datetime import date

import pytest

from gtfs.calendar import format_time
from gtfs.check import check
from gtfs.feed import Feed
from gtfs.read import parse_table
from gtfs.tables import FeedError
from gtfs.write import table_bytes
from tests.gtfs.towns import feed_of

MONDAY = date(2026, 11, 9)
TEXT = "trip_id,start_time,end_time,headway_secs,exact_times\nup,08:00:00,09:00:00,1200,1\n"


def feed(text: str = TEXT) -> Feed:
    return feed_of(frequencies=text)


def test_each_departure_is_a_trip_of_its_own() -> None:
    trips = feed().trips_on(MONDAY)

    assert [trip.id for trip in trips] == ["up@08:00:00", "up@08:20:00", "up@08:40:00", "night"]
    assert {trip.file_id for trip in trips} == {"up", "night"}
    assert [trip.run_start_s for trip in trips] == [28_800, 30_000, 31_200, None]


def test_its_calls_are_moved_with_its_start() -> None:
    found = feed()

    calls = found.stop_times["up@08:20:00"]
    times = [(call.arrival_s, call.departure_s) for call in calls]
    assert times == [(30_000, 30_000), (30_120, 30_180), (30_300, 30_300)]
    assert {call.trip_id for call in calls} == {"up@08:20:00"}
    departures = [call.departure_s for _, call in found.calls_at("c", MONDAY)]
    assert [format_time(s or 0) for s in departures] == ["08:03:00", "08:23:00", "08:43:00"]
    assert found.stop_offsets_m("up@08:20:00") == feed_of().stop_offsets_m("up")


def test_the_pattern_itself_runs_no_more() -> None:
    found = feed()

    assert "up" not in found.trips
    assert "up" not in found.stop_times
    with pytest.raises(KeyError):
        found.stop_times["up"]
    assert set(found.stop_times) == set(found.trips)
    assert len(found.stop_times) == 4


def test_departures_said_twice_are_one() -> None:
    twice = TEXT + "up,08:40:00,09:20:00,1200,1\n"

    assert [trip.run_start_s for trip in feed(twice).trips_on(MONDAY)][:4] == [
        28_800, 30_000, 31_200, 32_400,
    ]  # fmt: skip


def test_the_table_stays_as_it_was() -> None:
    assert table_bytes(feed().tables["frequencies"]) == TEXT.encode()
    assert feed().tables["trips"] == feed_of().tables["trips"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("1200", "0", "headway_secs"),
        ("1200", "often", "headway_secs"),
        ("08:00:00", "eight", "start_time"),
        ("08:00:00,09:00:00,1200", "00:00:00,47:00:00,1", "headway_secs"),
    ],
)
def test_what_is_no_headway_is_refused(old: str, new: str, field: str) -> None:
    with pytest.raises(FeedError) as caught:
        feed(TEXT.replace(old, new))

    assert (caught.value.file, caught.value.line, caught.value.field) == (
        "frequencies.txt",
        2,
        field,
    )


def test_a_headway_of_an_unknown_trip_is_found() -> None:
    [finding] = check(feed(TEXT + "down,08:00:00,09:00:00,1200,1\n"), MONDAY)

    assert (finding.rule, finding.file, finding.line) == (
        "headway_of_unknown_trip", "frequencies.txt", 3,
    )  # fmt: skip


def test_a_large_feed_is_expanded_too() -> None:
    """The calls of a file in plain form are columns; those made by hand are not."""
    plain = feed()
    by_hand = Feed({name: table.loaded() for name, table in plain.tables.items()})

    assert dict(by_hand.stop_times) == dict(plain.stop_times)
    assert parse_table("frequencies", TEXT.encode()) == plain.tables["frequencies"]
