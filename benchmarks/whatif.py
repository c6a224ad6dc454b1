"""How long a planner waits for an answer: a month of the demo town, 10 seeds, 3 variants.

The month is the simulated past of the demo: its bookings and refusals are replayed through the
service's own rules and offers.  Printed is the wall time with so many processes; without any
(`--processes 0`) also the CPU seconds, and half of those, which is what two cores with nothing else
to do would take.  `--twice` says whether the study gives the same figures again.

    python -m benchmarks.whatif --seeds 10 --processes 2 --json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from dispatcher.roads import Roads
from maas.demo.prepare import prepare
from maas.records.whatif import Result, Study, study
from maas.records.whatif_asks import Asked
from maas.records.whatif_changes import MoreVehicles, Variant
from maas.records.whatif_past import past_asks, town_now
from maas.records.whatif_runs import Pool, here
from maas.records.whatif_town import Town
from maas.settings import Settings
from maas.store.database import open_database
from maas.store.sealed import Keys

AREA = "kibichuo"
TODAY = date(2026, 11, 26)
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
VARIANTS = (
    Variant(name="9時から11時に1台", more=(MoreVehicles(like="van-1", shift="09:00/11:00"),)),
    Variant(name="電気自動車なし", without=("ev-1", "ev-2")),
)
"""Two beside the town as it is: three variants are played."""


async def past(settings: Settings, roads: Mapping[str, Roads]) -> tuple[Town, list[Asked]]:
    """Return the demo town and what was asked for in the month."""
    database = open_database(settings.database, keys=Keys(settings.sealing_keys))
    async with database.reading() as db:
        asked = await past_asks(db, AREA, "Asia/Tokyo", FIRST, LAST)
    town = await town_now(database, AREA, roads)
    await database.close()
    return town, asked


def run(
    town: Town, asked: list[Asked], seeds: int, processes: int
) -> tuple[Result, dict[str, Any]]:
    """Answer the study once."""
    question = Study(name="benchmark", first=FIRST, last=LAST, variants=VARIANTS, seeds=seeds)
    began, used_s = time.monotonic(), time.process_time()
    found = study(
        question, town, [asked], {}, run=Pool(processes) if processes else here, tell=_tell
    )
    wall_s, used_s = time.monotonic() - began, time.process_time() - used_s
    row = {
        "asked": found.asked,
        "days": found.days,
        "seeds": seeds,
        "variants": 1 + len(VARIANTS),
        "wall_s": round(wall_s, 1),
        "cpu_s": None if processes else round(used_s, 1),
        "cpu_s_on_two_cores": None if processes else round(used_s / 2, 1),
        "hash": found.hash,
    }
    return found, row


def print_err(text: str) -> None:
    """Say what goes on."""
    sys.stderr.write(f"{text}\n")


def _tell(done: int, of: int) -> None:
    sys.stderr.write(f"\r{done}/{of} ")


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.whatif", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--twice", action="store_true", help="whether it is the same again")
    parser.add_argument("--data-dir", type=Path, help="where a demo's roads were built before")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="maas-whatif-") as name:
        folder = chosen.data_dir or Path(name)
        demo = prepare(folder, town=None, gtfs=None, tell=print_err, today=lambda _: TODAY)
        town, asked = asyncio.run(past(demo.settings, demo.roads))
        found, row = run(town, asked, chosen.seeds, chosen.processes)
        if chosen.twice:
            again, _ = run(town, asked, chosen.seeds, chosen.processes)
            row["same_again"] = again.hash == found.hash
    about = {"python": platform.python_version(), "variants": msgspec.to_builtins(found.variants)}
    text = json.dumps({"rows": [row], "about": about}, indent=2, ensure_ascii=False)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    out = sys.stderr if chosen.json == "-" else sys.stdout
    for key, value in row.items():
        print(f"{key:36} {value}", file=out)
    for each in found.variants:
        measures = (
            f"{measure} {interval.mean:+.2f} [{interval.low}, {interval.high}]"
            for measure, interval in each.against.items()
            if measure in {"served_percent", "wait_min", "km", "kept_percent", "cost_yen"}
        )
        print(f"{each.name}: {'; '.join(measures)}", file=out)


if __name__ == "__main__":
    main()
