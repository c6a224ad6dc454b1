"""What is told is plain, complete, read aloud as it is said, and fits one text message."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maas.notify.compose import SHORT_MAX, Message, compose
from maas.notify.occasions import Occasion
from maas.store.notifications import NotificationRow
from maas.store.towns import TownRow

TOWN = TownRow(
    "kibi", "吉備の里", "Kibi", "Asia/Tokyo", (34.0, 133.0, 35.0, 134.0), "000-000-0000", "", ""
)
FACTS: dict[str, Any] = {
    "date": "2026-11-26", "reference": "4821", "from_s": 34_200, "to_s": 35_100, "by_s": 36_000,
    "at_s": 47_100, "minutes": 10, "origin": "標本さん宅", "origin_kana": "ひょうもとさんたく",
    "origin_en": "Home", "destination": "へそ診療所", "destination_kana": "へそしんりょうじょ",
    "destination_en": "Heso Clinic", "vehicle": "1号車", "vehicle_en": "Car 1", "name": "標本 治",
    "kana": "ひょうもと おさむ", "who": "rider",
}  # fmt: skip
ROW = NotificationRow(
    key="k", area_id="all", booking_id=None, member_id=None, occasion="booked", facts=FACTS,
    language="ja", channel="sms", address="0", due_at=0.0, next_at=0.0, until=None, urgency=1,
    state="waiting", attempts=0, error=None, created_at=0.0,
)  # fmt: skip


def said(occasion: Occasion, language: str = "ja", **facts: object) -> Message:
    """Return what is told on an occasion."""
    return compose(
        replace(ROW, occasion=occasion.value, language=language, facts=FACTS | facts), TOWN
    )


def test_a_letter_says_when_where_and_whom_to_ring() -> None:
    message = said(Occasion.BOOKED)

    assert message.subject == "予約のお知らせ"
    assert message.full == (
        "ご予約をお受けしました。11月26日(木)、9:30から9:45の間に、標本さん宅へお迎えに行きます。"
        "へそ診療所には10:00までに着きます。受付番号は4821です。"
        "変更や取り消しは000-000-0000へお電話ください。"
    )
    assert message.signed == "吉備の里 予約センター 電話000-000-0000"


def test_a_voice_reads_names_times_and_numbers_as_they_are_said() -> None:
    assert said(Occasion.BOOKED).spoken == (
        "ご予約をお受けしました。11月26日、木曜日、午前9時30分から午前9時45分の間に、"
        "ひょうもとさんたくへお迎えに行きます。へそしんりょうじょには午前10時までに着きます。"
        "受付番号は4、8、2、1です。"
        "変更や取り消しは0、0、0、0、0、0、0、0、0、0へお電話ください。"
    )
    assert "午後1時5分に" in said(Occasion.ARRIVED).spoken
    assert "ひょうもと おさむさん" in said(Occasion.ARRIVED).spoken


def test_a_moved_promise_names_the_time_it_was_and_why() -> None:
    message = said(Occasion.MOVED, old_from_s=32_400, old_to_s=33_300, reason="雪")

    assert "雪のため、お迎えの時刻が変わります。" in message.full
    assert "前にお伝えした9:00から9:15ではありません。11月26日(木)、9:30から" in message.full
    assert "ではありません" not in said(Occasion.MOVED).full
    assert "ため" not in said(Occasion.MOVED).full


def test_english_is_english() -> None:
    message = said(Occasion.MOVED, "en", old_from_s=32_400, old_to_s=33_300, reason_en="snow")

    assert message.short == (
        "Pick-up moved: Thu 26 Nov 9:30-9:45, Home. Ref 4821. Tel 000-000-0000"
    )
    everything = "".join((message.subject, message.full, message.short, message.signed))
    assert not re.search("[぀-ヿ一-鿿]", everything)
    assert "4 8 2 1" in message.spoken


@pytest.mark.parametrize("occasion", Occasion)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_occasion_is_said_whole_in_both_languages(occasion: Occasion, language: str) -> None:
    message = said(occasion, language, old_from_s=0, old_to_s=0, reason="雪", bus="中央線 10:05発")

    for text in (message.subject, message.full, message.spoken, message.short):
        assert text
        assert "{" not in text
        assert "  " not in text
    if language == "ja":
        assert max(len(part) for part in message.full.split("。")) <= 50


def test_an_offer_says_until_when_it_stands() -> None:
    message = said(Occasion.WAITLIST_OFFER, answer_by="11:30")

    assert "乗るときは11:30までに000-000-0000へお電話ください。" in message.full
    assert "乗るときは11:30までに電話000-000-0000" in message.short
    assert said(Occasion.WAITLIST_OFFER, "en", answer_by="11:30").full.endswith(
        "please call 000-000-0000 by 11:30."
    )


def test_a_message_with_sentences_of_its_own_is_told_in_them() -> None:
    own = {"text": "お帰りの車は、いま探しています。", "text_en": "We are looking for a car."}

    message = said(Occasion.OPEN_RETURN_READY, **own)
    assert message.full == message.spoken == message.short == own["text"]
    assert said(Occasion.OPEN_RETURN_READY, "en", **own).full == own["text_en"]
    long = said(Occasion.OPEN_RETURN_READY, text="長い" * 60).short
    assert (len(long), long[-1]) == (70, "…")


@pytest.mark.parametrize("occasion", Occasion)
def test_what_is_not_known_leaves_no_hole(occasion: Occasion) -> None:
    bare = {"date": "2026-11-26", "reference": "1", "from_s": 0, "to_s": 0, "by_s": 0}

    assert compose(replace(ROW, occasion=occasion.value, facts=bare), None).full


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}"), max_size=60)


@given(occasion=st.sampled_from(Occasion), language=st.sampled_from(["ja", "en"]), data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_text_message_never_takes_two(
    occasion: Occasion, language: str, data: st.DataObject
) -> None:
    fields = ("origin", "destination", "vehicle", "name", "bus")
    facts = {field: data.draw(names) for field in fields}
    message = said(occasion, language, **facts, **{f"{f}_en": facts[f] for f in fields})

    units = sum(2 if ord(letter) > 0xFFFF else 1 for letter in message.short)
    assert units <= SHORT_MAX[language]


@pytest.mark.parametrize("occasion", Occasion)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_only_names_are_cut(occasion: Occasion, language: str) -> None:
    usual, long = said(occasion, language), "と" * 80 if language == "ja" else "x" * 200
    facts = {f"{end}{suffix}": long for end in ("origin", "destination") for suffix in ("", "_en")}
    cut = said(occasion, language, **facts, name=long)

    assert usual.short == said(occasion, language).short
    for kept in re.findall(r"[0-9][0-9:/-]*", usual.short):
        assert kept in cut.short
