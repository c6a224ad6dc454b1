"""Which trip a vehicle is on, and where: loops, turn-backs, duties and nights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise, product

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from busloc.course import Run, Timetable
from busloc.match import Match, believe, match
from busloc.ping import Ping
from busloc.track import Track, TrackState, follow, state_of
from gtfs.geo import distance_m
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


def test_a_driver_logged_on_early_waits_at_the_first_stop() -> None:
    assert place_of(LINE, ping(20, at("07:10:00"), trip="t8")).delay_s == 0
    assert match(LINE, ping(20, at("06:50:00"), trip="t8"), None, None) is None


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


def test_a_bus_on_its_last_leg_still_drives() -> None:
    tracks = drive((1500, "08:02:30"), (4500, "08:07:30"), (4940, "08:08:15"), (4960, "08:08:20"))
    states = [state_of(DUTY, track, "b", track.ping.t) for track in tracks]

    assert states == [TrackState.ON_TRIP] * 3 + [TrackState.LAYOVER]


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


def test_on_its_way_to_the_first_trip_a_bus_runs_empty_and_at_its_depot_it_is_there() -> None:
    depot = ping(-3000, 0)
    track: Track | None = None
    states = []
    for k, metres in enumerate([-3000, -3000, -2000, -1000, -1000, -1000, -1000]):
        track = follow(DUTY, track, ping(metres, at("06:00:00") + 60 * k), "b")
        states.append(state_of(DUTY, track, "b", track.ping.t, depot=(depot.lat, depot.lon)))

    assert states == [
        TrackState.DEPOT, TrackState.DEPOT, TrackState.DEADHEAD, TrackState.DEADHEAD,
        TrackState.DEADHEAD, TrackState.IDLE, TrackState.IDLE,
    ]  # fmt: skip


# A spur: in to the hospital and out again by the same street (逆T字)

SPUR = Timetable(
    feed_of(
        Bus(
            "t",
            [("s0", "08:00:00"), ("s2", "08:03:20"), ("s3", "08:05:00"), ("s2", "08:06:40"),
             ("s5", "08:11:40")],
            shape="way",
        ),
        shapes={"way": [(0, 0), (2000, 0), (3000, 0), (2000, 0), (5000, 0)]},
    ),
    TZ,
)  # fmt: skip


def heading(fix: Ping, bearing: float) -> Ping:
    return msgspec.structs.replace(fix, bearing=bearing, speed=10.0)


def test_in_a_spur_the_way_in_is_not_taken_for_the_way_out() -> None:
    """Each fix of the way in lies on the way out too, and within reach."""
    track: Track | None = None
    placed = []
    for k in range(26):
        metres = 1500 + 100 * k if k <= 15 else 3000 - 100 * (k - 15)
        fix = ping(metres, at("08:02:30") + 10 * k, trip="t", east_m=8 * (-1) ** k)
        track = follow(SPUR, track, fix, None)
        assert track.match is not None
        placed.append(track.match.along_m)

    assert placed == pytest.approx([1500 + 100 * k for k in range(26)], abs=25)


def test_a_heading_tells_the_way_out_of_a_spur_at_the_first_fix() -> None:
    late = at("08:06:00")

    into, out = (
        place_of(SPUR, heading(ping(2500, late, trip="t"), bearing)).along_m
        for bearing in (0.0, 180.0)
    )

    assert into == pytest.approx(2500, abs=2)
    assert out == pytest.approx(3500, abs=2)


def test_a_loop_that_ends_where_it_began_starts_at_its_start_and_ends_at_its_end() -> None:
    corners = [(0, 0), (2000, 0), (2000, 1000), (0, 1000), (0, 0)]
    loop = Timetable(
        feed_of(
            Bus("t", [("s0", "08:00:00"), ("s2", "08:03:20"), ("s0", "08:10:00")], shape="way"),
            shapes={"way": corners},
        ),
        TZ,
    )
    track: Track | None = None
    placed = []
    for k, (metres, east_m) in enumerate([(0, 0), (1900, 0), (2000, 900), (100, 1000), (0, 0)]):
        fix = ping(metres, at("08:00:00") + 150 * k, trip="t", east_m=east_m)
        track = follow(loop, track, fix, None)
        assert track.match is not None
        placed.append(track.match.along_m)

    assert placed == pytest.approx([0, 1900, 2900, 4900, 6000], abs=30)


def test_before_its_trip_a_bus_on_the_line_is_on_its_way_to_the_start() -> None:
    """A duty that begins at the far end of the line is driven to along the line."""
    track: Track | None = None
    states = []
    for metres, clock in [
        (3500, "07:46:00"),
        (2000, "07:49:00"),
        (500, "07:52:00"),
        (0, "07:53:00"),
    ]:
        track = follow(DUTY, track, ping(metres, at(clock)), "b")
        states.append(state_of(DUTY, track, "b", track.ping.t))

    assert states[-1] == TrackState.LAYOVER
    assert TrackState.ON_TRIP not in states


def every_way(fixes: Sequence[Ping], timetable: Timetable, run: Run) -> dict[int, float]:
    """Return the cost of the cheapest way to each place of the last fix, by trying every one."""
    course = timetable.course(run.trip_id)
    assert course is not None
    stages: list[list[tuple[float, float]]] = []
    for k, fix in enumerate(fixes):
        spots = list(course.line.passes(fix.lat, fix.lon))
        for along_m, _ in stages[-1] if stages else []:
            reach_m = 30 * (fix.t - fixes[k - 1].t) + 200
            spots.append(
                course.line.project(fix.lat, fix.lon, from_m=along_m - 60, to_m=along_m + reach_m)
            )
        stages.append([spot for spot in spots if spot[1] <= 150])
    costs: dict[int, float] = {}
    for way in product(*stages):
        total = sum(1.3 * math.log(1 + (off_m / 30) ** 2) for _, off_m in way)
        for (one, a), (other, b) in pairwise(zip(fixes, way, strict=True)):
            ground_m = distance_m(one.lat, one.lon, other.lat, other.lon)
            move_m = b[0] - a[0]
            possible = -61 <= move_m <= 30 * (other.t - one.t) + 201
            strain = min(10.0, abs(move_m - ground_m) / (60 + 0.3 * ground_m))
            total += strain if possible else 12.0
        end = round(way[-1][0])
        costs[end] = min(costs.get(end, math.inf), total)
    return costs


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3200), st.integers(-60, 60)), min_size=2, max_size=4),
    st.integers(5, 60),
)
def test_every_place_believed_has_the_cost_of_the_cheapest_way_there(
    where: list[tuple[int, int]], step_s: int
) -> None:
    fixes = [
        ping(metres, at("08:05:00") + step_s * k, trip="t", east_m=east_m)
        for k, (metres, east_m) in enumerate(where)
    ]
    belief = None
    for fix in fixes:
        belief = believe(SPUR, fix, None, belief)
        assert belief is not None

    costs = every_way(fixes, SPUR, Run("t", DAY))
    least = min(costs.values())
    assert belief is not None
    for place in belief.places:
        assert place.cost == pytest.approx(costs[round(place.match.along_m)] - least, abs=1e-6)
