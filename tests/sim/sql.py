"""The production SQL on SQLite, called inline: a driver without a thread, with points to die at.

It stands in for aiosqlite below SQLAlchemy.  Waiting for the write lock takes virtual time, and
around every commit others may run and the host may die: before it (nothing is kept), or after it
(kept, and nobody was told).
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from maas.store.database import Database, _prepare_sqlite
from tests.sim.loop import HOST, Host, SimLoop

LOCK_PATIENCE_S = 15.0
LOCK_POLL_S = 0.005
_WRITES = re.compile(r"\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE)


class Disk:
    """What the drivers of one run share: the file, what dies where, and who looks at commits."""

    def __init__(self, loop: SimLoop, file: Path) -> None:
        self.loop = loop
        self.file = file
        self.open: dict[Host, list[Connection]] = {}
        self.point: Callable[[Host, str], None] = lambda _host, _where: None
        """Called at each named point; may kill the host, then what follows is not run."""
        self.committed: Callable[[set[str]], None] = lambda _tables: None

    def close_of(self, host: Host) -> None:
        """Roll back what a host has not committed, as the end of a process does."""
        for connection in self.open.pop(host, []):
            connection.die()


_disk: Disk | None = None


def enter(disk: Disk | None) -> None:
    """Have new connections open this disk's file."""
    global _disk
    _disk = disk


class Cursor:
    """The part of an aiosqlite cursor that SQLAlchemy uses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = connection.raw.cursor()

    async def __aenter__(self) -> Cursor:
        return self

    @property
    def description(self) -> Any:  # noqa: ANN401
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    @property
    def arraysize(self) -> int:
        return self._cursor.arraysize

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Cursor:
        connection = self._connection
        connection.check()
        if statement.startswith("BEGIN"):
            await connection.begin(statement)
        elif not statement.startswith("PRAGMA busy_timeout"):
            connection.note(statement)
            self._cursor.execute(statement, parameters)
        return self

    async def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> Cursor:
        self._connection.check()
        self._connection.note(statement)
        self._cursor.executemany(statement, rows)
        return self

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()


class _Queue:
    """What SQLAlchemy puts the setting of an attribute into; done at once."""

    def put_nowait(self, work: tuple[asyncio.Future[None], Callable[[], None]]) -> None:
        future, function = work
        function()
        future.set_result(None)


class Connection:
    """The part of an aiosqlite connection that SQLAlchemy uses, on behalf of one host."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.host = HOST.get()
        self.raw = sqlite3.connect(disk.file, isolation_level=None, timeout=0)
        self.written: set[str] = set()
        self._tx = _Queue()
        disk.open.setdefault(self.host, []).append(self)

    @property
    def _conn(self) -> sqlite3.Connection:
        return self.raw

    @property
    def _connection(self) -> sqlite3.Connection | None:
        return self.raw if self.host.alive else None

    @property
    def isolation_level(self) -> str | None:
        return self.raw.isolation_level

    def check(self) -> None:
        """Raise when the host is dead: what is left of it does nothing any more."""
        if not self.host.alive:
            raise sqlite3.OperationalError("connection closed")

    def note(self, statement: str) -> None:
        found = _WRITES.match(statement)
        if found is not None:
            self.written.add(found[1])

    def cursor(self) -> Cursor:
        self.check()
        return Cursor(self)

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Cursor:
        return await Cursor(self).execute(statement, parameters)

    async def create_function(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        self.raw.create_function(*args, **kwargs)

    async def begin(self, statement: str) -> None:
        """Begin; a writer waits in virtual time until no other writes."""
        self.written.clear()
        rng = self.disk.loop.rng
        if statement == "BEGIN":
            await asyncio.sleep(0)
        else:
            await asyncio.sleep(rng.random() * 0.01)
        self.check()
        give_up_s = self.disk.loop.time() + LOCK_PATIENCE_S
        while True:
            try:
                self.raw.execute(statement)
            except sqlite3.OperationalError:
                if self.disk.loop.time() > give_up_s:
                    raise
                await asyncio.sleep(LOCK_POLL_S * (1 + rng.random()))
                self.check()
            else:
                return

    async def commit(self) -> None:
        self.check()
        if not self.raw.in_transaction:
            return
        if self.written:
            await asyncio.sleep(self.disk.loop.rng.random() * 0.01)
            self.check()
            await self._reach("before_commit")
        self.raw.commit()
        if self.written:
            self.disk.committed(set(self.written))
            self.written.clear()
            await self._reach("after_commit")

    async def _reach(self, where: str) -> None:
        """Come to a point where the host may die: then nothing after it is run."""
        self.disk.point(self.host, where)
        if not self.host.alive:
            await self.disk.loop.create_future()

    async def rollback(self) -> None:
        if self.host.alive:
            self.raw.rollback()

    async def close(self) -> None:
        self.die()

    def stop(self) -> None:
        """See aiosqlite."""
        self.die()

    def die(self) -> None:
        """Close, rolling back."""
        self.raw.close()


async def _connect(*_args: Any, **_kwargs: Any) -> Connection:  # noqa: ANN401
    assert _disk is not None
    return Connection(_disk)


_engines: dict[str, AsyncEngine] = {}


def database_for(slot: str) -> Database:
    """Return the database as a process opens it; engines are kept for what they have compiled."""
    if slot not in _engines:
        engine = create_async_engine(
            "sqlite+aiosqlite:////sim",
            async_creator=_connect,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=8,
            max_overflow=0,
            pool_timeout=30,
        )
        _prepare_sqlite(engine)
        _engines[slot] = engine
    engine = _engines[slot]
    engine.sync_engine.dispose(close=False)
    return Database(engine)
