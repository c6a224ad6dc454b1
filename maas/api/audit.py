"""The audit: who did what, when, and whether anything of it was taken out or rewritten."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from gtfs.calendar import day_start_epoch
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In
from maas.api.shapes import Instant, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.store import commits, trail
from maas.store.trail import Looked

router = APIRouter(prefix="/audit", tags=["audit"])

Text = Annotated[str, Query(max_length=100)]
Day = Annotated[dt.date | None, Query(ge=dt.date(2000, 1, 1), le=dt.date(2100, 12, 31))]


class AuditEntryOut(Shape):
    """One deed; `detail` is what was kept of it, as JSON, `reference` that of its booking."""

    seq: int
    at: Instant
    actor: str
    action: str
    subject: str
    reference: str | None
    detail: str


class AuditOut(BaseModel):
    """Entries, the newest first; `more` when older ones are left."""

    entries: list[AuditEntryOut]
    more: bool


class AuditNamesOut(BaseModel):
    """Everybody who has done something, and everything that was done."""

    actors: list[str]
    actions: list[str]


class AuditCheckOut(BaseModel):
    """Whether the chain of the audit is whole; else the first entry that does not fit."""

    whole: bool
    entries: int
    broken_at: int | None


@router.get("", operation_id="readAudit", **needs(Permission.READ_AUDIT))
async def read_audit(
    person: SignedIn,
    service: The,
    write: In,
    actor: Text = "",
    action: Annotated[str, Query(max_length=100, description="How the action begins.")] = "",
    subject: Annotated[
        str, Query(max_length=100, description="How it begins, or a reference.")
    ] = "",
    first: Annotated[Day, Query(alias="from")] = None,
    last: Annotated[Day, Query(alias="to")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditOut:
    """Return what was done, the newest first, of the days asked for."""
    _of_all_areas(person)
    zone = service.timezone
    looked = Looked(
        actor=actor,
        action=action,
        subject=subject,
        since=None if first is None else day_start_epoch(first, zone),
        until=None if last is None else day_start_epoch(last + dt.timedelta(days=1), zone),
        before=before,
    )
    async with service.database.reading() as db:
        found = await trail.entries(db, looked, limit + 1)
        told = await trail.references(db, [each.entry.subject for each in found])
    shown = [
        {"seq": each.seq, "at": each.entry.at, "actor": each.entry.actor,
         "action": each.entry.action, "subject": each.entry.subject,
         "reference": told.get(each.entry.subject), "detail": each.entry.detail}
        for each in found[:limit]
    ]  # fmt: skip
    return AuditOut(entries=write.many(AuditEntryOut, shown), more=len(found) > limit)


@router.get("/names", operation_id="readAuditNames", **needs(Permission.READ_AUDIT))
async def read_names(person: SignedIn, service: The) -> AuditNamesOut:
    """Return by what the audit can be sifted."""
    _of_all_areas(person)
    async with service.database.reading() as db:
        actors, actions = await trail.known(db)
    return AuditNamesOut(actors=actors, actions=actions)


@router.get("/check", operation_id="checkAudit", **needs(Permission.READ_AUDIT))
async def check_audit(person: SignedIn, service: The) -> AuditCheckOut:
    """Follow the chain from its first entry to its last."""
    _of_all_areas(person)
    async with service.database.reading() as db:
        broken = await commits.audit_break(db)
        count = await commits.last_seq(db)
    return AuditCheckOut(whole=broken is None, entries=count, broken_at=broken)


def _of_all_areas(person: Person) -> None:
    """Raise the problem that an administrator of one area would see those of the others."""
    if person.area is not None:
        raise Problem("forbidden")
