"""Several timetables side by side: each shows its own stops, and none disturbs another's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from busloc import Hub, Ping
from busloc.frame import ws_payload
from gtfs import read_feed
from gtfs.calendar import day_start_epoch
from maas.buses import Buses, region_around
from maas.clock import Clock, clock_from, local, service_day
from maas.directory import Directory
from maas.settings import Settings
from maas.store.fleet import VehicleRow
from maas.store.places import PlaceRow
from maas.timetables import feed_files, keep_feed, load_feeds
from tests.maas.tiny_town import write_tiny_town

TOKYO = ZoneInfo("Asia/Tokyo")
MORNING = day_start_epoch(service_day(1_764_000_000, "Asia/Tokyo"), TOKYO) + 8 * 3600


class Listener:
    """A client of the hub that keeps what it hears."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def write(self, frame: bytes) -> int:
        self.frames.append(msgspec.json.decode(ws_payload(frame)))
        return 0

    def buffered(self) -> int:
        return 0

    def close(self, code: int, reason: str = "") -> None: ...


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The tiny town's feed, and the same with other stop ids but one as another operator's."""
    town = write_tiny_town(tmp_path / "town")
    feed = read_feed(town / "gtfs.zip")
    other = tmp_path / "other"
    other.mkdir()
    shutil.unpack_archive(town / "gtfs.zip", other)
    for name in ("stops.txt", "stop_times.txt"):
        text = (other / name).read_text("utf-8")
        for code in ("P2", "P3", "P4", "P5", "P6"):
            text = text.replace(code, f"X{code}")
        (other / name).write_text(text, "utf-8")
    routes = (other / "routes.txt").read_text("utf-8").replace("東西線", "別の線")
    (other / "routes.txt").write_text(routes, "utf-8")
    shutil.make_archive(str(tmp_path / "other"), "zip", other)
    keep_feed(tmp_path / "other.zip", tmp_path / "feeds", "another")
    keep_feed(town / "gtfs.zip", tmp_path / "feeds", "town")
    assert len(feed.stops) == 6
    return tmp_path / "feeds"


def buses(folder: Path, hub: Hub) -> Buses:
    """Return both timetables on one hub."""
    feeds = load_feeds(folder)
    region = region_around(feeds)
    return Buses(hub, feeds, region=region, zone=TOKYO, directory=Directory())


def test_the_towns_own_timetable_comes_first(folder: Path) -> None:
    assert list(feed_files(folder)) == ["town", "another"]


def test_each_stop_shows_its_own_timetable_and_a_shared_one_the_first(folder: Path) -> None:
    hub = Hub(now=lambda: MORNING, monotonic=lambda: 0.0)
    both = buses(folder, hub)
    names = {
        stop: {row.route_name for row in both.departures(stop, MORNING, 5)}
        for stop in ("P2", "XP2", "P1", "nowhere")
    }
    assert names == {"P2": {"東西線"}, "XP2": {"別の線"}, "P1": {"東西線"}, "nowhere": set()}


def test_a_bus_is_known_to_be_at_the_depot_of_its_own(folder: Path) -> None:
    feeds = load_feeds(folder)
    depot = PlaceRow(7, "d", "車庫", "しゃこ", "", "depot", "", "", 34.9, 133.7, (), None, None)
    bus = VehicleRow(
        row=1, id="bus-1", area_id="line", name="赤バス", name_en="", operator="", kind="bus",
        profile="car", seats=20, wheelchair_places=1, seats_lost_per_wheelchair=0,
        battery_wh=None, depot_place_id=7, plate="", shift_from_s=0, shift_to_s=86_400,
        block="b1", driver=None,
    )  # fmt: skip
    hub = Hub(now=lambda: MORNING, monotonic=lambda: 0.0)
    live = Buses(
        hub, feeds, region=(34.0, 133.0, 35.5, 134.5), zone=TOKYO,
        directory=Directory(place_by_id={7: depot}, vehicles=(bus,)),
    ).live  # fmt: skip
    live.accept(None, [Ping("bus-1", "boot", 1, MORNING, depot.lat, depot.lon)], MORNING)

    assert [vehicle.state for vehicle in live.vehicles(MORNING)] == ["depot"]


def test_a_watched_board_of_either_stays_what_it_is_as_time_passes(folder: Path) -> None:
    clock = [float(MORNING)]
    hub = Hub(now=lambda: clock[0], monotonic=lambda: clock[0])
    both = buses(folder, hub)
    both.tick(clock[0])
    listener = Listener()
    subscriber = hub.join(listener)
    for topic in ("stop:P2", "stop:XP2"):
        hub.subscribe(subscriber, topic)
    for _ in range(40):
        clock[0] += 1
        both.tick(clock[0])
        hub.flush()
    for topic, name in (("stop:P2", "東西線"), ("stop:XP2", "別の線")):
        rows = hub.values(topic).values()
        assert {msgspec.json.decode(row)["route_name"] for row in rows} == {name}
        heard = [frame for frame in listener.frames if frame["t"] == topic]
        assert heard[0]["k"] == "snap"
        assert heard[0]["u"]
        assert not any("gone" in row for frame in heard for row in frame["u"])


def test_the_clock_plays_a_day_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maas.clock.time.time", lambda: 1_060.0)
    settings = Settings(clock_start=5_000, clock_anchor=1_000, clock_speed=10)
    assert clock_from(settings)() == 5_600
    assert clock_from(Settings())() == Clock()() == 1_060


def test_a_night_in_utc_is_the_next_day_in_the_town() -> None:
    assert local(1_763_917_200, "Asia/Tokyo").isoformat() == "2025-11-24T02:00:00+09:00"
    assert service_day(1_763_917_200, "Asia/Tokyo").isoformat() == "2025-11-24"


def test_a_station_is_found_once_and_its_poles_are_not(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    shutil.unpack_archive(write_tiny_town(tmp_path / "town") / "gtfs.zip", source)
    header, *rows = (source / "stops.txt").read_text("utf-8").splitlines()
    poles = [f"{row},0,{'P1' if row.startswith('P2') else ''}" for row in rows]
    poles[0] = poles[0].replace(",0,", ",1,")
    lines = [f"{header},location_type,parent_station", *poles]
    (source / "stops.txt").write_text("\n".join(lines), "utf-8")
    shutil.make_archive(str(tmp_path / "station"), "zip", source)
    keep_feed(tmp_path / "station.zip", tmp_path / "feeds", "town")

    found = buses(tmp_path / "feeds", Hub(now=lambda: MORNING, monotonic=lambda: 0.0))

    stops = [stop.id for _, stop in found.stop_index.search("", 50)]
    assert stops == ["P1", "P3", "P4", "P5", "P6"]
