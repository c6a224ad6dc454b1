"""A month as open data: no row is small, nothing follows by subtraction, everything is counted."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maas.open_data import zipped
from maas.records.anonymity import Key
from maas.records.mesh import coarser
from maas.records.release_files import (
    Label,
    content_hash,
    csv_files,
    published_keys,
    release_files,
)
from maas.records.released import Moved, Released, Trip, keys_of, release

HOME, CLINIC, SHOP, FAR = "513336411", "513336412", "513336423", "513336991"


def rides(riders: Iterable[str], **more: Any) -> list[Trip]:  # noqa: ANN401 -- fields of a trip
    """A ride of each from home to the clinic at nine on a weekday, with one of two vans."""
    usual: dict[str, Any] = {
        "origin": HOME,
        "destination": CLINIC,
        "day_type": "weekday",
        "hour": 9,
        "people": 1,
    }
    return [
        Trip(rider=rider, vehicle=f"van-{number % 2}", **(usual | more))
        for number, rider in enumerate(riders)
    ]


def got(run: str, people: int, what: Any = "boarded", **more: Any) -> Moved:  # noqa: ANN401
    usual: dict[str, Any] = {"route": "r1", "stop": "P1", "day_type": "weekday", "hour": 8}
    return Moved(what=what, run=run, people=people, **(usual | more))


def keys(found: Released) -> set[Key]:
    return keys_of(found.trips, found.moved)


def test_five_different_riders_are_a_row_with_place_and_hour() -> None:
    found = release(rides("abcde"), [])

    (row,) = found.trips
    assert (row.origin, row.destination, row.day_type, row.hour) == (HOME, CLINIC, "weekday", 9)
    assert (row.rides, row.riders) == (5, 5)
    assert not found.hidden_trips


def test_one_rider_who_rides_often_is_not_five() -> None:
    found = release(rides("aaaaaaaabbbccd"), [])

    assert (found.trips, found.left_trips) == ((), 14)
    assert [each.why for each in found.hidden_trips] == ["small"]


def test_five_riders_of_one_van_are_no_row_where_there_are_two() -> None:
    alone = [trip._replace(vehicle="van-0") for trip in rides("abcde")]
    elsewhere = rides("fghij", origin=FAR)

    assert (HOME, CLINIC, "weekday", 9) not in keys(release([*alone, *elsewhere], []))
    assert (HOME, CLINIC, "weekday", 9) in keys(release(alone, []))


def test_what_is_too_little_for_an_hour_is_told_without_it() -> None:
    found = release([*rides("abc", hour=9), *rides("def", hour=10)], [])

    assert [(row.hour, row.rides) for row in found.trips] == [(None, 6)]


def test_a_row_is_given_up_when_what_is_left_could_be_had_by_subtraction() -> None:
    many, few = rides("abcdefg"), rides("hijkl", origin=SHOP)
    stray = rides("z", origin=FAR, destination=FAR, hour=20, day_type="holiday")

    found = release([*many, *few, *stray], [])

    assert [(row.origin, row.rides) for row in found.trips] == [("", 6), (HOME, 7)]
    assert {each.why for each in found.hidden_trips} == {"small", "given_up"}
    assert found.left_trips == 0


def test_five_on_one_run_are_five_people_and_one_each_day_is_perhaps_always_the_same() -> None:
    crowd = [got("m", 5), got("m", 5, "alighted", stop="P6")]
    loner = [got(f"day{n}", 1, hour=18) for n in range(20)]
    loner += [got(f"day{n}", 1, "alighted", stop="P6", hour=18) for n in range(20)]

    found = release([], [*crowd, *loner])

    assert (found.moved, found.left_moved) != ((), 0)
    assert {(row.what, row.stop, row.hour, row.people) for row in found.moved} == {
        ("boarded", "", None, 25),
        ("alighted", "", None, 25),
    }


def test_who_got_off_is_withheld_where_who_got_on_is_too_few() -> None:
    on = [got(f"m{n}", 3) for n in range(4)]
    off = [got("m0", 12, "alighted", stop="P6")]

    found = release([], [*on, *off])

    assert found.moved == ()
    assert found.left_moved == 24


def test_a_later_version_tells_nothing_finer_than_the_one_before() -> None:
    first = release([*rides("abc"), *rides("def", hour=10)], [])
    more = [*rides("abcgh"), *rides("def", hour=10)]

    fresh, later = release(more, []), release(more, [], keys(first))

    assert [row.hour for row in fresh.trips] == [None]
    assert keys(later) <= keys(first) | {("", "", "", None)}
    assert sum(row.rides for row in later.trips) == 8


places = st.sampled_from([HOME, CLINIC, SHOP, FAR])
months = st.lists(
    st.builds(
        Trip,
        rider=st.sampled_from("abcdefghijkl"),
        vehicle=st.sampled_from(["v1", "v2", "v3"]),
        origin=places,
        destination=places,
        day_type=st.sampled_from(["weekday", "holiday"]),
        hour=st.integers(8, 10),
        people=st.integers(1, 3),
    ),
    max_size=60,
)
bus_months = st.lists(
    st.builds(
        Moved,
        what=st.sampled_from(["boarded", "alighted"]),
        run=st.sampled_from(["m1", "m2", "m3"]),
        route=st.sampled_from(["r1", "r2"]),
        stop=st.sampled_from(["P1", "P2", "P3"]),
        day_type=st.sampled_from(["weekday", "holiday"]),
        hour=st.integers(8, 9),
        people=st.integers(1, 4),
    ),
    max_size=40,
)


def _shares(trip: Trip, row: dict[str, str]) -> bool:
    """Whether a ride may be one of a row's, by the row's own words."""
    origin, destination = row["origin"], row["destination"]
    return (
        all(
            not code or place.startswith(code) or (len(code) == 7 and coarser(place, 7) == code)
            for code, place in ((origin, trip.origin), (destination, trip.destination))
        )
        and row["day_type"] in {"", trip.day_type}
        and row["hour"] in {"", str(trip.hour)}
    )


def rows_of(found: Released, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_files(found)[table].decode())))


@given(months)
@settings(max_examples=80, deadline=None)
def test_every_row_of_any_month_has_its_riders_and_all_rides_are_in_one_row(
    trips: Sequence[Trip],
) -> None:
    found = release(trips, [])

    rows = rows_of(found, "rides.csv")
    assert sum(int(row["rides"]) for row in rows) + found.left_trips == len(trips)
    everybody = sum(trip.people for trip in trips)
    assert sum(int(row["people"]) for row in rows) == (0 if found.left_trips else everybody)
    for row in rows:
        could = {trip.rider for trip in trips if _shares(trip, row)}
        assert 5 <= int(row["riders"]) <= len(could)
    # Nothing is left beside rows: the rest would follow from any total known elsewhere.
    assert not (rows and found.left_trips)


@given(months)
@settings(max_examples=40, deadline=None)
def test_the_finest_rows_are_all_there_is_of_their_kind(trips: Sequence[Trip]) -> None:
    found = release(trips, [])

    riders: defaultdict[Key, set[str]] = defaultdict(set)
    for trip in trips:
        riders[trip.origin, trip.destination, trip.day_type, trip.hour].add(trip.rider)
    for row in found.trips:
        if row.hour is not None and row.origin:
            key = (row.origin, row.destination, row.day_type, row.hour)
            assert row.riders == len(riders[key])


@given(bus_months)
@settings(max_examples=80, deadline=None)
def test_bus_rows_have_five_on_one_run_and_as_many_on_as_off_tell_nothing(
    moved: Sequence[Moved],
) -> None:
    found = release([], moved)

    rows = rows_of(found, "bus_riders.csv")
    for row in rows:
        per_run: Counter[str] = Counter()
        for each in moved:
            wanted = (each.what, each.route, each.day_type)
            if (row["what"], row["route"], row["day_type"]) != wanted:
                continue
            if row["stop"] in {"", each.stop} and row["hour"] in {"", str(each.hour)}:
                per_run[each.run] += each.people
        assert 5 <= int(row["together"]) <= max(per_run.values())
    # Of a route and kind of day all who got on and all who got off are in rows, or nobody is.
    told = {(row["route"], row["day_type"]) for row in rows}
    inside = [each for each in moved if (each.route, each.day_type) in told]
    assert sum(int(row["people"]) for row in rows) == sum(each.people for each in inside)


@given(months)
@settings(max_examples=40, deadline=None)
def test_every_release_passes_pycanon_with_k_of_five(trips: Sequence[Trip]) -> None:
    anonymity = pytest.importorskip("pycanon.anonymity", reason="requirements.nodeps.lock has it")
    pandas = pytest.importorskip("pandas")
    quasi = ["origin", "destination", "day_type", "hour"]

    rows = rows_of(release(trips, []), "rides.csv")
    # One record for each different rider of a row, who has nothing but what the row says.
    records = [[row[name] for name in quasi] for row in rows for _ in range(int(row["riders"]))]

    if records:
        frame = pandas.DataFrame(records, columns=quasi)
        assert anonymity.k_anonymity(frame, quasi) >= 5


def test_the_files_say_the_same_in_csv_and_parquet_and_explain_every_column(
    tmp_path: Any,  # noqa: ANN401 -- pytest's path
) -> None:
    found = release(rides("abcdefg"), [got("m", 6), got("m", 6, "alighted", stop="P6")])
    files = release_files(found, Label("2026-10", 2, "小さな町", simulated=True, reason="訂正"))

    (tmp_path / "rides.parquet").write_bytes(files["rides.parquet"])
    (row,) = duckdb.read_parquet(str(tmp_path / "rides.parquet")).fetchall()
    assert row == (HOME, CLINIC, "weekday", 9, 7, 7, 7)
    explained = {(each["table"], each["column"]) for each in _read(files["dictionary.csv"])}
    for table in ("rides", "bus_riders"):
        for column in files[f"{table}.csv"].decode().splitlines()[0].split(","):
            assert (table, column) in explained
    assert '"simulated": true' in files["datapackage.json"].decode()


def _read(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode())))


def test_a_release_is_read_back_to_the_keys_it_was_made_of_and_equal_rows_are_equal_bytes() -> None:
    found = release(rides("abcdefg"), [got("m", 6), got("m", 6, "alighted", stop="P6")])
    package = zipped(release_files(found, Label("2026-10", 1, "小さな町")))

    assert published_keys(package) == keys(found)
    assert content_hash(found) == content_hash(release(list(reversed(rides("abcdefg"))), [
        got("m", 6, "alighted", stop="P6"), got("m", 6)]))  # fmt: skip
    assert zipfile.ZipFile(io.BytesIO(package)).testzip() is None
