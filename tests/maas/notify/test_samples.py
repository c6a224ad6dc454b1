"""Every occasion has a message that can be looked at before anybody gets one."""

from __future__ import annotations

from datetime import date

import pytest

from maas.notify.occasions import Occasion
from maas.notify.samples import samples

DAY = date(2026, 11, 26)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_occasion_is_shown_with_nothing_left_blank(language: str) -> None:
    found = samples(None, DAY, language)
    assert [one.occasion for one in found] == list(Occasion)
    for one in found:
        texts = (one.message.subject, one.message.full, one.message.spoken, one.message.short)
        assert all(text.strip() for text in texts), one.occasion
        assert not any("{" in text for text in texts), one.occasion


@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_fits_one_text_message(language: str) -> None:
    for one in samples(None, DAY, language):
        assert len(one.message.short.encode("utf-16-le")) // 2 <= one.short_max, one.occasion


def test_a_voice_reads_kana_and_a_letter_shows_kanji() -> None:
    booked = next(one for one in samples(None, DAY, "ja") if one.occasion is Occasion.BOOKED)
    assert "みほんしんりょうじょ" in booked.message.spoken
    assert "見本診療所" in booked.message.full
