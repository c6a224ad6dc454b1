"""The operator's desk in a test: calls that ring, what hands and mind do, times that can be had."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PBX_KEY, NewPage

KEY_S, POINT_S, CLICK_S, HAND_S, THINK_S = 0.28, 1.10, 0.20, 0.40, 1.35
"""Card, Moran and Newell's constants in seconds."""
COUNT = """
window.pressed = 0; window.pointed = 0;
addEventListener('keydown', () => window.pressed++, true);
addEventListener('pointerdown', () => window.pointed++, true);
"""
ids = itertools.count(1)


def asked(page: Page, path: str, body: Any = None) -> Any:  # noqa: ANN401 -- JSON
    """Return the API's answer with the page's own session."""
    call = page.context.request
    answer = call.get(f"/api/v1{path}") if body is None else call.post(f"/api/v1{path}", data=body)
    assert answer.ok, answer.text()
    return answer.json()


def tell(page: Page, call: str, event: str, number: str = "") -> None:
    """Be the exchange that tells of a call."""
    told = page.context.request.post(
        "/api/v1/calls",
        data={"id": call, "event": event, "number": number},
        headers={"Authorization": f"Bearer {PBX_KEY}"},
    )
    assert told.ok, told.text()


@contextmanager
def ringing(page: Page, number: str) -> Iterator[str]:
    """Let somebody call from a number, and ring off at the end."""
    call = f"test-{next(ids)}"
    tell(page, call, "ringing", number)
    try:
        yield call
    finally:
        tell(page, call, "ended")
    page.keyboard.press("F2")
    expect(page.locator("#caller")).to_be_focused()


@dataclass
class Motions:
    """What an operator's hands and mind did; the clicks are those of the page."""

    keys: int = 0
    clicks: int = 0
    thoughts: int = field(kw_only=True)

    @property
    def seconds(self) -> float:
        """By the keystroke-level model; each click is pointed at, with the hand moved there."""
        pointing = self.clicks * (POINT_S + CLICK_S + HAND_S)
        return self.keys * KEY_S + pointing + self.thoughts * THINK_S


@contextmanager
def motions(page: Page, name: str, thoughts: int) -> Iterator[Motions]:
    """Count the motions on a page; `thoughts` is how often the script has to think."""
    made = Motions(thoughts=thoughts)
    page.evaluate("window.pressed = 0; window.pointed = 0")
    yield made
    made.keys, made.clicks = page.evaluate("[window.pressed, window.pointed]")
    sys.stdout.write(f"\n{name}: {made.keys} keys, {made.clicks} clicks, {made.seconds:.2f} s\n")


def opened(new_page: NewPage, width: int = 1366, height: int = 768, **more: str) -> Page:
    """Return the desk of a signed-in operator, with the keyboard in the search box."""
    page = new_page("/operator", name="operator", size=(width, height), **more)
    page.evaluate(COUNT)
    expect(page.locator("header .link")).to_contain_text("●")
    expect(page.locator("#caller")).to_be_focused()
    return page


def riders(page: Page) -> list[dict[str, Any]]:
    """Return members with a home and a favourite whose telephone is theirs alone."""
    found = sorted(asked(page, "/riders?q=karin&limit=50"), key=lambda one: int(one["id"]))
    phones = [rider["phone"] for rider in found]
    return [
        rider
        for rider in found
        if rider["favourites"] and rider["home_place"] and phones.count(rider["phone"]) == 1
    ]


def a_time(
    page: Page,
    origin: int,
    destination: int,
    later_min: int = 0,
    rider: int | None = None,
    after: str | None = None,
) -> str:
    """Return a time as typed, on the half hour, at which there is a ride today.

    It is later than an hour from now, or than the time `after`, by so many minutes.
    """
    now = asked(page, "/clock")["now"] + 9 * 3600
    first = int(now % 86400 // 1800) + 3
    if after:
        first = int(after[:2]) * 2 + int(after[2:]) // 30
    first += later_min // 30
    for half_hours in range(first, 34):
        time = f"{half_hours // 2:02d}:{half_hours % 2 * 30:02d}"
        body = {"origin": origin, "destination": destination, "time": time, "rider_id": rider}
        if asked(page, "/quotes", body)["offers"]:
            return time.replace(":", "")
    pytest.skip("the town's day is over")


def way(rider: dict[str, Any]) -> tuple[int, int]:
    return rider["home_place"]["id"], rider["favourites"][0]["place"]["id"]


def take_first_offer(page: Page) -> None:
    expect(page.locator("#offers")).to_be_focused()
    expect(page.locator("#offer-0")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_be_focused()


def today(page: Page) -> str:
    return str(asked(page, "/clock")["service_date"])
