"""Months given out as provisional or closed, and what is put right in the ledger."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.reports import MONTH
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import Instant, Rendering, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.records import closing
from maas.records.corrections import Correction, correct
from maas.records.ledger import ride_now, vehicle_day_now
from maas.store import ledger
from maas.store.closings import ClosingRow
from maas.store.once import By

router = APIRouter(tags=["reports"])

MonthName = Annotated[str, Path(pattern=MONTH, examples=["2026-09"])]


class ClosingOut(Shape):
    """The figures of a month when it was given out, and by whom."""

    at: Instant
    by: str
    figures: dict[str, int]


class MonthOut(Shape):
    """A month: `closed` (確定) for good, `provisional` (速報) once it is over."""

    month: str
    state: Literal["under_way", "provisional", "closed"]
    figures: dict[str, int] = Field(description="The sums as they are now; yen, metres, seconds.")
    provisional: ClosingOut | None
    closed: ClosingOut | None


@router.get("/months/{month}", operation_id="readMonth", **needs(Permission.READ_RIDES))
async def read_month(month: MonthName, person: SignedIn, service: The, write: In) -> MonthOut:
    """Return a month of the whole town: its state, its figures now and when it was given out."""
    del person
    return await _month(service, month, write)


class GiveOutIn(BaseModel):
    """As what a month is given out; `closed` is for good."""

    state: Literal["provisional", "closed"]


@router.post(
    "/months/{month}/closings",
    operation_id="closeMonth",
    **needs(
        Permission.CLOSE_MONTHS, "month-not-over", "month-closed", "month-open-ends",
        "key-missing", "key-reused", changes=True,
    ),
)  # fmt: skip
async def close_month(
    month: MonthName, made: GiveOutIn, key: Key, person: SignedIn, service: The, write: In
) -> MonthOut:
    """Give a month out as provisional, or close it; only who is of no one area may."""
    if person.area is not None:
        raise Problem("forbidden")
    by = By(person.name, service.clock(), key)
    wrong = await closing.give_out(service.database, month, made.state, by, service.today())
    if wrong is not None:
        raise Problem(wrong)
    return await _month(service, month, write)


async def _month(service: Service, name: str, write: Rendering) -> MonthOut:
    async with service.database.reading() as db:
        found = await closing.month(db, name, service.today())
    return write.one(
        MonthOut,
        {
            "month": found.month,
            "state": found.state,
            "figures": found.figures,
            "provisional": _given(found.provisional, write),
            "closed": _given(found.closed, write),
        },
    )


def _given(row: ClosingRow | None, write: Rendering) -> ClosingOut | None:
    if row is None:
        return None
    return write.one(ClosingOut, {"at": row.at, "by": row.by, "figures": row.figures})


class CorrectionMadeOut(Shape):
    """One field put right: by whom, why, and on which day it counts."""

    subject: str
    subject_id: str
    field: str
    old: Any
    new: Any
    reason: str
    author: str
    at: Instant
    service_date: dt.date
    dated: dt.date


class LedgerCorrectionIn(BaseModel):
    """New values of a ride (by its booking) or of a vehicle's day (`van-1/2026-11-25`).

    Rides: riders, wheelchairs, picked_up_s, dropped_off_s, distance_m, shared, or `void` alone for
    one that never was.  Days: distance_m, loaded_m, duty_s, energy_wh.
    """

    subject: Literal["ride", "vehicle_day"]
    subject_id: str = Field(min_length=1, max_length=100)
    values: dict[str, bool | Annotated[int, Field(ge=0, lt=2**31)]] = Field(
        min_length=1, max_length=8, examples=[{"riders": 2}]
    )
    reason: str = Field(min_length=1, max_length=500, examples=["運転者からの聞き取り"])


@router.post(
    "/ledger/corrections",
    operation_id="correctLedger",
    status_code=204,
    **needs(
        Permission.CORRECT_RECORDS, "not-found", "bad-correction", "key-missing", "key-reused",
        changes=True,
    ),
)  # fmt: skip
async def correct_ledger(
    made: LedgerCorrectionIn, key: Key, person: SignedIn, service: The
) -> None:
    """Put something right; the row stays as it was written, of a closed month it counts today."""
    await _own(service, person, made)
    asked = Correction(made.subject, made.subject_id, dict(made.values), made.reason)
    wrong = await correct(service.database, asked, By(person.name, service.clock(), key))
    if wrong is not None:
        raise Problem(wrong)


async def _own(service: Service, person: Person, made: LedgerCorrectionIn) -> None:
    find = ride_now if made.subject == "ride" else vehicle_day_now
    async with service.database.reading() as db:
        row = await find(db, made.subject_id)
    if row is None or person.area not in {None, row.area_id}:
        raise Problem("not-found")


@router.get("/ledger/corrections", operation_id="listCorrections", **needs(Permission.READ_RIDES))
async def list_corrections(
    person: SignedIn,
    service: The,
    write: In,
    month: Annotated[str, Query(pattern=MONTH, examples=["2026-11"])],
) -> list[CorrectionMadeOut]:
    """Return what was put right of a month, or counts in it, the oldest first."""
    del person
    first, last = closing.days_of(month)
    async with service.database.reading() as db:
        rows = await ledger.corrections_between(db, first, last)
    return write.many(CorrectionMadeOut, rows)
