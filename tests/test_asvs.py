"""What is claimed of OWASP ASVS 5.0 names where one sees it; what is not met says why."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))


LEVELS = {"1": 70, "2": 183}
"""How many requirements OWASP ASVS 5.0.0 has of each."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["requirement"]))
def test_a_requirement_that_is_met_names_where_one_sees_it(row: dict[str, str]) -> None:
    assert re.fullmatch(r"V\d+\.\d+\.\d+", row["requirement"])
    assert row["level"] in LEVELS
    assert row["status"] in {"met", "not met", "not applicable"}
    shown = row["test or reason"]
    assert len(shown) > 10
    if row["status"] != "met":
        assert "::" not in shown
        return
    if "::" in shown:
        file, _, name = shown.partition("::")
        wanted = rf"^(async )?def {name}\("
    elif "#" in shown:
        file, _, heading = shown.partition("#")
        wanted = rf"^## {re.escape(heading)}$"
    else:
        file, _, why = shown.partition(": ")
        assert len(why) > 10
        wanted = ""
    assert re.search(wanted, (ROOT / file).read_text("utf-8"), re.MULTILINE), shown


def test_every_requirement_of_both_levels_is_answered_once() -> None:
    assert len({row["requirement"] for row in ROWS}) == len(ROWS)
    assert Counter(row["level"] for row in ROWS) == LEVELS
