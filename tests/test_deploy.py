"""The deployment files, read by the programs they are for: Helm, Kubernetes' schemas, Caddy."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import yaml

from maas.parts import Part
from maas.settings import LOOPBACK, Settings
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "docs" / "deploy"
CHART = DEPLOY / "helm"
BESIDE = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
HELM = shutil.which("helm", path=BESIDE)
CADDY = shutil.which("caddy")
KUBERNETES = "1.30"
SITE = "town.example"
PATIENCE_S = 30.0

with_helm = pytest.mark.skipif(HELM is None, reason="no helm (make .venv/proofs): chart not tested")
with_caddy = pytest.mark.skipif(
    CADDY is None, reason="no caddy (Debian: apt-get install caddy): proxy not tested"
)


def told_by(*command: str | Path | None, env: dict[str, str] | None = None) -> str:
    """Run a program and return what it prints; what it complains of fails the test."""
    assert command[0] is not None
    ran = subprocess.run(
        [str(word) for word in command], env=os.environ | (env or {}),
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def documents() -> list[Any]:
    """The chart as Helm renders it under the name `maas`."""
    text = told_by(HELM, "template", "maas", CHART)
    return [each for each in yaml.safe_load_all(text) if each is not None]


@with_helm
def test_helm_finds_nothing_to_say_of_the_chart() -> None:
    assert "1 chart(s) linted, 0 chart(s) failed" in told_by(HELM, "lint", "--strict", CHART)


@with_helm
def test_kubernetes_takes_every_document_of_the_chart(documents: list[Any]) -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    for each in documents:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)
    kinds = {each["kind"] for each in documents}
    assert kinds == {"Deployment", "Service", "Ingress", "PersistentVolumeClaim", "CronJob"}
    broken = next(each for each in documents if each["kind"] == "Ingress")
    broken = {**broken, "spec": {**broken["spec"], "rule": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, KUBERNETES, strict=True)


def test_the_chart_uses_every_value() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    text = "".join(each.read_text("utf-8") for each in (CHART / "templates").iterdir())
    assert set(re.findall(r"\.Values\.(\w+)", text)) == set(values)


@with_helm
def test_the_chart_runs_every_part_and_sends_it_the_calls_it_answers(documents: list[Any]) -> None:
    assert all(each["metadata"]["name"].startswith("maas") for each in documents)
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


@with_helm
def test_probes_ask_what_the_service_answers(documents: list[Any]) -> None:
    health = (ROOT / "maas" / "api" / "health.py").read_text("utf-8")
    deployments = [each["spec"] for each in documents if each["kind"] == "Deployment"]
    assert deployments
    for each in deployments:
        server = each["template"]["spec"]["containers"][0]
        for probe in ("readinessProbe", "livenessProbe"):
            assert f'"{server[probe]["httpGet"]["path"]}"' in health
        assert each["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@with_helm
def test_only_tls_reaches_into_the_cluster(documents: list[Any]) -> None:
    services = [each["spec"] for each in documents if each["kind"] == "Service"]
    assert {each.get("type", "ClusterIP") for each in services} == {"ClusterIP"}
    (ingress,) = (each["spec"] for each in documents if each["kind"] == "Ingress")
    covered = {host for tls in ingress["tls"] for host in tls["hosts"]}
    assert {rule["host"] for rule in ingress["rules"]} == covered


def test_compose_waits_for_the_database_and_builds_from_here() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    maas = services["maas"]
    assert maas["depends_on"]["db"] == {"condition": "service_healthy"}
    assert (DEPLOY / maas["build"]["context"]).resolve() == ROOT
    assert (ROOT / maas["build"]["dockerfile"]).is_file()
    assert set(maas["depends_on"]) <= set(services)


def test_only_tls_is_open_to_the_outside() -> None:
    assert Settings().host in LOOPBACK
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    assert {name for name, each in services.items() if "ports" in each} == {"tls"}


def adapted(name: str) -> dict[str, Any]:
    """Return a Caddyfile as Caddy understands it."""
    text = told_by(CADDY, "adapt", "--config", DEPLOY / name, "--adapter", "caddyfile", env={
        "MAAS_SITE": SITE,
    })  # fmt: skip
    found: dict[str, Any] = json.loads(text)
    return found


@with_caddy
@pytest.mark.parametrize("name", ["Caddyfile", "apart.Caddyfile"])
def test_the_proxy_speaks_tls_alone_and_sends_others_to_it(name: str) -> None:
    told_by(CADDY, "validate", "--config", DEPLOY / name, "--adapter", "caddyfile", env={
        "MAAS_SITE": SITE,
    })  # fmt: skip
    (server,) = adapted(name)["apps"]["http"]["servers"].values()
    assert server["listen"] == [":443"]
    assert "automatic_https" not in server
    assert [route["match"] for route in server["routes"]] == [[{"host": [SITE]}]]


class Upstream(ThreadingHTTPServer):
    """One part of the service that says its name to everybody, and whether it is ready."""

    daemon_threads = True

    def __init__(self, name: str, *, ready: bool) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.name, self.ready = name, ready
        self.asked: Counter[str] = Counter()
        self.doubted = threading.Event()
        """Set when it was asked for the second time whether it is ready."""


class Answering(BaseHTTPRequestHandler):
    """What each of them answers."""

    def do_GET(self) -> None:
        """Answer with the name."""
        part = cast("Upstream", self.server)
        part.asked[self.path] += 1
        probe = self.path == "/readyz"
        if part.asked["/readyz"] > 1:
            part.doubted.set()
        body = part.name.encode()
        self.send_response(503 if probe and not part.ready else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
        """Say nothing."""


@contextmanager
def upstream(name: str, *, ready: bool) -> Generator[Upstream]:
    """Run one until the block ends."""
    with Upstream(name, ready=ready) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def caddy(config: dict[str, Any], folder: Path) -> Generator[None]:
    """Run Caddy until the block ends."""
    assert CADDY is not None
    file = folder / "caddy.json"
    file.write_text(json.dumps(config), "utf-8")
    homes = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [CADDY, "run", "--config", file], env=os.environ | homes, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


@with_caddy
def test_the_proxy_of_parts_sends_every_call_to_a_part_that_answers_it_and_is_ready(
    tmp_path: Path,
) -> None:
    port = free_port()
    config = adapted("apart.Caddyfile")
    (server,) = config["apps"]["http"]["servers"].values()
    server |= {"listen": [f"127.0.0.1:{port}"], "automatic_https": {"disable": True}}
    names = {"hub-1": True, "hub-2": False, "api-1": False, "api-2": True}
    with ExitStack() as running:
        parts = {
            name: running.enter_context(upstream(name, ready=on)) for name, on in names.items()
        }
        text = json.dumps(config)
        for name, each in parts.items():
            assert f"{name}:8000" in text
            text = text.replace(f"{name}:8000", f"127.0.0.1:{each.server_port}")
        running.enter_context(caddy({**json.loads(text), "admin": {"disabled": True}}, tmp_path))
        assert all(each.doubted.wait(PATIENCE_S) for each in parts.values())
        client = running.enter_context(httpx.Client(headers={"host": SITE}))
        paths = ["/ws/live", "/api/v1/live/sse", "/api/v1/live/x", "/", "/book", "/api/v1/quotes"]
        for path in paths * 4:
            answered = client.get(f"http://127.0.0.1:{port}{path}").text
            hub = Part.HUB.serves(path) and not Part.API.serves(path)
            assert answered == ("hub-1" if hub else "api-2"), path
