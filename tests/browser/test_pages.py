"""Pages can be used by everybody: a sign from afar, without its server; a map without seeing it."""

from __future__ import annotations

from math import hypot

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
]

# All in one go: on a fast clock a row may leave between two questions.
SIZES = """
texts => texts.map(text => [...document.querySelectorAll(text)]
  .map(one => parseFloat(getComputedStyle(one).fontSize)))
"""


@pytest.mark.parametrize(("inches", "distance_m"), [(32, 5), (32, 10), (43, 10), (55, 10)])
def test_a_sign_can_be_read_from_its_distance(
    new_page: NewPage, inches: int, distance_m: int
) -> None:
    address = f"/signage/1?inches={inches}&distance={distance_m}"
    page = new_page(address, size=(1920, 1080))
    expect(page.locator("li").first).to_be_visible()
    mm_per_px = inches * 25.4 / hypot(1920, 1080)
    needed = 4 * distance_m / mm_per_px / 0.9
    texts = ["h1", ".clock", ".headsign", ".badge span", ".wait .big, .wait .words, .cancel"]
    sizes = page.evaluate(SIZES, texts)
    assert all(sizes), sizes
    assert min(size for of_text in sizes for size in of_text) >= needed, sizes
    overflow = page.evaluate("document.documentElement.scrollHeight > innerHeight")
    assert not overflow


def test_a_sign_started_without_its_server_shows_what_it_knew(new_page: NewPage) -> None:
    page = new_page("/signage/1")
    expect(page.locator("li").first).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("li").first).to_be_visible()


def test_a_person_who_cannot_see_the_map_reads_the_same(new_page: NewPage) -> None:
    page = new_page("/monitor", name="dispatcher", size=(1920, 1080))
    for plan in page.context.request.get("/api/v1/plan").json()["vehicles"]:
        expect(page.get_by_role("button", name=plan["name"]).last).to_contain_text("乗車")
    page.keyboard.press("1")
    expect(page.locator("button[aria-pressed=true]").first).to_be_visible()


COUNT_CLOSED = """
  window.closed_ones = 0;
  const close = WebSocket.prototype.close;
  WebSocket.prototype.close = function () { window.closed_ones += 1; return close.apply(this); };
"""


@pytest.mark.parametrize(
    ("path", "name"),
    [("/admin", "admin"), ("/monitor", "dispatcher"), ("/operator", "operator")],
)
def test_a_page_stays_connected_in_another_language(
    new_page: NewPage, path: str, name: str
) -> None:
    page = new_page(path, name=name)
    page.add_init_script(COUNT_CLOSED)
    page.reload()
    expect(page.get_by_role("status").filter(has_text="接続").first).to_contain_text("●")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("status").filter(has_text="Connected").first).to_contain_text("●")
    assert page.evaluate("window.closed_ones") == 0
