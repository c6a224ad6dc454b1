"""Writing gives the same bytes for the same feed and loses nothing."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfs.feed import Feed
from gtfs.read import parse_table, read_feed
from gtfs.tables import COLUMNS, Table
from gtfs.write import feed_bytes, table_bytes, write_feed
from tests.gtfs.towns import town, zipped

CELLS = st.text(
    alphabet=st.one_of(
        st.sampled_from(',"\n\r \t;役場\u2028\x85'),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"),
    ),
    max_size=6,
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    known = [name for name in COLUMNS["stops"] if draw(st.booleans())]
    own = draw(st.lists(st.sampled_from(["own", "色", "a,b", 'q"']), unique=True))
    columns = (*known, *own) or ("own",)
    row = st.tuples(*[CELLS] * len(columns))
    return Table("stops", columns, draw(st.lists(row, max_size=4)))


@given(tables())
def test_a_table_reads_back_as_it_was_written(table: Table) -> None:
    assert parse_table("stops", table_bytes(table)) == table


@given(tables())
def test_the_csv_module_reads_what_is_written(table: Table) -> None:
    text = table_bytes(table).decode("utf-8")

    rows = list(csv.reader(io.StringIO(text, newline="")))

    assert [tuple(row) for row in rows] == [table.columns, *table.rows]


def test_columns_come_in_the_order_of_the_reference_and_unknown_ones_last() -> None:
    table = Table("stops", ("painted", "stop_name", "stop_id"), [("red", "橋", "c")])

    assert table_bytes(table).decode() == "stop_id,stop_name,painted\nc,橋,red\n"


def test_rows_keep_their_order() -> None:
    table = Table("levels", ("level_id",), [("2",), ("",), ("1",)])

    assert table_bytes(table) == b'level_id\n2\n""\n1\n'


def test_line_ends_are_lf_and_there_is_no_mark(tmp_path: Path) -> None:
    agency = "\ufeffagency_id,agency_name\r\n1,町営バス\r\n"

    data = feed_bytes(read_feed(zipped(tmp_path / "feed.zip", town(agency=agency))))

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("agency.txt") == "agency_id,agency_name\n1,町営バス\n".encode()


def test_the_same_feed_gives_the_same_bytes_however_it_was_packed(tmp_path: Path) -> None:
    files = town() | {"LICENCE.md": "CC0"}
    backwards = dict(reversed(files.items()))
    first = read_feed(zipped(tmp_path / "first.zip", files))
    second = read_feed(zipped(tmp_path / "second.zip", backwards))

    assert feed_bytes(first) == feed_bytes(second)
    with zipfile.ZipFile(io.BytesIO(feed_bytes(first))) as archive:
        assert archive.namelist() == sorted(files)
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def records(feed: Feed) -> dict[str, list[dict[str, str]]]:
    return {name: list(table.records()) for name, table in feed.tables.items()}


def test_writing_what_was_read_gives_every_file_back(tmp_path: Path) -> None:
    files = town() | {"LICENCE.md": "CC0", "pole_jp.txt": "a,b\n1,2\n"}
    feed = read_feed(zipped(tmp_path / "feed.zip", files))

    write_feed(feed, tmp_path / "again.zip")

    again = read_feed(tmp_path / "again.zip")
    assert records(again) == records(feed)
    assert again.extras == feed.extras
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_unknown_profile_is_the_callers_mistake(tmp_path: Path) -> None:
    feed = read_feed(zipped(tmp_path / "feed.zip", town()))

    with pytest.raises(ValueError, match="jp5"):
        write_feed(feed, tmp_path / "again.zip", "jp5")
    assert not (tmp_path / "again.zip").exists()


def exported(files: dict[str, str], profile: str, tmp_path: Path) -> Feed:
    write_feed(read_feed(zipped(tmp_path / "in.zip", files)), tmp_path / "out.zip", profile)
    return read_feed(tmp_path / "out.zip")


def test_a_profile_sorts_every_table(tmp_path: Path) -> None:
    files = town()
    mixed = {
        name: "\n".join([text.splitlines()[0], *reversed(text.splitlines()[1:])]) + "\n"
        for name, text in files.items()
    }

    one, other = exported(files, "jp3", tmp_path), exported(mixed, "jp3", tmp_path)

    assert feed_bytes(one) == feed_bytes(other)
    assert [row[4] for row in one.tables["stop_times"].rows] == ["10", "20", "1", "2", "3"]


def test_a_profile_upgrades_old_translations_to_each_field_they_occur_in(tmp_path: Path) -> None:
    old = "trans_id,lang,translation\n役場,en,Hall\n橋,en,Bridge\nない,en,Nothing\n"

    feed = exported(town(translations=old), "jp3", tmp_path)

    translations = feed.tables["translations"]
    assert [(row["table_name"], row["field_value"]) for row in translations.records()] == [
        ("stops", "橋"),
        ("stops", "役場"),
        ("trips", "役場"),
    ]
    assert feed.translate("trips", "trip_headsign", "役場", "en") == "Hall"


def test_a_profile_names_the_agency_of_every_fare(tmp_path: Path) -> None:
    fares = "fare_id,price,currency_type,payment_method,transfers\nflat,200,JPY,0,\n"

    feed = exported(town(fare_attributes=fares), "jp3", tmp_path)

    assert feed.tables["fare_attributes"].texts("agency_id") == ["8000020331236"]


ROUTES_JP = (
    "route_id,route_update_date,origin_stop,via_stop,destination_stop\nr1,20261001,役場,橋,病院\n"
)


def test_v4_fills_what_it_requires_and_names_patterns(tmp_path: Path) -> None:
    stops = "stop_id,stop_name,stop_lat,stop_lon\na,役場,34.80,133.70\nd,病院,34.82,133.70\n"
    files = town(routes_jp=ROUTES_JP, stops=stops)

    feed = exported(files, "jp4", tmp_path)

    assert feed.tables["stops"].texts("location_type") == ["0", "0"]
    assert set(feed.tables["stop_times"].texts("timepoint")) == {"1"}
    assert feed.tables["trips"].texts("jp_pattern_id") == ["r1", "r1"]
    assert next(feed.tables["pattern_jp"].records())["via_stop"] == "橋"
    assert "routes_jp" not in feed.tables


def test_v4_gives_no_pattern_to_a_trip_of_a_route_without_one(tmp_path: Path) -> None:
    routes = town()["routes.txt"] + "r2,8000020331236,南,南線,3,,\n"
    trips = town()["trips.txt"].replace("r1,daily", "r2,daily")

    feed = exported(town(routes_jp=ROUTES_JP, routes=routes, trips=trips), "jp4", tmp_path)

    assert feed.tables["trips"].texts("jp_pattern_id") == ["", "r1"]


def test_v4_goes_back_to_v3(tmp_path: Path) -> None:
    feed = exported(town(routes_jp=ROUTES_JP), "jp4", tmp_path)

    write_feed(feed, tmp_path / "back.zip", "jp3")

    back = read_feed(tmp_path / "back.zip")
    assert back.tables["routes_jp"] == parse_table("routes_jp", ROUTES_JP.encode())
    assert "pattern_jp" not in back.tables


def test_a_profile_makes_up_no_table(tmp_path: Path) -> None:
    bare = town(translations=None, fare_attributes=None)

    for profile in ("jp3", "jp4"):
        assert exported(bare, profile, tmp_path).tables.keys() == {
            name.removesuffix(".txt") for name in bare
        }


def test_a_profile_keeps_the_translations_of_today(tmp_path: Path) -> None:
    kept = exported(town(), "jp3", tmp_path).tables["translations"]

    assert sorted(kept.rows) == sorted(
        parse_table("translations", town()["translations.txt"].encode()).rows
    )


def test_a_fare_of_one_of_two_agencies_is_nobodys_by_guess(tmp_path: Path) -> None:
    agency = town()["agency.txt"] + "2,隣町バス,https://example.invalid/,Asia/Tokyo,ja,\n"
    fares = "fare_id,price,currency_type,payment_method,transfers,agency_id\nflat,200,JPY,0,,\n"

    feed = exported(town(agency=agency, fare_attributes=fares), "jp3", tmp_path)

    assert feed.tables["fare_attributes"].texts("agency_id") == [""]


def test_patterns_that_are_there_are_kept(tmp_path: Path) -> None:
    patterns = "jp_pattern_id,via_stop\np1,海\n"
    trips = town()["trips.txt"].replace("block_id", "jp_pattern_id").replace("bus-1", "p1")
    both = town(routes_jp=ROUTES_JP, pattern_jp=patterns, trips=trips.replace("bus-2", ""))

    v4, v3 = exported(both, "jp4", tmp_path), exported(both, "jp3", tmp_path)

    assert v4.tables["pattern_jp"].texts("via_stop") == ["海"]
    assert v4.tables["trips"].texts("jp_pattern_id") == ["", "p1"]
    assert "routes_jp" not in v4.tables
    assert v3.tables["routes_jp"].texts("via_stop") == ["橋"]
    assert "pattern_jp" not in v3.tables


def test_only_gaps_are_filled(tmp_path: Path) -> None:
    agency = town()["agency.txt"]
    fares = (
        "fare_id,price,currency_type,payment_method,transfers,agency_id\n"
        "far,300,JPY,0,,elsewhere\nflat,200,JPY,0,,\n"
    )

    feed = exported(town(agency=agency, fare_attributes=fares), "jp4", tmp_path)

    assert feed.tables["fare_attributes"].texts("agency_id") == ["elsewhere", "8000020331236"]


def test_a_call_with_an_estimated_time_is_no_timepoint(tmp_path: Path) -> None:
    calls = town()["stop_times.txt"].replace("08:02:00,08:03:00", "08:02:00,")
    calls = calls.replace("24:50:00,24:50:00", ",24:50:00")

    feed = exported(town(stop_times=calls), "jp4", tmp_path)

    assert feed.tables["stop_times"].texts("timepoint") == ["0", "1", "1", "0", "1"]


def test_a_trip_of_an_unknown_pattern_leads_nowhere(tmp_path: Path) -> None:
    patterns = "jp_pattern_id,via_stop\np1,海\n"
    trips = town()["trips.txt"].replace("block_id", "jp_pattern_id").replace("bus-2", "p9")
    routes = town()["routes.txt"] + "r2,8000020331236,南,南線,3,,\n"
    trips = trips.replace("bus-1", "p1").replace("r1,daily", "r2,daily")
    files = town(pattern_jp=patterns, trips=trips, routes=routes)

    feed = exported(files, "jp3", tmp_path)

    assert feed.tables["routes_jp"].texts("route_id") == ["r1"]


def test_only_v4_has_a_fare_for_ic_cards(tmp_path: Path) -> None:
    fares = (
        "fare_id,price,currency_type,payment_method,transfers,agency_id,ic_price\n"
        "flat,200,JPY,0,,8000020331236,190\n"
    )
    files = town(fare_attributes=fares)

    assert exported(files, "jp4", tmp_path).tables["fare_attributes"].texts("ic_price") == ["190"]
    assert "ic_price" not in exported(files, "jp3", tmp_path).tables["fare_attributes"].columns


def test_v4_says_which_way_a_trip_goes(tmp_path: Path) -> None:
    """`up` calls at 役場, 橋, 病院; `night` at 病院, 役場; the first by name is the usual way."""
    directions = {
        row["trip_id"]: row["direction_id"]
        for row in exported(town(), "jp4", tmp_path).tables["trips"].records()
    }

    assert directions == {"up": "0", "night": "1"}
    told = town()["trips.txt"].replace("block_id", "direction_id").replace("bus-1", "1")
    kept = exported(town(trips=told.replace("bus-2", "")), "jp4", tmp_path).tables["trips"]
    assert kept.texts("direction_id") == ["", "1"]
