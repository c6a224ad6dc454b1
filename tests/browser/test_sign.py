"""A sign never lies: what it shows live, in an emergency, and what it says aloud."""

from __future__ import annotations

import gzip
import re

import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.conftest import PROJECT, NewPage
from tests.browser.signs import LONG_MS, STOP, TV, asked, needed_px, on_a_fake_clock, readable
from tests.browser.waiting import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
]

SIGN_KIB_MAX = 25

# Every text with the size it really has on the panel.  Small print is read from two metres: whom
# one calls, notices, when the data is from, the button.
TEXTS = """
() => {
  const sizes = [];
  const all = document.createTreeWalker(document.querySelector('.sign'), NodeFilter.SHOW_TEXT);
  for (let text = all.nextNode(); text; text = all.nextNode()) {
    const of = text.parentElement;
    if (!text.data.trim() || of.closest('rt, rp') || of.getClientRects().length === 0) continue;
    const small = of.closest('.label, .notice, .state.live, button');
    const px = parseFloat(getComputedStyle(of).fontSize);
    sizes.push([small ? 'small' : of.className || of.tagName, text.data.trim(), px]);
  }
  return sizes;
}
"""


# So much stays free around the board wherever it stands against burnt-in pictures.
BEZEL_PX = 8
FREE = """
() => {
  const sign = document.querySelector('.sign');
  const free = ['-8px -8px', '8px 8px'].flatMap(to => {
    sign.style.translate = to;
    return ['header', 'footer', 'footer img'].flatMap(one => {
      const box = document.querySelector(one)?.getBoundingClientRect();
      return box ? [box.top, innerHeight - box.bottom, box.left, innerWidth - box.right] : [];
    });
  });
  return Math.min(...free);
}
"""
CUT = "document.querySelector('main').scrollHeight - document.querySelector('main').clientHeight"


@pytest.mark.parametrize(
    ("inches", "distance_m"), [(21.5, 5), (27, 5), (32, 10), (43, 10), (55, 20), (32, 2)]
)
def test_every_text_is_as_large_as_its_distance_asks(
    new_page: NewPage, inches: float, distance_m: float
) -> None:
    page = new_page(f"/signage/{STOP}?inches={inches}&distance={distance_m}", size=TV)
    expect(page.locator("li").first).to_be_visible(timeout=LONG_MS)
    for _ in range(2):
        found = page.evaluate(TEXTS)
        large = [one for one in found if one[0] != "small"]
        small = [one for one in found if one[0] == "small"]
        assert {"clock", "number"} <= {one[0].split()[0] for one in large}, large
        assert min(one[2] for one in large) >= needed_px(inches, distance_m), large
        assert min(one[2] for one in small) >= needed_px(inches, 2), small
        assert not page.evaluate("document.documentElement.scrollHeight > innerHeight")
        assert page.evaluate(FREE) >= BEZEL_PX
        assert page.evaluate(CUT) <= 0
        expect(page.locator("footer")).to_have_attribute("lang", re.compile("ja|en"))
        was = page.locator("footer").get_attribute("lang")
        expect(page.locator("footer")).not_to_have_attribute("lang", was or "", timeout=LONG_MS)


def test_the_alternation_never_hides_the_minutes(new_page: NewPage) -> None:
    page, _ = on_a_fake_clock(new_page)
    seen = set()
    for _ in range(12):
        seen.add(page.locator("footer").get_attribute("lang"))
        assert page.locator("li .wait").first.is_visible()
        assert page.locator("li .big, li .words, li .cancel").first.inner_text() != ""
        assert page.locator(".clock").is_visible()
        page.clock.run_for(2000)
    assert seen == {"ja", "en"}


def test_an_emergency_stands_above_the_buses_until_it_is_over(new_page: NewPage) -> None:
    page = new_page(f"/signage/{STOP}", size=TV)
    expect(page.locator("li").first).to_be_visible(timeout=LONG_MS)
    desk = new_page("/login", name="dispatcher").context.request
    alert = {
        "header": "大雨のため、全線で運休しています。", "header_en": "No bus runs: heavy rain.",
        "text": "役場を避難所として開けています。", "text_en": "The town hall is a shelter.",
        "severity": "severe", "stops": [STOP], "minutes": 600,
    }  # fmt: skip
    made = desk.post("/api/v1/alerts", data=alert)
    assert made.ok, made.text()
    try:
        expect(page.locator(".severe")).to_contain_text(
            re.compile("避難所|shelter"), timeout=LONG_MS
        )
        assert page.locator("li").count() >= 1
        assert readable(page) == []
        least = min(size for _, _, size in page.evaluate(TEXTS) if size)
        assert least >= needed_px(32, 2)
    finally:
        desk.delete(f"/api/v1/alerts/{made.json()['id']}")
    expect(page.locator(".severe")).to_have_count(0, timeout=LONG_MS)


def test_a_booked_car_is_named_by_its_number_and_never_by_a_name(new_page: NewPage) -> None:
    page = new_page(f"/signage/{STOP}", size=TV)
    expect(page.locator("li").first).to_be_visible(timeout=LONG_MS)
    board = asked(page, f"/stops/{STOP}/departures")
    car = {
        "id": "x", "vehicle": "加茂川1号車", "vehicle_en": "Kamogawa 1", "arrived": False,
        "planned": board["now"] + 900, "window_from": board["now"] + 600,
        "window_to": board["now"] + 1500, "digits": "21",
    }  # fmt: skip

    def with_car(route: Route, request: Request) -> None:
        answer = route.fetch()
        route.fulfill(json={**answer.json(), "reserved": [car]})

    page.route("**/departures?*", with_car)
    page.reload()
    row = page.locator("li.reserved")
    expect(row).to_contain_text(re.compile("加茂川1号車|Kamogawa 1"), timeout=LONG_MS)
    expect(row).to_contain_text("…21")
    expect(row).to_contain_text(re.compile(r"\d+:\d\d[〜–]\d+:\d\d"))
    assert readable(page) == []


def test_the_board_is_spoken_at_the_press_of_a_button(new_page: NewPage) -> None:
    page = new_page(f"/signage/{STOP}", size=TV)
    expect(page.locator("li").first).to_be_visible(timeout=LONG_MS)
    page.evaluate("""
      () => {
        window.said = [];
        speechSynthesis.speak = sentence => void window.said.push(sentence.text);
      }
    """)
    page.keyboard.press("F8")
    until(page, "window.said.length === 1")
    assert re.match("かみたけです。|カミタケです。", page.evaluate("window.said[0]"))
    page.get_by_role("button").click()
    until(page, "window.said.length === 2")


def test_the_script_and_style_of_a_sign_are_light() -> None:
    dist = PROJECT / "signage" / "web" / "dist"
    first = set(re.findall(r"/assets/([^\"]+)", (dist / "sign.html").read_text("utf-8")))
    paired = next((dist / "assets").glob("device.svelte-*.js")).name  # what a paired one loads too
    files = [dist / "assets" / name for name in {*first, paired}]
    sizes = [len(gzip.compress(file.read_bytes(), 9)) for file in files]
    assert len(sizes) >= 3
    assert sum(sizes) <= SIGN_KIB_MAX * 1024, sizes
