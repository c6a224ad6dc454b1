"""Delete every guard of the dispatcher, one by one, and say which test notices.

    python scripts/guards.py [--only schedule.py] [--table FILE]

The guards are in ``guards.toml``: for each file, pairs of a piece of text and what stands there
without it.  Works on a copy of the project in a temporary folder.  A test counts only if deleting
the guard makes it fail; the exit status is the number of guards that no test misses.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
GUARDS: dict[str, list[list[str]]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)


def copy_project(folder: Path) -> None:
    """Copy what the dispatcher's tests need."""
    shutil.copy(PROJECT / "pyproject.toml", folder)
    for name in ("dispatcher", "tests", "benchmarks"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, folder / name, ignore=ignored)


def run(copy: Path, file: str = "") -> str | None:
    """Run the tests in a copy, likely ones first; return the first that fails or ``None``."""
    found = [str(path.relative_to(copy)) for path in copy.glob("tests/dispatcher/test_*.py")]
    likely = (f"test_{file}", "test_schedule.py", "test_insert.py")
    tests = sorted(found, key=lambda name: (not name.endswith(likely), name))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*command, *tests],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode == 0:
        return None
    named = re.search(r"^(?:FAILED|ERROR) \S*?(\w+\.py(?:::\w+)?)", done.stdout, re.MULTILINE)
    return named[1] if named else f"the run ended with status {done.returncode}"


def caught_by(copy: Path, file: str, guard: str, without: str) -> str | None:
    """Delete one guard in the copy, run the tests, and put it back."""
    path = copy / "dispatcher" / file
    text = path.read_text(encoding="utf-8")
    if text.count(guard) != 1:
        raise ValueError(f"{file}: {text.count(guard)} times in the file: {guard!r}")
    path.write_text(text.replace(guard, without), encoding="utf-8")
    try:
        return run(copy, file)
    finally:
        path.write_text(text, encoding="utf-8")


def row(file: str, guard: str, without: str, test: str | None) -> str:
    """Return a line of the table."""
    cells = [" ".join(cell.split()).replace("|", "\\|") for cell in (guard, without)]
    instead = f"`{cells[1]}`" if cells[1] else "nothing"
    return f"| {file} | `{cells[0]}` | {instead} | {test or '**none**'} |"


def try_all(copy: Path, only: str | None) -> tuple[list[str], int]:
    """Return the table and how many guards no test misses."""
    lines = ["| file | guard | instead | test that caught it |", "|---|---|---|---|"]
    missed = 0
    for file, guards in GUARDS.items():
        for guard, without in guards if only in (None, file) else []:
            test = caught_by(copy, file, guard, without)
            missed += test is None
            lines.append(row(file, guard, without, test))
            print(lines[-1], flush=True)
    return lines, missed


def main() -> int:
    """Try all guards and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="one file of the dispatcher")
    parser.add_argument("--table", type=Path, help="also write the table here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        if (broken := run(Path(folder))) is not None:
            raise SystemExit(f"{broken} fails before any guard is deleted")
        lines, missed = try_all(Path(folder), chosen.only)
    print(f"{len(lines) - 2} guards deleted, {missed} not caught")
    if chosen.table is not None:
        chosen.table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return missed


if __name__ == "__main__":
    sys.exit(main())
