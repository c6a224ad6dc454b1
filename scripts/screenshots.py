"""Takes the pictures of the README: the five screens of a demo town in the middle of its morning.

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
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
IMAGES = PROJECT / "docs" / "images"
SPEED = 20
# Seconds after which the demo's morning is busy.
WARM_UP_S = 60


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
    """Take every screen in Japanese."""
    home = opened(browser, town, "/", (1280, 1000))
    picture(home, "home")
    picture(opened(browser, town, f"/signage/{busiest_stop(home)}", (1920, 1080)), "sign")
    desk = opened(browser, town, "/operator", (1366, 768), "operator")
    ask(desk)
    picture(desk, "operator")
    monitor = opened(browser, town, "/monitor", (1920, 1080), "dispatcher")
    monitor.locator(".map[aria-busy=false]").wait_for(timeout=120_000)
    monitor.keyboard.press(str(1 + busiest_vehicle(monitor)))
    monitor.wait_for_timeout(4000)
    picture(monitor, "monitor")
    drive(opened(browser, town, "/driver", (1280, 800), "driver"), monitor)


def opened(
    browser: Browser, town: str, path: str, size: tuple[int, int], name: str | None = None
) -> Page:
    """Return a page of the town, signed in under a demo account."""
    context = browser.new_context(
        base_url=town,
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
        viewport={"width": size[0], "height": size[1]},
    )
    if name:
        context.request.post("/api/v1/session", data={"name": name, "password": "kibi-demo"})
    page = context.new_page()
    page.goto(path)
    page.wait_for_timeout(2500)
    return page


def picture(page: Page, name: str) -> None:
    """Write one picture."""
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def busiest_stop(page: Page) -> str:
    """Return the stop with most departures ahead."""
    stops = page.context.request.get("/api/v1/stops?limit=50").json()
    departures = {
        stop["id"]: page.context.request.get(
            f"/api/v1/stops/{stop['id']}/departures?limit=20"
        ).json()["departures"]
        for stop in stops
    }
    return str(max(departures, key=lambda stop: len(departures[stop])))


def busiest_vehicle(page: Page) -> int:
    """Return the place in the monitor's list of the vehicle with most stops ahead."""
    plan = page.context.request.get("/api/v1/plan").json()["vehicles"]
    most = max(plan, key=lambda vehicle: len(vehicle["stops"]))["name"]
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


def drive(page: Page, monitor: Page) -> None:
    """Take over the busiest vehicle, take the picture, and hand it back."""
    plan = monitor.context.request.get("/api/v1/plan").json()["vehicles"]
    most = max(plan, key=lambda vehicle: len(vehicle["stops"]))["name"]
    page.get_by_role("button", name=most).click()
    page.wait_for_timeout(1500)
    picture(page, "driver")
    page.locator("aside button").click()
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
