"""The admin screen: every journey by the keyboard, and every section usable by everybody."""

from __future__ import annotations

import datetime as dt
import re
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import NewPage
from tests.browser.keyboard import choose, push, reach, tick, write
from tests.browser.waiting import settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]

PASSWORD = "long-enough-1"
_keys = count()
# Not by a style sheet: the pages' policy allows none but their own.
TWICE = """
() => [document.documentElement, ...document.querySelectorAll('.page')]
  .forEach(one => (one.style.fontSize = '200%'))
"""


def today_of(page: Page) -> dt.date:
    """Return the town's day."""
    return dt.date.fromisoformat(ask(page, "/api/v1/rules")["date"])


def ask(page: Page, path: str) -> Any:  # noqa: ANN401 -- a body of the API
    answer = page.context.request.get(path)
    assert answer.ok, answer.text()
    return answer.json()


def tell(page: Page, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 -- as above
    key = {"Idempotency-Key": f"admin-test-{next(_keys)}"}
    answer = page.context.request.post(path, data=body, headers=key)
    assert answer.ok, answer.text()
    return answer.json()


def test_a_rule_is_drafted_checked_and_put_in_force(new_page: NewPage) -> None:
    page = new_page("/admin", name="admin")
    push(page, page.get_by_role("button", name="変更の案を作る").first)
    begins = today_of(page) + dt.timedelta(days=300)  # a far day disturbs no other test
    write(page, page.get_by_label("いつから"), begins.isoformat())
    write(page, page.get_by_label("終わり", exact=True), "15:00")
    push(page, page.get_by_role("button", name="案を作って確かめる"))
    expect(page.get_by_role("row", name="終わり")).to_contain_text("15:00")
    assert violations(page) == []
    assert closing(page, begins) == ["17:00"]
    push(page, page.get_by_role("button", name="この変更を実施する"))
    expect(page.get_by_text("実施しました。")).to_be_visible()
    assert closing(page, begins) == ["15:00"]


def closing(page: Page, day: dt.date) -> list[str]:
    """Return when vehicles stop on a day, by the rules that hold then."""
    return [rule["to"] for rule in ask(page, f"/api/v1/rules?date={day}")["hours"]]


def test_an_area_is_drawn_by_its_corners_and_drafted(new_page: NewPage) -> None:
    page = new_page("/admin#areas/new", name="admin")
    write(page, page.get_by_label("記号"), "north")
    write(page, page.get_by_label("名前", exact=True), "北の区域")
    write(page, page.get_by_label("英語の名前"), "North")
    begins = today_of(page) + dt.timedelta(days=310)
    write(page, page.get_by_label("いつから"), begins.isoformat())
    for _ in range(3):
        push(page, page.get_by_role("button", name="点を足す"))
    for number, (lat, lon) in enumerate([(34.7, 133.5), (34.7, 134.0), (35.0, 133.7)], 1):
        write(page, page.get_by_label(f"点{number} 緯度"), str(lat))
        write(page, page.get_by_label(f"点{number} 経度"), str(lon))
    page.keyboard.press("Tab")
    expect(page.get_by_text("km²")).to_be_visible()
    corner = page.get_by_role("button", name="点1 34.7, 133.5")
    reach(page, corner)
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("点1 緯度")).to_have_value("34.70045")
    assert violations(page) == []
    push(page, page.get_by_role("button", name="案を作って、影響を確かめる"))
    expect(page.get_by_text("案を作りました。")).to_be_visible()
    expect(page.get_by_text("受けられなくなる予約")).to_be_visible()
    push(page, page.get_by_role("button", name="捨てる"))
    expect(page.get_by_text("案を捨てました。")).to_be_visible()
    assert ask(page, f"/api/v1/rules?date={begins}")["zones"] == []


def test_a_place_is_added_with_its_reading_and_hidden_again(new_page: NewPage) -> None:
    page = new_page("/admin#places/new", name="dispatcher")
    write(page, page.get_by_label("名前", exact=True), "見本の薬局")
    write(page, page.get_by_label("よみ"), "みほんのやっきょく")
    choose(page, page.get_by_label("種類"), "店")
    write(page, page.get_by_label("緯度"), "34.8546")
    write(page, page.get_by_label("経度"), "133.6953")
    push(page, page.get_by_role("button", name="保存する", exact=True))
    page.wait_for_url(re.compile(r"#places/\d+$"))
    assert found(page, "みほんのやっ") == ["見本の薬局"]
    tick(page, page.get_by_label("案内しない"))
    push(page, page.get_by_role("button", name="保存する", exact=True))
    expect(page.get_by_text("保存しました。")).to_be_visible()
    assert found(page, "みほんのやっ") == []
    assert violations(page) == []


