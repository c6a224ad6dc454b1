"""The command line: exit code 0 only on success, JSON where a program may read it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import httpx
import pytest
import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner, Result

from maas.cli import app
from maas.settings import Settings
from tests.maas.tiny_town import write_tiny_town


class Run(Protocol):
    """Runs one command."""

    def __call__(self, *words: object, given: str = "") -> Result: ...


README = Path(__file__).resolve().parents[2] / "maas" / "README.md"


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """The tiny town's files."""
    return write_tiny_town(tmp_path / "town")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on a data directory of its own."""
    monkeypatch.setenv("MAAS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("MAAS_DATABASE_URL", raising=False)

    def runner(*words: object, given: str = "") -> Result:
        return CliRunner().invoke(app, [str(word) for word in words], input=given)

    return runner


def commands() -> Iterator[tuple[str, str | None]]:
    """Yield the full name and the help of every command."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    for name, command in root.commands.items():
        if isinstance(command, TyperGroup):
            for under, leaf in command.commands.items():
                yield f"{name} {under}", leaf.help
        else:
            yield name, command.help


def test_every_command_has_help_and_is_in_the_readme() -> None:
    text = README.read_text("utf-8")
    for name, about in commands():
        assert about, name
        assert f"maas {name}" in text, name


def test_every_setting_is_in_the_readme_with_words_of_its_own() -> None:
    text = README.read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert f"`MAAS_{name.upper()}`" in text, name
        assert field.description, name


