"""The page without script: complete, escaped, readable, and allowed by a strict policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from html.parser import HTMLParser
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busloc.publish import Departure
from signage.board import Board, board
from signage.plain import page, stylesheet
from signage.words import EN, JA, Language, Text, Words
from tests.signage.stops import NOW, TZ, planned, running

VOID = {"meta", "link"}


class Page(HTMLParser):
    """Elements with their attributes and text; fails when they are not nested properly."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """See that the innermost element ends."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += [data.strip()] if data.strip() else []

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a kind."""
        return [attrs for name, attrs in self.tags if name == tag]


HALL = Text("役場", "Town Hall")


def a_board(
    *departures: Departure,
    stop: Text = HALL,
    stop_id: str = "2_01",
    as_of: float | None = NOW,
    notices: Sequence[Text] = (),
    phone: str = "000-000-0001",
) -> Board:
    return board(
        stop_id,
        stop,
        departures,
        now=NOW,
        as_of=as_of,
        tz=TZ,
        limit=6,
        notices=notices,
        phone=phone,
    )


def test_a_page_shows_the_stop_the_clock_and_every_departure() -> None:
    shown = Page(page(a_board(running(299, delay_s=200), planned(600, state="cancelled"))))

    assert shown.text[:2] == ["役場 のりばの案内", "役場"]
    assert "現在 11:00" in shown.text
    for words in ("北", "病院", "ビョウイン", "1", "あと4分", "遅れ3分 · 11:04までに、のりばへ。"):
        assert words in shown.text
    assert "✕ 運休" in shown.text
    assert "11:10発" in shown.text
    assert shown.text[shown.text.index("予約とお問い合わせ") + 1] == "000-000-0001"


def test_the_japanese_page_has_readings_where_there_are_some_and_marks_nothing() -> None:
    shown = Page(page(a_board(running(299), running(400, headsign_kana="", headsign_en=""))))

    assert len(shown.all("ruby")) == 1
    assert not [span for span in shown.all("span") if "lang" in span]


def test_a_name_that_is_its_own_reading_has_no_second_one() -> None:
    shown = Page(page(a_board(running(299, headsign="きびプラザ", headsign_kana="キビプラザ"))))

    assert shown.all("ruby") == []


def test_a_bus_that_is_early_or_not_seen_says_so() -> None:
    early, unseen = running(299, delay_s=-130), planned(600, state="unconfirmed")

    shown = Page(page(a_board(early, unseen), "en"))

    assert "2 min early · Be at the stop by 11:04." in shown.text
    assert "not confirmed" in shown.text


def test_a_bus_nobody_runs_and_one_on_a_detour_say_so() -> None:
    ghost, diverted = planned(600, state="not_running"), running(400, state="diverted")

    english = Page(page(a_board(ghost, diverted), "en")).text
    japanese = "".join(Page(page(a_board(ghost, diverted))).text)

    assert "no bus has left" in english
    assert any("on a detour" in text for text in english)
    assert "バスが出ていません" in japanese
    assert "まわり道をしています" in japanese


def test_the_english_page_is_english_and_marks_what_is_not() -> None:
    bus = running(299, headsign="役場前", headsign_en="")
    notices = [Text("橋は工事中です。", "The bridge is closed.")]

    shown = Page(page(a_board(bus, notices=notices), "en"))

    assert {"Town Hall", "North", "in 4 min", "Now 11:00", "The bridge is closed."} <= {*shown.text}
    assert shown.all("html") == [{"lang": "en"}]
    assert [span for span in shown.all("span") if "lang" in span] == [{"lang": "ja"}]
    assert "役場前" in shown.text
    assert "ビョウイン" not in shown.text


def test_a_page_has_no_script_and_no_style_of_its_own() -> None:
    html = page(a_board(running(299)))
    shown = Page(html)

    names = {tag for tag, _ in shown.tags}
    attributes = {name for _, attrs in shown.tags for name in attrs}
    assert not names & {"script", "style", "iframe", "img"}
    assert not [name for name in attributes if name == "style" or name.startswith("on")]
    assert shown.all("link") == [
        {"rel": "icon", "href": "/favicon.svg"},
        {"rel": "stylesheet", "href": "/assets/plain.css"},
    ]
    assert "://" not in html


def test_a_page_refreshes_by_itself_until_the_reader_stops_it() -> None:
    moving, resting = Page(page(a_board())), Page(page(a_board(), "en", refresh=False))

    def links(shown: Page) -> list[str | None]:
        return [attrs["href"] for attrs in shown.all("a")]

    assert {"http-equiv": "refresh", "content": "30"} in moving.all("meta")
    assert links(moving) == [
        "/signage/2_01/plain?lang=en",
        "/signage/2_01/plain?lang=ja&refresh=0",
    ]
    assert not [attrs for attrs in resting.all("meta") if "http-equiv" in attrs]
    assert "自動更新を止める" in moving.text
    assert "Refresh by itself" in resting.text
    assert links(resting) == [
        "/signage/2_01/plain?lang=ja&refresh=0",
        "/signage/2_01/plain?lang=en",
    ]


def test_the_table_has_a_caption_and_headings_for_rows_and_columns() -> None:
    shown = Page(page(a_board(running(299), planned(600))))

    assert len(shown.all("caption")) == len(shown.all("h1")) == len(shown.all("main")) == 1
    assert [attrs["scope"] for attrs in shown.all("th")] == ["col"] * 4 + ["row"] * 2
    assert len(shown.all("td")) == 2 * 3


@pytest.mark.parametrize(
    ("as_of", "said", "name"),
    [
        (NOW, "いまの情報 (11:00の情報)", "live"),
        (NOW - 200, "3分前の情報 (10:56の情報)", "stale"),
        (NOW - 400, "位置がわかりません。予定の時刻です。", "timetable"),
        (None, "位置がわかりません。予定の時刻です。", "timetable"),
    ],
)
def test_the_age_of_the_news_is_always_shown(as_of: float | None, said: str, name: str) -> None:
    shown = Page(page(a_board(running(600), as_of=as_of)))

    assert said in shown.text
    assert shown.all("body") == [{"class": name}]


def test_a_page_without_departures_or_phone_says_so() -> None:
    shown = Page(page(a_board(phone="")))

    assert "24時間以内のバスはありません。" in shown.text
    assert shown.all("table") == shown.all("section") == []
    assert not [text for text in shown.text if "お問い合わせ" in text]


TAGS = {tag for tag, _ in Page(page(a_board(running(299), notices=[Text("橋", "")]))).tags}
TAGS |= {"span"}
HOSTILE = st.sampled_from(["<script>alert(1)</script>", "\"'><b>", "&amp;", "a/b?c#d&e"])


@given(HOSTILE, st.sampled_from(["ja", "en"]))
def test_whatever_a_timetable_says_stays_text(evil: str, language: Language) -> None:
    bus = running(
        299,
        headsign=evil,
        headsign_kana=evil,
        headsign_en="",
        route_name=evil,
        route_name_en="",
        platform=evil,
    )
    hostile = a_board(bus, stop=Text(evil), stop_id=evil, notices=[Text(evil)], phone=evil)

    shown = Page(page(hostile, language))

    assert {tag for tag, _ in shown.tags} <= TAGS
    assert shown.text.count(evil) >= 5
    path = re.escape("/signage/") + r"[A-Za-z0-9%._~-]+" + re.escape("/plain?lang=")
    assert all(re.match(path, attrs["href"] or "") for attrs in shown.all("a"))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_stands_out_seven_to_one() -> None:
    """Rules that set no background of their own lie on the page's."""
    rules = re.findall(r"([^{}]+)\{([^}]*)\}", re.sub(r"/\*.*?\*/", "", stylesheet(), flags=re.S))
    paper = "#ffffff"
    pairs = []
    for _, body in rules:
        said = dict(re.findall(r"(?<![\w-])(color|background-color):\s*(#[0-9a-f]{6})", body))
        if said:
            pairs.append((said.get("color", "#000000"), said.get("background-color", paper)))

    assert len(pairs) == 3
    for one, other in pairs:
        light, dark = sorted((luminance(one), luminance(other)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 7


def test_the_minutes_are_the_largest_words_of_a_row() -> None:
    sizes = {
        rule.strip(): float(size)
        for rule, size in re.findall(
            r"([^{}]+)\{[^}]*font-size: ([\d.]+)rem", stylesheet().partition("@media")[0]
        )
    }

    assert max(sizes, key=lambda rule: sizes[rule]) == "td b"
    assert min(sizes.values()) >= 1


def test_both_catalogues_fill_in_the_same_things() -> None:
    def marks(words: Words, name: str) -> set[str | None]:
        return {field for _, field, _, _ in Formatter().parse(getattr(words, name)) if field}

    for field in fields(Words):
        assert marks(JA, field.name) == marks(EN, field.name)
        assert len(getattr(JA, field.name)) <= 40
