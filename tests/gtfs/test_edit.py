"""Edits: each as a person would make it, all or none, and nothing else touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs import read_feed, write_feed
from gtfs.edit import (
    Call,
    Drop,
    Edit,
    EditError,
    PutCalendar,
    PutInfo,
    PutRoute,
    PutStop,
    PutTrip,
    edited,
)
from gtfs.offers import Words
from tests.gtfs.towns import TOWN, feed_of

POND = PutStop("e", Words("池", "いけ", "Pond"), 34.83, 133.70, platform="3")
SUNDAYS = PutCalendar(
    "sunday", (False,) * 6 + (True,), date(2026, 11, 1), date(2026, 11, 30),
    added=(date(2026, 11, 23),), removed=(date(2026, 11, 8),),
)  # fmt: skip
TRIP = PutTrip(
    "new", "r1", "daily", Words("池", "いけ", "Pond"),
    (Call("a", 36_000, 36_000), Call("c", None, None, timepoint=False), Call("d", 36_600, 36_600)),
    direction_id=0,
)  # fmt: skip


def test_a_new_stop_has_its_place_its_reading_and_its_english() -> None:
    feed = edited(feed_of(), [POND])
    stop = feed.stops["e"]
    assert (stop.name, stop.place, stop.platform_code) == ("池", (34.83, 133.70), "3")
    assert feed.translate("stops", "stop_name", "池", "ja-Hrkt", record_id="e") == "いけ"
    assert feed.translate("stops", "stop_name", "池", "en", record_id="e") == "Pond"


def test_a_stop_put_again_is_changed_and_its_old_english_goes() -> None:
    feed = edited(feed_of(), [POND, replace(POND, name=Words("大池", "おおいけ"), lat=34.84)])
    assert [stop.id for stop in feed.stops.values()].count("e") == 1
    assert feed.stops["e"].name == "大池"
    assert feed.stops["e"].place == (34.84, 133.70)
    assert feed.translate("stops", "stop_name", "大池", "ja-Hrkt", record_id="e") == "おおいけ"
    assert feed.translate("stops", "stop_name", "大池", "en", record_id="e") is None


def test_columns_nobody_spoke_of_stay() -> None:
    stops = TOWN["stops.txt"].replace("stop_id,", "stop_id,my_note,").replace("\n", "\n", 1)
    lines = stops.splitlines()
    noted = "\n".join([lines[0], *(line.replace(",", ",書,", 1) for line in lines[1:])]) + "\n"
    feed = edited(feed_of(stops=noted), [replace(POND, id="c"), POND])
    notes = dict(
        zip(feed.table("stops").texts("stop_id"), feed.table("stops").texts("my_note"), strict=True)
    )
    assert notes["c"] == "書"
    assert notes["e"] == ""


def test_a_trip_is_put_with_all_its_calls_and_may_be_put_again() -> None:
    shorter = replace(TRIP, calls=(TRIP.calls[0], TRIP.calls[2]))
    assert [call.stop_id for call in edited(feed_of(), [TRIP]).stop_times["new"]] == ["a", "c", "d"]
    feed = edited(feed_of(), [TRIP, shorter])
    assert [call.stop_id for call in feed.stop_times["new"]] == ["a", "d"]
    assert [call.stop_sequence for call in feed.stop_times["new"]] == [1, 2]
    assert feed.trips["new"].direction_id == 0
    assert feed.stop_times["up"] == feed_of().stop_times["up"]


def test_a_calendar_has_its_days_more_and_less() -> None:
    trip = replace(TRIP, service_id="sunday")
    feed = edited(feed_of(), [SUNDAYS, trip])
    runs = [day for day in range(1, 31) if "sunday" in feed.services_on(date(2026, 11, day))]
    assert runs == [1, 15, 22, 23, 29]
    again = edited(feed, [replace(SUNDAYS, added=(), removed=())])
    runs = [day for day in range(1, 31) if "sunday" in again.services_on(date(2026, 11, day))]
    assert runs == [1, 8, 15, 22, 29]


def test_a_file_that_would_be_empty_is_not_made() -> None:
    plain = replace(SUNDAYS, added=(), removed=())
    assert "calendar_dates" not in edited(feed_of(calendar_dates=None), [plain]).tables


def test_a_trip_taken_out_leaves_nothing_behind() -> None:
    before = edited(
        feed_of(
            frequencies="trip_id,start_time,end_time,headway_secs\nnew,08:00:00,09:00:00,600\n"
        ),
        [TRIP],
    )
    after = edited(before, [Drop("trip", "new")])
    assert "new" not in after.trips
    assert "new" not in after.stop_times
    assert len(after.table("frequencies")) == 0
    assert "new" not in after.table("translations").texts("record_id")
    assert after.trips.keys() == feed_of().trips.keys()


@pytest.mark.parametrize(
    ("drop", "user"),
    [
        (Drop("stop", "c"), "stop_times"),
        (Drop("stop", "sta"), "stops"),
        (Drop("route", "r1"), "trips"),
        (Drop("calendar", "daily"), "trips"),
    ],
)
def test_what_is_still_used_is_not_taken_out(drop: Drop, user: str) -> None:
    with pytest.raises(EditError, match=f"still used in {user}.txt"):
        edited(feed_of(), [drop])


def test_the_feed_says_from_when_to_when_it_holds() -> None:
    feed = edited(feed_of(), [PutInfo(date(2026, 12, 1), date(2027, 3, 31), "2026-12")])
    (row,) = feed.table("feed_info").records()
    assert (row["feed_start_date"], row["feed_end_date"], row["feed_version"]) == (
        "20261201", "20270331", "2026-12",
    )  # fmt: skip
    assert row["feed_publisher_name"] == "吉備町"


def test_a_route_needs_an_agency_of_the_feed() -> None:
    route = PutRoute(
        "r2", "8000020331236", "", Words("南線", "みなみせん", "South"), color="AA0000"
    )
    feed = edited(feed_of(), [route])
    assert (feed.routes["r2"].name, feed.routes["r2"].color) == ("南線", "AA0000")
    with pytest.raises(EditError, match="there is no agency 'x'"):
        edited(feed_of(), [replace(route, agency_id="x")])


def late(*times: tuple[int | None, int | None], timepoint: bool = True) -> PutTrip:
    stops = ("a", "c", "d")
    calls = tuple(Call(s, *t, timepoint=timepoint) for s, t in zip(stops, times, strict=False))
    return replace(TRIP, calls=calls)


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (replace(POND, id=" "), "id"),
        (replace(POND, id=" e"), "id"),
        (replace(POND, name=Words("")), "name"),
        (replace(POND, name=Words("池\n沼")), "stop_name"),
        (replace(POND, name=Words("池", en="Po\0nd")), "translation"),
        (replace(POND, lat=90.1), "lat"),
        (replace(POND, lon=float("nan")), "lon"),
        (replace(POND, station="nowhere"), "station"),
        (replace(SUNDAYS, weekdays=(True,) * 6), "weekdays"),
        (replace(SUNDAYS, end=date(2026, 10, 31)), "end"),
        (replace(SUNDAYS, removed=(date(2026, 11, 23),)), "removed"),
        (replace(TRIP, route_id="r9"), "route_id"),
        (replace(TRIP, service_id="never"), "service_id"),
        (replace(TRIP, shape_id="s9"), "shape_id"),
        (replace(TRIP, calls=TRIP.calls[:1]), "calls"),
        (replace(TRIP, calls=(Call("x", 0, 0), Call("a", 60, 60))), "calls.0.stop_id"),
        (late((100, 100), (90, 90)), "calls.1"),
        (late((100, 100), (110, 105)), "calls.1"),
        (late((-1, 5), (10, 10)), "calls.0"),
        (late((None, None), (10, 10)), "calls.0"),
        (late((1, 1), (None, None), (9, 9)), "calls.1"),
        (late((1, 1), (5, None), (9, 9), timepoint=False), "calls.1"),
        (Drop("agency", "1"), "kind"),
        (Drop("stop", "nowhere"), "id"),
        (PutInfo(date(2026, 12, 2), date(2026, 12, 1), ""), "end"),
        (PutRoute("r2", "8000020331236", "", Words("")), "name"),
        (PutRoute("r2", "8000020331236", "2", Words(""), color="red"), "color"),
    ],
)  # fmt: skip
def test_an_edit_that_cannot_be_made_says_which_and_why(edit: Edit, field: str) -> None:
    with pytest.raises(EditError) as raised:
        edited(feed_of(), [POND, edit])
    assert (raised.value.number, raised.value.field) == (1, field)
    assert str(raised.value).startswith(f"edit 2 {field}: ")


@st.composite
def edits(draw: st.DrawFn) -> list[Edit]:
    """Draw stops and trips between them; each may be put twice and dropped again."""
    ids = draw(st.lists(st.sampled_from("efgh"), min_size=2, max_size=6))
    made: list[Edit] = [
        replace(POND, id=id_, lat=34 + draw(st.integers(0, 99)) / 100) for id_ in ids
    ]
    stops = sorted({*ids, "a", "d"})
    for number in range(draw(st.integers(0, 3))):
        called = draw(st.lists(st.sampled_from(stops), min_size=2, max_size=4))
        start_s = draw(st.integers(0, 90_000))
        calls = tuple(Call(s, start_s + 60 * k, start_s + 60 * k) for k, s in enumerate(called))
        made.append(replace(TRIP, id=f"t{number}", calls=calls))
    return made


@settings(max_examples=60, deadline=None)
@given(edits())
def test_what_was_put_is_read_back_from_the_file_and_the_rest_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, made: Sequence[Edit]
) -> None:
    path = tmp_path_factory.mktemp("edit") / "feed.zip"
    write_feed(edited(feed_of(), made), path)
    feed = read_feed(path)
    last = {(type(edit), edit.id): edit for edit in made if isinstance(edit, PutStop | PutTrip)}
    for edit in last.values():
        if isinstance(edit, PutStop):
            assert feed.stops[edit.id].place == (round(edit.lat, 6), edit.lon)
        else:
            read = [(c.stop_id, c.arrival_s, c.departure_s) for c in feed.stop_times[edit.id]]
            assert read == [(c.stop_id, c.arrival_s, c.departure_s) for c in edit.calls]
    old = feed_of()
    assert {id_: feed.stops[id_] for id_ in old.stops} == old.stops
    assert {id_: feed.trips[id_] for id_ in old.trips} == old.trips
    assert feed.table("fare_attributes").rows == old.table("fare_attributes").rows


def test_a_written_edit_is_the_same_feed_again(tmp_path: Path) -> None:
    write_feed(edited(feed_of(), [POND, SUNDAYS, TRIP]), tmp_path / "one.zip")
    write_feed(edited(feed_of(), [POND, SUNDAYS, TRIP]), tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
