"""Places: everywhere a rider can be picked up, with their anchors on the road network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store.tables import places


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place; `anchor` is text of the road network named by `network`, `None` when unreachable.

    A `hidden` one is no longer offered; whoever is promised a ride from or to it is carried.
    """

    id: int
    code: str
    name: str
    kana: str
    name_en: str
    kind: str
    address: str
    oaza: str
    lat: float
    lon: float
    nicknames: tuple[str, ...]
    anchor: str | None
    network: str | None
    hidden: bool = False


def _place(row: object) -> PlaceRow:
    values = dict(row)  # type: ignore[call-overload]
    return PlaceRow(**{**values, "nicknames": tuple(values["nicknames"])})


async def all_places(connection: AsyncConnection) -> list[PlaceRow]:
    """Return every place, homes too, in the order of their ids."""
    rows = await connection.execute(select(places).order_by(places.c.id))
    return [_place(row) for row in rows.mappings()]


async def place(connection: AsyncConnection, place_id: int) -> PlaceRow | None:
    """Return one place, `None` when there is no such id."""
    row = await connection.execute(select(places).where(places.c.id == place_id))
    found = row.mappings().first()
    return None if found is None else _place(found)


async def add_place(connection: AsyncConnection, row: PlaceRow) -> int:
    """Keep a new place and return its id; raises IntegrityError when the code is taken."""
    added = insert(places).values(_values(row)).returning(places.c.id)
    return int((await connection.execute(added)).scalar_one())


async def by_ids(connection: AsyncConnection, ids: Iterable[int]) -> list[PlaceRow]:
    """Return the places of these ids."""
    rows = await connection.execute(select(places).where(places.c.id.in_(list(ids))))
    return [_place(row) for row in rows.mappings()]


async def save_places(connection: AsyncConnection, rows: Sequence[PlaceRow]) -> dict[str, int]:
    """Add or update places by their code; returns the id of every code given (row ids ignored)."""
    known = await place_ids(connection)
    fresh = [_values(row) for row in rows if row.code not in known]
    changed = [_values(row) | {"the_code": row.code} for row in rows if row.code in known]
    if fresh:
        await connection.execute(insert(places), fresh)
    if changed:
        await connection.execute(
            update(places).where(places.c.code == bindparam("the_code")), changed
        )
    known = await place_ids(connection)
    return {row.code: known[row.code] for row in rows}


async def change_place(connection: AsyncConnection, row: PlaceRow) -> None:
    """Replace a place by its id, with whether it is hidden."""
    values = _values(row) | {"hidden": row.hidden}
    await connection.execute(update(places).where(places.c.id == row.id).values(values))


def _values(row: PlaceRow) -> dict[str, object]:
    """Return what an import says of a place; whether it is hidden is the office's to say."""
    values = asdict(row)
    del values["id"], values["hidden"]
    return values | {"nicknames": list(row.nicknames)}


async def place_ids(connection: AsyncConnection) -> dict[str, int]:
    """Return the id of each place by its code."""
    rows = await connection.execute(select(places.c.code, places.c.id))
    return dict(rows.all())


async def set_anchors(
    connection: AsyncConnection, network: str, anchors: Iterable[tuple[int, str | None]]
) -> None:
    """Keep where each place (by id) joins the road network; `None` is nowhere."""
    values = [{"the_id": number, "anchor": a, "network": network} for number, a in anchors]
    if values:
        await connection.execute(update(places).where(places.c.id == bindparam("the_id")), values)
