"""A sign without its server: a minute, a day, two weeks, and from the start."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.signs import LONG_MS, STOP, TV, asked, on_a_fake_clock, readable
from tests.browser.waiting import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
]


COLD_MS = 1000
DAY_S = 24 * 3600

# The service's time as the sign reckons it without asking anybody.
NOW = """
() => {
  const { now, at, speed } = JSON.parse(localStorage.getItem('clock'));
  return now + (Date.now() / 1000 - at) * speed;
}
"""


def test_a_day_without_its_server_shows_the_timetable_and_half_a_minute_with_it_is_enough(
    new_page: NewPage,
) -> None:
    page, line = on_a_fake_clock(new_page)
    kept = asked(page, f"/stops/{STOP}/timetable")

    line.cut()
    page.clock.run_for(95_000)
    expect(page.locator(".state.stale")).to_have_text(re.compile("1分前の情報|1 min ago"))
    page.clock.run_for(4 * 60_000)
    expect(page.locator(".state.timetable")).to_be_visible()
    assert shown_is_planned(page, kept)
    page.clock.fast_forward(DAY_S * 1000)
    page.clock.run_for(1000)
    expect(page.locator(".state.timetable")).to_have_text(
        re.compile("通信できません|No connection")
    )
    assert shown_is_planned(page, kept)
    assert page.locator("li.minutes, li.soon").count() == 0

    line.mend()
    waited_s = 0
    while page.locator(".state.live").count() == 0:
        assert waited_s < 30, page.locator(".state").inner_text()
        page.clock.run_for(1000)
        page.wait_for_timeout(100)
        waited_s += 1


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


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_on_a_sign_live_or_cut_off(new_page: NewPage, language: str) -> None:
    page, line = on_a_fake_clock(new_page)
    turn_to(page, language)
    assert readable(page) == []
    line.cut()
    for state, ms in (("stale", 95_000), ("timetable", 240_000)):
        page.clock.run_for(ms)
        expect(page.locator(f".state.{state}")).to_be_visible()
        turn_to(page, language)
        assert readable(page) == []


def turn_to(page: Page, language: str) -> None:
    if page.locator("footer").get_attribute("lang") != language:
        page.clock.run_for(8000)
    expect(page.locator("footer")).to_have_attribute("lang", language)


def test_a_sign_starts_within_a_second_without_its_server(new_page: NewPage) -> None:
    page = new_page(f"/signage/{STOP}", size=TV)
    expect(page.locator("li").first).to_be_visible(timeout=LONG_MS)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    until(
        page,
        "caches.open('sign-2').then(kept => kept.match('/signage/-')).then(found => !!found)",
    )
    page.context.set_offline(True)
    # In seconds of the browser itself, so that a busy test runner adds nothing.
    page.context.add_init_script("""
      new MutationObserver(() => {
        if (!window.shown && document.querySelector('li')) window.shown = performance.now();
      }).observe(document, { childList: true, subtree: true });
    """)
    found = []
    for _ in range(3):
        fresh = page.context.new_page()
        fresh.goto(f"/signage/{STOP}")
        expect(fresh.locator("li").first).to_be_visible(timeout=LONG_MS)
        found.append(fresh.evaluate("window.shown"))
        fresh.close()
    assert min(found) <= COLD_MS, found
