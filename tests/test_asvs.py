"""What is claimed of OWASP ASVS 5.0 names a test that there is; what is not met says why."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["requirement"]))
def test_a_requirement_that_is_met_names_its_test(row: dict[str, str]) -> None:
    assert re.fullmatch(r"V\d+\.\d+\.\d+", row["requirement"])
    assert row["level"] in {"1", "2"}
    assert row["status"] in {"met", "not met", "not applicable"}
    if row["status"] != "met":
        assert "::" not in row["test or reason"]
        assert len(row["test or reason"]) > 10
        return
    file, _, name = row["test or reason"].partition("::")
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)


def test_no_requirement_is_named_twice() -> None:
    assert len({row["requirement"] for row in ROWS}) == len(ROWS)
