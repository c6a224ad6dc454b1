"""What makes a commit safe: remembered answers, the outbox, the audit chain, the lease."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Text, delete, insert, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.database import at_once, insert_missing
from maas.store.sealed import SealError, opened
from maas.store.tables import audit, audit_head, idempotency, leases, outbox

FIRST_HASH = "0" * 64
AUDIT_PART = 20_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer first given for an Idempotency-Key; `parameters` is the hash of the question."""

    parameters: str
    status: int
    body: str


async def answer(connection: AsyncConnection, actor: str, key: str) -> Answer | None:
    """Return what was answered for this key, `None` when it is new."""
    columns = (idempotency.c.parameters, idempotency.c.status, idempotency.c.body)
    found = await connection.execute(
        select(*columns).where(idempotency.c.actor == actor, idempotency.c.key == key)
    )
    row = found.first()
    return None if row is None else Answer(*row)


async def remember(
    connection: AsyncConnection, actor: str, key: str, given: Answer, now: float
) -> None:
    """Keep the answer for a key; raises IntegrityError when another commit was first."""
    values = {
        "actor": actor,
        "key": key,
        "parameters": given.parameters,
        "status": given.status,
        "body": given.body,
        "at": now,
    }
    await connection.execute(insert(idempotency), values)


async def add_events(connection: AsyncConnection, area_id: str, bodies: Sequence[str]) -> None:
    """Put events into the outbox, in order."""
    if bodies:
        rows = [{"area_id": area_id, "body": body} for body in bodies]
        await connection.execute(insert(outbox).inline(), rows)


async def waiting_events(
    connection: AsyncConnection, area_id: str, limit: int
) -> list[tuple[int, str]]:
    """Return the oldest events not yet delivered, with their ids."""
    rows = await connection.execute(
        select(outbox.c.id, outbox.c.body)
        .where(outbox.c.area_id == area_id)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [(number, body) for number, body in rows]


async def forget_events(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Take delivered events out of the outbox."""
    await connection.execute(delete(outbox).where(outbox.c.id.in_(ids)))


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what, when; `detail` is JSON."""

    at: float
    actor: str
    action: str
    subject: str
    detail: str


def link(previous: str, seq: int, entry: AuditEntry) -> str:
    """Return the hash of an entry that follows `previous`."""
    fields = [seq, float(entry.at), entry.actor, entry.action, entry.subject, entry.detail]
    canonical = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256((previous + canonical).encode()).hexdigest()


async def lock_audit(connection: AsyncConnection) -> tuple[int, str]:
    """Make other writers wait until this transaction ends; returns the end of the chain."""
    end = select(audit_head).with_for_update()
    head = (await connection.execute(end)).one_or_none()
    if head is None:
        first = {"id": 1, "seq": 0, "hash": FIRST_HASH}
        await insert_missing(connection, audit_head, [first])
        head = (await connection.execute(end)).one()
    return head.seq, head.hash


async def add_audit(connection: AsyncConnection, entry: AuditEntry) -> None:
    """Append to the audit chain; writers queue on its head, so call it last in a transaction."""
    seq, previous = await lock_audit(connection)
    linked = link(previous, seq + 1, entry)
    values = {name: getattr(entry, name) for name in AuditEntry.__slots__}
    async with at_once(connection):
        await connection.execute(insert(audit), {**values, "seq": seq + 1, "hash": linked})
        await connection.execute(update(audit_head), {"seq": seq + 1, "hash": linked})


async def last_seq(connection: AsyncConnection) -> int:
    """Return the number of the last entry of the audit, 0 before the first."""
    return await connection.scalar(select(audit_head.c.seq)) or 0


async def subjects_since(connection: AsyncConnection, seq: int, actions: str) -> set[str]:
    """Return to what something was done after an entry, in actions that begin so."""
    rows = await connection.scalars(
        select(audit.c.subject)
        .distinct()
        .where(audit.c.seq > seq, audit.c.action.startswith(actions, autoescape=True))
    )
    return set(rows)


async def entries_between(
    connection: AsyncConnection, first: float, last: float, actions: Sequence[str]
) -> list[AuditEntry]:
    """Return what was done from an instant to before another, of some actions, in order."""
    columns = [audit.c[name] for name in AuditEntry.__slots__]
    rows = await connection.execute(
        select(*columns)
        .where(audit.c.at >= first, audit.c.at < last, audit.c.action.in_(actions))
        .order_by(audit.c.seq)
    )
    return [AuditEntry(*row) for row in rows]


async def audit_break(connection: AsyncConnection) -> int | None:
    """Return the first entry whose hash does not follow from the one before, `None` when whole.

    The hash is of what the entry says, so that it stays when the entry is sealed with another key.
    """
    previous, expected = FIRST_HASH, 0
    told = audit.c.detail
    as_it_lies = [type_coerce(c, Text) if c is told else c for c in audit.columns]
    while True:
        # A part at a time: years of it are too much to hold at once.
        rows = await connection.execute(
            select(*as_it_lies)
            .where(audit.c.seq > expected)
            .order_by(audit.c.seq)
            .limit(AUDIT_PART)
        )
        before = expected
        for row in rows:
            expected += 1
            try:
                detail = opened(connection.dialect, row.detail, str(told))
            except SealError:
                return expected
            entry = AuditEntry(row.at, row.actor, row.action, row.subject, detail)
            if row.seq != expected or row.hash != link(previous, row.seq, entry):
                return expected
            previous = row.hash
        if expected == before:
            break
    head = (await connection.execute(select(audit_head))).first()
    if (head.seq, head.hash) != (expected, previous) if head else expected:
        return expected + 1
    return None


async def take_lease(connection: AsyncConnection, area_id: str, holder: str, until: float) -> None:
    """Make `holder` the keeper of an area whoever held it before: versions are the fence."""
    row = {"area_id": area_id, "holder": holder, "until": until}
    await insert_missing(connection, leases, [row])
    await connection.execute(
        update(leases).where(leases.c.area_id == area_id).values(holder=holder, until=until)
    )


async def renew_lease(
    connection: AsyncConnection, area_id: str, holder: str, now: float, until: float
) -> bool:
    """Hold on to the lease, or take one that ran out; False when somebody else holds it."""
    done = await connection.execute(
        update(leases)
        .where(leases.c.area_id == area_id)
        .where((leases.c.holder == holder) | (leases.c.until < now))
        .values(holder=holder, until=until)
    )
    return done.rowcount == 1
