"""Which trip a vehicle is on, and where: loops, turn-backs, duties and nights."""

from __future__ import annotations

from datetime import timedelta

import pytest

from busloc.course import Run, Timetable
from busloc.match import Match, match
from busloc.ping import Ping
from busloc.track import Track, TrackState, follow, state_of
from tests.busloc.towns import DAY, TZ, Bus, at, back, feed_of, hourly, ping

LINE = Timetable(feed_of(hourly()), TZ)


def place_of(timetable: Timetable, fix: Ping, block: str | None = None) -> Match:
    found = match(timetable, fix, block, None)
    assert found is not None
    return found


def test_a_known_trip_is_placed_by_metres_and_seconds() -> None:
    found = place_of(LINE, ping(2500, at("08:05:00"), trip="t8", east_m=40))

    assert found.run == Run("t8", DAY)
    assert found.along_m == pytest.approx(2500, abs=2)
    assert found.off_m == pytest.approx(40, abs=1)
    assert found.delay_s == pytest.approx(50, abs=1)


@pytest.mark.parametrize(
    ("metres", "east_m", "clock", "trip"),
    [
        (2500, 550, "08:04:00", "t8"),
        (2500, 0, "07:30:00", "t8"),
        (2500, 0, "09:45:00", "t8"),
        (2500, 0, "08:04:00", "unknown"),
        (2500, 0, "08:04:00", None),
    ],
)
def test_a_fix_that_fits_no_trip_is_not_placed(
    metres: float, east_m: float, clock: str, trip: str | None
) -> None:
    assert match(LINE, ping(metres, at(clock), trip=trip, east_m=east_m), None, None) is None


def test_a_shape_is_followed_more_closely_than_straight_lines() -> None:
    shaped = Bus("t8", hourly().calls, shape="way")
    timetable = Timetable(feed_of(shaped, shapes={"way": [(0, 0), (5000, 0)]}), TZ)
    astray = ping(2500, at("08:04:00"), trip="t8", east_m=200)

    assert match(timetable, astray, None, None) is None
    assert match(LINE, astray, None, None) is not None


def test_after_midnight_a_fix_is_late_on_yesterdays_trip() -> None:
    night = Bus("night", [("s0", "24:50:00"), ("s5", "25:10:00")])
    timetable = Timetable(feed_of(night), TZ)

    found = place_of(timetable, ping(2500, at("25:05:00"), trip="night"))

    assert found.run == Run("night", DAY)
    assert found.delay_s == pytest.approx(300, abs=1)


def test_before_midnight_a_bus_may_already_wait_for_tomorrows_first_trip() -> None:
    timetable = Timetable(feed_of(Bus("first", [("s0", "00:05:00"), ("s5", "00:20:00")])), TZ)

    found = place_of(timetable, ping(0, at("23:55:00"), trip="first"))

    assert (found.run.day, found.delay_s) == (DAY + timedelta(days=1), 0)


# The same street twice

TURN_BACK = Timetable(
    feed_of(
        Bus("t", [("s0", "08:00:00"), ("s4", "08:06:40"), ("s0", "08:13:20")], shape="way"),
        shapes={"way": [(0, 0), (4000, 0), (0, 0)]},
    ),
    TZ,
)


@pytest.mark.parametrize(("clock", "along_m"), [("08:02:00", 1500), ("08:12:00", 6500)])
def test_on_a_street_driven_twice_the_clock_decides(clock: str, along_m: float) -> None:
    assert place_of(TURN_BACK, ping(1500, at(clock), trip="t")).along_m == pytest.approx(
        along_m, abs=2
    )


def test_on_a_street_driven_twice_progress_decides_however_late_the_bus() -> None:
    track: Track | None = None
    placed = []
    for i, metres in enumerate([0, 1000, 2000, 3000, 3900, 3900, 3000, 2000, 1000, 0]):
        track = follow(TURN_BACK, track, ping(metres, at("08:00:00") + 200 * i, trip="t"), None)
        assert track.match is not None
        placed.append(track.match.along_m)

    assert placed == pytest.approx(
        [0, 1000, 2000, 3000, 3900, 3900, 5000, 6000, 7000, 8000], abs=30
    )


