"""A Chromium, and the demo town running on the real service, for the browser tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
CALM_SPEED = 4
"""So slow that on a busy machine it stays morning, and what is shown does not grow old."""
FAST_SPEED = 60
"""A minute of the town is a second: a ride takes half a minute."""
MONDAY = "2026-12-07"
"""The town's day: some tests take it into the next ones, on which its buses have to run, too."""
PBX_KEY = "key-of-the-exchange-in-tests"
"""By which a test is the town's telephone exchange."""

PATIENCE_MS = 60_000
"""How long a test waits for what has to come: on a busy machine everything comes late."""

NewPage = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium with a software renderer; without one the tests skip, in CI they fail."""
    asked = subprocess.run(
        [sys.executable, PROJECT / "scripts" / "browser.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    if not (path := asked.stdout.strip()):
        _refuse(asked.stderr.strip().splitlines()[-1])
    if not (PROJECT / "maas" / "web" / "dist" / "operator.html").is_file():
        _refuse("The screens are not built: python scripts/screens.py build")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        yield chromium
        chromium.close()


def _refuse(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def town(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a demo town that a module's tests share, and no other's; it is morning there.

    The real server, simulated vehicles, nobody who calls. A ``SPEED`` in the module lets its time
    pass faster or slower.
    """
    del browser  # without one there is no need for a town
    folder = tmp_path_factory.mktemp("demo")
    with demo_town(folder, getattr(request.module, "SPEED", CALM_SPEED)) as address:
        yield address


@contextmanager
def demo_town(folder: Path, speed: int, **env: str) -> Iterator[str]:
    """Run the demo in a folder, with settings of its own, and yield its address."""
    command = [sys.executable, "-m", "maas", "demo", "--no-callers", "--port", "0"]
    with (folder / "log").open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*command, "--date", MONDAY, "--speed", str(speed), "--data-dir", str(folder / "data")],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            env=os.environ | {"MAAS_PBX_KEY": PBX_KEY} | env,
        )
        try:
            yield _address(process, folder / "log")
        finally:
            process.terminate()
            process.wait(30)
            if process.stdout:
                process.stdout.close()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """Return the address in the demo's welcome; what it prints after that fits its pipe."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := ADDRESS.search(line):
            return found[0]
    pytest.fail(f"the demo ended before it was ready:\n{log.read_text('utf-8')[-2000:]}")


@pytest.fixture
def new_page(browser: Browser, town: str) -> Iterator[NewPage]:
    """Open a page of the town as somebody, on a screen of its own; errors on it fail the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def opened(
        path: str, *, name: str | None = None, size: tuple[int, int] = (1366, 768), **kept: str
    ) -> Page:
        context = browser.new_context(
            base_url=town,
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            viewport={"width": size[0], "height": size[1]},
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        for key, value in kept.items():
            context.add_init_script(f"localStorage.setItem({key!r}, JSON.stringify({value!r}))")
        if name is not None:
            signed_in = context.request.post(
                "/api/v1/session", data={"name": name, "password": "kibi-demo"}
            )
            assert signed_in.ok, signed_in.text()
        page = context.new_page()
        page.on(
            "pageerror",
            lambda error: None if _is_cut(error) else problems.append(f"{path}: {error}"),
        )
        page.on(
            "console",
            lambda said: problems.append(f"{path}: {said.text}") if _is_wrong(said.text) else None,
        )
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def _is_cut(error: Exception) -> bool:
    """Say whether a page was left, or its server, with a question on its way."""
    return str(error) == "Failed to fetch"


def _is_wrong(text: str) -> bool:
    """Say whether a console message tells of something blocked by the pages' own policy."""
    return "Content Security Policy" in text or "Refused to" in text
