"""The jobs of the command line that need no running server."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from busloc.daytypes import DayType
from dispatcher.roads import Roads
from dispatcher.roads.build import build
from dispatcher.roads.islands import Island
from gtfs import Feed, FeedError, read_feed
from gtfs.check import check, unreadable
from gtfs.guru import guru_findings
from gtfs.report import import_report
from maas.api.service import DEFAULT_TIMEZONE
from maas.auth.accounts import PASSWORD_MIN
from maas.auth.devices import enrol_code, enrol_device
from maas.auth.guessed import is_guessed
from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.clock import clock_from, service_day
from maas.demand_feed import demand_facts, open_feed
from maas.history import Rule, as_json, roll
from maas.messages import PROBLEMS
from maas.people import intake
from maas.people.desk import Ground, checked
from maas.people.intake import Taken
from maas.people.papers import read_papers
from maas.predictions import train
from maas.records.check import faults
from maas.records.warehouse import roll_rides
from maas.rides.keeper import Keeper
from maas.rotation import open_sealed
from maas.running import load_roads
from maas.settings import Settings
from maas.store import places, rule_changes, towns
from maas.store.commits import audit_break
from maas.store.database import Database
from maas.store.once import By, Done
from maas.timetables import TOWN, feed_files, feed_name, keep_feed
from maas.town.changes import live_rules, preview, propose
from maas.town.drafts import Draft
from maas.town.imports import import_town
from maas.town.rulebook import read_rules, write_rules
from maas.town.sheets import read_sheet, write_sheet


@asynccontextmanager
async def open_newest(settings: Settings) -> AsyncIterator[Database]:
    """Open the database in its newest schema."""
    database = await open_sealed(settings)
    try:
        yield database
    finally:
        await database.close()


async def verify(settings: Settings) -> dict[str, list[str]]:
    """Return what is wrong with the audit chain, the ledger and today's plans; empty is well.

    Nothing is written and no lease is taken, so a server may be running.  Without a road network
    the plans cannot be checked, which is said as something wrong.
    """
    async with open_newest(settings) as database:
        async with database.one_moment() as db:  # a server goes on writing
            broken = await audit_break(db)
            areas = await towns.all_areas(db)
            odd = await faults(db)
        roads = load_roads(settings.roads_dir)
        found = {"audit": [] if broken is None else [f"entry {broken} does not follow"]}
        found["ledger"] = odd
        for area in areas:
            found[f"plan of {area.id}"] = await _wrong_with(settings, database, area.id, roads)
    return found


async def _wrong_with(
    settings: Settings, database: Database, area: str, roads: Mapping[str, Roads]
) -> list[str]:
    if not roads:
        return ["no road network to check it on"]
    keeper = Keeper(
        database,
        area=area,
        roads=roads,
        network=roads["car"].network.id,
        clock=clock_from(settings),
        signing_key=b"",
    )
    await keeper.refresh()
    await keeper.plan_view()
    return await keeper.check()


async def bring_in_town(settings: Settings, folder: Path) -> dict[str, Any]:
    """Import a town directory and its timetable.  Raises ``TownError``, ``FeedError``.

    A running server has to be started again to see it.
    """
    async with open_newest(settings) as database:
        report = await import_town(database, folder)
    if (folder / "gtfs.zip").is_file():
        read_feed(folder / "gtfs.zip")
        keep_feed(folder / "gtfs.zip", settings.feeds_dir, TOWN)
    return asdict(report)


async def bring_in_people(settings: Settings, file: Path, *, preview: bool) -> dict[str, Any]:
    """Take a table of paper forms; whom it has made before is known.  Raises ``ValueError``.

    A running server sees the new members at once.
    """
    data = await asyncio.to_thread(file.read_bytes)
    async with open_newest(settings) as database:
        async with database.reading() as db:
            town = await towns.the_town(db)
            known = await places.all_places(db)
        if town is None:
            raise ValueError("no town is imported: maas town import DIR")
        roads = load_roads(settings.roads_dir)
        network = roads["car"].network.id if roads else ""
        ground = Ground(town.region, roads.get("car"), network)
        points = {place.code: (place.lat, place.lon) for place in known}
        papers = read_papers(data, points, lambda form: checked(form, ground))
        if preview:
            taken = await intake.preview(database, papers)
        else:
            by = By("maas people import", clock_from(settings)(), uuid4().hex)
            done = await intake.take(database, papers, by, ground)
            assert isinstance(done, Done)  # noqa: S101 -- the key is new
            taken = Taken(**done.answer)
    bad = [
        {"line": line.line, "field": fault.field, "sentence": fault.text.ja}
        for line in papers.bad
        for fault in line.faults
    ]
    return {**asdict(taken), "bad": bad, "unused": papers.unused, "mend": papers.mend}


async def carry_out_rules(settings: Settings, area: str | None, sheet: str | None) -> str:
    """Return the rules of an area (`None` the first) as TOML, or those of a kind as a sheet.

    Raises ``ValueError``.
    """
    async with open_newest(settings) as database, database.reading() as db:
        rules = await live_rules(db, await _area(db, area))
    return write_rules(rules) if sheet is None else "\ufeff" + write_sheet(sheet, rules)


async def draft_rules(
    settings: Settings, file: Path, name: str, area: str | None, sheet: str | None
) -> dict[str, Any]:
    """Draft a change of the rules from a file; a planner sees it and puts it in force.

    Raises ``ValueError`` or ``TownError``.
    """
    text = await asyncio.to_thread(file.read_text, encoding="utf-8-sig")
    async with open_newest(settings) as database:
        async with database.reading() as db:
            where = await _area(db, area)
        if sheet is None:
            rules = read_rules(text, {where}, file.name)
        else:
            rules = read_sheet(sheet, text, file.name, {where})
        by = By("maas town draft", clock_from(settings)(), uuid4().hex)
        made = await propose(database, where, name, Draft(rules), by)
        async with database.reading() as db:
            change = await rule_changes.change(db, int(made))
            assert change is not None  # noqa: S101 -- it was made a line ago
            found = await preview(db, change, service_day(by.now, await _timezone(db)))
    fault = found.fault and f"{found.fault.field}: {found.fault.message}"
    counts = {"changes": len(found.differences), "no_longer_allowed": len(found.affected)}
    return {"id": change.id, **counts, "fault": fault}


async def _area(db: AsyncConnection, area: str | None) -> str:
    areas = [row.id for row in await towns.all_areas(db)]
    if not areas:
        raise ValueError("no town is imported: maas town import DIR")
    if area not in {None, *areas}:
        raise ValueError(f"no area {area!r}: {', '.join(areas)}")
    return area or areas[0]


async def _timezone(db: AsyncConnection) -> str:
    town = await towns.the_town(db)
    return DEFAULT_TIMEZONE if town is None else town.timezone


def bring_in_feed(settings: Settings, path: Path, name: str | None) -> dict[str, Any]:
    """Read a timetable and keep it beside the others.  Raises ``FeedError``."""
    feed = read_feed(path)
    kept = feed_name(path if name is None else Path(f"{name}.zip"))
    keep_feed(path, settings.feeds_dir, kept)
    report = import_report(feed)
    first = next((calls[0].stop_id for calls in feed.stop_times.values() if calls), "")
    return {
        "name": kept,
        "rows": dict(report.rows),
        "oddities": [f"{odd.text_en} ({odd.count}: {odd.example})" for odd in report.oddities],
        "next": f"start the server again, then see for example /signage/{first}",
    }


def kept_feed(settings: Settings, name: str | None) -> Feed:
    """Return a kept feed, by default the first.  Raises ``FileNotFoundError``."""
    files = feed_files(settings.feeds_dir)
    wanted = name or next(iter(files), TOWN)
    if wanted not in files:
        raise FileNotFoundError(f"no timetable {wanted!r} in {settings.feeds_dir}")
    return read_feed(files[wanted])


async def published_feed(settings: Settings, name: str | None, *, flex: bool, url: str) -> Feed:
    """Return a kept feed with, by default, the town's demand service in it.

    Raises ``FileNotFoundError``, and ``ValueError`` when a feed of demand service alone has no
    address to be published at.
    """
    has_feed = name is not None or bool(feed_files(settings.feeds_dir)) or not flex
    bus = kept_feed(settings, name) if has_feed else None
    facts = None
    if flex and settings.data_dir.is_dir():
        async with open_newest(settings) as database, database.reading() as connection:
            facts = await demand_facts(connection)
    feed = open_feed(bus, facts, datetime.now(UTC).astimezone().date(), url=url)
    return kept_feed(settings, None) if feed is None else feed


def check_feed(path: Path) -> list[dict[str, Any]]:
    """Return what riders would notice about a feed, the worst first, then what gtfs-guru says.

    A feed that cannot be read has one finding, which says where.  Raises ``OSError``.
    """
    today = datetime.now(UTC).astimezone().date()
    try:
        findings = check(read_feed(path), today)
    except FeedError as error:
        findings = [unreadable(error)]
    else:
        findings += guru_findings(path, today) or []
    return [
        asdict(finding)
        | {
            "severity": finding.severity.value,
            "sentence": finding.sentence(),
            "sentence_en": finding.sentence("en"),
        }
        for finding in findings
    ]


async def add_staff_account(
    settings: Settings,
    name: str,
    display_name: str | None,
    role: str,
    area: str | None,
    password: str,
) -> None:
    """Add or renew a staff account.  Raises ``ValueError`` with what is wrong."""
    if role not in set(Role):
        raise ValueError(f"{role!r} is no role; there are {', '.join(Role)}")
    if len(password) < PASSWORD_MIN:
        raise ValueError(f"the password needs at least {PASSWORD_MIN} characters")
    person = Person(name, display_name or name, Role(role), area)
    if is_guessed(password, name, person.display_name):
        raise ValueError(PROBLEMS["guessed-password"][2].en)
    async with open_newest(settings) as database, database.writing() as connection:
        await add_staff(connection, person, password)


async def make_enrol_code(settings: Settings, vehicle: str) -> str | None:
    """Return a code that enrols one device, or None when there is no such vehicle."""
    async with open_newest(settings) as database, database.writing() as connection:
        return await enrol_code(connection, vehicle, time.time())


async def enrol(settings: Settings, vehicle: str) -> str | None:
    """Enrol a tracker for a vehicle; its token, or None when there is no such vehicle."""
    async with open_newest(settings) as database, database.writing() as connection:
        return await enrol_device(connection, vehicle, time.time())


async def roll_history(settings: Settings) -> dict[str, object]:
    """Write what came since the last time to the files of its days, and forget by the rule.

    The days of rides whose files no longer say what the ledger says are written anew.
    """
    rule = Rule(settings.history_sql_days, settings.history_raw_days, settings.history_days)
    async with open_newest(settings) as database:
        async with database.reading() as db:
            town = await towns.the_town(db)
        done = await roll(
            database,
            settings.history_dir,
            rule,
            now=clock_from(settings)(),
            timezone=town.timezone if town else DEFAULT_TIMEZONE,
        )
        async with database.reading() as db:
            days = await roll_rides(db, settings.rides_dir)
    return as_json(done) | {"rides": [day.isoformat() for day in days]}


async def train_predictions(
    settings: Settings, days: int, kinds: Sequence[str]
) -> dict[str, Any] | None:
    """Learn travel times from past stop events; None where there are none.

    ``kinds`` are days of another kind, ``2026-01-15=snow``.  Raises ``ValueError`` for others.
    """
    given = {date.fromisoformat(day): DayType(kind) for day, _, kind in map(_parted, kinds)}
    async with open_newest(settings) as database:
        async with database.reading() as db:
            town = await towns.the_town(db)
        timezone = town.timezone if town else DEFAULT_TIMEZONE
        today = service_day(clock_from(settings)(), timezone)
        return await train(
            database, settings.data_dir, settings.feeds_dir,
            timezone=timezone, today=today, days=days, given=given,
        )  # fmt: skip


def _parted(text: str) -> tuple[str, str, str]:
    return text.partition("=")


def build_roads(
    osm: Path, out: Path, elevation: list[Path], *, show: bool
) -> tuple[dict[str, Any], str]:
    """Build a road network; the report, and the same in words with every dropped island.

    Raises ``RoadFileError``.
    """
    report = build(osm, out, elevation=elevation, progress=_say if show else None)
    size = f"{report.edges} edges, {report.length_m / 1000:.0f} km, {report.turns} turns"
    lines = [f"{report.source}: {size}, {report.tiles} tiles in {out}"]
    lines += [_island(island) for island in report.islands]
    return report.as_json(), "\n".join(lines)


def _island(island: Island) -> str:
    names = f" ({', '.join(island.names)})" if island.names else ""
    at = f"{island.lat:.5f},{island.lon:.5f}"
    return f"dropped {island.length_m:.0f} m for {island.profile} at {at}{names}: {island.why}"


def _say(step: str) -> None:
    sys.stderr.write(f"{step}\n")
