"""Every screen whose picture is taken, by its name: how one comes there, and at what size it is."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from desk_of_pictures import (
    LAPTOP,
    PBX_KEY,
    PHONE,
    TABLET,
    TALL,
    TELEVISION,
    Desk,
    press,
    settle,
    told,
)
from playwright.sync_api import APIRequestContext, Page, expect

Take = Callable[[Desk], None]
ADMIN: Final = (
    "rules", "areas", "calendar", "fares", "places", "members", "vehicles", "timetables",
    "devices", "signs", "messages", "staff", "audit",
)  # fmt: skip
PLANNER: Final = (
    "overview", "when", "where", "who", "promises", "refusals", "buses", "notes", "booklet",
    "reports", "openData", "whatIf",
)  # fmt: skip


def home(desk: Desk) -> None:
    """Take the home page of the town's transport, on a screen and on a telephone."""
    desk.picture(desk.opened("/", (1280, 1000)), "home")
    desk.picture(desk.opened("/", PHONE), "home-phone", whole=True)


def stop(desk: Desk) -> None:
    """Take a stop's page down to its timetable."""
    page = desk.opened("/", PHONE)
    page.goto(f"/stop/{busiest_stop(page.context.request)}")
    settle(page)
    page.locator("main > button").first.click()
    page.set_viewport_size({"width": TALL[0], "height": TALL[1]})
    desk.picture(page, "stop")


def ride(desk: Desk) -> None:
    """Take a ride by its link, as the rider sees it and as the family does."""
    page = desk.opened("/login", LAPTOP, "operator")
    booked = [one for one in told(page, "/bookings") if one["rider"]]
    open_ = [one for one in booked if one["state"] in {"booked", "arrived"}] or booked
    path = told(page, f"/bookings/{open_[0]['id']}/link")["path"]
    mine = desk.opened(path, PHONE)
    desk.picture(mine, "ride", whole=True)
    show = told(mine, f"/ride/{path.rpartition('/')[2]}")["show"]
    if show:
        desk.picture(desk.opened(f"/r/{show}", PHONE), "ride-family", whole=True)


def book(desk: Desk) -> None:
    """Take the four questions of booking by oneself, and the sentence at their end."""
    page = desk.opened("/login", LAPTOP, "operator")
    rider = told(page, "/riders?q=karin&limit=1")[0]["id"]
    link = told(page, f"/riders/{rider}/links", {})[0]["path"]
    phone = desk.opened(link, PHONE)
    desk.picture(phone, "book", whole=True)
    big = phone.locator("main button.big")
    # Somewhere else, from home to the first place, tomorrow, late in the morning.
    for answer, step in (
        (big.last, "from"), (big.nth(0), "to"), (big.nth(1), "day"), (big.nth(1), "time"),
        (phone.locator(".times button").nth(4), "confirm"),
    ):  # fmt: skip
        answer.click()
        desk.picture(phone, f"book-{step}", whole=True)


def sign(desk: Desk) -> None:
    """Take the board of the busiest stop as it hangs there, a small one, and both twins."""
    page = desk.opened("/login", TELEVISION)
    stop = busiest_stop(page.context.request)
    for name, size in (("sign", TELEVISION), ("sign-small", (1024, 600))):
        board = desk.opened(f"/signage/{stop}", size)
        board.locator("li, .words").first.wait_for()
        board.locator(f"footer[lang={desk.language}]").wait_for()
        desk.picture(board, name)
    drawn = page.context.request.get(f"/signage/{stop}/epaper.png?lang={desk.language}")
    desk.keep(drawn.body(), "epaper")
    page.goto(f"/signage/{stop}/plain?lang={desk.language}")
    desk.picture(page, "sign-plain")
    desk.picture(desk.opened("/signage/-", TELEVISION), "sign-pairing")


def login(desk: Desk) -> None:
    """Take the way in, and the menu behind it."""
    desk.picture(desk.opened("/login", LAPTOP), "login")
    desk.picture(desk.opened("/login", LAPTOP, "admin"), "menu")