def _link(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a service told, and end it."""
    url = "https://hooks.example/maas"
    assert run("link", "add", url).exit_code == 1
    monkeypatch.setenv("MAAS_LINK_HOSTS", "hooks.example")
    for wrong in (["--area", "nowhere"], ["--kind", "sung"]):
        assert run("link", "add", url, *wrong).exit_code == 1
    made = json.loads(run("link", "add", url, "--kind", "boarded", "--json").stdout)
    assert made["secret"].startswith("whsec_")
    (shown,) = json.loads(run("link", "list", "--json").stdout)["webhooks"]
    assert (shown["id"], shown["kinds"], shown["dead"]) == (made["id"], ["boarded"], 0)
    assert json.loads(run("link", "again", made["id"], "--json").stdout) == {"letters": 0}
    assert run("link", "end", made["id"]).exit_code == 0
    for gone in ("end", "again"):
        assert run("link", gone, made["id"]).exit_code == 1
    assert run("link", "list").stdout.strip() == ""


def test_a_town_is_imported_staffed_and_equipped(
    run: Run, town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = run("town", "import", town, "--json")
    assert report.exit_code == 0, report.output
    assert json.loads(report.stdout)["places"] == 6
    added = run("staff", "add", "hana", "--role", "operator", given="correct horse\n")
    assert added.exit_code == 0, added.output
    token = run("device", "enrol", "van-1", "--tracker", "--json")
    assert len(json.loads(token.stdout)["token"]) >= 43
    code = json.loads(run("device", "enrol", "van-1", "--url", "http://a", "--json").stdout)
    assert code["qr"] == f"maas-enrol:?code={code['code']}&url=http://a"
    assert run("roads", "build", town / "roads.osm").exit_code == 0
    _link(run, monkeypatch)
    verified = run("db", "verify", "--json")
    assert verified.exit_code == 0, verified.output
    assert json.loads(verified.stdout) == {"audit": [], "ledger": [], "plan of tiny": []}
    assert run("gtfs", "export", town / "out.zip").exit_code == 0
    assert run("gtfs", "check", town / "out.zip", "--json").exit_code == 0


@pytest.mark.parametrize(
    ("words", "given", "why"),
    [
        (("staff", "add", "hana", "--role", "king"), "correct horse\n", "king"),
        (("staff", "add", "hana", "--role", "operator"), "nine long\n", "10"),
        (("staff", "add", "hana", "--role", "operator"), "password2026\n", "common words"),
        (("device", "enrol", "ghost"), "", "ghost"),
        (("gtfs", "export", "out.zip"), "", "town"),
    ],
)
def test_what_cannot_be_done_says_why_and_fails(
    run: Run, words: tuple[str, ...], given: str, why: str
) -> None:
    result = run(*words, given=given)
    assert result.exit_code == 1
    assert why in result.stderr


def test_a_wrong_town_file_is_named_with_its_line(run: Run, town: Path) -> None:
    places = (town / "places.csv").read_text("utf-8")
    (town / "places.csv").write_text(places.replace("34.86", "far", 1), "utf-8")
    result = run("town", "import", town)
    assert result.exit_code == 1
    assert "places.csv:2: lat" in result.stderr


def test_paper_forms_become_members_and_bad_lines_a_table_to_mend(
    run: Run, town: Path, tmp_path: Path
) -> None:
    papers, mend = tmp_path / "papers.csv", tmp_path / "mend.csv"
    papers.write_text("氏名,電話,乗降場所\n紙 一,000-000-1111,P1\n紙 二,56-1234,\n", "cp932")
    assert run("people", "import", papers).exit_code == 1
    run("town", "import", town)

    shown = run("people", "import", papers, "--preview", "--json")
    assert (shown.exit_code, json.loads(shown.output)["added"]) == (1, ["0004"])
    taken = run("people", "import", papers, "--mend", mend)
    assert (taken.exit_code, taken.output.splitlines()[0]) == (1, "1 added, 0 changed, 0 known")
    assert "3: phone: " in taken.output
    mend.write_text(mend.read_text("utf-8-sig").replace("56-1234", "000-000-2222"), "utf-8")
    mended = run("people", "import", mend)
    assert (mended.exit_code, mended.output) == (0, "1 added, 0 changed, 0 known\n")


def test_a_file_that_is_no_feed_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feed.zip").write_bytes(b"PK nonsense")
    for command in ("import", "check"):
        assert run("gtfs", command, tmp_path / "feed.zip").exit_code == 1


def test_roads_are_built_into_the_data_directory(run: Run, town: Path) -> None:
    result = run("roads", "build", town / "roads.osm", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["islands"] == []
    assert run("roads", "build", town / "places.csv").exit_code == 1


@pytest.mark.heavy
def test_serve_prints_its_address_answers_and_ends_cleanly(town: Path, tmp_path: Path) -> None:
    environment = os.environ | {"MAAS_DATA_DIR": str(tmp_path / "data")}
    maas = [sys.executable, "-m", "maas"]
    subprocess.run([*maas, "town", "import", str(town)], env=environment, check=True)
    server = subprocess.Popen(
        [*maas, "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        # The port is bound before the address is printed: the kernel holds the call until then.
        assert httpx.get(f"{address}healthz", timeout=60).json() == {"status": "ok"}
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    finally:
        server.kill()
        server.communicate()


def test_several_processes_want_redis(run: Run) -> None:
    result = run("serve", "--processes", "2")
    assert result.exit_code == 1
    assert "MAAS_REDIS_URL" in result.stderr


def test_a_setting_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAAS_CLOCK_START", "noon")

    answer = CliRunner().invoke(app, ["serve"])

    assert answer.exit_code == 1
    assert "MAAS_CLOCK_START" in answer.output
    assert "Traceback" not in answer.output


def test_rules_go_out_into_a_file_and_come_back_as_a_draft(
    run: Run, town: Path, tmp_path: Path
) -> None:
    toml, sheet = tmp_path / "rules.toml", tmp_path / "hours.csv"
    assert run("town", "rules", toml).exit_code == 1, "no town yet"
    assert run("town", "import", town).exit_code == 0
    assert run("town", "rules", toml).exit_code == 0
    assert run("town", "rules", sheet, "--sheet", "hours").exit_code == 0

    same = run("town", "draft", toml, "--name", "x", "--json")
    more = sheet.read_text(encoding="utf-8-sig").replace("2020-01-01", "2099/4/1")
    sheet.write_text(more, encoding="utf-8-sig")
    new = run("town", "draft", sheet, "--name", "y", "--sheet", "hours")
    wrong = run("town", "draft", sheet, "--name", "y")

    assert json.loads(same.stdout)["changes"] == 0
    assert new.stdout == "draft 2: 1 changes, 0 bookings no longer allowed\n"
    assert (wrong.exit_code, "hours.csv:1" in wrong.stderr) == (1, True)
    assert run("town", "draft", toml, "--name", "x", "--area", "no").exit_code == 1
