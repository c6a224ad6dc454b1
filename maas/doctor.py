"""What is wrong with an installation, part by part, and what to do: `maas doctor`.

Nothing is written, so that a server may be running, or none.  Each part is looked at by itself: one
that cannot even be looked at is wrong, and the others are told all the same.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from busloc.io.redis_bus import AWAY, connect
from dispatcher import kernels
from gtfs import Feed, FeedError, read_feed
from maas.api.service import DEFAULT_TIMEZONE
from maas.auth.passwords import verify_password
from maas.backed_up import last_backup
from maas.backup import unopened
from maas.clock import clock_from, service_day
from maas.doctor_words import MARKS, PARTS, SAID
from maas.editions import read_bytes
from maas.messages import Language
from maas.running import load_roads
from maas.settings import LOOPBACK, SEALING, Settings
from maas.store import editions, towns
from maas.store.commits import audit_break
from maas.store.database import (
    Database,
    database_url,
    known_revisions,
    newest_revision,
    open_database,
    revision_of,
)
from maas.store.sealed import Keys
from maas.store.tables import audit, staff
from maas.timetables import feed_files

GB: Final = 1_000_000_000
LOW_BYTES: Final = 2 * GB
FULL_BYTES: Final = GB // 4
CLOCK_S: Final = 60
ENDS_IN: Final = timedelta(days=21)
BACKUP_H: Final = 36
WAIT_S: Final = 3.0
DEMO_PASSWORD: Final = "kibi-demo"  # noqa: S105 -- known to everybody, which is the point
DEMO_SECRET: Final = "kibi-demo: everybody may know this"  # noqa: S105 -- as the password


class Level(IntEnum):
    """How bad it is; the worst is the exit code."""

    OK = 0
    WARNING = 1
    WRONG = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `key` names the sentence."""

    part: str
    level: Level
    key: str
    facts: dict[str, Any]

    def sentence(self, language: Language) -> str:
        """Return what is so and what to do about it."""
        return str(getattr(SAID[self.key], language)).format(**self.facts)

    def line(self, language: Language) -> str:
        """Return it with the part and how bad it is."""
        mark = getattr(MARKS[self.level], language)
        return f"[{mark}] {getattr(PARTS[self.part], language)}: {self.sentence(language)}"


def _found(level: Level, key: str, **facts: object) -> Finding:
    return Finding(key.partition("_")[0], level, key, facts)


def _ok(key: str, **facts: object) -> Finding:
    return _found(Level.OK, key, **facts)


def _warning(key: str, **facts: object) -> Finding:
    return _found(Level.WARNING, key, **facts)


def _wrong(key: str, **facts: object) -> Finding:
    return _found(Level.WRONG, key, **facts)


async def examine(settings: Settings, time_source: str | None = None) -> list[Finding]:
    """Look at every part; `time_source` is the address of a web server with a right clock."""
    plain: dict[str, Callable[[], list[Finding]]] = {
        "disk": lambda: _disk(settings),
        "roads": lambda: _roads(settings),
        "rights": lambda: _rights(settings),
        "address": lambda: _address(settings),
        "backup": lambda: _backup(settings),
    }
    found = await _of_database(settings)
    found += await _tried("redis", _redis(settings))
    found += await _tried("clock", _time_source(time_source))
    found += await _tried("gateways", _gateways(settings))
    for part, look in plain.items():
        found += await _tried(part, asyncio.to_thread(look))
    order = list(PARTS)
    return sorted(found, key=lambda each: order.index(each.part))


async def _tried(part: str, looking: Any) -> list[Finding]:  # noqa: ANN401 -- any awaitable
    try:
        return list(await looking)
    except Exception as error:  # what cannot be looked at is wrong, whatever it is
        return [Finding(part, Level.WRONG, "failed", {"why": f"{type(error).__name__}: {error}"})]


