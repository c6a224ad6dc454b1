"""The guards that are deleted one by one to see a test fail still stand where the lists say."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent


def listed() -> Iterator[tuple[Path, str]]:
    """Yield the file and the text of each guard in both lists."""
    dispatcher = tomllib.loads((ROOT / "scripts/guards.toml").read_text(encoding="utf-8"))
    for file, guards in dispatcher.items():
        yield from ((ROOT / "dispatcher" / file, guard) for guard, _ in guards)
    service = tomllib.loads((ROOT / "tests/chaos/guards.toml").read_text(encoding="utf-8"))
    yield from ((ROOT / each["file"], each["guard"]) for each in service["guard"])


def test_every_guard_stands_in_its_file_once() -> None:
    texts = {file: file.read_text(encoding="utf-8") for file, _ in listed()}

    stale = [(file.name, guard) for file, guard in listed() if texts[file].count(guard) != 1]

    assert stale == []
    assert len(list(listed())) > 400
