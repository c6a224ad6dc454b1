"""A driver's tablet in the mountains: two hours without signal, and nothing lost or doubled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import APIRequestContext, Browser, BrowserContext, Page, Request, expect

from tests.browser.conftest import FAST_SPEED, PATIENCE_MS, demo_town

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("browser"),
]

VAN: Final = "van-1"
DRIVER: Final = "driver"
HALL, HUB = 1, 4
JAPAN: Final = dt.timezone(dt.timedelta(hours=9))
TWO_HOURS_S: Final = 2 * 3600
RIDERS, ABSENT = 14, 2
# Three taps for who rides, two for who does not come.
EVENTS: Final = 3 * (RIDERS - ABSENT) + 2 * ABSENT

BEGINNING: Final = ["check", "call_before", "out"]

Step = dict[str, Any]

# The tablet keeps its work on disk as soon as it hears of it.
KNOWS: Final = """
([vehicle, count]) => {
  const { job } = JSON.parse(localStorage.getItem(`cab:${vehicle}`)) ?? {};
  return job !== undefined && (job.next ? 1 : 0) + job.then.length === count;
}
"""


@pytest.fixture
def valley(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a town of its own, in which one van is left."""
    folder = tmp_path_factory.mktemp("valley")
    with demo_town(folder, FAST_SPEED) as address:
        context = signed_in(browser, address, "dispatcher")
        vehicles = [one["id"] for one in asked(context.request, "/vehicles") if one["id"] != VAN]
        taxis = [one for one in vehicles if not one.startswith("bus")]
        told(context.request, "/disruptions", "out", kind="vehicle_out", vehicles=taxis)
        context.close()
        yield address


def signed_in(browser: Browser, address: str, name: str) -> BrowserContext:
    context = browser.new_context(
        base_url=address,
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
        viewport={"width": 1280, "height": 800},
    )
    context.set_default_timeout(PATIENCE_MS)
    answer = context.request.post("/api/v1/session", data={"name": name, "password": "kibi-demo"})
    assert answer.ok, answer.text()
    return context


def asked(request: APIRequestContext, path: str) -> Any:  # noqa: ANN401 -- JSON
    answer = request.get(f"/api/v1{path}")
    assert answer.ok, answer.text()
    return answer.json()


def told(request: APIRequestContext, path: str, key: str, **body: Any) -> Any:  # noqa: ANN401 -- JSON
    answer = request.post(f"/api/v1{path}", data=body, headers={"Idempotency-Key": key})
    assert answer.ok, answer.text()
    return answer.json()


def book(desk: APIRequestContext, number: int) -> str:
    """Book a ride for somebody new: half of them to the hub, then half of them back."""
    way = (HALL, HUB) if number % 100 < RIDERS // 2 else (HUB, HALL)
    trip: dict[str, Any] = {"origin": way[0], "destination": way[1]}
    if way[0] == HUB:
        later = dt.datetime.fromtimestamp(asked(desk, "/clock")["now"] + 4500, JAPAN)
        trip["time"] = later.strftime("%H:%M")
    quote = told(desk, "/quotes", f"ask-{number}", **trip)
    contact = {"name": f"試験 {number}", "phone": f"000-000-{9000 + number}"}
    offer = (quote["offers"] or quote["refusal"]["alternatives"])[0]["token"]
    booked = told(desk, "/bookings", f"book-{number}", offer=offer, contact=contact)
    return str(booked["id"])


