"""The book of duties: a record is kept once for its event, or refused with a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import msgspec
from sqlalchemy.exc import IntegrityError

from maas.duty.day import order_fault, standing
from maas.duty.messages import tell
from maas.duty.records import Body, form_fault, kind_of, write_body
from maas.store import commits, duty
from maas.store.commits import AuditEntry
from maas.store.database import Database
from maas.store.duty import RecordRow
from maas.town.messages import Text

LATE_S: Final = 120
"""A record older than this when it comes is kept even if it does not fit those before it."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A record to keep.

    `event` is the same however often it is sent; `at` is epoch seconds; `corrects` is the record
    it takes the place of.
    """

    event: str
    day: date
    vehicle_id: str
    driver: str
    at: float
    body: Body
    lat: float | None = None
    lon: float | None = None
    corrects: str | None = None

    def row(self, now: float, actor: str) -> RecordRow:
        """Return it as it is kept."""
        return RecordRow(
            id=f"{self.vehicle_id}/{self.event}",
            service_date=self.day,
            vehicle_id=self.vehicle_id,
            driver=self.driver,
            kind=kind_of(self.body),
            at=min(self.at, now),
            recorded_at=now,
            actor=actor,
            body=write_body(self.body),
            lat=self.lat,
            lon=self.lon,
            corrects=self.corrects,
        )


async def enter(database: Database, entered: Entered, *, now: float, actor: str) -> Text | None:
    """Keep a record, or return why not; the same event again is kept once and no fault.

    What cannot be lawful is refused always; what does not fit the records before it (a second
    leaving, a meter that runs back) only when the driver can still put it right.
    """
    wrong = form_fault(entered.body, entered.driver)
    if wrong is not None:
        return tell(wrong)
    row = entered.row(now, actor)
    try:
        return await _keep(database, row, entered.body)
    except IntegrityError:  # another process kept the same event a moment ago
        return await _keep(database, row, entered.body)


async def _keep(database: Database, row: RecordRow, body: Body) -> Text | None:
    async with database.writing() as connection:
        await commits.lock_audit(connection)
        before = await duty.record(connection, row.id)
        if before is not None:
            return None if _same(before, row) else tell("late.event_reused")
        rows = await duty.records_on(connection, row.service_date, row.vehicle_id)
        if row.corrects is not None and row.corrects not in _correctable(rows):
            return tell("nothing_to_correct")
        if row.corrects is None and row.recorded_at - row.at <= LATE_S:
            last_km = await duty.last_meter(connection, row.vehicle_id, row.at)
            earlier = [each for each in rows if each.driver == row.driver and each.at <= row.at]
            wrong = order_fault(body, earlier, last_km)
            if wrong is not None:
                return tell(wrong, last=last_km)
        await duty.add_record(connection, row)
        detail = msgspec.json.encode(
            {"driver": row.driver, "at": row.at, "corrects": row.corrects, "body": row.body},
            order="deterministic",
        )
        entry = AuditEntry(
            row.recorded_at, row.actor, f"duty.{row.kind}", row.vehicle_id, detail.decode()
        )
        await commits.add_audit(connection, entry)
    return None


def _same(before: RecordRow, row: RecordRow) -> bool:
    return before == replace(row, at=before.at, recorded_at=before.recorded_at, actor=before.actor)


def _correctable(rows: list[RecordRow]) -> set[str]:
    return {entry.row.id for entry in standing(rows)}
