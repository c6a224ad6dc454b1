"""Open the database and bring it up to date: SQLite by default, PostgreSQL in production."""

from __future__ import annotations

import math
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, Connection, Table, event, func, inspect, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection

from maas.store.one_trip import opener
from maas.store.sealed import Keys, give_keys

if TYPE_CHECKING:
    from alembic.config import Config

WRITES = "maas_writes"
UPGRADING: Final = 7_271_903
"""What processes that start together on PostgreSQL queue on while one brings it up to date."""
ALONE_S: Final = 1.0
"""A connection nobody used for so long is asked whether it still lives."""
_LEFT: Final = "left"
CONNECT_S: Final = 3
"""So long a server may take to answer that one wants to connect."""
_KEEPALIVES: Final = {
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}
"""A host that vanished is noticed in 15 s: asked when idle, or when it confirms nothing (ms)."""
_THIS = re.compile(r'^revision: str = "(\w+)"', re.MULTILINE)
_AFTER = re.compile(r'^down_revision: str \| None = "(\w+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Database:
    """One open database; `writing` is all or nothing, `one_moment` sees nothing change."""

    engine: AsyncEngine

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that reads.

        Each statement sees what was written before it.  On PostgreSQL it is no transaction, whose
        begin and end would be two more trips there.
        """
        async with self._reading("AUTOCOMMIT") as connection:
            yield connection

    @asynccontextmanager
    async def one_moment(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection whose reads all see the database as it is at the first of them."""
        async with self._reading("REPEATABLE READ") as connection:
            yield connection

    @asynccontextmanager
    async def _reading(self, isolation: str) -> AsyncIterator[AsyncConnection]:
        async with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # on SQLite nothing ever changes in a read
                await connection.execution_options(isolation_level=isolation)
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Give a transaction that commits when the block ends and rolls back when it raises.

        On SQLite it holds the one write lock from its first moment (BEGIN IMMEDIATE), so a read
        inside it never has to be upgraded and never meets a busy database half-way.
        """
        async with self.engine.connect() as connection:
            await connection.execution_options(**{WRITES: True})
            async with connection.begin():
                yield connection

    @property
    def is_shared(self) -> bool:
        """Whether processes on other machines may have it open too: PostgreSQL's, not SQLite's."""
        return self.engine.dialect.name == "postgresql"

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self.reading() as connection:
            await connection.execute(text("SELECT 1"))


def database_url(url: str) -> URL:
    """Return `url` with our asynchronous driver filled in when it names none."""
    parsed = make_url(url)
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
    return parsed.set(drivername=drivers.get(parsed.drivername, parsed.drivername))


def open_database(
    url: str,
    *,
    pool_size: int = 8,
    keys: Keys | None = None,
    name: str | None = None,
    patience_s: float | None = None,
) -> Database:
    """Return the database at `url`; nothing is read yet.  `keys` seal what is known of people.

    `name` tells the connections of a process from those of others (on PostgreSQL, for
    ``frozen.end_frozen``).  A server that does not answer for `patience_s` is given up, `None`:
    never.
    """
    parsed = database_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    engine = create_async_engine(
        parsed,
        async_creator=opener(parsed) if is_sqlite else None,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=30,
        connect_args={} if is_sqlite else _connect_args(parsed, name, patience_s),
        hide_parameters=True,  # errors go into the log, and nobody's data does
    )
    if is_sqlite:
        _prepare_sqlite(engine)
    else:
        _ask_whether_alive(engine)
    give_keys(engine, keys)
    return Database(engine)


def _connect_args(url: URL, name: str | None, patience_s: float | None) -> dict[str, object]:
    """Return what psycopg is told beside the URL, which has the last word about the line."""
    line = {"connect_timeout": CONNECT_S, **_KEEPALIVES}
    args: dict[str, object] = {name: url.query.get(name, value) for name, value in line.items()}
    if patience_s is not None:
        from maas.store.patient import Patient  # psycopg, which SQLite does without

        args |= {"async_creator_fn": Patient.connect, "patience_s": patience_s}
    if name is not None:
        args["application_name"] = name
    return args


def _ask_whether_alive(engine: AsyncEngine) -> None:
    """Open a connection anew when it was left alone for a while and has broken since.

    Asking each time, as SQLAlchemy's ``pool_pre_ping`` does, is a trip as long as a read itself.
    """
    dialect = engine.dialect

    @event.listens_for(engine.sync_engine, "checkin")
    def leave(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_LEFT] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def take(
        connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        if time.monotonic() - record.info.get(_LEFT, math.inf) < ALONE_S:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            # The pool tries again with a connection it opens then.
            raise DisconnectionError from error


def _prepare_sqlite(engine: AsyncEngine) -> None:
    """Make every connection durable, strict about keys, and begin transactions itself."""

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: DBAPIConnection, _record: object) -> None:
        # The driver's own BEGIN comes too late and is deferred; ours below replaces it.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=15000")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@asynccontextmanager
async def at_once(connection: AsyncConnection) -> AsyncIterator[None]:
    """Send the statements inside one after the other without waiting for their answers.

    None may have one: no rows, and nobody may ask how many were written.  What fails is raised at
    the latest at the end.  On SQLite, where nothing is far away, they are executed as they are.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    kind = connection.dialect.loaded_dbapi.Error
    raw = await connection.get_raw_connection()
    psycopg: Any = raw.driver_connection
    try:
        async with psycopg.pipeline():
            yield
    except kind as error:
        raise DBAPIError.instance(None, None, error, kind, dialect=connection.dialect) from error


async def insert_missing(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, object]]
) -> None:
    """Insert `rows`, leaving those whose key is already there as they are."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing()
    await connection.execute(statement, [dict(row) for row in rows])


class NewerSchemaError(RuntimeError):
    """The database is of a newer program than this one."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"データベース（{revision}）はこのプログラム（{newest_revision()}）より新しい版のものです。"
            "プログラムを更新してください。何も変えていません。"
            f" / The database ({revision}) is of a newer program than this one "
            f"({newest_revision()}): update the program. Nothing was changed."
        )


