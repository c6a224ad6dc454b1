"""The operator's desk by keyboard alone, timed by the keystroke-level model."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations
from tests.browser.conftest import NewPage
from tests.browser.desk import (
    a_time,
    asked,
    motions,
    opened,
    riders,
    ringing,
    take_first_offer,
    tell,
    today,
    way,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]


ZOOMS = {100: (1366, 768), 125: (1093, 614), 150: (911, 512)}
"""A window of 1366 by 768 whose text is enlarged by so many percent, in the page's own pixels."""


@pytest.fixture
def desk(new_page: NewPage) -> Page:
    """The desk at its plain size."""
    return opened(new_page)


@pytest.fixture(params=ZOOMS, ids=[f"{zoom}%" for zoom in ZOOMS])
def sized(request: pytest.FixtureRequest, new_page: NewPage) -> Page:
    """The desk with its text at three sizes."""
    return opened(new_page, *ZOOMS[request.param])


def test_a_known_caller_is_booked_in_eight_keys_and_eight_seconds(sized: Page) -> None:
    desk = sized
    rider = riders(desk)[0]
    time = a_time(desk, *way(rider), rider=rider["id"])
    with ringing(desk, rider["phone"]):
        with motions(desk, "known caller", thoughts=4) as made:
            expect(desk.locator("#to")).to_be_focused()
            desk.keyboard.press("1")
            expect(desk.locator("#time")).to_be_focused()
            desk.keyboard.type(time)
            desk.keyboard.press("Enter")
            take_first_offer(desk)
        expect(desk.locator(".sentence").first).to_contain_text("受付番号")
        assert violations(desk) == []
    assert (made.clicks, made.keys <= 8, made.seconds <= 8) == (0, True, True), made


def test_a_way_back_at_a_time_takes_twelve_seconds(sized: Page) -> None:
    desk = sized
    rider = riders(desk)[1]
    time = a_time(desk, *way(rider), rider=rider["id"])
    home, there = way(rider)
    back = a_time(desk, there, home, later_min=90, rider=rider["id"], after=time)
    with ringing(desk, rider["phone"]):
        with motions(desk, "with return", thoughts=6) as made:
            expect(desk.locator("#to")).to_be_focused()
            desk.keyboard.press("1")
            desk.keyboard.type(f"{time}r{back}")
            desk.keyboard.press("Enter")
            expect(desk.locator("#back-0")).to_be_visible()
            assert violations(desk) == []
            take_first_offer(desk)
        expect(desk.get_by_test_id("reference-back")).to_be_visible()
    assert (made.clicks, made.seconds <= 12) == (0, True), made


def test_a_new_place_takes_eleven_seconds(sized: Page) -> None:
    desk = sized
    rider = riders(desk)[2]
    names = ("yosh", "kamo", "taka", "kami", "mich", "shin", "rei")
    found = ((name, asked(desk, f"/places?q={name}&limit=1")) for name in names)
    typed, (place, *_) = next((name, places) for name, places in found if places)
    time = a_time(desk, rider["home_place"]["id"], place["id"], rider=rider["id"])
    with ringing(desk, rider["phone"]), motions(desk, "new place", thoughts=5) as made:
        expect(desk.locator("#to")).to_be_focused()
        desk.keyboard.type(typed)
        expect(desk.locator("#to-list [role=option]").first).to_be_visible()
        desk.keyboard.press("Enter")
        expect(desk.locator("#time")).to_be_focused()
        desk.keyboard.type(time)
        desk.keyboard.press("Enter")
        take_first_offer(desk)
    assert (made.clicks, made.seconds <= 11) == (0, True), made


def test_a_caller_without_a_number_takes_fourteen_seconds(sized: Page) -> None:
    desk = sized
    rider = asked(desk, "/riders?q=karin&limit=1")[0]
    time = a_time(desk, *way(rider), rider=rider["id"])
    with ringing(desk, ""):
        expect(desk.get_by_text("名前をきいて")).to_be_visible()
        with motions(desk, "unknown caller", thoughts=6) as made:
            desk.keyboard.type("karin")
            expect(desk.locator("#caller-list [role=option]").first).to_contain_text("かりの")
            desk.keyboard.press("Enter")
            expect(desk.locator("#to")).to_be_focused()
            desk.keyboard.press("1")
            desk.keyboard.type(time)
            desk.keyboard.press("Enter")
            take_first_offer(desk)
    assert (made.clicks, made.seconds <= 14) == (0, True), made


