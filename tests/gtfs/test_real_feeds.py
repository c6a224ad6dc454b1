"""The real feeds of Okayama: nothing lost on the way in or out, and quick enough."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from pathlib import Path

import pytest

from gtfs.check import check
from gtfs.feed import Feed
from gtfs.read import import_report, read_feed
from gtfs.stats import route_days
from gtfs.write import feed_bytes, write_feed

pytestmark = pytest.mark.shared

FRIDAY = date(2025, 11, 21)


@pytest.fixture(scope="module", params=["hakkou", "ryobi"])
def real(request: pytest.FixtureRequest, shared_dir: Path) -> Path:
    return shared_dir / "data" / "gtfs" / f"{request.param}.zip"


@pytest.fixture(scope="module")
def feed(real: Path) -> Feed:
    return read_feed(real)


@pytest.fixture(scope="module")
def ryobi(shared_dir: Path) -> Feed:
    return read_feed(shared_dir / "data" / "gtfs" / "ryobi.zip")


@pytest.fixture(scope="module")
def hakkou(shared_dir: Path) -> Feed:
    return read_feed(shared_dir / "data" / "gtfs" / "hakkou.zip")


def as_csv_sees(path: Path) -> dict[str, list[dict[str, str]]]:
    """Every row of every file, by Python's own reader."""
    with zipfile.ZipFile(path) as archive:
        return {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in archive.namelist()
        }


def test_every_row_of_every_file_is_read(real: Path, feed: Feed) -> None:
    read = {f"{name}.txt": list(table.records()) for name, table in feed.tables.items()}

    assert read == as_csv_sees(real)
    assert feed.extras == {}


def test_every_row_of_every_file_is_written_back(real: Path, feed: Feed, tmp_path: Path) -> None:
    write_feed(feed, tmp_path / "again.zip")

    assert as_csv_sees(tmp_path / "again.zip") == as_csv_sees(real)


def test_every_row_is_in_an_index(feed: Feed) -> None:
    rows = import_report(feed).rows

    assert len(feed.stops) == rows["stops"]
    assert len(feed.trips) == rows["trips"]
    assert len(feed.routes) == rows["routes"]
    assert sum(map(len, feed.stop_times.values())) == rows["stop_times"]
    assert sum(len(shape.points) for shape in feed.shapes.values()) == rows["shapes"]


def test_the_calls_of_all_stops_are_the_calls_of_all_trips_of_the_day(feed: Feed) -> None:
    at_stops = sum(len(feed.calls_at(stop_id, FRIDAY)) for stop_id in feed.stops)

    assert at_stops == sum(len(feed.stop_times[trip.id]) for trip in feed.trips_on(FRIDAY)) > 0


def test_the_stops_of_every_trip_keep_their_order_along_its_way(feed: Feed) -> None:
    for trip_id in feed.trips:
        offsets_m = feed.stop_offsets_m(trip_id)
        assert list(offsets_m) == sorted(offsets_m)
        assert offsets_m[-1] <= feed.line(trip_id).length_m


def test_the_same_feed_gives_the_same_bytes(hakkou: Feed, tmp_path: Path) -> None:
    for profile in (None, "jp3", "jp4"):
        write_feed(hakkou, tmp_path / "again.zip", profile)
        assert (tmp_path / "again.zip").read_bytes() == feed_bytes(hakkou, profile)
        again = feed_bytes(read_feed(tmp_path / "again.zip"), profile)
        assert again == feed_bytes(hakkou, profile)


def test_the_oddities_are_those_other_validators_count(ryobi: Feed) -> None:
    counts = {oddity.kind: oddity.count for oddity in import_report(ryobi).oddities}

    assert counts == {
        "unused_shapes": 97,
        "unserved_stops": 879,
        "unsorted_trips": 978,
        "orphaned_fares": 4144,
        "unmatched_translations": 51,
        "old_translations": 3132,
        "unfit_shapes": 1,
    }


def test_riders_are_misled_by_neither_feed_while_it_is_valid(feed: Feed) -> None:
    assert {finding.severity for finding in check(feed, FRIDAY)} <= {"warning"}


def test_old_and_new_translations_both_say_how_a_stop_is_read(ryobi: Feed, hakkou: Feed) -> None:
    assert ryobi.translate("stops", "stop_name", "岡山駅", "ja-Hrkt") == "オカヤマエキ"
    assert hakkou.translate("stops", "stop_name", "相生橋", "ja-Hrkt") == "アイオイバシ"


@pytest.mark.heavy
def test_the_planners_figures_count_every_trip_of_the_day(shared_dir: Path, hakkou: Feed) -> None:
    figures = route_days(shared_dir / "data" / "gtfs" / "hakkou.zip", FRIDAY)

    assert sum(route.trips for route in figures) == len(hakkou.trips_on(FRIDAY))
    assert all(route.headway_min and 5 < route.headway_min < 60 for route in figures)
    assert all(route.service_h > 10 for route in figures)
