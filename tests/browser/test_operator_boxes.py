"""Every box of the operator's desk: by keyboard alone, accessible in both languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations
from tests.browser.conftest import NewPage
from tests.browser.desk import asked, opened, riders
from tests.browser.test_operator_away import a_free_time, next_day, take, typed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]


TOO_WIDE = """
() => [...document.querySelectorAll('body *')].filter(one => {
  const style = getComputedStyle(one);
  const shown = one.getClientRects().length > 0 && style.visibility === 'visible';
  const inside = one.closest('.list, [hidden], .map, table, .strip, section.calls');
  return shown && !inside && style.overflowX === 'visible' && one.scrollWidth > innerWidth + 1;
}).map(one => one.outerHTML.slice(0, 120))
"""


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_supervisor_sets_a_rule_aside_by_keyboard(new_page: NewPage) -> None:
    desk = opened(new_page)
    take(desk, riders(desk)[11])
    press(desk, "1")
    desk.keyboard.type(f"{typed(next_day(desk))} 1705")  # after hours, while the vans still drive
    press(desk, "Enter")
    expect(desk.locator(".refusal .sentence").first).to_be_visible()
    press(desk, "9")
    expect(desk.locator("dialog")).to_be_visible()
    assert violations(desk) == []
    press(desk, "1", "Enter")
    desk.keyboard.type("operator")
    press(desk, "Enter")
    desk.keyboard.type("kibi-demo")
    press(desk, "Enter")
    expect(desk.locator("dialog [role=alert]")).to_contain_text("権限")
    name = desk.locator("dialog input").nth(1)
    name.fill("dispatcher")
    name.press("Enter")
    expect(desk.locator(".waived")).to_contain_text("判断")
    expect(desk.locator("#offer-0")).to_be_visible()
    assert violations(desk) == []
    press(desk, "Enter")
    expect(desk.locator("#result")).to_be_focused()


def test_a_booking_is_made_weekly_and_ended(new_page: NewPage) -> None:
    desk = opened(new_page)
    rider = riders(desk)[12]
    day = next_day(desk)
    time = a_free_time(desk, rider, day, 20)
    take(desk, rider)
    press(desk, "1")
    desk.keyboard.type(f"{typed(day)} {time}")
    press(desk, "Enter")
    expect(desk.locator("#offer-0")).to_be_visible()
    press(desk, "Enter")
    expect(desk.locator("#result")).to_be_focused()
    press(desk, "Shift+F6")
    expect(desk.locator("dialog")).to_be_visible()
    press(desk, "Enter")
    expect(desk.locator("dialog li")).to_have_count(1)
    assert len(asked(desk, f"/standing?rider_id={rider['id']}")) == 1
    assert violations(desk) == []
    desk.get_by_role("button", name="きょうで終わる").press("Enter")
    expect(desk.locator("dialog li")).to_have_count(0)
    press(desk, "Escape")
    expect(desk.locator("dialog")).to_be_hidden()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_in_any_box(new_page: NewPage, language: str) -> None:
    desk = opened(new_page, language=language)
    found = {"empty": violations(desk)}
    press(desk, "F1")
    expect(desk.locator("dialog")).to_be_visible()
    found["keys"] = violations(desk)
    press(desk, "Escape", "Shift+F4")
    expect(desk.locator("dialog form")).to_be_visible()
    found["draft"] = violations(desk)
    press(desk, "Escape")
    take(desk, riders(desk)[13])
    press(desk, "F9")
    expect(desk.locator(".map[aria-busy=false]")).to_be_visible()
    found["map"] = violations(desk)
    press(desk, "F9", "Shift+F6")
    expect(desk.locator("dialog")).to_be_visible()
    found["weekly"] = violations(desk)
    press(desk, "Escape", "1")
    expect(desk.locator("#time")).to_be_focused()
    desk.keyboard.type(f"{typed(next_day(desk))} 2300")
    press(desk, "Enter")
    expect(desk.locator(".refusal")).to_be_visible()
    found["refused"] = violations(desk)
    press(desk, "9")
    expect(desk.locator("dialog form")).to_be_visible()
    found["waiver"] = violations(desk)
    assert {state: bad for state, bad in found.items() if bad} == {}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_nothing_is_cut_off_at_twice_the_size(new_page: NewPage, language: str) -> None:
    desk = opened(new_page, 683, 384, language=language)
    take(desk, riders(desk)[14])
    press(desk, "1")
    desk.keyboard.type("明日 1000")
    press(desk, "Enter")
    expect(desk.locator("#offer-0, .refusal").first).to_be_visible()
    assert desk.evaluate(TOO_WIDE) == []
    for keys in (("Escape", "Shift+F6"), ("Escape", "Shift+F4"), ("Escape", "F1")):
        press(desk, *keys)
        expect(desk.locator("dialog")).to_be_visible()
        too_wide = "box => box.scrollWidth - box.clientWidth"
        assert desk.locator("dialog").evaluate(too_wide) <= 1


def test_whoever_waits_beside_a_broken_van_is_cancelled_when_somebody_is_sure(
    new_page: NewPage,
) -> None:
    desk = opened(new_page)
    rider = riders(desk)[13]
    day = next_day(desk)
    take(desk, rider)
    press(desk, "1")
    desk.keyboard.type(f"{typed(day)} {a_free_time(desk, rider, day, 20)}")
    press(desk, "Enter")
    expect(desk.locator("#offer-0")).to_be_visible()
    press(desk, "Enter")
    expect(desk.locator("#result")).to_be_focused()
    sure: list[bool] = []

    def answer(route: Route) -> None:
        if route.request.method != "DELETE":
            return route.continue_()
        sure.append((route.request.post_data_json or {})["brought_otherwise"])
        if len(sure) > 1:
            return route.continue_()
        said = {"type": "/problems/not-now", "title": "", "status": 409, "detail": "待っています"}
        return route.fulfill(status=409, json=said | {"state": "stranded"})

    desk.route("**/api/v1/bookings/*", answer)
    press(desk, "F8", "1")
    expect(desk.locator("dialog [role=alert]")).to_contain_text("待っています")
    assert violations(desk) == []
    desk.get_by_role("button", name="ほかの方法で着けると確かめました").press("Enter")
    expect(desk.locator("p.message")).to_contain_text("取り消しました")
    assert sure == [False, True]
