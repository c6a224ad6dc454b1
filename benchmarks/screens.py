"""How long does an operator wait for offers after the last key?

    python -m benchmarks.screens --address http://127.0.0.1:8000 [--asks 40] [--json FILE]

The real page in Chromium against a running demo (`maas demo`): the Enter that asks and the first
painted offer or refusal are noted by the page's own `performance.now`; the answer over the network
stands beside it.  Every ask is another member and time, in turn for today and for tomorrow.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
# The offers are there when the frame that shows them has been painted.
WATCH = """
() => {
  performance.setResourceTimingBufferSize(100_000);
  window.waits = [];
  let asked = 0;
  addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target.id === 'time') asked = performance.now();
  }, true);
  new MutationObserver(() => {
    const there = document.querySelector('#offer-0, .refusal');
    if (!asked || !there) return;
    const from = asked;
    asked = 0;
    const offered = there.id === 'offer-0';
    requestAnimationFrame(
      () => setTimeout(() => window.waits.push([performance.now() - from, offered])));
  }).observe(document.querySelector('main'), { childList: true, subtree: true });
}
"""
ANSWERS = """
() => performance.getEntriesByType('resource')
  .filter(one => one.name.endsWith('/api/v1/quotes')).map(one => one.duration)
"""


def main() -> None:
    """Ask as often as said, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--asks", type=int, default=40)
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        page = signed_in(
            chromium.new_context(base_url=arguments.address, locale="ja-JP").new_page()
        )
        seen, answers = asks(page, arguments.asks)
        chromium.close()
    shown = [took for took, offered in seen if offered]
    rows = [row("offers shown", shown), row("answer over the network", answers)]
    for one in rows:
        sys.stdout.write(json.dumps(one, ensure_ascii=False) + "\n")
    if arguments.json:
        about = {"asks": arguments.asks, "refused": len(seen) - len(shown)}
        text = json.dumps({"rows": rows, "about": about}, ensure_ascii=False)
        Path(arguments.json).write_text(text + "\n", encoding="utf-8")


def browser() -> str:
    """Return the path of Chromium."""
    command = [sys.executable, str(PROJECT / "scripts" / "browser.py")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def signed_in(page: Page) -> Page:
    """Return the operator's desk."""
    credentials = {"name": "operator", "password": "kibi-demo"}
    page.context.request.post("/api/v1/session", data=credentials)
    page.goto("/operator")
    page.locator("#caller:focus").wait_for()
    page.evaluate(WATCH)
    return page


def asks(page: Page, count: int) -> tuple[list[tuple[float, bool]], list[float]]:
    """Ask as an operator types; return each ask's milliseconds and whether there was an offer."""
    riders = page.context.request.get("/api/v1/riders?q=&limit=200").json()
    known = [rider for rider in riders if rider["favourites"] and rider["home_place"]]
    times = [f"{hour:02d}{minute:02d}" for hour in range(9, 16) for minute in (0, 20, 40)]
    days = itertools.cycle(("", "明日 "))
    series = zip(itertools.cycle(known), itertools.cycle(times), days)
    for rider, time, day in itertools.islice(series, count):
        page.keyboard.press("F3")
        page.keyboard.type(rider["number"])
        page.locator("#caller-list [role=option]").first.wait_for()
        page.keyboard.press("Enter")
        page.locator("#to:focus").wait_for()
        page.keyboard.press("1")
        page.locator("#time:focus").wait_for()
        page.keyboard.type(day + time)
        before = page.evaluate("window.waits.length")
        page.keyboard.press("Enter")
        # Not wait_for_function: it evaluates a text on the page, which its policy forbids.
        while page.evaluate("window.waits.length") <= before:
            page.wait_for_timeout(20)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    return page.evaluate("window.waits"), page.evaluate(ANSWERS)


def row(what: str, took_ms: list[float]) -> dict[str, Any]:
    """Return the figures of one series."""
    cuts = statistics.quantiles(took_ms, n=100, method="inclusive")
    return {
        "what": what,
        "n": len(took_ms),
        "p50_ms": round(cuts[49], 1),
        "p95_ms": round(cuts[94], 1),
        "p99_ms": round(cuts[98], 1),
        "max_ms": round(max(took_ms), 1),
    }


if __name__ == "__main__":
    main()
