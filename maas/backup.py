"""The database carried out into one file and back: SQLite by itself, PostgreSQL by its own tools.

The file holds what SQL holds.  The keys that open what is sealed lie in the data directory and are
kept apart from it on purpose; so are timetables, roads and the history of positions, as files.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, inspect, select

from maas.backed_up import Backup, note_backup
from maas.offline import verify
from maas.rotation import seal_rest
from maas.settings import Settings
from maas.store.database import database_url, known_revisions, open_database, upgrade
from maas.store.sealed import Keys, SealError
from maas.store.sealing import sealed_columns


class BackupError(Exception):
    """A backup cannot be made or brought in; the text says why and what to do."""


def backup(settings: Settings, file: Path) -> Backup:
    """Write the database into `file` as it is at one moment; a server may be running.

    Nothing is at `file` before it is whole.  Raises ``BackupError``.
    """
    url, at, part = database_url(settings.database), time.time(), Path(f"{file}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        if _is_sqlite(url):
            _copy_sqlite(_file_of(url), part)
            revision = _looked_through(part)
        else:
            _tool("pg_dump", url, "--format=custom", "--no-owner", f"--file={part}", _said(url))
            revision = _revision_in_dump(url, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    done = Backup(at, str(file.absolute()), file.stat().st_size, revision)
    note_backup(settings, done)
    return done


def restore(settings: Settings, file: Path) -> dict[str, list[str]]:
    """Bring a backup into an empty database, newest schema, and look it through.

    Returns what is wrong with it, part by part as `verify` does, and with the keys; empty is well.
    Raises ``BackupError`` when there is something already, or the file is none of ours, and then
    leaves nothing behind.
    """
    url = database_url(settings.database)
    if _has_tables(settings, url):
        raise BackupError(
            "データベースは空ではありません。今のものを別の場所に移してから戻してください。"
            " / The database is not empty: move the present one away first."
        )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if _is_sqlite(url):
        _restore_sqlite(file, _file_of(url))
    else:
        _refuse_unknown(_revision_in_dump(url, file), file)
        _tool(
            "pg_restore", url, "--single-transaction", "--no-owner", "--no-privileges",
            "--dbname", _said(url), str(file),
        )  # fmt: skip
    return asyncio.run(_looked_into(settings))


async def _looked_into(settings: Settings) -> dict[str, list[str]]:
    behind = await upgrade(settings.database)
    keys = await unopened(settings)
    if keys:
        return {"keys": keys}  # without them the rest cannot be looked at
    if behind:
        await seal_rest(settings)
    return {"keys": keys} | await verify(settings)


async def unopened(settings: Settings) -> list[str]:
    """Return the tables with something in them that our keys do not open."""
    database = open_database(settings.database, keys=Keys(settings.sealing_keys))
    found = list[str]()
    try:
        for table, columns in sealed_columns():
            try:
                async with database.reading() as db:
                    (await db.execute(select(*columns))).all()
            except SealError:
                found.append(f"{table.name}: sealed with a key that is not here")
    finally:
        await database.close()
    return found


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _file_of(url: URL) -> Path:
    if not url.database:
        raise BackupError("a database in memory has no backup")
    return Path(url.database)


def _said(url: URL) -> str:
    """Return the address as libpq reads it, without the password, which all see who list."""
    return URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    ).render_as_string(hide_password=False)


def _has_tables(settings: Settings, url: URL) -> bool:
    async def look() -> bool:
        database = open_database(settings.database, pool_size=1)
        try:
            async with database.reading() as db:
                return bool(await db.run_sync(lambda sync: inspect(sync).get_table_names()))
        finally:
            await database.close()

    there = not _is_sqlite(url) or _file_of(url).is_file()
    return there and asyncio.run(look())


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database in one step: who writes meanwhile does not wait, and is not in it."""
    if not source.is_file():
        raise BackupError(f"there is no database {source}")
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        raise BackupError(f"{source}: {error}") from error


def _looked_through(file: Path) -> str:
    """Return the revision of a database file of ours whose pages are whole."""
    try:
        with closing(sqlite3.connect(file)) as db:
            (state,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if state != "ok":
                raise BackupError(f"{file}: {state}")
            (revision,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise BackupError(f"{file}: {error}") from error
    return str(revision)


def _restore_sqlite(file: Path, target: Path) -> None:
    part = Path(f"{target}.part")
    part.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    part.touch(mode=0o600)
    try:
        _copy_sqlite(file, part)
        _refuse_unknown(_looked_through(part), file)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _refuse_unknown(revision: str, file: Path) -> None:
    if revision not in known_revisions():
        raise BackupError(
            f"{file} は新しい版のプログラムで作られました（{revision}）。"
            "プログラムを先に更新してください。"
            f" / {file} was made by a newer program ({revision}): update the program first."
        )


def _revision_in_dump(url: URL, file: Path) -> str:
    said = _tool("pg_restore", url, "--data-only", "--table=alembic_version", "--file=-", str(file))
    lines = said.splitlines()
    after = next((n for n, line in enumerate(lines) if line.startswith("COPY ")), None)
    if after is None:
        raise BackupError(f"{file} is no backup of this service")
    return lines[after + 1].strip()


def _tool(name: str, url: URL, *words: str) -> str:
    """Run a tool of PostgreSQL and return what it said; it hears the password apart."""
    program = shutil.which(name)
    if program is None:
        raise BackupError(
            f"{name} がありません（Debian: apt install postgresql-client）。"
            f" / {name} is not installed (Debian: apt install postgresql-client)."
        )
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    done = subprocess.run(  # noqa: S603 -- words of ours, no shell
        [program, *words], env=os.environ | secret, capture_output=True, check=False, text=True
    )
    if done.returncode:
        raise BackupError(f"{name}: {done.stderr.strip()}")
    return done.stdout
