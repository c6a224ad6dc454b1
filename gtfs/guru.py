"""What the validator gtfs-guru says of a feed, when it is installed; a tool beside, not a part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from gtfs.finding import Finding, Severity

_SEVERITIES: Final[Mapping[str, Severity]] = {
    "ERROR": Severity.ERROR,
    "WARNING": Severity.WARNING,
}

ALLOWED: Final = frozenset({"mixed_case_recommended_field"})
"""Fires on Japanese, which has no cases."""


def guru_findings(path: str | Path, today: date, *, country: str = "JP") -> list[Finding] | None:
    """Return its errors and warnings on a day, errors first; ``None`` when it is not installed."""
    if find_spec("gtfs_guru") is None:
        return None
    guru: Any = import_module("gtfs_guru")
    report = guru.validate(str(path), country_code=country, date=today.isoformat())
    by_code: defaultdict[tuple[Severity, str], list[Any]] = defaultdict(list)
    for notice in report.notices:
        if notice.severity in _SEVERITIES and notice.code not in ALLOWED:
            by_code[_SEVERITIES[notice.severity], notice.code].append(notice)
    found = sorted(by_code.items(), key=lambda item: (item[0][0] is Severity.WARNING, item[0][1]))
    return [_finding(severity, code, notices) for (severity, code), notices in found]


def _finding(severity: Severity, code: str, notices: list[Any]) -> Finding:
    first = notices[0]
    context = dict(first.context())
    file, row = context.pop("filename", ""), context.pop("csvRowNumber", None)
    example = " ".join(f"{key}={value}" for key, value in sorted(context.items()))
    said = f"gtfs-guru: {first.message or code}"
    return Finding(
        severity, code, len(notices), example, said, said, first.file or file, first.row or row
    )
