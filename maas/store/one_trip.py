"""Connections to SQLite that go to their thread once a statement.

aiosqlite keeps each connection in a thread of its own.  Used as it is, a statement goes there four
times, to open a cursor, execute, fetch and close it; each is a wait for the interpreter's lock, and
a booking of ten statements spent most of its time on the way.  A transaction begins on the way of
its first statement, and nobody waits for the end of one that keeps nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite
from sqlalchemy import URL
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite


class Cursor:
    """What SQLAlchemy needs of a cursor; it holds the whole answer to one statement."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute a statement and fetch all its rows."""
        return await self._whole("execute", operation, parameters)

    async def executemany(self, operation: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Execute a statement once for each of many parameters."""
        return await self._whole("executemany", operation, parameters)

    async def _whole(self, how: str, *what: object) -> Self:
        if not self._connection.is_to_begin(what[0]):
            await self._connection.in_thread(self._run, self._connection.take_begin(), how, what)
        return self

    def _run(self, begin: str, how: str, what: tuple[object, ...]) -> None:
        cursor = self._connection._conn.cursor()  # noqa: SLF001
        try:
            if begin:
                cursor.execute(begin)
            getattr(cursor, how)(*what)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()

    async def fetchall(self) -> list[Any]:
        """Return the rows."""
        return self._rows

    async def close(self) -> None:
        """Let the rows go."""
        self._rows = []


class Connection(aiosqlite.Connection):
    """A connection of aiosqlite whose cursors are ours.

    Its queue to the thread has no public name; SQLAlchemy's own dialect uses the same one.
    """

    _begin = ""

    def is_to_begin(self, operation: object) -> bool:
        """Return whether this is a BEGIN, which then waits for the statement after it."""
        if isinstance(operation, str) and operation.startswith("BEGIN"):
            self._begin = operation
        return self._begin == operation

    def take_begin(self) -> str:
        """Return the BEGIN that is still to be executed, empty when there is none."""
        begin, self._begin = self._begin, ""
        return begin

    async def commit(self) -> None:
        """Commit what was done, if anything was."""
        if not self.take_begin():
            await super().commit()

    async def rollback(self) -> None:
        """Have the thread roll back before whatever it is given next.

        Should that fail, the next BEGIN does too.
        """
        if not self.take_begin():
            self._tx.put_nowait((None, self._conn.rollback))

    def cursor(self) -> Cursor:  # type: ignore[override]
        """Return a cursor, for which nothing has to be asked yet."""
        return Cursor(self)

    async def in_thread(self, do: Callable[..., None], *what: object) -> None:
        """Let the connection's thread do something, after what it was given before."""
        await self._execute(do, *what)  # type: ignore[no-untyped-call]


def opener(url: URL) -> Callable[[], Coroutine[Any, Any, Connection]]:
    """Return what opens a connection to the database at `url`, for SQLAlchemy's `async_creator`."""
    given, named = SQLiteDialect_aiosqlite().create_connect_args(url)
    open_file = partial(sqlite3.connect, *given, **named)

    async def connect() -> Connection:
        connection = Connection(open_file, iter_chunk_size=64)
        connection._thread.daemon = True  # noqa: SLF001 -- as SQLAlchemy does it
        await connection
        return connection

    return connect
