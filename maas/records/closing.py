"""Months: under way, provisional (速報) once they are over, closed (確定) when somebody says so.

A closing keeps the sums of the month and a digest of the entries they are sums of.  Nothing can
change a closed month but somebody who writes into the database past this program; `changed` finds
that.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.records import ledger
from maas.store import closings, commits
from maas.store.closings import ClosingRow, month_of
from maas.store.database import Database
from maas.store.entries import Outcome, Refusal, Ride, Taking, VehicleDay
from maas.store.once import By, Done, once
from maas.store.tables import bookings, paper_entries

MonthState = Literal["under_way", "provisional", "closed"]
No = Literal["month-not-over", "month-closed", "month-open-ends", "key-reused"]
_OPEN: Final = ("booked", "arrived", "aboard", "held")


@dataclass(frozen=True, slots=True)
class Entries:
    """Everything that counts in some days."""

    rides: Sequence[Ride]
    outcomes: Sequence[Outcome]
    refusals: Sequence[Refusal]
    vehicle_days: Sequence[VehicleDay]
    takings: Sequence[Taking]


@dataclass(frozen=True, slots=True)
class Month:
    """A month, what is known of its closing, and its figures now; `None`: never given out so."""

    month: str
    state: MonthState
    figures: dict[str, int]
    provisional: ClosingRow | None
    closed: ClosingRow | None


def days_of(month: str) -> tuple[date, date]:
    """Return the first and the last day of a month like 2026-11.

    >>> days_of("2026-02")
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    """
    first = date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    return first, after - timedelta(days=1)


async def entries_between(
    connection: AsyncConnection, first: date, last: date, area_id: str | None = None
) -> Entries:
    """Return all that counts from `first` to `last`; money is of all areas."""
    span = (connection, first, last)
    return Entries(
        await ledger.rides_between(*span, area_id),
        await ledger.outcomes_between(*span, area_id),
        await ledger.refusals_between(*span, area_id),
        await ledger.vehicle_days_between(*span, area_id),
        await ledger.takings_between(*span),
    )


def figures_of(entries: Entries) -> dict[str, int]:
    """Return the sums that a closing keeps."""
    rides, days = entries.rides, entries.vehicle_days
    ended = Counter[str]()
    for each in entries.outcomes:
        ended[each.state] += each.sign
    money = entries.takings
    return {
        "rides": sum(each.sign for each in rides),
        "riders": sum(each.sign * each.riders for each in rides),
        "shared_rides": sum(each.sign * each.shared for each in rides),
        "ride_m": sum(each.sign * each.distance_m for each in rides),
        "fare_yen": sum(each.sign * each.fare_yen for each in rides),
        "other_fare_yen": sum(each.yen for each in money if loose(each)),
        "cash_yen": sum(each.yen for each in money if each.what == "cash"),
        "voucher_yen": sum(each.yen for each in money if each.what == "voucher"),
        "cancelled": ended["cancelled"],
        "no_show": ended["no_show"],
        "refused": sum(not each.declined for each in entries.refusals),
        "declined": sum(each.declined for each in entries.refusals),
        "vehicle_m": sum(each.sign * each.distance_m for each in days),
        "loaded_m": sum(each.sign * each.loaded_m for each in days),
        "duty_s": sum(each.sign * each.duty_s for each in days),
    }


def loose(taking: Taking) -> bool:
    """Whether a fare was put right without saying of which ride."""
    return taking.what == "fare" and taking.booking_id is None


def digest_of(entries: Entries) -> str:
    """Return what follows from the entries, in whatever order they are read."""
    lines: list[tuple[Any, ...]] = []
    lines += (
        (e.booking_id, str(e.dated), e.sign, e.vehicle_id, e.riders, e.picked_up_s,
         e.dropped_off_s, e.distance_m, bool(e.shared), e.fare_yen, e.tariff)
        for e in entries.rides
    )  # fmt: skip
    lines += ((e.booking_id, str(e.dated), e.sign, e.state) for e in entries.outcomes)
    lines += ((e.id, e.reason, e.declined) for e in entries.refusals)
    lines += (
        (e.vehicle_id, str(e.service_date), str(e.dated), e.sign, e.distance_m, e.loaded_m,
         e.duty_s, e.energy_wh)
        for e in entries.vehicle_days
    )  # fmt: skip
    lines += (
        (str(e.service_date), e.vehicle_id, e.booking_id, e.what, e.kind, e.papers, e.yen, e.at)
        for e in entries.takings
    )
    written = sorted(msgspec.json.encode(line) for line in lines)
    return hashlib.sha256(b"\n".join(written)).hexdigest()


async def month(connection: AsyncConnection, name: str, today: date) -> Month:
    """Return a month as it is now."""
    given = {r.state: r for r in await closings.all_closings(connection) if r.month == name}
    entries = await entries_between(connection, *days_of(name))
    over = name < month_of(today)
    state: MonthState = "closed" if "closed" in given else "provisional" if over else "under_way"
    return Month(name, state, figures_of(entries), given.get("provisional"), given.get("closed"))


async def give_out(
    database: Database, name: str, state: closings.State, by: By, today: date
) -> No | None:
    """Keep the figures of a month as provisional or, for good, as closed; or say why not."""

    async def work(connection: AsyncConnection) -> Done | No:
        await commits.lock_audit(connection)
        wrong = await _not_yet(connection, name, state, today)
        if wrong is not None:
            return wrong
        entries = await entries_between(connection, *days_of(name))
        figures = figures_of(entries)
        row = ClosingRow(name, state, figures, digest_of(entries), by.now, by.actor)
        await closings.add_closing(connection, row)
        return Done((name,), detail={"figures": figures, "digest": row.digest})

    done: Done | No = await once(database, by, f"month.{state}", [name, state], work)
    return None if isinstance(done, Done) else done


async def _not_yet(
    connection: AsyncConnection, name: str, state: closings.State, today: date
) -> No | None:
    if name >= month_of(today):
        return "month-not-over"
    given = {r.state for r in await closings.all_closings(connection) if r.month == name}
    if "closed" in given or state in given:
        return "month-closed"
    if state == "closed" and await open_ends(connection, name):
        return "month-open-ends"
    return None


async def open_ends(connection: AsyncConnection, name: str) -> int:
    """Return how many bookings and lines from paper of a month nobody has said the end of."""
    first, last = days_of(name)
    found = 0
    for table, states in ((bookings, _OPEN), (paper_entries, ("conflict",))):
        query = select(func.count()).where(
            table.c.service_date.between(first, last), table.c.state.in_(states)
        )
        found += int((await connection.execute(query)).scalar_one())
    return found


async def changed(connection: AsyncConnection, rows: Iterable[ClosingRow]) -> list[str]:
    """Return what closed months no longer are, in words; empty is well."""
    found = []
    for row in rows:
        if row.state == "closed":
            entries = await entries_between(connection, *days_of(row.month))
            if digest_of(entries) != row.digest:
                found.append(f"{row.month}: closed with {_differences(row, figures_of(entries))}")
    return found


def _differences(row: ClosingRow, now: dict[str, int]) -> str:
    differing = [
        f"{name} {value}, now {now[name]}"
        for name, value in row.figures.items()
        if now[name] != value
    ]
    return "; ".join(differing) or "the same sums of other entries"
