"""How long a feed takes to read and how much memory, beside gtfs-kit; and to write in each profile.

Each reading is a process of its own, ours and gtfs-kit's in turn; the best of the rounds counts.
gtfs-kit drops GTFS-JP's and Flex's files, which we keep.  Memory is the most the process held.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

READ = """
import json, sys, time
from pathlib import Path
if sys.argv[1] == "ours":
    from gtfs.read import read_feed as read
else:
    import gtfs_kit
    def read(path):
        return gtfs_kit.read_feed(path, dist_units="km")
cpu_s, wall_s = time.process_time(), time.perf_counter()
feed = read(sys.argv[2])
took = {"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s}
status = Path("/proc/self/status").read_text().splitlines()
took["peak_mb"] = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
print(json.dumps(took))
"""
WRITE = """
import json, sys, time
from gtfs.read import read_feed
from gtfs.write import feed_bytes
feed = read_feed(sys.argv[2])
cpu_s, wall_s = time.process_time(), time.perf_counter()
feed_bytes(feed, None if sys.argv[1] == "as read" else sys.argv[1])
print(json.dumps({"cpu_s": time.process_time() - cpu_s, "wall_s": time.perf_counter() - wall_s}))
"""


def measured(script: str, what: str, feed: Path) -> dict[str, float]:
    """Return what one process of its own says."""
    environment = {
        key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
    }
    told = subprocess.run(
        [sys.executable, "-c", script, what, str(feed)],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    found: dict[str, float] = json.loads(told.stdout)
    return found


def rows_of(feed: Path, rounds: int) -> list[dict[str, Any]]:
    """Return a row for each reader and each way of writing."""
    readings: dict[str, list[dict[str, float]]] = {"ours": [], "gtfs-kit": []}
    for _ in range(rounds):
        for reader, told in readings.items():
            told.append(measured(READ, reader, feed))
    rows: list[dict[str, Any]] = [
        {"feed": feed.stem, "job": f"read, {reader}"}
        | {key: min(one[key] for one in told) for key in told[0]}
        for reader, told in readings.items()
    ]
    ours, kit = rows
    ours["times_cpu_of_kit"] = ours["cpu_s"] / kit["cpu_s"]
    ours["share_of_kit_memory"] = ours["peak_mb"] / kit["peak_mb"]
    for profile in ("as read", "jp3", "jp4"):
        told = [measured(WRITE, profile, feed) for _ in range(rounds)]
        best = {key: min(one[key] for one in told) for key in told[0]}
        rows.append({"feed": feed.stem, "job": f"write, {profile}"} | best)
    return rows


def main() -> None:
    """Print a table, and with ``--json`` one document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "feeds", nargs="*", type=Path, help="default: ryobi and hakkou of ../shared"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", nargs="?", const="-", help="one document, here or to a file")
    asked = parser.parse_args()
    data = Path(__file__).resolve().parents[2] / "shared" / "data" / "gtfs"
    feeds = asked.feeds or [data / "ryobi.zip", data / "hakkou.zip"]
    rows = [row for feed in feeds for row in rows_of(feed, asked.rounds)]
    out = sys.stderr if asked.json == "-" else sys.stdout
    for row in rows:
        numbers = (f"{key} {value:.3f}" for key, value in row.items() if isinstance(value, float))
        print(f"{row['feed']:8} {row['job']:16} {'  '.join(numbers)}", file=out)
    document = json.dumps({"rows": rows, "about": {"python": sys.version, "rounds": asked.rounds}})
    if asked.json == "-":
        print(document)
    elif asked.json:
        Path(asked.json).write_text(document, encoding="utf-8")


if __name__ == "__main__":
    main()
