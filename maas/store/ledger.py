"""The ledger: what happened, over any number of days, read at once.

Rows come as they were written, with the corrections that point to them; `maas.records.ledger`
folds the one over the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.bookings import BookingRow, PromiseRow
from maas.store.closings import CorrectionRow
from maas.store.entries import Outcome, Refusal, Ride, Taking, VehicleDay
from maas.store.tables import (
    bookings,
    corrections,
    members,
    promises,
    refusals,
    rides,
    simulated_days,
    takings,
    vehicle_days,
)

AT_ONCE: Final = 500
"""So many ids are asked for in one query."""


async def ride_rows(
    connection: AsyncConnection, first: date, last: date, ids: Collection[str] = ()
) -> list[Ride]:
    """Return the rides of some days, those dated then, and those of `ids`, as they were written."""
    when = or_(rides.c.service_date.between(first, last), rides.c.dated.between(first, last))
    found = await _those(connection, _rides(), when, rides.c.booking_id, ids)
    return [Ride(*row) for row in found]


def _rides() -> Select[Any]:
    r, b, p, m = rides.c, bookings.c, promises.c, members.c
    return (
        select(
            r.booking_id, r.service_date, func.coalesce(r.dated, r.service_date), b.area_id,
            r.vehicle_id, b.member_id, b.origin_id, b.destination_id,
            r.fare_inputs["riders"].as_integer(), b.wheelchairs,
            b.half_fares, b.infants, b.channel, b.booked_at, b.direct_s,
            func.coalesce(p.pickup_from_s, b.pickup_planned_s),
            func.coalesce(p.pickup_to_s, b.pickup_planned_s),
            func.coalesce(p.arrive_by_s, b.arrive_planned_s),
            func.coalesce(b.arrived_s, r.picked_up_s), r.picked_up_s, r.dropped_off_s,
            r.distance_m, r.shared, r.fare_yen, r.tariff, m.birth_year, m.oaza,
            func.coalesce(p.request["alighting_s"].as_integer(), 0),
        )
        .join(bookings, b.id == r.booking_id)
        .outerjoin(promises, and_(p.booking_id == r.booking_id, p.no == b.promise_no))
        .outerjoin(members, m.id == b.member_id)
    )  # fmt: skip


async def outcome_rows(
    connection: AsyncConnection, first: date, last: date, ids: Collection[str] = ()
) -> list[Outcome]:
    """Return the bookings of some days that ended without a ride, and those of `ids`."""
    b, m = bookings.c, members.c
    query = select(
        b.id, b.service_date, b.service_date, b.area_id, b.vehicle_id, b.member_id, b.origin_id,
        b.destination_id, b.riders, b.channel, b.pickup_planned_s, b.state, b.cancel_reason,
        m.birth_year, m.oaza,
    ).outerjoin(members, m.id == b.member_id)  # fmt: skip
    when = and_(b.service_date.between(first, last), b.state.in_(("cancelled", "no_show")))
    return [Outcome(*row) for row in await _those(connection, query, when, b.id, ids)]


async def refusal_rows(
    connection: AsyncConnection, first: date, last: date, since: float, until: float
) -> list[Refusal]:
    """Return the refusals that may count on some days, which begin and end at these instants."""
    r = refusals.c
    late = and_(r.at >= since, r.at < until, r.service_date < first)
    query = (
        select(
            r.id, r.at, r.service_date, r.service_date, r.area_id, r.reason, r.binding,
            r.alternatives, r.declined, r.ask, r.relaxations,
        )
        .where(or_(r.service_date.between(first, last), late))
        .order_by(r.id)
    )  # fmt: skip
    rows = await connection.execute(query)
    return [Refusal(*row[:8], row[8] is not None, *row[9:]) for row in rows]


async def vehicle_day_rows(
    connection: AsyncConnection, first: date, last: date, ids: Collection[str] = ()
) -> list[VehicleDay]:
    """Return the vehicles' days that are of or dated on some days, and those of `ids`.

    Raises ValueError when an id names no day.
    """
    v = vehicle_days.c
    columns = [v[name] for name in VehicleDay._fields if name != "sign"]
    days = [date.fromisoformat(each.rpartition("/")[2]) for each in ids]
    when = or_(
        v.service_date.between(first, last),
        v.dated.between(first, last),
        v.service_date.in_(days),
    )
    query = select(*columns).where(when).order_by(v.service_date, v.vehicle_id)
    return [VehicleDay(*row) for row in await connection.execute(query)]


async def add_vehicle_days(connection: AsyncConnection, rows: Sequence[VehicleDay]) -> None:
    """Keep vehicles' days; raises IntegrityError when a vehicle has one on that day."""
    if rows:
        values = [{k: v for k, v in row._asdict().items() if k != "sign"} for row in rows]
        await connection.execute(insert(vehicle_days), values)


