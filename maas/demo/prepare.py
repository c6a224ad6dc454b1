"""What the demo needs before it starts: roads, the town's files, a fresh database, devices.

The roads are built once and kept by the hash of what they are built from; the rest is made anew at
each start, by the same imports a real town uses.
"""

import asyncio
import hashlib
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.roads import RoadNetwork, Roads
from dispatcher.roads.build import build
from gtfs import Feed, read_feed
from maas.auth.devices import enrol_device
from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.demo.network import draw_network, write_osm
from maas.demo.terrain import write_tiles
from maas.demo.town import write_town
from maas.demo.year_load import load_past
from maas.people.links import LASTS_S
from maas.settings import Settings
from maas.store import rider_links
from maas.store.database import Database, open_database, upgrade
from maas.store.members import all_members
from maas.store.rider_links import RiderLinkRow
from maas.store.sealed import Keys
from maas.timetables import TOWN, keep_feed
from maas.town.files import TownFiles, read_town
from maas.town.imports import import_town

PASSWORD = "kibi-demo"  # noqa: S105 -- the demo's public password; the accounts exist nowhere else
ACCOUNTS = {
    "operator": "受付 見本",
    "dispatcher": "配車 例田",
    "driver": "運転 仮名川",
    "planner": "企画 試山",
    "admin": "管理 模木",
}

SECRET = "kibi-demo: everybody may know this"  # noqa: S105 -- as the password
RIDER, RIDER_LINK = "1001", "kibi-rider-1"
"""The member whose booking page the demo's front page opens, and the id of that link."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything in its place: the server may start."""

    settings: Settings
    town: TownFiles
    feed: Feed
    roads: Mapping[str, Roads]
    tokens: Mapping[str, str]


def prepare(
    data_dir: Path,
    *,
    town: Path | None,
    gtfs: Path | None,
    tell: Tell,
    today: Callable[[TownFiles], date] | None = None,
) -> Prepared:
    """Make the demo's data in ``data_dir``; ``town`` and ``gtfs`` replace the made-up ones.

    With a ``today`` the demo's town has the simulated year before it; a town of one's own has none.

    A town of one's own brings its roads along as an OpenStreetMap file (.osm, .pbf) in its
    directory; without one it stands on the demo's.  Raises what the imports raise.
    """
    drawing = _drawn(data_dir)
    source = drawing / "town"
    if town is not None:
        source = town if town.is_dir() else town.parent
    roads_dir = _built_roads(data_dir, source, drawing, tell)
    network = RoadNetwork.load(roads_dir)
    service_dir = _emptied(data_dir / "service")
    settings = Settings(data_dir=service_dir, roads=roads_dir, demo=True)
    (service_dir / "secret").write_text(SECRET, encoding="utf-8")
    timetable = gtfs or source / "gtfs.zip"
    keep_feed(timetable, settings.feeds_dir, TOWN)
    tell("町のデータを取り込んでいます")
    roads = {profile: Roads(network, profile) for profile in network.profiles}
    tokens = asyncio.run(_fill(settings, source, roads["car"], network.id))
    files = read_town(source)
    feed = read_feed(timetable)
    if today is not None:
        tell("模擬の一年を取り込んでいます")
        asyncio.run(_remember(settings, files, feed, today(files)))
    return Prepared(settings, files, feed, roads, tokens)


def _emptied(folder: Path) -> Path:
    """Return a fresh directory: each demo starts with an empty day."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _drawn(data_dir: Path) -> Path:
    """Return the directory of the drawn roads, heights and town; drawn once."""
    out = data_dir / f"drawing-{_hash(_program('maas.demo', 'gtfs'))}"
    if not (out / "town" / "gtfs.zip").is_file():
        out.mkdir(parents=True, exist_ok=True)
        network = draw_network()
        write_osm(network, out / "kibichuo.osm")
        write_tiles(out)
        write_town(out / "town", network)
    return out


def _built_roads(data_dir: Path, town: Path, drawing: Path, tell: Tell) -> Path:
    """Return the built network: of the town's own file, else of the drawing; built once."""
    found = sorted([*town.glob("*.pbf"), *town.glob("*.osm")])
    osm = found[0] if found else drawing / "kibichuo.osm"
    tiles = sorted(osm.parent.glob("*.hgt"))
    out = data_dir / f"roads-{_hash([osm, *tiles, *_program('dispatcher.roads')])}"
    if not (out / "meta.json").is_file():
        tell("道路網を作っています（初回だけ）")
        build(osm, out, elevation=tiles, progress=lambda step: tell(f"  {step}"))
    return out


def _program(*packages: str) -> list[Traversable]:
    """Return the modules and data of our packages: what they make changes only with them."""
    folders = [files(package) for package in packages] + [files("maas.demo") / "data"]
    made_of = [file for folder in folders for file in folder.iterdir() if file.is_file()]
    return sorted(made_of, key=str)


def _hash(sources: Sequence[Traversable]) -> str:
    known = hashlib.sha256()
    for source in sources:
        known.update(source.read_bytes())
    return known.hexdigest()[:16]


async def _fill(settings: Settings, town: Path, roads: Roads, network: str) -> dict[str, str]:
    """Import the town, add the demo's accounts, and enrol a device in every vehicle."""
    await upgrade(settings.database)
    database = open_database(settings.database, keys=Keys(settings.sealing_keys))
    try:
        await import_town(database, town, roads, network)
        return await _enrolled(database, [vehicle.id for vehicle in read_town(town).vehicles])
    finally:
        await database.close()


async def _remember(settings: Settings, files: TownFiles, feed: Feed, today: date) -> None:
    database = open_database(settings.database, keys=Keys(settings.sealing_keys))
    try:
        async with database.writing() as db:
            await load_past(db, files.areas[0].id, today, feed)
    finally:
        await database.close()


async def _enrolled(database: Database, vehicles: list[str]) -> dict[str, str]:
    tokens = {}
    async with database.writing() as db:
        for name, shown in ACCOUNTS.items():
            await add_staff(db, Person(name, shown, Role(name), None), PASSWORD)
        for vehicle in vehicles:
            token = await enrol_device(db, vehicle, time.time())
            if token is not None:
                tokens[vehicle] = token
        await _link_for_a_rider(db)
    return tokens


async def _link_for_a_rider(db: AsyncConnection) -> None:
    """Make the link to a booking page that the front page has, if the town has that member."""
    rider = next((row for row in await all_members(db) if row.number == RIDER), None)
    if rider is not None:
        now = time.time()
        link = RiderLinkRow(RIDER_LINK, rider.id, "", now, "demo", now + LASTS_S)
        await rider_links.add(db, link)
