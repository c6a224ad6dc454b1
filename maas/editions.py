"""The town's timetable as data of the service: drafted, checked, published, followed by the next.

An edition is a whole GTFS feed.  A draft is changed by edits (`gtfs.edit`), each against the
version that was seen; it is published from a day on, when nothing in it would mislead riders.  On
a day the edition holds that began last; the one to begin next is published in advance.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gtfs import Feed, read_feed
from gtfs.check import Finding, Severity, check
from gtfs.edit import Edit, PutInfo, edited
from gtfs.write import feed_bytes
from maas.store import commits, editions
from maas.store.commits import AuditEntry
from maas.store.database import Database
from maas.store.editions import EditionRow


@dataclass(frozen=True, slots=True)
class Draft:
    """An edition with its feed, and what riders would notice of it."""

    row: EditionRow
    feed: Feed
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody else changed the edition meanwhile; `row` is it now, None when it is gone."""

    row: EditionRow | None


@dataclass(frozen=True, slots=True)
class Faulty:
    """A draft that would mislead riders cannot be published; the errors, worst first."""

    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class InForce:
    """An edition riders travel by today cannot be withdrawn; publish another one."""


class Editions:
    """The editions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[EditionRow]:
        """Return every edition, the newest first."""
        async with self._database.reading() as db:
            return await editions.all_editions(db)

    async def on(self, day: date) -> tuple[EditionRow | None, EditionRow | None]:
        """Return the edition in force on a day and the one to follow, None where there is none."""
        async with self._database.reading() as db:
            return await editions.published_on(db, day), await editions.next_after(db, day)

    async def zip(self, edition_id: int) -> bytes | None:
        """Return an edition's GTFS zip, None for an unknown one."""
        async with self._database.reading() as db:
            return await editions.edition_feed(db, edition_id)

    async def draft(self, edition_id: int, today: date) -> Draft | None:
        """Return an edition, read and checked, None for an unknown one."""
        async with self._database.reading() as db:
            row = await editions.edition(db, edition_id)
            data = await editions.edition_feed(db, edition_id)
        if row is None or data is None:
            return None
        feed = await asyncio.to_thread(read_bytes, data)
        return await _checked(row, feed, today)

    async def start(self, name: str, feed: Feed, *, now: float, by: str) -> EditionRow:
        """Begin a draft from a feed."""
        data = await asyncio.to_thread(feed_bytes, feed)
        async with self._database.writing() as db:
            row = await editions.add_edition(db, name, data, now=now, by=by)
            await commits.add_audit(db, _entry(now, by, "drafted", row, name=name))
        return row

    async def edit(
        self, seen: Draft, edits: Sequence[Edit], *, today: date, now: float, by: str
    ) -> Draft | Moved:
        """Make edits on a draft as it was seen.  Raises `EditError`."""
        feed = await asyncio.to_thread(edited, seen.feed, edits)
        data = await asyncio.to_thread(feed_bytes, feed)
        async with self._database.writing() as db:
            row = await editions.save_draft(db, seen.row, data, now)
            if row is None:
                return Moved(await editions.edition(db, seen.row.id))
            await commits.add_audit(db, _entry(now, by, "edited", row, edits=len(edits)))
        return await _checked(row, feed, today)

    async def publish(
        self, seen: Draft, first: date, last: date, *, now: float, by: str
    ) -> EditionRow | Faulty | Moved:
        """Publish a draft from a day to another, both included.  Raises `EditError`."""
        info = PutInfo(first, last, f"{first:%Y%m%d}-{seen.row.id}.{seen.row.version}")
        feed = await asyncio.to_thread(edited, seen.feed, [info])
        found = await _checked(seen.row, feed, first)
        if errors := [each for each in found.findings if each.severity is Severity.ERROR]:
            return Faulty(errors)
        data = await asyncio.to_thread(feed_bytes, feed)
        async with self._database.writing() as db:
            row = await editions.publish(db, seen.row, data, (first, last), now=now, by=by)
            if row is None:
                return Moved(await editions.edition(db, seen.row.id))
            days = {"from": first.isoformat(), "to": last.isoformat()}
            await commits.add_audit(db, _entry(now, by, "published", row, **days))
        return row

    async def take_back(
        self, seen: EditionRow, today: date, *, now: float, by: str
    ) -> InForce | Moved | None:
        """Delete a draft or withdraw an edition that has not begun; None when done."""
        async with self._database.writing() as db:
            in_force = await editions.published_on(db, today)
            if in_force is not None and in_force.id == seen.id:
                return InForce()
            if seen.state == editions.DRAFT:
                done = await editions.forget_draft(db, seen)
            else:
                done = await editions.withdraw(db, seen, now)
            if not done:
                return Moved(await editions.edition(db, seen.id))
            await commits.add_audit(db, _entry(now, by, "withdrawn", seen, state=seen.state))
        return None


def read_bytes(data: bytes) -> Feed:
    """Return the feed in the bytes of a GTFS zip.  Raises `FeedError`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gtfs.zip"
        path.write_bytes(data)
        return read_feed(path)


async def _checked(row: EditionRow, feed: Feed, today: date) -> Draft:
    return Draft(row, feed, await asyncio.to_thread(check, feed, today))


def _entry(at: float, by: str, what: str, row: EditionRow, **detail: object) -> AuditEntry:
    return AuditEntry(at, by, f"edition.{what}", str(row.id), json.dumps(detail, sort_keys=True))
