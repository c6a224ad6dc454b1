"""Exact times: worked examples on a straight road, and linear programming as the judge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from dispatcher.model import MOST_S, Place, Request, Route, Stop, StopKind, Vehicle
from dispatcher.schedule import Breach, Rule, Schedule, expected, schedule
from tests.dispatcher.draw import Case, cases, full_cases
from tests.dispatcher.oracle import best_times, is_feasible
from tests.towns import LineTown, MatrixTown

TRAVEL = {"car": LineTown()}
VAN = Vehicle("van", Place(0), Place(0), 0, 7200, seats=4)


def ride(name: str, origin: int, destination: int, **changes: Any) -> Request:  # noqa: ANN401
    """Any time in the first two hours, unless something is said."""
    limits: dict[str, Any] = {
        "earliest_pickup_s": 0,
        "latest_pickup_s": 7200,
        "earliest_dropoff_s": 0,
        "latest_dropoff_s": 7200,
        "ride_max_s": 7200,
    }
    return Request(name, Place(origin), Place(destination), **{**limits, **changes})


def stops(words: str) -> tuple[Stop, ...]:
    """``+a +b -a`` reads: a gets in, b gets in, a gets out."""
    kinds = {"+": StopKind.PICKUP, "-": StopKind.DROPOFF}
    return tuple(Stop(word[1:], kinds[word[0]]) for word in words.split())


def timed(
    words: str, *asked: Request, van: Vehicle = VAN, boarded_s: dict[str, int] | None = None
) -> Schedule | Breach:
    route = Route(van, stops(words), boarded_s or {})
    return schedule(route, {request.id: request for request in asked}, TRAVEL)


def test_the_times_of_one_ride_add_up() -> None:
    a = ride("a", 3, 9, earliest_pickup_s=600, latest_pickup_s=900, latest_dropoff_s=1500)

    assert timed("+a -a", a) == Schedule(
        leave_s=420,
        end_s=1590,
        arrive_s=(600, 1020),
        begin_s=(600, 1020),
        depart_s=(660, 1050),
        load=(1, 0),
    )


def test_a_vehicle_waits_for_whom_it_could_meet_too_early() -> None:
    a = ride("a", 3, 9, earliest_pickup_s=600)
    b = ride("b", 9, 3, earliest_pickup_s=3000)

    times = timed("+a -a +b -b", a, b)

    assert isinstance(times, Schedule)
    assert times.arrive_s == (600, 1020, 1050, 3420)
    assert times.begin_s == (600, 1020, 3000, 3420)


def test_nobody_sits_in_the_vehicle_while_it_could_wait_before_the_pickup() -> None:
    a = ride("a", 1, 5)
    b = ride("b", 2, 6, earliest_pickup_s=1000)

    times = timed("+a +b -a -b", a, b)

    assert isinstance(times, Schedule)
    assert times.begin_s == (880, 1000, 1240, 1330)


def test_nobody_boards_after_their_window_to_save_a_wait() -> None:
    a = ride("a", 1, 5, latest_pickup_s=850)
    b = ride("b", 2, 6, earliest_pickup_s=1000)

    times = timed("+a +b -a -b", a, b)

    assert isinstance(times, Schedule)
    assert times.begin_s[:2] == (850, 1000)


def test_a_day_that_ends_anywhere_does_not_drive_round_the_last_block() -> None:
    town = MatrixTown([[40, 100], [100, 40]])
    route = Route(Vehicle("van", Place(0), None, 0, 7200, seats=4), stops("+a -a"))

    times = schedule(route, {"a": ride("a", 0, 1)}, {"car": town})

    assert isinstance(times, Schedule)
    assert times.end_s == 40 + 60 + 100 + 30


def test_a_ride_too_long_from_the_earliest_pickup_is_saved_by_boarding_later() -> None:
    a = ride("a", 1, 5, ride_max_s=360)
    b = ride("b", 2, 6, earliest_pickup_s=1000)

    assert isinstance(timed("+a +b -a -b", a, b), Schedule)


def test_boarding_later_stops_at_the_end_of_the_pickup_window() -> None:
    a = ride("a", 1, 5, ride_max_s=360, latest_pickup_s=819)
    b = ride("b", 2, 6, earliest_pickup_s=1000)

    assert timed("+a +b -a -b", a, b) == Breach(Rule.RIDE_MAX, 2, "a", by=1)
    assert isinstance(timed("+a +b -a -b", replace(a, latest_pickup_s=820), b), Schedule)


def test_a_pickup_moved_later_moves_what_follows() -> None:
    a = ride("a", 1, 5, ride_max_s=400)
    b = ride("b", 2, 6, latest_pickup_s=830)
    c = ride("c", 3, 5, earliest_pickup_s=1000)

    # c at 1000 puts a's arrival at 1180, a's boarding at 720 and so b's at 840.
    assert timed("+a +b +c -a -b -c", a, b, c) == Breach(Rule.LATEST_PICKUP, 1, "b", by=10)
    assert isinstance(timed("+a +b +c -a -b -c", a, replace(b, latest_pickup_s=840), c), Schedule)


@pytest.mark.timeout(60)
def test_a_ride_longer_than_allowed_is_refused_at_once_though_windows_never_end() -> None:
    a = ride("a", 1, 5, ride_max_s=299, latest_pickup_s=MOST_S, latest_dropoff_s=MOST_S)
    b = ride("b", 2, 6, latest_pickup_s=MOST_S, latest_dropoff_s=MOST_S)
    van = replace(VAN, end_s=MOST_S)

    # A minute to b, a minute for b, three minutes on.
    assert timed("+a +b -a -b", a, b, van=van) == Breach(Rule.RIDE_MAX, 2, "a", by=1)


@pytest.mark.parametrize(
    ("changes", "rule", "stop", "by"),
    [
        ({"latest_pickup_s": 170}, Rule.LATEST_PICKUP, 0, 10),
        ({"latest_dropoff_s": 595}, Rule.LATEST_DROPOFF, 1, 5),
        ({"ride_max_s": 350}, Rule.RIDE_MAX, 1, 10),
        ({"seats": 6}, Rule.SEATS, 0, 2),
        ({"wheelchairs": 1}, Rule.WHEELCHAIR_PLACES, 0, 1),
    ],
)
def test_a_breach_names_the_limit_the_stop_and_the_amount(
    changes: dict[str, int], rule: Rule, stop: int, by: int
) -> None:
    assert timed("+a -a", ride("a", 3, 9, **changes)) == Breach(rule, stop, "a", by)


def test_the_shift_ends_at_the_depot() -> None:
    a = ride("a", 3, 9)

    assert isinstance(timed("+a -a", a, van=replace(VAN, end_s=1170)), Schedule)
    assert timed("+a -a", a, van=replace(VAN, end_s=1160)) == Breach(Rule.SHIFT_END, 2, None, 10)


def test_a_day_that_may_end_anywhere_ends_with_the_last_stop() -> None:
    a = ride("a", 3, 9)
    van = replace(VAN, end=None, end_s=630)

    times = timed("+a -a", a, van=van)

    assert isinstance(times, Schedule)
    assert times.end_s == 630
    assert timed("+a -a", a, van=replace(van, end_s=629)) == Breach(Rule.SHIFT_END, 2, None, 1)


def test_an_idle_vehicle_must_still_reach_its_depot() -> None:
    away = Vehicle("van", Place(5), Place(0), 0, 300, seats=4)

    assert isinstance(timed("", van=away), Schedule)
    assert timed("", van=replace(away, end_s=299)) == Breach(Rule.SHIFT_END, 0, None, 1)


def test_the_ride_of_somebody_on_board_began_when_they_boarded() -> None:
    a = ride("a", 3, 9, ride_max_s=600, latest_dropoff_s=2000)
    van = replace(VAN, start=Place(4), start_s=1000)

    times = timed("-a", a, van=van, boarded_s={"a": 700})

    assert isinstance(times, Schedule)
    assert times.begin_s == (1300,)
    assert timed("-a", a, van=van, boarded_s={"a": 690}) == Breach(Rule.RIDE_MAX, 0, "a", 10)
    due = replace(a, latest_dropoff_s=1280)
    assert timed("-a", due, van=van, boarded_s={"a": 690}) == Breach(
        Rule.LATEST_DROPOFF, 0, "a", 20
    )


def test_riders_on_board_take_seats_until_they_get_out() -> None:
    a, b = ride("a", 3, 9, seats=3), ride("b", 5, 6, seats=2)

    assert timed("+b -b -a", a, b, boarded_s={"a": 0}) == Breach(Rule.SEATS, 0, "b", 1)
    assert isinstance(timed("-a +b -b", a, b, boarded_s={"a": 0}), Schedule)
    assert timed("-a", replace(a, seats=5), boarded_s={"a": 0}) == Breach(Rule.SEATS, 0, "a", 1)


def test_a_wheelchair_takes_the_seats_it_displaces() -> None:
    van = replace(VAN, wheelchair_places=1, seats_lost_per_wheelchair=2)
    chair = ride("c", 1, 9, seats=0, wheelchairs=1)

    assert isinstance(timed("+c +a -a -c", chair, ride("a", 2, 3, seats=2), van=van), Schedule)
    crowd = ride("a", 2, 3, seats=3)
    assert timed("+c +a -a -c", chair, crowd, van=van) == Breach(Rule.SEATS, 1, "a", 1)


def test_a_late_vehicle_still_has_expected_times() -> None:
    a = ride("a", 3, 9, latest_pickup_s=100)
    route, asked = Route(VAN, stops("+a -a")), {"a": a}

    assert schedule(route, asked, TRAVEL) == Breach(Rule.LATEST_PICKUP, 0, "a", 80)
    times = expected(route, asked, TRAVEL)

    assert times.begin_s == (180, 600)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(cases() | full_cases())
def test_a_route_has_a_schedule_exactly_when_linear_programming_finds_one(case: Case) -> None:
    times = schedule(case.route, case.requests, case.travel)

    assert isinstance(times, Schedule) == is_feasible(case)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(cases() | full_cases())
def test_everybody_arrives_as_early_and_boards_as_late_as_possible(case: Case) -> None:
    times = schedule(case.route, case.requests, case.travel)
    if not isinstance(times, Schedule):
        return
    count = len(case.route.stops) + 2
    out = [0.0] * count
    for node, stop in enumerate(case.route.stops, start=1):
        out[node] = -1.0 if stop.kind is StopKind.PICKUP else 1000.0
    out[0], out[-1] = -0.5, 2000.0

    best = best_times(case, out)

    assert best is not None
    assert [times.leave_s, *times.begin_s, times.end_s] == _exactly(best, times)


def _exactly(best: list[int], times: Schedule) -> list[int]:
    """The end event may not begin before the shift does; the schedule tells the true arrival."""
    return [*best[:-1], min(best[-1], times.end_s)]


def test_a_table_is_asked_in_the_vehicles_own_profile() -> None:
    a = ride("a", 3, 9)
    slow = replace(VAN, profile="micro_ev")
    travel = {"car": LineTown(), "micro_ev": LineTown(minute_s=90)}

    times = schedule(Route(slow, stops("+a -a")), {"a": a}, travel)

    assert isinstance(times, Schedule)
    assert np.diff(times.begin_s).tolist() == [60 + 6 * 90]
