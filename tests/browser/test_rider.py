"""Riders and their families: how the ride stands, cancelling, booking in a few taps, no signal."""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Page, Route, expect

from tests.browser.axe import everywhere, violations
from tests.browser.conftest import PROJECT, NewPage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
]

DIST = PROJECT / "signage" / "web" / "dist"
FIRST_VIEW_BYTES = 20 * 1024
PHONE, NARROW = (390, 844), (320, 640)
AHEAD_DAYS = 7
CUT_OFF = """
() => [...document.querySelectorAll('header *, main *')].filter(one => {
  const box = one.getBoundingClientRect();
  if (box.width < 2 || one.closest('svg') || one.classList.contains('unseen')) return false;
  return box.right > innerWidth + 1 || box.left < -1;
}).map(one => one.outerHTML.slice(0, 120))
"""
SMALL = """
() => [...document.querySelectorAll('button, a.button, select, .phone, .bar a')]
  .filter(one => one.offsetParent && one.getBoundingClientRect().height < 55.5)
  .map(one => one.outerHTML.slice(0, 120))
"""
READABLE = {"ride": "dl", "stop": "main li"}
SLOW_LINE = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 50_000,
    "uploadThroughput": 50_000,
}
# What came over the line before it could be read, page, script, style and answers, and when.
LOADED = """
() => {
  const came = ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind));
  return {
    seconds: performance.now() / 1000,
    bytes: came.reduce((sum, one) => sum + one.encodedBodySize, 0),
  };
}
"""
COUNT_TAPS = "addEventListener('click', () => window.taps = (window.taps ?? 0) + 1, true)"

SLOW = {"speed": 1, "timezone": "Asia/Tokyo", "service_date": "", "demo": False}

_riders = count(40)
_keys = count()


@pytest.fixture
def desk(new_page: NewPage) -> APIRequestContext:
    """The booking desk, in a browser of its own."""
    return new_page("/login", name="operator").context.request


def key() -> dict[str, str]:
    return {"Idempotency-Key": f"rider-test-{next(_keys)}"}


def rider(desk: APIRequestContext) -> dict[str, Any]:
    """Return a member whom no other test knows."""
    found = desk.get("/api/v1/riders", params={"q": f"{1001 + next(_riders)}", "limit": 1})
    (one,) = found.json()
    known: dict[str, Any] = one
    return known


def days(desk: APIRequestContext) -> Iterator[str]:
    """Yield the days after today: one of them is no holiday."""
    today = date.fromisoformat(desk.get("/api/v1/clock").json()["service_date"])
    for n in range(1, AHEAD_DAYS + 1):
        yield (today + timedelta(days=n)).isoformat()


def booked(desk: APIRequestContext, one: dict[str, Any]) -> dict[str, Any]:
    """Have the desk book the member a ride from home, on the next day there is service."""
    trip = {
        "origin": one["home_place"]["id"],
        "destination": one["favourites"][0]["place"]["id"],
        "time": "10:00",
        "rider_id": one["id"],
    }
    for day in days(desk):
        offers = desk.post("/api/v1/quotes", data=trip | {"date": day}).json()["offers"]
        if offers:
            body = {"offer": offers[0]["token"], "rider_id": one["id"]}
            made = desk.post("/api/v1/bookings", data=body, headers=key())
            assert made.ok, made.text()
            found: dict[str, Any] = made.json()
            return found
    pytest.fail("nobody is carried within a week")


def path_of(desk: APIRequestContext, booking: dict[str, Any]) -> str:
    path: str = desk.get(f"/api/v1/bookings/{booking['id']}/link").json()["path"]
    return path


def link_for(desk: APIRequestContext, one: dict[str, Any]) -> str:
    made = desk.post(f"/api/v1/riders/{one['id']}/links", data={}, headers=key())
    assert made.ok, made.text()
    path: str = made.json()[0]["path"]
    return path


def told(page: Page, ride: dict[str, Any]) -> None:
    """Have the server say this about the ride whenever it is asked, in a town that lives slowly.

    On the fast clock of the tests a minute of the page would be over before it is read.
    """
    page.route("**/api/v1/clock", lambda route: route.fulfill(json=SLOW | {"now": ride["now"]}))
    page.route("**/api/v1/ride/*", lambda route: route.fulfill(json=ride))


