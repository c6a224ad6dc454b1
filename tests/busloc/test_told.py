"""What riders were told is kept in few samples and judged when the bus has left."""

from __future__ import annotations

from busloc.course import Run, Timetable
from busloc.told import HORIZONS_S, Judged, Saying, Told
from busloc.visits import Visit
from tests.busloc.towns import DAY, TZ, at, feed_of, hourly

RUN = Run("t8", DAY)
START = int(at("00:00:00"))


def told() -> Told:
    return Told(Timetable(feed_of(hourly()), TZ))


def saying(said_at: int, expected: int) -> Saying:
    return Saying(said_at, expected, expected - 20, expected + 40, expected - 30)


def visit(index: int, arrive_s: float | None, depart_s: float | None) -> Visit:
    return Visit(RUN, index, arrive_s, depart_s, passed=False)


def test_a_call_is_judged_by_when_the_bus_left() -> None:
    kept, now = told(), int(at("08:00:00"))
    first = saying(now, now + 200)
    kept.say(RUN, [(2, first), (3, saying(now, now + 300))])

    arrived = kept.judge(visit(2, 8 * 3600 + 205, None))
    left = kept.judge(visit(2, 8 * 3600 + 205, 8 * 3600 + 230.4))
    again = kept.judge(visit(2, 8 * 3600 + 205, 8 * 3600 + 230.4))

    assert arrived == []
    assert left == [Judged(RUN, 2, "s2", "r1", first, now + 230)]
    assert again == [Judged(RUN, 2, "s2", "r1", None, now + 230)]


def test_the_last_call_is_judged_by_the_arrival() -> None:
    kept, now = told(), int(at("08:08:00"))
    kept.say(RUN, [(5, saying(now, now + 30))])

    assert [j.actual for j in kept.judge(visit(5, 8 * 3600 + 500, None))] == [START + 29300]


def test_one_sample_is_kept_of_each_stretch_ahead() -> None:
    kept, leaves = told(), int(at("08:30:00"))
    for ahead_s in range(3000, -60, -10):
        kept.say(RUN, [(4, saying(leaves - ahead_s, leaves))])

    judged = kept.judge(visit(4, None, 8 * 3600 + 1800))
    ahead = [leaves - j.saying.said_at for j in judged if j.saying]

    assert sorted(ahead) == list(HORIZONS_S)


def test_what_was_told_after_the_bus_had_left_is_no_prediction() -> None:
    kept, left = told(), int(at("08:05:00"))
    kept.say(RUN, [(2, saying(left + 5, left + 60))])

    assert kept.judge(visit(2, None, 8 * 3600 + 300)) == [Judged(RUN, 2, "s2", "r1", None, left)]


def test_days_that_are_over_are_forgotten() -> None:
    kept, now = told(), int(at("08:00:00"))
    kept.say(RUN, [(2, saying(now, now + 200))])
    kept.forget_before(DAY.replace(day=26))

    assert kept.judge(visit(2, None, 8 * 3600 + 230))[0].saying is None


def test_a_run_nobody_knows_is_not_judged() -> None:
    assert told().judge(Visit(Run("none", DAY), 0, 1.0, 2.0, passed=False)) == []
