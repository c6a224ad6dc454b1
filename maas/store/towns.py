"""The town, its areas and its dated rules, as imported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import areas, rules, towns

IMPORT = "import"
"""Who puts in force what comes from the town's files."""


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
    """One dated rule; `body` is its fields as in town.toml.

    `made_by` put it in force at the epoch second `made_at`, with the change `change_id` if with
    one; from `replaced_at` on it is remembered and no longer holds.
    """

    area_id: str
    kind: str
    valid_from: date
    valid_to: date | None
    body: dict[str, Any]
    made_at: float = 0.0
    made_by: str = ""
    change_id: int | None = None
    replaced_at: float | None = None
    replaced_by: str | None = None
    id: int = 0
    """Its number in the database, 0 before it is kept."""


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
    """Return every rule an area has, for whatever days, oldest first."""
    return await _rules(connection, rules.c.area_id == area_id, rules.c.replaced_at.is_(None))


async def rules_ever(connection: AsyncConnection, area_id: str) -> list[RuleRow]:
    """Return every rule an area has or had before it was replaced, oldest first."""
    return await _rules(connection, rules.c.area_id == area_id)


async def _rules(connection: AsyncConnection, *which: ColumnElement[bool]) -> list[RuleRow]:
    columns = [rules.c[field.name] for field in fields(RuleRow)]
    query = select(*columns).where(*which).order_by(rules.c.valid_from, rules.c.id)
    return [RuleRow(**row) for row in (await connection.execute(query)).mappings()]


async def rules_mark(connection: AsyncConnection) -> tuple[int, int]:
    """Return what changes whenever any rule does: how many there ever were, and are replaced."""
    row = await connection.execute(select(func.count(), func.count(rules.c.replaced_at)))
    ever, replaced = row.one()
    return int(ever), int(replaced)


async def save_town(
    connection: AsyncConnection,
    town: TownRow,
    its_areas: Sequence[AreaRow],
    its_rules: Sequence[RuleRow],
    *,
    now: float,
) -> list[RuleRow]:
    """Keep the town as it now is; its rules replace those imported before, equal ones stay.

    What people have decided since is left as they decided it; returns the rules that would have
    said something else.
    """
    await _upsert(connection, towns, asdict(town) | {"region": list(town.region)})
    for area in its_areas:
        await _upsert(connection, areas, asdict(area))
    ever = await _rules(connection)
    held = [row for row in ever if row.replaced_at is None]
    decided = {_key(row) for row in ever if row.change_id or row.replaced_by not in {None, IMPORT}}
    left = [_content(row) for row in held]
    fresh = []
    for row in its_rules:
        if _content(row) in left:
            left.remove(_content(row))
        else:
            fresh.append(row)
    gone = [row for row in held if _content(row) in left and _key(row) not in decided]
    new = [row for row in fresh if _key(row) not in decided]
    await replace_rules(connection, gone, new, now=now, by=IMPORT)
    return [row for row in fresh if _key(row) in decided]


def _key(row: RuleRow) -> tuple[str, str, str, date]:
    """Return what tells a rule from others; hours of one first day belong together."""
    id_ = row.body["id"] if row.kind in {"zone", "relation", "figure"} else ""
    return row.area_id, row.kind, id_, row.valid_from


def _content(row: RuleRow) -> tuple[str, str, str]:
    """Return what makes two rows the same rule; a list is one whatever Python keeps it in."""
    return row.area_id, row.kind, json.dumps(row.body, sort_keys=True)


async def replace_rules(
    connection: AsyncConnection,
    gone: Sequence[RuleRow],
    fresh: Sequence[RuleRow],
    *,
    now: float,
    by: str,
) -> None:
    """Put `fresh` rules in the place of those that are `gone`, which are remembered."""
    await connection.execute(
        update(rules)
        .where(rules.c.id.in_([row.id for row in gone]), rules.c.replaced_at.is_(None))
        .values(replaced_at=now, replaced_by=by)
    )
    values = [asdict(row) | {"made_at": now, "made_by": by} for row in fresh]
    for each in values:
        del each["id"]
    if values:
        await connection.execute(insert(rules), values)


async def _upsert(connection: AsyncConnection, table: Table, values: dict[str, Any]) -> None:
    same = table.c.id == values["id"]
    known = await connection.scalar(select(table.c.id).where(same))
    statement = insert(table) if known is None else table.update().where(same)
    await connection.execute(statement.values(**values))