def test_a_booking_is_changed_and_cancelled_within_its_seconds(sized: Page) -> None:
    desk = sized
    rider = riders(desk)[3]
    time = a_time(desk, *way(rider), rider=rider["id"])
    later = a_time(desk, *way(rider), later_min=60, rider=rider["id"])
    with ringing(desk, rider["phone"]):
        expect(desk.locator("#to")).to_be_focused()
        desk.keyboard.press("1")
        desk.keyboard.type(time)
        desk.keyboard.press("Enter")
        take_first_offer(desk)
        reference = desk.get_by_test_id("reference").inner_text()
        expect(desk.locator("article")).to_contain_text(reference)
        with motions(desk, "change", thoughts=4) as changed:
            desk.keyboard.press("F7")
            expect(desk.locator("#time")).to_be_focused()
            desk.keyboard.type(later)
            desk.keyboard.press("Enter")
            take_first_offer(desk)
        assert desk.get_by_test_id("reference").inner_text() == reference
    with ringing(desk, rider["phone"]):
        expect(desk.locator("article")).to_contain_text(reference)
        with motions(desk, "cancel", thoughts=3) as cancelled:
            desk.keyboard.press("F8")
            expect(desk.locator("dialog")).to_be_visible()
            desk.keyboard.press("1")
            expect(desk.locator("p.message")).to_contain_text("取り消しました")
        expect(desk.locator("article")).not_to_contain_text(reference)
    assert (changed.clicks, changed.seconds <= 8) == (0, True), changed
    assert (cancelled.clicks, cancelled.seconds <= 5) == (0, True), cancelled


def test_where_the_car_is_stands_on_the_card(sized: Page) -> None:
    desk = sized
    rider = riders(desk)[-1]
    book(desk, rider)
    with ringing(desk, rider["phone"]):
        with motions(desk, "where is my car", thoughts=1) as made:
            expect(desk.locator(".ride .now")).to_contain_text("ごろ")
            expect(desk.locator(".ride .seen")).not_to_be_empty()
        assert violations(desk) == []
    assert (made.clicks, made.keys, made.seconds <= 2) == (0, 0, True), made


def book(page: Page, rider: dict[str, Any]) -> None:
    """Give a member a ride today, unless they have one."""
    if asked(page, f"/riders/{rider['id']}")["next_booking"]:
        return
    time = a_time(page, *way(rider), later_min=120, rider=rider["id"])
    origin, destination = way(rider)
    trip = {"origin": origin, "destination": destination, "time": f"{time[:2]}:{time[2:]}"}
    offer = asked(page, "/quotes", trip | {"rider_id": rider["id"]})["offers"][0]["token"]
    made = page.context.request.post(
        "/api/v1/bookings",
        data={"offer": offer, "rider_id": rider["id"]},
        headers={"Idempotency-Key": f"where-{rider['id']}"},
    )
    assert made.ok, made.text()


def test_a_ride_that_misses_its_bus_takes_the_next_by_keyboard(desk: Page) -> None:
    rider = riders(desk)[-1]
    book(desk, rider)
    booking = asked(desk, f"/riders/{rider['id']}")["next_booking"]
    wishes: list[str] = []
    missed = {
        "booking_id": booking["id"], "trip": "t", "stop": "1", "toward": "to_bus",
        "planned": booking["arrive_by"], "bus": booking["arrive_by"], "state": "missed",
        "next_trip": "t2",
    }  # fmt: skip

    def take_next(route: Route) -> None:
        wishes.append(route.request.headers["idempotency-key"])
        route.fulfill(json=booking)

    desk.route("**/api/v1/connections", lambda route: route.fulfill(json=[missed]))
    desk.route("**/connection/next", take_next)
    with ringing(desk, rider["phone"]):
        button = desk.get_by_role("button", name="次のバスに乗りつぐ")
        expect(button).to_be_visible()
        assert violations(desk) == []
        button.press("Enter")
        expect(desk.get_by_text("次のバスに乗りつぎます。")).to_be_visible()
    assert len(wishes) == 1


def test_the_same_as_last_week_takes_six_seconds(sized: Page) -> None:
    desk = sized
    rider = riders(desk)[4]
    origin, destination = rider["home_place"], rider["favourites"][0]["place"]
    time = a_time(desk, origin["id"], destination["id"], rider=rider["id"])
    trip = {"origin": origin, "destination": destination, "count": 9, "last": "2026-01-01"}
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    weekday = days[desk.evaluate("date => (new Date(date).getUTCDay() + 6) % 7", today(desk))]
    habit = trip | {"weekday": weekday, "time": f"{time[:2]}:{time[2:]}"}
    desk.route("**/habits", lambda route: route.fulfill(json={"trips": [habit], "places": []}))
    with ringing(desk, rider["phone"]):
        expect(desk.get_by_text("いつもの移動")).to_be_visible()
        with motions(desk, "same as last week", thoughts=3) as made:
            desk.keyboard.press("F6")
            take_first_offer(desk)
    assert (made.clicks, made.seconds <= 6) == (0, True), made


def test_a_return_by_telephone_becomes_a_ride_with_one_key(desk: Page) -> None:
    rider = riders(desk)[5]
    time = a_time(desk, *way(rider), rider=rider["id"])
    with ringing(desk, rider["phone"]):
        expect(desk.locator("#to")).to_be_focused()
        desk.keyboard.press("1")
        desk.keyboard.type(f"{time} r?")
        desk.keyboard.press("Enter")
        take_first_offer(desk)
        expect(desk.get_by_test_id("open-return")).not_to_be_empty()
    with ringing(desk, rider["phone"]):
        expect(desk.get_by_text("帰りの車")).to_be_visible()
        assert violations(desk) == []
        desk.keyboard.press("F4")
        said = desk.locator("[data-testid=reference], p.message:not(:empty)")
        expect(said.first).to_be_visible()


