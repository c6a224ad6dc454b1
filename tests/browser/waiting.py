"""Waiting on what a page shows or knows; what waits for a time instead fails on a slow machine."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Error, Page

LONG_S = 60.0
_POLL_MS = 50
# Texts and classes change with the clock every second: only what comes and goes is counted.
_QUIET = """
() => new Promise(done => {
  let timer;
  const still = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (watch.disconnect(), done(true)), 250);
  };
  const watch = new MutationObserver(still);
  watch.observe(document, { childList: true, subtree: true });
  still();
})
"""


def until(page: Page, script: str, arg: Any = None, within_s: float = LONG_S) -> None:  # noqa: ANN401 -- JSON
    """Wait until `script` is true on the page.

    Playwright's own ``wait_for_function`` evaluates a text on the page, which its policy forbids.
    """
    give_up = time.monotonic() + within_s
    while not _is_true(page, script, arg):
        if time.monotonic() > give_up:
            pytest.fail(f"never true within {within_s} s: {script}")
        page.wait_for_timeout(_POLL_MS)


def _is_true(page: Page, script: str, arg: Any) -> bool:  # noqa: ANN401 -- JSON
    try:
        return bool(page.evaluate(script, arg))
    except Error as error:
        if "context was destroyed" in error.message:
            return False  # the page has just started anew
        raise


def settled(page: Page) -> None:
    """Wait until everything that was asked for has come, and nothing more comes or goes."""
    page.wait_for_load_state("networkidle")
    page.evaluate(_QUIET)
