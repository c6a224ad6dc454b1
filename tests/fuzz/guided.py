"""The targets of `tests.fuzz.parsers` under atheris, which looks for bytes that go new ways."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn


def run(name: str, seconds: int, runs: int, number: int) -> NoReturn:
    """Try bytes for so long, or so often (-1: as the time allows).

    Says how many, and ends the process with what libFuzzer says.
    """
    # In no lock: its wheel is large, and only who looks for faults needs it.
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["gtfs", "busloc"]):
        from tests.fuzz import parsers

    folder = Path(tempfile.mkdtemp(prefix="maas-fuzz-"))
    for i, seed in enumerate(parsers.seeds(name)):
        (folder / str(i)).write_bytes(seed)
    longest = max(parsers.MOST_BYTES, *(len(seed) for seed in parsers.seeds(name)))
    options = [
        f"-max_total_time={seconds}",
        f"-runs={runs}",
        f"-seed={number}",
        f"-max_len={longest}",
    ]
    options += ["-timeout=10", "-rss_limit_mb=1024", f"-artifact_prefix={folder}/broke-"]
    atheris.Setup([sys.argv[0], *options, str(folder)], parsers.TARGETS[name])
    atheris.Fuzz()
    raise AssertionError
