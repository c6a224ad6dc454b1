"""What driven days teach: usual times, weights and bounds, in a town computed by head.

Stops ``s0`` to ``s9`` lie 100 s apart by the timetable; a bus leaves every ten minutes from 06:00.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.accuracy import NEAR_S
from busloc.daytypes import DayType, day_type
from busloc.learning import as_judged, bands, learn
from busloc.model import HORIZONS_S, Model, Weights, outlook, untaught
from busloc.outlook import BLIND, FEATURES, Progress, Traffic, Way, hats, move, view
from busloc.replay import replay
from busloc.usual import Drive, Seen, Usual

STOPS = tuple(f"s{i}" for i in range(10))
MONDAY, TUESDAY, SUNDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 22)


def drive(
    start_s: float, legs_s: Callable[[int], float], *, kind: str = "weekday", stand_s: float = 0
) -> Drive:
    """Return a drive that takes ``legs_s(i)`` for its leg ``i``, standing included."""
    came = [start_s]
    for i in range(len(STOPS) - 1):
        came.append(came[-1] + legs_s(i))
    due = tuple(start_s + 100.0 * i for i in range(len(STOPS)))
    left = [came[0], *(at + stand_s for at in came[1:-1]), None]
    return Drive(kind, STOPS, due, tuple(came), tuple(left))


def day(seed: int, mean_s: float, *, kind: str = "weekday", buses: int = 90) -> list[Drive]:
    chance = np.random.default_rng(seed)
    return [
        drive(
            6 * 3600 + 600.0 * k, lambda _: max(30.0, float(chance.normal(mean_s, 15))), kind=kind
        )
        for k in range(buses)
    ]


@pytest.fixture(scope="module")
def taught() -> Model:
    return learn({MONDAY: day(1, 120), TUESDAY: day(2, 120)}, moments=1000)


# Kinds of days


def test_kinds_of_days_have_the_japanese_seasons() -> None:
    kinds = [
        day_type(date(2026, month, number))
        for month, number in ((11, 24), (11, 21), (11, 22), (11, 23), (12, 28), (12, 29), (1, 3),
                              (1, 5), (8, 12), (8, 13), (8, 16), (8, 17))
    ]  # fmt: skip

    assert kinds == [
        "weekday", "saturday", "holiday", "holiday", "weekday", "new_year", "new_year",
        "weekday", "weekday", "bon", "bon", "weekday",
    ]  # fmt: skip


def test_the_town_knows_its_snow_days() -> None:
    assert day_type(MONDAY, {MONDAY: DayType.SNOW}) is DayType.SNOW


# Usual times


def usual_leg(usual: Usual, kind: str, due_s: float, hour: int) -> tuple[float, float]:
    table = usual.table([kind])
    legs = table.legs(["s0", "s1"])
    carried, outright = table.times(legs, np.array([due_s]), np.array([2 * hour]))
    return float(carried[0]), float(outright[0])


def test_the_usual_time_follows_the_timetable_by_its_difference() -> None:
    usual = Usual.of([drive(8 * 3600.0 + k, lambda _: 150.0) for k in range(200)])

    carried_s, outright_s = usual_leg(usual, "weekday", 100.0, 8)
    slower_s, same_s = usual_leg(usual, "weekday", 130.0, 8)

    assert (carried_s, outright_s) == pytest.approx((150, 150), abs=0.5)
    assert (slower_s, same_s) == pytest.approx((180, 150), abs=0.5)


def test_a_leg_never_driven_takes_the_timetables_time() -> None:
    table = Usual.of([drive(8 * 3600.0, lambda _: 150.0)]).table(["weekday"])

    carried_s, outright_s = table.times(
        table.legs(["s5", "s1"]), np.array([70.0]), np.array([16])
    )  # fmt: skip

    assert (carried_s[0], outright_s[0]) == (70.0, 70.0)


def test_few_drives_are_believed_half_way() -> None:
    usual = Usual.of([drive(8 * 3600.0, lambda _: 150.0)])

    carried_s, outright_s = usual_leg(usual, "weekday", 100.0, 8)

    assert carried_s == outright_s == pytest.approx(125, abs=0.1)


def test_a_time_of_day_borrows_from_those_beside_it_and_less_from_far_ones() -> None:
    morning = [drive(8 * 3600.0 + k, lambda _: 200.0) for k in range(50)]
    evening = [drive(18 * 3600.0 + k, lambda _: 100.0) for k in range(50)]
    usual = Usual.of(morning + evening)

    at_nine, at_thirteen, at_eighteen = (
        usual_leg(usual, "weekday", 100.0, hour)[0] for hour in (9, 13, 18)
    )

    assert at_nine == pytest.approx(200, abs=5)
    assert 100 < at_thirteen < 110, "hours away tell little beside the timetable"
    assert at_eighteen == pytest.approx(100, abs=5)


def test_one_wild_drive_does_not_spoil_a_leg() -> None:
    tame = [drive(8 * 3600.0 + k, lambda _: 100.0) for k in range(20)]
    usual = Usual.of([*tame, drive(8 * 3600.0, lambda _: 5000.0)])

    assert usual_leg(usual, "weekday", 100.0, 8)[1] < 108


# What vehicles tell each other


def test_the_vehicle_ahead_tells_of_the_leg_it_drove_and_fades() -> None:
    table = Usual.of([drive(8 * 3600.0 + k, lambda _: 100.0) for k in range(200)]).table(
        ["weekday"]
    )
    way = Way(table.legs(STOPS), np.array([28800.0 + 100 * i for i in range(10)]))
    traffic = Traffic(len(table.number))
    ahead = Progress(way, 0.0, 0, 28800.0, 28800.0)
    move(ahead, traffic, table, 1, 28960.0)

    over, weight = traffic.ahead(way.legs, 28960.0)
    later, faded = traffic.ahead(way.legs, 28960.0 + 1800)

    assert (over[0], weight[0]) == pytest.approx((60, 1), abs=1)
    assert later[0] / over[0] == pytest.approx(np.exp(-1), abs=0.01)
    assert weight[1:].sum() == 0
    assert traffic.ahead(way.legs, 28960.0 - 1)[1].sum() == 0, "nothing is known before it happens"
    assert faded[0] < weight[0]


def test_a_call_that_nobody_saw_teaches_nothing() -> None:
    table = Usual.of([drive(8 * 3600.0, lambda _: 100.0)]).table(["weekday"])
    way = Way(table.legs(STOPS), np.array([28800.0 + 100 * i for i in range(10)]))
    traffic = Traffic(len(table.number))
    progress = Progress(way, 0.0, 0, 28800.0, 28800.0)

    move(progress, traffic, table, 2, 29300.0)

    assert traffic.pace(29300.0) == 0
    assert (progress.index, progress.came_s, progress.left_s) == (2, 29300.0, None)


def test_only_what_has_happened_is_seen_in_a_replay() -> None:
    table = Usual.of(day(5, 110)).table(["weekday"])
    drives = day(6, 110)
    asked = {20: [drives[20].due_s[0] + 150.0]}
    future = [
        Drive(d.day_type, d.stops, d.due_s,
              tuple(at if at is not None and at <= asked[20][0] else None for at in d.arrive_s),
              tuple(at if at is not None and at <= asked[20][0] else None for at in d.leave_s))
        for d in drives
    ]  # fmt: skip
    future[20] = Drive("weekday", STOPS, drives[20].due_s, drives[20].arrive_s, future[20].leave_s)

    (known,) = replay(drives, table, asked)
    (blind,) = replay(future, table, asked)

    assert np.array_equal(known.seen.features, blind.seen.features)
    assert np.array_equal(known.seen.left_s, blind.seen.left_s)


# Where a vehicle is between its stops


def watched(drive: Drive, every_s: float = 10.0) -> Drive:
    """Return a drive seen all along: it gathers speed, half of the time takes it a quarter far."""
    seen = []
    for i, start_s, took_s in drive.legs():
        seen += [
            Seen(start_s + gone_s, i, (gone_s / took_s) ** 2)
            for gone_s in np.arange(every_s, took_s, every_s).tolist()
        ]
    return replace(drive, seen=tuple(seen))


def on_the_first_leg(*seen: Seen) -> Progress:
    way = Way(np.arange(9), np.array([28800.0 + 100 * i for i in range(10)]))
    progress = Progress(way, 0.0, 0, 28800.0, 28800.0)
    for each in seen:
        progress.look(each)
    return progress


def told_at(progress: Progress, now_s: float, model: Model | None = None) -> list[float]:
    table = Usual.of([drive(8 * 3600.0 + k, lambda _: 100.0) for k in range(200)])
    seen = view(progress, Traffic(9), table.table(["weekday"]), now_s)
    told = outlook(seen, untaught() if model is None else model.same)
    return [float(each_s) for each_s in told.expected_s[:2]]


def test_a_vehicle_seen_on_its_leg_has_the_rest_of_it_to_go() -> None:
    slow = on_the_first_leg(Seen(28870.0, 0, 0.25), Seen(28880.0, 0, 0.5))

    assert told_at(slow, 28880.0) == pytest.approx([50, 150], abs=1)
    assert told_at(slow, 28890.0)[0] == pytest.approx(40, abs=3), "it drove on since"


def test_a_place_on_another_leg_or_before_the_start_tells_nothing() -> None:
    blind = told_at(on_the_first_leg(), 28840.0)

    assert told_at(on_the_first_leg(Seen(28840.0, 1, 0.9)), 28840.0) == blind
    assert told_at(on_the_first_leg(Seen(28840.0, 0, 0.0)), 28840.0) == blind
    assert told_at(on_the_first_leg(Seen(28840.0, 0, 0.9)), 28840.0) != blind


def test_a_place_is_forgotten_at_the_next_call() -> None:
    table = Usual.of([drive(8 * 3600.0, lambda _: 100.0)]).table(["weekday"])
    progress = on_the_first_leg(Seen(28880.0, 0, 0.5))

    move(progress, Traffic(9), table, 1, 28900.0)

    assert progress.seen is None


def test_a_replay_sees_the_places_known_by_then_and_no_later_one() -> None:
    table = Usual.of(day(5, 110)).table(["weekday"])
    drives = [watched(each) for each in day(6, 110)]
    now_s = drives[20].due_s[0] + 50.0
    past = [replace(d, seen=tuple(s for s in d.seen if s.at_s <= now_s)) for d in drives]
    lately = [replace(d, seen=tuple(s for s in d.seen if s.at_s <= now_s - 10)) for d in drives]

    whole, known, older = (
        next(iter(replay(each, table, {20: [now_s]}))).seen for each in (drives, past, lately)
    )

    assert np.array_equal(whole.features, known.features)
    assert np.array_equal(whole.left_s, known.left_s)
    assert not np.array_equal(whole.left_s, older.left_s)


def test_where_vehicles_gather_speed_a_quarter_of_the_way_is_half_of_the_time() -> None:
    days = {MONDAY: day(1, 100), TUESDAY: day(2, 100)}
    model = learn({d: [watched(each) for each in some] for d, some in days.items()}, moments=500)

    there = told_at(on_the_first_leg(Seen(28850.0, 0, 0.25)), 28850.0, model)[0]

    assert there == pytest.approx(50, abs=8), "and not 75 s"


def test_taught_with_places_it_still_knows_what_to_do_without() -> None:
    chance = np.random.default_rng(3)
    quick_or_slow = [
        [
            watched(drive(6 * 3600 + 600.0 * k, lambda _: float(chance.choice([60.0, 180.0]))))
            for k in range(90)
        ]
        for _ in range(2)
    ]
    model = learn(dict(zip((MONDAY, TUESDAY), quick_or_slow, strict=True)), moments=500)
    table, weights = model.table_for("weekday")
    way = Way(table.legs(STOPS), np.array([28800.0 + 100 * i for i in range(10)]))
    silent = view(
        Progress(way, 0.0, 0, 28800.0, 28800.0), Traffic(len(table.number)), table, 28900.0
    )

    told_s = outlook(silent, weights).expected_s[0]

    assert told_s == pytest.approx(80, abs=20), "after 100 s it can only be a slow one"


# The model


def test_a_taught_model_is_true_on_a_day_it_never_saw(taught: Model) -> None:
    table, weights = taught.table_for("weekday")
    drives = day(9, 120)
    errors, held = [], []
    for moment in replay(drives, table, {k: [d.due_s[0] + 130.0] for k, d in enumerate(drives)}):
        told = outlook(moment.seen, weights)
        rows, came = moment.rows, moment.to_come_s
        errors += (came - told.expected_s[rows]).tolist()
        held += ((told.low_s[rows] <= came) & (came <= told.high_s[rows])).tolist()

    assert abs(float(np.median(errors))) < 8
    assert float(np.mean(np.abs(errors))) < 35, "40 s is what chance leaves, 100 the timetable"
    assert 0.7 < float(np.mean(held)) < 0.9


def test_a_model_keeps_its_own_figures_on_trips_left_out(taught: Model) -> None:
    figures = taught.accuracy["same_kind"]

    assert taught.accuracy["days"] == ["2026-11-16", "2026-11-17"]
    assert figures["mae_s"] < 40
    assert figures["coverage80_percent"] == pytest.approx(80, abs=0.2)
    assert figures["transit_score"] >= figures["transit_score_expected"]


def test_a_model_survives_being_kept(taught: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.json"

    taught.save(path)

    assert Model.load(path) == taught


def test_a_model_from_before_places_had_weights_is_read(taught: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    taught.save(path)
    plain = json.loads(path.read_text())
    plain["same"]["weights"] = plain["same"]["weights"][:BLIND]
    path.write_text(json.dumps(plain))

    assert Model.load(path).same.weights == (
        *taught.same.weights[:BLIND], *(0.0,) * (FEATURES - BLIND),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["[]", "{}", '{"version":0}', '{"version":1}', "null"])
def test_another_file_is_no_model(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(text)

    with pytest.raises(ValueError, match="model"):
        Model.load(path)


def test_nothing_to_learn_from_leaves_reason_alone() -> None:
    model = learn({MONDAY: day(1, 120, buses=3)}, moments=20)

    assert model.same == untaught()
    assert model.accuracy["same_kind"] == {}


def test_a_day_of_a_new_kind_takes_the_weights_for_other_kinds() -> None:
    days = {MONDAY: day(1, 120), SUNDAY: day(2, 110, kind="holiday")}
    model = learn(days, moments=800)

    assert model.table_for("weekday")[1] is model.same
    assert model.table_for("new_year")[1] is model.other
    table, _ = model.table_for("new_year")
    sunday, _ = model.table_for("holiday")
    assert np.array_equal(table.n, sunday.n), "New Year is like a Sunday"
    snow, _ = model.table_for("snow")
    assert snow.n.sum() > table.n.sum(), "nothing is like a snow day, so all days tell"


@given(
    st.lists(st.floats(-300, 2500), min_size=1, max_size=12),
    st.floats(0.0, 6.0),
    st.integers(0, 2**31),
)
@settings(max_examples=200, deadline=None)
def test_an_outlook_never_runs_backwards_and_holds_its_expectation(
    left: list[float], overdue: float, seed: int
) -> None:
    from busloc.outlook import View

    features = np.random.default_rng(seed).normal(0, 30, (len(left), FEATURES))
    told = outlook(View(np.array(left), features, overdue), untaught())

    assert (np.diff(told.expected_s) >= 1 - 1e-6).all()
    assert (told.expected_s >= 0).all()
    assert (told.low_s <= told.expected_s).all()
    assert (told.expected_s <= told.high_s).all()
    assert (told.by_s <= told.expected_s).all()
    assert (told.low_s >= 0).all()


def test_bounds_hold_four_of_five_and_widen_with_the_distance() -> None:
    chance = np.random.default_rng(0)
    expected = chance.uniform(0, 1500, 40_000)
    came = np.maximum(expected + chance.normal(0, 1, 40_000) * (10 + 0.1 * expected), 0.1)

    found = bands(expected, came)

    for horizon, low, high in zip(HORIZONS_S, found.low_s, found.high_s, strict=True):
        if 60 <= horizon <= 1300:
            assert low == pytest.approx(1.2816 * (10 + 0.1 * horizon), rel=0.15)
            assert high == pytest.approx(1.2816 * (10 + 0.1 * horizon), rel=0.15)


def test_bounds_hold_four_of_five_round_each_horizon_however_skewed_the_errors() -> None:
    chance = np.random.default_rng(0)
    expected = chance.uniform(0, 200, 60_000)
    came = expected * chance.exponential(1, 60_000) + chance.exponential(4, 60_000)

    found = bands(expected, came)

    near = hats(expected, HORIZONS_S)
    low, high, _ = (near @ found.table.T).T
    held = (expected - low <= came) & (came <= expected + high)
    for horizon in (1, 2, 3):
        share = (held * near[:, horizon]).sum() / near[:, horizon].sum()
        assert share == pytest.approx(0.8, abs=0.005)


def test_bounds_hold_four_of_five_of_the_arrivals_that_are_judged() -> None:
    chance = np.random.default_rng(0)
    expected = chance.uniform(0, 1500, 40_000)
    came = np.maximum(expected + chance.normal(0, 1, 40_000) * (10 + 0.1 * expected), 0.1)
    late = np.arange(40_000) % 5 == 0
    found = bands(expected, came)

    weights = as_judged(Weights(untaught().weights, found, found), expected, came, late)

    low, high, _ = (hats(expected, HORIZONS_S) @ weights.on_time.table.T).T
    held = (expected - low <= came) & (came <= expected + high)
    assert held[came < NEAR_S].mean() == pytest.approx(0.8, abs=0.001)


def test_an_overdue_vehicle_is_still_to_come(taught: Model) -> None:
    table, weights = taught.table_for("weekday")
    way = Way(table.legs(STOPS), np.array([28800.0 + 100 * i for i in range(10)]))
    progress = Progress(way, 0.0, 3, 29160.0)
    traffic = Traffic(len(table.number))

    told = [
        outlook(view(progress, traffic, table, 29160.0 + spent), weights).expected_s[0]
        for spent in (30, 100, 200, 400)
    ]

    assert told[0] == pytest.approx(90, abs=10)
    assert all(ahead > 5 for ahead in told)
