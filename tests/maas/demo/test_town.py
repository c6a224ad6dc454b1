"""The demo town's files: read by the production reader, the same every time, nobody real."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from dispatcher.roads import Roads
from gtfs import read_feed
from gtfs.check import check
from maas.demo.gazetteer import data_rows
from maas.demo.network import Network
from maas.demo.timetable import bus_feed, courses
from maas.demo.town import write_town
from maas.town.files import TownFiles, read_town

WEEKDAY, HOLIDAY, CLOSED = date(2026, 11, 26), date(2026, 11, 23), date(2026, 12, 28)


@pytest.fixture(scope="module")
def folder(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("town")
    write_town(made, network)
    return made


@pytest.fixture(scope="module")
def town(folder: Path) -> TownFiles:
    return read_town(folder)


def test_the_same_network_gives_the_same_files(
    folder: Path, network: Network, tmp_path: Path
) -> None:
    write_town(tmp_path, network)

    for file in folder.iterdir():
        assert file.read_bytes() == (tmp_path / file.name).read_bytes(), file.name


def test_400_members_live_in_every_part_of_the_town(town: TownFiles) -> None:
    homes = Counter(member.oaza for member in town.members)

    assert len(town.members) == 400
    assert len(homes) == 46


def test_no_telephone_number_can_be_dialled(town: TownFiles) -> None:
    numbers = [member.phone for member in town.members]

    assert all(re.fullmatch(r"000-000-\d{4}", number) for number in numbers)
    assert len(set(numbers)) == 400


def test_what_is_not_known_to_exist_says_so_in_its_name(town: TownFiles) -> None:
    invented = [row["name"] for row in data_rows("places.csv") if row["conf"] not in {*"ABC"}]

    assert invented
    assert all("架空" in name for name in invented)
    assert all("架空" in p.name or p.kind == "stop" for p in town.places if "meeting" in p.id)


def test_every_place_and_home_is_within_reach_of_a_road(town: TownFiles, roads: Roads) -> None:
    spots = {place.name: (place.lat, place.lon) for place in town.places}
    spots |= {member.number: (member.lat, member.lon) for member in town.members}

    for name, spot in spots.items():
        assert roads.snap(*spot).distance_m < 500, name


def test_favourites_lead_somewhere_useful(town: TownFiles) -> None:
    kinds = {place.id: place.kind for place in town.places}

    for member in town.members:
        assert kinds[member.favourites[0]] in {"clinic", "hospital"}
        assert kinds[member.favourites[1]] in {"shop", "market"}


def test_the_timetable_rests_on_holidays_and_over_new_year(network: Network) -> None:
    feed = bus_feed(network)

    assert len(feed.trips_on(WEEKDAY)) == len(feed.trips)
    assert feed.trips_on(HOLIDAY) == []
    assert feed.trips_on(CLOSED) == []


def test_a_bus_never_has_two_trips_at_once(network: Network) -> None:
    feed = bus_feed(network)
    for block in ("B1", "B2"):
        times = [
            (calls[0].departure_s or 0, calls[-1].arrival_s or 0)
            for trip_id, calls in feed.stop_times.items()
            if feed.trips[trip_id].block_id == block
        ]
        times.sort()
        assert all(end <= start for (_, end), (start, _) in pairwise(times))


def test_stops_lie_in_order_on_their_line(network: Network) -> None:
    for course in courses(network):
        along = [along_m for _, along_m in course.stops]
        assert along == sorted(along)
        assert along[-1] == pytest.approx(course.length_m)


def test_riders_would_not_be_misled_by_the_written_timetable(folder: Path) -> None:
    feed = read_feed(folder / "gtfs.zip")

    findings = check(feed, WEEKDAY)

    assert [finding for finding in findings if finding.severity.value == "error"] == []
    assert feed.translate("stops", "stop_name", "賀陽庁舎前", "en") == "Kayo Town Hall"
    assert feed.translate("stops", "stop_name", "賀陽庁舎前", "ja-Hrkt") == "かようちょうしゃまえ"
