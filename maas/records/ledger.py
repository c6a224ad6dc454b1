"""What happened, as it counts: rows as they were written with the corrections folded over them.

A correction dated on the day of what it corrects is folded into the row.  One dated on another day
(its month was closed) leaves the row as the closed month has it, and adds two entries on the day
it was made: the row as it was, with `sign` -1, and as it is, with 1.  So every period is the sum of
`sign` times a value over the entries dated in it, and a closed month never changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store import ledger, towns
from maas.store.closings import CorrectionRow
from maas.store.entries import Outcome, Refusal, Ride, Taking, VehicleDay
from maas.store.rides import RideRow, rides_on

VOID: Final = "void"
"""The field of a correction that says: this never happened."""
Entry = TypeVar("Entry", Ride, VehicleDay)


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What a service day's rides add up to; `riders` counts people, `rides` parties."""

    day: date
    rides: int
    riders: int
    shared: int
    fare_yen: int
    distance_m: int


def total(day: date, rows: Iterable[RideRow]) -> DayTotal:
    """Return the sums of some rides of one day."""
    rows = list(rows)
    return DayTotal(
        day=day,
        rides=len(rows),
        riders=sum(int(row.fare_inputs["riders"]) for row in rows),
        shared=sum(row.shared for row in rows),
        fare_yen=sum(row.fare_yen for row in rows),
        distance_m=sum(row.distance_m for row in rows),
    )


async def day_total(connection: AsyncConnection, day: date) -> DayTotal:
    """Return the sums of a service day."""
    return total(day, await rides_on(connection, day))


@dataclass(frozen=True, slots=True)
class Put:
    """Something put right at an instant: fields and their new values, or a fare by so many yen."""

    at: float
    dated: date
    values: Mapping[str, Any]
    yen: int = 0


def folded(row: Entry, changes: Sequence[Put]) -> Iterator[Entry]:
    """Yield the entries of one row with what was put right of it, the oldest first."""
    own = [each for each in changes if each.dated == row.dated]
    now: Entry | None = row
    for each in own:
        now = _after(now, each)
    if now is not None:
        yield now
    for each in changes:
        if each.dated != row.dated:
            after = _after(now, each)
            if now is not None:
                yield now._replace(dated=each.dated, sign=-1)
            if after is not None:
                yield after._replace(dated=each.dated, sign=1)
            now = after


def _after(row: Entry | None, change: Put) -> Entry | None:
    if row is None or VOID in change.values:
        return None
    if change.yen and isinstance(row, Ride):
        return row._replace(fare_yen=row.fare_yen + change.yen)
    return row._replace(**change.values)


async def rides_between(
    connection: AsyncConnection, first: date, last: date, area_id: str | None = None
) -> list[Ride]:
    """Return the entries of rides dated from `first` to `last`, of one area or all."""
    ids = set(await ledger.corrected_ids(connection, "ride", first, last))
    money = await ledger.taking_rows(connection, first, last, "fare")
    ids |= {each.booking_id for each in money if each.booking_id is not None}
    rows = await ledger.ride_rows(connection, first, last, ids)
    entries = _folded(rows, await _ride_changes(connection, ids), lambda row: row.booking_id)
    return [each for each in entries if _counts(each, first, last, area_id)]


async def ride_now(connection: AsyncConnection, booking_id: str) -> Ride | None:
    """Return a ride with all that was put right of it, `None` when there is none (any more)."""
    rows = await ledger.ride_rows(connection, date.min, date.min, [booking_id])
    changes = await _ride_changes(connection, [booking_id])
    return _standing(_folded(rows, changes, lambda row: row.booking_id))


async def _ride_changes(
    connection: AsyncConnection, ids: Collection[str]
) -> defaultdict[str, list[Put]]:
    changes = await _changes(connection, "ride", ids)
    for each in await ledger.fare_rows(connection, ids):
        changes[each.booking_id or ""].append(Put(each.at, each.service_date, {}, each.yen))
    return changes


def _standing(entries: Iterable[Entry]) -> Entry | None:
    """Return what a row has become, dated as it first was; `None` when it was taken back."""
    found = list(entries)
    return found[-1]._replace(dated=found[0].dated) if found and found[-1].sign > 0 else None


