"""A vehicle breaks down: the dispatcher looks whom it hits, decides, and has the riders rung."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import PATIENCE_MS, NewPage
from tests.browser.test_driver import JAPAN
from tests.browser.waiting import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]


WAIT_MS = PATIENCE_MS
# How many colours the picture of the map has.
COLOURS = """
() => {
  const picture = document.querySelector(".map canvas[aria-hidden=true]");
  const { data } = picture.getContext("2d").getImageData(0, 0, picture.width, picture.height);
  return new Set(new Uint32Array(data.buffer)).size;
}
"""
PIXELS = "document.querySelector('.map canvas[aria-hidden=true]').toDataURL()"


def told(answer: APIResponse) -> Any:  # noqa: ANN401 -- JSON
    assert answer.ok, answer.text()
    return answer.json()


def asked(page: Page, path: str) -> Any:  # noqa: ANN401 -- JSON
    return told(page.context.request.get(f"/api/v1{path}"))


def command(page: Page, path: str, key: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 -- JSON
    headers = {"Idempotency-Key": key}
    return told(page.context.request.post(f"/api/v1{path}", data=body, headers=headers))


def booked_for_later(page: Page) -> Any:  # noqa: ANN401 -- JSON
    """Book a ride late in the day for somebody who only has a telephone; return the booking."""
    places = asked(page, "/places?q=&limit=40")
    now = asked(page, "/clock")["now"]
    for origin, destination in pairwise(places):
        for hour in range(int(now // 3600 + 9) % 24 + 3, 17):
            ask = {
                "origin": origin["id"],
                "destination": destination["id"],
                "time": f"{hour:02}:00",
            }
            if offers := command(page, "/quotes", f"q-{hour}-{origin['id']}", ask)["offers"]:
                contact = {"name": "仮野 電話", "phone": "000-000-0001"}
                body = {"offer": offers[0]["token"], "contact": contact}
                return command(page, "/bookings", "book-for-breakdown", body)
    pytest.fail("nobody offers a ride")


@contextmanager
def only_one_vehicle(page: Page, kept: str) -> Iterator[None]:
    """Keep every other vehicle in its garage; afterwards all of them are back."""
    every = [one["id"] for one in asked(page, "/plan")["vehicles"]]
    others = [one for one in every if one != kept]
    away = {"kind": "driver_off", "vehicles": others, "reason": "test"}
    command(page, "/disruptions", "others-off", away)
    try:
        yield
    finally:
        back = {"kind": "back", "vehicles": every, "reason": "test"}
        command(page, "/disruptions", "all-back", back)


def number_of(page: Page, vehicle: str) -> str:
    """Return the digit that chooses a vehicle on the page."""
    button = page.locator("dialog li button", has_text=vehicle)
    return button.locator("kbd").inner_text().strip()


def test_a_breakdown_is_looked_at_decided_and_told_by_keyboard(new_page: NewPage) -> None:
    page = new_page("/monitor", name="dispatcher", size=(1920, 1080))
    expect(page.locator("main dl").first).to_be_visible(timeout=WAIT_MS)
    booking = booked_for_later(page)
    vehicle = booking["vehicle"]
    with only_one_vehicle(page, vehicle["id"]):
        page.keyboard.press("F2")
        page.keyboard.press("1")
        page.keyboard.press(number_of(page, vehicle["name"]))
        page.keyboard.press("Enter")
        expect(page.locator("#reason")).to_be_focused()
        page.keyboard.type("パンク")
        page.keyboard.press("Enter")

        # A preview tells what would become of the rider, and nothing has happened yet.
        row = page.locator("dialog tr", has_text=booking["reference"])
        expect(row).to_have_attribute("data-what", "unplaced", timeout=WAIT_MS)
        assert violations(page) == []
        assert asked(page, "/bookings-without-vehicle") == []

        page.keyboard.press("Enter")
        expect(page.locator("dialog .done")).to_be_visible(timeout=WAIT_MS)
        unplaced = page.locator("main button[data-kind=unplaced]", has_text=booking["reference"])
        expect(unplaced).to_have_count(1, timeout=WAIT_MS)

        # The calls follow, and one that was made leaves the list.
        page.keyboard.press("Enter")
        call = page.locator("dialog li button", has_text=booking["reference"])
        expect(call).to_be_visible(timeout=WAIT_MS)
        for _ in range(page.locator("dialog li button").count()):
            if call.get_attribute("aria-pressed") == "true":  # others may come first
                break
            page.keyboard.press("ArrowDown")
        expect(page.locator("dialog .phone")).to_have_text("000 000 0001")
        assert violations(page) == []
        page.keyboard.press("r")
        expect(call).to_have_count(0, timeout=WAIT_MS)
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
    audit = asked(page, f"/bookings/{booking['id']}/messages")
    assert any(one["done_by"] == "dispatcher" for one in audit)
    page.context.request.delete(
        f"/api/v1/bookings/{booking['id']}", headers={"Idempotency-Key": "end"}
    )


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_on_any_box(new_page: NewPage, language: str, look: str) -> None:
    page = new_page("/monitor", name="dispatcher", size=(1920, 1080), language=language, look=look)
    expect(page.locator("main dl").first).to_be_visible(timeout=WAIT_MS)
    found = violations(page)
    for keys in (
        ["F1"],
        ["F2"],
        ["F2", "1"],
        ["F2", "4"],
        ["F2", "6"],
        ["F2", "7"],
        ["F2", "8"],
        ["F4"],
        ["b"],
    ):
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator("dialog")).to_be_visible()
        found += [f"{keys}: {one}" for one in violations(page)]
        for _ in keys:
            page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
    assert found == []


def test_without_a_graphics_card_the_map_is_a_picture_that_follows_its_view(
    new_page: NewPage,
) -> None:
    page = new_page("/monitor", name="dispatcher", size=(1920, 1080))
    expect(page.locator(".map[aria-busy=false]")).to_be_visible()
    town = page.locator(".map canvas[role=region]")

    expect(town).to_have_css("opacity", "0")
    until(page, f"least => ({COLOURS})() > least", len(("land", "road", "edge")))
    before = page.evaluate(PIXELS)
    town.focus()
    page.keyboard.press("+")

    until(page, f"was => {PIXELS} !== was", before)
    page.keyboard.press("v")
    expect(page.locator(".map")).to_be_hidden()
    page.keyboard.press("v")
    expect(page.locator(".map")).to_be_visible()


def test_a_road_is_closed_by_keys_and_named_from_junction_to_junction(new_page: NewPage) -> None:
    page = new_page("/monitor", name="dispatcher", size=(1920, 1080))
    expect(page.locator("main dl").first).to_be_visible()
    box = page.get_by_role("dialog")
    for key in ("F2", "4", *"kamo"):
        page.keyboard.press(key)
    expect(page.locator("#road-list [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    road = box.locator("li").filter(has_text="長さ")
    expect(road).to_have_count(1)
    expect(box.locator(".map[aria-busy=false]")).to_be_visible()
    assert violations(page) == []
    meant = road.inner_text()
    decide(page, "土砂くずれ", meant)

    closed = page.locator("[data-kind=closed]")
    expect(closed).to_contain_text("土砂くずれ")
    closed.press("Enter")
    expect(road.filter(has_text=meant).last).to_be_visible()
    decide(page, "かたづいた", meant)
    expect(closed).to_have_count(0)


def test_a_break_is_put_in_by_keys_told_to_its_driver_and_taken_out_again(
    new_page: NewPage,
) -> None:
    page = new_page("/monitor", name="dispatcher", size=(1920, 1080))
    tablet = new_page("/driver", name="driver", size=(1280, 800))
    van = asked(page, "/plan")["vehicles"][0]
    tablet.get_by_role("button", name=van["name"]).click()
    expect(tablet.locator("[data-standing=live]")).to_be_visible()
    until(tablet, "id => localStorage.getItem(`cab:${id}`) !== null", van["id"])

    def rests() -> Any:  # noqa: ANN401 -- JSON
        return next(one for one in asked(page, "/plan")["vehicles"] if one["id"] == van["id"])[
            "rests"
        ]

    box = page.get_by_role("dialog")
    begin = dt.datetime.fromtimestamp(asked(page, "/clock")["now"] + 2 * 3600, JAPAN)
    expect(page.locator("main dl").first).to_be_visible()
    for key in ("F2", "7"):
        page.keyboard.press(key)
    page.keyboard.press(number_of(page, van["name"]))
    page.keyboard.press("Enter")
    expect(box.get_by_label("いつから")).to_be_focused()
    page.keyboard.type(begin.strftime("%H%M"))
    page.keyboard.press("Tab")
    page.keyboard.type("45")
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(box.locator(".not-yet")).to_be_visible()
    expect(box.locator(".sums")).to_contain_text("休憩")
    assert violations(page) == []
    assert rests() == []

    page.keyboard.press("Enter")
    expect(box.locator(".done")).to_be_visible()
    page.keyboard.press("Escape")
    (rest,) = rests()
    since, over = (dt.datetime.fromisoformat(rest[end]) for end in ("since", "until"))
    assert (since >= begin.replace(second=0, microsecond=0), over - since) == (
        True,
        dt.timedelta(minutes=45),
    )
    span = f"{since.hour}:{since:%M}〜{over.hour}:{over:%M}"
    band = page.locator(f".row[data-vehicle={van['id']}]").get_by_role("img", name=f"休憩 {span}")
    expect(band).to_be_visible()
    change = tablet.locator(".change")
    expect(change).to_contain_text(f"休憩：{span} {rest['place']['name']}")
    assert violations(tablet) == []
    change.get_by_role("button").click()
    pause = tablet.locator("li.pause", has_text="会社")
    expect(pause).to_contain_text(rest["place"]["name"])

    for key in ("F2", "8", "1", "Enter"):
        page.keyboard.press(key)
    expect(box.locator(".not-yet")).to_be_visible()
    assert len(rests()) == 1
    page.keyboard.press("Enter")
    expect(box.locator(".done")).to_be_visible()
    page.keyboard.press("Escape")
    expect(band).to_have_count(0)
    assert rests() == []
    expect(change).to_contain_text(f"なくなった休憩：{span}")
    expect(pause).to_have_count(0)


def decide(page: Page, why: str, meant: str) -> None:
    """Say why, look what comes of it and which road is meant, do it, and go back."""
    box = page.get_by_role("dialog")
    box.get_by_label("わけ").fill(why)
    page.keyboard.press("Enter")
    expect(box.locator(".not-yet")).to_be_visible()
    expect(box.get_by_text(meant)).to_be_visible()
    page.keyboard.press("Enter")
    expect(box.get_by_text("決めました。")).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