def operator(desk: Desk) -> None:
    """Take the booking desk: a caller with three offers, a refusal, a supervisor's word."""
    page = desk.opened("/operator", LAPTOP, "operator")
    desk.picture(page, "operator-empty")
    rider = next(
        one
        for one in told(page, "/riders?q=karin&limit=50")
        if one["favourites"] and one["home_place"]
    )
    call = answer(page, rider["phone"])
    if page.locator("#household").count():
        press(page, "1")
    press(page, "1")
    page.keyboard.type("1330" if desk.language == "ja" else "1400")
    page.keyboard.press("Enter")
    page.locator("#offer-0, .refusal").first.wait_for()
    desk.picture(page, "operator")
    press(page, "F9")
    desk.picture(page, "operator-map")
    press(page, "F9", "Escape")
    page.locator("#time").fill("2200")
    page.keyboard.press("Enter")
    page.locator(".refusal").wait_for()
    desk.picture(page, "operator-refusal")
    press(page, "9")
    desk.picture(page, "operator-waiver")
    press(page, "Escape", "F1")
    desk.picture(page, "operator-keys")
    tell(page, call, "ended")


def operator_new(desk: Desk) -> None:
    """Take a caller whom nobody knows, and a draft for when the server is away."""
    page = desk.opened("/operator", LAPTOP, "operator")
    call = answer(page, "000-999-0007")
    page.keyboard.type("見本新子")
    settle(page)
    desk.picture(page, "operator-new")
    tell(page, call, "ended")
    press(page, "Escape", "Escape", "Shift+F4")
    desk.picture(page, "operator-draft")


def answer(page: Page, number: str) -> str:
    """Let somebody ring, and wait until their card has popped up at the free desk by itself."""
    call = f"picture-{secrets.token_hex(8)}"  # a call that has ended never rings again
    tell(page, call, "ringing", number)
    page.locator("li.here").wait_for()
    settle(page)
    return call


def tell(page: Page, call: str, event: str, number: str = "") -> None:
    """Be the exchange that tells of a call."""
    page.context.request.post(
        "/api/v1/calls",
        data={"id": call, "event": event, "number": number},
        headers={"Authorization": f"Bearer {PBX_KEY}"},
    )


def monitor(desk: Desk) -> None:
    """Take the monitor with the busiest vehicle chosen, and its lines of buses."""
    page = desk.opened("/monitor", TELEVISION, "dispatcher")
    page.keyboard.press(str(1 + busiest_vehicle(page)))
    desk.picture(page, "monitor")
    press(page, "v")
    desk.picture(page, "monitor-lines")


def monitor_boxes(desk: Desk) -> None:
    """Take a move looked at, a road to close, notes, tomorrow, and a day gone by."""
    page = desk.opened("/monitor", TELEVISION, "dispatcher")
    ahead = [one for one in told(page, "/bookings") if one["state"] == "booked"]
    press(page, "b")
    page.keyboard.type(ahead[-1]["reference"])
    page.locator("#pick-list [role=option]").first.wait_for()
    press(page, "Enter", "ArrowDown")
    page.locator("dialog .not-yet, dialog [role=alert]:not(:empty)").first.wait_for()
    desk.picture(page, "monitor-move")
    press(page, "Escape", "F2")
    desk.picture(page, "monitor-trouble")
    press(page, "4")
    page.keyboard.type("kamo")
    page.locator("#road-list [role=option]").first.wait_for()
    settle(page)
    desk.picture(page, "monitor-road")
    press(page, "Escape", "Escape", "Escape", "Escape")
    for key, name in (("x", "swap"), ("m", "tell"), ("n", "notes"), ("t", "tomorrow")):
        press(page, key)
        desk.picture(page, f"monitor-{name}")
        press(page, "Escape")
    press(page, "p")
    desk.picture(page, "monitor-past")


