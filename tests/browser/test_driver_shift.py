"""The rest of a driver's shift on the tablet: the battery, breaks, and a screen for the dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import everywhere, violations
from tests.browser.conftest import NewPage
from tests.browser.test_driver import HALL, HUB, VAN, asked, begin_duty, told

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]

ELECTRIC = "ev-1"
# 16 kWh, of which 8 are used on 100 km.
KM_PERCENT = 2
# A finger in a moving car hits nothing smaller.
LEAST_PX = 64
SPEED = 1
"""A slow town, in which a shift does not pass while the test looks at it."""


def enter(box: Locator, percent: int) -> None:
    box.get_by_role("button", name="電池の残りを入力する").click()
    box.get_by_label("電池の残り（%）").fill(str(percent))
    box.get_by_role("button", name="記録する").click()


def carry(new_page: NewPage, vehicle: str = ELECTRIC) -> Page:
    """Give a car a ride across the town; return the page of the dispatcher."""
    desk = new_page("/login", name="dispatcher")
    call = desk.context.request
    quote = told(call, "/quotes", f"ask-{vehicle}", origin=HALL, destination=HUB)
    offer = (quote["offers"] or quote["refusal"]["alternatives"])[0]["token"]
    contact = {"name": "試験", "phone": "000-000-9001"}
    booked = told(call, "/bookings", f"book-{vehicle}", offer=offer, contact=contact)
    pinned = call.put(
        f"/api/v1/bookings/{booked['id']}/vehicle",
        data={"vehicle_id": vehicle},
        headers={"Idempotency-Key": f"pin-{vehicle}"},
    )
    assert pinned.ok, pinned.text()
    return desk


def battery_of(desk: Page) -> float | None:
    plan = asked(desk.context.request, "/plan")["vehicles"]
    found: float | None = next(one for one in plan if one["id"] == ELECTRIC)["battery_percent"]
    return found


def test_the_battery_is_held_against_the_days_work_and_breaks_stand_in_it(
    new_page: NewPage,
) -> None:
    desk = carry(new_page)
    page = new_page("/driver", name="driver", size=(1280, 800))
    page.get_by_role("button", name="マイクロEV みどり").click()
    box = page.get_by_role("region", name="電池")
    expect(box).to_contain_text("入力してください")

    enter(box, 60)
    expect(box).to_contain_text("電池 60%")
    expect(box).to_contain_text(f"あと{60 * KM_PERCENT}km走れます")
    expect(box).not_to_contain_text("入力してください")
    expect(box).to_have_attribute("data-lasts", "enough")

    # Without signal it is kept, and sent with the rest.
    page.context.set_offline(True)
    enter(box, 1)
    expect(page.get_by_test_id("queued")).to_contain_text("1")
    assert battery_of(desk) == 60
    page.context.set_offline(False)
    expect(box).to_have_attribute("data-lasts", "short", timeout=120_000)
    expect(box).to_contain_text("会社に電話してください")
    assert battery_of(desk) == 1
    assert violations(page) == []

    rest = {"kind": "break_begin", "place": ""}
    told(desk.context.request, f"/vehicles/{ELECTRIC}/duty", "rest", record=rest)
    desk.goto("/monitor")
    expect(desk.locator(f".row[data-vehicle={ELECTRIC}] .rest")).to_contain_text("休憩")
    resting = page.locator(".card .resting")
    expect(resting).to_contain_text("いまは休憩中です。", timeout=150_000)
    expect(resting).to_contain_text("休憩を終わる")
    assert violations(page) == []


def test_axe_finds_nothing_in_any_state_of_a_day_and_every_button_is_large(
    new_page: NewPage,
) -> None:
    page = new_page("/driver", name="driver", size=(1280, 800))
    found: dict[str, list[str]] = {}

    def look(page: Page, state: str) -> None:
        found[state] = everywhere(page, enhanced=True)
        heights = page.locator("button:visible, a.button:visible, input:visible").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= LEAST_PX, (state, heights)

    page.get_by_role("button", name="加茂川1号車").click()
    expect(page.locator("[data-standing=live]")).to_be_visible()
    begin_duty(page, look)
    look(page, "on duty")
    page.get_by_role("button", name="仕事", exact=True).click()
    look(page, "nothing to do")
    carry(new_page, VAN)
    expect(page.get_by_role("button", name="わかりました")).to_be_visible()
    look(page, "a change to acknowledge")
    page.get_by_role("button", name="わかりました").click()
    look(page, "a stop")

    page.context.set_offline(True)
    expect(page.locator("[data-standing=offline]")).to_be_visible()
    look(page, "without signal")
    page.locator("[data-step=arrived]").click()
    look(page, "at the stop")
    page.locator("[data-step=aboard]").click()
    page.locator("[data-step=dropped]").click()
    look(page, "the fare")
    page.locator("[data-pay=cash]").click()
    page.context.set_offline(False)
    expect(page.get_by_test_id("queued")).to_have_text("すべて送りました")

    page.get_by_role("button", name="点呼・日報").click()
    page.locator("[data-duty=end]").click()
    look(page, "back in the garage")
    page.get_by_label("メーター").fill("99010.5")
    page.locator("main form button").first.click()
    expect(page.get_by_test_id("expected")).to_be_visible()
    look(page, "the end of the day")
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


def test_the_screen_is_turned_dark_and_stays_so(new_page: NewPage) -> None:
    page = new_page("/driver", name="driver", size=(1280, 800))
    expect(page.locator("main ul button").first).to_be_visible()
    expect(page.locator(".page.night")).to_have_count(0)

    page.get_by_role("button", name="夜の画面").click()
    page.reload()

    expect(page.locator(".page.night")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="昼の画面").click()
    expect(page.get_by_role("button", name="夜の画面")).to_be_visible()
