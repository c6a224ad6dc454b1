"""When a vehicle comes: worked by hand, and the promises every prediction keeps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.course import Course, Timetable
from busloc.predict import LAYOVER_S, Expected, carried, start_after
from tests.busloc.towns import TZ, Bus, feed_of, hourly

H = 8 * 3600


def course_of(bus: Bus) -> Course:
    course = Timetable(feed_of(bus), TZ).course(bus.trip)
    assert course is not None
    return course


LINE = course_of(hourly())
STANDS = [
    ("s0", "08:00:00"),
    ("s1", "08:01:40", "08:05:00"),
    ("s2", "08:06:40"),
    ("s3", "08:08:20"),
]


def predict(course: Course, *, along_m: float, delay_s: float, now_s: float) -> list[Expected]:
    return carried(course, along_m=along_m, delay_s=delay_s, fix_s=now_s, now_s=now_s)


def times(calls: list[Expected]) -> list[tuple[int, int, int]]:
    return [(call.index, call.arrive_s - H, call.depart_s - H) for call in calls]


def test_a_delay_is_carried_to_every_call_ahead() -> None:
    calls = predict(LINE, along_m=2500, delay_s=40, now_s=H + 290)

    assert times(calls) == [(3, 340, 340), (4, 440, 440), (5, 540, 540)]


def test_a_late_vehicle_makes_up_time_where_it_was_to_stand() -> None:
    calls = predict(course_of(Bus("t", STANDS)), along_m=500, delay_s=150, now_s=H + 200)

    assert times(calls) == [(1, 250, 300), (2, 400, 400), (3, 500, 500)]


def test_however_late_it_still_lets_riders_on() -> None:
    calls = predict(course_of(Bus("t", STANDS)), along_m=500, delay_s=600, now_s=H + 650)

    assert times(calls) == [(1, 700, 715), (2, 815, 815), (3, 915, 915)]


def test_an_early_vehicle_waits_at_its_time_points_and_only_there() -> None:
    calls = [("s0", "08:00:00"), ("s1", "08:01:40"), ("s2", "08:03:20")]

    waits = predict(course_of(Bus("t", calls)), along_m=500, delay_s=-30, now_s=H + 20)
    goes = predict(
        course_of(Bus("t", calls, timepoints=False)), along_m=500, delay_s=-30, now_s=H + 20
    )

    assert times(waits) == [(1, 70, 100), (2, 200, 200)]
    assert times(goes) == [(1, 70, 70), (2, 170, 170)]


def test_a_stopped_vehicle_is_always_still_to_come() -> None:
    calls = predict(LINE, along_m=2500, delay_s=0, now_s=H + 500)

    assert times(calls) == [(3, 501, 501), (4, 601, 601), (5, 701, 701)]


def test_behind_its_last_stop_nothing_is_to_come() -> None:
    assert predict(LINE, along_m=5100, delay_s=0, now_s=H) == []


def test_the_next_trip_starts_after_a_rest() -> None:
    assert start_after(LINE, H - 300) == 0
    assert start_after(LINE, H + 100) == 100 + LAYOVER_S


def test_the_spread_round_a_departure() -> None:
    call = {"along_m": 2500, "delay_s": 100, "now_s": H + 200}

    fresh = carried(LINE, fix_s=H + 200, **call)[0]
    old = carried(LINE, fix_s=H, **call)[0]

    assert fresh.depart_s == H + 400
    assert (fresh.low_s - H, fresh.high_s - H, fresh.be_there_by_s - H) == (378, 444, 377)
    assert (old.low_s - H, old.high_s - H, old.be_there_by_s - H) == (328, 544, 327)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Return a course whose stops may share a minute, as real ones do."""
    clock, calls = H, []
    for i in range(draw(st.integers(2, 8))):
        arrive = clock + draw(st.sampled_from([0, 0, 60, 120, 300]))
        clock = arrive + draw(st.sampled_from([0, 0, 0, 10, 240]))
        calls.append((f"s{i}", _clock(arrive), _clock(clock)))
    bus = Bus("t", calls, timepoints=draw(st.booleans()))
    return course_of(bus)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


places = st.floats(0, 7500)
delays = st.floats(-1200, 4000)
instants = st.floats(H - 600, H + 7200)


@given(courses(), places, delays, instants)
@settings(max_examples=200, deadline=None)
def test_predicted_times_strictly_increase_and_lie_ahead(
    course: Course, along_m: float, delay_s: float, now_s: float
) -> None:
    calls = predict(course, along_m=along_m, delay_s=delay_s, now_s=now_s)

    assert [call.index for call in calls] == [
        i for i, offset_m in enumerate(course.offsets_m) if offset_m > along_m - 50
    ]
    assert all(call.arrive_s <= call.depart_s for call in calls)
    assert all(one.depart_s < other.arrive_s for one, other in pairwise(calls))
    assert all(call.arrive_s > int(now_s) for call in calls)


@given(courses(), places, delays, instants)
@settings(max_examples=200, deadline=None)
def test_nobody_leaves_a_time_point_early_and_delays_do_not_grow_by_themselves(
    course: Course, along_m: float, delay_s: float, now_s: float
) -> None:
    calls = predict(course, along_m=along_m, delay_s=delay_s, now_s=now_s)

    for call in calls:
        if course.calls[call.index].timepoint:
            assert call.depart_s >= course.depart_s[call.index]
    late = [call.depart_s - course.depart_s[call.index] for call in calls]
    for (one, late_before), (other, late_after) in pairwise(zip(calls, late, strict=True)):
        pressed = other.arrive_s == one.depart_s + 1
        assert late_after <= max(late_before, 0) + 15 or pressed


@given(courses(), delays, instants, st.floats(0, 900), st.floats(1, 900))
@settings(max_examples=200, deadline=None)
def test_the_spread_widens_with_age_and_with_distance(
    course: Course, delay_s: float, now_s: float, age_s: float, older_s: float
) -> None:
    fixes_s = now_s - age_s, now_s - age_s - 4 * older_s
    young, old = (
        carried(course, along_m=0, delay_s=delay_s, fix_s=fix_s, now_s=now_s) for fix_s in fixes_s
    )

    for before, after in zip(young, old, strict=True):
        call = before
        assert before.low_s <= call.depart_s <= before.high_s
        assert int(now_s) <= before.be_there_by_s <= call.depart_s
        assert (after.low_s, -after.high_s) <= (before.low_s, -before.high_s)
        assert after.high_s > before.high_s
        if course.calls[call.index].timepoint:
            assert before.be_there_by_s >= min(course.depart_s[call.index], call.depart_s)
    ahead = [call.high_s - call.depart_s for call in young]
    assert ahead == sorted(ahead)


@pytest.mark.parametrize("timepoints", [True, False])
def test_a_rider_need_not_stand_there_before_a_kept_departure(timepoints: bool) -> None:  # noqa: FBT001
    course = course_of(Bus("t", hourly().calls, timepoints=timepoints))

    by_s = carried(course, along_m=0, delay_s=0, fix_s=H - 10, now_s=H - 10)[3].be_there_by_s

    assert by_s == (H + 300 if timepoints else H + 273)
