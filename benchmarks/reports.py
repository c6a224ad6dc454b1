"""How long a planner waits for each report of a year, from the click to the finished file.

Read is the database of a demo (twelve months of about 20,000 rides), which is left as it is.  The
span is the year from October that the month is in; each report is made once for each kind of file.

    python -m benchmarks.reports DEMO_DATA_DIR/service [--month 2026-01] [--json [FILE]]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from maas.records.catalogue import KINDS, Wanted, report
from maas.records.written import WRITERS
from maas.settings import Settings
from maas.store.database import open_database
from maas.store.sealed import Keys

TARGET_S = 5.0


async def run(file: Path, month: str) -> list[dict[str, Any]]:
    """Return how long each report took, by the clock and on the processor."""
    keys = Keys(Settings(data_dir=file.parent).sealing_keys)
    database, found = open_database(f"sqlite:///{file}", keys=keys), []
    for name in KINDS:
        wanted = Wanted(name, month, "october")
        clock, cpu = time.perf_counter(), time.process_time()
        async with database.reading() as db:
            made = await report(
                db, wanted, None, ZoneInfo("Asia/Tokyo"), today=date(9999, 1, 1), made=""
            )
        read_s, read_cpu_s = time.perf_counter() - clock, time.process_time() - cpu
        for kind, write in WRITERS.items():
            clock, cpu = time.perf_counter(), time.process_time()
            size = len(write(made))
            found.append(
                {
                    "report": name,
                    "file": kind,
                    "seconds": read_s + time.perf_counter() - clock,
                    "cpu_s": read_cpu_s + time.process_time() - cpu,
                    "bytes": size,
                }
            )
    await database.close()
    return found


def main() -> int:
    """Print a table; return 0 when every report keeps the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--month", default="2026-01")
    parser.add_argument("--json", type=Path, nargs="?", const=Path("-"))
    given = parser.parse_args()
    found = asyncio.run(run(given.folder / "maas.db", given.month))
    for each in found:
        line = "{report:<10} {file:<5} {seconds:6.2f} s  {cpu_s:6.2f} s cpu  {bytes:>9,} B"
        print(line.format(**each))
    if given.json is not None:
        text = json.dumps(found, indent=2)
        print(text) if str(given.json) == "-" else given.json.write_text(text, "utf-8")
    return 0 if all(each["seconds"] <= TARGET_S for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