async def _of_database(settings: Settings) -> list[Finding]:
    """Look at the database, and at what only it knows."""
    url = database_url(settings.database)
    if url.get_backend_name() == "sqlite" and not os.path.isfile(url.database or ""):  # noqa: PTH113, ASYNC240
        return [_wrong("database_none")]
    try:
        async with _opened(settings) as database:
            async with database.reading() as db:
                revision = await db.run_sync(revision_of)
            newest = newest_revision()
            facts = {"revision": revision, "newest": newest}
            if revision is None:
                return [_wrong("database_none")]
            if revision not in known_revisions():
                return [_wrong("database_new", **facts)]
            if revision != newest:
                return [_warning("database_old", **facts)]
            found = [_ok("database_ok", revision=revision)]
            found += await _tried("audit", _audit(settings, database))
            found += await _tried("clock", _last_change(settings, database))
            found += await _tried("secrets", _secrets(settings, database))
            return found + await _tried("timetable", _timetable(settings, database))
    except (SQLAlchemyError, OSError) as error:
        return [_wrong("database_away", why=type(error).__name__)]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    keys = Keys(settings.sealing_keys) if _has_keys(settings) else None
    database = open_database(settings.database, pool_size=1, keys=keys)
    try:
        yield database
    finally:
        await database.close()


def _has_keys(settings: Settings) -> bool:
    return settings.personal_keys is not None or (settings.data_dir / SEALING).is_file()


async def _audit(settings: Settings, database: Database) -> list[Finding]:
    if _has_keys(settings) and any(one.startswith("audit:") for one in await unopened(settings)):
        return []  # of lost keys is told beside the secrets
    async with database.one_moment() as db:
        broken = await audit_break(db)
    return [_ok("audit_ok")] if broken is None else [_wrong("audit_broken", entry=broken)]


async def _last_change(settings: Settings, database: Database) -> list[Finding]:
    if settings.clock_start is not None:
        return [_warning("clock_played")]
    async with database.reading() as db:
        last = await db.scalar(select(audit.c.at).order_by(audit.c.seq.desc()).limit(1))
    behind_s = round((last or 0.0) - time.time())
    return [_wrong("clock_behind", seconds=behind_s)] if behind_s > CLOCK_S else [_ok("clock_ok")]


async def _time_source(url: str | None) -> list[Finding]:
    if url is None:
        return []
    try:
        async with httpx.AsyncClient(timeout=WAIT_S) as client:
            answer = await client.head(url)
        told = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (httpx.HTTPError, KeyError, ValueError):
        return [_warning("clock_unknown", source=url)]
    off_s = round(abs(told - time.time()))
    return [_wrong("clock_off", source=url, seconds=off_s)] if off_s > CLOCK_S else []


async def _secrets(settings: Settings, database: Database) -> list[Finding]:
    found = list[Finding]()
    given = settings.secret and settings.secret.get_secret_value()
    kept = settings.data_dir / "secret"
    secret = given or (kept.read_text().strip() if kept.is_file() else None)
    if secret == DEMO_SECRET:
        found.append(_wrong("secrets_demo"))
    elif secret is not None and len(secret) < 32:
        found.append(_warning("secrets_short"))
    if not _has_keys(settings):
        found.append(_warning("secrets_none"))
    elif tables := await unopened(settings):
        names = ", ".join(each.partition(":")[0] for each in tables)
        found.append(_wrong("secrets_lost", tables=names))
    async with database.reading() as db:
        rows = (await db.execute(select(staff.c.name, staff.c.password_hash))).all()
    easy = [name for name, hashed in rows if verify_password(DEMO_PASSWORD, hashed)]
    if easy:
        found.append(_wrong("secrets_password", names=", ".join(sorted(easy))))
    return found or [_ok("secrets_ok")]


async def _timetable(settings: Settings, database: Database) -> list[Finding]:
    async with database.reading() as db:
        town = await towns.the_town(db)
        zone = town.timezone if town else DEFAULT_TIMEZONE
        today = service_day(clock_from(settings)(), zone)
        row = await editions.published_on(db, today)
        body = None if row is None else await editions.edition_feed(db, row.id)
    named: list[tuple[str, Callable[[], Feed]]] = []
    if row is not None and body is not None:
        named.append((row.name, lambda: read_bytes(body)))
    named += [
        (name, lambda path=path: read_feed(path))  # type: ignore[misc]
        for name, path in feed_files(settings.feeds_dir).items()
        if not named or name != "town"
    ]
    if not named:
        return [_warning("timetable_none")]
    return [await asyncio.to_thread(_of_feed, name, read, today) for name, read in named]


