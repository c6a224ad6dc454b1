"""A position a bus has sent is on the public map of a real browser within a second."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect
from websockets.sync.client import connect

from maas.offline import bring_in_town, enrol
from maas.settings import Settings
from tests.browser.conftest import ADDRESS
from tests.maas.tiny_town import LAT, LON, STEP_DEG, write_tiny_town

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
]

BUSES, REPORTS = 30, 20
TEN = datetime(2026, 5, 13, 10, 1, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp()
"""When trip `e10` is on the road: the service's clock starts here."""
MAP_UNITS = 940
"""The map's width from the first stop to the last; each report of each bus has one for itself."""

# Notes for each place a bus is drawn at when the frame that shows it has been painted.
NOTE_PAINTED = """
() => {
  window.painted = {};
  const note = (bus) => {
    const x = Number(/translate\\(([-\\d.]+)/.exec(bus.getAttribute('transform'))[1]);
    const unit = Math.round(x - 30);
    requestAnimationFrame(() => setTimeout(() => { window.painted[unit] ??= Date.now(); }));
  };
  new MutationObserver((seen) => {
    for (const one of seen) {
      if (one.type === 'attributes') note(one.target);
      for (const node of one.addedNodes) if (node.matches?.('g')) note(node);
    }
  }).observe(document.querySelector('#map svg'), {
    childList: true, subtree: true, attributeFilter: ['transform'],
  });
}
"""


@pytest.fixture(scope="module")
def buses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str], float]]:
    """A running service with thirty buses: its address, their tokens, its clock minus ours."""
    root = tmp_path_factory.mktemp("latency")
    town = write_tiny_town(root / "town")
    head = (town / "vehicles.csv").read_text("utf-8").splitlines()[0]
    names = [f"bus-{i:02d}" for i in range(BUSES)]
    rows = [f"{name},{name},{name},試験バス,bus,car,20,1,0,,P5,x,00:00,24:00,b1" for name in names]
    (town / "vehicles.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    settings = Settings(data_dir=root / "data")
    with ThreadPoolExecutor(1) as apart:  # Playwright's own loop runs in this thread
        tokens = apart.submit(asyncio.run, prepared(settings, town, names)).result()
    anchor = time.time()
    environment = {
        "MAAS_DATA_DIR": str(settings.data_dir),
        "MAAS_CLOCK_START": str(TEN),
        "MAAS_CLOCK_ANCHOR": str(anchor),
    }
    with (root / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "maas", "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | environment,
        )
        try:
            yield _address(process, root / "log"), tokens, TEN - anchor
        finally:
            process.terminate()
            process.wait(30)
            if process.stdout:
                process.stdout.close()


async def prepared(settings: Settings, town: Path, names: list[str]) -> dict[str, str]:
    """Import the town and enrol a device for each bus; return their tokens."""
    await bring_in_town(settings, town)
    return {name: await enrol(settings, name) or "" for name in names}


def _address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    found = re.match(ADDRESS, process.stdout.readline())
    assert found is not None, log.read_text("utf-8")[-2000:]
    return found[0]


def unit_of(bus: int, report: int) -> int:
    """Return the place on the map, in its units, of one report of one bus."""
    return bus * (MAP_UNITS // BUSES) + report + 1


class Drive(threading.Thread):
    """Thirty devices that report once a second; ``sent`` is when each place was, on our clock."""

    def __init__(self, address: str, tokens: dict[str, str], ahead_s: float) -> None:
        super().__init__()
        self._address = address.replace("http", "ws") + "/ws/vehicle"
        self._tokens = tokens
        self._ahead_s = ahead_s
        self.sent: dict[int, float] = {}
        self.failed: list[str] = []

    def run(self) -> None:
        """Report until all is sent."""
        with ExitStack() as stack:
            devices = {
                name: stack.enter_context(
                    connect(
                        self._address,
                        proxy=None,
                        additional_headers={"Authorization": f"Bearer {token}"},
                    )
                )
                for name, token in self._tokens.items()
            }
            due = time.monotonic()
            for report in range(REPORTS):
                for bus, (name, device) in enumerate(devices.items()):
                    time.sleep(max(0.0, due - time.monotonic()))
                    due += 1 / BUSES
                    unit = unit_of(bus, report)
                    self.sent[unit] = time.time()
                    ping = {
                        "vehicle": name,
                        "boot": "b",
                        "seq": report,
                        "t": self.sent[unit] + self._ahead_s,
                        "lat": LAT,
                        "lon": LON + unit / MAP_UNITS * 5 * STEP_DEG,
                        "speed": 2.9,
                        "bearing": 90,
                        "trip": "e10",
                    }
                    device.send(json.dumps([ping]))
                    answer = device.recv()
                    if json.loads(answer) != {"verdicts": ["live"]}:
                        self.failed.append(f"{ping} {answer!r}")


def test_a_position_sent_is_a_position_shown_within_a_second(
    browser: Browser, buses: tuple[str, dict[str, str], float]
) -> None:
    address, tokens, ahead_s = buses
    with browser.new_context(base_url=address, locale="ja-JP") as context:
        page = context.new_page()
        page.goto("/", timeout=120_000)
        page.locator("#map button").click(timeout=60_000)
        expect(page.locator("#map svg")).to_be_visible(timeout=60_000)
        page.evaluate(NOTE_PAINTED)
        drive = Drive(address, tokens, ahead_s)
        drive.start()
        while drive.is_alive():
            page.wait_for_timeout(200)
        last = [unit_of(bus, REPORTS - 1) for bus in range(BUSES)]
        page.wait_for_function("units => units.every(unit => window.painted[unit])", arg=last)
        painted: dict[str, int] = page.evaluate("window.painted")

    assert drive.failed == []
    assert set(map(int, painted)) <= set(drive.sent)
    late_s = sorted(seconds_late(drive.sent, {int(k): v / 1000 for k, v in painted.items()}))
    p50_s, p95_s = (late_s[int(len(late_s) * share)] for share in (0.5, 0.95))
    shown = f"{len(painted)} of {len(drive.sent)} positions drawn"
    sys.stdout.write(f"\n{shown}: p50 {p50_s:.3f} s, p95 {p95_s:.3f} s\n")
    assert p95_s <= 1.0


def seconds_late(sent: dict[int, float], painted: dict[int, float]) -> list[float]:
    """Return how long after each position was sent it, or a newer one of its bus, was drawn."""
    late_s: list[float] = []
    for bus in range(BUSES):
        drawn_at = float("inf")
        for report in reversed(range(REPORTS)):
            unit = unit_of(bus, report)
            drawn_at = min(drawn_at, painted.get(unit, float("inf")))
            late_s.append(drawn_at - sent[unit])
    return late_s
