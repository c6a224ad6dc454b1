"""Taking counts of bus riders in: each event once, or refused with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from gtfs import Feed
from maas.records.bus_counts import Source, placed, standing
from maas.store import arrivals, bus_counts, commits
from maas.store.bus_counts import CountRow
from maas.store.commits import AuditEntry
from maas.store.database import Database
from maas.town.messages import Text

CLOCK_S: Final = 60
"""A device's clock that is wrong by more than this is put right."""

MESSAGES: Final = {
    "no_such_call": Text(
        "その便の、その停留所はありません。", "There is no such stop on such a trip."
    ),
    "event_reused": Text(
        "同じ番号の記録が、別の内容で届いています。",
        "Another count has been sent under the same event.",
    ),
    "nothing_to_correct": Text(
        "直そうとした記録が見つからないか、もう直されています。",
        "There is no such count to correct, or it has been corrected already.",
    ),
}


@dataclass(frozen=True, slots=True)
class Count:
    """One count on its way in; `event` is the device's own id of it, the same however often sent.

    `said_at` is the epoch second by the device's clock (`None`: now).  `boot` and `seq` order the
    counts of a device; `corrects` is the event it takes the place of.
    """

    event: str
    day: date
    boarded: int
    alighted: int
    trip_id: str | None = None
    call_index: int | None = None
    said_at: float | None = None
    boot: str | None = None
    seq: int | None = None
    corrects: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Through:
    """How counts come: of which bus, whose word, who sent them, when (epoch seconds)."""

    vehicle_id: str
    source: Source
    actor: str
    now: float
    sent_at: float | None = None

    def row(self, count: Count) -> CountRow:
        """Return a count as it is kept; no count is later than it came."""
        off_s = 0.0 if self.sent_at is None else self.now - self.sent_at
        said = self.now if count.said_at is None else count.said_at
        return CountRow(
            id=self.id_of(count.event),
            service_date=count.day,
            vehicle_id=self.vehicle_id,
            trip_id=count.trip_id,
            call_index=count.call_index,
            source=self.source,
            boarded=count.boarded,
            alighted=count.alighted,
            at=min(said + (off_s if abs(off_s) > CLOCK_S else 0.0), self.now),
            received_at=self.now,
            actor=self.actor,
            corrects=None if count.corrects is None else self.id_of(count.corrects),
            reason=count.reason,
        )

    def id_of(self, event: str) -> str:
        """Return under which id an event of this bus is kept."""
        return f"{self.vehicle_id}/{self.source}:{event}"


def in_device_order(counts: Iterable[Count]) -> list[Count]:
    """Return counts in the order in which they were made, each event once.

    Starts of a device follow each other as they lie in the queue.
    """
    boots: dict[str | None, int] = {}
    once: dict[str, Count] = {}
    for place, count in enumerate(counts):
        boots.setdefault(count.boot, place)
        once.setdefault(count.event, count)
    return sorted(once.values(), key=lambda it: (boots[it.boot], -1 if it.seq is None else it.seq))


async def take_in(
    database: Database, feed: Feed | None, counts: Sequence[Count], through: Through
) -> dict[str, Text | None]:
    """Keep counts and return by event why one was not, `None` for what is kept.

    The same event again is kept once and no fault; one bad count spoils no other.
    """
    answers: dict[str, Text | None] = {}
    async with database.writing() as connection:
        await commits.lock_audit(connection)
        for count in in_device_order(counts):
            answers[count.event] = await _keep(connection, feed, through.row(count))
    return answers


async def _keep(connection: AsyncConnection, feed: Feed | None, row: CountRow) -> Text | None:
    before = await bus_counts.count(connection, row.id)
    if before is not None:
        return None if _same(before, row) else MESSAGES["event_reused"]
    if not _is_call(feed, row):
        return MESSAGES["no_such_call"]
    if row.corrects is not None:
        day, bus = row.service_date, row.vehicle_id
        rows = await bus_counts.counts_between(connection, day, day, bus)
        if row.corrects not in {each.id for each in standing(rows)}:
            return MESSAGES["nothing_to_correct"]
    await bus_counts.add_count(connection, row)
    if row.corrects is not None or row.source == "office":
        await commits.add_audit(connection, _audited(row))
    return None


def _is_call(feed: Feed | None, row: CountRow) -> bool:
    """Whether the timetable has the call; a counter need not know which one it is."""
    if row.trip_id is None:
        return row.source == "counter"
    calls = () if feed is None else feed.stop_times.get(row.trip_id, ())
    return row.call_index is not None and row.call_index < len(calls)


def _same(before: CountRow, row: CountRow) -> bool:
    return _what(before) == _what(row)


def _what(row: CountRow) -> tuple[object, ...]:
    return (row.service_date, row.trip_id, row.call_index, row.boarded, row.alighted, row.corrects)


def _audited(row: CountRow) -> AuditEntry:
    detail = msgspec.json.encode(
        {
            "corrects": row.corrects, "trip": row.trip_id, "call": row.call_index,
            "boarded": row.boarded, "alighted": row.alighted, "reason": row.reason,
        }
    )  # fmt: skip
    action = "bus_count.corrected"
    return AuditEntry(row.received_at, row.actor, action, row.vehicle_id, detail.decode())


async def put_right(
    database: Database,
    feed: Feed | None,
    count: Count,
    through: Through,
    day_start: Callable[[date], float],
) -> Text | None:
    """Keep the office's word on a call, pointing to what it takes the place of; or say why not."""
    async with database.writing() as connection:
        await commits.lock_audit(connection)
        rows = await bus_counts.counts_between(connection, count.day, count.day, through.vehicle_id)
        visits = await arrivals.visits_between(connection, count.day, count.day)
        there = [
            row
            for row in standing(placed(rows, visits, day_start))
            if (row.trip_id, row.call_index) == (count.trip_id, count.call_index)
        ]
        row = through.row(count)
        before = await bus_counts.count(connection, row.id)
        row = _pointing(row, there) if before is None else replace(row, corrects=before.corrects)
        return await _keep(connection, feed, row)


def _pointing(row: CountRow, there: Sequence[CountRow]) -> CountRow:
    """Return the office's word as one that corrects the last word there was, if any."""
    last = max(there, key=lambda each: (each.source == "office", each.received_at), default=None)
    return row if last is None else replace(row, corrects=last.id)
