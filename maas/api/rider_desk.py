"""What the desk keeps of riders besides their cards: notes, consents, habits, doubles, papers."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.requests import In, Key
from maas.api.rider_card import RiderOut
from maas.api.riders import RiderId, by, done_or_problem, ground, member_of, one_card
from maas.api.shapes import Instant, PlaceOut, Rendering, Shape
from maas.auth.roles import Permission
from maas.people import desk, intake
from maas.people.doubles import doubles
from maas.people.habits import Trip, habits, often
from maas.people.papers import Bad, read_papers
from maas.store import members, riding

router = APIRouter(prefix="/riders", tags=["people"])

CSV: Final = "text/csv"
HISTORY_DAYS: Final = 365
"""Habits are learnt from the rides of so many days."""
MOST: Final = 20
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Brief = Annotated[str, Field(min_length=1, max_length=2000)]


class NoteIn(BaseModel):
    """A note about a rider, for the desk."""

    text: Brief = Field(examples=["門の前で待つ"])


class NoteOut(Shape):
    """A note, and who wrote it when."""

    id: int
    at: Instant
    author: str
    text: str


class ConsentOut(Shape):
    """That a rider allowed something, or no longer does, and how they said so."""

    at: Instant
    by: str
    purpose: str = Field(examples=["watch"])
    recipient: str
    given: bool
    how: str


@router.post(
    "/{rider_id}/notes",
    operation_id="addRiderNote",
    status_code=201,
    **needs(Permission.WRITE_PEOPLE, "not-found", "key-missing", "key-reused", changes=True),
)
async def add_note(
    rider_id: RiderId, note: NoteIn, key: Key, person: SignedIn, service: The, write: In
) -> list[NoteOut]:
    """Write a note about a rider under one's own name; returns all of them, the newest first."""
    member = await member_of(service, rider_id)
    answer = await desk.add_note(
        service.database, member.id, note.text, by(service, person.name, key)
    )
    done_or_problem(answer, write)
    return await read_notes(rider_id, service, write)


@router.get(
    "/{rider_id}/notes",
    operation_id="readRiderNotes",
    **needs(Permission.READ_PEOPLE, "not-found"),
)
async def read_notes(rider_id: RiderId, service: The, write: In) -> list[NoteOut]:
    """Return what the desk wrote about a rider, the newest first."""
    member = await member_of(service, rider_id)
    async with service.database.reading() as db:
        return write.many(NoteOut, await members.notes_of(db, member.id))


@router.get(
    "/{rider_id}/consents",
    operation_id="readRiderConsents",
    **needs(Permission.READ_PEOPLE, "not-found"),
)
async def read_consents(rider_id: RiderId, service: The, write: In) -> list[ConsentOut]:
    """Return what a rider allowed and took back, in order; nothing of it is ever rewritten."""
    member = await member_of(service, rider_id)
    async with service.database.reading() as db:
        return write.many(ConsentOut, await members.consents_of(db, member.id))


class HabitOut(Shape):
    """A trip made again and again on a weekday."""

    origin: PlaceOut
    destination: PlaceOut
    weekday: Weekday
    time: str = Field(examples=["09:05"], description="When it usually begins.")
    count: int = Field(description="So many rides of the past year.")
    last: dt.date


class OftenOut(Shape):
    """A place a rider is often taken to."""

    place: PlaceOut
    count: int
    last: dt.date


class HabitsOut(Shape):
    """What a rider usually wants, learnt from their rides, the most frequent first."""

    trips: list[HabitOut]
    places: list[OftenOut]


@router.get(
    "/{rider_id}/habits",
    operation_id="readRiderHabits",
    **needs(Permission.READ_PEOPLE, "not-found"),
)
async def read_habits(rider_id: RiderId, service: The, write: In) -> HabitsOut:
    """Return the trips a rider makes again and again, and where they are often taken."""
    member = await member_of(service, rider_id)
    since = service.today() - dt.timedelta(days=HISTORY_DAYS)
    async with service.database.reading() as db:
        trips = [Trip(*row) for row in await riding.ridden(db, member.id, since)]
    known = service.directory.place_by_id
    return HabitsOut(
        trips=[
            HabitOut(
                origin=write.one(PlaceOut, known[habit.origin_id]),
                destination=write.one(PlaceOut, known[habit.destination_id]),
                weekday=WEEKDAYS[habit.weekday],
                time=f"{habit.time_s // 3600:02d}:{habit.time_s // 60 % 60:02d}",
                count=habit.count,
                last=habit.last,
            )
            for habit in habits(trips)[:MOST]
            if {habit.origin_id, habit.destination_id} <= known.keys()
        ],
        places=[
            OftenOut(
                place=write.one(PlaceOut, known[each.place_id]), count=each.count, last=each.last
            )
            for each in often(trips, member.home_place_id)[:MOST]
            if each.place_id in known
        ],
    )


