"""The server goes away in the middle of the morning: nothing is lost, nothing is booked twice."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations
from tests.browser.conftest import NewPage
from tests.browser.desk import asked, opened, riders, today, way

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]


API = "**/api/**"
KEPT = "JSON.parse(localStorage.getItem('operator-drafts') ?? '[]')"


def next_day(page: Page) -> str:
    """Return the next day on which the town runs: tomorrow, but after a Friday."""
    now = date.fromisoformat(today(page))
    first, last = now + timedelta(days=1), now + timedelta(days=10)
    days = asked(page, f"/calendar?from={first}&to={last}")
    return next(str(day["date"]) for day in days if day["opens"])


def typed(day: str) -> str:
    """Return a day as it is typed in the booking line."""
    return f"{int(day[5:7])}/{int(day[8:])}"


def a_free_time(page: Page, rider: dict[str, Any], day: str, first: int = 18) -> str:
    """Return a time as typed at which there is a ride on a day, from a half hour of it on."""
    origin, destination = way(rider)
    for half_hours in range(first, 33):
        time = f"{half_hours // 2:02d}:{half_hours % 2 * 30:02d}"
        body = {"origin": origin, "destination": destination, "time": time, "date": day}
        offers = asked(page, "/quotes", body | {"rider_id": rider["id"]})["offers"]
        if any(offer["kind"] == "asked" for offer in offers):
            return time.replace(":", "")
    raise AssertionError(f"no ride on {day}")


def take(page: Page, rider: dict[str, Any]) -> None:
    """Find somebody by their member number while the server is there."""
    page.keyboard.press("F3")
    page.keyboard.type(rider["number"])
    expect(page.locator("#caller-list [role=option]").first).to_contain_text(rider["name"])
    page.keyboard.press("Enter")
    expect(page.locator("#to")).to_be_focused()


def cut(page: Page) -> None:
    """Take the server away: no question gets an answer."""
    page.route(API, lambda route: route.abort())


def of_day(page: Page, day: str, names: set[str]) -> list[dict[str, Any]]:
    return [
        one
        for one in asked(page, f"/bookings?date={day}")
        if (one["rider"]["name"] if one["rider"] else one["contact_name"]) in names
    ]


def test_three_drafts_are_booked_or_listed_and_none_is_doubled(new_page: NewPage) -> None:
    desk = opened(new_page)
    day = next_day(desk)
    member, other = riders(desk)[9:11]
    time = a_free_time(desk, member, day)
    guest_time = a_free_time(desk, other, day, 22)
    place = asked(desk, f"/places?q={other['favourites'][0]['place']['name']}&limit=1")[0]
    desk.reload()  # the public places are kept at the start
    expect(desk.locator("#caller")).to_be_focused()
    take(desk, member)
    cut(desk)

    # The member whose card is open: what was typed is in the draft, Enter keeps it.
    desk.keyboard.press("1")
    desk.keyboard.type(f"{typed(day)} {time}")
    desk.keyboard.press("Enter")
    expect(desk.locator("dialog")).to_be_visible()
    assert violations(desk) == []
    desk.keyboard.press("Enter")
    expect(desk.locator("dialog")).to_be_hidden()
    expect(desk.get_by_text("下書きに残しました")).to_be_visible()

    # A guest by names alone, and somebody to a place that is none.
    for name, to, when in (
        ("仮名 一郎", place["name"], guest_time),
        ("仮名 二郎", "どこでもない所", "1000"),
    ):
        desk.keyboard.press("Shift+F4")
        expect(desk.locator("dialog")).to_be_visible()
        desk.keyboard.type(name)
        desk.keyboard.press("Tab")
        desk.keyboard.type("000-555-0001")
        for written in (member["favourites"][0]["place"]["name"], to):
            desk.keyboard.press("Tab")
            desk.keyboard.type(written)
            last = desk.locator("dialog [role=listbox]:not([hidden]) [role=option]").last
            expect(last).to_contain_text(written)
            desk.keyboard.press("ArrowUp")
            desk.keyboard.press("Enter")
        desk.keyboard.press("Tab")
        desk.keyboard.type(f"{typed(day)} {when}")
        desk.keyboard.press("Enter")
        expect(desk.locator("dialog")).to_be_hidden()
    expect(desk.locator("#drafts [role=option]")).to_have_count(3)
    expect(desk.get_by_text("サーバーから返事がありません").first).to_be_visible()
    assert violations(desk) == []

    # The first booking arrives, but its answer is lost: it is asked for again, by the same key.
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route.request.headers["idempotency-key"])
        route.fetch()
        return route.abort()

    desk.route("**/api/v1/bookings", lose_the_first)
    desk.unroute(API)
    expect(desk.locator("#drafts .waiting")).to_have_count(0)
    assert len(lost) == 1

    states = dict(desk.evaluate(f"{KEPT}.map(one => [one.name, one.state])"))
    assert states[member["name"]] == "booked"
    assert states["仮名 二郎"] == "conflict"
    made = of_day(desk, day, set(states))
    mine = [one for one in made if one["rider"] and one["rider"]["id"] == member["id"]]
    assert len([one for one in mine if one["pickup_from"][11:16].replace(":", "") == time]) == 1
    guests = [one["contact_name"] for one in made if not one["rider"]]
    assert guests == (["仮名 一郎"] if states["仮名 一郎"] == "booked" else [])

    # The conflict is opened at the desk, with its caller.
    desk.keyboard.press("Shift+F4")
    expect(desk.locator("#drafts")).to_be_focused()
    desk.keyboard.press("1")
    expect(desk.locator("#caller")).to_have_value(re.compile("仮名"))
    expect(desk.locator("#from")).to_be_focused()  # a place that was only written down


def test_drafts_outlive_the_page_and_a_removal_can_be_undone(new_page: NewPage) -> None:
    desk = opened(new_page)
    cut(desk)
    desk.keyboard.press("Shift+F4")
    expect(desk.locator("dialog")).to_be_visible()
    desk.locator("dialog").get_by_label("名前").fill("仮名 三郎")
    for box in ("#draft-origin", "#draft-destination"):
        desk.locator(box).fill(f"書いた所{box}")
        expect(desk.locator(f"{box}-list [role=option]").last).to_contain_text("書いた所")
        desk.locator(box).press("Enter")
    desk.locator("#draft-when").fill("明日 1000")
    desk.locator("#draft-when").press("Enter")
    expect(desk.locator("#drafts [role=option]")).to_have_count(1)
    desk.emulate_media(media="print")
    expect(desk.get_by_role("cell", name="仮名 三郎", include_hidden=True)).to_be_visible()
    desk.emulate_media(media="screen")

    desk.unroute(API)
    desk.reload()
    expect(desk.locator("#drafts .conflict")).to_have_count(1)
    desk.locator("#drafts").focus()
    desk.keyboard.press("2")
    expect(desk.locator("#drafts [role=option]")).to_have_count(0)
    desk.keyboard.press("3")
    expect(desk.locator("#drafts [role=option]")).to_have_count(1)


def test_a_server_that_never_answers_is_away_and_comes_back_without_a_draft(
    new_page: NewPage,
) -> None:
    desk = opened(new_page)
    day = next_day(desk)
    take(desk, riders(desk)[11])
    away = desk.get_by_text("いまは予約できません")
    cut(desk)
    desk.keyboard.press("1")
    desk.keyboard.type(f"{typed(day)} 1000")
    desk.keyboard.press("Enter")
    expect(desk.locator("dialog")).to_be_visible()
    expect(away).to_be_visible()
    desk.keyboard.press("Escape")
    desk.unroute(API)
    expect(away).to_be_hidden()

    # This time it takes the question and says nothing: that is no answer, either.
    desk.clock.install()
    desk.route(API, lambda _route: None)
    desk.locator("#time").press("Enter")
    desk.clock.fast_forward(21_000)
    expect(desk.locator("dialog")).to_be_visible()
    expect(away).to_be_visible()
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("下書きに残しました")).to_be_visible()
    desk.keyboard.press("Shift+F4")  # the next caller's, while the first is still on its way
    expect(desk.locator("dialog")).to_be_visible()