async def vehicle_days_between(
    connection: AsyncConnection, first: date, last: date, area_id: str | None = None
) -> list[VehicleDay]:
    """Return the entries of vehicles' days dated from `first` to `last`, of one area or all."""
    ids = await ledger.corrected_ids(connection, "vehicle_day", first, last)
    changes = await _changes(connection, "vehicle_day", ids)
    rows = await ledger.vehicle_day_rows(connection, first, last, ids)
    entries = _folded(rows, changes, vehicle_day_id)
    return [each for each in entries if _counts(each, first, last, area_id)]


async def vehicle_day_now(connection: AsyncConnection, id_: str) -> VehicleDay | None:
    """Return a vehicle's day with all that was put right of it, `None` when there is none."""
    try:
        rows = await ledger.vehicle_day_rows(connection, date.min, date.min, [id_])
    except ValueError:  # there is no such day
        return None
    changes = await _changes(connection, "vehicle_day", [id_])
    return _standing(
        _folded([r for r in rows if vehicle_day_id(r) == id_], changes, vehicle_day_id)
    )


def vehicle_day_id(row: VehicleDay) -> str:
    """Return what corrections call a vehicle's day."""
    return f"{row.vehicle_id}/{row.service_date}"


async def outcomes_between(
    connection: AsyncConnection, first: date, last: date, area_id: str | None = None
) -> list[Outcome]:
    """Return the bookings cancelled or not there, dated from `first` to `last`."""
    ids = await ledger.corrected_ids(connection, "booking", first, last)
    changes = defaultdict[str, list[CorrectionRow]](list)
    for each in await ledger.corrections_of(connection, "booking", ids):
        changes[each.subject_id].append(each)
    rows = await ledger.outcome_rows(connection, first, last, ids)
    entries = (entry for row in rows for entry in _outcomes(row, changes[row.booking_id]))
    return [each for each in entries if _counts(each, first, last, area_id)]


def _outcomes(row: Outcome, changes: Sequence[CorrectionRow]) -> Iterator[Outcome]:
    """Yield an outcome as its month was closed with, and what late reports made of it since."""
    was = row._replace(state=changes[0].old) if changes else row
    found = [was]
    for each in changes:
        found.append(found[-1]._replace(dated=each.dated, sign=-1))
        found.append(found[-1]._replace(state=each.new, sign=1))
    yield from (each for each in found if each.state in {"cancelled", "no_show"})


async def refusals_between(
    connection: AsyncConnection, first: date, last: date, area_id: str | None = None
) -> list[Refusal]:
    """Return the refusals that count from `first` to `last`, each with the day it counts on."""
    town = await towns.the_town(connection)
    zone = ZoneInfo("Asia/Tokyo" if town is None else town.timezone)
    since, until = (
        datetime.combine(day, time(), zone).timestamp() for day in (first, last + timedelta(days=1))
    )
    rows = await ledger.refusal_rows(connection, first, last, since, until)
    counted = (row._replace(dated=max(row.service_date, _day(row.at, zone))) for row in rows)
    return [each for each in counted if _counts(each, first, last, area_id)]


def _day(at: float, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).date()


async def takings_between(connection: AsyncConnection, first: date, last: date) -> list[Taking]:
    """Return the movements of money dated from `first` to `last`.

    `fare` rows with a booking are in the fare of its ride already; those without are not.
    """
    return await ledger.taking_rows(connection, first, last)


async def _changes(
    connection: AsyncConnection, subject: str, ids: Collection[str]
) -> defaultdict[str, list[Put]]:
    found = defaultdict[str, list[Put]](list)
    for each in await ledger.corrections_of(connection, subject, ids):
        found[each.subject_id].append(Put(each.at, each.dated, {each.field: each.new}))
    return found


def _folded(
    rows: Iterable[Entry], changes: Mapping[str, Sequence[Put]], id_of: Callable[[Entry], str]
) -> Iterator[Entry]:
    for row in rows:
        of_row = changes.get(id_of(row), ())
        yield from folded(row, sorted(of_row, key=_order)) if of_row else (row,)


def _order(put: Put) -> tuple[float, bool]:
    """Return what puts changes in order: the fare is taken back before the ride is."""
    return put.at, VOID in put.values


def _counts(
    entry: Ride | Outcome | Refusal | VehicleDay, first: date, last: date, area_id: str | None
) -> bool:
    return first <= entry.dated <= last and area_id in {None, entry.area_id}
