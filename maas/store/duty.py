"""What vehicles reported, what was recorded of duties, and what was entered from paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import bookings, duty_records, paper_entries, step_reports

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One step as a vehicle reported it, and what became of it.

    `event` is the device's own id of it.  `said_at` is the time by the device's clock, `at` the
    time it was taken for, `received_at` when it came (epoch seconds).  `codes` say what was out of
    the ordinary; `look` that somebody at the office should see it, until `looked_at`.
    """

    vehicle_id: str
    event: str
    service_date: date
    booking_id: str
    step: str
    said_at: float | None
    at: float
    received_at: float
    actor: str
    outcome: str
    codes: tuple[str, ...] = ()
    look: bool = False
    lat: float | None = None
    lon: float | None = None
    boot: str | None = None
    seq: int | None = None
    payment: dict[str, Any] | None = None
    looked_at: float | None = None
    looked_by: str | None = None
    note: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record of a duty: a roll call, a check, a meter reading, a break; never changed.

    `body` are the fields of its kind (`maas.duty.records`); `corrects` is the record it replaces.
    """

    id: str
    service_date: date
    vehicle_id: str
    driver: str
    kind: str
    at: float
    recorded_at: float
    actor: str
    body: dict[str, Any]
    lat: float | None = None
    lon: float | None = None
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One line of a paper sheet as it was entered, the booking it became, and what stood against.

    `id` is printed or written on the paper; `conflicts` are pairs of a code and what it is about.
    """

    id: str
    area_id: str
    service_date: date
    vehicle_id: str
    body: dict[str, Any]
    state: str
    conflicts: tuple[tuple[str, str], ...]
    booking_id: str | None
    entered_at: float
    entered_by: str
    settled_at: float | None = None
    settled_by: str | None = None
    note: str = ""


async def add_report(connection: AsyncConnection, row: ReportRow) -> None:
    """Keep a report; raises IntegrityError when its event is kept already."""
    values = _values(row)
    del values["id"]
    await connection.execute(insert(step_reports).values(**values))


async def report(connection: AsyncConnection, vehicle_id: str, event: str) -> ReportRow | None:
    """Return what became of a vehicle's event, `None` when it is new."""
    query = select(step_reports).where(
        step_reports.c.vehicle_id == vehicle_id, step_reports.c.event == event
    )
    return next(iter(await _rows(connection, query, ReportRow)), None)


async def reports_on(
    connection: AsyncConnection, day: date, vehicle_id: str | None = None
) -> list[ReportRow]:
    """Return the reports of a service day (of one vehicle or all) in the order they came."""
    query = select(step_reports).where(step_reports.c.service_date == day)
    if vehicle_id is not None:
        query = query.where(step_reports.c.vehicle_id == vehicle_id)
    return await _rows(connection, query.order_by(step_reports.c.id), ReportRow)


async def reports_to_look_at(
    connection: AsyncConnection, vehicle_ids: Sequence[str]
) -> list[ReportRow]:
    """Return what somebody at the office should see and nobody has, oldest first."""
    query = (
        select(step_reports)
        .where(step_reports.c.look, step_reports.c.looked_at.is_(None))
        .where(step_reports.c.vehicle_id.in_(vehicle_ids))
        .order_by(step_reports.c.id)
    )
    return await _rows(connection, query, ReportRow)


async def references(connection: AsyncConnection, booking_ids: Sequence[str]) -> dict[str, str]:
    """Return the reference numbers of bookings, of those that exist."""
    query = select(bookings.c.id, bookings.c.reference).where(bookings.c.id.in_(booking_ids))
    return dict((await connection.execute(query)).all())


async def report_by_id(connection: AsyncConnection, id_: int) -> ReportRow | None:
    """Return one report, `None` when there is no such id."""
    query = select(step_reports).where(step_reports.c.id == id_)
    return next(iter(await _rows(connection, query, ReportRow)), None)


async def looked_at(
    connection: AsyncConnection, id_: int, now: float, actor: str, note: str
) -> bool:
    """Note that somebody has seen a report; False when somebody had."""
    done = await connection.execute(
        update(step_reports)
        .where(step_reports.c.id == id_, step_reports.c.looked_at.is_(None))
        .values(looked_at=now, looked_by=actor, note=note)
    )
    return done.rowcount == 1


async def add_record(connection: AsyncConnection, row: RecordRow) -> None:
    """Keep a record; raises IntegrityError when its id is kept already."""
    await connection.execute(insert(duty_records).values(**_values(row)))


