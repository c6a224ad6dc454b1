"""The audit read back: who did what to what, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.commits import AuditEntry
from maas.store.tables import audit, bookings


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry and its number in the chain."""

    seq: int
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked for; instants are epoch seconds, `action` and `subject` how they begin.

    A booking is looked for by its reference too.
    `before` is the number of the entry to go on from, newest first.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: float | None = None
    until: float | None = None
    before: int | None = None


async def entries(connection: AsyncConnection, looked: Looked, limit: int) -> list[Entry]:
    """Return the newest entries that are looked for."""
    query = select(audit).where(*_conditions(looked)).order_by(audit.c.seq.desc()).limit(limit)
    return [
        Entry(row.seq, AuditEntry(row.at, row.actor, row.action, row.subject, row.detail))
        for row in await connection.execute(query)
    ]


def _conditions(looked: Looked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if looked.actor:
        found.append(audit.c.actor == looked.actor)
    if looked.action:
        found.append(audit.c.action.startswith(looked.action, autoescape=True))
    if looked.subject:
        told = select(bookings.c.id).where(bookings.c.reference == looked.subject)
        begins = audit.c.subject.startswith(looked.subject, autoescape=True)
        found.append(or_(begins, audit.c.subject.in_(told)))
    if looked.since is not None:
        found.append(audit.c.at >= looked.since)
    if looked.until is not None:
        found.append(audit.c.at < looked.until)
    if looked.before is not None:
        found.append(audit.c.seq < looked.before)
    return found


async def references(connection: AsyncConnection, subjects: Iterable[str]) -> dict[str, str]:
    """Return the references of those subjects that are bookings."""
    query = select(bookings.c.id, bookings.c.reference).where(bookings.c.id.in_(set(subjects)))
    return {row.id: row.reference for row in await connection.execute(query)}


async def known(connection: AsyncConnection) -> tuple[list[str], list[str]]:
    """Return everybody who has done something, and everything that was done."""
    actors = await connection.scalars(select(audit.c.actor).distinct())
    actions = await connection.scalars(select(audit.c.action).distinct())
    return sorted(actors), sorted(actions)
