"""The admin screen: every journey by the keyboard, and every section usable by everybody."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.keyboard import push, reach, write, write_day
from tests.browser.test_pages import violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]

SECTIONS = [
    "rules", "areas", "calendar", "fares", "places", "members", "vehicles", "timetables",
    "devices", "signs", "messages", "staff", "audit",
]  # fmt: skip
KEYS = "123456789abcd"


def today_of(page: Page) -> dt.date:
    """Return the town's day."""
    return dt.date.fromisoformat(ask(page, "/api/v1/rules")["date"])


def ask(page: Page, path: str) -> Any:  # noqa: ANN401 -- a body of the API
    answer = page.context.request.get(path)
    assert answer.ok, answer.text()
    return answer.json()


def test_a_rule_is_drafted_checked_and_put_in_force(new_page: NewPage) -> None:
    page = new_page("/admin", name="admin")
    push(page, page.get_by_role("button", name="変更の案を作る").first)
    begins = today_of(page) + dt.timedelta(days=300)  # a far day disturbs no other test
    write_day(page, page.get_by_label("いつから"), begins.isoformat())
    write(page, page.get_by_label("終わり", exact=True), "15:00")
    push(page, page.get_by_role("button", name="案を作って確かめる"))
    expect(page.get_by_role("row", name="終わり")).to_contain_text("15:00")
    assert violations(page) == []
    assert closing(page, begins) == ["17:00"]
    push(page, page.get_by_role("button", name="この変更を実施する"))
    expect(page.get_by_text("実施しました。")).to_be_visible()
    assert closing(page, begins) == ["15:00"]


def closing(page: Page, day: dt.date) -> list[str]:
    """Return when vehicles stop on a day, by the rules that hold then."""
    return [rule["to"] for rule in ask(page, f"/api/v1/rules?date={day}")["hours"]]


def test_an_area_is_drawn_by_its_corners_and_drafted(new_page: NewPage) -> None:
    page = new_page("/admin#areas/new", name="admin")
    write(page, page.get_by_label("記号"), "north")
    write(page, page.get_by_label("名前", exact=True), "北の区域")
    write(page, page.get_by_label("英語の名前"), "North")
    begins = today_of(page) + dt.timedelta(days=310)
    write_day(page, page.get_by_label("いつから"), begins.isoformat())
    for _ in range(3):
        push(page, page.get_by_role("button", name="点を足す"))
    for number, (lat, lon) in enumerate([(34.7, 133.5), (34.7, 134.0), (35.0, 133.7)], 1):
        write(page, page.get_by_label(f"点{number} 緯度"), str(lat))
        write(page, page.get_by_label(f"点{number} 経度"), str(lon))
    page.keyboard.press("Tab")
    expect(page.get_by_text("km²")).to_be_visible()
    corner = page.get_by_role("button", name="点1 34.7, 133.5")
    reach(page, corner)
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("点1 緯度")).to_have_value("34.70045")
    assert violations(page) == []
    push(page, page.get_by_role("button", name="案を作って、影響を確かめる"))
    expect(page.get_by_text("案を作りました。")).to_be_visible()
    expect(page.get_by_text("受けられなくなる予約")).to_be_visible()
    push(page, page.get_by_role("button", name="捨てる"))
    expect(page.get_by_text("案を捨てました。")).to_be_visible()
    assert ask(page, f"/api/v1/rules?date={begins}")["zones"] == []


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_in_any_section(new_page: NewPage, language: str, look: str) -> None:
    page = new_page("/admin", name="admin", language=language, look=look)
    for key, section in zip(KEYS, SECTIONS, strict=True):
        expect(page.locator("main h2")).not_to_be_empty()
        page.keyboard.press(key)
        page.wait_for_url(f"**/admin#{section}")
        expect(page.get_by_text("読みこみ中です…")).to_have_count(0)
        page.wait_for_timeout(500)
        assert violations(page) == [], section
    assert page.evaluate("document.documentElement.classList.contains('night')") is (look == "dark")
