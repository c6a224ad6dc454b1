"""What the handbook and the deployment files tell people to type, and to set, is there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from typer.core import TyperGroup

from maas.cli import app
from maas.parts import Part
from maas.settings import LOOPBACK, Settings

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


def rendered(template: Path, values: dict[str, Any], used: set[str]) -> list[Any]:
    """Return a template's documents as Helm would render it.

    These use names, `quote` and `toJson`, and one `range` over a map around a whole file.
    """

    def fill(found: re.Match[str]) -> str:
        name, _, how = found[1].partition("|")
        name = name.strip().removeprefix("$")
        if name == ".Release.Name":
            return "maas"
        value: Any = known
        for part in name.removeprefix(".").split("."):
            value = value[part]
        if name.startswith("."):
            used.add(name)
        return json.dumps(value) if how.strip() in {"quote", "toJson"} else str(value)

    text = template.read_text("utf-8")
    rounds: list[dict[str, Any]] = [{}]
    if around := re.fullmatch(
        r"\{\{- range \$(\w+), \$(\w+) := \.Values\.(\w+) \}\}\n(.*)\{\{- end \}\}\n",
        text,
        re.DOTALL,
    ):
        key, value, over, text = around.groups()
        used.add(f".Values.{over}")
        rounds = [{key: name, value: each} for name, each in sorted(values[over].items())]
    found = []
    for each in rounds:
        known = {"Values": values, **each}
        found += list(yaml.safe_load_all(re.sub(r"\{\{ (.*?) \}\}", fill, text)))
    return [document for document in found if document is not None]


def test_the_chart_renders_and_uses_every_value() -> None:
    values = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text("utf-8"))
    used = set[str]()
    templates = sorted((DEPLOY / "helm" / "templates").iterdir())
    documents = [each for template in templates for each in rendered(template, values, used)]
    assert all(each["metadata"]["name"].startswith("maas") for each in documents)
    kinds = {each["kind"] for each in documents}
    assert kinds == {"Deployment", "Service", "Ingress", "PersistentVolumeClaim", "CronJob"}
    assert {name.split(".")[2] for name in used} == set(values)

    named = {(each["kind"], each["metadata"]["name"]): each["spec"] for each in documents}
    for part in Part:
        if part is not Part.ALL:
            pod = named["Deployment", f"maas-{part}"]["template"]
            assert pod["spec"]["containers"][0]["args"] == ["maas", "serve", "--role", part]
    routed = named["Ingress", "maas"]["rules"][0]["http"]["paths"]
    for route in routed:
        service = named["Service", route["backend"]["service"]["name"]]
        path = route["path"] if route["pathType"] == "Exact" else route["path"].rstrip("/") + "/x"
        assert Part(service["selector"]["part"]).serves(path), path
    assert {route["path"].rstrip("/") for route in routed} == {"", "/ws/live", "/api/v1/live"}


def test_the_proxy_of_parts_sends_every_call_to_a_part_that_answers_it() -> None:
    told = (DEPLOY / "apart.Caddyfile").read_text("utf-8")
    paths = re.search(r"@live path (.*)", told)
    assert paths is not None
    for path in paths[1].split():
        assert Part.HUB.serves(path.replace("*", "sse"))
        assert not Part.API.serves(path.replace("*", "sse"))
    assert set(re.findall(r"(\w+)-1:8000", told)) == {"hub", "api"}


def test_probes_ask_what_the_service_answers() -> None:
    text = (DEPLOY / "helm" / "templates" / "deployment.yaml").read_text("utf-8")
    health = (ROOT / "maas" / "api" / "health.py").read_text("utf-8")
    for path in re.findall(r"path: (/\w+)", text):
        assert f'"{path}"' in health
    assert "maxUnavailable: 0" in text


def test_compose_waits_for_the_database_and_builds_from_here() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    maas = services["maas"]
    assert maas["depends_on"]["db"] == {"condition": "service_healthy"}
    assert (DEPLOY / maas["build"]["context"]).resolve() == ROOT
    assert (ROOT / maas["build"]["dockerfile"]).is_file()
    assert set(maas["depends_on"]) <= set(services)


def test_only_tls_is_open_to_the_outside() -> None:
    """Who comes without TLS is sent to it, by Caddy and by an Ingress with `tls`."""
    assert Settings().host in LOOPBACK
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    assert {name for name, each in services.items() if "ports" in each} == {"tls"}
    for name in ("Caddyfile", "apart.Caddyfile"):
        text = (DEPLOY / name).read_text("utf-8")
        assert re.findall(r"^(\S+) \{$", text, re.MULTILINE) == ["{$MAAS_SITE}"]
        assert "http://" not in text
        assert "auto_https" not in text
    chart = DEPLOY / "helm"
    values = yaml.safe_load((chart / "values.yaml").read_text("utf-8"))
    kinds = {"Ingress": 0, "Service": 0}
    for template in (chart / "templates").glob("*.yaml"):
        for each in rendered(template, values, set()):
            kinds[each["kind"]] = kinds.get(each["kind"], 0) + 1
            if each["kind"] == "Service":
                assert each["spec"].get("type", "ClusterIP") == "ClusterIP"
            if each["kind"] == "Ingress":
                covered = {host for tls in each["spec"]["tls"] for host in tls["hosts"]}
                assert {rule["host"] for rule in each["spec"]["rules"]} == covered
    assert all(kinds.values())
