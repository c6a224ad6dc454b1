"""What the dashboard draws and the alert rules watch for is told by the service."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from maas.api.meters import PartMeters
from maas.backed_up import Backup, note_backup
from maas.rides.improver import Improver
from tests.maas.api.conftest import Running
from tests.maas.rides.test_worker import dies

DOCS = Path(__file__).parents[3] / "docs" / "operations"
ELSEWHERE = {"up"}
"""What Prometheus itself knows."""
WITH_REDIS = {"maas_redis_connected"}
_NAME = re.compile(r"\b((?:maas|process)_[a-z_]+|up)\b(?!\()")


def rules() -> list[dict[str, Any]]:
    """Return the alert rules."""
    document = yaml.safe_load((DOCS / "alerts.yaml").read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def expressions() -> Iterator[str]:
    """Yield every question to Prometheus that is written down."""
    yield from (rule["expr"] for rule in rules())
    dashboard = json.loads((DOCS / "grafana.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])


async def test_every_metric_that_is_watched_is_told(
    running: Running, nobody: httpx.AsyncClient
) -> None:
    note_backup(running.service.settings, Backup(1.0, "town.backup", 1, "0001"))
    await nobody.get("/api/v1/stops/P2/departures")
    told = set(re.findall(r"^# TYPE (\w+)", (await nobody.get("/metrics")).text, re.MULTILINE))
    told |= {f"{name}_bucket" for name in told}
    asked = {name for each in expressions() for name in _NAME.findall(each)}
    assert len(asked) > 12
    assert asked - told - ELSEWHERE - WITH_REDIS == set()
    assert {"maas_disk_free_bytes", "maas_last_backup_timestamp_seconds"} <= told


def test_whether_redis_answers_is_told_where_it_is_used(running: Running) -> None:
    class Bus:
        connected = False

    class Joined:
        bus = Bus()

    meters = PartMeters(running.service, running.service.history)
    running.service.joined = Joined()  # type: ignore[assignment]
    try:
        told = {metric.name: metric for metric in meters.collect()}
    finally:
        running.service.joined = None
    assert set(told) >= WITH_REDIS
    assert told["maas_redis_connected"].samples[0].value == 0


async def test_a_searching_process_that_dies_again_and_again_is_told(
    running: Running, nobody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    (keeper,) = running.service.keepers.values()
    improver = Improver()  # one that nobody else gives work to
    monkeypatch.setattr(keeper, "_improver", improver)
    told = []
    try:
        for task in (dies, dies, os.getpid):
            await improver._worker.run(task)
            ready = await nobody.get("/readyz")
            text = (await nobody.get("/metrics")).text
            counted = re.search(r'maas_search_ended_total{.*"died",search="plan"} (\d)', text)
            assert counted is not None
            told.append((ready.status_code, ready.json()["parts"]["search"], counted[1]))
    finally:
        improver.close()

    assert told == [(200, "away", "1"), (200, "away", "2"), (200, "ok", "2")]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "warn"}
    assert " / " in rule["annotations"]["summary"]


def test_the_panels_stand_beside_each_other() -> None:
    panels = json.loads((DOCS / "grafana.json").read_text("utf-8"))["panels"]
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in panels]
    assert len(set(places)) == len(places)
    assert len({each["id"] for each in panels}) == len(panels)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_reads_the_rules() -> None:
    done = subprocess.run(
        ["promtool", "check", "rules", str(DOCS / "alerts.yaml")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