def at(ride: dict[str, Any], seconds: float) -> str:
    """Return an instant so many seconds from now, as the API writes it."""
    zone = datetime.fromisoformat(ride["pickup_from"]).tzinfo
    return datetime.fromtimestamp(ride["now"] + seconds, zone).isoformat(timespec="seconds")


def fits(page: Page) -> None:
    """Fail when something is cut off, to be scrolled to sideways, or too small to touch."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(SMALL) == []


STATES: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "planned": (lambda _: {}, "予定の時刻です"),
    "live": (
        lambda ride: {"expected": at(ride, 515), "seen_at": at(ride, -10)}
        | {"pickup_from": at(ride, 300), "pickup_to": at(ride, 900), "away_m": 3200},
        r"あと\s*8\s*分",
    ),
    "stale": (
        lambda ride: {"expected": at(ride, 515), "seen_at": at(ride, -200)}
        | {"pickup_from": at(ride, 300), "pickup_to": at(ride, 900)},
        "3分前の情報",
    ),
    "late": (
        lambda ride: {"expected": at(ride, 1500), "seen_at": at(ride, -5)}
        | {"pickup_from": at(ride, 300), "pickup_to": at(ride, 900)},
        "予定より10分ほど遅れそうです",
    ),
    "moved": (
        lambda ride: {
            "moved": {
                "pickup_from": at(ride, 100), "pickup_to": at(ride, 700), "why": "車の故障",
            },
            "other_vehicle": True,
        },
        "お迎えの時刻が変わりました",
    ),
    "arrived": (lambda _: {"state": "arrived"}, "車が着いています"),
    "aboard": (
        lambda ride: {"state": "aboard", "expected": at(ride, 725), "seen_at": at(ride, -5)}
        | {"may_cancel": False},
        "あと12分ほどで着きます",
    ),
    "done": (
        lambda _: {"state": "done", "fare_yen": 300, "may_cancel": False}, "着きました",
    ),
    "searching": (lambda _: {"without_vehicle": True}, "お迎えの車をさがしています"),
    "no_show": (lambda _: {"state": "no_show", "may_cancel": False}, "車が出発しました"),
}  # fmt: skip


def test_a_rider_sees_when_which_vehicle_comes_and_nothing_of_others(
    new_page: NewPage, desk: APIRequestContext
) -> None:
    one = rider(desk)
    made = booked(desk, one)
    page = new_page(path_of(desk, made), size=PHONE)
    expect(page.get_by_text(made["reference"])).to_be_visible()
    expect(page.get_by_role("link", name="電話する")).to_have_attribute("href", re.compile("^tel:"))
    expect(page.locator(".plate")).to_contain_text("デモ")
    expect(page.get_by_text("ご自宅の前")).to_be_visible()
    size = "getComputedStyle(document.querySelector('.time')).fontSize"
    assert float(page.evaluate(size).removesuffix("px")) >= 40
    shown = page.locator("main").inner_text()
    for private in (one["name"], one["phone"], one["address"], one["number"]):
        assert private not in shown
    assert one["name"] not in page.url
    fits(page)


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_words_and_can_be_read_by_everybody(
    new_page: NewPage, desk: APIRequestContext, state: str
) -> None:
    change, words = STATES[state]
    path = path_of(desk, booked(desk, rider(desk)))
    ride = desk.get(path.replace("/r/", "/api/v1/ride/")).json()
    page = new_page("/healthz", size=NARROW, textSize="huge")
    told(page, ride | change(ride))
    page.goto(path)
    expect(page.locator("dl")).to_be_visible()
    expect(page.locator("main")).to_contain_text(re.compile(words))
    assert everywhere(page, enhanced=True, also=fits) == []


def test_a_rider_cancels_after_being_asked(new_page: NewPage, desk: APIRequestContext) -> None:
    made = booked(desk, rider(desk))
    page = new_page(path_of(desk, made), size=PHONE)
    page.get_by_role("button", name="取り消す").click()
    expect(page.get_by_role("heading", name="この予約を取り消しますか")).to_be_focused()
    assert violations(page) == []
    fits(page)
    page.get_by_role("button", name="いいえ").click()
    assert desk.get(f"/api/v1/bookings/{made['id']}").json()["state"] == "booked"

    page.get_by_role("button", name="取り消す").click()
    page.get_by_role("button", name="はい").click()
    expect(page.get_by_role("heading", name="この予約は、取り消されました")).to_be_visible()
    expect(page.get_by_role("heading", name="バスで行くときは")).to_be_visible()
    assert desk.get(f"/api/v1/bookings/{made['id']}").json()["state"] == "cancelled"
    assert violations(page) == []


def test_a_rule_that_forbids_it_is_said_with_the_number_to_ring(
    new_page: NewPage, desk: APIRequestContext
) -> None:
    page = new_page(path_of(desk, booked(desk, rider(desk))), size=PHONE)
    sentence = "もう乗車されています。"
    page.route(
        "**/cancel", lambda route: route.fulfill(status=409, json={"title": "", "detail": sentence})
    )
    page.get_by_role("button", name="取り消す").click()
    page.get_by_role("button", name="はい").click()
    expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.locator("main a.phone")).to_be_visible()
    assert violations(page) == []


def test_the_family_gets_a_link_that_only_looks(new_page: NewPage, desk: APIRequestContext) -> None:
    page = new_page("/healthz", size=PHONE)
    page.add_init_script("navigator.share = async (it) => { document.body.dataset.sent = it.url }")
    page.goto(path_of(desk, booked(desk, rider(desk))))
    page.get_by_role("button", name="家族に送る").click()
    expect(page.locator("body")).to_have_attribute("data-sent", re.compile("/r/"))
    family = new_page(page.evaluate("new URL(document.body.dataset.sent).pathname"), size=PHONE)
    expect(family.get_by_role("link", name="電話する")).to_be_visible()
    expect(family.get_by_role("button", name="取り消す")).to_have_count(0)
    expect(family.get_by_role("button", name="地図を見る")).to_have_count(0)


def test_a_link_that_is_over_or_wrong_says_so(new_page: NewPage, desk: APIRequestContext) -> None:
    page = new_page("/r/nobody-made-this", size=PHONE)
    expect(page.get_by_role("heading", name="このリンクは使えません")).to_be_visible()
    assert violations(page) == []
    page = new_page("/healthz", size=PHONE)
    page.route("**/api/v1/ride/*", lambda route: route.fulfill(status=410, json={"title": "over"}))
    page.goto(path_of(desk, booked(desk, rider(desk))))
    expect(page.get_by_role("heading", name="このページは終わりました")).to_be_visible()
    assert violations(page) == []


def test_without_signal_the_last_status_stays_with_its_time(
    new_page: NewPage, desk: APIRequestContext
) -> None:
    made = booked(desk, rider(desk))
    page = new_page(path_of(desk, made), size=PHONE)
    expect(page.locator("dl")).to_be_visible()
    page.evaluate(
        "localStorage.setItem('ride', JSON.stringify(Object.assign("
        "JSON.parse(localStorage.getItem('ride')), {heard: Date.now() / 1000 - 200})))"
    )
    page.route("**/api/**", lambda route: route.abort())
    page.reload()
    expect(page.get_by_text("通信できません")).to_be_visible()
    expect(page.get_by_text(made["reference"])).to_be_visible()
    assert violations(page) == []
    page.unroute("**/api/**")
    expect(page.get_by_text("予定の時刻です")).to_be_visible()


def test_a_usual_ride_is_booked_in_four_taps_at_most(
    new_page: NewPage, desk: APIRequestContext
) -> None:
    one = rider(desk)
    page = new_page("/healthz", size=PHONE)
    page.add_init_script(COUNT_TAPS)
    page.route("**/api/v1/my", lambda route: _with_a_habit(route, one))
    page.goto(link_for(desk, one))
    page.locator("main button.big").first.click()
    page.get_by_role("button", name="予約する", exact=True).click()
    expect(page.get_by_role("heading", name="予約できました")).to_be_visible()
    assert page.evaluate("window.taps") <= 4
    assert violations(page) == []
    reference = page.locator(".number").inner_text()
    page.get_by_role("link", name="この予約のページを見る").click()
    expect(page.locator("dl")).to_contain_text(reference)


def _with_a_habit(route: Route, one: dict[str, Any]) -> None:
    """Answer as for somebody who often rides to their first favourite."""
    answered = route.fetch()
    body = answered.json()
    open_days = [day["date"] for day in body["days"][1:] if day["closed"] is None]
    me = body["riders"][0]
    me["trips"] = [
        {
            "origin": me["home"], "destination": me["places"][0], "weekday": "mon",
            "time": "13:00", "date": open_days[0],
        }
    ]  # fmt: skip
    route.fulfill(response=answered, json=body)


def test_a_new_ride_is_booked_by_four_questions(new_page: NewPage, desk: APIRequestContext) -> None:
    one = rider(desk)
    page = new_page(link_for(desk, one), size=NARROW)
    expect(page.get_by_role("heading", name=one["name"])).to_be_visible()
    assert "#" not in page.url, "the link stays in no history and no screenshot"
    page.get_by_role("button", name="予約する", exact=True).click()
    for heading in ("どこから乗りますか", "どこへ行きますか", "いつ乗りますか"):
        expect(page.get_by_role("heading", name=heading)).to_be_focused()
        assert violations(page) == []
        fits(page)
        if heading.startswith("どこへ"):
            page.get_by_role("button", name="ほかの場所をさがす").click()
            expect(page.get_by_role("searchbox")).to_be_focused()
        buttons = page.locator("main button.big")
        buttons.nth(1 if heading.startswith("いつ") else 0).click()
    expect(page.get_by_role("heading", name="何時ごろがいいですか")).to_be_focused()
    assert violations(page) == []
    fits(page)
    page.go_back()
    expect(page.get_by_role("heading", name="いつ乗りますか")).to_be_visible()
    page.locator("main button.big").nth(1).click()
    page.get_by_role("button", name="午後2時", exact=True).click()
    expect(page.get_by_text("の間にお迎えし")).to_be_visible()
    assert violations(page) == []
    fits(page)
    page.get_by_role("button", name="予約する", exact=True).click()
    expect(page.get_by_role("heading", name="予約できました")).to_be_visible()
    fits(page)
    page.reload()
    expect(page.get_by_role("heading", name="予約があります")).to_be_visible()
    on_desk = desk.get(f"/api/v1/riders/{one['id']}").json()["next_booking"]
    assert on_desk["channel"] == "web"


def test_who_has_no_link_is_told_how_to_get_one(new_page: NewPage) -> None:
    for path in ("/book", "/book#not-a-link"):
        page = new_page(path, size=PHONE)
        expect(page.get_by_role("heading", name="予約用のリンクが必要です")).to_be_visible()
        expect(page.locator("main a.phone")).to_be_visible()
        assert violations(page) == []
        fits(page)


@pytest.mark.parametrize("path", ["/stop/1", "/"])
@pytest.mark.parametrize("size", ["normal", "huge"])
def test_public_pages_fit_a_narrow_screen(new_page: NewPage, path: str, size: str) -> None:
    page = new_page(path, size=NARROW, textSize=size)
    expect(page.locator("h1")).not_to_be_empty()
    page.wait_for_timeout(1000)
    fits(page)
    assert violations(page) == []


@pytest.mark.parametrize("page", ["ride", "stop"])
def test_what_a_slow_line_has_to_carry_first_is_small(page: str) -> None:
    names = set(re.findall(r"/assets/([^\"]+)", (DIST / f"{page}.html").read_text("utf-8")))
    sizes = [len(gzip.compress((DIST / "assets" / name).read_bytes(), 9)) for name in names]
    assert len(sizes) >= 2
    assert sum(sizes) <= FIRST_VIEW_BYTES, sizes


@pytest.mark.parametrize("name", ["ride", "stop"])
def test_a_slow_line_carries_little_until_it_can_be_read(
    new_page: NewPage, desk: APIRequestContext, name: str
) -> None:
    path = path_of(desk, booked(desk, rider(desk))) if name == "ride" else "/stop/1"
    page = new_page("/healthz", size=PHONE)
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW_LINE)
    page.goto(path, wait_until="commit")
    page.locator(READABLE[name]).first.wait_for()
    loaded = page.evaluate(LOADED)
    sys.stdout.write(f"\n{name} at 400 kbit/s: {loaded}\n")
    assert loaded["bytes"] <= FIRST_VIEW_BYTES, loaded


def test_the_timetable_of_a_stop_is_opened_day_by_day(new_page: NewPage) -> None:
    page = new_page("/stop/1", size=NARROW)
    page.get_by_role("button", name="時刻表を見る").click()
    expect(page.get_by_role("heading", name="時刻表")).to_be_visible()
    days = page.locator("section select")
    expect(days.locator("option")).not_to_have_count(0)
    days.select_option(index=1)
    shown = page.locator("section table, section p")
    expect(shown.first).to_be_visible()
    assert violations(page) == []
    fits(page)
