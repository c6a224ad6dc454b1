"""The town, its areas and its dated rules, as imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import areas, rules, towns


@dataclass(frozen=True, slots=True)
class TownRow:
    """The town; `region` is lat_min, lon_min, lat_max, lon_max."""

    id: str
    name: str
    name_en: str
    timezone: str
    region: tuple[float, float, float, float]
    booking_phone: str
    notice: str
    notice_en: str


@dataclass(frozen=True, slots=True)
class AreaRow:
    """An area: the unit of dispatch and of rules."""

    id: str
    town_id: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One dated rule; `body` is its fields as in town.toml."""

    area_id: str
    kind: str
    valid_from: date
    valid_to: date | None
    body: dict[str, Any]


async def the_town(connection: AsyncConnection) -> TownRow | None:
    """Return the town this service runs for, `None` before one is imported."""
    found = (await connection.execute(select(towns).order_by(towns.c.id))).mappings().first()
    if found is None:
        return None
    lat_min, lon_min, lat_max, lon_max = found["region"]
    return TownRow(**{**found, "region": (lat_min, lon_min, lat_max, lon_max)})


async def all_areas(connection: AsyncConnection) -> list[AreaRow]:
    """Return the areas in the order of their ids."""
    rows = await connection.execute(select(areas).order_by(areas.c.id))
    return [AreaRow(**row) for row in rows.mappings()]


async def rules_of(connection: AsyncConnection, area_id: str) -> list[RuleRow]:
    """Return every rule an area has or had, oldest first."""
    columns = [rules.c[name] for name in ("area_id", "kind", "valid_from", "valid_to", "body")]
    rows = await connection.execute(
        select(*columns).where(rules.c.area_id == area_id).order_by(rules.c.valid_from, rules.c.id)
    )
    return [RuleRow(**row) for row in rows.mappings()]


async def save_town(
    connection: AsyncConnection,
    town: TownRow,
    its_areas: Sequence[AreaRow],
    its_rules: Sequence[RuleRow],
) -> None:
    """Keep the town as it now is; its rules replace those kept before."""
    await _upsert(connection, towns, asdict(town) | {"region": list(town.region)})
    for area in its_areas:
        await _upsert(connection, areas, asdict(area))
    await connection.execute(delete(rules))
    if its_rules:
        await connection.execute(insert(rules), [asdict(rule) for rule in its_rules])


async def _upsert(connection: AsyncConnection, table: Table, values: dict[str, Any]) -> None:
    same = table.c.id == values["id"]
    known = await connection.scalar(select(table.c.id).where(same))
    statement = insert(table) if known is None else table.update().where(same)
    await connection.execute(statement.values(**values))
