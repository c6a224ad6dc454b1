"""Roads that are closed or slow, so that they still are after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import closures


@dataclass(frozen=True, slots=True)
class ClosureRow:
    """Roads at `points` (lat, lon; none: all roads) closed, or driven at `factor` of their speed.

    It holds until the epoch second `until`, `None` until somebody opens them.
    """

    id: str
    points: Sequence[tuple[float, float]]
    factor: float | None
    until: float | None
    reason: str
    at: float
    by: str
    opened_at: float | None = None
    opened_by: str | None = None


async def add_closure(connection: AsyncConnection, row: ClosureRow) -> None:
    """Keep a closure."""
    values = asdict(row) | {"points": [list(point) for point in row.points]}
    await connection.execute(insert(closures).values(**values))


async def open_again(connection: AsyncConnection, closure_id: str, now: float, who: str) -> bool:
    """End a closure; False when there is none that holds."""
    done = await connection.execute(
        update(closures)
        .where(closures.c.id == closure_id, closures.c.opened_at.is_(None))
        .where(or_(closures.c.until.is_(None), closures.c.until > now))
        .values(opened_at=now, opened_by=who)
    )
    return done.rowcount == 1


async def closures_at(connection: AsyncConnection, now: float) -> list[ClosureRow]:
    """Return what is closed or slow at an epoch second, oldest first."""
    rows = await connection.execute(
        select(closures)
        .where(closures.c.opened_at.is_(None))
        .where(or_(closures.c.until.is_(None), closures.c.until > now))
        .order_by(closures.c.at, closures.c.id)
    )
    return [_closure(row) for row in rows.mappings()]


async def closures_since(connection: AsyncConnection, at: float) -> list[ClosureRow]:
    """Return what was closed, slowed or opened again since an epoch second, oldest first."""
    rows = await connection.execute(
        select(closures)
        .where(or_(closures.c.at >= at, closures.c.opened_at >= at))
        .order_by(closures.c.at, closures.c.id)
    )
    return [_closure(row) for row in rows.mappings()]


def _closure(row: object) -> ClosureRow:
    values = dict(row)  # type: ignore[call-overload]
    return ClosureRow(**{**values, "points": [(lat, lon) for lat, lon in values["points"]]})
