"""What one shift of the office leaves to the next: hand-over notes."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import Instant, Shape
from maas.auth.roles import Permission
from maas.auth.staff import Person
from maas.store import handovers
from maas.store.commits import AuditEntry, add_audit
from maas.store.handovers import HandoverRow
from maas.store.once import By, Done, once

router = APIRouter(tags=["plan"])

SHOWN_S: Final = 7 * 86_400.0
MOST: Final = 100
_NO_KEEPER = ("not-found", "no-roads", "no-town")
Id = Annotated[str, Path(min_length=1, max_length=64)]
Area = Annotated[str | None, Field(max_length=64, description="The only area when absent.")]


class HandoverIn(BaseModel):
    """What the next shift has to know."""

    text: str = Field(min_length=1, max_length=2000, examples=["3号車は午後から点検です。"])
    area: Area = None


class HandoverOut(Shape):
    """A note to the next shift; `read_by` took it over, null: nobody yet."""

    id: str
    at: Instant
    author: str
    text: str
    read_at: Instant | None
    read_by: str | None


@router.get("/handovers", operation_id="listHandovers", **needs(Permission.READ_PLAN, *_NO_KEEPER))
async def list_handovers(
    person: SignedIn, service: The, write: In, area: str | None = None
) -> list[HandoverOut]:
    """Return the notes of the last week and those nobody has taken over, the newest first."""
    here = service.keeper(area, person).area
    async with service.database.reading() as db:
        rows = await handovers.handovers_since(db, here, service.clock() - SHOWN_S, MOST)
    return write.many(HandoverOut, rows)


@router.post(
    "/handovers",
    operation_id="writeHandover",
    status_code=201,
    **needs(Permission.READ_PLAN, "key-missing", "key-reused", *_NO_KEEPER, changes=True),
)
async def write_handover(
    note: HandoverIn, key: Key, person: SignedIn, service: The, write: In
) -> HandoverOut:
    """Leave a note to the next shift."""
    area = service.keeper(note.area, person).area
    row = HandoverRow(
        secrets.token_hex(8), area, service.clock(), person.display_name, note.text.strip()
    )

    async def work(db: AsyncConnection) -> Done:
        await handovers.add_handover(db, row)
        return Done((row.id,), asdict(row), {"text": row.text})

    by = By(person.name, row.at, key)
    asked = [area, row.text]
    answer = kept_answer(await once(service.database, by, "handover.written", asked, work))
    return write.one(HandoverOut, HandoverRow(**answer))


@router.post(
    "/handovers/{note_id}/read",
    operation_id="takeOver",
    **needs(Permission.READ_PLAN, "foreign-origin", *_NO_KEEPER),
)
async def take_over(note_id: Id, person: SignedIn, service: The, write: In) -> HandoverOut:
    """Say that one has read a note; whoever said so first stays."""
    areas, now = areas_of(service, person), service.clock()
    async with service.database.writing() as db:
        row = await handovers.take_over(db, areas, note_id, now, person.display_name)
        if row is None:
            raise Problem("not-found")
        if (row.read_at, row.read_by) == (now, person.display_name):
            await add_audit(db, AuditEntry(now, person.name, "handover.read", note_id, "{}"))
    return write.one(HandoverOut, row)


def areas_of(service: Service, person: Person) -> list[str]:
    """Return the areas somebody may touch."""
    service.keeper(None, person)
    return [person.area] if person.area else list(service.keepers)


def kept_answer(answer: Done | str) -> dict[str, Any]:
    """Return what a command answered, or raise the problem that its key was used before."""
    if not isinstance(answer, Done):
        raise Problem("key-reused")
    kept: dict[str, Any] = answer.answer
    return kept
