"""The realtime messages of a live map: what is in them, when they change, and that they are valid.

A line town (``tests.busloc.towns``): stops a kilometre apart, a bus every hour, 10 m/s.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from google.transit import gtfs_realtime_pb2 as pb
from gtfs_rt_validator.api import (  # type: ignore[import-untyped]
    Inputs,
    Mode,
    Request,
    SortBy,
    prepare_feed,
    validate,
)
from gtfs_rt_validator.runner.sources import Source  # type: ignore[import-untyped]

from busloc import Hub, LiveMap
from gtfs import Feed, read_feed
from maas.demo.network import draw_network
from maas.demo.town import write_town
from maas.notices import Noticeboard
from maas.realtime import Message, Realtime, Shelf
from maas.store.alerts import AlertRow
from tests.busloc.towns import DAY, REGION, TZ, at, back, feed_of, hourly, ping
from tests.maas.replayed import Drive, dice_of, drives_of, pings_of, replayed

NAMES = {"bus": "赤バス", "bus2": "青バス", "van": "1号車"}


class Town:
    """A live map with its messages, on a clock of its own."""

    def __init__(self, feed: Feed, duties: dict[str, str] | None = None) -> None:
        hub = Hub(now=lambda: 0.0, monotonic=lambda: 0.0)
        self.live = LiveMap(hub, region=REGION, tz=TZ, feed=feed, names=NAMES, duties=duties)
        timetable = self.live.timetable
        assert timetable is not None
        self.realtime = Realtime(self.live, timetable)

    def see(self, metres: float, clock: str, vehicle: str = "bus", trip: str | None = "t8") -> None:
        fix = ping(metres, at(clock), vehicle=vehicle, trip=trip)
        assert self.live.accept(None, [fix], at(clock)) == ["live"]

    def tick(self, clock: str) -> None:
        self.live.tick(at(clock))
        self.realtime.refresh(at(clock))

    def positions(self, clock: str) -> dict[str, pb.VehiclePosition]:
        return {e.id: e.vehicle for e in parsed(self.realtime.positions(at(clock))).entity}

    def others(self, clock: str) -> dict[str, pb.VehiclePosition]:
        return {e.id: e.vehicle for e in parsed(self.realtime.others(at(clock))).entity}

    def updates(self, clock: str) -> dict[str, pb.TripUpdate]:
        return {e.id: e.trip_update for e in parsed(self.realtime.updates(at(clock))).entity}


def parsed(message: Message) -> pb.FeedMessage:
    found = pb.FeedMessage()
    found.ParseFromString(message.body)
    return found


def seconds(update: pb.TripUpdate) -> dict[int, int]:
    """Return the departure of each stop named, as seconds after 08:00."""
    return {
        s.stop_sequence: s.departure.time - int(at("08:00:00")) for s in update.stop_time_update
    }


# What is in them


def test_a_bus_on_a_trip_is_published_with_its_update() -> None:
    town = Town(feed_of(hourly()))
    town.see(500, "08:02:20")

    position = town.positions("08:02:21")["bus"]
    update = town.updates("08:02:21")["t8@20261125"]

    assert (position.trip.trip_id, position.trip.start_date) == ("t8", "20261125")
    assert (position.trip.route_id, position.trip.start_time) == ("r1", "08:00:00")
    assert (position.stop_id, position.current_stop_sequence) == ("s1", 1)
    assert position.current_status == pb.VehiclePosition.IN_TRANSIT_TO
    assert (update.vehicle.id, update.delay) == ("bus", 90)
    assert list(seconds(update)) == [1, 2, 3, 4, 5]
    assert update.stop_time_update[0].stop_id == position.stop_id
    assert all(s.arrival.uncertainty > 0 for s in update.stop_time_update)


@pytest.mark.parametrize(
    ("metres", "status"),
    [(1000, "STOPPED_AT"), (971, "STOPPED_AT"), (900, "INCOMING_AT"), (840, "IN_TRANSIT_TO")],
)
def test_a_bus_says_how_near_its_stop_it_is(metres: float, status: str) -> None:
    town = Town(feed_of(hourly()))
    town.see(metres, "08:01:30")

    position = town.positions("08:01:30")["bus"]

    assert pb.VehiclePosition.VehicleStopStatus.Name(position.current_status) == status
    assert position.stop_id == "s1"


def test_a_vehicle_on_demand_is_published_apart_and_says_nothing_of_riders() -> None:
    town = Town(feed_of(hourly()))
    town.see(500, "08:02:20")
    town.see(700, "08:02:20", "van", trip=None)

    van = town.others("08:02:21")["van"]

    assert list(town.positions("08:02:21")) == ["bus"]
    assert not van.HasField("trip")
    assert not van.HasField("occupancy_status")
    assert (van.vehicle.id, van.vehicle.label) == ("van", "1号車")
    assert [field.name for field, _ in van.ListFields()] == ["position", "timestamp", "vehicle"]


def test_an_implausible_speed_is_left_out() -> None:
    town = Town(feed_of(hourly()))
    fix = ping(500, at("08:02:20"), trip="t8")
    fast = type(fix)(fix.vehicle, "x", 1, fix.t, fix.lat, fix.lon, 30.0, 359.9, fix.trip)
    town.live.accept(None, [fast], at("08:02:20"))

    position = town.positions("08:02:20")["bus"].position

    assert not position.HasField("speed")
    assert position.bearing == 0


def test_a_bus_unheard_for_a_minute_and_a_half_vanishes_with_its_update() -> None:
    town = Town(feed_of(hourly()))
    town.see(500, "08:02:20")

    town.tick("08:03:50")
    assert (list(town.positions("08:03:50")), list(town.updates("08:03:50"))) == (
        ["bus"],
        ["t8@20261125"],
    )
    town.tick("08:03:51")
    assert (town.positions("08:03:51"), town.updates("08:03:51")) == ({}, {})


def test_a_bus_off_its_line_serves_no_trip() -> None:
    town = Town(feed_of(hourly()))
    town.see(500, "08:02:20")
    for clock in ("08:02:50", "08:03:20"):
        fix = ping(700, at(clock), trip="t8", east_m=900)
        town.live.accept(None, [fix], at(clock))

    assert town.positions("08:03:20") == {}
    assert town.updates("08:03:20") == {}
    assert not town.others("08:03:20")["bus"].HasField("trip")


def test_nothing_is_expected_of_a_bus_at_its_last_stop() -> None:
    town = Town(feed_of(hourly()))
    town.see(4940, "08:08:10")
    assert list(town.updates("08:08:10")) == ["t8@20261125"]

    town.see(5000, "08:08:25")

    assert town.updates("08:08:25") == {}
    assert list(town.others("08:08:25")) == ["bus"]


def test_only_the_bus_last_seen_on_a_trip_serves_it() -> None:
    town = Town(feed_of(hourly()))
    town.see(500, "08:02:20")
    town.see(700, "08:02:30", "bus2")
    town.tick("08:02:40")

    assert list(town.positions("08:02:40")) == ["bus2"]
    assert list(town.others("08:02:40")) == ["bus"]
    town.see(800, "08:02:41", "bus")
    town.tick("08:02:50")
    assert (list(town.positions("08:02:50")), list(town.others("08:02:50"))) == (["bus"], ["bus2"])
    assert [u.vehicle.id for u in town.updates("08:02:50").values()] == ["bus"]


def test_a_bus_on_its_next_trip_leaves_the_last_one() -> None:
    town = Town(
        feed_of(hourly("t8", block="b"), back("in", 8 * 3600 + 700, block="b")), {"bus": "b"}
    )
    town.see(4500, "08:07:40", trip=None)
    first = list(town.updates("08:07:40"))
    town.see(4800, "08:13:00", trip=None)
    town.see(4500, "08:13:30", trip=None)
    town.tick("08:13:31")

    assert (first, list(town.updates("08:13:31"))) == (["t8@20261125"], ["in@20261125"])


def test_a_stop_left_early_stays_until_its_time() -> None:
    feed = feed_of(type(hourly())("t8", hourly().calls, timepoints=False))
    town = Town(feed)
    town.see(900, "08:00:50")
    town.tick("08:00:50")
    town.see(1300, "08:01:00")
    town.tick("08:01:00")
    early = seconds(town.updates("08:01:00")["t8@20261125"])
    town.see(1400, "08:01:41")
    town.tick("08:01:41")
    later = seconds(town.updates("08:01:41")["t8@20261125"])

    assert list(early) == [1, 2, 3, 4, 5]  # s1 was due at 08:01:40 and left before 08:01:00
    assert early[1] <= 60 < early[2]
    assert list(later) == [2, 3, 4, 5]


def test_a_bus_that_stands_is_overtaken_by_time() -> None:
    town = Town(feed_of(hourly()))
    town.see(1000, "08:01:40")
    first = seconds(town.updates("08:01:40")["t8@20261125"])
    for second in range(10, 60, 10):
        town.tick(f"08:02:{second - 10:02d}")
    last = seconds(town.updates("08:02:40")["t8@20261125"])

    assert first[1] <= 110
    assert last[1] > 140
    assert last[1] < last[2] < last[3]


def test_a_trip_called_off_is_cancelled_until_it_would_have_ended() -> None:
    town = Town(feed_of(hourly("t8", block="b")), {"bus": "b"})
    town.live.cancel("t8", DAY)

    update = town.updates("08:08:20")["t8@20261125"]

    assert update.trip.schedule_relationship == pb.TripDescriptor.CANCELED
    assert (update.vehicle.id, len(update.stop_time_update)) == ("bus", 0)
    town.tick("08:08:21")
    assert town.updates("08:08:21") == {}
    town.live.cancel("t8", DAY, runs=True)
    assert town.updates("08:00:00") == {}


def test_a_trip_called_off_is_told_at_once() -> None:
    town = Town(feed_of(hourly("t8"), hourly("t9", 9)))
    town.tick("08:02:00")
    town.live.cancel("t9", DAY)

    assert list(town.updates("08:02:00")) == ["t9@20261125"]


# When they change


def test_a_messages_time_never_goes_back_and_tells_two_contents_apart() -> None:
    shelf = Shelf("7")
    shelf.put("a", b"one")
    first = shelf.message(100.2)
    shelf.put("a", b"two")
    second = shelf.message(100.4)
    shelf.put("a", b"three")
    third = shelf.message(100.6)
    fourth = shelf.message(101.0)
    back_then = shelf.message(50.0)

    assert (first.at, second.at) == (100, 101)
    assert third is second  # a third content would run two seconds ahead
    assert fourth.at == 102
    assert b"three" in fourth.body
    assert back_then is fourth
    assert len({first.tag, second.tag, fourth.tag}) == 3


def test_a_message_that_does_not_change_is_the_same_until_it_is_restamped() -> None:
    shelf = Shelf("7")
    shelf.put("a", b"one")
    first = shelf.message(100.0)
    shelf.put("a", b"one")
    shelf.drop("b")
    same = shelf.message(114.9)
    again = shelf.message(115.0)

    assert same is first
    assert again.at == 115
    assert again.tag != first.tag
    assert gzip.decompress(again.packed()) == again.body
    assert again.packed() is again.packed()


def test_what_is_dropped_is_gone() -> None:
    shelf = Shelf("7")
    shelf.put("a", b"one")
    shelf.put("b", b"two")
    shelf.keep(["b"])
    kept = shelf.message(100.0)
    shelf.drop("b")

    assert (b"one" in kept.body, b"two" in kept.body) == (False, True)
    assert b"two" not in shelf.message(102.0).body


def test_another_timetable_empties_the_messages_and_their_time_goes_on() -> None:
    town = Town(feed_of(hourly()))
    town.see(500, "08:02:20")
    town.see(510, "08:02:20", "bus2")
    before = town.realtime.updates(at("08:02:20"))
    town.live.take_timetable(feed_of(hourly("u8")))
    timetable = town.live.timetable
    assert timetable is not None
    town.realtime.take_timetable(timetable)
    after = town.realtime.updates(at("08:02:20"))

    assert list(parsed(before).entity)
    assert not parsed(after).entity
    assert after.at > before.at
    town.see(520, "08:02:30", trip="u8")
    assert list(town.updates("08:02:30")) == ["u8@20261125"]


def test_a_few_vehicles_are_looked_at_when_asked_and_many_wait_for_the_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town = Town(feed_of(hourly()))
    town.see(500, "08:02:20")
    town.tick("08:02:20")
    monkeypatch.setattr("maas.realtime.AT_ONCE", 0)
    town.see(510, "08:02:21")
    waiting = town.positions("08:02:21")["bus"].timestamp
    monkeypatch.setattr("maas.realtime.AT_ONCE", 1)

    assert waiting == at("08:02:20")
    assert town.positions("08:02:21")["bus"].timestamp == at("08:02:21")


def test_without_ticks_a_message_is_made_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maas.realtime.AT_ONCE", 0)
    town = Town(feed_of(hourly()))
    town.see(500, "08:02:20")

    assert list(town.positions("08:02:20")) == ["bus"]
    assert town.positions("08:04:00") == {}


# That they are valid


def problems(
    feed: Path, messages: Iterator[tuple[int, Realtime, Noticeboard]], folder: Path
) -> list[str]:
    """Return what the validator has to say, of all messages together and in their order."""
    cycles = []
    for t, realtime, board in messages:
        sources = []
        for role, message in (
            ("tu", realtime.updates(t)),
            ("vp", realtime.positions(t)),
            ("sa", board.message(t)),
        ):
            path = folder / f"{t}.{role}.pb"
            path.write_bytes(message.body)
            os.utime(path, (t, t))
            sources.append(Source(path.name, role, path))
        cycles.append(tuple(sources))
    assert len(cycles) > 100
    asked = Request(
        mode=Mode.MODERN,
        gtfs=prepare_feed(feed, mode=Mode.MODERN),
        inputs=Inputs(tuple(cycles), directory_replay=True),
        sort_by=SortBy.DATE_MODIFIED,
    )
    found = validate(asked)
    assert found.run.messages_validated == 3 * len(cycles)
    return [str(each) for rule in found.run.notices.rule_ids()
            for each in found.run.notices.samples_for(rule)]  # fmt: skip


def some_hours(
    feed: Feed, zone: ZoneInfo, drives: list[Drive], duties: dict[str, str]
) -> Iterator[tuple[int, Realtime, Noticeboard]]:
    board = None
    names = {drive.vehicle: drive.vehicle for drive in drives} | {"van": "1号車"}
    pings = pings_of(feed, drives, dice_of(5))
    for t, realtime, live in replayed(feed, zone, pings, names=names, duties=duties):
        van = ping(0, t, vehicle="van")
        live.accept(None, [type(van)("van", "b", t, float(t), van.lat, van.lon)], t)
        if board is None:
            hub = Hub(now=lambda: 0.0, monotonic=lambda: 0.0)
            board = Noticeboard(hub, live, alerts_of(feed, t))
        yield t, realtime, board


def alerts_of(feed: Feed, now: float) -> list[AlertRow]:
    """Return an alert for a route, one for a stop, and one for everybody, from soon on."""
    row = AlertRow(
        id="route", header="雪のため遅れています。", header_en="Snow", text="", text_en="",
        spoken="ゆきのため、おくれています。", cause="WEATHER", effect="DELAYS",
        severity="WARNING", routes=[next(iter(feed.routes))], stops=[], url="",
        starts_at=now, ends_at=None, made_at=now, made_by="dispatcher",
    )  # fmt: skip
    stop = next(stop.id for stop in feed.stops.values() if stop.location_type == 0)
    moved = replace(row, id="stop", routes=[], stops=[stop], effect="STOP_MOVED")
    return [row, moved, replace(row, id="all", routes=[], starts_at=now + 600, ends_at=now + 4000)]


@pytest.mark.shared
def test_the_validator_finds_nothing_on_a_morning_of_hakkou(
    shared_dir: Path, tmp_path: Path
) -> None:
    path, day, zone = shared_dir / "data" / "gtfs" / "hakkou.zip", date(2025, 11, 25), TZ
    feed = read_feed(path)
    drives = sorted(drives_of(feed, day, zone, dice_of(3)), key=lambda d: d.knots)[:14]

    assert problems(path, some_hours(feed, zone, drives, {}), tmp_path) == []


@pytest.fixture(scope="module")
def demo_feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo town's timetable."""
    folder = tmp_path_factory.mktemp("demo")
    write_town(folder, draw_network())
    return folder / "gtfs.zip"


