"""Takes the pictures of the READMEs: every screen of a demo town in the middle of its morning.

    python scripts/screenshots.py [ADDRESS]

Without an address it starts `maas demo` itself and waits until there is something to see.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import APIRequestContext, Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
IMAGES = PROJECT / "docs" / "images"
SPEED = 20
# Seconds after which the demo's morning is busy.
WARM_UP_S = 60
LANGUAGES = ("ja", "en")
COLOURS = 128
# A software renderer on a busy machine.
MAP_MS = 600_000
LAPTOP, TELEVISION, TABLET, PHONE = (1366, 768), (1920, 1080), (1280, 800), (390, 844)
# A stop's page down to its timetable.
TALL_PX = 1400


def main(address: str | None) -> None:
    """Write docs/images/*.png."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    path = subprocess.run(
        [sys.executable, PROJECT / "scripts" / "browser.py"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()
    if not path:
        sys.exit(1)
    with demo(address) as town, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        take_all(browser, town)
        browser.close()


@contextmanager
def demo(address: str | None) -> Iterator[str]:
    """Give the address of a running demo town, started here when there is none."""
    if address is not None:
        yield address
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "maas", "demo", "--port", "0", "--speed", str(SPEED)]
        process = subprocess.Popen(
            [*command, "--data-dir", folder], stdout=subprocess.PIPE, encoding="utf-8"
        )
        try:
            yield told_address(process)
        finally:
            process.terminate()
            process.wait(30)


def told_address(process: subprocess.Popen[str]) -> str:
    """Return the address in the demo's welcome once its morning has begun."""
    for line in process.stdout or ():
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            time.sleep(WARM_UP_S)
            return found[0]
    sys.exit("The demo ended before it was ready.")


def take_all(browser: Browser, town: str) -> None:
    """Take every screen at its real size, in Japanese and in English."""
    for language in LANGUAGES:
        desk = Desk(browser, town, language)
        for take in (riders_pages, sign, office, operator, monitor_and_driver):
            take(desk)


@dataclass(frozen=True)
class Desk:
    """Opens pages of a town in a language, and keeps their pictures."""

    browser: Browser
    town: str
    language: str

    def opened(self, path: str, size: tuple[int, int], name: str | None = None) -> Page:
        """Return a page of the town, signed in under a demo account."""
        context = self.browser.new_context(
            base_url=self.town,
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            viewport={"width": size[0], "height": size[1]},
        )
        context.add_init_script(f"localStorage.setItem('language', '\"{self.language}\"')")
        if name:
            signed_in = {"name": name, "password": "kibi-demo"}
            context.request.post("/api/v1/session", data=signed_in)
        page = context.new_page()
        page.goto(path)
        page.wait_for_timeout(2500)
        return page

    def picture(self, page: Page, name: str) -> None:
        """Write one picture, in as many colours as a screen of ours has."""
        self.keep(page.screenshot(), name)

    def keep(self, png: bytes, name: str) -> None:
        """Write a picture as `name`.png, or `name`-en.png."""
        file = IMAGES / (f"{name}.png" if self.language == "ja" else f"{name}-{self.language}.png")
        image: Image.Image = Image.open(BytesIO(png))
        if image.mode != "1":
            image = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        image.save(file, "PNG", optimize=True)
        print(file.relative_to(PROJECT))


def riders_pages(desk: Desk) -> None:
    """Take what riders see: home, a stop with its timetable, a ride, and booking."""
    desk.picture(desk.opened("/", (1280, 1000)), "home")
    office = desk.opened("/login", LAPTOP, "operator").context.request
    stop = desk.opened(f"/stop/{busiest_stop(office)}", PHONE)
    stop.locator("main > button").first.click()
    stop.wait_for_timeout(800)
    stop.set_viewport_size({"width": PHONE[0], "height": TALL_PX})
    desk.picture(stop, "stop")
    booking = next(one for one in office.get("/api/v1/bookings").json() if one["rider"])
    path = office.get(f"/api/v1/bookings/{booking['id']}/link").json()["path"]
    desk.picture(desk.opened(path, PHONE), "ride")
    key = {"Idempotency-Key": f"picture-{desk.language}"}
    rider = f"/api/v1/riders/{booking['rider']['id']}/links"
    link = office.post(rider, data={}, headers=key).json()[0]["path"]
    desk.picture(desk.opened(link, PHONE), "book")


def sign(desk: Desk) -> None:
    """Take the board of the busiest stop as it hangs there, and the same on e-paper."""
    page = desk.opened("/login", TELEVISION)
    stop = busiest_stop(page.context.request)
    page.goto(f"/signage/{stop}")
    page.locator("li, .words").first.wait_for()
    page.locator(f"footer[lang={desk.language}]").wait_for()
    desk.picture(page, "sign")
    drawn = page.context.request.get(f"/signage/{stop}/epaper.png?lang={desk.language}")
    desk.keep(drawn.body(), "epaper")


def office(desk: Desk) -> None:
    """Take the login page and the pages of the office."""
    desk.picture(desk.opened("/login", LAPTOP), "login")
    desk.picture(desk.opened("/admin", LAPTOP, "admin"), "admin")
    desk.picture(desk.opened("/planner", LAPTOP, "planner"), "planner")


def operator(desk: Desk) -> None:
    """Take the booking desk with three offers for a caller."""
    page = desk.opened("/operator", LAPTOP, "operator")
    ask(page)
    desk.picture(page, "operator")


def monitor_and_driver(desk: Desk) -> None:
    """Take the monitor with the busiest vehicle chosen, and the tablet in that vehicle."""
    page = desk.opened("/monitor", TELEVISION, "dispatcher")
    page.locator(".map[aria-busy=false]").wait_for(timeout=MAP_MS)
    page.keyboard.press(str(1 + busiest_vehicle(page)))
    page.wait_for_timeout(4000)
    desk.picture(page, "monitor")
    drive(desk, desk.opened("/driver", TABLET, "driver"), page)


def busiest_stop(request: APIRequestContext) -> str:
    """Return the stop with most departures ahead."""
    stops = request.get("/api/v1/stops?limit=50").json()
    departures = {
        stop["id"]: request.get(f"/api/v1/stops/{stop['id']}/departures?limit=20").json()[
            "departures"
        ]
        for stop in stops
    }
    return str(max(departures, key=lambda stop: len(departures[stop])))


def busiest_vehicle(page: Page) -> int:
    """Return the place in the monitor's list of the vehicle with most stops ahead."""
    plan = page.context.request.get("/api/v1/plan").json()["vehicles"]
    busiest = max(plan, key=lambda vehicle: len(vehicle["stops"]))
    most = (busiest["name"], busiest["name_en"])
    names = page.locator("button .head strong").all_inner_texts()
    return next(index for index, name in enumerate(names) if name.endswith(most))


def ask(page: Page) -> None:
    """Ask for a car for the first member whose name begins with かりの."""
    page.keyboard.type("karino")
    page.wait_for_timeout(800)
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    page.keyboard.press("1")
    page.keyboard.type("1330")
    page.keyboard.press("Enter")
    page.wait_for_timeout(1500)


def drive(desk: Desk, page: Page, monitor: Page) -> None:
    """Take over the busiest vehicle, take the picture, and hand it back."""
    plan = monitor.context.request.get("/api/v1/plan").json()["vehicles"]
    most = max(plan, key=lambda vehicle: len(vehicle["stops"]))
    name = most["name"] if desk.language == "ja" else most["name_en"] or most["name"]
    page.get_by_role("button", name=name).first.click()
    page.wait_for_timeout(1500)
    desk.picture(page, "driver")
    page.locator("aside button").click()
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
