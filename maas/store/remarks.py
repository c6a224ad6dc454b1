"""What planners write beside the figures: events of a period, and targets; append-only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import remarks, targets


@dataclass(frozen=True, slots=True)
class RemarkRow:
    """What happened from `first` to `last`; one that `takes_back` another says nothing itself."""

    id: str
    area_id: str
    first: date
    last: date
    kind: str
    text: str
    at: float
    author: str
    takes_back: str | None = None


@dataclass(frozen=True, slots=True)
class TargetRow:
    """What a figure should be for periods that end on `valid_from` or later; `None`: no target."""

    id: str
    area_id: str
    figure: str
    value: float | None
    valid_from: date
    at: float
    author: str


async def add_remark(connection: AsyncConnection, row: RemarkRow) -> None:
    """Keep a remark; it is never changed."""
    await connection.execute(insert(remarks).values(asdict(row)))


async def all_remarks(connection: AsyncConnection, area_id: str) -> list[RemarkRow]:
    """Return every remark of an area, the earliest period first, those taken back too."""
    columns = remarks.c
    query = select(remarks).where(columns.area_id == area_id).order_by(columns.first, columns.at)
    return [RemarkRow(**row) for row in (await connection.execute(query)).mappings()]


async def remark(connection: AsyncConnection, remark_id: str) -> RemarkRow | None:
    """Return one remark, `None` when there is no such id."""
    found = await connection.execute(select(remarks).where(remarks.c.id == remark_id))
    row = found.mappings().first()
    return None if row is None else RemarkRow(**row)


async def add_target(connection: AsyncConnection, row: TargetRow) -> None:
    """Keep a target; the last one of a figure that began holds."""
    await connection.execute(insert(targets).values(asdict(row)))


async def all_targets(connection: AsyncConnection, area_id: str) -> list[TargetRow]:
    """Return every target ever set in an area, the one set last first."""
    columns = targets.c
    query = (
        select(targets)
        .where(columns.area_id == area_id)
        .order_by(columns.valid_from.desc(), columns.at.desc(), columns.id)
    )
    return [TargetRow(**row) for row in (await connection.execute(query)).mappings()]
