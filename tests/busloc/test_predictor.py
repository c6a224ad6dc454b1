"""What riders are told by a taught predictor: worked by hand, and the promises it always keeps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.course import Run, Timetable
from busloc.model import Model, untaught
from busloc.outlook import BLIND, FAR_S, OVER, PLACES, SHARES, VOICES
from busloc.predict import Predictor
from busloc.usual import Drive, Usual
from busloc.visits import Visit
from tests.busloc.towns import DAY, TZ, Bus, feed_of, hourly

H = 8 * 3600
RUN = Run("t8", DAY)
STOPS = tuple(f"s{i}" for i in range(6))


def driven(k: int, leg_s: float, stand_s: float) -> Drive:
    start = H - 3600 + 60.0 * k
    came = tuple(start + leg_s * i for i in range(6))
    left = (came[0], *(at + stand_s for at in came[1:-1]), None)
    return Drive("weekday", STOPS, tuple(start + 100.0 * i for i in range(6)), came, left)


USUAL = Usual.of([driven(k, 120, 20) for k in range(240)])
MODEL = Model(USUAL, untaught(), untaught())
"""A bus takes 120 s where the timetable gives 100 s, and stands 20 s of them."""


def predictor(*, timepoints: bool = False, model: Model | None = MODEL) -> Predictor:
    bus = Bus("t8", hourly().calls, timepoints=timepoints)
    other = Bus("t9", hourly("t9", 8).calls, timepoints=timepoints)
    return Predictor(Timetable(feed_of(bus, other), TZ), model)


def told(
    who: Predictor, *, along_m: float, now: float, fix: float | None = None, late: float = 0.0
) -> list[tuple[int, int, int]]:
    calls = who.ahead(
        RUN, along_m=along_m, delay_s=late, fix_s=H + (now if fix is None else fix), now_s=H + now
    )
    return [(call.index, call.arrive_s - H, call.depart_s - H) for call in calls]


def test_before_the_start_it_leaves_as_planned_and_takes_what_is_usual() -> None:
    calls = told(predictor(), along_m=0, now=-300)

    assert calls[0] == (0, 0, 0)
    assert [call[0] for call in calls] == [0, 1, 2, 3, 4, 5]
    assert [call[1] for call in calls[1:3]] == pytest.approx([120, 240], abs=2)
    assert [call[2] for call in calls[1:3]] == pytest.approx([140, 260], abs=2)
    assert calls[-1][1] == calls[-1][2], "nobody waits where the trip ends"


def test_a_duty_that_starts_late_is_late_all_along() -> None:
    calls = told(predictor(), along_m=0, now=-300, late=200)

    assert calls[0] == (0, 200, 200)
    assert calls[1][1] == pytest.approx(320, abs=2)


def test_half_way_between_two_stops_half_the_leg_is_left() -> None:
    calls = told(predictor(), along_m=2500, now=400)

    assert [call[0] for call in calls] == [3, 4, 5]
    assert calls[0][1] == pytest.approx(460, abs=3)
    assert calls[1][1] == pytest.approx(580, abs=3)


@pytest.mark.parametrize("model", [MODEL, None])
@pytest.mark.parametrize("along_m", [0.0, 1000.0, 2500.0, 4900.0, 5000.0])
@pytest.mark.parametrize("now", [-600.0, 0.0, 330.0])
def test_the_first_calls_alone_are_those_of_all(
    model: Model | None, along_m: float, now: float
) -> None:
    who = predictor(model=model, timepoints=True)
    who.see(Visit(Run("t9", DAY), 0, None, H - 200.0, passed=False))
    who.see(Visit(Run("t9", DAY), 4, H + 700.0, None, passed=False))
    who.see(Visit(RUN, int(along_m // 1000), None, H + now - 200, passed=False))

    every = who.ahead(RUN, along_m=along_m, delay_s=60, fix_s=H + now - 10, now_s=H + now)

    for most in (1, 2):
        assert every[:most] == who.ahead(
            RUN, along_m=along_m, delay_s=60, fix_s=H + now - 10, now_s=H + now, most=most
        )


def weighing(start: int, weights: list[float]) -> Model:
    """Return the model with other weights from a feature on."""
    vector = np.array(untaught().weights)
    vector[start : start + len(weights)] = weights
    weighed = type(untaught())(tuple(vector.tolist()), untaught().on_time, untaught().overdue)
    return Model(USUAL, weighed, weighed)


def test_what_was_learnt_of_places_on_a_leg_is_said_of_the_next_call_and_those_after_it() -> None:
    following, later = ([0, 0, say, say, 0, 0] for say in (-0.1, -0.2))
    assert len(SHARES) == len(following)
    model = weighing(BLIND, [*following, *later])

    plain, quick = (
        [call[1] for call in told(predictor(model=each), along_m=2500, now=400)]
        for each in (MODEL, model)
    )

    assert [one - other for one, other in zip(plain, quick, strict=True)] == pytest.approx(
        [12, 24, 24], abs=1
    )


def test_on_a_leg_a_bus_is_as_late_as_it_was_at_its_last_call() -> None:
    late = len(PLACES) * len(OVER) + 2 + VOICES.index("late") * len(FAR_S)
    model = weighing(late, [1.0] * len(FAR_S))
    seen, unseen = predictor(model=model), predictor(model=model)
    seen.see(Visit(RUN, 1, H + 130.0, H + 150.0, passed=False))

    (first, *_), (other, *_) = (told(who, along_m=1500, now=200) for who in (seen, unseen))

    assert first[1] == pytest.approx(200 + 60 + 30, abs=3)
    assert other[1] == pytest.approx(200 + 60 + 50, abs=3), "half the planned leg behind it"


def test_a_standing_bus_leaves_when_it_usually_does() -> None:
    who = predictor()
    who.see(Visit(RUN, 1, H + 130.0, None, passed=False))

    calls = told(who, along_m=1000, now=135)

    assert calls[0][::2] == (1, 150)
    assert calls[1][1] == pytest.approx(250, abs=3)


def test_a_bus_that_stands_longer_than_usual_is_still_to_come() -> None:
    who = predictor()
    who.see(Visit(RUN, 1, H + 130.0, None, passed=False))

    calls = told(who, along_m=1000, now=430)

    assert calls[0][2] == 431
    assert calls[1][1] > 440


def test_the_bus_ahead_tells_of_a_slow_leg() -> None:
    calm, warned = predictor(), predictor()
    for i, came in enumerate((0.0, 120.0, 240.0, 560.0)):
        warned.see(Visit(Run("t9", DAY), i, H + came, H + came, passed=False))

    before, after = (told(who, along_m=1500, now=570) for who in (calm, warned))

    assert after[0][1] >= before[0][1], "the first leg was not slow, the town is a little"
    assert after[1][1] - before[1][1] == pytest.approx(200 / 4, abs=15), "one of four believed"


def test_no_departure_is_early_where_the_timetable_is_kept() -> None:
    who, free = predictor(timepoints=True), predictor()

    kept, goes = (told(each, along_m=2500, now=100) for each in (who, free))

    assert goes[0][2] < 300
    assert kept[0][2] == 300
    assert kept[1][1] >= 360, "and what follows waits with it"


def test_a_call_made_before_tells_nothing_new() -> None:
    who = predictor()
    who.see(Visit(RUN, 2, H + 250.0, H + 260.0, passed=False))
    calls = told(who, along_m=2000, now=270)

    who.see(Visit(RUN, 1, H + 265.0, None, passed=False))

    assert told(who, along_m=2000, now=270) == calls


def test_an_unknown_run_or_one_that_is_over_has_no_calls_to_come() -> None:
    assert predictor().ahead(Run("x", DAY), along_m=0, delay_s=0, fix_s=H, now_s=H) == []
    assert told(predictor(), along_m=5100, now=900) == []


def test_at_its_last_stop_a_bus_has_come() -> None:
    who = predictor()
    who.see(Visit(RUN, 5, H + 610.0, None, passed=False))

    assert told(who, along_m=5000, now=620) == [(5, 621, 621)]


def test_untaught_it_carries_the_delay_along() -> None:
    calls = told(predictor(model=None), along_m=2500, now=290, late=40)

    assert calls == [(3, 340, 340), (4, 440, 440), (5, 540, 540)]


@given(
    along_m=st.floats(0, 5050),
    now=st.floats(-900, 2400),
    age=st.floats(0, 900),
    late=st.floats(-300, 1200),
    timepoints=st.booleans(),
    seen=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400)), max_size=4),
    seed=st.integers(0, 1000),
)
@settings(max_examples=150, deadline=None)
def test_what_is_promised_of_every_prediction(
    along_m: float, now: float, age: float, late: float, timepoints: bool,  # noqa: FBT001
    seen: list[tuple[int, int]], seed: int,
) -> None:  # fmt: skip
    noise = np.array(untaught().weights)
    noise += np.random.default_rng(seed).normal(0, 0.05, len(noise))
    weights = type(untaught())(tuple(noise.tolist()), untaught().on_time, untaught().overdue)
    who = predictor(timepoints=timepoints, model=Model(USUAL, weights, weights))
    clock = H - 600.0
    for index, gap in sorted(seen):
        clock += gap
        who.see(Visit(RUN, index, clock, clock + 15, passed=False))
    course = Timetable(feed_of(hourly()), TZ).course("t8")
    assert course is not None

    calls = who.ahead(RUN, along_m=along_m, delay_s=late, fix_s=H + now - age, now_s=H + now)

    assert all(one.depart_s < other.arrive_s for one, other in pairwise(calls))
    assert all(one.index < other.index for one, other in pairwise(calls))
    for call in calls:
        assert int(H + now) < call.arrive_s <= call.depart_s
        assert int(H + now) <= call.low_s <= call.depart_s <= call.high_s
        assert int(H + now) <= call.be_there_by_s <= call.depart_s
        if timepoints and call.index < len(course.calls) - 1:
            planned = course.depart_s[call.index]
            assert call.depart_s >= planned
            assert call.be_there_by_s >= planned
            assert call.low_s >= planned


@given(st.floats(100, 4900), st.floats(0, 900), st.floats(0, 600), st.floats(60, 600))
@settings(max_examples=100, deadline=None)
def test_bounds_widen_as_the_last_fix_grows_old(
    along_m: float, now: float, age: float, more: float
) -> None:
    young, old = (
        predictor().ahead(RUN, along_m=along_m, delay_s=0, fix_s=H + now - a, now_s=H + now)
        for a in (age, age + more + 60)
    )

    for before, after in zip(young, old, strict=True):
        assert after.high_s - after.depart_s > before.high_s - before.depart_s
