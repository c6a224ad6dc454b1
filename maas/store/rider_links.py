"""Links by which members, or somebody they trust, see and book their rides."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import rider_links


@dataclass(frozen=True, slots=True)
class RiderLinkRow:
    """A link to a member's own page; `holder` is who else than the member has it.

    Instants are real epoch seconds.  The id alone opens nothing: what is handed out is signed.
    """

    id: str
    member_id: int
    holder: str
    made_at: float
    made_by: str
    expires_at: float
    revoked_at: float | None = None
    used_at: float | None = None


async def add(connection: AsyncConnection, row: RiderLinkRow) -> None:
    """Keep a new link."""
    await connection.execute(insert(rider_links).values(asdict(row)))


async def save(connection: AsyncConnection, row: RiderLinkRow) -> None:
    """Write a link as it is now."""
    changed = update(rider_links).where(rider_links.c.id == row.id)
    await connection.execute(changed.values(revoked_at=row.revoked_at))


async def note_use(connection: AsyncConnection, ids: Collection[str], now: float) -> None:
    """Note when links were last used."""
    await connection.execute(
        update(rider_links).where(rider_links.c.id.in_(list(ids))).values(used_at=now)
    )


async def link(connection: AsyncConnection, link_id: str) -> RiderLinkRow | None:
    """Return one link, `None` when there is no such id."""
    found = await connection.execute(select(rider_links).where(rider_links.c.id == link_id))
    row = found.mappings().first()
    return None if row is None else RiderLinkRow(**row)


async def good(
    connection: AsyncConnection, ids: Collection[str], now: float
) -> dict[str, RiderLinkRow]:
    """Return those of some links that are good now, by id."""
    rows = await connection.execute(
        select(rider_links).where(
            rider_links.c.id.in_(list(ids)),
            rider_links.c.revoked_at.is_(None),
            rider_links.c.expires_at > now,
        )
    )
    return {row["id"]: RiderLinkRow(**row) for row in rows.mappings()}


async def of_member(connection: AsyncConnection, member_id: int) -> list[RiderLinkRow]:
    """Return a member's links, the newest first."""
    rows = await connection.execute(
        select(rider_links)
        .where(rider_links.c.member_id == member_id)
        .order_by(rider_links.c.made_at.desc(), rider_links.c.id)
    )
    return [RiderLinkRow(**row) for row in rows.mappings()]
