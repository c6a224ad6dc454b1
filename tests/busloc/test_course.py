"""Where a trip should be, and when."""

from __future__ import annotations

import pytest

from busloc.course import Course, Timetable
from tests.busloc.towns import DAY, TZ, Bus, at, back, feed_of, hourly

HOUR_S = 8 * 3600


def course_of(bus: Bus) -> Course:
    course = Timetable(feed_of(bus), TZ).course(bus.trip)
    assert course is not None
    return course


@pytest.mark.parametrize(
    ("along_m", "due_s"),
    [(-5, 0), (0, 0), (500, 50), (1000, 100), (2500, 250), (5000, 500), (9999, 500)],
)
def test_between_stops_the_timetable_moves_in_proportion(along_m: float, due_s: float) -> None:
    assert course_of(hourly()).due_s(along_m) == pytest.approx(HOUR_S + due_s, abs=0.1)


@pytest.mark.parametrize(
    ("along_m", "time_s", "late_s"),
    [
        (500, 50, 0), (500, 80, 30), (500, 20, -30),
        (1000, 90, -10), (1000, 130, 0), (1000, 200, 40), (1040, 130, 0),
        (0, -600, 0), (0, 45, 45), (30, 0, 0),
        (3000, 420, 20), (3000, 380, -20),
    ],
)  # fmt: skip
def test_a_vehicle_that_stands_as_planned_is_neither_early_nor_late(
    along_m: float, time_s: float, late_s: float
) -> None:
    stands = Bus(
        "t",
        [
            ("s0", "08:00:00"),
            ("s1", "08:01:40", "08:02:40"),
            ("s2", "08:04:20"),
            ("s3", "08:06:40"),
        ],
    )

    assert course_of(stands).delay_s(along_m, HOUR_S + time_s) == pytest.approx(late_s, abs=0.1)


def test_a_call_is_next_until_the_vehicle_is_well_past_it() -> None:
    course = course_of(hourly())

    assert [course.next_call(m) for m in (-9, 0, 49, 51, 1049, 1051, 5000, 5051)] == [
        0,
        0,
        0,
        1,
        1,
        2,
        5,
        6,
    ]


def test_times_not_given_are_filled_by_distance() -> None:
    course = course_of(Bus("t", [("s0", "08:00:00"), ("s1", ""), ("s3", ""), ("s4", "08:06:40")]))

    assert course.depart_s == (HOUR_S, HOUR_S + 100, HOUR_S + 300, HOUR_S + 400)


@pytest.mark.parametrize("calls", [[("s0", "08:00:00")], [("s0", ""), ("s1", "08:01:00")]])
def test_a_trip_that_cannot_be_followed_has_no_course(calls: list[tuple[str, ...]]) -> None:
    timetable = Timetable(feed_of(Bus("t", calls)), TZ)

    assert timetable.course("t") is None
    assert timetable.course("unknown") is None


def test_a_duty_is_driven_in_the_order_of_the_clock() -> None:
    feed = feed_of(
        hourly("late", 9, block="b"),
        back("mid", 8 * 3600 + 900, block="b"),
        hourly("early", 8, block="b"),
        hourly("other"),
    )
    runs = Timetable(feed, TZ).block_runs("b", DAY)

    assert [run.trip_id for run in runs] == ["early", "mid", "late"]
    assert Timetable(feed, TZ).block_runs("b", DAY.replace(year=2027)) == ()


def test_an_instant_before_noon_minus_twelve_hours_belongs_to_yesterday_too() -> None:
    timetable = Timetable(feed_of(hourly()), TZ)

    assert timetable.days_around(at("24:30:00"))[0] == DAY
    assert at("00:00:00") == timetable.day_start(DAY)