def _migrations() -> list[str]:
    folder = files("maas.migrations").joinpath("versions")
    return [entry.read_text() for entry in folder.iterdir() if entry.name.endswith(".py")]


def known_revisions() -> set[str]:
    """Return the revisions of every schema that this program knows."""
    return {found[1] for text in _migrations() if (found := _THIS.search(text))}


def newest_revision() -> str:
    """Return the newest schema's revision: the one that no other comes after.

    Read from the text of the migrations, since Alembic takes long to import.
    """
    before = {found[1] for text in _migrations() if (found := _AFTER.search(text))}
    (newest,) = known_revisions() - before
    return newest


async def upgrade(url: str) -> bool:
    """Bring the database at `url` to the newest schema, making it when it is not there.

    Returns whether there was anything to do.  Raises ``NewerSchemaError`` for one that a newer
    program made.
    """
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    database = open_database(url, pool_size=1)
    try:
        async with database.writing() as connection:
            if connection.dialect.name == "postgresql":  # SQLite lets one write at a time anyhow
                await connection.execute(select(func.pg_advisory_xact_lock(UPGRADING)))
            revision = await connection.run_sync(revision_of)
            if revision is not None and revision not in known_revisions():
                raise NewerSchemaError(revision)
            behind = revision != newest_revision()
            if behind:
                await connection.run_sync(_migrate)
    finally:
        await database.close()
    return behind


def revision_of(connection: Connection) -> str | None:
    """Return the revision a database is at, `None` for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "maas:migrations")
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection) -> None:
    # Takes a third of a second to import, which a start on a new schema alone has to pay.
    from alembic import command

    command.upgrade(_config(connection), "head")


def check_schema(connection: Connection) -> None:
    """Raise when the tables in the code and those the migrations make differ."""
    from alembic import command

    command.check(_config(connection))
