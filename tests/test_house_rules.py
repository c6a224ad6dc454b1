"""What no linter knows of our own: no clock but the service's, no chance without a seed, no SQL
put together from texts, nobody's data in a log."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("gtfs", "dispatcher", "busloc", "signage", "maas")
FILES = sorted(
    file
    for name in PACKAGES
    for file in (ROOT / name).rglob("*.py")
    if "node_modules" not in file.parts and "versions" not in file.parts
)
PERSONAL = {
    "phone", "phones", "numbers", "contact_name", "contact_phone", "contacts", "address", "notes",
    "kana", "email", "line_id", "password", "token", "secret", "refresh_token", "birth_year",
}  # fmt: skip
LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
CLOCKS = {"time.time", "datetime.now", "dt.datetime.now", "datetime.datetime.now", "date.today"}
PURE = ("gtfs", "dispatcher", "signage", "maas/town", "maas/fares", "maas/store", "maas/rides")
"""Where time is an argument."""
REAL = {"maas/rides/asking.py", "maas/rides/beside.py", "maas/town/imports.py"}
"""Except how long somebody may think about an offer, and when a town was imported."""


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` of an attribute or a name, empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every call."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def reads_a_clock(tree: ast.AST) -> Iterator[int]:
    """Yield where the machine's clock is read."""
    return (each.lineno for each in calls(tree) if dotted(each.func) in CLOCKS)


def draws_without_a_seed(tree: ast.AST) -> Iterator[int]:
    """Yield where chance has no seed; ruff's S311 and NPY002 know the shared generators."""
    for each in calls(tree):
        name = dotted(each.func)
        bare = name in {"random.Random", "Random", "default_rng", "np.random.default_rng"}
        if bare and not each.args:
            yield each.lineno


def puts_sql_together(tree: ast.AST) -> Iterator[int]:
    """Yield where SQL is no constant text."""
    for each in calls(tree):
        where, _, name = dotted(each.func).rpartition(".")
        named = name in {"exec_driver_sql", "executescript"}
        if (named or (name == "text" and where in {"", "sa", "sqlalchemy"})) and each.args:
            words = each.args[0]
            joined = isinstance(words, ast.JoinedStr | ast.BinOp)
            formatted = isinstance(words, ast.Call) and dotted(words.func).endswith("format")
            if joined or formatted:
                yield each.lineno


def logs_somebody(tree: ast.AST) -> Iterator[int]:
    """Yield where a person's data, or a secret, is written to a log."""
    for each in calls(tree):
        where, _, name = dotted(each.func).rpartition(".")
        if name in LOGS and where.rsplit(".", 1)[-1] in {"log", "logger", "logging"}:
            said = {
                dotted(node).rsplit(".", 1)[-1] for arg in each.args[1:] for node in _parts(arg)
            }
            if said & PERSONAL:
                yield each.lineno


def _parts(node: ast.expr) -> list[ast.expr]:
    return [part for part in ast.walk(node) if isinstance(part, ast.Attribute | ast.Name)]


Rule = Callable[[ast.AST], Iterator[int]]
RULES: dict[str, tuple[Rule, str]] = {
    "clock": (reads_a_clock, "import time\nwhen = time.time()"),
    "chance": (draws_without_a_seed, "rng = np.random.default_rng()"),
    "sql": (puts_sql_together, 'db.execute(text(f"SELECT * FROM {table}"))'),
    "joined": (puts_sql_together, 'db.execute(text("SELECT * FROM " + table))'),
    "log": (logs_somebody, 'log.info("called %s", member.phone)'),
    "logged": (logs_somebody, 'self.log.warning("%r", str(row.contact_name))'),
}


@pytest.mark.parametrize("name", RULES)
def test_a_planted_fault_is_found(name: str) -> None:
    rule, fault = RULES[name]
    assert list(rule(ast.parse(fault)))


@pytest.mark.parametrize("name", ["chance", "sql", "log"])
def test_the_code_keeps_the_rule(name: str) -> None:
    rule, _ = RULES[name]
    assert faults(rule, FILES) == []


def test_time_is_an_argument_where_rules_are() -> None:
    pure = [file for file in FILES if str(file.relative_to(ROOT)).startswith(PURE)]
    assert len(pure) > 100
    assert {line.partition(":")[0] for line in faults(reads_a_clock, pure)} == REAL


@cache
def tree_of(file: Path) -> ast.Module:
    """Return what a file says."""
    return ast.parse(file.read_text("utf-8"))


def faults(rule: Rule, files: list[Path]) -> list[str]:
    """Return where a rule is broken."""
    return [f"{file.relative_to(ROOT)}:{line}" for file in files for line in rule(tree_of(file))]
