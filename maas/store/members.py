"""Members: the riders the town knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import consents, member_notes, members


@dataclass(frozen=True, slots=True)
class Phone:
    """A further telephone of a member; `label` says whose or where it is (自宅, 携帯, 娘)."""

    number: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What entitles a member to something, such as `aicard`; `until` is its last day, if any."""

    kind: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Family or a helper; `watch`: the member agreed that they hear of departures and arrivals."""

    name: str
    relation: str = ""
    phone: str = ""
    email: str = ""
    watch: bool = False


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member; `favourites` are place ids in the order of their keys 1..9.

    `phone` is the first telephone, `phones` the others.  `confirm_by` is the channel by which the
    member wants to hear of bookings; `none`: only a call when something changes.  Members of one
    household have the same `household`.  `tags` are further words that fares and drivers go by.
    A `provisional` member gave no more than a name and a telephone; one who was found to be
    somebody else too lives on in `merged_into` and is shown no more.
    """

    id: int
    number: str
    name: str
    kana: str
    phone: str
    birth_year: int | None
    address: str
    oaza: str
    home_place_id: int | None
    tags: tuple[str, ...]
    notes: str
    favourites: tuple[int, ...]
    language: str
    phones: tuple[Phone, ...] = ()
    email: str = ""
    line_id: str = ""
    household: str = ""
    aids: tuple[str, ...] = ()
    eligibility: tuple[Eligibility, ...] = ()
    contacts: tuple[Contact, ...] = ()
    confirm_by: str = "none"
    provisional: bool = False
    merged_into: int | None = None
    pickup_points: tuple[int, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every telephone of the member, the first one first."""
        return tuple(filter(None, (self.phone, *(each.number for each in self.phones))))

    def grounds(self, day: date) -> frozenset[str]:
        """Return what fares and drivers go by on a day: tags, aids, and what has not run out."""
        valid = (each.kind for each in self.eligibility if each.until is None or day <= each.until)
        return frozenset((*self.tags, *self.aids, *valid))


IN_FILES: Final = frozenset(
    {"name", "kana", "phone", "birth_year", "address", "oaza", "home_place_id", "tags", "notes",
     "favourites", "language"}
)  # fmt: skip
"""What a town's file of members says; everything else only the desk writes."""


def _member(row: object) -> MemberRow:
    return msgspec.convert(row, MemberRow, from_attributes=True)


async def all_members(connection: AsyncConnection) -> list[MemberRow]:
    """Return every member in the order of their numbers."""
    rows = await connection.execute(select(members).order_by(members.c.number))
    return [_member(row) for row in rows]


async def member(connection: AsyncConnection, member_id: int) -> MemberRow | None:
    """Return one member, `None` when there is no such id."""
    row = await connection.execute(select(members).where(members.c.id == member_id))
    found = row.first()
    return None if found is None else _member(found)


async def by_ids(
    connection: AsyncConnection, ids: Iterable[int], *, locked: bool = False
) -> dict[int, MemberRow]:
    """Return the members of these ids; `locked` keeps others from changing them meanwhile."""
    query = select(members).where(members.c.id.in_(list(ids))).order_by(members.c.id)
    rows = await connection.execute(query.with_for_update() if locked else query)
    return {row.id: _member(row) for row in rows}


async def add_member(connection: AsyncConnection, row: MemberRow) -> int:
    """Keep a new member and return the id; raises IntegrityError when the number is taken."""
    added = insert(members).values(_values(row)).returning(members.c.id)
    return int((await connection.execute(added)).scalar_one())


async def save_member(connection: AsyncConnection, row: MemberRow) -> None:
    """Write a member as it is now."""
    await connection.execute(update(members).where(members.c.id == row.id).values(_values(row)))


async def save_members(
    connection: AsyncConnection,
    rows: Sequence[MemberRow],
    *,
    only: Collection[str] | None = None,
) -> dict[str, int]:
    """Add or update members by their number; returns the id of every number given.

    Of those there are already, `only` these fields are written, all when it is not given.
    """
    known = await _ids(connection)
    fresh = [_values(row) for row in rows if row.number not in known]
    changed = [
        {name: value for name, value in _values(row).items() if only is None or name in only}
        | {"the_number": row.number}
        for row in rows
        if row.number in known
    ]
    if fresh:
        await connection.execute(insert(members), fresh)
    if changed:
        await connection.execute(
            update(members).where(members.c.number == bindparam("the_number")), changed
        )
    known = await _ids(connection)
    return {row.number: known[row.number] for row in rows}


async def next_number(connection: AsyncConnection) -> str:
    """Return the member number after the highest one given out, four digits or more."""
    taken = await connection.scalars(select(members.c.number))
    return f"{max((int(number) for number in taken if number.isdecimal()), default=0) + 1:04d}"


def _values(row: MemberRow) -> dict[str, object]:
    values: dict[str, object] = msgspec.to_builtins(row)
    del values["id"]
    return values


async def _ids(connection: AsyncConnection) -> dict[str, int]:
    rows = await connection.execute(select(members.c.number, members.c.id))
    return dict(rows.all())


@dataclass(frozen=True, slots=True)
class NoteRow:
    """What the desk wrote down about a member (`at` epoch seconds)."""

    member_id: int
    at: float
    author: str
    text: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """That a member allowed something, or no longer does, and how they said so."""

    member_id: int
    at: float
    by: str
    purpose: str
    recipient: str
    given: bool
    how: str
    id: int = 0


async def add_note(connection: AsyncConnection, row: NoteRow) -> int:
    """Keep a note and return its id."""
    values = msgspec.to_builtins(row)
    del values["id"]
    added = insert(member_notes).values(values).returning(member_notes.c.id)
    return int((await connection.execute(added)).scalar_one())


async def notes_of(connection: AsyncConnection, member_id: int) -> list[NoteRow]:
    """Return a member's notes, the newest first."""
    table = member_notes
    rows = await connection.execute(
        select(table).where(table.c.member_id == member_id).order_by(table.c.id.desc())
    )
    return [NoteRow(**row) for row in rows.mappings()]


async def add_consents(connection: AsyncConnection, rows: Sequence[ConsentRow]) -> None:
    """Append to what members allowed."""
    values = [msgspec.to_builtins(row) for row in rows]
    for each in values:
        del each["id"]
    if values:
        await connection.execute(insert(consents), values)


async def consents_of(connection: AsyncConnection, member_id: int) -> list[ConsentRow]:
    """Return what a member allowed and no longer allowed, oldest first."""
    table = consents
    rows = await connection.execute(
        select(table).where(table.c.member_id == member_id).order_by(table.c.id)
    )
    return [ConsentRow(**row) for row in rows.mappings()]