def tablet_of(context: BrowserContext) -> Page:
    """Open the driver's page, take the van over, and wait until it can start without a server."""
    page = context.new_page()
    page.goto("/driver")
    page.get_by_role("button", name="加茂川1号車").click()
    expect(page.locator("[data-standing=live]")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


def begin_duty(page: Page, look: Callable[[Page, str], None] = lambda _page, _state: None) -> None:
    """Do what comes before the first drive, and look at each page of it."""
    page.get_by_role("button", name="仕事を始める").click()
    look(page, "check")
    page.get_by_role("button", name="点検を記録する").click()
    page.get_by_label("点呼をした人").fill("運行 管理")
    page.get_by_label("アルコールの値").fill("0")
    look(page, "roll call")
    page.get_by_role("button", name="乗務できる").click()
    page.get_by_label("メーター").fill("99000.5")  # more than a year of the demo has driven
    page.get_by_role("button", name="出庫を記録する").click()
    expect(page.locator("[data-duty=end]")).to_be_visible()


def take_a_break(page: Page) -> None:
    page.get_by_role("button", name="点呼・日報").click()
    page.locator("[data-duty=break_begin]").click()
    page.locator("[data-duty=break_end]").click()
    page.get_by_role("button", name="仕事", exact=True).click()


def do_next(page: Page, absent: set[str]) -> list[tuple[str, str]]:
    """Tap the next stop through as far as its rider goes; return the steps it took."""
    seen = page.get_by_role("button", name="わかりました")
    if seen.count():
        seen.click()
    stop = page.locator(".next")
    booking = stop.get_attribute("data-booking") or ""
    if page.locator("[data-step=dropped]").count():
        page.locator("[data-step=dropped]").click()
        page.locator("[data-pay=cash]").click()
        return [(booking, "dropped")]
    page.locator("[data-step=arrived]").click()
    if booking not in absent:
        page.locator("[data-step=aboard]").click()
        return [(booking, "arrived"), (booking, "aboard")]
    page.locator("[data-step=no_show]").click(timeout=180_000)
    page.locator("[data-step=no_show_sure]").click()
    return [(booking, "arrived"), (booking, "no_show")]


def now_of(page: Page) -> float:
    """Return the town's time as the tablet reckons it without asking anybody."""
    kept: dict[str, float] = page.evaluate("JSON.parse(localStorage.getItem('clock'))")
    device: float = page.evaluate("Date.now() / 1000")
    return kept["now"] + (device - kept["at"]) * kept["speed"]


def test_two_hours_without_signal_are_replayed_in_order_each_tap_once(
    browser: Browser, valley: str
) -> None:
    desk = signed_in(browser, valley, "dispatcher")
    context = signed_in(browser, valley, "driver")
    page = tablet_of(context)
    begin_duty(page)
    page.get_by_role("button", name="仕事", exact=True).click()
    bookings = [book(desk.request, number) for number in range(RIDERS)]
    absent = set(bookings[-ABSENT:])
    page.wait_for_function(KNOWS, arg=[VAN, 2 * RIDERS])
    page.get_by_role("button", name="わかりました").click()
    expect(page.get_by_test_id("queued")).to_have_text("すべて送りました")
    sent: list[Step] = []

    def note(one: Request) -> None:
        if one.url.endswith("/reports") and one.post_data_json is not None:
            sent.append(one.post_data_json)

    page.on("request", note)

    context.set_offline(True)
    began = now_of(page)
    expect(page.locator("[data-standing=offline]")).to_be_visible()
    tapped: list[tuple[str, str]] = []
    reloads = True
    while len(tapped) < EVENTS:
        tapped += do_next(page, absent)
        expect(page.get_by_test_id("queued")).to_have_text(f"送信待ち {len(tapped)}件")
        if reloads and len(tapped) >= EVENTS // 2:
            page.reload()  # the tablet starts anew without its server, and goes on
            expect(page.get_by_test_id("queued")).to_have_text(f"送信待ち {len(tapped)}件")
            reloads = False
    take_a_break(page)
    expect(page.get_by_text("いまは仕事がありません")).to_be_visible()
    while now_of(page) - began < TWO_HOURS_S:
        page.wait_for_timeout(1000)
    expect(page.get_by_test_id("queued")).to_have_text(f"送信待ち {EVENTS + 2}件")
    assert rides_of(desk.request, bookings) == []

    sent.clear()
    context.set_offline(False)
    expect(page.get_by_test_id("queued")).to_have_text("すべて送りました")

    # What was not answered in time is sent again; the server knows each by its event.
    steps = list({step["event"]: step for body in sent for step in body["steps"]}.values())
    assert [(step["booking_id"], step["step"]) for step in steps] == tapped
    assert [step["seq"] for step in steps] == sorted(step["seq"] for step in steps)
    states = {one["id"]: one["state"] for one in asked(desk.request, "/bookings")}
    assert {states[each] for each in bookings if each not in absent} == {"done"}
    assert {states[each] for each in absent} == {"no_show"}
    rides = rides_of(desk.request, bookings)
    assert sorted(ride["booking_id"] for ride in rides) == sorted(set(bookings) - absent)
    assert_times(page, rides, steps)
    assert duty_of(desk.request) == [*BEGINNING, "break_begin", "break_end"]

    # The same taps once more: each is known by its event, and nothing is doubled.
    body = {"steps": steps}
    again = told(context.request, f"/vehicles/{VAN}/reports", "again", **body)
    assert {one["outcome"] for one in again["results"]} <= {"taken", "known"}
    assert rides_of(desk.request, bookings) == rides
    assert duty_of(desk.request) == [*BEGINNING, "break_begin", "break_end"]
    desk.close()
    context.close()


def rides_of(desk: APIRequestContext, bookings: list[str]) -> list[dict[str, Any]]:
    return [ride for ride in asked(desk, "/rides") if ride["booking_id"] in bookings]


def duty_of(desk: APIRequestContext) -> list[str]:
    """Return what the person recorded; the simulated driver before them had a roll call too."""
    records = asked(desk, f"/vehicles/{VAN}/duty")["records"]
    return [one["kind"] for one in records if one["stands"] and one["driver"] == DRIVER]


def assert_times(page: Page, rides: list[dict[str, Any]], steps: list[Step]) -> None:
    """Check that each ride began and ended when it was tapped, not when it was sent.

    A second on the way is a minute of this town: the server takes that for a wrong clock, and puts
    all taps right by the same.
    """
    off = []
    for name, step in (("picked_up", "aboard"), ("dropped_off", "dropped")):
        at = {one["booking_id"]: one["at"] for one in steps if one["step"] == step}
        for ride in rides:
            pair = [ride[name], at[ride["booking_id"]]]
            was, tap = page.evaluate("pair => pair.map(Date.parse)", pair)
            off.append((was - tap) / 1000)
    assert max(off) - min(off) <= 2, off
    assert -2 <= min(off) <= 600, off
