"""Reports and the check of the ledger, for the command line: no running server is needed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from maas.api.service import DEFAULT_TIMEZONE
from maas.clock import clock_from, service_day
from maas.offline import kept_feed, open_newest
from maas.records.catalogue import KINDS, Wanted, report
from maas.records.check import faults
from maas.records.closing import days_of
from maas.records.report import made_words
from maas.records.written import WRITERS
from maas.settings import Settings
from maas.store import towns


@dataclass(frozen=True, slots=True)
class Made:
    """A report that was written, and of which period."""

    title: str
    period: str
    state: str


async def write_report(settings: Settings, wanted: Wanted, out: Path) -> Made:
    """Write a report into a file whose name says its format.  Raises ``ValueError``."""
    if wanted.name not in KINDS:
        raise ValueError(f"no report {wanted.name!r}: {', '.join(KINDS)}, or check")
    suffix = out.suffix.removeprefix(".")
    if suffix not in WRITERS:
        raise ValueError(f"{out}: a report is written as {', '.join(WRITERS)}")
    now = clock_from(settings)()
    try:
        feed = kept_feed(settings, None)
    except FileNotFoundError:
        feed = None
    async with open_newest(settings) as database, database.reading() as db:
        town = await towns.the_town(db)
        zone = DEFAULT_TIMEZONE if town is None else town.timezone
        today, made = service_day(now, zone), made_words(now, zone)
        found = await report(db, wanted, feed, ZoneInfo(zone), today=today, made=made)
    await asyncio.to_thread(out.write_bytes, WRITERS[suffix](found))
    return Made(found.title, found.period, found.state)


async def check_ledger(settings: Settings, month: str | None) -> list[str]:
    """Return what does not hold together in the ledger, of a month or all; empty is well."""
    first, last = days_of(month) if month else (date.min, date.max)
    async with open_newest(settings) as database, database.reading() as db:
        return await faults(db, first, last)
