"""What is spoken at the stop."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from busloc.publish import Departure
from signage.board import board
from signage.speech import announcement, spoken_time
from signage.words import Text
from tests.signage.stops import NOW, TZ, planned, running

HALL = Text("役場", "Hall", "ヤクバ")


def spoken(*departures: Departure, as_of: float | None = NOW, notices: Sequence[Text] = ()) -> str:
    return announcement(
        board("a", HALL, departures, now=NOW, as_of=as_of, tz=TZ, limit=9, notices=notices)
    )


def test_the_next_buses_are_announced_one_by_one() -> None:
    said = spoken(running(299, delay_s=200), planned(7500, headsign="中央循環", headsign_kana=""))

    assert said == (
        "ヤクバです。"
        "次は、1番のりば、北、ビョウイン行き、あと4分です。およそ3分遅れています。"
        "その次は、1番のりば、北、中央循環、午後1時5分発の予定です。"
    )


@pytest.mark.parametrize(
    ("departure", "said"),
    [
        (running(30, platform=""), "北、ビョウイン行きが、まもなく参ります。"),
        (running(3660), "1番のりば、北、ビョウイン行き、午後0時1分ごろです。"),
        (
            running(120, delay_s=-130),
            "1番のりば、北、ビョウイン行き、あと2分です。およそ2分早く進んでいます。",
        ),
        (
            planned(600, state="unconfirmed", platform="南口"),
            "北、ビョウイン行き、午前11時10分発の予定です。運行状況を確認しています。",
        ),
        (
            planned(600, state="not_running"),
            "1番のりば、北、ビョウイン行き、午前11時10分発の予定です。まだバスが出ていません。",
        ),
        (
            running(600, state="diverted"),
            "1番のりば、北、ビョウイン行き、午前11時10分ごろです。まわり道をしています。",
        ),
        (
            planned(600, state="cancelled"),
            "午前11時10分発の、1番のりば、北、ビョウイン行きは、運休です。",
        ),
        (
            planned(600, route_name="", headsign="", headsign_kana=""),
            "1番のりば、午前11時10分発の予定です。",
        ),
        (
            planned(600, headsign_kana="", headsign="駅行き"),
            "1番のりば、北、駅行き、午前11時10分発の予定です。",
        ),
    ],
)
def test_each_state_has_its_sentence(departure: Departure, said: str) -> None:
    assert spoken(departure) == f"ヤクバです。次は、{said}"


def test_only_the_next_three_are_spoken() -> None:
    assert spoken(*[planned(600 + i) for i in range(5)]).count("ビョウイン") == 3


def test_old_news_and_no_news_are_said_to_be_so() -> None:
    assert "3分前の情報です。" in spoken(running(600), as_of=NOW - 200)
    assert "位置がわからない" in spoken(running(600), as_of=None)
    assert "情報です" not in spoken(running(600))


def test_an_empty_board_and_a_notice_are_spoken() -> None:
    said = spoken(notices=[Text("年末は運休します。"), Text("橋は工事中です")])

    assert said == (
        "ヤクバです。24時間以内のバスはありません。"
        "お知らせです。年末は運休します。お知らせです。橋は工事中です。"
    )


@pytest.mark.parametrize(
    ("time", "said"),
    [("0:07", "午前0時7分"), ("9:00", "午前9時"), ("12:00", "午後0時"), ("23:59", "午後11時59分")],
)
def test_times_are_spoken_with_the_half_of_the_day(time: str, said: str) -> None:
    assert spoken_time(time) == said