async def record(connection: AsyncConnection, id_: str) -> RecordRow | None:
    """Return one record, `None` when there is no such id."""
    query = select(duty_records).where(duty_records.c.id == id_)
    return next(iter(await _rows(connection, query, RecordRow)), None)


async def records_on(
    connection: AsyncConnection, day: date, vehicle_id: str | None = None
) -> list[RecordRow]:
    """Return the records of a service day (of one vehicle or all) in the order of their times."""
    query = select(duty_records).where(duty_records.c.service_date == day)
    if vehicle_id is not None:
        query = query.where(duty_records.c.vehicle_id == vehicle_id)
    order = (duty_records.c.at, duty_records.c.recorded_at, duty_records.c.id)
    return await _rows(connection, query.order_by(*order), RecordRow)


async def records_between(
    connection: AsyncConnection, first: date, last: date, vehicle_ids: Sequence[str]
) -> list[RecordRow]:
    """Return the records of some vehicles on some service days in the order of their times."""
    query = select(duty_records).where(
        duty_records.c.service_date.between(first, last),
        duty_records.c.vehicle_id.in_(vehicle_ids),
    )
    order = (duty_records.c.at, duty_records.c.recorded_at, duty_records.c.id)
    return await _rows(connection, query.order_by(*order), RecordRow)


async def last_meter(connection: AsyncConnection, vehicle_id: str, before: float) -> float | None:
    """Return the newest meter reading of a vehicle before a moment, `None` when there is none."""
    query = (
        select(duty_records)
        .where(duty_records.c.vehicle_id == vehicle_id, duty_records.c.at < before)
        .where(duty_records.c.kind.in_(("out", "in", "meter")))
        .order_by(duty_records.c.at.desc(), duty_records.c.recorded_at.desc())
        .limit(50)
    )
    rows = await _rows(connection, query, RecordRow)
    corrected = {row.corrects for row in rows}
    found = (row.body.get("meter_km") for row in rows if row.id not in corrected)
    return next((float(km) for km in found if km is not None), None)


async def add_paper(connection: AsyncConnection, row: PaperRow) -> None:
    """Keep a line from paper; raises IntegrityError when its id is kept already."""
    await connection.execute(insert(paper_entries).values(**_values(row)))


async def paper(connection: AsyncConnection, id_: str) -> PaperRow | None:
    """Return one line from paper, `None` when it was never entered."""
    query = select(paper_entries).where(paper_entries.c.id == id_)
    return next(iter(await _rows(connection, query, PaperRow)), None)


async def papers(
    connection: AsyncConnection, area_id: str, day: date | None = None
) -> list[PaperRow]:
    """Return an area's lines from paper of a service day, or all that wait to be settled."""
    query = select(paper_entries).where(paper_entries.c.area_id == area_id)
    if day is not None:
        query = query.where(paper_entries.c.service_date == day)
    else:
        query = query.where(paper_entries.c.state == "conflict")
    order = (paper_entries.c.entered_at, paper_entries.c.id)
    return await _rows(connection, query.order_by(*order), PaperRow)


async def settle_paper(
    connection: AsyncConnection, row: PaperRow, *, state: str, booking_id: str | None
) -> bool:
    """Write what became of a line that waited; False when somebody else was first."""
    done = await connection.execute(
        update(paper_entries)
        .where(paper_entries.c.id == row.id, paper_entries.c.state == "conflict")
        .values(
            state=state, booking_id=booking_id, settled_at=row.settled_at,
            settled_by=row.settled_by, note=row.note,
        )
    )  # fmt: skip
    return done.rowcount == 1


def _values(row: ReportRow | RecordRow | PaperRow) -> dict[str, Any]:
    plain = asdict(row)
    for name in ("codes", "conflicts"):
        if name in plain:
            plain[name] = [list(each) if isinstance(each, tuple) else each for each in plain[name]]
    return plain


async def _rows(
    connection: AsyncConnection, query: Select[tuple[Any, ...]], kind: type[Row]
) -> list[Row]:
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # rows are dataclasses
    found = (await connection.execute(query)).mappings()
    return [kind(**{name: _tuples(row[name]) for name in names}) for row in found]


def _tuples(value: Any) -> Any:  # noqa: ANN401 -- a column's value
    """Return JSON lists as the tuples they were."""
    if isinstance(value, list):
        return tuple(_tuples(each) for each in value)
    return value
