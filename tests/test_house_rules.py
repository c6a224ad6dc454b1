"""What no linter knows of our own: no clock but the service's, no chance without a seed, no SQL
put together from texts, nobody's data in a log, nothing run or opened that somebody else wrote."""

from __future__ import annotations

import ast
import re
import tomllib
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


RUNS = {"eval", "exec", "os.system", "os.popen", "subprocess.getoutput"}
OPENS = {"pickle", "marshal", "shelve", "yaml", "xml", "lxml", "jinja2", "ldap3", "telnetlib"}
OURS = {"maas/records/whatif_runs.py": "pickle", "maas/demo/network.py": "xml"}
"""A pipe to our own process; the writing of a map, with `quoteattr` alone."""


def runs_texts(tree: ast.AST) -> Iterator[int]:
    """Yield where a text is run, as a program or by a shell."""
    for each in calls(tree):
        shell = any(word.arg == "shell" for word in each.keywords)
        if dotted(each.func) in RUNS or shell:
            yield each.lineno


def opens_what_may_bite(tree: ast.AST) -> Iterator[int]:
    """Yield where something is imported that runs, or fetches, what it is given to read."""
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if OPENS & {name.partition(".")[0] for name in names}:
            yield getattr(node, "lineno", 0)


def trusts_everybody(tree: ast.AST) -> Iterator[int]:
    """Yield where a certificate is not checked, or a redirect followed."""
    for each in calls(tree):
        for word in each.keywords:
            value = word.value.value if isinstance(word.value, ast.Constant) else None
            if (word.arg, value) in {("verify", False), ("follow_redirects", True)}:
                yield each.lineno


def searches_by_texts(tree: ast.AST) -> Iterator[int]:
    """Yield where a regular expression has something in it that was not escaped."""
    for each in calls(tree):
        where, _, _ = dotted(each.func).rpartition(".")
        if where == "re" and each.args and isinstance(each.args[0], ast.JoinedStr):
            blanks = [part for part in each.args[0].values if isinstance(part, ast.FormattedValue)]
            if any(not _escaped(blank.value) for blank in blanks):
                yield each.lineno


def _escaped(node: ast.expr) -> bool:
    constant = isinstance(node, ast.Name) and node.id.isupper()
    return constant or (isinstance(node, ast.Call) and dotted(node.func) == "re.escape")


def _parts(node: ast.expr) -> list[ast.expr]:
    return [part for part in ast.walk(node) if isinstance(part, ast.Attribute | ast.Name)]


Rule = Callable[[ast.AST], Iterator[int]]
RULES: dict[str, tuple[Rule, str]] = {
    "clock": (reads_a_clock, "import time\nwhen = time.time()"),
    "chance": (draws_without_a_seed, "rng = np.random.default_rng()"),
    "sql": (puts_sql_together, 'db.execute(text(f"SELECT * FROM {table}"))'),
    "joined": (puts_sql_together, 'db.execute(text("SELECT * FROM " + table))'),
    "log": (logs_somebody, 'log.info("called %s", member.phone)'),
    "run": (runs_texts, "subprocess.run(words, shell=True)"),
    "evaluated": (runs_texts, "eval(words)"),
    "opened": (opens_what_may_bite, "import pickle"),
    "parsed": (opens_what_may_bite, "from xml.etree import ElementTree"),
    "trusted": (trusts_everybody, "httpx.Client(verify=False)"),
    "led": (trusts_everybody, "httpx.AsyncClient(follow_redirects=True)"),
    "searched": (searches_by_texts, 're.search(f"^{name}", line)'),
    "logged": (logs_somebody, 'self.log.warning("%r", str(row.contact_name))'),
}


@pytest.mark.parametrize("name", RULES)
def test_a_planted_fault_is_found(name: str) -> None:
    rule, fault = RULES[name]
    assert list(rule(ast.parse(fault)))


@pytest.mark.parametrize("name", ["chance", "sql", "log", "run", "trusted", "searched"])
def test_the_code_keeps_the_rule(name: str) -> None:
    rule, _ = RULES[name]
    assert faults(rule, FILES) == []


def test_only_what_is_ours_is_opened_by_what_may_bite() -> None:
    found = {line.partition(":")[0] for line in faults(opens_what_may_bite, FILES)}
    assert found == set(OURS)


HASHES = {"hashlib.sha256", "hmac.digest", "hmac.new", "hmac.compare_digest"}


def test_cryptography_is_of_the_libraries_named() -> None:
    """SHA-256 and AES-GCM; what signs in by an app is SHA-1 by its standard, in pyotp."""
    used, modules = set(), set()
    for file in FILES:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cryptography"):
                modules |= {alias.name for alias in node.names}
            if isinstance(node, ast.Attribute) and dotted(node).startswith(("hashlib.", "hmac.")):
                used.add(dotted(node))
    assert used == HASHES
    assert "AESGCM" in modules
    assert not modules & {"modes", "Cipher", "padding", "algorithms", "PKCS1v15"}


def test_what_nobody_may_guess_is_drawn_by_secrets() -> None:
    drawn = 0
    for file in FILES:
        where = str(file.relative_to(ROOT))
        if not where.startswith(("maas/auth", "maas/api", "maas/settings.py", "maas/store")):
            continue
        names = [dotted(each.func) for each in calls(tree_of(file))]
        assert not [name for name in names if name.startswith(("random.", "uuid."))], where
        drawn += sum(name.startswith("secrets.token") for name in names)
    assert drawn > 5
    for name in ("sessions", "devices"):
        text = (ROOT / "maas" / "auth" / f"{name}.py").read_text("utf-8")
        assert "secrets.token_urlsafe(32)" in text


def test_every_part_of_others_is_listed_with_its_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    listed = dict(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==(.*)$", lock, re.MULTILINE))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[><=;~! ]", each)[0].lower() for each in wanted}
    assert names - set(listed) == set()
    parts = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(parts) > 100
    assert all("==" in part and "--hash=sha256:" in part for part in parts)
    assert "://" not in lock


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
