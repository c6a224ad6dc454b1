"""What no screen may do, read from the sources of all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = {
    str(file.relative_to(ROOT)): file.read_text("utf-8")
    for folder in ("maas/web/src", "signage/web/src")
    for file in sorted((ROOT / folder).rglob("*"))
    if file.suffix in {".ts", ".svelte", ".html"} and ".test." not in file.name
}
KEEPERS = {"signage/web/src/lib/keep.ts", "maas/web/src/driver/store.ts"}
"""What a screen remembers of itself; and what a driver tapped while there was no signal."""


def files_with(pattern: str) -> set[str]:
    """Return the sources in which a pattern stands."""
    return {name for name, text in SOURCES.items() if re.search(pattern, text)}


@pytest.mark.parametrize(
    "pattern",
    [
        r"{@html",
        r"\.(inner|outer)HTML\b",
        r"insertAdjacentHTML|document\.write",
        r"\beval\(|new Function\(",
        r"\bset(Timeout|Interval)\(\s*['\"`]",
        r"__proto__",
        r"javascript:",
    ],
)
def test_no_screen_writes_markup_or_code_from_texts(pattern: str) -> None:
    assert len(SOURCES) > 100
    assert files_with(pattern) == set()


def test_no_screen_hears_other_windows() -> None:
    assert files_with(r"window\.(opener|parent)|addEventListener\(['\"]message") == set()


def test_only_these_keep_something_in_the_browser() -> None:
    found = files_with(r"\b(localStorage|sessionStorage|indexedDB|document\.cookie)\b")
    assert found <= KEEPERS


def test_passwords_are_masked_and_may_be_pasted() -> None:
    assert files_with(r"onpaste|on:paste") == set()
    for name, text in SOURCES.items():
        for field in re.findall(
            r"<input[^>]*autocomplete=\"(?:current|new)-password\"[^>]*>", text
        ):
            assert 'type="password"' in field, name
