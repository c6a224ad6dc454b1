"""Journeys: worked by hand on a small town, and against every possible way on random ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtfs.feed import Feed
from gtfs.journeys import Journey, Network
from tests.gtfs.towns import feed_of

TUESDAY = date(2026, 11, 24)
AT_8 = 8 * 3600

STOPS = """\
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
a,A,34.80,133.70,0,
b,B,34.81,133.70,0,
c,C,34.82,133.70,0,
d,D,34.83,133.70,0,
e,E,34.8301,133.70,0,
"""
ONLY_THAT_DAY = """\
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
daily,1,1,1,1,1,1,1,20261124,20261124
"""
HEAD = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"


def clock(time_s: int) -> str:
    return f"{time_s // 3600:02}:{time_s % 3600 // 60:02}:{time_s % 60:02}"


def town(trips: Mapping[str, list[tuple[str, int, int]]], **tables: str) -> Feed:
    """Return a feed of trips, each a list of (stop, arrival, departure) after 8:00."""
    calls = "".join(
        f"{trip},{clock(AT_8 + arrive_s)},{clock(AT_8 + depart_s)},{stop},{i},0,0\n"
        for trip, times in trips.items()
        for i, (stop, arrive_s, depart_s) in enumerate(times)
    )
    rows = "".join(f"r1,daily,{trip},,,\n" for trip in trips)
    changes: dict[str, str | None] = {
        "stops": STOPS,
        "trips": "route_id,service_id,trip_id,trip_headsign,shape_id,block_id\n" + rows,
        "stop_times": HEAD + calls,
        "calendar": ONLY_THAT_DAY,
        "calendar_dates": None,
        "translations": "table_name,field_name,language,translation\n",
    }
    return feed_of(**changes | tables)


def told(journeys: list[Journey]) -> list[tuple[list[str], int, int]]:
    """Return the trips of each journey, and when it leaves and arrives after 8:00."""
    return [
        ([ride.trip_id for ride in journey.rides], journey.depart_s - AT_8, journey.arrive_s - AT_8)
        for journey in journeys
    ]


SLOW_OR_CHANGE = {
    "slow": [("a", 0, 0), ("b", 600, 600), ("c", 3000, 3000)],
    "fast": [("b", 700, 700), ("c", 1200, 1200)],
}


def test_fewer_rides_are_told_beside_the_sooner_arrival() -> None:
    network = Network.of(town(SLOW_OR_CHANGE), TUESDAY)
    assert told(network.earliest({"a": 0}, {"c": 0}, AT_8)) == [
        (["slow"], 0, 3000),
        (["slow", "fast"], 0, 1200),
    ]


def test_a_change_takes_its_time() -> None:
    network = Network.of(town(SLOW_OR_CHANGE), TUESDAY, change_s=101)
    assert told(network.earliest({"a": 0}, {"c": 0}, AT_8)) == [(["slow"], 0, 3000)]


def test_the_way_to_the_first_stop_and_from_the_last_is_counted() -> None:
    network = Network.of(town(SLOW_OR_CHANGE), TUESDAY)
    found = network.earliest({"a": 120}, {"b": 60}, AT_8 - 120)
    assert told(found) == [(["slow"], -120, 660)]
    assert network.earliest({"a": 120}, {"b": 60}, AT_8 - 119) == []


def test_who_must_be_there_in_time_hears_the_last_bus_that_does_it() -> None:
    trips = {
        f"t{i}": [("a", i * 600, i * 600), ("b", i * 600 + 300, i * 600 + 300)] for i in (0, 1, 2)
    }
    network = Network.of(town(trips), TUESDAY)
    assert told(network.latest({"a": 30}, {"b": 0}, AT_8 + 1499)) == [(["t1"], 570, 900)]
    assert told(network.latest({"a": 30}, {"b": 0}, AT_8 + 1500)) == [(["t2"], 1170, 1500)]
    assert network.latest({"a": 30}, {"b": 0}, AT_8 + 299) == []


def test_rides_know_their_calls_in_both_directions() -> None:
    network = Network.of(town(SLOW_OR_CHANGE), TUESDAY)
    (forward,) = network.earliest({"b": 0}, {"c": 0}, AT_8 + 650)
    (back,) = network.latest({"b": 0}, {"c": 0}, AT_8 + 1300)
    assert forward.rides == back.rides
    assert (forward.rides[0].board_index, forward.rides[0].alight_index) == (0, 1)
    assert (forward.rides[0].from_stop, forward.rides[0].to_stop) == ("b", "c")


def test_a_bus_that_overtakes_is_caught() -> None:
    trips = {
        "first": [("a", 0, 0), ("b", 2000, 2000)],
        "express": [("a", 300, 300), ("b", 900, 900)],
    }
    network = Network.of(town(trips), TUESDAY)
    assert told(network.earliest({"a": 0}, {"b": 0}, AT_8)) == [(["express"], 300, 900)]


def test_stops_near_each_other_can_be_walked_between() -> None:
    trips = {"one": [("a", 0, 0), ("d", 600, 600)], "two": [("e", 680, 680), ("b", 900, 900)]}
    # d and e lie 11 m apart: 60 s to change and 14 s on foot.
    network = Network.of(town(trips), TUESDAY)
    assert told(network.earliest({"a": 0}, {"b": 0}, AT_8)) == [(["one", "two"], 0, 900)]
    slower = Network.of(town(trips), TUESDAY, change_s=67)
    assert slower.earliest({"a": 0}, {"b": 0}, AT_8) == []


@pytest.mark.parametrize(
    ("kind", "min_s", "leaves_s"), [("2", "500", 1100), ("1", "", 600), ("3", "", None)]
)
def test_transfers_say_how_long_a_change_takes(kind: str, min_s: str, leaves_s: int | None) -> None:
    trips = {"one": [("a", 0, 0), ("b", 600, 600)]} | {
        f"t{s}": [("b", s, s), ("c", s + 100, s + 100)] for s in (600, 660, 1099, 1100)
    }
    rows = f"from_stop_id,to_stop_id,transfer_type,min_transfer_time\nb,b,{kind},{min_s}\n"
    network = Network.of(town(trips, transfers=rows), TUESDAY)
    found = network.earliest({"a": 0}, {"c": 0}, AT_8)
    assert [journey.rides[1].depart_s - AT_8 for journey in found] == (
        [] if leaves_s is None else [leaves_s]
    )


def test_a_transfer_for_one_route_only_is_not_taken_for_all() -> None:
    rows = "from_stop_id,to_stop_id,transfer_type,from_route_id\nb,b,3,r1\n"
    network = Network.of(town(SLOW_OR_CHANGE, transfers=rows), TUESDAY)
    assert len(network.earliest({"a": 0}, {"c": 0}, AT_8)) == 2


def test_nobody_boards_where_the_timetable_forbids_it() -> None:
    calls = (
        HEAD
        + "t,08:00:00,08:00:00,a,1,1,0\nt,08:10:00,08:10:00,b,2,0,1\nt,08:20:00,08:20:00,c,3,0,0\n"
    )
    feed = town({"t": [("a", 0, 0), ("b", 600, 600)]}, stop_times=calls)
    network = Network.of(feed, TUESDAY)
    assert network.earliest({"a": 0}, {"c": 0}, AT_8) == []
    assert network.earliest({"a": 0, "b": 0}, {"b": 0}, AT_8) == []
    assert told(network.earliest({"b": 0}, {"c": 0}, AT_8)) == [(["t"], 600, 1200)]


def test_a_call_without_boarding_or_alighting_is_passed_by() -> None:
    calls = HEAD + "".join(
        f"t{n},{clock(AT_8 + 900 * n)},{clock(AT_8 + 900 * n)},a,1,0,0\n"
        f"t{n},{clock(AT_8 + 900 * n + 600)},{clock(AT_8 + 900 * n + 600)},b,2,1,1\n"
        f"t{n},{clock(AT_8 + 900 * n + 1200)},{clock(AT_8 + 900 * n + 1200)},c,3,0,0\n"
        for n in (0, 1)
    )
    trips = {f"t{n}": [("a", 0, 0), ("c", 600, 600)] for n in (0, 1)}
    network = Network.of(town(trips, stop_times=calls), TUESDAY)
    assert network.earliest({"a": 0}, {"b": 0}, AT_8) == []
    assert told(network.earliest({"a": 800, "b": 500}, {"c": 0}, AT_8)) == [(["t1"], 100, 2100)]


def test_a_bus_of_the_night_before_still_runs_after_midnight() -> None:
    network = Network.of(feed_of(), TUESDAY)
    (found,) = network.earliest({"d": 0}, {"b": 0}, 0)
    assert (found.depart_s, found.arrive_s) == (50 * 60, 70 * 60)
    assert found.rides[0].day == date(2026, 11, 23)


def test_a_call_without_a_time_is_reached_in_proportion() -> None:
    calls = HEAD + "t,08:00:00,08:00:00,a,1,0,0\nt,,,b,2,0,0\nt,08:20:00,08:20:00,c,3,0,0\n"
    feed = town({"t": [("a", 0, 0), ("b", 600, 600)]}, stop_times=calls)
    assert told(Network.of(feed, TUESDAY).earliest({"a": 0}, {"b": 0}, AT_8)) == [(["t"], 0, 600)]


def test_a_late_bus_is_waited_for_and_a_cancelled_one_is_not() -> None:
    network = Network.of(town(SLOW_OR_CHANGE), TUESDAY)
    late = [(AT_8 + 900, AT_8 + 900), (AT_8 + 1400, AT_8 + 1400)]
    now = network.seen({("fast", TUESDAY): late})
    assert told(now.earliest({"a": 0}, {"c": 0}, AT_8))[1] == (["slow", "fast"], 0, 1400)
    gone = network.seen({("fast", TUESDAY): None})
    assert told(gone.earliest({"a": 0}, {"c": 0}, AT_8)) == [(["slow"], 0, 3000)]
    assert len(network.earliest({"a": 0}, {"c": 0}, AT_8)) == 2


# Against every possible way

STOP_IDS = "abcde"
Trips = dict[str, list[tuple[str, int, int]]]


@st.composite
def timetables(draw: st.DrawFn) -> Trips:
    trips: Trips = {}
    for number in range(draw(st.integers(1, 7))):
        stops = draw(st.lists(st.sampled_from(STOP_IDS), min_size=2, max_size=5))
        time_s, calls = draw(st.integers(0, 40)) * 30, []
        for stop in stops:
            arrive_s = time_s + draw(st.integers(0, 8)) * 30
            time_s = arrive_s + draw(st.integers(0, 2)) * 30
            calls.append((stop, arrive_s, time_s))
        trips[f"t{number}"] = calls
    return trips


def every_arrival(
    trips: Trips, walks: Mapping[str, Mapping[str, int]], origin: str, target: str, ready_s: int
) -> list[int]:
    """Return the earliest arrival with one ride, two, ...: from all ways there are."""
    ways = {
        (trip, i)
        for trip, calls in trips.items()
        for i, (stop, _, depart_s) in enumerate(calls)
        if stop == origin and depart_s >= ready_s
    }
    best = []
    for _ in range(5):
        left = {(trip, j) for trip, i in ways for j in range(i + 1, len(trips[trip]))}
        best.append(
            min((trips[t][j][1] for t, j in left if trips[t][j][0] == target), default=10**9)
        )
        ways = {
            (other, i)
            for trip, j in left
            for other, calls in trips.items()
            for i, (stop, _, depart_s) in enumerate(calls)
            if (walk_s := walks[trips[trip][j][0]].get(stop)) is not None
            and depart_s >= trips[trip][j][1] + walk_s
        }
    return best


def sooner_each_time(arrivals: list[int]) -> list[int]:
    return [
        arrive_s
        for k, arrive_s in enumerate(arrivals)
        if arrive_s < 10**9 and all(arrive_s < before_s for before_s in arrivals[:k])
    ]


def check_ways(trips: Trips, walks: Mapping[str, Mapping[str, int]], found: list[Journey]) -> None:
    """Look at each journey: every bus calls there and then, and every change can be made."""
    for journey in found:
        for ride in journey.rides:
            calls = trips[ride.trip_id]
            assert calls[ride.board_index][0] == ride.from_stop
            assert calls[ride.alight_index][0] == ride.to_stop
            assert calls[ride.board_index][2] == ride.depart_s - AT_8
            assert calls[ride.alight_index][1] == ride.arrive_s - AT_8
            assert ride.board_index < ride.alight_index
        for one, next_one in zip(journey.rides, journey.rides[1:], strict=False):
            walk_s = walks[one.to_stop][next_one.from_stop]
            assert next_one.depart_s >= one.arrive_s + walk_s


WALKS = {stop: {stop: 60} for stop in STOP_IDS}
WALKS["d"]["e"] = WALKS["e"]["d"] = 74


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    trips=timetables(),
    moved=st.dictionaries(st.integers(0, 6), st.none() | st.integers(-5, 10)),
    ends=st.permutations(STOP_IDS),
    ready_s=st.integers(0, 30),
)
def test_no_way_there_is_sooner_with_as_few_rides(
    trips: Trips, moved: dict[int, int | None], ends: list[str], ready_s: int
) -> None:
    origin, target = ends[0], ends[1]
    network = Network.of(town(trips), TUESDAY)
    live: dict[tuple[str, date], list[tuple[int, int]] | None] = {}
    for number, late in moved.items():
        if (trip := f"t{number}") in trips:
            if late is None:
                del trips[trip]
                live[trip, TUESDAY] = None
                continue
            trips[trip] = [(s, a + late * 30, d + late * 30) for s, a, d in trips[trip]]
            live[trip, TUESDAY] = [(AT_8 + a, AT_8 + d) for _, a, d in trips[trip]]
    network = network.seen(live)
    ready_s *= 30

    found = network.earliest({origin: 0}, {target: 0}, AT_8 + ready_s)
    check_ways(trips, WALKS, found)
    arrivals = [journey.arrive_s - AT_8 for journey in found]
    assert arrivals == sooner_each_time(every_arrival(trips, WALKS, origin, target, ready_s))

    by_s = ready_s + 1200
    back = network.latest({origin: 0}, {target: 0}, AT_8 + by_s)
    mirrored = {
        trip: [(stop, -depart_s, -arrive_s) for stop, arrive_s, depart_s in reversed(calls)]
        for trip, calls in trips.items()
    }
    check_ways(trips, WALKS, back)
    latest = [journey.depart_s - AT_8 for journey in back]
    expected = sooner_each_time(every_arrival(mirrored, WALKS, target, origin, -by_s))
    assert latest == [-depart_s for depart_s in expected]
