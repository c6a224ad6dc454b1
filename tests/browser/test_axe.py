"""Every page the application has is known here, and axe finds nothing on it as it opens.

What comes after the first sight of a page, its boxes and states, is looked at by the tests of that
page, with the same `everywhere`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts
from playwright.sync_api import Browser, Page, expect

from maas.api.pages import STAFF_SCREENS
from maas.app import create_app
from maas.settings import Settings
from tests.browser.axe import LANGUAGES, LOOKS, everywhere, speak, violations
from tests.browser.conftest import PATIENCE_MS, NewPage
from tests.browser.cut import cut_off
from tests.browser.waiting import settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]

PHONE = (390, 844)
ACCOUNTS = {
    "operator": "operator",
    "monitor": "dispatcher",
    "driver": "driver",
    "admin": "admin",
    "planner": "planner",
    "login": None,
    "design": None,
}
"""Every staff screen with who opens it."""
LEAST_SECTIONS = 10
RIDER = ["/", "/stop/1", "/book", "/book#not-a-link", "/r/nobody-made-this"]
WRITTEN = ["/signage/1/plain", "/accuracy", "/feeds/", "/feeds/tides/", "/feeds/ridership/"]
"""Pages the server writes itself, without a script."""
# The plain sign loads itself anew; who needs more time stops that by its link, which leads here.
STOPPED = "refresh=0"
PARAMETERS = {"stop": "1", "stop_id": "1", "token": "nobody-made-this", "name": "none"}
SIGN = "/signage/1"  # looked at in all its states by test_sign_away
SCREENS = [f"/{screen}" for screen in ACCOUNTS]
KNOWN = {one.split("#")[0] for one in [*RIDER, *WRITTEN, *SCREENS, SIGN]}


def addresses() -> Iterator[str]:
    """Yield an address of every route that answers GET outside the API."""
    for route in iter_route_contexts(create_app(Settings()).routes):
        path = route.path or ""
        if path.startswith(("/api/", "/ws/")) or "GET" not in (route.methods or ()):
            continue
        if path == "/{screen}":
            yield from (f"/{screen}" for screen in STAFF_SCREENS)
        else:
            yield path.replace(":path", "").format_map(_Given())


class _Given(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return PARAMETERS.get(name, "none")


def test_every_page_of_the_application_is_among_those_looked_at(
    browser: Browser, town: str
) -> None:
    with browser.new_context(base_url=town) as context:
        context.set_default_timeout(PATIENCE_MS)
        answers = {path: context.request.get(path) for path in addresses()}
    pages = {
        path
        for path, answer in answers.items()
        if answer.headers.get("content-type", "").startswith("text/html")
    }
    assert pages == KNOWN


@pytest.mark.parametrize("path", RIDER)
def test_axe_finds_nothing_on_a_riders_page(new_page: NewPage, path: str) -> None:
    page = new_page(path, size=PHONE)
    begun(page)
    assert everywhere(page, enhanced=True) == []


@pytest.mark.parametrize("path", WRITTEN)
def test_axe_finds_nothing_on_a_page_without_script(new_page: NewPage, path: str) -> None:
    page = new_page("/healthz", size=PHONE)
    for language in LANGUAGES:
        page.goto(f"{path}?lang={language}")
        if page.locator("meta[http-equiv=refresh]").count():
            page.locator(f"a[href$='lang={language}&{STOPPED}']").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        for look in LOOKS:
            page.emulate_media(color_scheme="dark" if look == "dark" else "light")
            assert violations(page) == [], (language, look)


@pytest.mark.parametrize("screen", ACCOUNTS)
def test_axe_finds_nothing_on_a_staff_screen(new_page: NewPage, screen: str) -> None:
    page = new_page(f"/{screen}", name=ACCOUNTS[screen], size=(1366, 768))
    begun(page)
    assert everywhere(page) == []


@pytest.mark.parametrize("role", ["operator", "dispatcher", "driver", "planner", "admin"])
def test_axe_finds_nothing_on_the_menu_of_a_role(new_page: NewPage, role: str) -> None:
    page = new_page("/login", name=role)
    expect(page.get_by_role("navigation").get_by_role("link").first).to_be_visible()
    assert everywhere(page) == []


@pytest.mark.parametrize("screen", ["admin", "planner"])
def test_axe_finds_nothing_in_any_section(new_page: NewPage, screen: str) -> None:
    page = new_page(f"/{screen}", name=screen, size=(1366, 768))
    begun(page)
    links = page.get_by_role("navigation").locator("a[href^='#']:has(kbd)")
    sections = [link.get_attribute("href") for link in links.all()]
    assert len(sections) >= LEAST_SECTIONS
    found = {}
    for section in sections:
        page.evaluate("to => { location.hash = to }", section)
        begun(page)
        found[section] = everywhere(page)
    assert {section: bad for section, bad in found.items() if bad} == {}


def begun(page: Page) -> None:
    """Wait until a page is there, with all it asked for."""
    expect(page.locator("h1").first).not_to_be_empty()
    expect(page.get_by_text("読みこみ中です…")).to_have_count(0)
    settled(page)


def test_nothing_is_cut_off_at_twice_the_size(new_page: NewPage) -> None:
    """A window at 200 % shows half as much."""
    cut: dict[str, list[str]] = {}
    for screen, name in ACCOUNTS.items():
        page = new_page(f"/{screen}", name=name, size=(683, 384))
        begun(page)
        links = page.get_by_role("navigation").locator("a[href^='#']:has(kbd)").all()
        for section in ["", *(link.get_attribute("href") for link in links)]:
            page.evaluate("to => { location.hash = to }", section)
            begun(page)
            cut |= cut_in_both(page)
    for path in RIDER:
        page = new_page(path, size=(320, 422))
        begun(page)
        cut |= cut_in_both(page)
    assert {path: texts for path, texts in cut.items() if texts} == {}


def cut_in_both(page: Page) -> dict[str, list[str]]:
    """Return what is cut off in each language, by the address."""
    found = {}
    for language in LANGUAGES:
        speak(page, language)
        found[f"{page.url} {language}"] = cut_off(page)
    return found
