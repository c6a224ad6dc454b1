"""What axe finds on a page: in Japanese and English, by day and by night, nothing left out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from playwright.sync_api import Page, expect

from tests.browser.conftest import PROJECT
from tests.browser.waiting import until

AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
LANGUAGES, LOOKS = ("ja", "en"), ("light", "dark")

# Not by the mouse: behind a box nothing can be clicked.
_TURN = """
(to) => {
  const menu = document.querySelector('option[value="zh-Hans"]')?.closest('select');
  if (menu) {
    menu.value = to;
    menu.dispatchEvent(new Event('change', { bubbles: true }));
  } else if (document.documentElement.lang !== to) {
    const name = { ja: '日本語', en: 'English' }[to];
    [...document.querySelectorAll('button')].find(one => one.textContent.trim() === name).click();
  }
}
"""
# The driver's page is dark by the hour; the others as the device is.
_OF_ITS_OWN = "(/^.driver/.test(location.pathname) && document.querySelector('.page'))"
_DARKEN = f"(dark) => {_OF_ITS_OWN} && {_OF_ITS_OWN}.classList.toggle('night', dark)"
_WORN = f"""
(look) => getComputedStyle({_OF_ITS_OWN} || document.documentElement).colorScheme === look
"""


def violations(page: Page, *, enhanced: bool = False) -> list[str]:
    """Return what axe finds as the page is now; `enhanced` asks for a contrast of 7:1."""
    page.evaluate(AXE.read_text("utf-8"))
    rules = {"rules": {"color-contrast-enhanced": {"enabled": enhanced}}}
    found = page.evaluate("rules => axe.run(document, rules)", rules)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def everywhere(
    page: Page, *, enhanced: bool = False, also: Callable[[Page], None] | None = None
) -> list[str]:
    """Return what axe finds on a state in both languages and looks; then it is as it was.

    `also` is called in each of the four.
    """
    found = []
    for language, look in product(LANGUAGES, LOOKS):
        speak(page, language)
        wear(page, look)
        if also:
            also(page)
        found += [f"{language} {look}: {one}" for one in violations(page, enhanced=enhanced)]
    page.evaluate(_TURN, LANGUAGES[0])
    wear(page, LOOKS[0])
    return found


def speak(page: Page, language: str) -> None:
    """Turn a page into a language."""
    page.evaluate(_TURN, language)
    expect(page.locator("html")).to_have_attribute("lang", language)


def wear(page: Page, look: str) -> None:
    """Give a page its light or its dark look."""
    page.emulate_media(color_scheme="dark" if look == "dark" else "light")
    page.evaluate(_DARKEN, look == "dark")
    until(page, _WORN, look)
