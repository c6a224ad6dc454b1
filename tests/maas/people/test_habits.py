"""Trips made again and again are learnt, with weekday and time."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from maas.people.habits import APART_S, Habit, Often, Trip, habits, often

MONDAY = date(2026, 11, 2)
HOME, CLINIC, SHOP = 1, 2, 3


def trip(day: date, to: int, clock_h: float, origin: int = HOME) -> Trip:
    return Trip(day, origin, to, int(clock_h * 3600))


def test_a_ride_every_week_is_a_habit_at_its_middle_time() -> None:
    weeks = [MONDAY + timedelta(weeks=k) for k in range(3)]
    rides = [trip(day, CLINIC, h) for day, h in zip(weeks, (9.0, 9.51, 9.1), strict=True)]
    assert habits(rides) == [Habit(HOME, CLINIC, 0, 9 * 3600 + 5 * 60, 3, weeks[2])]


def test_once_is_no_habit_nor_are_different_weekdays_or_twice_on_one_day() -> None:
    assert habits([trip(MONDAY, CLINIC, 9)]) == []
    assert habits([trip(MONDAY, CLINIC, 9), trip(MONDAY + timedelta(1), CLINIC, 9)]) == []
    assert habits([trip(MONDAY, CLINIC, 9), trip(MONDAY, CLINIC, 9.2)]) == []


def test_morning_and_afternoon_are_two_habits_and_the_more_frequent_comes_first() -> None:
    weeks = [MONDAY + timedelta(weeks=k) for k in range(3)]
    rides = [trip(day, CLINIC, 9) for day in weeks] + [trip(day, CLINIC, 14) for day in weeks[1:]]
    assert [(h.time_s // 3600, h.count) for h in habits(rides)] == [(9, 3), (14, 2)]


def test_places_are_told_by_how_often_and_never_the_home() -> None:
    rides = [trip(MONDAY, SHOP, 9), trip(MONDAY, HOME, 10, SHOP), trip(MONDAY, CLINIC, 9)]
    rides.append(trip(MONDAY + timedelta(1), SHOP, 9))
    found = [Often(SHOP, 2, MONDAY + timedelta(1)), Often(CLINIC, 1, MONDAY)]
    assert often(rides, HOME) == found


@given(st.lists(st.builds(
    trip, st.dates(MONDAY, MONDAY + timedelta(20)), st.sampled_from([CLINIC, SHOP]),
    st.floats(8, 12),
), max_size=12))  # fmt: skip
def test_no_ride_counts_twice_and_rides_far_apart_are_never_one_habit(rides: list[Trip]) -> None:
    found = habits(rides)
    assert sum(habit.count for habit in found) <= len(rides)
    for habit in found:
        theirs = [
            ride
            for ride in rides
            if (ride.destination_id, ride.day.weekday()) == (habit.destination_id, habit.weekday)
        ]
        near = [r for r in theirs if abs(r.pickup_s - habit.time_s) <= APART_S * habit.count]
        assert len(near) >= habit.count
        assert habit.last in {ride.day for ride in near}
