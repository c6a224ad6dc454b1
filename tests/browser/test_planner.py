"""The planner's journeys: what is chosen is in the address, and every chart can be taken along."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import everywhere, speak, violations
from tests.browser.conftest import NewPage
from tests.browser.keyboard import write
from tests.browser.waiting import settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]

CHARTS = {"when": 2, "where": 2, "who": 4, "promises": 3, "refusals": 3, "buses": 2}
"""The sections with how many charts each has at least."""
# It is opened all the same: the browser refuses unless a click asked for it.
COUNT_CALENDARS = """
() => {
  window.calendars = [];
  const open = HTMLInputElement.prototype.showPicker;
  HTMLInputElement.prototype.showPicker = function () {
    open.call(this);
    window.calendars.push(this);
  };
}
"""
MONTH = "from=2026-11-01&to=2026-11-30"


def charts(page: Page, least: int) -> list[Locator]:
    """Return the charts of a section once it has so many."""
    expect(page.locator("figure").nth(least - 1)).to_be_visible()
    settled(page)
    return page.locator("figure").all()


def test_a_period_and_filters_are_in_the_address_and_come_back_from_it(new_page: NewPage) -> None:
    page = new_page("/planner", name="planner")
    tiles = page.locator(".tiles")
    everything = tiles.inner_text()
    page.get_by_role("combobox", name="期間").select_option("lastMonth")
    page.get_by_text("しぼりこむ").click()
    page.get_by_role("combobox", name="目的").select_option("medical")
    filtered = page.get_by_text("しぼりこみ: 病院・医院", exact=True)
    expect(filtered).to_be_visible()
    assert re.search(r"\?from=2026-11-01&to=2026-11-30&purpose=medical#?", page.url)
    expect(page.locator(".charts.busy")).to_have_count(0)
    expect(tiles).not_to_have_text(everything, use_inner_text=True)
    chosen = tiles.inner_text()
    assert everywhere(page) == []

    page.reload()
    expect(filtered).to_be_visible()
    expect(tiles).to_have_text(chosen, use_inner_text=True)
    page.go_back()
    page.go_back()
    expect(filtered).to_have_count(0)
    expect(tiles).to_have_text(everything, use_inner_text=True)


def test_a_day_is_typed_and_read_in_the_pages_language(new_page: NewPage) -> None:
    page = new_page(f"/planner?{MONTH}#overview", name="planner")
    begins = page.get_by_label("いつから")
    expect(begins).to_have_value("2026年11月1日(日)")
    write(page, begins, "11/9")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(begins).to_have_value("2026年11月10日(火)")
    page.wait_for_url("**from=2026-11-10*")
    write(page, begins, "あした")
    page.keyboard.press("Tab")
    expect(page.get_by_text("のように、日を入れてください。")).to_be_visible()
    settled(page)
    assert everywhere(page) == []
    write(page, begins, "2026-11-10")
    page.keyboard.press("Tab")
    speak(page, "en")
    expect(page.get_by_role("textbox", name="From")).to_have_value("Tue, 10 Nov 2026")


def test_a_day_is_chosen_from_the_browsers_calendar_by_the_mouse(new_page: NewPage) -> None:
    page = new_page(f"/planner?{MONTH}#overview", name="planner")
    begins = page.get_by_role("textbox", name="いつから", exact=True)
    expect(begins).to_have_value("2026年11月1日(日)")
    page.evaluate(COUNT_CALENDARS)
    page.get_by_title("カレンダーから選ぶ").first.click()
    page.wait_for_function("window.calendars[0]?.value === '2026-11-01'")
    page.locator("input[type=date]").first.fill("2026-11-16")
    expect(begins).to_have_value("2026年11月16日(月)")
    page.wait_for_url("**from=2026-11-16*")


def test_every_chart_says_what_it_is_and_is_taken_along(new_page: NewPage) -> None:
    page = new_page(f"/planner?{MONTH}", name="planner")
    for section, least in CHARTS.items():
        page.evaluate("to => { location.hash = to }", section)
        settled(page)
        for chart in charts(page, least):
            _explained(page, chart)


def _explained(page: Page, chart: Locator) -> None:
    """See that a chart has its sentence, unit, source, definition, table and file."""
    title = chart.locator("h3").inner_text()
    assert title, chart.inner_text()
    expect(chart.locator(".says")).not_to_be_empty()
    expect(chart).to_contain_text("単位: ")
    expect(chart).to_contain_text("出典: ")
    chart.locator(".meaning summary").click()
    expect(chart.locator(".meaning p")).not_to_be_empty()
    with page.expect_download() as saved:
        chart.get_by_role("button", name="CSVで保存").click()
    body = Path(saved.value.path()).read_bytes()
    assert body.startswith(b"\xef\xbb\xbf"), title
    text = body.decode("utf-8-sig")
    assert title in text
    if chart.locator(".data").count():
        chart.locator(".data summary").click()
        first = chart.locator(".data tbody th").first
        expect(first).to_be_visible()
        assert first.inner_text() in text


def test_what_happened_is_written_beside_the_figures_and_printed(new_page: NewPage) -> None:
    page = new_page(f"/planner?{MONTH}#notes", name="planner")
    event = page.locator("form").filter(has=page.get_by_role("heading", name="できごとを書く"))
    event.get_by_label("いつから").fill("2026-11-10")
    event.get_by_label("いつまで").fill("2026-11-11")
    event.get_by_label("内容").fill("試しの初雪")
    event.get_by_role("button", name="書く", exact=True).click()
    expect(page.get_by_text("書きました。", exact=True)).to_be_visible()
    page.evaluate("location.hash = 'overview'")
    expect(page.get_by_text("試しの初雪")).to_be_visible()

    page.evaluate("location.hash = 'booklet'")
    charts(page, 15)
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="印刷する")).to_be_hidden()
    expect(page.locator(".meaning p").first).to_be_visible()
    assert len(page.pdf(format="A4")) > 50_000


def test_a_month_is_closed_and_its_open_data_published(new_page: NewPage) -> None:
    page = new_page("/planner#reports", name="planner")
    page.get_by_label("月", exact=True).fill("2026-11")
    expect(page.get_by_text("2026年11月 速報")).to_be_visible()
    page.get_by_role("button", name="速報として出す").click()
    expect(page.get_by_text("速報として出しました。")).to_be_visible()
    page.get_by_role("button", name="この月を確定する").click()
    assert everywhere(page) == []
    page.get_by_role("dialog").get_by_role("button", name="この月を確定する").click()
    expect(page.get_by_text("2026年11月 確定")).to_be_visible()
    expect(page.get_by_role("button", name="この月を確定する")).to_have_count(0)
    report = page.context.request.get("/api/v1/reports/monthly?month=2026-11&format=html")
    assert "確定" in report.text()

    page.evaluate("location.hash = 'openData'")
    page.get_by_label("月", exact=True).fill("2026-11")
    page.get_by_role("button", name="確かめる").click()
    expect(page.get_by_role("heading", name="2026-11 の第1版")).to_be_visible()
    settled(page)
    assert everywhere(page) == []
    page.get_by_role("button", name="この中身を公開する").click()
    expect(page.get_by_text("公開しました。")).to_be_visible()
    assert page.context.request.get("/feeds/ridership/2026-11.zip").ok


def test_a_study_is_begun_called_off_begun_again_and_compared(new_page: NewPage) -> None:
    page = new_page("/planner#whatIf/new", name="planner")
    page.get_by_label("いつから").fill("2026-11-16")
    page.get_by_label("いつまで").fill("2026-11-16")
    page.get_by_role("button", name="車をふやす", exact=True).click()
    page.get_by_text("細かいこと").click()
    page.get_by_label("何回くりかえすか").fill("2")
    settled(page)
    assert everywhere(page) == []
    page.get_by_role("button", name="ためす", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="やめる", exact=True).click()
    expect(page.get_by_text("とちゅうでやめたので")).to_be_visible()
    page.get_by_role("button", name="はじめから計算する").click()
    expect(page.get_by_role("heading", name="結果")).to_be_visible(timeout=300_000)
    expect(page.get_by_text("今とのちがい").first).to_be_visible()
    settled(page)
    assert everywhere(page) == []

    address = page.url
    page.get_by_role("link", name="一覧へもどる").click()
    expect(page.get_by_role("row", name="終わりました")).to_be_visible()
    other = new_page(f"/planner#{address.split('#')[1]}", name="planner")
    expect(other.get_by_role("heading", name="結果")).to_be_visible()
