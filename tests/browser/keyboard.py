"""Going through a page without a mouse: Tab until there, then type, or press Enter."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

TABS_MAX = 400
_HERE = "(one) => one === document.activeElement"


def reach(page: Page, target: Locator) -> None:
    """Press Tab until `target` has the keyboard, from wherever it is; it must be reachable."""
    expect(target).to_be_visible()
    for _ in range(TABS_MAX):
        if target.evaluate(_HERE):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {target}")


def push(page: Page, target: Locator) -> None:
    """Go to a button or a link, and press it."""
    reach(page, target)
    page.keyboard.press("Enter")


def write(page: Page, field: Locator, text: str) -> None:
    """Go to a field, and type in place of what stands there."""
    reach(page, field)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def choose(page: Page, field: Locator, label: str) -> None:
    """Go to a list, and choose by its letters."""
    reach(page, field)
    field.select_option(label=label)


def tick(page: Page, box: Locator) -> None:
    """Go to a box, and tick it."""
    reach(page, box)
    page.keyboard.press("Space")
