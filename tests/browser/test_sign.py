"""A sign never lies: what it shows live, cut off for a day, in an emergency, and how it is."""

from __future__ import annotations

import gzip
import re
import time
from math import hypot
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, WebSocketRoute, expect

from tests.browser.conftest import PROJECT, NewPage
from tests.browser.test_pages import AXE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
]

Row = dict[str, Any]

STOP = "1"
TV = (1920, 1080)
SIGN_KIB_MAX = 25
DAY_S = 24 * 3600

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
# The service's time as the sign reckons it without asking anybody.
NOW = """
() => {
  const { now, at, speed } = JSON.parse(localStorage.getItem('clock'));
  return now + (Date.now() / 1000 - at) * speed;
}
"""


def asked(page: Page, path: str) -> Any:  # noqa: ANN401 -- JSON
    answer = page.context.request.get(f"/api/v1{path}")
    assert answer.ok, answer.text()
    return answer.json()


def needed_px(inches: float, distance_m: float) -> float:
    """Return the size of letters the guideline asks for, worked out by hand from screens.md."""
    mm_per_px = inches * 25.4 / hypot(*TV)
    height_mm = {2: 9, 5: 20, 10: 40, 20: 80}[int(distance_m)]
    return height_mm / mm_per_px / 0.9


def readable(page: Page) -> list[str]:
    """Return what axe finds, with 7:1 asked for."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "axe.run(document, {rules: {'color-contrast-enhanced': {enabled: true}}})"
    )
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]


class Line:
    """The network of a page, which can be cut: what it asks, and what it listens to."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._links: list[WebSocketRoute] = []
        self._is_cut = False
        page.route_web_socket("**/ws/live", self._open)

    def _open(self, link: WebSocketRoute) -> None:
        if self._is_cut:
            link.close()
            return
        link.connect_to_server()
        self._links.append(link)

    def cut(self) -> None:
        self._is_cut = True
        for link in self._links:
            link.close()
        self._page.context.set_offline(True)

    def mend(self) -> None:
        self._is_cut = False
        self._page.context.set_offline(False)


def on_a_fake_clock(new_page: NewPage) -> tuple[Page, Line]:
    """Open the sign, on a clock that the test moves; it knows the timetable."""
    page = new_page("/login", size=TV)
    line = Line(page)
    page.clock.install()
    page.goto(f"/signage/{STOP}")
    expect(page.locator(".state.live")).to_be_visible(timeout=30_000)
    page.wait_for_function(f"localStorage.getItem('timetable:{STOP}') !== null")
    return page, line


@pytest.mark.parametrize(
    ("inches", "distance_m"), [(21.5, 5), (27, 5), (32, 10), (43, 10), (55, 20), (32, 2)]
)
def test_every_text_is_as_large_as_its_distance_asks(
    new_page: NewPage, inches: float, distance_m: float
) -> None:
    page = new_page(f"/signage/{STOP}?inches={inches}&distance={distance_m}", size=TV)
    expect(page.locator("li").first).to_be_visible(timeout=15_000)
    for _ in range(2):
        found = page.evaluate(TEXTS)
        large = [one for one in found if one[0] != "small"]
        small = [one for one in found if one[0] == "small"]
        assert {"clock", "number"} <= {one[0].split()[0] for one in large}, large
        assert min(one[2] for one in large) >= needed_px(inches, distance_m), large
        assert min(one[2] for one in small) >= needed_px(inches, 2), small
        assert not page.evaluate("document.documentElement.scrollHeight > innerHeight")
        expect(page.locator("footer")).to_have_attribute("lang", re.compile("ja|en"))
        was = page.locator("footer").get_attribute("lang")
        expect(page.locator("footer")).not_to_have_attribute("lang", was or "", timeout=12_000)


def shown_is_planned(page: Page, kept: dict[str, Any]) -> bool:
    """Say whether the first row is the next departure by the timetable at the clock of the sign."""
    now: float = page.evaluate(NOW)
    ahead = [one for one in kept["departures"] if now - 30 < one[0]]
    first = page.locator("li .big, li .cancel").first.inner_text()
    times = {time.strftime("%-H:%M", time.gmtime(one[0] + 9 * 3600)) for one in ahead[:3]}
    return first in times


def test_without_any_timetable_left_it_says_whom_to_call(new_page: NewPage) -> None:
    page, line = on_a_fake_clock(new_page)
    line.cut()
    page.clock.fast_forward(15 * DAY_S * 1000)
    page.clock.run_for(1000)
    expect(page.locator(".state.expired")).to_be_visible()
    expect(page.locator("main")).to_have_text(re.compile("電話でお聞きください|Please telephone"))
    expect(page.locator(".number")).to_have_text(re.compile(r"\d{3}-\d{3}-\d{4}"))
    expect(page.locator("li")).to_have_count(0)
    assert readable(page) == []


def test_a_clock_that_was_set_while_nobody_could_say_the_time_is_not_believed(
    new_page: NewPage,
) -> None:
    page, line = on_a_fake_clock(new_page)
    line.cut()
    shown = page.locator(".clock").inner_text()
    page.clock.set_system_time(page.evaluate("Date.now() / 1000") + 3600)
    page.clock.run_for(2000)
    expect(page.locator(".state.timetable")).to_have_text(re.compile("時計を確認中|Clock in doubt"))
    assert minutes_between(shown, page.locator(".clock").inner_text()) <= 10
    assert page.locator("li.minutes, li.soon").count() == 0


def minutes_between(one: str, other: str) -> int:
    first, second = ([int(part) for part in text.split(":")] for text in (one, other))
    return (second[0] * 60 + second[1] - first[0] * 60 - first[1]) % 1440


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
    expect(page.locator("li").first).to_be_visible(timeout=15_000)
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
            re.compile("避難所|shelter"), timeout=15_000
        )
        assert page.locator("li").count() >= 1
        assert readable(page) == []
        least = min(size for _, _, size in page.evaluate(TEXTS) if size)
        assert least >= needed_px(32, 2)
    finally:
        desk.delete(f"/api/v1/alerts/{made.json()['id']}")
    expect(page.locator(".severe")).to_have_count(0, timeout=15_000)


def test_a_booked_car_is_named_by_its_number_and_never_by_a_name(new_page: NewPage) -> None:
    page = new_page(f"/signage/{STOP}", size=TV)
    expect(page.locator("li").first).to_be_visible(timeout=15_000)
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
    expect(row).to_contain_text(re.compile("加茂川1号車|Kamogawa 1"), timeout=15_000)
    expect(row).to_contain_text("…21")
    expect(row).to_contain_text(re.compile(r"\d+:\d\d[〜–]\d+:\d\d"))
    assert readable(page) == []


def test_the_script_and_style_of_a_sign_are_light() -> None:
    dist = PROJECT / "signage" / "web" / "dist"
    first = set(re.findall(r"/assets/([^\"]+)", (dist / "sign.html").read_text("utf-8")))
    sizes = [len(gzip.compress((dist / "assets" / name).read_bytes(), 9)) for name in first]
    assert 0 < sum(sizes) <= SIGN_KIB_MAX * 1024, sizes
