"""Releases of open data: files that were published, kept for ever; and who rode, told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import bookings, members, releases


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One version of a month's open data as it was published; `sha256` is that of `package`.

    `content` is the hash of what its tables say; `reason` says what a later version puts right.
    """

    month: str
    version: int
    made_at: float
    made_by: str
    reason: str
    simulated: bool
    content: str
    sha256: str
    package: bytes


async def add_release(connection: AsyncConnection, row: ReleaseRow) -> None:
    """Keep a release; raises IntegrityError when the month has that version already."""
    await connection.execute(insert(releases).values(**asdict(row)))


async def all_releases(connection: AsyncConnection) -> list[ReleaseRow]:
    """Return every release without its files, the newest month and version first."""
    columns = [releases.c[name] for name in ReleaseRow.__slots__ if name != "package"]
    query = select(*columns).order_by(releases.c.month.desc(), releases.c.version.desc())
    rows = (await connection.execute(query)).mappings()
    return [ReleaseRow(**row, package=b"") for row in rows]


async def release(
    connection: AsyncConnection, month: str, version: int | None = None
) -> ReleaseRow | None:
    """Return a version of a month's release, by default the last; `None` when there is none."""
    query = select(*(releases.c[name] for name in ReleaseRow.__slots__))
    query = query.where(releases.c.month == month)
    if version is not None:
        query = query.where(releases.c.version == version)
    found = await connection.execute(query.order_by(releases.c.version.desc()).limit(1))
    row = found.mappings().first()
    return None if row is None else ReleaseRow(**row)


async def rider_keys(connection: AsyncConnection, first: date, last: date) -> dict[str, str]:
    """Return by booking what tells its rider apart from others: a member, else a telephone.

    A member who was found to be somebody else is that one, and so is a guest with a member's
    telephone.  A guest without a telephone is not in it.
    """
    b, m = bookings.c, members.c
    known = list(await connection.execute(select(m.id, m.merged_into, m.phone).order_by(m.id)))
    merged = {number: into for number, into, _ in known if into is not None}
    owner = {digits(phone): f"m{_the_one(number, merged)}" for number, _, phone in known if phone}
    query = select(b.id, b.member_id, b.contact_phone).where(b.service_date.between(first, last))
    return {
        booking: f"m{_the_one(member, merged)}"
        if member is not None
        else owner.get(digits(phone), f"p{digits(phone)}")
        for booking, member, phone in await connection.execute(query)
        if member is not None or digits(phone)
    }


def digits(phone: str) -> str:
    """Return the digits of a telephone number, however it was written.

    >>> digits("000-000 0001")
    '0000000001'
    """
    return "".join(each for each in phone if each.isdigit())


def _the_one(member: int, merged: Mapping[int, int]) -> int:
    while member in merged:
        member = merged[member]
    return member
