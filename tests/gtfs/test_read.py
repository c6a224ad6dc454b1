"""Reading accepts what real feeds do and refuses what is ambiguous or hostile."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from gtfs import archive
from gtfs.read import parse_table, read_feed
from gtfs.tables import FeedError
from tests.gtfs.towns import town, zip_bytes, zipped


def refusal(path: Path) -> FeedError:
    with pytest.raises(FeedError) as caught:
        read_feed(path)
    return caught.value


def test_a_zip_and_a_folder_give_the_same_feed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name, text in town().items():
        (tmp_path / "folder" / name).write_text(text)

    from_folder = read_feed(tmp_path / "folder")
    from_zip = read_feed(zipped(tmp_path / "feed.zip", town()))

    assert from_folder.tables == from_zip.tables
    assert from_zip.trips["up"].headsign == "病院"
    assert from_zip.timezone == "Asia/Tokyo"


def test_a_mark_windows_line_ends_and_spaced_headers_are_accepted(tmp_path: Path) -> None:
    agency = "\ufeffagency_id, agency_name,agency_timezone\r\n1,町営バス,Asia/Tokyo\r\n"

    feed = read_feed(zipped(tmp_path / "feed.zip", town(agency=agency)))

    assert feed.tables["agency"].columns == ("agency_id", "agency_name", "agency_timezone")
    assert feed.agencies[0].name == "町営バス"


def test_short_rows_and_blank_lines_are_accepted_and_long_rows_are_not() -> None:
    table = parse_table("levels", b"level_id,level_index,level_name\n1,0\n\n2,1,up,,\n")

    assert table.rows == [("1", "0", ""), ("2", "1", "up")]
    with pytest.raises(FeedError, match="4 values under 3 columns"):
        parse_table("levels", b"level_id,level_index,level_name\n1,0,up,x\n")


def test_optional_files_may_be_missing(tmp_path: Path) -> None:
    bare = town(
        calendar=None, calendar_dates=None, fare_attributes=None, feed_info=None, translations=None
    )

    assert read_feed(zipped(tmp_path / "feed.zip", bare)).shapes == {}


def test_files_and_columns_we_do_not_know_are_kept(tmp_path: Path) -> None:
    trips = "route_id,service_id,trip_id,painted\nr1,daily,up,red\nr1,daily,night,\n"
    files = town(trips=trips) | {
        "LICENCE.md": "CC0",
        "own.txt": 'not,"csv',
        "pole_jp.txt": "a\n1\n",
    }

    feed = read_feed(zipped(tmp_path / "feed.zip", files))

    assert feed.tables["trips"].texts("painted") == ["red", ""]
    assert feed.extras == {"LICENCE.md": b"CC0", "own.txt": b'not,"csv'}
    assert feed.tables["pole_jp"].rows == [("1",)]


@pytest.mark.parametrize("stem", ["agency", "stops", "routes", "trips", "stop_times"])
def test_a_required_file_must_be_there(tmp_path: Path, stem: str) -> None:
    error = refusal(zipped(tmp_path / "feed.zip", town(**{stem: None})))

    assert (error.file, error.line, error.message) == (f"{stem}.txt", None, "the file is missing")


@pytest.mark.parametrize(
    ("stem", "old", "new", "line", "field"),
    [
        ("stop_times", "up,08:02:00", "up,8時2分", 3, "arrival_time"),
        ("stop_times", ",d,3", ",d,third", 4, "stop_sequence"),
        ("stop_times", ",d,3", ",d,-3", 4, "stop_sequence"),
        ("stop_times", ",stop_sequence", ",order", 1, "stop_sequence"),
        ("stops", "c,橋,34.81", "c,橋,134.81", 5, "stop_lat"),
        ("stops", "c,橋,34.81", "c,橋,nan", 5, "stop_lat"),
        ("stops", "c,橋,34.81", "c,橋,north", 5, "stop_lat"),
        ("stops", "b,役場", "a,役場", 4, "stop_id"),
        ("trips", "daily,night", "daily,", 3, "trip_id"),
        ("trips", "daily,night", "daily,up", 3, "trip_id"),
        ("calendar", "20261130", "20261131", 2, "end_date"),
        ("calendar", "weekday,1", "weekday,yes", 2, "monday"),
        ("calendar_dates", "20261123,2", "20261123,3", 2, "exception_type"),
        ("routes", "北線,3", "北線,", 2, "route_type"),
    ],
)
def test_a_bad_value_is_named_by_file_line_and_field(
    tmp_path: Path, stem: str, old: str, new: str, line: int, field: str
) -> None:
    text = town()[f"{stem}.txt"]
    assert old in text

    error = refusal(zipped(tmp_path / "feed.zip", town(**{stem: text.replace(old, new, 1)})))

    assert (error.file, error.line, error.field) == (f"{stem}.txt", line, field)
    assert str(error).startswith(f"{stem}.txt:{line} {field}: ")


def test_lines_are_counted_in_the_file_not_in_rows(tmp_path: Path) -> None:
    stops = 'stop_id,stop_name,stop_lat,stop_lon\na,"役\n場",34.8,133.7\n\nb,橋,x,133.7\n'

    assert refusal(zipped(tmp_path / "feed.zip", town(stops=stops))).line == 5


@pytest.mark.parametrize(
    ("data", "line", "why"),
    [
        ("agency_id\n町".encode("cp932"), 2, "not UTF-8"),
        ("agency_id\n町".encode("utf-16"), 1, "not UTF-8"),
        (b"agency_id\n1\n\x00\n", 3, "NUL"),
        (b"", 1, "empty"),
        (b"agency_id,agency_id\n1,2\n", 1, "column"),
        (b"agency_id,\n1,2\n", 1, "column"),
        (b'agency_id\n"1\n', 2, "CSV"),
        (b'agency_id\n"1"2\n', 2, "CSV"),
        (b"agency_id\n" + b"1" * 200_000, 2, "CSV"),
    ],
)
def test_what_is_not_a_table_of_utf8_text_is_refused(data: bytes, line: int, why: str) -> None:
    with pytest.raises(FeedError, match=why) as caught:
        parse_table("agency", data)

    assert caught.value.line == line


def test_a_column_without_a_name_of_its_own_is_named_if_it_can_be() -> None:
    for header, field in {b"agency_id,agency_id\n": "agency_id", b"agency_id,\n": None}.items():
        with pytest.raises(FeedError) as caught:
            parse_table("agency", header)
        assert caught.value.field == field


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "/etc/passwd", "sub/stops.txt", "..\\evil.txt", "C:evil.txt", "..", "d/"],
)
def test_a_zip_that_points_outside_its_root_is_refused(tmp_path: Path, name: str) -> None:
    error = refusal(zipped(tmp_path / "feed.zip", town() | {name: "x"}))

    assert error.message == "files must lie at the root of the zip"


def test_what_a_mac_leaves_in_a_zip_is_passed_over(tmp_path: Path) -> None:
    litter = {"__MACOSX/._stops.txt": "x", ".DS_Store": "x"}

    assert read_feed(zipped(tmp_path / "feed.zip", town() | litter)).extras == {}


def test_a_name_twice_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "feed.zip", town())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("stops.txt", "stop_id\n")

    assert refusal(path).message == "the file is there twice"


def test_a_link_in_a_zip_or_a_folder_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "feed.zip", town())
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "stops.txt").symlink_to("/etc/passwd")
    (tmp_path / "nested" / "stops.txt").mkdir(parents=True)

    assert refusal(path).message == "not a plain file"
    assert refusal(tmp_path / "folder").message == "not a plain file"
    assert refusal(tmp_path / "nested").message == "not a plain file"


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = town()
    monkeypatch.setattr(archive, "MOST_FILES", len(files))

    read_feed(zipped(tmp_path / "feed.zip", files))
    error = refusal(zipped(tmp_path / "feed.zip", files | {"more.bin": ""}))

    assert error.message == f"{len(files) + 1} files; at most {len(files)} are read"


def test_a_feed_may_be_as_large_as_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = town()
    sizes = [len(text.encode()) for text in files.values()]
    monkeypatch.setattr(archive, "MOST_BYTES", sum(sizes))
    monkeypatch.setattr(archive, "MOST_FILE_BYTES", max(sizes))

    assert len(read_feed(zipped(tmp_path / "feed.zip", files)).tables) == len(files)


def test_a_table_is_known_by_its_whole_file_name(tmp_path: Path) -> None:
    feed = read_feed(zipped(tmp_path / "feed.zip", town() | {"stops": "x", "notes_jp": "y"}))

    assert feed.extras == {"stops": b"x", "notes_jp": b"y"}
    assert len(feed.stops) == 5


def test_declared_sizes_are_refused_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "feed.zip", town() | {"a.bin": "x" * 5000, "b.bin": "x" * 5000})
    monkeypatch.setattr(archive, "_unpacked", lambda *_: pytest.fail("unpacked"))

    monkeypatch.setattr(archive, "MOST_FILE_BYTES", 4999)
    assert refusal(path).file == "a.bin"

    monkeypatch.setattr(archive, "MOST_FILE_BYTES", 5000)
    monkeypatch.setattr(archive, "MOST_BYTES", 9999)
    assert refusal(path).message == "more than 9999 bytes"


def test_a_zip_that_understates_a_size_never_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_check_members", lambda *_: None)
    monkeypatch.setattr(archive, "MOST_FILE_BYTES", 2 * 2**20)
    bomb = zipped(tmp_path / "bomb.zip", town() | {"bomb.bin": b"\0" * 2**24})

    assert refusal(bomb).file == "bomb.bin"


def test_the_whole_feed_is_bounded_while_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_check_members", lambda *_: None)
    monkeypatch.setattr(archive, "MOST_BYTES", 10_000)
    feed = zipped(tmp_path / "feed.zip", town() | {"a.bin": "x" * 6000, "b.bin": "x" * 6000})

    assert refusal(feed).message == "the feed is too large"


def test_a_lie_about_a_size_is_found(tmp_path: Path) -> None:
    data = bytearray(zip_bytes(town() | {"lie.bin": "x" * 5000}))
    central = data.rindex(b"PK\x01\x02")
    struct.pack_into("<L", data, central + 24, 10)
    (tmp_path / "feed.zip").write_bytes(data)

    assert "unpacked" in refusal(tmp_path / "feed.zip").message


def test_a_broken_an_encrypted_and_a_non_zip_are_refused(tmp_path: Path) -> None:
    good = zip_bytes(town())
    encrypted = bytearray(good)
    encrypted[encrypted.rindex(b"PK\x01\x02") + 8] |= 1
    broken = bytearray(good)
    broken[60:80] = b"\xff" * 20
    refused = {"e": bytes(encrypted), "b": bytes(broken), "n": b"hello", "t": good[:-30]}
    for name, data in refused.items():
        (tmp_path / name).write_bytes(data)

    assert refusal(tmp_path / "e").message == "the file is encrypted"
    assert "cannot be unpacked" in refusal(tmp_path / "b").message
    assert "not a proper zip" in refusal(tmp_path / "n").message
    assert "not a proper zip" in refusal(tmp_path / "t").message


def test_a_missing_path_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nothing"):
        read_feed(tmp_path / "nothing.zip")


def test_an_unknown_way_of_packing_is_refused(tmp_path: Path) -> None:
    data = bytearray(zip_bytes(town()))
    struct.pack_into("<H", data, 8, 77)
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 77)
    (tmp_path / "feed.zip").write_bytes(data)

    assert "cannot be unpacked" in refusal(tmp_path / "feed.zip").message
