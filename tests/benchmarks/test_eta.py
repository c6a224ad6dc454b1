"""The benchmark of arrival times counts as its README says, and reads the recorded towns right."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from benchmarks.avl import BRUSSELS, Polyline, Trip, crossings, parquet_rows, read_trips
from benchmarks.eta import (
    driven_on,
    kalman_gain,
    leftovers,
    methods,
    row_of,
    targets,
    ticks,
    told_by,
)
from benchmarks.inside import seen_in_order
from gtfs.calendar import day_start_epoch

DAY = date(2026, 11, 25)
STOPS = ("a", "b", "c", "d")


def trip(*actual: float | None, due: tuple[float, ...] = (0, 100, 200, 300)) -> Trip:
    return Trip("t", DAY, STOPS, due, actual, (None,) * 4)


def test_a_trip_is_predicted_from_five_seconds_after_its_first_event() -> None:
    assert ticks(trip(None, 100, 130, 166), 30) == [105, 135, 165]


def test_observed_stops_within_half_an_hour_are_to_be_predicted() -> None:
    run = trip(0, 100, None, 1900)

    assert list(targets(run, 0, 50)) == [(1, 100)]
    assert list(targets(run, 0, 100)) == [(3, 1900)]
    assert list(targets(run, 1, 200)) == [(3, 1900)]


def test_the_others_predict_what_their_rules_say() -> None:
    train = [trip(0, 120, 260, 380), trip(10, 140, 260, 400)]
    ahead = trip(0, 200, 260, 300)
    ours = trip(250, 400, 500, 600)
    found = methods(leftovers(train, [ahead, ours]))

    told = {name: list(method(ours, 0, 250, 255)) for name, method in found.items()}

    assert told["timetable"] == [100, 200, 300]
    assert told["last delay"] == [350, 450, 550]
    assert told["historical median"] == [375, 505, 635]
    variance = 25 / 2
    gain = (100 + variance) / (100 + 2 * variance)
    first = (1 - kalman_gain(variance * kalman_gain(100, variance), variance)) * 200
    assert told["TransitClock's Kalman"][0] == pytest.approx(
        250 + first + kalman_gain(variance * kalman_gain(100, variance), variance) * 125
    )
    assert kalman_gain(100, variance) == pytest.approx(gain)


def test_a_bus_that_is_overdue_is_predicted_now() -> None:
    found = methods(leftovers([], []))

    assert list(found["last delay"](trip(0, 500, 600, 700), 0, 0, 400)) == [400, 400, 400]


def test_a_row_sums_up_all_predictions_of_a_method() -> None:
    run = trip(0, 130, 230, 330)
    rows = told_by(methods({})["last delay"], [run], 60)

    found = row_of("last delay", rows, banded=False)

    assert found["n"] == 3 + 3 + 3 + 2 + 1 + 1
    assert found["mae_s"] == pytest.approx((8 * 30 + 5) / 13, abs=0.01), "5: it was floored at now"
    assert found["coverage80_percent"] is None


def test_a_stop_is_passed_between_two_fixes_not_far_apart() -> None:
    along = [(0.0, 0.0), (100.0, 500.0), (400.0, 1000.0)]

    assert crossings([0, 250, 500, 600, 1000, 1100], along, 150) == (
        0.0, 50.0, 100.0, None, 400.0, None,
    )  # fmt: skip


def test_fixes_are_placed_along_a_line_that_comes_back() -> None:
    out_and_back = Polyline([(0.0, 0.0), (0.0, 0.02), (0.0, 0.0)])
    fixes = [(0.0, east) for east in (0.005, 0.015, 0.005)]

    placed = out_and_back.place(fixes, [0, 120, 360])

    assert [at for at, _ in placed] == [0, 120, 360]
    assert [round(metres / 111.195) for _, metres in placed] == [5, 15, 35]


def tram(*actual: float | None) -> Trip:
    return Trip("55-0-d-1", DAY, STOPS, (0, 100, 200, 300), actual, (None,) * 4)


PLACES = {stop: (0.0, 0.01 * i) for i, stop in enumerate(STOPS)}
LEG_M = 1112.0


def seen(
    trips: list[Trip], snapshots: dict[float, list[float]], stop: str = "a"
) -> list[list[tuple[float, int, float]]]:  # fmt: skip
    found = seen_in_order(trips, {("d", stop): snapshots}, PLACES)
    return [[(each.at_s, each.index, round(each.share, 2)) for each in one] for one in found]


def test_trams_on_one_leg_are_told_apart_by_the_order_they_came_in() -> None:
    trips = [tram(60, 200, 300), tram(0, 150, 300)]

    found = seen(trips, {50: [0.5 * LEG_M], 80: [0, 0.6 * LEG_M], 160: [0.25 * LEG_M]})

    assert found == [[(80, 0, 0.0), (160, 0, 0.25)], [(50, 0, 0.5), (80, 0, 0.6)]]


def test_as_many_rows_as_trams_or_none_is_believed() -> None:
    assert seen([tram(0, 150, 300)], {50: [100, 500], 160: [700]}) == [[]]


def test_a_tram_goes_neither_back_nor_beyond_its_leg() -> None:
    found = seen([tram(0, 150, 300)], {20: [0.5 * LEG_M], 40: [0.25 * LEG_M], 60: [2 * LEG_M]})

    assert found == [[(20, 0, 0.5), (60, 0, 1.0)]]


def test_a_tram_that_was_not_observed_where_it_came_is_not_looked_for_for_ever() -> None:
    assert seen([tram(0, None, 3000)], {899: [100], 901: [100]}) == [[(899, 0, 0.09)]]


@pytest.mark.shared
def test_no_snapshot_is_used_before_it_was_made(shared_dir: Path) -> None:
    pytest.importorskip("pyarrow")
    folder, day = shared_dir / "data" / "avl" / "stib55", date(2025, 3, 18)
    made = parquet_rows(folder / "vd55" / "20250318.snaps.parquet")
    start = day_start_epoch(day, BRUSSELS)
    known = {row["ts"] - start + 1.0 for row in made}

    drives = driven_on("stib55", folder, day, read_trips("stib55", folder, day))

    assert sum(len(drive.seen) for drive in drives) > 20_000
    for drive in drives:
        assert list(drive.seen) == sorted(drive.seen, key=lambda each: each.at_s)
        for each in drive.seen:
            came_s = drive.arrive_s[each.index]
            assert each.at_s in known
            assert came_s is not None
            assert came_s <= each.at_s


@pytest.mark.shared
@pytest.mark.parametrize(
    ("day", "trips", "n", "mae_s"),
    [(date(2025, 3, 18), 367, 102_318, 52), (date(2025, 3, 19), 350, 95_367, 54)],
)
def test_the_references_own_numbers_come_out(
    shared_dir: Path, day: date, trips: int, n: int, mae_s: int
) -> None:
    pytest.importorskip("pyarrow")
    found = read_trips("stib55", shared_dir / "data" / "avl" / "stib55", day)

    row = row_of("", told_by(methods({})["last delay"], found, 30.0), banded=False)

    assert (len(found), row["n"], round(row["mae_s"])) == (trips, n, mae_s)