def found(page: Page, query: str) -> list[str]:
    return [place["name"] for place in ask(page, f"/api/v1/places?q={query}")]


def test_two_cards_of_one_member_become_one(new_page: NewPage) -> None:
    page = new_page("/admin", name="dispatcher")
    place = ask(page, "/api/v1/places?limit=1")[0]["id"]
    card = {"name": "架空 まとめ", "kana": "かくう まとめ", "phone": "000-000-8899", "place": place}
    kept, gone = (tell(page, "/api/v1/riders", card | {"notes": n, "known": True}) for n in "12")
    page.goto("/admin#members/doubles")
    pair = page.get_by_role("listitem").filter(has_text=kept["number"])
    push(page, pair.get_by_role("button"))
    expect(page.get_by_text("ふたりは同じ人ですか")).to_be_visible()
    assert violations(page) == []
    push(page, page.get_by_role("button", name="1枚にまとめる"))
    expect(page.get_by_text("1枚にまとめました。")).to_be_visible()
    numbers = {row["number"] for row in ask(page, "/api/v1/riders?q=かくうまとめ")}
    assert len(numbers & {kept["number"], gone["number"]}) == 1


def test_a_device_is_enrolled_by_a_code(new_page: NewPage) -> None:
    page = new_page("/admin#devices", name="admin")
    vehicle = ask(page, "/api/v1/vehicles")[0]
    choose(page, page.get_by_role("combobox", name="車両"), vehicle["name"])
    push(page, page.get_by_role("button", name="登録コードを作る"))
    code = page.locator(".code")
    expect(code).to_be_visible()
    assert violations(page) == []
    # The QR code is the address of the driver's page with the code in it.
    tablet = new_page(f"/driver#code={code.inner_text()}", name="driver", size=(1280, 800))
    expect(tablet.get_by_label("登録コード")).to_have_value(code.inner_text())
    with tablet.expect_response("**/api/v1/devices/enrol") as answer:
        push(tablet, tablet.get_by_role("button", name="端末を登録する"))
    device = answer.value.json()["device"]
    expect(tablet.get_by_text(f"この端末は {vehicle['name']} の位置を送ります。")).to_be_visible()
    page.reload()
    row = page.get_by_role("row").filter(has_text=device)
    push(page, row.get_by_role("button"))
    push(page, page.get_by_role("dialog").get_by_role("button", name="止める"))
    expect(row).to_contain_text("に止めた")


def test_a_vehicle_is_named_anew_and_a_worse_one_refused_when_rides_are_promised(
    new_page: NewPage,
) -> None:
    page = new_page("/admin#vehicles/new", name="admin")
    write(page, page.get_by_label("記号"), "try-1")
    write(page, page.get_by_label("名前", exact=True), "ためしの車")
    write(page, page.get_by_label("席の数"), "4")
    push(page, page.get_by_role("button", name="保存する", exact=True))
    page.wait_for_url("**/admin#vehicles/try-1")
    write(page, page.get_by_label("名前", exact=True), "ためしの車2")
    push(page, page.get_by_role("button", name="保存する", exact=True))
    expect(page.get_by_text("保存しました。")).to_be_visible()
    fleet = {row["id"]: row for row in ask(page, "/api/v1/town/vehicles")}
    assert fleet["try-1"]["name"] == "ためしの車2"
    assert fleet["try-1"]["depot"] is None, "without a depot it takes no bookings"
    assert violations(page) == []


