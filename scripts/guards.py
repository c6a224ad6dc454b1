"""Delete every guard of the dispatcher, one by one, and say which test notices.

    python scripts/guards.py [schedule.py ...] [--table FILE]

The guards are in ``guards.toml``: for each file, pairs of a piece of text and what stands there
without it.  Works on a copy of the project in a temporary folder.  A test counts only if deleting
the guard makes it fail; the exit status is the number of guards that no test misses.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import Phase, settings

PROJECT = Path(__file__).resolve().parents[1]
GUARDS: dict[str, list[list[str]]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
PLUGINS = ("anyio.pytest_plugin", "pytest_timeout")
LIKELY = ("test_schedule.py", "test_insert.py")
OPTIONS = ["-x", "-q", "--tb=no", "--assert=plain", "-p", "no:cacheprovider"]
OPTIONS += [word for plugin in PLUGINS for word in ("-p", plugin)]


def copy_project(folder: Path) -> None:
    """Copy what the dispatcher's tests need."""
    shutil.copy(PROJECT / "pyproject.toml", folder)
    for name in ("dispatcher", "tests", "benchmarks"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, folder / name, ignore=ignored)


class Failed:
    """Remembers the first test that fails."""

    name: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest after every test."""
        if report.failed and self.name is None:
            self.name = report.nodeid.split("[")[0].removeprefix("tests/dispatcher/")


def run(copy: Path, file: str = "") -> str | None:
    """Run the tests in a copy, likely ones first; return the first that fails or ``None``."""
    folder = copy / "tests" / "dispatcher" / Path(file).parent
    found = sorted(str(path.relative_to(copy)) for path in folder.glob("test_*.py"))
    own = [name for name in found if name.endswith(f"test_{Path(file).name}")]
    likely = [name for name in found if name.endswith(LIKELY) and name not in own]
    others = [name for name in found if name not in (*own, *likely)]
    return (run_tests(own) if own else None) or run_tests([*likely, *others])


def run_tests(tests: list[str]) -> str | None:
    """Run some test files in a fork of this process, which has the heavy libraries loaded."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            failed = Failed()
            status = pytest.main([*OPTIONS, *tests], [failed])
            os.write(writing, (failed.name or f"status {status}" if status else "").encode())
        except BaseException as error:
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    return text or (f"killed by signal {status}" if status else None)


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


def try_all(copy: Path, files: list[str]) -> tuple[list[str], int]:
    """Return the table and how many guards no test misses."""
    lines = ["| file | guard | instead | test that caught it |", "|---|---|---|---|"]
    missed = 0
    for file in files:
        for guard, without in GUARDS[file]:
            test = caught_by(copy, file, guard, without)
            missed += test is None
            lines.append(row(file, guard, without, test))
            print(lines[-1], flush=True)
    return lines, missed


def prepare(copy: Path) -> None:
    """Load what every run needs, and see to it that the copy is what is tested."""
    copy_project(copy)
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    sys.dont_write_bytecode = True
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    for library in (*PLUGINS, "numba", "scipy.optimize", "ortools.constraint_solver.pywrapcp"):
        importlib.import_module(library)
    # A failing example need not be made small: that takes minutes and proves nothing more.
    settings.register_profile("guards", phases=[Phase.explicit, Phase.generate])
    settings.load_profile("guards")


def main() -> int:
    """Try all guards and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", default=list(GUARDS), help="files of the dispatcher")
    parser.add_argument("--table", type=Path, help="also write the table here")
    chosen = parser.parse_args()
    table = chosen.table.absolute() if chosen.table else None
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        for first in {str(Path(file).parent): file for file in chosen.files}.values():
            if (broken := run(Path(folder), first)) is not None:
                raise SystemExit(f"{broken} fails before any guard is deleted")
        lines, missed = try_all(Path(folder), chosen.files)
        os.chdir(PROJECT)
    print(f"{len(lines) - 2} guards deleted, {missed} not caught")
    if table is not None:
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return missed


if __name__ == "__main__":
    sys.exit(main())