def _of_feed(name: str, read: Callable[[], Feed], today: date) -> Finding:
    try:
        last = last_day(read())
    except (FeedError, OSError) as error:
        return _wrong("timetable_broken", name=name, why=error)
    if last < today:
        return _wrong("timetable_over", name=name, last=last)
    if last < today + ENDS_IN:
        return _warning("timetable_ends", name=name, last=last)
    return _ok("timetable_ok", name=name, last=last)


def last_day(feed: Feed) -> date:
    """Return the last day on which something in a feed runs."""
    weeks = [week.end for week in feed.calendars.values() if any(week.weekdays)]
    added = [change.day for change in feed.calendar_dates if change.added]
    return max([*weeks, *added], default=date.min)


async def _redis(settings: Settings) -> list[Finding]:
    if settings.redis_url is None:
        return [_ok("redis_none")]
    client = connect(settings.redis_url)
    try:
        await client.ping()
    except AWAY:
        return [_warning("redis_away")]
    finally:
        await client.aclose()
    return [_ok("redis_ok")]


async def _gateways(settings: Settings) -> list[Finding]:
    line = settings.line_url if settings.line_token is not None else None
    asked = {"mail": settings.smtp_url, "SMS": settings.sms_url, "voice": settings.voice_url,
             "LINE": line}  # fmt: skip
    set_up = {name: _plain(url) for name, url in asked.items() if url is not None}
    if not set_up:
        return [_ok("gateways_none")]
    away = list[Finding]()
    for name, url in set_up.items():
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "smtp": 25, "smtps": 465}.get(parts.scheme, 443)
        try:
            async with asyncio.timeout(WAIT_S):
                _, writer = await asyncio.open_connection(parts.hostname, port)
        except (OSError, TimeoutError):
            away.append(_warning("gateways_away", name=name, host=parts.hostname))
            continue
        writer.close()
        await writer.wait_closed()
    return away or [_ok("gateways_ok", names=", ".join(set_up))]


def _plain(url: str | SecretStr) -> str:
    return url.get_secret_value() if isinstance(url, SecretStr) else url


def _disk(settings: Settings) -> list[Finding]:
    free = shutil.disk_usage(settings.data_dir if settings.data_dir.is_dir() else Path.cwd()).free
    said = f"{free / GB:.1f}"
    if free < FULL_BYTES:
        return [_wrong("disk_full", free=said)]
    return [_warning("disk_low", free=said) if free < LOW_BYTES else _ok("disk_ok", free=said)]


def _roads(settings: Settings) -> list[Finding]:
    found = [] if kernels.is_cached() else [Finding("roads", Level.WARNING, "kernels_cold", {})]
    if settings.roads_dir is None:
        return [*found, _warning("roads_none")]
    try:
        network = load_roads(settings.roads_dir)["car"].network.id
    except (OSError, ValueError, KeyError) as error:
        return [*found, _wrong("roads_broken", why=type(error).__name__)]
    return [*found, _ok("roads_ok", network=network)]


def _rights(settings: Settings) -> list[Finding]:
    if not os.access(settings.data_dir, os.W_OK | os.X_OK):
        return [_wrong("rights_closed", folder=settings.data_dir)]
    kept = [settings.data_dir / name for name in ("secret", SEALING, "push-key")]
    there = [file for file in kept if file.is_file()]
    others = stat.S_IRWXG | stat.S_IRWXO
    names = [str(file) for file in there if file.stat().st_mode & others]
    return [_wrong("rights_open", names=", ".join(names)) if names else _ok("rights_ok")]


def _address(settings: Settings) -> list[Finding]:
    found = [_warning("address_demo")] if settings.demo else []
    if settings.public_url is None:
        found.append(_warning("address_no_public"))
    if settings.host not in LOOPBACK:
        return [*found, _warning("address_open", host=settings.host)]
    return [*found, _ok("address_ok", host=settings.host)]


def _backup(settings: Settings) -> list[Finding]:
    last = last_backup(settings)
    if last is None:
        return [_warning("backup_none")]
    hours = round((time.time() - last.at) / 3600)
    said = _warning if hours > BACKUP_H else _ok
    return [said("backup_old" if hours > BACKUP_H else "backup_ok", hours=hours, file=last.file)]
