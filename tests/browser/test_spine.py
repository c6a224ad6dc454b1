"""One booking and one bus position travel the whole service, seen only through its screens."""

from __future__ import annotations

import re
import time
from math import cos, hypot, radians
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import FAST_SPEED, NewPage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]

SPEED = FAST_SPEED

COUNT_KEYS = """
window.pressed = 0; window.pointed = 0;
addEventListener('keydown', () => window.pressed++, true);
addEventListener('pointerdown', () => window.pointed++, true);
"""

# Notes on the page itself when something first appears, so that a busy test runner adds nothing.
NOTE_FIRST = """
selector => {
  const note = () => {
    if (window.firstSeen || !document.querySelector(selector)) return;
    window.firstSeen = Date.now();
  };
  new MutationObserver(note).observe(document.body, { childList: true, subtree: true });
}
"""


def seen_after_s(page: Page, other: Page) -> float:
    """Return how many seconds after its first sight on `other` the thing was seen on `page`."""
    seen: float = page.evaluate("window.firstSeen")
    return (seen - float(other.evaluate("window.firstSeen"))) / 1000


def asked(page: Page, path: str) -> Any:  # noqa: ANN401 -- JSON
    """Return the API's answer with the page's own session."""
    answer = page.context.request.get(f"/api/v1{path}")
    assert answer.ok, answer.text()
    return answer.json()


def log_in_by_keyboard(page: Page, name: str) -> None:
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type("kibi-demo")
    page.keyboard.press("Enter")
    page.wait_for_url("**/operator")


def find_caller(page: Page) -> str:
    """Find the first member whose name begins with みたて, in Latin letters; return the name."""
    expect(page.locator("#caller")).to_be_focused()
    page.keyboard.type("mitate")
    expect(page.locator("#caller-list [role=option]").first).to_contain_text("みたて")
    page.keyboard.press("Enter")
    expect(page.locator("#to")).to_be_focused()
    return page.locator("#caller").input_value()


