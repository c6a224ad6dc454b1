"""The departures of a real stop, from the operator's zip to the page and the voice."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from busloc.board import Boards
from busloc.coming import Sightings
from busloc.course import Timetable
from gtfs.japan import stop_kana
from gtfs.read import read_feed
from signage.board import Board, board
from signage.plain import page
from signage.speech import announcement
from signage.words import Text

pytestmark = pytest.mark.shared

TZ = ZoneInfo("Asia/Tokyo")
FRIDAY_MORNING = datetime(2025, 11, 21, 7, 30, tzinfo=TZ).timestamp()


def a_real_board(shared_dir: Path, name: str, stop_id: str) -> Board:
    feed = read_feed(shared_dir / "data" / "gtfs" / f"{name}.zip")
    departures = Boards(Timetable(feed, TZ), Sightings()).departures(stop_id, FRIDAY_MORNING, 12)
    stop = feed.stops[stop_id].name
    return board(
        stop_id,
        Text(
            stop,
            feed.translate("stops", "stop_name", stop, "en") or "",
            stop_kana(feed, stop_id) or "",
        ),
        departures,
        now=FRIDAY_MORNING,
        as_of=FRIDAY_MORNING,
        tz=TZ,
        limit=4,
    )


def test_the_next_buses_of_hakkou_are_on_the_sign(shared_dir: Path) -> None:
    """相生橋 has 7:33, 8:18 and so on towards 築港新町 in stop_times.txt."""
    shown = a_real_board(shared_dir, "hakkou", "53_1")

    assert (shown.stop.en, shown.stop.kana) == ("Aioibashi", "アイオイバシ")
    assert [row.time for row in shown.rows][:2] == ["7:33", "8:18"]
    assert "予定 8:18" in page(shown)
    assert announcement(shown).startswith("アイオイバシです。次は、")


def test_the_next_buses_of_ryobi_are_on_the_sign(shared_dir: Path) -> None:
    """Its line names are whole routes, of which riders look for the number only."""
    shown = a_real_board(shared_dir, "ryobi", "245_1")

    assert (shown.stop.ja, shown.stop.en) == ("西大寺", "Saidaiji")
    assert [(row.line.ja, row.time) for row in shown.rows] == [
        ("A1", "7:30"),
        ("A1", "7:38"),
        ("A1", "7:48"),
        ("西大寺→西大寺駅・神崎→牛窓", "7:50"),
    ]
