"""What stands still while bookings come and go: rules, names, vehicles, and the roads to places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dispatcher.roads import Anchor, Roads, RoadTimes
from maas.fleet.vehicles import taxis
from maas.rides.show import Names
from maas.rides.travel import Anchors, Drives
from maas.store import fleet, members, places, towns
from maas.store.database import Database
from maas.store.fleet import VehicleRow
from maas.town.imports import anchor_places, area_rules
from maas.town.rules import AreaRules


@dataclass(frozen=True, slots=True)
class Standing:
    """One area as imported; `travel` has the driving times of every vehicle profile."""

    names: Names
    rules: AreaRules
    taxis: tuple[VehicleRow, ...]
    anchors: Anchors
    travel: Mapping[str, Drives]


def network_of(roads: Mapping[str, RoadTimes]) -> str:
    """Return the id of the network some roads are on, empty when they do not say."""
    return next((each.network.id for each in roads.values() if isinstance(each, Roads)), "")


async def load_standing(
    database: Database, area: str, roads: Mapping[str, RoadTimes], network: str
) -> Standing:
    """Return an area from the database; its places are joined to `network` if they were not yet.

    Raises `ValueError` when no town is imported or a vehicle needs a profile `roads` lacks.
    """
    await _join(database, roads, network)
    async with database.reading() as connection:
        town = await towns.the_town(connection)
        if town is None:
            raise ValueError("no town is imported: maas town import DIR")
        rules = await area_rules(connection, area)
        all_places = await places.all_places(connection)
        all_members = await members.all_members(connection)
        vehicles = await fleet.all_vehicles(connection, area)
    anchors = Anchors()
    for place in all_places:
        anchors.put(place.id, None if place.anchor is None else Anchor.parse(place.anchor))
    names = Names(
        area=area,
        timezone=town.timezone,
        places={row.id: row for row in all_places},
        members={row.id: row for row in all_members},
        vehicles={row.id: row for row in vehicles},
        tariff_on=rules.tariff_on,
    )
    ours = tuple(taxis(vehicles))
    for row in ours:
        if row.profile not in roads:
            raise ValueError(f"{row.id} needs roads for the profile {row.profile!r}")
    return Standing(names, rules, ours, anchors, {p: Drives(r, anchors) for p, r in roads.items()})


async def _join(database: Database, roads: Mapping[str, RoadTimes], network: str) -> None:
    """Join the places to the roads when any was joined to other roads, or to none."""
    async with database.reading() as connection:
        rows = await places.all_places(connection)
    if any(row.network != network for row in rows):
        async with database.writing() as connection:
            await anchor_places(connection, next(iter(roads.values())), network)
