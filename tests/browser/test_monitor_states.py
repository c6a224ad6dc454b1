"""The monitor in a small town of its own: an empty day, a silent vehicle, a restarted server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from dispatcher.roads.build import build
from maas.demo.server import serving
from maas.settings import Settings
from tests.browser.axe import violations
from tests.browser.conftest import NewPage
from tests.browser.test_monitor import command
from tests.maas.api.conftest import fill
from tests.maas.tiny_town import place_at, write_tiny_town

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("browser"),
]

BACK_S = 5
"""A page is back so soon after its server is."""
# When each link opened, by the page itself: a busy test hears of it later.
NOTE_LINKS = """
  window.WebSocket = class extends WebSocket {
    constructor(...of) {
      super(...of);
      this.addEventListener("open", () => (window.linked = Date.now() / 1000));
    }
  };
"""
SILENT_S = 7 * 60 + 2
NOON = 1_796_007_600.0
"""Monday 30 November 2026, 12:00 in Japan."""


class Service:
    """The real service on the tiny town; started again it has the same address."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir
        self._running = ExitStack()
        self._noon_was = time.time()
        self.address = ""

    def start(self) -> None:
        port = urlsplit(self.address).port or 0
        clock = {"MAAS_CLOCK_START": repr(NOON), "MAAS_CLOCK_ANCHOR": repr(self._noon_was)}
        settings = clock | {"MAAS_DATA_DIR": str(self._folder)}
        run = serving(settings, "127.0.0.1", port, self._folder.parent / "log")
        self.address = self._running.enter_context(run).address

    def stop(self) -> None:
        self._running.close()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of the tiny town."""
    root = tmp_path_factory.mktemp("tiny")
    files = write_tiny_town(root / "town")
    settings = Settings(data_dir=root / "data")
    build(files / "roads.osm", settings.data_dir / "roads")
    with ThreadPoolExecutor(1) as beside:  # Chromium's loop runs in this thread.
        beside.submit(lambda: asyncio.run(fill(settings, files))).result()
    return settings.data_dir


@pytest.fixture
def service(tiny: Path) -> Iterator[Service]:
    running = Service(tiny)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def town(service: Service) -> str:
    """The address of the tiny town, for ``new_page``."""
    return service.address


def monitor(new_page: NewPage, **kept: str) -> Page:
    """Open the monitor as a dispatcher, and wait until its lists are there."""
    page = new_page("/monitor", name="dispatcher", size=(1920, 1080), **kept)
    expect(page.locator("main dl").first).to_be_visible()
    return page


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_an_empty_day_shows_tomorrow_and_axe_finds_nothing(
    new_page: NewPage, language: str, look: str
) -> None:
    page = monitor(new_page, language=language, look=look)
    duties = page.locator("main section table").first
    expect(duties.locator("tbody tr")).to_have_count(2)
    expect(page.locator("main section").first).to_contain_text(
        "きょうの予約はありません" if language == "ja" else "There are no bookings today"
    )
    assert violations(page) == []


def test_a_silent_vehicle_says_for_how_long(new_page: NewPage) -> None:
    page = new_page("/healthz", name="dispatcher", size=(1920, 1080))
    lat, lon = place_at(1)

    def heard_long_ago(route: Route) -> None:
        plan = route.fetch().json()
        position = {"lat": lat, "lon": lon, "bearing": None, "ts": plan["now"] - SILENT_S}
        vehicles = [
            one | {"position": position} for one in plan["vehicles"] if one["id"] == "van-1"
        ]
        route.fulfill(json=plan | {"vehicles": vehicles})

    page.route("**/api/v1/plan", heard_long_ago)
    page.goto("/monitor")
    expect(page.locator("main .vehicle", has_text="1号車")).to_contain_text("信号なし 7分")
    silent = page.locator("main button[data-kind=silent]")
    expect(silent).to_contain_text("1号車：信号なし 7分")
    assert violations(page) == []


def test_after_a_restart_of_the_server_everything_is_there_once(
    new_page: NewPage, service: Service
) -> None:
    page = new_page("/healthz", name="dispatcher", size=(1920, 1080))
    page.add_init_script(NOTE_LINKS)
    page.goto("/monitor")
    expect(page.locator("main dl").first).to_be_visible()
    offer = command(page, "/quotes", "q", {"origin": 1, "destination": 6})["offers"][0]
    body = {"offer": offer["token"], "contact": {"name": "仮野", "phone": "000-000-0001"}}
    booking = command(page, "/bookings", "b", body)
    ride = page.locator(f".ride[data-booking='{booking['id']}']")
    happened = page.locator("main ol[aria-live=off] li", has_text=booking["reference"])
    expect(ride).to_have_count(1)
    expect(happened).to_have_count(1)

    service.stop()
    lost = page.locator("[role=alert]", has_text="サーバーとつながっていません")
    expect(lost).to_be_visible()
    expect(ride).to_have_count(1)
    expect(happened).to_have_count(1)
    assert violations(page) == []

    service.start()
    back = time.time()
    expect(page.locator("header .link[data-old=false]")).to_have_count(1)
    assert page.evaluate("window.linked") - back <= BACK_S
    expect(lost).to_have_count(0)
    expect(ride).to_have_count(1)
    expect(happened).to_have_count(1)
    path = f"/api/v1/bookings/{booking['id']}"
    assert page.context.request.delete(path, headers={"Idempotency-Key": "c"}).ok
    expect(ride).to_have_count(0)
    expect(happened).to_have_count(2)
