"""What importing the package brings along."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("gtfs_kit", "pandas", "geopandas")


def test_reading_a_timetable_does_not_bring_in_what_only_planners_need() -> None:
    program = "import sys, gtfs, gtfs.check, gtfs.stats, gtfs.write; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "gtfs.stats" in loaded
    assert [name for name in HEAVY if name in loaded] == []