def morning(feed: Feed, trips: int) -> tuple[list[Drive], dict[str, str]]:
    """Return the first drives of a day of the demo town, and its vehicles' duties."""
    drives = sorted(drives_of(feed, DAY, TZ, dice_of(3)), key=lambda d: d.knots)[:trips]
    return drives, {drive.vehicle: drive.vehicle for drive in drives}


def test_the_validator_finds_nothing_on_a_morning_of_the_demo_town(
    demo_feed: Path, tmp_path: Path
) -> None:
    feed = read_feed(demo_feed)
    drives, duties = morning(feed, 14)

    assert problems(demo_feed, some_hours(feed, TZ, drives, duties), tmp_path) == []


def test_the_validator_does_find_what_is_wrong(demo_feed: Path, tmp_path: Path) -> None:
    feed = read_feed(demo_feed)
    drives, duties = morning(feed, 4)
    route = feed.trips[drives[0].trip].route_id.encode()

    def mangled() -> Iterator[tuple[int, Realtime, Noticeboard]]:
        for t, realtime, board in some_hours(feed, TZ, drives, duties):
            entities = realtime._updates.entities
            for key, entity in list(entities.items()):
                entities[key] = entity.replace(route, b"?" * len(route))
            yield t, realtime, board

    assert problems(demo_feed, mangled(), tmp_path)
