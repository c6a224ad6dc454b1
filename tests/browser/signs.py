"""A sign in a test: how large its letters have to be, its cable pulled, its clock moved."""

from __future__ import annotations

from math import hypot
from typing import Any

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.axe import violations
from tests.browser.conftest import NewPage
from tests.browser.waiting import LONG_S, until

Row = dict[str, Any]

STOP = "1"
TV = (1920, 1080)
LONG_MS = LONG_S * 1000


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
    return violations(page, enhanced=True)


class Line:
    """The network of a page, which can be cut: what it asks, and what it listens to."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._links: list[WebSocketRoute] = []
        self._is_cut = False
        self._asked = 0
        page.on("request", lambda _: self._count(1))
        page.on("requestfinished", lambda _: self._count(-1))
        page.on("requestfailed", lambda _: self._count(-1))
        page.route_web_socket("**/ws/live", self._open)

    def _open(self, link: WebSocketRoute) -> None:
        if self._is_cut:
            link.close()
            return
        link.connect_to_server()
        self._links.append(link)

    def _count(self, by: int) -> None:
        self._asked += by

    def cut(self) -> None:
        """Cut it once nothing is under way: what was answered before would come after."""
        while self._asked > 0:
            self._page.wait_for_timeout(20)
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
    expect(page.locator(".state.live")).to_be_visible(timeout=LONG_MS)
    until(page, f"localStorage.getItem('timetable:{STOP}') !== null")
    return page, line
