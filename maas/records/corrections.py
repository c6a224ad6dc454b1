"""Putting right what the ledger says: another row that points to the one that is wrong.

Fares are put right where the money is (`maas.fares.books`).  What would make nonsense of a row is
refused; what belongs to a closed month counts on the day it is put right.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.records.ledger import VOID, ride_now, vehicle_day_now
from maas.store import closings, commits, takings
from maas.store.closings import CorrectionRow
from maas.store.database import Database
from maas.store.entries import Ride, VehicleDay
from maas.store.once import By, Done, once
from maas.store.takings import TakingRow

Subject = Literal["ride", "vehicle_day"]
No = Literal["bad-correction", "key-reused", "not-found"]

FIELDS: Final[Mapping[str, Mapping[str, type]]] = MappingProxyType(
    {
        "ride": {
            "riders": int, "wheelchairs": int, "picked_up_s": int, "dropped_off_s": int,
            "distance_m": int, "shared": bool, VOID: bool,
        },
        "vehicle_day": {"distance_m": int, "loaded_m": int, "duty_s": int, "energy_wh": int},
    }
)  # fmt: skip
"""What can be put right.  A ride that never happened is `void`."""


class Correction(NamedTuple):
    """What is to be put right: new values of some fields of one row, and why."""

    subject: Subject
    subject_id: str
    values: dict[str, Any]
    reason: str


async def correct(database: Database, made: Correction, by: By) -> No | None:
    """Put something right, once for the key of `by`; or say why not."""

    async def work(connection: AsyncConnection) -> Done | No:
        await commits.lock_audit(connection)
        if made.subject == "ride":
            return await _ride(connection, made, by)
        return await _vehicle_day(connection, made, by)

    done: Done | No = await once(database, by, f"{made.subject}.corrected", list(made), work)
    return None if isinstance(done, Done) else done


async def _ride(connection: AsyncConnection, made: Correction, by: By) -> Done | No:
    row = await ride_now(connection, made.subject_id)
    if row is None:
        return "not-found"
    if not _is_ride(row, made.values):
        return "bad-correction"
    if VOID in made.values:
        await _take_back(connection, row, made, by)
    return await _write(connection, made, by, row._asdict() | {VOID: False}, row.dated)


async def _take_back(connection: AsyncConnection, row: Ride, made: Correction, by: By) -> None:
    """Take back the fare of a ride that never happened: whoever paid has it still to come."""
    back = TakingRow(
        row.dated, row.vehicle_id, row.booking_id, "fare", -row.fare_yen, by.now, by.actor,
        reason=made.reason,
    )  # fmt: skip
    await takings.add(connection, [back])


async def _vehicle_day(connection: AsyncConnection, made: Correction, by: By) -> Done | No:
    row = await vehicle_day_now(connection, made.subject_id)
    if row is None:
        return "not-found"
    if not _is_vehicle_day(row, made.values):
        return "bad-correction"
    return await _write(connection, made, by, row._asdict(), row.dated)


async def _write(
    connection: AsyncConnection, made: Correction, by: By, was: Mapping[str, Any], day: date
) -> Done:
    dated = await closings.day_for(connection, day, by.now)
    rows = [
        CorrectionRow(
            made.subject, made.subject_id, name, was[name], value, made.reason, by.actor, by.now,
            day, dated,
        )
        for name, value in made.values.items()
        if value != was[name]
    ]  # fmt: skip
    await closings.add_corrections(connection, rows)
    detail = {"reason": made.reason, "values": made.values}
    return Done((made.subject_id,), detail=detail)


def _is_ride(row: Ride, values: Mapping[str, Any]) -> bool:
    """Whether a ride with these values can have been."""
    if not _known("ride", values) or values.get(VOID) is False:
        return False
    if VOID in values:
        return len(values) == 1
    after = row._replace(**values)
    long = 0 <= after.picked_up_s <= after.dropped_off_s
    return long and after.riders >= 1 and after.wheelchairs >= 0 and after.distance_m >= 0


def _is_vehicle_day(row: VehicleDay, values: Mapping[str, Any]) -> bool:
    if not _known("vehicle_day", values):
        return False
    after = row._replace(**values)
    return (
        0 <= after.loaded_m <= after.distance_m
        and after.duty_s >= 0
        and (after.energy_wh or 0) >= 0
    )


def _known(subject: Subject, values: Mapping[str, Any]) -> bool:
    known = FIELDS[subject]
    return bool(values) and all(
        name in known and type(value) is known[name] for name, value in values.items()
    )
