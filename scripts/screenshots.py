"""Takes pictures of every screen of a demo town in the middle of its morning.

    python scripts/screenshots.py [ADDRESS] [--all FOLDER] [--only NAME]...

Writes those of the READMEs to docs/images; with `--all` every screen to a folder too, in Japanese
and English, light and dark, and sheets of them all to docs/images.  Without an address it starts
`maas demo` itself, and waits until there is something to see.  A town that runs already was started
with `MAAS_PBX_KEY` as in `PBX_KEY`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contact_sheets import write_sheets
from desk_of_pictures import PBX_KEY, PROJECT, Desk
from playwright.sync_api import APIRequestContext, Error, Playwright, sync_playwright
from screens_taken import SCREENS

SPEED = 6
# As in the tests: a weekday on which the buses run, so that every picture can be taken again.
MONDAY = "2026-12-07"
# What there is to see in the middle of the morning.
ENOUGH_BOOKINGS, ENOUGH_MOVING = 12, 3
PATIENCE_S = 900
LANGUAGES = ("ja", "en")


def main() -> None:
    """Write docs/images/*.png, and every screen to a folder if one is named."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("address", nargs="?")
    asked.add_argument("--all", type=Path, metavar="FOLDER")
    asked.add_argument("--only", action="append", metavar="NAME", choices=sorted(SCREENS))
    chosen = asked.parse_args()
    with demo(chosen.address) as town, sync_playwright() as playwright:
        failed = take_all(playwright, town, chosen.all, chosen.only or list(SCREENS))
    if chosen.all and not chosen.only:
        write_sheets(chosen.all)
    if failed:
        sys.exit("\n".join(failed))


def take_all(playwright: Playwright, town: str, folder: Path | None, names: list[str]) -> list[str]:
    """Take screens by name; return what went wrong with each that could not be taken."""
    path = subprocess.run(
        [sys.executable, PROJECT / "scripts" / "browser.py"],
        stdout=subprocess.PIPE, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    if not path:
        sys.exit(1)
    browser = playwright.chromium.launch(
        executable_path=path,
        args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
    )
    wait_for_the_morning(playwright.request.new_context(base_url=town))
    failed = []
    for language in LANGUAGES if folder else LANGUAGES[:1]:
        desk = Desk(browser, town, language, folder)
        for name in names:
            try:
                SCREENS[name](desk)
            except (Error, AssertionError, LookupError) as error:
                failed.append(f"{name}, {language}: {error}")
            desk.leave()
    browser.close()
    return failed


@contextmanager
def demo(address: str | None) -> Iterator[str]:
    """Give the address of a running demo town, started here when there is none."""
    if address is not None:
        yield address
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "maas", "demo", "--port", "0", "--date", MONDAY]
        process = subprocess.Popen(
            [*command, "--speed", str(SPEED), "--data-dir", folder],
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=os.environ | {"MAAS_PBX_KEY": PBX_KEY},
        )
        try:
            yield told_address(process)
        finally:
            process.terminate()
            process.wait(30)


def told_address(process: subprocess.Popen[str]) -> str:
    """Return the address in the demo's welcome."""
    for line in process.stdout or ():
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    sys.exit("The demo ended before it was ready.")


def wait_for_the_morning(request: APIRequestContext) -> None:
    """Wait until people have booked and vehicles are on their way."""
    request.post("/api/v1/session", data={"name": "dispatcher", "password": "kibi-demo"})
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        booked = len(request.get("/api/v1/bookings").json())
        vehicles = request.get("/api/v1/plan").json()["vehicles"]
        moving = sum(1 for one in vehicles if one["position"] and len(one["stops"]) > 1)
        if booked >= ENOUGH_BOOKINGS and moving >= ENOUGH_MOVING:
            return
        time.sleep(2)
    sys.exit(f"Nothing to see after {PATIENCE_S} s.")


if __name__ == "__main__":
    main()
