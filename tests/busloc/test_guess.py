"""Which run a vehicle is on when nobody says: place, times, turns, other vehicles, and doubt."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.course import Run, Timetable
from busloc.guess import NONE, Guesser, share, weigh
from busloc.habits import FROM_S, SHARES, STEP_S, STEPS, Habits, Sample, row_of
from busloc.network import Network
from busloc.ping import Ping
from tests.busloc.towns import DAY, TZ, Bus, at, back, feed_of, hourly, ping

LATE = np.abs(np.arange(STEPS) * STEP_S + FROM_S)
HABITS = Habits(np.tile(-LATE / 120.0, (len(SHARES) + 2, 1)))
"""Every two minutes late or early are e times less likely."""

TOWN = Timetable(
    feed_of(
        hourly("north8", 8), hourly("north9", 9), back("south8", 8 * 3600),
        Bus("east", [("s2", "08:00:00"), ("s3", "08:10:00")], shape="bend"),
        shapes={"bend": [(2000, 0), (2000, 3000), (3000, 0)]},
    ),
    TZ,
)  # fmt: skip
NETWORK = Network.of_days(TOWN, [DAY])


def run(trip: str) -> Run:
    return Run(trip, DAY)


def watch(fixes: Iterable[Ping], guesser: Guesser | None = None) -> Guesser:
    guesser = guesser or Guesser(NETWORK, HABITS)
    for fix in fixes:
        guesser.see(fix)
    return guesser


def drive(start_m: float, clock: str, step_m: float, fixes: int = 5) -> list[Ping]:
    return [ping(start_m + step_m * k, at(clock) + 30 * k) for k in range(fixes)]


def test_a_bus_that_keeps_its_times_is_found() -> None:
    found = watch(drive(500, "08:00:50", 300)).confident()

    assert found is not None
    assert found.run == run("north8")


def test_the_way_it_goes_tells_one_direction_from_the_other() -> None:
    found = watch(drive(3500, "08:02:30", -300)).confident()

    assert found is not None
    assert found.run == run("south8")


def test_a_bus_between_two_trips_of_a_line_is_nobodys_for_sure() -> None:
    guesser = watch(drive(500, "08:30:50", 300))

    assert {guess.run for guess in guesser.see(ping(2000, at("08:33:20")))} >= {
        run("north8"), run("north9"),
    }  # fmt: skip
    assert guesser.confident() is None


def test_a_trip_that_is_taken_is_not_guessed() -> None:
    guesser = Guesser(NETWORK, HABITS)
    for fix in drive(500, "08:00:50", 300):
        guesses = guesser.see(fix, taken={run("north8")})

    assert run("north8") not in {guess.run for guess in guesses}


def test_a_bus_that_stands_is_not_sure_and_neither_are_two_fixes() -> None:
    assert watch(drive(0, "08:00:00", 0)).confident() is None
    assert watch(drive(500, "08:00:50", 300, fixes=2)).confident() is None


def test_a_bus_off_every_way_is_on_none() -> None:
    astray = [ping(500 + 300 * k, at("08:00:50") + 30 * k, east_m=5000) for k in range(5)]
    guesser = watch(astray)

    assert guesser.scores() == {}
    assert guesser.confident() is None


def test_at_the_end_of_a_trip_the_next_is_begun() -> None:
    there = drive(500, "08:00:50", 900, fixes=6)
    again = [ping(5000 - 300 * k, at("08:09:30") + 30 * k) for k in range(6)]
    town = Timetable(feed_of(hourly("out", 8), back("in", 8 * 3600 + 570)), TZ)
    guesser = watch(there, Guesser(Network.of_days(town, [DAY]), HABITS))
    first = next(iter(guesser.scores()))
    found = watch(again, guesser).confident()

    assert first == run("out")
    assert found is not None
    assert found.run == run("in")


def test_after_midnight_yesterdays_trip_is_found() -> None:
    night = Timetable(feed_of(Bus("n", [("s0", "24:10:00"), ("s5", "24:18:20")])), TZ)
    network = Network.of_days(night, [DAY])
    found = watch(drive(500, "24:10:50", 300), Guesser(network, HABITS)).confident()

    assert found is not None
    assert found.run == run("n")


def test_habits_learnt_from_late_buses_expect_late_buses() -> None:
    course = TOWN.course("north8")
    assert course is not None
    samples = [Sample(course, 2500.0, course.due_s(2500.0) + 300.0 + k) for k in range(-30, 30)]
    row = np.array([row_of(2500.0, course.line.length_m)])

    late, on_time = (
        Habits.learn(samples, runs=1, every_s=30).presence(row, np.array([late_s]))[0]
        for late_s in (300.0, 0.0)
    )

    assert late > on_time + 2
    assert Habits.usual().presence(row, np.array([0.0]))[0] > on_time


# Places


@given(st.integers(-200, 5200), st.integers(-140, 140))
@settings(max_examples=60, deadline=None)
def test_the_index_finds_every_place_a_line_passes_itself(metres: int, east_m: int) -> None:
    fix = ping(metres, at("08:00:00"), east_m=east_m)
    places = NETWORK.near(fix.lat, fix.lon)
    found = set(zip(places.pattern.tolist(), np.round(places.along_m / 5).tolist(), strict=True))

    for pattern, first in enumerate(NETWORK.first.tolist()):
        course = TOWN.course(NETWORK.runs[first].trip_id)
        assert course is not None
        for along_m, off_m in course.line.passes(fix.lat, fix.lon):
            if off_m < 149:
                near = {round(along_m / 5) + k for k in (-1, 0, 1)}
                assert any((pattern, k) in found for k in near)


def test_each_run_is_due_where_its_course_says() -> None:
    along_m = np.full(len(NETWORK.count), 1234.0)
    _, runs, due = NETWORK.runs_at(np.arange(len(NETWORK.count)), along_m)

    for k, due_s in zip(runs.tolist(), due.tolist(), strict=True):
        course = TOWN.course(NETWORK.runs[k].trip_id)
        assert course is not None
        assert due_s - TOWN.day_start(DAY) == pytest.approx(course.due_s(1234.0), abs=1e-6)


# Sharing out


def shared_out(scores: dict[str, dict[Run, float]]) -> dict[tuple[str, Run], float]:
    """Return the marginals by trying every way to give each vehicle a run of its own, or none."""
    vehicles = sorted(scores)
    runs = sorted({run for own in scores.values() for run in own}, key=lambda run: run.trip_id)
    total = 0.0
    sums: dict[tuple[str, Run], float] = {}
    places: list[Run | None] = [*runs, *([None] * len(vehicles))]
    for ways in set(permutations(places, len(vehicles))):
        weight = 1.0
        for vehicle, mine in zip(vehicles, ways, strict=True):
            top = max(scores[vehicle].values())
            if mine is None:
                weight *= exp(NONE)
            else:
                weight *= exp(scores[vehicle][mine] - top) if mine in scores[vehicle] else 0.0
        total += weight
        for vehicle, mine in zip(vehicles, ways, strict=True):
            if mine is not None:
                sums[vehicle, mine] = sums.get((vehicle, mine), 0.0) + weight
    return {key: value / total for key, value in sums.items()}


LOG = st.floats(-6, 0)


@given(LOG, LOG, LOG, LOG)
@settings(max_examples=80, deadline=None)
def test_a_run_two_buses_want_is_shared_out_as_by_trying_every_way(
    a_both: float, a_own: float, b_both: float, b_own: float
) -> None:
    both = run("both")
    scores = {
        "a": {both: a_both, run("a's"): a_own},
        "b": {both: b_both, run("b's"): b_own},
    }
    exact = shared_out(scores)

    for vehicle, guesses in share(scores).items():
        for guess in guesses:
            assert guess.probability == pytest.approx(exact[vehicle, guess.run], abs=1e-6)


def test_two_buses_that_want_the_same_two_runs_are_not_shared_out_for_sure() -> None:
    one, two = run("one"), run("two")
    scores = {"a": {one: 0.0, two: 0.0}, "b": {one: 0.0, two: -1.0}}
    exact = shared_out(scores)
    shared = share(scores)["a"][0]

    assert shared.run == two
    assert exact["a", two] == pytest.approx(0.73, abs=0.01)
    assert 0.5 < shared.probability < 0.95


def test_the_bus_with_one_choice_leaves_the_other_run_to_the_other_bus() -> None:
    one, two = run("one"), run("two")
    shared = share({"a": {one: 0.0, two: -0.5}, "b": {one: 0.0}, "c": {}})

    assert shared["b"][0].run == one
    assert shared["a"][0].run == two
    assert shared["a"][0].probability > 0.99
    assert shared["c"] == []


def test_probabilities_add_up() -> None:
    guesses = weigh({run("a"): -1.0, run("b"): -2.0, run("c"): 0.0}, taken={run("c")})

    assert [guess.run.trip_id for guess in guesses] == ["a", "b"]
    assert sum(guess.probability for guess in guesses) == pytest.approx(1)
    assert guesses[0].probability / guesses[1].probability == pytest.approx(exp(1))