def driver(desk: Desk) -> None:
    """Take the tablet in the busiest vehicle, by day and by night, and the duty of its driver."""
    office = desk.opened("/login", LAPTOP, "dispatcher")
    page = desk.opened("/driver", TABLET, "driver")
    desk.picture(page, "driver-choose")
    plan = told(office, "/plan")["vehicles"]
    most = max(plan, key=lambda one: (len(one["stops"]), one["id"]))
    electric = next((one for one in plan if one["kind"] == "micro_ev"), most)
    for vehicle, name in ((most, "driver"), (electric, "driver-electric")):
        shown = vehicle["name"] if desk.language == "ja" else vehicle["name_en"]
        page.get_by_role("button", name=shown).first.click()
        page.locator("[data-standing=live]").wait_for()
        desk.picture(page, name)
        if vehicle is most:
            page.get_by_test_id("look").click()
            desk.picture(page, "driver-night")
            page.get_by_test_id("look").click()
            page.locator("aside button").first.click()
            desk.picture(page, "driver-duty")
            page.locator("main > button").last.click()
        page.locator("aside button").last.click()
        page.locator("main ul li button").first.wait_for()


def admin(desk: Desk, section: str) -> None:
    """Take one section of the office's page."""
    page = desk.opened(f"/admin#{section}", LAPTOP, "admin")
    desk.picture(page, f"admin-{section}", whole=section != "rules")


def admin_deeper(desk: Desk) -> None:
    """Take a member's card, a timetable with a trip, a vehicle, and what a rider was told."""
    page = desk.opened("/admin#members", LAPTOP, "admin")
    rider = told(page, "/riders?q=karin&limit=1")[0]["id"]
    editions = told(page, "/timetables")["editions"]
    edition = (editions or [told(page, "/timetables", {"name": "見本の改正"})])[0]["id"]
    booking = told(page, "/bookings")[0]["id"]
    for name, address in (
        ("member", f"members/{rider}"),
        ("doubles", "members/doubles"),
        ("edition", f"timetables/{edition}"),
        ("trips", f"timetables/{edition}/trips"),
        ("told", f"messages/{booking}"),
    ):
        page.goto(f"/admin#{address}")
        desk.picture(page, f"admin-{name}", whole=True)
    page.goto("/admin#messages")
    settle(page)
    page.locator("details > summary").first.click()
    settle(page)
    for summary in page.locator("details details > summary").all():
        summary.click()
    desk.picture(page, "admin-templates", whole=True)


def planner(desk: Desk, section: str) -> None:
    """Take one section of the planner's page."""
    page = desk.opened(f"/planner#{section}", LAPTOP, "planner")
    desk.picture(page, f"planner-{section}", whole=section != "overview")


def design(desk: Desk) -> None:
    """Take the page of colours, letters and parts."""
    desk.picture(desk.opened("/design", LAPTOP), "design", whole=True)


def busiest_stop(request: APIRequestContext) -> str:
    """Return the stop with most departures ahead."""

    def departures(stop: dict[str, Any]) -> int:
        found = request.get(f"/api/v1/stops/{stop['id']}/departures?limit=20").json()
        return len(found["departures"])

    return str(max(request.get("/api/v1/stops?limit=50").json(), key=departures)["id"])


def busiest_vehicle(page: Page) -> int:
    """Return the place in the monitor's list of the vehicle with most stops ahead."""
    plan = told(page, "/plan")["vehicles"]
    busiest = max(plan, key=lambda vehicle: len(vehicle["stops"]))
    most = (busiest["name"], busiest["name_en"])
    expect(page.locator("button .head strong").first).to_be_visible()
    names = page.locator("button .head strong").all_inner_texts()
    return next(index for index, name in enumerate(names) if name.endswith(most))


SCREENS: Final[dict[str, Take]] = {
    "home": home,
    "stop": stop,
    "ride": ride,
    "book": book,
    "sign": sign,
    "login": login,
    "operator": operator,
    "operator-new": operator_new,
    "monitor": monitor,
    "monitor-boxes": monitor_boxes,
    "driver": driver,
    **{f"admin-{one}": partial(admin, section=one) for one in ADMIN},
    "admin-deeper": admin_deeper,
    **{f"planner-{one}": partial(planner, section=one) for one in PLANNER},
    "design": design,
}
"""In the order they are taken; each opens its own pages."""
