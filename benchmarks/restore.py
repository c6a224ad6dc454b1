"""How long a town waits until five years of rides are back from a backup, looked through and all.

The years are the demo's simulated one, laid end to end with the town's own rules: bookings,
promises, rides, takings, refusals, drivers' records, and for each booking the entries of the audit
chain and the answer kept for its key.  Measured is `maas db backup`, then `maas db restore` into an
empty database, which ends with the audit chain, the ledger and the promises verified.

    python -m benchmarks.restore [--years 5] [--database-url URL --empty-url URL] [--json [FILE]]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, insert, select, update

from maas.backup import backup, restore
from maas.demo.prepare import Prepared, prepare
from maas.demo.year_load import load_past
from maas.demo.year_past import PAST_DAYS
from maas.settings import Settings
from maas.store.commits import AuditEntry, link, lock_audit
from maas.store.database import Database, open_database, upgrade
from maas.store.sealed import Keys
from maas.store.tables import audit, audit_head, bookings, idempotency, refusals, rides
from maas.town.imports import import_town

TARGET_S: Final = 300.0
TODAY: Final = date(2026, 11, 26)
ACTIONS: Final = ("booking.booked", "plan.improved", "trip.arrived", "trip.aboard", "trip.dropped")
DETAIL: Final = {"promise": "x" * 120, "stops": [["p" * 8, "b" * 20]] * 12}
"""About as long as what the service writes down of an improved plan."""
BODY: Final = json.dumps({"id": "b" * 32, "sentence": "承りました。" * 40, "more": "x" * 1200})
PART: Final = 2000


def main() -> int:
    """Print what was measured; return 0 when it is restored well and in time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=float, default=5.0)
    parser.add_argument("--database-url", help="an empty PostgreSQL; SQLite when absent")
    parser.add_argument("--empty-url", help="another one, to restore into")
    parser.add_argument("--json", type=Path, nargs="?", const=Path("-"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        row = measure(Path(name), asked.years, asked.database_url, asked.empty_url)
    document = json.dumps({"rows": [row], "about": {"target_s": TARGET_S}}, indent=2)
    if asked.json is not None and asked.json != Path("-"):
        asked.json.write_text(document)
    print(document)
    return 0 if not row["wrong"] and row["restore_s"] <= TARGET_S else 1


def measure(folder: Path, years: float, url: str | None, empty: str | None) -> dict[str, Any]:
    """Make the years, back them up, restore them; how long, how large, and what was wrong."""
    made = prepare(folder / "demo", town=None, gtfs=None, tell=lambda _: None)
    here = made.settings if url is None else made.settings.model_copy(update={"database_url": url})
    asyncio.run(fill(made, here, folder / "demo", years))
    there = here.model_copy(
        update={"database_url": empty or f"sqlite+aiosqlite:///{folder / 'restored.db'}"}
    )
    began = time.perf_counter()
    done = backup(here, folder / "town.backup")
    backed_up = time.perf_counter()
    wrong = restore(there, folder / "town.backup")
    restored = time.perf_counter()
    return {
        "database": here.database.partition(":")[0],
        **asyncio.run(counts(there)),
        "backup_mib": round(done.bytes / 2**20, 1),
        "backup_s": round(backed_up - began, 1),
        "restore_s": round(restored - backed_up, 1),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "wrong": {part: found[:3] for part, found in wrong.items() if found},
    }


async def fill(made: Prepared, here: Settings, folder: Path, years: float) -> None:
    """Write the years into the database, the latest first, as the service would have."""
    await upgrade(here.database)
    database = open_database(here.database, keys=Keys(here.sealing_keys))
    area = made.town.areas[0].id
    try:
        if here.database_url is not None:
            (town,) = folder.glob("drawing-*/town")  # noqa: ASYNC240 -- nobody waits
            car = made.roads["car"]
            await import_town(database, town, car, car.network.id)
        left = round(years * 365)
        for number in range(-(-left // PAST_DAYS)):
            async with database.writing() as db:
                await load_past(db, area, TODAY - timedelta(days=number * PAST_DAYS))
        await _audited(database)
    finally:
        await database.close()


async def _audited(database: Database) -> None:
    """Write the audit entries and the kept answers of every booking and refusal."""
    async with database.writing() as db:
        seq, previous = await lock_audit(db)
        ids = [*await db.scalars(select(bookings.c.id).order_by(bookings.c.service_date))]
        detail = json.dumps(DETAIL)
        for start in range(0, len(ids), PART):
            entries, answers = list[dict[str, Any]](), list[dict[str, Any]]()
            for id_ in ids[start : start + PART]:
                for action in ACTIONS:
                    seq += 1
                    entry = AuditEntry(1e9 + seq, "operator", action, id_, detail)
                    previous = link(previous, seq, entry)
                    values = {name: getattr(entry, name) for name in AuditEntry.__slots__}
                    entries.append({**values, "seq": seq, "hash": previous})
                answers.append(
                    {
                        "actor": "operator",
                        "key": id_,
                        "parameters": "0" * 64,
                        "status": 201,
                        "body": BODY,
                        "at": 1e9,
                    }
                )
            await db.execute(insert(audit), entries)
            await db.execute(insert(idempotency), answers)
        await db.execute(update(audit_head), {"seq": seq, "hash": previous})


async def counts(settings: Settings) -> dict[str, int]:
    """Return how many rows of each kind came back."""
    database, found = open_database(settings.database), dict[str, int]()
    async with database.reading() as db:
        for table in (bookings, rides, refusals, audit, idempotency):
            found[table.name] = await db.scalar(select(func.count()).select_from(table)) or 0
    await database.close()
    return found


if __name__ == "__main__":
    sys.exit(main())
