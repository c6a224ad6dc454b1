"""The admin screen: everybody can use every section."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPage
from tests.browser.test_pages import violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
]

SECTIONS = ["rules", "fares", "members", "timetables", "devices", "messages"]


@pytest.mark.parametrize("language", ["ja"])
def test_axe_finds_nothing_in_any_section(new_page: NewPage, language: str) -> None:
    page = new_page("/admin", name="admin", language=language)
    for number, section in enumerate(SECTIONS, 1):
        expect(page.locator("main h2")).not_to_be_empty()
        page.keyboard.press(str(number))
        page.wait_for_url(f"**/admin#{section}")
        page.wait_for_timeout(1000)
        assert violations(page) == [], section
