"""Replaying a recorded day: reading it, its timetable, its place, and what is sent when."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gtfs import write_feed
from maas.clock import Clock
from maas.replay.place import region_of, write_place
from maas.replay.player import Player
from maas.replay.recording import Recorded, read_recording
from maas.replay.schedule import feed_of_schedule, schedule_beside, timetable
from maas.town.files import read_town

HEAD = "vehicle_id,timestamp,speed,route_id,trip_id,latitude,longitude,trip_headsign\n"
ROWS = (
    "7,2015-03-07T10:05:00-06:00,0.0,1,t1,30.30,-97.70,NORTH\n"
    "7,2015-03-07T10:03:00-06:00,0.0,1,t1,30.29,-97.70,NORTH\n"
    "8,2015-03-07T10:04:00-06:00,0.0,2,t2,30.28,-97.71,SOUTH\n"
)
SCHEDULE = [
    {"trip_id": "t1", "arrival_time": "10:00:00", "stop_id": "a"},
    {"trip_id": "t1", "arrival_time": "10:10:00", "stop_id": "b"},
    {"trip_id": "t2", "arrival_time": "24:30:00", "stop_id": "b"},
    {"trip_id": "unseen", "arrival_time": "11:00:00", "stop_id": "a"},
]
STOPS = [
    {"stop_id": "a", "stop_name": "A", "stop_lat": "30.25", "stop_lon": "-97.75"},
    {"stop_id": "b", "stop_name": "B", "stop_lat": "30.35", "stop_lon": "-97.65"},
]
DAY = date(2015, 3, 7)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "vp-2015-03-07.csv.gz"
    path.write_bytes(gzip.compress((HEAD + ROWS).encode()))
    return path


def test_a_recording_is_read_in_time_order(recording: Path) -> None:
    fixes = read_recording(recording)

    assert [fix.vehicle for fix in fixes] == ["7", "8", "7"]
    assert fixes[0].t == 1425744180.0
    assert fixes[0].day == DAY


@pytest.mark.parametrize(
    "row",
    ["7,2015-03-07T10:05:00,0,1,t1,30.3,-97.7,N\n", "7,10:05,0,1,t1,30.3,-97.7,N\n", "7\n"],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "vp.csv"
    path.write_text(HEAD + ROWS + row)

    with pytest.raises(ValueError, match=r"vp\.csv:5: "):
        read_recording(path)


def test_the_feed_has_the_trips_seen_and_only_those(recording: Path) -> None:
    feed = feed_of_schedule(SCHEDULE, STOPS, read_recording(recording))

    assert set(feed.trips) == {"t1", "t2"}
    assert [call.stop_id for call in feed.stop_times["t1"]] == ["a", "b"]
    assert feed.trips["t1"].headsign == "NORTH"
    assert feed.timezone == "America/Chicago"


def test_a_trip_past_midnight_runs_on_the_day_before_too(recording: Path) -> None:
    feed = feed_of_schedule(SCHEDULE, STOPS, read_recording(recording))

    assert [trip.id for trip in feed.trips_on(date(2015, 3, 6))] == ["t1", "t2"]
    assert [trip.id for trip in feed.trips_on(DAY)] == ["t1", "t2"]
    assert feed.trips_on(date(2015, 3, 8)) == []


def test_the_schedule_whose_name_spans_the_day_is_taken(recording: Path) -> None:
    for span in ("20140101_20140601", "20140824_20150606"):
        recording.with_name(f"schedule_{span}.csv.gz").touch()

    assert schedule_beside(recording, DAY).name == "schedule_20140824_20150606.csv.gz"
    with pytest.raises(FileNotFoundError):
        schedule_beside(recording, date(2016, 1, 1))


def test_a_zip_given_is_the_timetable(recording: Path, tmp_path: Path) -> None:
    fixes = read_recording(recording)
    write_feed(feed_of_schedule(SCHEDULE, STOPS, fixes), tmp_path / "gtfs.zip")

    assert set(timetable(recording, tmp_path / "gtfs.zip", fixes).trips) == {"t1", "t2"}


def test_the_place_of_a_replay_is_read_like_any_town(recording: Path, tmp_path: Path) -> None:
    feed = feed_of_schedule(SCHEDULE, STOPS, read_recording(recording))

    write_place(tmp_path / "place", feed, ["7", "8"], recording.name)

    town = read_town(tmp_path / "place")
    assert town.town.timezone == "America/Chicago"
    assert town.town.region == pytest.approx((30.15, -97.85, 30.45, -97.55))
    assert [vehicle.id for vehicle in town.vehicles] == ["7", "8"]
    assert region_of(feed) == pytest.approx(town.town.region)


class Ingest:
    """Answers every position with ``live``; the first frame of a broken one is lost."""

    def __init__(self, *, broken: bool = False) -> None:
        self.opened: list[str] = []
        self.heard: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
        self.broken = broken

    async def connect(self, token: str) -> Line:
        """Open a socket for a device."""
        self.opened.append(token)
        return Line(self, token)


class Line:
    """One device's socket."""

    def __init__(self, ingest: Ingest, token: str) -> None:
        self.ingest, self.token, self.items = ingest, token, 0

    async def send(self, message: str) -> None:
        """Hear a frame."""
        if self.ingest.broken:
            self.ingest.broken = False
            raise ConnectionResetError
        items = json.loads(message)
        self.items = len(items)
        self.ingest.heard[self.token] += items

    async def recv(self) -> str:
        """Answer it."""
        return json.dumps({"verdicts": ["live"] * self.items})

    async def close(self) -> None:
        """Say goodbye."""