def test_a_vehicle_hardly_goes_back() -> None:
    before = Match(Run("t8", DAY), 3000, 0, 0, at("08:05:00"))

    found = match(LINE, ping(2700, at("08:05:10"), trip="t8"), None, before)

    assert found is not None
    assert found.along_m >= 2940


# Duties

DUTY = Timetable(
    feed_of(
        hourly("out", 8, block="b"),
        back("in", 8 * 3600 + 700, block="b"),
        hourly("again", 9, block="b"),
    ),
    TZ,
)  # fmt: skip


def drive(*fixes: tuple[float, str]) -> list[Track]:
    tracks: list[Track] = []
    for metres, clock in fixes:
        before = tracks[-1] if tracks else None
        tracks.append(follow(DUTY, before, ping(metres, at(clock)), "b"))
    return tracks


def test_a_duty_is_followed_from_trip_to_trip() -> None:
    tracks = drive(
        (0, "07:55:00"), (1500, "08:02:30"), (5000, "08:08:40"), (5000, "08:11:00"),
        (3000, "08:15:00"), (0, "08:20:30"), (0, "08:45:00"), (1000, "09:01:40"),
    )  # fmt: skip

    runs = [track.match.run.trip_id for track in tracks if track.match]
    states = [state_of(DUTY, track, "b", track.ping.t) for track in tracks]

    assert runs == ["out", "out", "out", "in", "in", "in", "again", "again"]
    assert states == [
        TrackState.LAYOVER, TrackState.ON_TRIP, TrackState.LAYOVER, TrackState.LAYOVER,
        TrackState.ON_TRIP, TrackState.LAYOVER, TrackState.LAYOVER, TrackState.ON_TRIP,
    ]  # fmt: skip


def test_a_late_vehicle_stays_on_its_trip_until_the_end_of_the_line() -> None:
    tracks = drive((0, "08:00:00"), (1000, "08:05:00"), (2000, "08:10:00"), (3000, "08:15:00"))

    assert [track.match and track.match.run.trip_id for track in tracks] == ["out"] * 4


def test_off_the_line_the_old_place_is_kept_until_it_is_given_up() -> None:
    first = follow(LINE, None, ping(1000, at("08:02:00"), trip="t8"), None)
    astray = [first]
    for i in range(3):
        fix = ping(1000, at("08:02:30") + 30 * i, trip="t8", east_m=900 + 100 * i)
        astray.append(follow(LINE, astray[-1], fix, None))
    back_on = follow(LINE, astray[-1], ping(4000, at("08:05:00"), trip="t8"), None)

    assert [state_of(LINE, track, None, track.ping.t) for track in astray] == [
        TrackState.ON_TRIP, TrackState.OFF_ROUTE, TrackState.OFF_ROUTE, TrackState.OFF_ROUTE,
    ]  # fmt: skip
    assert all(track.match == first.match for track in astray)
    assert back_on.match is not None
    assert back_on.misses == 0
    assert back_on.match.along_m == pytest.approx(4000, abs=2)


@pytest.mark.parametrize(
    ("age_s", "state"),
    [(0, "on_trip"), (180, "on_trip"), (181, "silent"), (900, "silent"), (901, "ghost")],
)
def test_a_vehicle_fades_with_the_age_of_its_fix(age_s: float, state: str) -> None:
    track = follow(LINE, None, ping(1000, at("08:02:00"), trip="t8"), None)

    assert state_of(LINE, track, None, track.ping.t + age_s) == state


def test_a_vehicle_without_a_duty_runs_on_demand_and_one_with_it_is_idle() -> None:
    track = follow(DUTY, None, ping(0, at("03:00:00")), None)

    assert state_of(DUTY, track, None, track.ping.t) == "demand"
    assert state_of(DUTY, track, "b", track.ping.t) == "idle"