def test_a_held_seat_is_free_again_when_the_caller_rings_off(desk: Page) -> None:
    rider = riders(desk)[6]
    time = a_time(desk, *way(rider), rider=rider["id"])
    with ringing(desk, rider["phone"]) as call:
        expect(desk.locator("#to")).to_be_focused()
        desk.keyboard.press("1")
        desk.keyboard.type(time)
        desk.keyboard.press("Enter")
        expect(desk.locator("#offer-0")).to_be_visible()
        desk.keyboard.press("F10")
        expect(desk.get_by_text("まで取ってあります")).to_be_visible()
        assert violations(desk) == []
        assert held(desk, rider) == ["held"]
        tell(desk, call, "ended")
        expect(desk.get_by_text("電話は切れました")).to_be_visible()
        expect(desk.get_by_text("まで取ってあります")).to_be_hidden()
        assert held(desk, rider) == []  # what has lapsed is no booking of the day


def held(page: Page, rider: dict[str, Any]) -> list[str]:
    """Return the states of a rider's bookings of today."""
    bookings = asked(page, "/bookings")
    return [one["state"] for one in bookings if one["rider"] and one["rider"]["id"] == rider["id"]]


def test_two_members_on_one_telephone_are_both_shown(desk: Page) -> None:
    mother, daughter = riders(desk)[7:9]
    change = desk.context.request.patch(
        f"/api/v1/riders/{daughter['id']}",
        data={"phone": mother["phone"]},
        headers={"Idempotency-Key": "one-telephone"},
    )
    assert change.ok, change.text()
    with ringing(desk, mother["phone"]):
        expect(desk.locator("#household")).to_be_focused()
        expect(desk.locator("#household [role=option]")).to_have_count(2)
        assert violations(desk) == []
        chosen = desk.locator("#housemate-1 strong").inner_text()
        desk.keyboard.press("2")
        expect(desk.locator("#to")).to_be_focused()
        expect(desk.locator("#caller")).to_have_value(chosen)


def test_an_unknown_number_is_registered_in_place(desk: Page) -> None:
    with ringing(desk, "000-999-0001"):
        expect(desk.get_by_text("名前をきいて")).to_be_visible()
        desk.keyboard.type("見本新子")
        expect(desk.get_by_text("仮登録して受ける")).to_be_visible()
        desk.keyboard.press("Enter")
        expect(desk.locator("#new-place")).to_be_focused()
        assert violations(desk) == []
        desk.keyboard.type("kamo")
        expect(desk.locator("#new-place-list [role=option]").first).to_be_visible()
        desk.keyboard.press("Enter")
        expect(desk.locator("#to")).to_be_focused()
        rider = asked(desk, "/riders?q=0009990001")[0]
        assert (rider["name"], rider["provisional"]) == ("見本新子", True)


def test_enter_takes_what_was_found_for_all_that_was_typed(desk: Page) -> None:
    later: list[Route] = []

    def keep(route: Route) -> None:
        later.append(route)

    desk.route(f"**/riders?q={quote('例示文子')}*", keep)
    desk.keyboard.type("例示")
    expect(desk.get_by_text("「例示」さんを仮登録して受ける")).to_be_visible()

    desk.keyboard.type("文子")
    while not later:
        desk.wait_for_timeout(20)
    desk.keyboard.press("Enter")
    expect(desk.locator("#new-place")).to_have_count(0)
    later[0].continue_()

    expect(desk.get_by_label("名前", exact=True)).to_have_value("例示文子")


def test_a_call_to_make_is_noted_by_one_digit(new_page: NewPage) -> None:
    page = new_page("/operator", name="operator")
    noted: list[str] = []
    one = {
        "key": "moved:a:1", "occasion": "moved", "area": "", "booking_id": None, "member_id": None,
        "reference": "1234", "name": "見本 花子", "kana": "みほん はなこ", "phone": "000-000-0001",
        "urgency": 1, "due_at": "2026-01-01T10:00:00+09:00", "attempts": 0, "why": None,
        "from_at": "2026-01-01T09:00:00+09:00", "say": "車が10分おくれます。",
    }  # fmt: skip

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            noted.append(route.request.post_data or "")
            return route.fulfill(status=204)
        return route.fulfill(json=[] if noted else [one])

    page.route("**/phone-tasks**", answer)
    page.reload()
    expect(page.get_by_text("車が10分おくれます。")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Shift+F2")
    expect(page.locator("#tasks")).to_be_focused()
    page.keyboard.press("1")
    expect(page.locator("#task-0")).to_be_hidden()
    assert noted == ['{"outcome":"reached"}']
