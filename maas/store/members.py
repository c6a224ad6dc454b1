"""Members: the riders the town knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import members


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member; `favourites` are place ids in the order of their keys 1..9."""

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


def _member(row: object) -> MemberRow:
    values = dict(row)  # type: ignore[call-overload]
    lists = {"tags": tuple(values["tags"]), "favourites": tuple(values["favourites"])}
    return MemberRow(**{**values, **lists})


async def all_members(connection: AsyncConnection) -> list[MemberRow]:
    """Return every member in the order of their numbers."""
    rows = await connection.execute(select(members).order_by(members.c.number))
    return [_member(row) for row in rows.mappings()]


async def member(connection: AsyncConnection, member_id: int) -> MemberRow | None:
    """Return one member, `None` when there is no such id."""
    row = await connection.execute(select(members).where(members.c.id == member_id))
    found = row.mappings().first()
    return None if found is None else _member(found)


async def save_members(connection: AsyncConnection, rows: Sequence[MemberRow]) -> dict[str, int]:
    """Add or update members by their number; returns the id of every number given."""
    known = await _ids(connection)
    fresh = [_values(row) for row in rows if row.number not in known]
    changed = [_values(row) | {"the_number": row.number} for row in rows if row.number in known]
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
    values = asdict(row)
    del values["id"]
    return values | {"tags": list(row.tags), "favourites": list(row.favourites)}


async def _ids(connection: AsyncConnection) -> dict[str, int]:
    rows = await connection.execute(select(members.c.number, members.c.id))
    return dict(rows.all())
