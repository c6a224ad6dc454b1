"""The history of positions, written behind in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.database import insert_missing
from maas.store.tables import positions


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One fix, in epoch seconds; the device had said `t - added_s`, its clock being wrong."""

    vehicle_id: str
    device: str
    boot: str
    seq: int
    t: float
    received_at: float
    lat: float
    lon: float
    speed: float | None = None
    bearing: float | None = None
    trip: str | None = None
    added_s: float = 0.0


async def add_positions(connection: AsyncConnection, rows: Sequence[PositionRow]) -> None:
    """Keep fixes; one already kept (same device, boot and seq) is left as it is."""
    await insert_missing(connection, positions, [asdict(row) for row in rows])


async def latest_positions(connection: AsyncConnection, since: float) -> list[PositionRow]:
    """Return each vehicle's newest fix taken after `since`."""
    newest = (
        select(positions.c.vehicle_id, func.max(positions.c.t).label("t"))
        .where(positions.c.t > since)
        .group_by(positions.c.vehicle_id)
        .subquery()
    )
    columns = [positions.c[name] for name in PositionRow.__slots__]
    rows = await connection.execute(
        select(*columns).join(
            newest,
            (positions.c.vehicle_id == newest.c.vehicle_id) & (positions.c.t == newest.c.t),
        )
    )
    return [PositionRow(**row) for row in rows.mappings()]
