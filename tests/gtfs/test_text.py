"""A file in plain form is read as columns; every other way of reading gives the same."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs import rows
from gtfs.calls import QuickCalls, QuickShapes, calls_by_trip, shapes_by_id
from gtfs.read import parse_table
from gtfs.tables import FeedError, Table
from gtfs.text import TextRows, parse_text
from tests.gtfs import fuzz

CELL = st.one_of(
    st.text(st.sampled_from('ab駅 ,"\n'), max_size=4),
    st.sampled_from(["", '""', "a b", "é", "08:00:00"]),
)


ROWS = st.integers(2, 4).flatmap(lambda width: st.lists(st.tuples(*[CELL] * width), max_size=5))


@given(
    ROWS,
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=150, deadline=None)
def test_what_csv_writes_is_read_whatever_its_form(
    cells: list[tuple[str, ...]], quoting: int, end: str
) -> None:
    width = len(cells[0]) if cells else 2
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerows([[f"c{n}" for n in range(width)], *cells])

    parsed = parse_text("x.txt", out.getvalue().encode())

    assert list(parsed.rows) == cells
    assert [parsed.rows[i] for i in range(len(cells))] == cells
    assert parsed.rows[::2] == cells[::2]


def test_plain_and_other_forms_hold_the_same_rows() -> None:
    plain = parse_text("x.txt", b'a,b\n1,"2"\n"3",\n')
    other = parse_text("x.txt", b"a,b\r\n\r\n1,2\r\n3\r\n")

    assert plain.rows.commas is not None
    assert other.rows.commas is None
    assert plain.rows == other.rows == [("1", "2"), ("3", "")]
    assert (list(plain.lines), list(other.lines)) == ([2, 3], [3, 4])
    assert plain.rows[-1] == ("3", "")
    with pytest.raises(IndexError):
        plain.rows[2]


TIME = st.sampled_from(
    ["", "08:00:00", "8:00:00", "25:10:59", "08:60:00", "108:00:00", " 08:00:00"]
)
CALLS = st.lists(
    st.tuples(
        st.sampled_from(["t1", "t22", "駅", "", " t1"]),
        TIME,
        TIME,
        st.sampled_from(["s1", "", "s2 "]),
        st.sampled_from(["1", "2", "10", "007", "", "x", "9" * 12]),
        st.sampled_from(["", "0", "1", "3", "12", "q"]),
        st.sampled_from(["", "0", "1", "2"]),
    ),
    min_size=1,
    max_size=6,
)


@given(CALLS)
@settings(max_examples=300, deadline=None)
def test_calls_read_as_columns_are_those_read_cell_by_cell(cells: list[tuple[str, ...]]) -> None:
    columns = (
        "trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "pickup_type",
        "timepoint",
    )  # fmt: skip
    text = "\n".join(map(",".join, [columns, *cells])) + "\n"
    table = parse_table("stop_times", text.encode())

    def one_by_one() -> dict[str, object]:
        found: dict[str, list[rows.StopTime]] = {}
        for call in rows.stop_times(Table("stop_times", columns, cells)):
            found.setdefault(call.trip_id, []).append(call)
        return {
            trip: tuple(sorted(calls, key=lambda call: call.stop_sequence))
            for trip, calls in found.items()
        }

    assert answer(lambda: dict(calls_by_trip(table))) == answer(one_by_one)


DEGREES = st.sampled_from(
    ["34.5", "89.9", "90", "90.0", "90.1", "-34.5", "134.5", "179.99", "180.0", "180.01", "99.9",
     "1.5", "", "x", "34.5.5", "3e1", "nan", "+34.5", "34", "34.", ".5", " 34.5", "034.5", "190.0"]
)  # fmt: skip


@given(st.lists(st.tuples(DEGREES, DEGREES), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_places_read_as_columns_are_those_read_cell_by_cell(
    places: list[tuple[str, str]],
) -> None:
    text = "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
    text += "".join(f"s,{lat},{lon},{i}\n" for i, (lat, lon) in enumerate(places))
    table = parse_table("shapes", text.encode())

    def points(of: Table) -> object:
        return answer(lambda: {id_: line.points for id_, line in shapes_by_id(of).items()})

    assert points(table) == points(table.loaded())


def answer(read: object) -> object:
    try:
        return read()  # type: ignore[operator]
    except FeedError as error:
        return str(error)


def test_usual_files_are_read_as_columns() -> None:
    calls = parse_table("stop_times", fuzz.FILES["stop_times.txt"])
    shapes = parse_table(
        "shapes",
        b"shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,34.8,133.7,2\ns,34,1,1\n",
    )

    assert isinstance(calls.rows, TextRows)
    assert isinstance(calls_by_trip(calls), QuickCalls)
    line = shapes_by_id(shapes)
    assert isinstance(line, QuickShapes)
    assert line["s"].points == [(34.0, 1.0), (34.8, 133.7)]


def test_broken_feeds_are_answered_quickly(tmp_path: Path) -> None:
    read, slowest_s = fuzz.run(2000, random.Random().randrange(2**30), tmp_path)  # noqa: S311

    assert 0 < read < 2000
    assert slowest_s < 1.0