def player_of(fixes: list[Recorded], ingest: Ingest) -> Player:
    tokens = {"7": "seven", "8": "eight"}
    return Player(fixes, tokens, Clock(), ZoneInfo("America/Chicago"), ingest.connect)


def test_each_vehicle_sends_its_own_positions_with_its_own_token(recording: Path) -> None:
    fixes, ingest = read_recording(recording), Ingest()
    player = player_of(fixes, ingest)

    asyncio.run(player.play(lambda: None))

    assert [item["t"] for item in ingest.heard["seven"]] == [1425744180.0, 1425744300.0]
    assert [item["seq"] for item in ingest.heard["seven"]] == [0, 1]
    assert [item["trip"] for item in ingest.heard["eight"]] == ["t2"]
    assert sorted(ingest.opened) == ["eight", "seven"]
    assert player.verdicts == Counter(live=3)


def test_a_broken_socket_is_opened_anew(recording: Path) -> None:
    fixes, ingest = read_recording(recording), Ingest(broken=True)
    player = player_of(fixes, ingest)

    asyncio.run(player.send([fixes[0]]))
    asyncio.run(player.send([fixes[2]]))

    assert ingest.opened == ["seven", "seven"]
    assert player.verdicts == Counter(lost=1, live=1)


def test_a_machine_too_slow_for_the_speed_is_told(recording: Path) -> None:
    player = player_of(read_recording(recording), Ingest())

    player.verdicts.update(live=95, history=5)
    assert player.warning() == ""
    player.verdicts.update(history=15)
    assert "--speed" in player.warning()


def test_nothing_is_due_before_its_time(recording: Path) -> None:
    fixes = read_recording(recording)
    player = player_of(fixes, Ingest())

    assert player.due(0, fixes[0].t - 1) == 0
    assert player.due(0, fixes[1].t) == 2
    assert player.due(2, fixes[2].t + 999) == 3


def test_a_position_without_a_trip_says_none(recording: Path) -> None:
    fix = replace(read_recording(recording)[0], trip="")

    assert "trip" not in player_of([fix], Ingest()).ping(fix)


@pytest.mark.shared
def test_the_real_schedule_knows_every_recorded_trip(shared_dir: Path) -> None:
    path = shared_dir / "data" / "avl" / "capmetro" / "vp-2015-03-07.csv.gz"
    fixes = read_recording(path)

    feed = timetable(path, None, fixes)

    assert len(fixes) == 44_564
    assert len({fix.vehicle for fix in fixes}) == 158
    assert {fix.trip for fix in fixes} == set(feed.trips)