def test_a_trip_of_a_draft_is_moved_and_the_draft_published(new_page: NewPage) -> None:
    page = new_page("/admin#timetables", name="planner")
    write(page, page.get_by_label("名前"), "春の案")
    push(page, page.get_by_role("button", name="写して作る"))
    page.wait_for_url(re.compile(r"#timetables/\d+$"))
    edition = page.url.rsplit("/", 1)[1]
    push(page, page.get_by_role("link", name="便を直す"))
    push(page, page.locator("tbody a").first)
    trip = page.locator("form h3").inner_text()
    before = times(page, edition, trip)
    page.get_by_label("すべての時刻をずらす").press("Enter")
    push(page, page.get_by_role("button", name="保存する", exact=True))
    expect(page.get_by_text("保存しました。")).to_be_visible()
    after = times(page, edition, trip)
    assert [late - early for early, late in zip(before, after, strict=True)] == [300] * len(before)
    assert violations(page) == []
    page.goto(f"/admin#timetables/{edition}")
    push(page, page.get_by_role("button", name="捨てる"))
    expect(page.get_by_role("dialog")).to_contain_text("「春の案」の案を捨てますか。")
    page.keyboard.press("Escape")
    far = today_of(page) + dt.timedelta(days=330)
    write(page, page.get_by_label("この日から"), far.isoformat())
    write(page, page.get_by_label("この日まで"), (far + dt.timedelta(days=5)).isoformat())
    push(page, page.get_by_role("button", name="公開する"))
    expect(page.get_by_text("公開しました。")).to_be_visible()


def times(page: Page, edition: str, trip: str) -> list[int]:
    """Return the seconds at which a trip of an edition leaves its stops."""
    rows = ask(page, f"/api/v1/timetables/{edition}/trips?limit=500")["rows"]
    calls = next(row for row in rows if row["id"] == trip)["calls"]
    clocks = [call["departure"].split(":") for call in calls if call["departure"]]
    return [int(h) * 3600 + int(m) * 60 + int(s) for h, m, s in clocks]


def test_an_account_is_opened_used_and_closed(new_page: NewPage) -> None:
    page = new_page("/admin#staff/new", name="admin")
    write(page, page.get_by_label("ログインの名前"), "kariya")
    write(page, page.get_by_label("パスワード（10文字以上）"), PASSWORD)
    write(page, page.get_by_label("名前", exact=True), "仮谷")
    choose(page, page.get_by_label("役割"), "計画")
    push(page, page.get_by_role("button", name="保存する", exact=True))
    page.wait_for_url("**/admin#staff/kariya")

    other = new_page("/login")
    write(other, other.get_by_label("名前"), "kariya")
    write(other, other.get_by_label("パスワード"), PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_url("**/planner")
    push(other, other.get_by_role("link", name="メニュー"))
    pages = other.get_by_role("navigation").get_by_role("link")
    expect(pages).to_have_count(2)
    assert violations(other) == []

    page.reload()
    tick(page, page.get_by_label("使えなくする"))
    push(page, page.get_by_role("button", name="保存する", exact=True))
    expect(page.get_by_text("保存しました。")).to_be_visible()
    other.goto("/planner")
    other.wait_for_url("**/login?next=*")

    page.goto("/admin#audit")
    push(page, page.get_by_role("button", name="記録が正しいか確かめる"))
    expect(page.get_by_text("記録は正しいです。")).to_be_visible()
    write(page, page.get_by_label("何に"), "kariya")
    expect(page.locator("tbody tr")).to_have_count(2)
    assert PASSWORD not in page.content()


def test_a_dialog_keeps_the_keyboard_and_gives_it_back(new_page: NewPage) -> None:
    page = new_page("/design")
    opener = page.get_by_role("button", name="開く")
    push(page, opener)
    inside = "document.querySelector('dialog').contains(document.activeElement)"
    for key in ("Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab"):
        page.keyboard.press(key)
        assert page.evaluate(inside), key
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


@pytest.mark.parametrize("path", ["/admin#places", "/admin#staff/new", "/planner", "/design"])
def test_text_of_twice_the_size_does_not_run_out_of_the_page(new_page: NewPage, path: str) -> None:
    page = new_page(path, name="admin")
    expect(page.locator("h1")).not_to_be_empty()
    page.evaluate(TWICE)
    settled(page)
    over = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert over <= 0


@pytest.mark.parametrize(("name", "first"), [("operator", "operator"), ("planner", "planner")])
def test_the_menu_leads_to_the_pages_of_ones_role(new_page: NewPage, name: str, first: str) -> None:
    page = new_page("/login", name=name)
    expect(page.get_by_role("navigation").get_by_role("link").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{first}")


def test_the_planners_page_is_for_planners(new_page: NewPage) -> None:
    page = new_page("/planner", name="operator")
    expect(page.get_by_text("この役割の人が使うところは、ここにはありません。")).to_be_visible()
