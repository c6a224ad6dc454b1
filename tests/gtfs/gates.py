"""The validators outside, each as the list of what it would not accept."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import gtfs_analyzer  # type: ignore[import-untyped]
import gtfs_guru

ALLOWED = {"mixed_case_recommended_field"}


def guru(path: Path, today: date) -> list[str]:
    """Errors and warnings of gtfs-guru."""
    notices: list[Any] = gtfs_guru.validate(
        str(path), country_code="JP", date=today.isoformat()
    ).notices
    return [
        f"{n.severity} {n.code} {n.context()}"
        for n in notices
        if n.severity != "INFO" and n.code not in ALLOWED
    ]


def analyzer(path: Path, today: date) -> list[str]:
    """What gtfs-analyzer finds critical or high, and everything it says about GTFS-JP."""
    notices = gtfs_analyzer.validate_gtfs(str(path), today=today.isoformat())["notices"]
    return [
        f"{n['severity']} {n['rule_id']} {n['message']}"
        for n in notices
        if n["severity"] in {"CRITICAL", "HIGH"} or n["rule_id"].startswith("JPN_")
    ]


def validator(path: Path, today: date, out: Path) -> list[str]:
    """Errors and warnings of gtfs-validator, a program of its own."""
    program = Path(sys.executable).with_name("gtfs-validator")
    command = [program, "-i", path, "-o", out, "-c", "JP", "-d", today.isoformat()]
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=100)
    report = json.loads((out / "report.json").read_text())
    return [
        f"{n['severity']} {n['code']} {n['sampleNotices'][:1]}"
        for n in report["notices"]
        if n["severity"] != "INFO" and n["code"] not in ALLOWED
    ]