async def taking_rows(
    connection: AsyncConnection, first: date, last: date, what: str | None = None
) -> list[Taking]:
    """Return the movements of money (of one kind or all) of some days, the oldest first."""
    query = _takings().where(takings.c.service_date.between(first, last))
    if what is not None:
        query = query.where(takings.c.what == what)
    return [Taking(*row) for row in await connection.execute(query)]


async def fare_rows(connection: AsyncConnection, ids: Collection[str]) -> list[Taking]:
    """Return what was put right of the fares of some rides, the oldest first."""
    query = _takings().where(takings.c.what == "fare")
    return [Taking(*row) for row in await _of(connection, query, takings.c.booking_id, ids)]


def _takings() -> Select[Any]:
    t = takings.c
    return select(
        t.service_date, t.vehicle_id, t.booking_id, t.what, t.kind, t["count"], t.yen, t.at
    ).order_by(t.id)


async def corrected_ids(
    connection: AsyncConnection, subject: str, first: date, last: date
) -> list[str]:
    """Return of which rows something was put right that is of or counts on some days."""
    c = corrections.c
    when = or_(c.service_date.between(first, last), c.dated.between(first, last))
    query = select(c.subject_id).where(c.subject == subject, when).distinct()
    return list((await connection.execute(query)).scalars())


async def corrections_between(
    connection: AsyncConnection, first: date, last: date
) -> list[CorrectionRow]:
    """Return the corrections that are of or count on some days, the oldest first."""
    c = corrections.c
    when = or_(c.service_date.between(first, last), c.dated.between(first, last))
    query = select(*(c[each.name] for each in fields(CorrectionRow))).where(when).order_by(c.id)
    return [CorrectionRow(*row) for row in await connection.execute(query)]


async def corrections_of(
    connection: AsyncConnection, subject: str, ids: Collection[str]
) -> list[CorrectionRow]:
    """Return the corrections of some rows, the oldest first."""
    c = corrections.c
    query = select(*(c[each.name] for each in fields(CorrectionRow))).order_by(c.id)
    query = query.where(c.subject == subject)
    return [CorrectionRow(*row) for row in await _of(connection, query, c.subject_id, ids)]


async def mark_simulated(connection: AsyncConnection, days: Collection[date], seed: int) -> None:
    """Note that what these days say was made up."""
    if days:
        rows = [{"service_date": day, "seed": seed} for day in sorted(days)]
        await connection.execute(insert(simulated_days), rows)


async def simulated_between(connection: AsyncConnection, first: date, last: date) -> list[date]:
    """Return which of some days were made up, in order."""
    day = simulated_days.c.service_date
    query = select(day).where(day.between(first, last)).order_by(day)
    return list((await connection.execute(query)).scalars())


async def _those(
    connection: AsyncConnection,
    query: Select[Any],
    when: ColumnElement[bool],
    id_: ColumnElement[Any],
    ids: Collection[str],
) -> list[Sequence[Any]]:
    """Return the rows that are so and those of some ids, each once; the id comes first in a row."""
    found = [*await connection.execute(query.where(when))]
    known = {row[0] for row in found}
    return found + await _of(connection, query, id_, [each for each in ids if each not in known])


async def _of(
    connection: AsyncConnection, query: Select[Any], id_: ColumnElement[Any], ids: Collection[str]
) -> list[Sequence[Any]]:
    """Return the rows of some ids."""
    asked, found = sorted(ids), list[Sequence[Any]]()
    for start in range(0, len(asked), AT_ONCE):
        found += await connection.execute(query.where(id_.in_(asked[start : start + AT_ONCE])))
    return found


async def ledger_between(
    connection: AsyncConnection, area_id: str, first: date, last: date
) -> Mapping[date, list[tuple[BookingRow, list[PromiseRow]]]]:
    """Return each booking of some service days with every promise given for it, oldest first."""
    theirs = (bookings.c.area_id == area_id, bookings.c.service_date.between(first, last))
    rows = await connection.execute(select(bookings).where(*theirs).order_by(bookings.c.id))
    told: defaultdict[str, list[PromiseRow]] = defaultdict(list)
    given = await connection.execute(
        select(promises)
        .join(bookings, bookings.c.id == promises.c.booking_id)
        .where(*theirs)
        .order_by(promises.c.booking_id, promises.c.no)
    )
    for each in given.mappings():
        told[each["booking_id"]].append(PromiseRow(**each))
    found: defaultdict[date, list[tuple[BookingRow, list[PromiseRow]]]] = defaultdict(list)
    for row in rows.mappings():
        booking = BookingRow(**row)
        found[booking.service_date].append((booking, told[booking.id]))
    return found
