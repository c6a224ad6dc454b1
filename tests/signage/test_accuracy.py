"""The page on our own accuracy says what was counted, in plain words of either language."""

from __future__ import annotations

from dataclasses import replace

from signage.accuracy import BINS, BUCKETS, CATALOGUES, Accuracy, Figures, Part, page
from signage.words import Language, Text
from tests.signage.test_plain import Page

FIGURES = Figures(
    n=1234, mae_s=41.6, bias_s=-7.2, coverage_percent=80.4, transit_score=95.25,
    transit=(96.1, 95.0, None, 92.3), mbta=(93.0, 95.1, 97.4, 99.0), untold=5,
)  # fmt: skip
NOTHING = Figures(0, None, None, None, None, (None,) * 4, (None,) * 4, 0)
ROUTE = Part("r&1", Text("北線<1>", "North"), FIGURES)
STOP = Part("2_01", Text("役場", "Town Hall"), replace(FIGURES, mae_s=None))
SHOWN = Accuracy(days=7, about=Text(""), whole=FIGURES, routes=(ROUTE,), stops=(STOP,))


def text(shown: Accuracy, language: Language = "ja") -> str:
    return " ".join(Page(page(shown, language)).text)


def test_the_page_shows_both_bin_systems_with_their_bounds() -> None:
    for language in ("ja", "en"):
        words, found = CATALOGUES[language], text(SHOWN, language)
        for said in (*words.transit_bounds, *words.mbta_bounds, words.transit, words.mbta):
            assert said in found
    assert "96.1%" in text(SHOWN)
    assert "97.4%" in text(SHOWN)
    assert "–" in text(SHOWN)  # nothing was counted there
    assert len(BUCKETS) == len(BINS) == 4


def test_the_page_says_how_far_off_and_which_way() -> None:
    assert "42秒" in text(SHOWN)
    assert "平均して7秒早く来ました。" in text(SHOWN)
    late = replace(SHOWN, whole=replace(FIGURES, bias_s=12.0))
    assert "On average buses came 12 s later than told." in text(late, "en")
    even = replace(SHOWN, whole=replace(FIGURES, bias_s=0.2))
    assert "平均して" not in text(even)


def test_lines_and_stops_are_named_and_lead_to_their_own_page() -> None:
    html = page(SHOWN, "en")

    assert '<a href="/accuracy?lang=en&amp;route=r%261">North</a>' in html
    assert '<a href="/accuracy?lang=en&amp;stop=2_01">Town Hall</a>' in html
    assert "北線&lt;1&gt;" in page(SHOWN)


def test_a_page_of_one_stop_leads_back_to_the_whole() -> None:
    one = page(replace(SHOWN, about=Text("役場", "Town Hall"), stops=()), "en")

    assert "<h2>Town Hall</h2>" in one
    assert "Show everything" in one
    assert "Show everything" not in page(SHOWN, "en")


def test_without_records_the_page_says_so_and_shows_no_table() -> None:
    empty = Accuracy(days=7, about=Text(""), whole=NOTHING, routes=(), stops=())

    assert "まだ記録がありません。" in text(empty)
    assert "<table>" not in page(empty)
    assert "<table>" in page(replace(empty, whole=replace(NOTHING, untold=1)))
