"""What the handbook and the deployment files tell people to type, and to set, is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from maas.cli import app
from maas.settings import Settings

ROOT = Path(__file__).parents[1]
HANDBOOK = (ROOT / "docs" / "handbook.md").read_text("utf-8")
DEPLOY = ROOT / "docs" / "deploy"
SYSTEM = {
    "cd", "cp", "df", "git", "journalctl", "ls", "make", "mv", "sudo", "systemctl", "timedatectl",
    "useradd", "set", "export",
}  # fmt: skip
"""What every such machine has."""
INCIDENTS = (
    "サーバーが止まった", "データベースが壊れた", "Redisが止まった", "空きを探せない",
    "ディスクがいっぱい", "時計がずれた", "インターネットが切れた", "タブレットをなくした",
    "通知を受け取らない", "漏えいの疑い",
)  # fmt: skip


def lines() -> Iterator[list[str]]:
    """Yield the words of every command in the handbook."""
    for block in re.findall(r"```sh\n(.*?)```", HANDBOOK, re.DOTALL):
        yield from (shlex.split(line) for line in block.splitlines())


def asked_of_maas() -> Iterator[str]:
    """Yield every command line of ours that is written down anywhere."""
    yield from (shlex.join(words) for words in lines() if words[:1] == ["maas"])
    for name in (
        "handbook.md",
        "scale.md",
        "deploy/Dockerfile",
        "deploy/compose.yaml",
        "deploy/maas.service",
        "deploy/apart.Caddyfile",
    ):
        text = (ROOT / "docs" / name).read_text("utf-8")
        yield from re.findall(r"`(maas [a-z][^`]*)`", text)
        for found in re.findall(r'\[("?maas"?, [^\]]*)\]', text):
            yield found.replace(",", " ").replace('"', "")
        yield from re.findall(r"bin/(maas [^\n]*)", text)


@pytest.mark.parametrize("line", sorted(set(asked_of_maas())))
def test_a_command_of_ours_is_there_with_its_options(line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while isinstance(command, TyperGroup):
        assert words, line
        assert words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    options = {name for each in command.params for name in each.opts}
    assert {word for word in words if word.startswith("--")} <= options, line


def test_nothing_else_is_typed_than_what_every_machine_has() -> None:
    typed = [words for words in lines() if words]
    assert {words[0] for words in typed} <= SYSTEM | {"maas"}


def test_every_incident_has_a_page_with_what_to_type() -> None:
    pages = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", HANDBOOK, re.DOTALL | re.MULTILINE))
    assert set(INCIDENTS) <= set(pages)
    for name in INCIDENTS:
        assert "```sh" in pages[name], name
        assert len(pages[name]) < 1500, name


def test_what_it_points_to_is_there() -> None:
    named = set(re.findall(r"`((?:docs|maas)/[\w./-]+|[A-Z]+\.md)`", HANDBOOK))
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert "docs/handbook.md" in (ROOT / "README.md").read_text("utf-8")


def test_every_setting_that_is_named_is_one() -> None:
    known = {f"MAAS_{name.upper()}" for name in Settings.model_fields} | {"MAAS_SITE"}
    files = [*DEPLOY.rglob("*"), ROOT / "docs" / "handbook.md"]
    named = set[str]()
    for file in files:
        if file.is_file():
            named |= set(re.findall(r"\bMAAS_[A-Z_]+\b", file.read_text("utf-8")))
    assert len(named) > 6
    assert named <= known
