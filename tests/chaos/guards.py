"""Delete the guards that let the service outlive what it stands on, and see a test fail for each.

    python -m tests.chaos.guards [part of a file's name ...]

The guards are in ``guards.toml``: a piece of a file, what stands there without it, and where the
tests are of which one must fail then.  Works on a copy of the project; prints a table, and the exit
status is the number of guards that no test misses.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("benchmarks", "busloc", "dispatcher", "docs", "gtfs", "maas", "signage", "tests")
PATIENCE_S = 60
"""A test that hangs for so long without its guard has failed."""
COMPILING_S = 600
"""The first tests may have to compile the kernels."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A piece of a file that a test must miss."""

    file: str
    guard: str
    without: str
    test: str

    def missed_by(self, copy: Path) -> str:
        """Return the test that fails in a copy without it, nothing when none does."""
        path = copy / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.guard) != 1:
            raise ValueError(f"{self.file}: {text.count(self.guard)} times: {self.guard!r}")
        path.write_text(text.replace(self.guard, self.without), encoding="utf-8")
        try:
            return failed(copy, self.test)
        finally:
            path.write_text(text, encoding="utf-8")

    def row(self, test: str) -> str:
        """Return its line of the table."""
        both = (" ".join(each.split()).replace("|", "\\|") for each in (self.guard, self.without))
        was, now = both
        return (
            f"| {self.file} | `{was}` | {f'`{now}`' if now else 'nothing'} | {test or '**none**'} |"
        )


def guards() -> list[Guard]:
    """Return all guards that are written down."""
    written = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return [Guard(**each) for each in written["guard"]]


def failed(copy: Path, tests: str, within_s: int = PATIENCE_S) -> str:
    """Return the first test that fails in a copy of the project, nothing when all pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-k", "not postgres", *tests.split()]
    env = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with (copy / "said.txt").open("w+", encoding="utf-8") as file:
        ran = subprocess.Popen(
            [*command, f"--timeout={within_s}", "-p", "no:cacheprovider"],
            cwd=copy, env=env, stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
        try:
            code = ran.wait(2 * within_s)
        except subprocess.TimeoutExpired:  # what it has started never ends
            os.killpg(ran.pid, signal.SIGKILL)
            code = ran.wait()
        file.seek(0)
        said = file.read()
    if code == 0:
        return ""
    found = re.search(r"^(?:FAILED|ERROR) tests/(\S+)", said, re.MULTILINE)
    if found is None and code > 0:
        raise RuntimeError(said[-3000:])
    name = found[1].partition("[")[0] if found else tests.removeprefix("tests/")
    return name + (" (hangs)" if code < 0 or "Timeout" in said else "")


def main() -> int:
    """Try the guards that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.guards")
    parser.add_argument("files", nargs="*")
    asked = parser.parse_args().files
    chosen = [each for each in guards() if not asked or any(part in each.file for part in asked)]
    none = 0
    with tempfile.TemporaryDirectory(prefix="maas-guards-") as name:
        copy = Path(name)
        shutil.copy(PROJECT / "pyproject.toml", copy)
        for package in PACKAGES:
            ignored = shutil.ignore_patterns("*.pyc", "node_modules")
            shutil.copytree(PROJECT / package, copy / package, ignore=ignored, symlinks=True)
        for tests in sorted({each.test for each in chosen}):
            if test := failed(copy, tests, COMPILING_S):
                raise SystemExit(f"{test} fails before any guard is deleted")
        print("| file | guard | instead | test that fails |\n|---|---|---|---|")  # noqa: T201
        for each in chosen:
            test = each.missed_by(copy)
            none += not test
            print(each.row(test), flush=True)  # noqa: T201
    print(f"{len(chosen)} guards deleted, {none} not missed")  # noqa: T201
    return none


if __name__ == "__main__":
    sys.exit(main())
