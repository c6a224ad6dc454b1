"""What is known of today's buses is what journeys reckon with."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from busloc import Hub, LiveMap, Ping
from gtfs.calendar import day_start_epoch
from gtfs.journeys import Network
from maas.journeys import Planner, known_times, platforms, stops_near
from tests.gtfs.towns import feed_of

TOKYO = ZoneInfo("Asia/Tokyo")
DAY = date(2026, 11, 24)
START = day_start_epoch(DAY, TOKYO)
AT_8 = 8 * 3600


def live_map() -> LiveMap:
    hub = Hub(now=lambda: 0.0, monotonic=lambda: 0.0)
    duties, names = {"bus": "bus-1"}, {"bus": "赤"}
    region = (34, 133, 35, 134)
    return LiveMap(
        hub, region=region, tz=TOKYO, feed=feed_of(), duties=duties, names=names
    )  # fmt: skip


def seen_at(live: LiveMap, time_s: float, lat: float) -> float:
    """Let the bus report from a place on its way, and return the instant."""
    now = START + time_s
    live.accept(None, [Ping("bus", "b", int(time_s), now, lat, 133.70)], now)
    return now


def test_a_bus_seen_late_is_reckoned_with_as_late() -> None:
    live = live_map()
    now = seen_at(live, AT_8 + 600, 34.80)
    timetable = live.timetable
    assert timetable is not None
    known = known_times(live, timetable, now)
    times = known["up", DAY]
    assert times is not None
    assert times[1][0] >= AT_8 + 120 + 480
    (found,) = Network.of(timetable.feed, DAY).seen(known).earliest({"c": 0}, {"d": 0}, AT_8 + 300)
    assert found.depart_s >= AT_8 + 180 + 480
    # By the timetable alone it would have left.
    assert found.rides[0].day == DAY
    planned = Network.of(timetable.feed, DAY).earliest({"c": 0}, {"d": 0}, AT_8 + 300)
    assert planned[0].rides[0].day > DAY


def test_a_bus_nobody_has_seen_runs_as_planned() -> None:
    live = live_map()
    timetable = live.timetable
    assert timetable is not None
    assert known_times(live, timetable, START + AT_8) == {}


def test_a_run_called_off_is_known_as_such_even_when_seen() -> None:
    live = live_map()
    now = seen_at(live, AT_8 + 30, 34.80)
    live.cancel("up", DAY)
    timetable = live.timetable
    assert timetable is not None
    assert known_times(live, timetable, now)["up", DAY] is None


def test_the_network_of_a_day_is_made_once() -> None:
    timetable, planner = live_map().timetable, Planner()
    assert timetable is not None
    assert planner.network(timetable, DAY) is planner.network(timetable, DAY)
    assert planner.network(timetable, date(2026, 11, 25)) is not planner.network(timetable, DAY)


def test_a_station_is_its_platforms_and_a_place_its_stops_within_a_walk() -> None:
    feed = feed_of()
    assert platforms(feed, "sta") == {"sta": 0, "a": 0, "b": 0}
    assert platforms(feed, "c") == {"c": 0}
    near = stops_near(feed, 34.805, 133.70)
    assert set(near) == {"a", "b", "c"}
    assert 690 < near["c"] < 700
