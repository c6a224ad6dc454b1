"""A database of an earlier release, with a town in service in it, is brought up to date and serves.

What the earlier release would have written is made by the test: a town of today, its rows put into
the tables and columns that there were at an earlier revision.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.roads.build import build
from maas.offline import bring_in_town, verify
from maas.rides.keeper import Keeper
from maas.rides.views import AskIn, BookingView, Quote
from maas.running import load_roads
from maas.settings import Settings
from maas.store.database import Database, _config, check_schema, open_database, upgrade
from maas.store.sealed import Keys
from tests.maas.line_town import HandClock
from tests.maas.tiny_town import AREA, write_tiny_town

OLD = ("0017", "0028")
"""Before the ledger and its corrections; before second factors."""
OF_A_RUN = {"alembic_version", "leases", "outbox"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny town and its roads."""
    folder = tmp_path_factory.mktemp("town")
    build(write_tiny_town(folder) / "roads.osm", folder / "built")
    return folder


def _keeper(database: Database, roads: Path) -> Keeper:
    found = load_roads(roads)
    return Keeper(database, area=AREA, roads=found, network=found["car"].network.id,
                  clock=HandClock("09:00"), signing_key=b"test", improve_s=0)  # fmt: skip


async def _book(keeper: Keeper, key: str) -> str:
    quote = await keeper.quote(AskIn(1, 2, time=10 * 3600))
    assert isinstance(quote, Quote)
    made = await keeper.book(quote.offers[0].token, rider_id=1, key=key, actor="operator")
    assert isinstance(made, BookingView)
    return made.id


def _to(connection: Connection, revision: str) -> None:
    command.upgrade(_config(connection), revision)


def _tables(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection)
    return found


async def _carry_back(now: AsyncConnection, old: AsyncConnection) -> dict[str, int]:
    """Put the rows of today into the tables of an earlier revision; returns how many of each."""
    today, before = await now.run_sync(_tables), await old.run_sync(_tables)
    carried = dict[str, int]()
    for table in before.sorted_tables:
        if table.name in OF_A_RUN or table.name not in today.tables:
            continue
        source = today.tables[table.name]
        shared = [column.name for column in table.columns if column.name in source.columns]
        rows = await now.execute(select(*(source.c[name] for name in shared)))
        values = [dict(row) for row in rows.mappings()]
        if values:
            await old.execute(insert(table), values)
            carried[table.name] = len(values)
    return carried


@pytest.mark.parametrize("revision", OLD)
async def test_a_database_of_an_earlier_release_is_brought_up_to_date_and_serves(
    revision: str, town: Path, tmp_path: Path
) -> None:
    today = Settings(data_dir=tmp_path / "today", roads=town / "built")
    await bring_in_town(today, town)
    database = open_database(today.database, keys=Keys(today.sealing_keys))
    keeper = _keeper(database, town / "built")
    await keeper.start()
    booked = {await _book(keeper, f"before-{number}") for number in range(3)}
    await keeper.stop()
    await database.close()

    here = Settings(data_dir=tmp_path / "old", roads=town / "built")
    here.data_dir.mkdir()
    plain, old = open_database(today.database), open_database(here.database)
    (here.data_dir / "personal-keys").write_text("\n".join(today.sealing_keys()))
    async with old.writing() as target:
        await target.run_sync(_to, revision)
    async with plain.reading() as source, old.writing() as target:
        await target.execute(text("PRAGMA defer_foreign_keys=ON"))
        carried = await _carry_back(source, target)
    await plain.close()
    assert carried["bookings"] == 3
    assert carried["members"] == 3
    assert carried["audit"] >= 3

    await upgrade(here.database)

    async with old.reading() as db:
        await db.run_sync(check_schema)
        for name, count in carried.items():
            there = (await db.run_sync(_tables)).tables
            if name in there:
                assert await db.scalar(select(func.count()).select_from(there[name])) == count
    await old.close()
    assert not any((await verify(here)).values())
    served = open_database(here.database, keys=Keys(here.sealing_keys))
    keeper = _keeper(served, town / "built")
    await keeper.start()
    try:
        booked.add(await _book(keeper, "after"))
        assert {row.id for row in await keeper.bookings(keeper.today)} == booked
        assert keeper.here.names.members[1].name == "試験花子"
    finally:
        await keeper.stop()
        await served.close()
    assert not any((await verify(here)).values())
