"""Stop events from positions: standing, passing, holes, and the ends of the line."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.course import Run, Timetable
from busloc.match import Match
from busloc.visits import Visit, Visitor
from gtfs.calendar import parse_time
from tests.busloc.towns import DAY, TZ, at, back, feed_of, hourly

START_S = parse_time("08:00:00")
RUN = Run("t8", DAY)
TOWN = Timetable(feed_of(hourly(), back("back", START_S + 900)), TZ)


def drive(*knots: tuple[float, float], step_s: float = 5, run: Run = RUN) -> list[Match]:
    """Return a match every ``step_s`` of an even drive through (seconds after eight, metres)."""
    matches = []
    for (from_s, from_m), (to_s, to_m) in itertools.pairwise(knots):
        for k in range(round((to_s - from_s) / step_s)):
            share = k * step_s / (to_s - from_s)
            along_m = from_m + share * (to_m - from_m)
            matches.append(Match(run, along_m, 0, 0, at("08:00:00") + from_s + k * step_s))
    last_s, last_m = knots[-1]
    return [*matches, Match(run, last_m, 0, 0, at("08:00:00") + last_s)]


def visits_of(matches: list[Match], visitor: Visitor | None = None) -> list[Visit]:
    visitor = visitor or Visitor(TOWN)
    return [visit for match in matches for visit in visitor.see(match)]


def told(visits: list[Visit]) -> list[tuple[int, float | None, float | None, bool]]:
    return [
        (
            visit.index,
            None if visit.arrive_s is None else round(visit.arrive_s - START_S),
            None if visit.depart_s is None else round(visit.depart_s - START_S),
            visit.passed,
        )
        for visit in visits
    ]


def test_a_vehicle_that_stands_is_told_of_when_it_comes_and_when_it_leaves() -> None:
    # 10 m/s: at the stop's near edge after 96 s, away from its far edge at 100 + 30 + 4 s.
    visits = visits_of(drive((0, 0), (100, 1000), (130, 1000), (180, 1500)))

    assert told(visits) == [
        (0, None, 0, False),
        (1, 104, None, False),
        (1, 104, 126, False),
    ]


def test_a_vehicle_that_goes_by_is_told_of_once() -> None:
    visits = visits_of(drive((0, 100), (150, 1600)))

    assert told(visits) == [(1, 90, 90, True)]


def test_the_last_stop_is_reached_and_never_left() -> None:
    visits = visits_of(drive((0, 4500), (50, 5000), (500, 5000)))

    assert told(visits) == [(5, 54 - 4, None, False)]


def test_all_stops_between_two_distant_fixes_are_passed_at_an_even_pace() -> None:
    visits = visits_of(drive((0, 500), (240, 2900), step_s=240))

    assert told(visits) == [(1, 50, 50, True), (2, 150, 150, True)]


@pytest.mark.parametrize("hole_s", [301, 1800])
def test_what_happened_in_a_hole_is_not_made_up(hole_s: int) -> None:
    visits = visits_of(drive((0, 500), (5, 550)) + drive((hole_s + 5, 2900), (hole_s + 40, 3250)))

    assert [visit.index for visit in visits] == [3]


def test_two_fixes_off_the_line_hide_what_was_between_and_one_does_not() -> None:
    def over(misses: int) -> list[int]:
        visitor = Visitor(TOWN)
        visits_of(drive((0, 500), (5, 550)), visitor)
        for _ in range(misses):
            visitor.miss()
        return [visit.index for visit in visits_of(drive((60, 1500), (65, 1550)), visitor)]

    assert over(1) == [1]
    assert over(2) == []


def test_no_stop_is_told_of_again_after_a_step_back() -> None:
    visits = visits_of(drive((0, 500), (70, 1200)) + drive((75, 900), (145, 1600)))

    assert [visit.index for visit in visits] == [1]


def test_a_trembling_vehicle_stays_at_its_stop() -> None:
    trembling = [Match(RUN, 1000 + 9 * (-1) ** k, 0, 0, at("08:02:00") + 5 * k) for k in range(20)]
    visits = visits_of(drive((0, 500), (115, 950)) + trembling)

    assert told(visits) == [(1, 124, None, False)]


def test_the_first_fix_of_the_next_run_ends_the_last() -> None:
    there = drive((0, 4500), (40, 4900))
    again = drive((60, 0), (80, 0), run=Run("back", DAY))

    assert told(visits_of(there + again)) == [(5, 60, None, False)]


def test_a_trip_broken_off_has_no_last_stop() -> None:
    there = drive((0, 3100), (40, 3500))
    again = drive((60, 4500), (80, 4700), run=Run("back", DAY))

    assert [visit.run.trip_id for visit in visits_of(there + again)] == []


@given(
    st.lists(st.sampled_from([0, 0, 30, 60]), min_size=4, max_size=4),
    st.sampled_from([1, 5, 10]),
    st.sets(st.integers(0, 60), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_every_call_of_a_drive_is_told_of_once_and_in_time(
    stands_s: list[int], step_s: int, lost: set[int]
) -> None:
    knots, clock_s = [(0.0, 100.0)], 0.0
    truth: list[tuple[float, float]] = []
    for i, stand_s in enumerate(stands_s, start=1):
        clock_s += (1000 * i - knots[-1][1]) / 10
        truth.append((clock_s, clock_s + stand_s))
        knots.append((clock_s, 1000.0 * i))
        clock_s += stand_s
        if stand_s:
            knots.append((clock_s, 1000.0 * i))
    knots.append((clock_s + 50, 4500.0))
    fixes = [m for k, m in enumerate(drive(*knots, step_s=step_s)) if k not in lost or k == 0]

    left = [visit for visit in visits_of(fixes) if visit.depart_s is not None]

    assert [visit.index for visit in left] == [1, 2, 3, 4]
    for visit, (arrives_s, departs_s) in zip(left, truth, strict=True):
        assert visit.arrive_s is not None
        assert visit.depart_s is not None
        slack_s = 6 + 3 * step_s * (1 + len(lost))
        assert abs(visit.arrive_s - START_S - arrives_s) <= slack_s
        assert abs(visit.depart_s - START_S - departs_s) <= slack_s
        if not lost:
            assert visit.passed == (arrives_s == departs_s)
