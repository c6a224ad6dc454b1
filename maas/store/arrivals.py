"""When buses were where, and what riders had been told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import judged, stop_visits

ROWS_MAX = 200_000
"""So many rows are read at most for one report, the newest first."""


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A stop event in service-day seconds of its run; None where a time was not seen."""

    service_date: date
    trip_id: str
    call_index: int
    vehicle_id: str
    arrive_s: float | None
    depart_s: float | None
    passed: bool


async def add_visits(connection: AsyncConnection, rows: Sequence[VisitRow]) -> None:
    """Keep stop events; a time that is known already stays, one that was missing is filled in."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    fresh = dialect.insert(stop_visits)
    known, new = stop_visits.c, fresh.excluded
    statement = fresh.on_conflict_do_update(
        index_elements=list(stop_visits.primary_key),
        set_={
            "arrive_s": _either(known.arrive_s, new.arrive_s),
            "depart_s": _either(known.depart_s, new.depart_s),
            "passed": new.passed,
        },
    )
    await connection.execute(statement, [asdict(row) for row in rows])


async def visits_between(connection: AsyncConnection, first: date, last: date) -> list[VisitRow]:
    """Return the stop events of some service days, in the order of days, trips and calls."""
    columns = stop_visits.c
    query = (
        select(stop_visits)
        .where(columns.service_date.between(first, last))
        .order_by(columns.service_date, columns.trip_id, columns.call_index)
    )
    return [VisitRow(**row) for row in (await connection.execute(query)).mappings()]


async def visited_days(connection: AsyncConnection, first: date, end: date) -> list[date]:
    """Return the service days from one to before another that have stop events, newest first."""
    day = stop_visits.c.service_date
    query = select(day).where(day >= first, day < end).distinct().order_by(day.desc())
    return list(await connection.scalars(query))


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """What was told of a call, and when it was made; None: nothing was told (epoch seconds)."""

    service_date: date
    route_id: str
    stop_id: str
    trip_id: str
    said_at: int | None
    expected: int | None
    low: int | None
    high: int | None
    be_there_by: int | None
    actual: int


async def add_judged(connection: AsyncConnection, rows: Sequence[JudgedRow]) -> None:
    """Keep what was told and how it turned out."""
    if rows:
        await connection.execute(insert(judged), [asdict(row) for row in rows])


async def judged_since(
    connection: AsyncConnection, day: date, *, route: str | None = None, stop: str | None = None
) -> list[JudgedRow]:
    """Return what was told since a service day, of one route or stop or of all."""
    query = select(*(judged.c[name] for name in JudgedRow.__slots__))
    query = query.where(judged.c.service_date >= day)
    if route is not None:
        query = query.where(judged.c.route_id == route)
    if stop is not None:
        query = query.where(judged.c.stop_id == stop)
    rows = await connection.execute(query.order_by(judged.c.id.desc()).limit(ROWS_MAX))
    return [JudgedRow(**row) for row in rows.mappings()]


async def forget_judged(connection: AsyncConnection, before: date) -> None:
    """Drop what is older than a service day."""
    await connection.execute(delete(judged).where(judged.c.service_date < before))


def _either(known: ColumnElement[float], new: ColumnElement[float]) -> ColumnElement[float]:
    return func.coalesce(known, new)
