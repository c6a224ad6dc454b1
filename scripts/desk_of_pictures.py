"""Opens pages of a demo town in a language, waits until they stand still, keeps their pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

PROJECT: Final = Path(__file__).resolve().parents[1]
IMAGES: Final = PROJECT / "docs" / "images"
PBX_KEY: Final = "key-of-the-pictures"
"""By which the pictures' callers ring."""
LAPTOP, TELEVISION, TABLET, PHONE = (1366, 768), (1920, 1080), (1280, 800), (390, 844)
# A page of a telephone, all of it.
TALL: Final = (390, 1400)
IN_READMES: Final = {
    **{
        name: name
        for name in (
            "book", "driver", "epaper", "home", "login", "monitor", "operator", "ride", "sign",
            "stop",
        )
    },
    "admin-rules": "admin",
    "planner-overview": "planner",
}  # fmt: skip
LOOKS: Final = ("light", "dark")
COLOURS: Final = 128
# A software renderer on a busy machine.
PATIENCE_MS: Final = 180_000
# What counts up every second is no change: only what comes and goes is.
QUIET: Final = """
() => new Promise(done => {
  let timer;
  const end = () => (watch.disconnect(), clearTimeout(last), done(true));
  const still = () => { clearTimeout(timer); timer = setTimeout(end, 400); };
  const last = setTimeout(end, 8000);
  const watch = new MutationObserver(still);
  watch.observe(document, { childList: true, subtree: true });
  still();
})
"""
LOADING: Final = re.compile(r"^\s*(読みこみ中です…|Loading…)\s*$")
DRAWN: Final = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# How long a software renderer draws a map in its other colours; nothing on the page says when.
MAP_MS: Final = 3_000

_numbers = count(1)


@dataclass(frozen=True)
class Desk:
    """A language's pictures; `folder` takes all of them, docs/images those of the READMEs."""

    browser: Browser
    town: str
    language: str
    folder: Path | None
    _open: list[BrowserContext] = field(default_factory=list)

    def opened(self, path: str, size: tuple[int, int], name: str | None = None) -> Page:
        """Return a page of the town that stands still, signed in under a demo account."""
        context = self.browser.new_context(
            base_url=self.town,
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            viewport={"width": size[0], "height": size[1]},
            color_scheme="light",
            bypass_csp=True,
        )
        context.set_default_timeout(PATIENCE_MS)
        self._open.append(context)
        context.add_init_script(f"localStorage.setItem('language', '\"{self.language}\"')")
        if name:
            signed_in = {"name": name, "password": "kibi-demo"}
            context.request.post("/api/v1/session", data=signed_in)
        page = context.new_page()
        page.goto(path)
        settle(page)
        return page

    def leave(self) -> None:
        """Close every page."""
        while self._open:
            self._open.pop().close()

    def picture(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Keep a page as it stands, light and dark; `whole` is all there is to scroll to."""
        settle(page)
        page.evaluate("scrollTo(0, 0)")
        for look in LOOKS if self.folder else LOOKS[:1]:
            page.emulate_media(color_scheme="dark" if look == "dark" else "light")
            page.evaluate(DRAWN)
            if page.locator(".maplibregl-map").count():
                page.wait_for_timeout(MAP_MS)
            self.keep(page.screenshot(full_page=whole), name, look)
        page.emulate_media(color_scheme="light")

    def keep(self, png: bytes, name: str, look: str = "light") -> None:
        """Write a picture, in as many colours as a screen of ours has, where it belongs."""
        image: Image.Image = Image.open(BytesIO(png))
        if image.mode != "1":
            image = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        files = [self.folder / f"{name}-{self.language}-{look}.png"] if self.folder else []
        if name in IN_READMES and (self.language, look) == ("ja", "light"):
            files.append(IMAGES / f"{IN_READMES[name]}.png")
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            image.save(file, "PNG", optimize=True)
            print(file, flush=True)


def settle(page: Page) -> None:
    """Wait until nothing on the page is still being read or drawn, and nothing comes or goes."""
    _wait_for_all_that_is_asked(page)
    page.evaluate(QUIET)
    _wait_for_all_that_is_asked(page)


def _wait_for_all_that_is_asked(page: Page) -> None:
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.get_by_text(LOADING)).to_have_count(0, timeout=PATIENCE_MS)


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other, each when the page has done what the one before asks."""
    for key in keys:
        page.keyboard.press(key)
        settle(page)


def told(page: Page, path: str, body: Any = None) -> Any:  # noqa: ANN401 -- JSON
    """Return the API's answer with the page's own session, to a command when there is a body."""
    request = page.context.request
    if body is None:
        return request.get(f"/api/v1{path}").json()
    key = {"Idempotency-Key": f"picture-{id(page)}-{next(_numbers)}"}
    answer = request.post(f"/api/v1{path}", data=body, headers=key)
    if not answer.ok:
        raise Error(answer.text())
    return answer.json() if answer.text() else None