class RiderBriefOut(Shape):
    """A rider in a line."""

    id: int
    number: str
    name: str
    kana: str
    phone: str
    birth_year: int | None
    oaza: str


class DoubleOut(Shape):
    """Two members who may be one person; the older number first."""

    one: RiderBriefOut
    other: RiderBriefOut


@router.get("/doubles", operation_id="listDoubleRiders", **needs(Permission.READ_PEOPLE))
async def list_doubles(
    service: The, write: In, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[DoubleOut]:
    """Return members who sound the same and share a telephone, the year of birth or the home."""
    rows = list(service.directory.member_by_id.values())
    pairs = await asyncio.to_thread(doubles, {row.id: row for row in rows}.values())
    return [
        DoubleOut(one=write.one(RiderBriefOut, one), other=write.one(RiderBriefOut, other))
        for one, other in pairs[:limit]
    ]


class MergeIn(BaseModel):
    """Whose card stays."""

    into: int = Field(ge=1, lt=2**31)


@router.post(
    "/{rider_id}/merge",
    operation_id="mergeRider",
    **needs(
        Permission.MERGE_PEOPLE, "not-found", "bad-merge", "key-missing", "key-reused", changes=True
    ),
)
async def merge_rider(
    rider_id: RiderId, merge: MergeIn, key: Key, person: SignedIn, service: The, write: In
) -> RiderOut:
    """Make one member of two: bookings, vouchers and notes follow, the old number finds them."""
    answer = await desk.merge(service.database, rider_id, merge.into, by(service, person.name, key))
    done_or_problem(answer, write)
    await service.refresh_people()
    return await one_card(service, write, merge.into)


class FaultOut(Shape):
    """What is wrong with one cell, and what to write."""

    field: str
    why: str
    sentence: str


class BadLineOut(Shape):
    """A line that was not taken."""

    line: int
    faults: list[FaultOut]


class PapersOut(Shape):
    """What became of a table of paper forms; numbers of members, in the order of the lines."""

    preview: bool
    added: list[str]
    changed: list[str]
    known: list[str] = Field(description="Members who were there already and were left alone.")
    bad: list[BadLineOut]
    mend: str = Field(description="The bad lines as a table (CSV) with what to mend.")
    unused: list[str] = Field(description="Heads of columns that were not looked at.")


@router.post(
    "/import",
    operation_id="importRiders",
    openapi_extra={
        "requestBody": {"required": True, "content": {CSV: {"schema": {"type": "string"}}}}
    },
    **needs(Permission.MERGE_PEOPLE, "no-town", "key-missing", "key-reused", changes=True),
)
async def import_riders(
    request: Request,
    key: Key,
    person: SignedIn,
    service: The,
    write: In,
    *,
    preview: Annotated[bool, Query(description="Only say what would become of it.")] = False,
) -> PapersOut:
    """Take a table of paper forms (CSV in UTF-8 or Shift_JIS): all good lines, in one go.

    Bad lines are handed back with what to mend; handing the table in again makes nobody twice.
    """
    town = ground(service)
    places = {
        place.code: (place.lat, place.lon) for place in service.directory.place_by_id.values()
    }
    data = await request.body()
    papers = await asyncio.to_thread(
        read_papers, data, places, lambda form: desk.checked(form, town)
    )
    if preview:
        taken = await intake.preview(service.database, papers)
    else:
        answer = await intake.take(service.database, papers, by(service, person.name, key), town)
        taken = intake.Taken(**done_or_problem(answer, write).answer)
        await service.refresh_people()
    return PapersOut(
        preview=preview,
        added=list(taken.added),
        changed=list(taken.changed),
        known=list(taken.known),
        bad=[_bad(bad, write) for bad in papers.bad],
        mend=papers.mend,
        unused=list(papers.unused),
    )


def _bad(bad: Bad, write: Rendering) -> BadLineOut:
    faults = [
        FaultOut(field=fault.field, why=fault.why, sentence=fault.text.get(write.language))
        for fault in bad.faults
    ]
    return BadLineOut(line=bad.line, faults=faults)
