"""The place a replay runs in: a region with buses, brought in by the same import as any town."""

import time
from collections.abc import Iterable
from pathlib import Path
from string import Template

from gtfs import Feed
from maas.auth.devices import enrol_device
from maas.auth.roles import Role
from maas.auth.staff import Person, add_staff
from maas.demo.gazetteer import data_text
from maas.settings import Settings
from maas.store.database import open_database, upgrade
from maas.store.sealed import Keys
from maas.town.imports import import_town

WATCHER = "dispatcher"
"""The one account of a replay, for the monitor."""
MARGIN_DEG = 0.1


def region_of(feed: Feed) -> tuple[float, float, float, float]:
    """Return the bounds of the stops with about ten kilometres around them."""
    lats = [stop.lat for stop in feed.stops.values() if stop.lat is not None]
    lons = [stop.lon for stop in feed.stops.values() if stop.lon is not None]
    low, high = (min(lats) - MARGIN_DEG, min(lons) - MARGIN_DEG), (max(lats), max(lons))
    return (*low, high[0] + MARGIN_DEG, high[1] + MARGIN_DEG)


def write_place(folder: Path, feed: Feed, vehicles: Iterable[str], name: str) -> None:
    """Write the directory of a town that has only buses, for the same import as any town."""
    words = {
        "name": name,
        "timezone": feed.timezone,
        "region": [round(degrees, 4) for degrees in region_of(feed)],
    }
    town = Template(data_text("replay_town.toml")).substitute(words)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "town.toml").write_text(town, encoding="utf-8")
    for list_name in ("places", "members"):
        (folder / f"{list_name}.csv").write_text("id,number,name,lat,lon\n", encoding="utf-8")
    lines = [f"{v},{v},bus,40,00:00,47:00,{v}" for v in sorted(vehicles)]
    header = "id,name,kind,seats,shift_from,shift_to,block"
    (folder / "vehicles.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")


async def fill(
    settings: Settings, town: Path, vehicles: Iterable[str], password: str
) -> dict[str, str]:
    """Import the place, let somebody watch, and enrol a device in every vehicle; the tokens."""
    await upgrade(settings.database)
    database = open_database(settings.database, keys=Keys(settings.sealing_keys))
    try:
        await import_town(database, town)
        async with database.writing() as db:
            await add_staff(db, Person(WATCHER, WATCHER, Role.DISPATCHER, None), password)
            tokens = {v: await enrol_device(db, v, time.time()) for v in vehicles}
        return {vehicle: token for vehicle, token in tokens.items() if token}
    finally:
        await database.close()
