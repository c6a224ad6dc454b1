"""No stop event is lost or told twice, however late and in whatever order the fixes come."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.course import Timetable
from busloc.ping import Ping
from busloc.track import Track, follow
from busloc.visits import Visit
from busloc.witness import SETTLE_ROUNDS, Witness
from tests.busloc.towns import TZ, at, back, feed_of, hourly, ping

TIMETABLE = Timetable(feed_of(hourly("t8"), back("in", 8 * 3600 + 700)), TZ)


def drive(every_s: int = 10) -> list[Ping]:
    """A bus that stands for 30 s at each stop of t8, a minute late, and drives back on "in"."""
    fixes: list[Ping] = []
    for stop in range(6):
        t = at("08:01:00") + 120 * stop
        fixes += [ping(1000 * stop, t + s, trip="t8") for s in range(0, 30, every_s)]
        if stop < 5:
            way = range(0, 90, every_s)
            fixes += [ping(1000 * stop + s * 1000 / 90, t + 30 + s, trip="t8") for s in way]
    t = at("08:14:50")
    fixes += [ping(5000 - s * 8, t + s, trip="in") for s in range(0, 600, every_s)]
    return fixes


class Watcher:
    """A witness that is given the newest fix live, and is let work through the others."""

    def __init__(self) -> None:
        self.witness = Witness(TIMETABLE, None)
        self.track: Track | None = None
        self.visits: list[Visit] = []

    def live(self, fix: Ping) -> None:
        self.track = follow(TIMETABLE, self.track, fix, None)
        self.visits += self.witness.see(self.track)

    def settle(self, rounds: int = 200, limit: int = 50) -> None:
        for _ in range(rounds):
            self.visits += self.witness.work(limit)

    def stops(self) -> dict[tuple[str, int], float | None]:
        """When each stop was left, else when it was reached."""
        found: dict[tuple[str, int], float | None] = {}
        for visit in self.visits:
            time_s = visit.arrive_s if visit.depart_s is None else visit.depart_s
            found[visit.run.trip_id, visit.index] = time_s
        return found


def clean() -> dict[tuple[str, int], float | None]:
    watcher = Watcher()
    for fix in drive():
        watcher.live(fix)
    return watcher.stops()


def test_a_drive_without_holes_is_told_stop_by_stop() -> None:
    stops = clean()

    assert [key for key in stops if key[0] == "t8"] == [("t8", i) for i in range(6)]
    # It leaves s1 at 08:03:30: a minute late, 30 s at s0, 90 s on the way, 30 s at s1.
    assert stops["t8", 1] == pytest.approx(8 * 3600 + 210, abs=8)


@pytest.mark.parametrize("batches", [1, 3])
@pytest.mark.parametrize("first", ["live", "late"])
def test_what_a_hole_hid_is_told_when_its_fixes_come(batches: int, first: str) -> None:
    fixes, watcher = drive(), Watcher()
    hole = fixes[8:45]
    for fix in fixes[:8]:
        watcher.live(fix)
    parts = [hole[i::batches] for i in range(batches)]
    if first == "live":
        watcher.live(fixes[45])
    for part in reversed(parts):
        watcher.witness.late(part)
    if first == "late":
        watcher.live(fixes[45])
    for fix in fixes[46:]:
        watcher.live(fix)
    watcher.settle()

    told, expected = watcher.stops(), clean()
    assert told.keys() == expected.keys()
    for key, time_s in expected.items():
        assert told[key] == pytest.approx(time_s, abs=15), key
    assert not watcher.witness.waiting


def test_the_rest_of_a_backlog_is_waited_for() -> None:
    fixes, watcher = drive(), Watcher()
    for fix in [*fixes[:8], *fixes[45:]]:
        watcher.live(fix)
    watcher.witness.late(fixes[8:25])
    watcher.settle(rounds=20)
    watcher.witness.late(fixes[25:45])
    watcher.settle()

    told, expected = watcher.stops(), clean()
    assert told.keys() == expected.keys()
    assert all(told[key] == pytest.approx(expected[key], abs=15) for key in expected)
    assert not watcher.witness.waiting


def test_what_follows_a_hole_ends_the_stop_that_began_in_it() -> None:
    way = [ping(i * 100, at("08:00:00") + 10 * i, trip="t8") for i in range(51)]
    watcher = Watcher()
    for fix in [*way[:20], way[50]]:
        watcher.live(fix)
    watcher.witness.late(way[20:49])
    watcher.settle()

    assert [index for _, index in sorted(watcher.stops())] == [0, 1, 2, 3, 4, 5]
    assert watcher.stops()["t8", 5] == pytest.approx(8 * 3600 + 500, abs=8)


def test_a_stop_passed_off_the_line_is_not_told() -> None:
    watcher = Watcher()
    for i in range(51):
        aside_m = 900.0 if 16 <= i <= 24 else 0.0
        watcher.live(ping(i * 100, at("08:00:00") + 10 * i, trip="t8", east_m=aside_m))

    assert [index for _, index in sorted(watcher.stops())] == [0, 1, 3, 4, 5]


def test_without_the_late_fixes_the_hole_stays_untold() -> None:
    fixes, watcher = drive(), Watcher()
    for fix in fixes[:8] + fixes[45:]:
        watcher.live(fix)
    watcher.settle()

    missing = clean().keys() - watcher.stops().keys()

    assert {("t8", 2), ("t8", 3)} <= missing


def test_late_fixes_never_move_the_live_view_nor_are_told_again() -> None:
    fixes, watcher = drive(), Watcher()
    for fix in fixes:
        watcher.live(fix)
    before, track = list(watcher.visits), watcher.track
    watcher.witness.late(fixes[10:40])
    watcher.settle()

    assert watcher.visits == before
    assert watcher.track is track


def test_a_burst_is_looked_at_bit_by_bit_once_it_has_settled() -> None:
    fixes, watcher = drive(), Watcher()
    watcher.live(fixes[0])
    watcher.live(fixes[-1])
    watcher.witness.late(fixes[1:-1])

    told: list[int] = []
    while watcher.witness.waiting:
        watcher.settle(rounds=1, limit=20)
        told.append(len(watcher.visits))

    assert told[:SETTLE_ROUNDS] == [0] * SETTLE_ROUNDS
    assert len(told) == SETTLE_ROUNDS + -(-len(fixes[1:-1]) // 20)
    assert told[SETTLE_ROUNDS] < told[-1]


@given(
    st.integers(5, 70), st.integers(7, 40), st.integers(1, 4), st.booleans(),
    st.randoms(use_true_random=False),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_any_hole_filled_in_any_order_leaves_the_story_whole(
    start: int,
    length: int,
    batches: int,
    live_first: bool,  # noqa: FBT001
    dice: Random,
) -> None:
    fixes, watcher = drive(), Watcher()
    end = min(start + length, len(fixes) - 1)
    hole = fixes[start:end]
    dice.shuffle(hole)
    for fix in fixes[:start]:
        watcher.live(fix)
    if live_first:
        watcher.live(fixes[end])
    for i in range(batches):
        watcher.witness.late(hole[i::batches])
    for fix in fixes[end + live_first :]:
        watcher.live(fix)
    watcher.settle()

    assert watcher.stops().keys() == clean().keys()
    keys = [(v.run, v.index, v.depart_s is not None) for v in watcher.visits]
    assert len(keys) == len(set(keys))