def ask_for_a_car(page: Page) -> str:
    """Ask for the first favourite, as soon as possible; return the offered vehicle's name."""
    page.keyboard.press("1")
    expect(page.locator("#time")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#offers")).to_be_focused()
    return page.locator("#offer-0 .facts span").first.inner_text()


def distance_m(position: dict[str, Any], place: dict[str, Any]) -> float:
    north = (position["lat"] - place["lat"]) * 111_000
    east = (position["lon"] - place["lon"]) * 111_000 * cos(radians(place["lat"]))
    return hypot(north, east)


def wait_until_there(page: Page, vehicle: str, place: dict[str, Any]) -> list[float]:
    """Wait until the vehicle stands at a place; return its distances on the way in metres."""
    seen: list[float] = []
    give_up = time.monotonic() + 150
    while not seen or seen[-1] > 150:
        assert time.monotonic() < give_up, f"{vehicle} did not come: {seen[-5:]}"
        position = asked(page, f"/vehicles/{vehicle}/job")["vehicle"]["position"]
        if position is not None:
            seen.append(distance_m(position, place))
        page.wait_for_timeout(300)
    return seen


def minutes_shown(sign: Page) -> int:
    return int(sign.locator("li.minutes .big").first.inner_text())


def watch_a_sign_count_down(new_page: NewPage) -> None:
    sign = new_page(f"/signage/{stop_with_a_bus(new_page)}", size=(1920, 1080))
    expect(sign.locator("li.minutes").first).to_be_visible()
    # From here on the sign hears nothing: it has its clock and what it was told.
    sign.context.set_offline(True)
    first = minutes_shown(sign)
    clock = sign.locator(".clock").inner_text()
    expect(sign.locator("li.minutes .big").first).not_to_have_text(str(first))
    assert minutes_shown(sign) < first
    assert sign.locator(".clock").inner_text() != clock


def stop_with_a_bus(new_page: NewPage) -> str:
    """Return a stop whose next bus is on the road and more than five minutes away."""
    page = new_page("/")
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        for stop in asked(page, "/stops?limit=50"):
            board = asked(page, f"/stops/{stop['id']}/departures")
            waits = [
                row["expected"] - board["now"]
                for row in board["departures"][:1]
                if row["expected"] is not None
            ]
            if any(600 < wait < 3000 for wait in waits):
                return str(stop["id"])
        page.wait_for_timeout(500)
    pytest.fail("no bus on its way to any stop")


def test_a_booking_and_a_bus_travel_the_whole_service(new_page: NewPage) -> None:
    # The dispatcher watches and a driver is about to choose a vehicle.
    monitor = new_page("/monitor", name="dispatcher", size=(1920, 1080))
    tablet = new_page("/driver", name="driver", size=(1280, 800))
    expect(monitor.locator("button .head").first).to_be_visible()
    expect(tablet.locator("main li button").first).to_be_visible()

    # The operator logs in, finds the caller and asks for a car, by keyboard alone.
    desk = new_page("/operator")
    desk.wait_for_url("**/login?next=**")
    log_in_by_keyboard(desk, "operator")
    desk.evaluate(COUNT_KEYS)
    rider = find_caller(desk)
    before = desk.evaluate("window.pressed")
    vehicle_name = ask_for_a_car(desk)
    tablet.get_by_role("button", name=vehicle_name).click()
    expect(tablet.get_by_text("いまは仕事がありません")).to_be_visible()
    vehicle = next(v["id"] for v in asked(desk, "/vehicles") if v["name"] == vehicle_name)

    # The operator confirms: within two seconds the booking is on both screens.
    desk.evaluate(NOTE_FIRST, "[data-testid=reference]")
    monitor.evaluate(NOTE_FIRST, ".ride")
    tablet.evaluate(NOTE_FIRST, ".next .name")
    desk.keyboard.press("Enter")
    reference = desk.get_by_test_id("reference").inner_text()
    expect(monitor.locator(".ride", has_text=reference)).to_be_visible()
    expect(tablet.locator(".name")).to_contain_text(rider)
    assert seen_after_s(monitor, desk) <= 2.0
    assert seen_after_s(tablet, desk) <= 2.0
    assert desk.evaluate("window.pressed") - before <= 8
    assert desk.evaluate("window.pointed") == 0
    expect(desk.locator(".sentence")).to_contain_text(reference)
    booking = next(b for b in asked(desk, "/bookings") if b["reference"] == reference)
    assert booking["vehicle"]["id"] == vehicle

    # New work must be acknowledged; then the vehicle drives there.
    tablet.get_by_role("button", name="わかりました").click()
    way = wait_until_there(tablet, vehicle, booking["origin"])
    assert way[0] > way[-1] or way[0] < 150

    # The driver taps what can be tapped, and nothing else is offered.
    steps = tablet.locator("[data-step]")
    expect(steps).to_have_count(1)
    tablet.locator("[data-step=arrived]").click()
    tablet.locator("[data-step=aboard]").click()
    expect(tablet.locator("[data-step=dropped]")).to_be_visible()
    expect(monitor.get_by_role("button", name=vehicle_name).last).to_contain_text("乗車 1/")

    # Meanwhile a bus is on its way, and the sign of a stop counts down by itself.
    watch_a_sign_count_down(new_page)

    wait_until_there(tablet, vehicle, booking["destination"])
    tablet.locator("[data-step=dropped]").click()
    tablet.locator("[data-pay=cash]").click()

    # The fare is on the tablet, and the ride is on record with it.
    fare = int(re.sub(r"\D", "", tablet.get_by_test_id("final-fare").inner_text()))
    ride = next(r for r in asked(desk, "/rides") if r["booking_id"] == booking["id"])
    assert ride["fare_yen"] == fare > 0
    assert ride["reference"] == reference
    assert ride["vehicle_id"] == vehicle
