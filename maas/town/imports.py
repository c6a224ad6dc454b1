"""Bring a town's files into the database, and read its rules back out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from maas.store import fleet, members, pickup_points, places, towns
from maas.store.database import Database
from maas.store.fleet import VehicleRow
from maas.store.members import MemberRow
from maas.store.pickup_points import PickupPoint
from maas.store.places import PlaceRow
from maas.store.towns import AreaRow, RuleRow, TownRow
from maas.town.files import MemberLine, PlaceLine, TownFiles, VehicleLine, read_town
from maas.town.rules import (
    KINDS,
    AreaRules,
    BookingRule,
    Dated,
    Fault,
    Figure,
    Hours,
    Relation,
    Tariff,
    Zone,
    read_as,
    seconds,
)
from maas.town.rules import write as write_rule

REACH_M = 500.0
"""A place farther than this from every road cannot be reached."""


class Snapped(Protocol):
    """Where a point joins the roads."""

    @property
    def anchor(self) -> object:
        """The point on the network; its text can be kept."""
        ...

    @property
    def distance_m(self) -> float:
        """How far the point is from it."""
        ...


class Snaps(Protocol):
    """The part of the road network an import needs."""

    def snap(self, lat: float, lon: float) -> Snapped | None:
        """Return the nearest point of the network."""
        ...


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import brought in; `unreachable` are the names of places far from any road.

    `decided` are the rules of the files that people have decided otherwise: theirs were left.
    """

    town: str
    places: int
    members: int
    vehicles: int
    unreachable: tuple[str, ...]
    decided: tuple[str, ...] = ()


async def import_town(
    database: Database, folder: Path, roads: Snaps | None = None, network: str = ""
) -> ImportReport:
    """Import a town directory, all of it or nothing; what was imported before is updated.

    With `roads` every place is joined to the road network once, under the name `network`.
    Raises ``TownError`` when a file is wrong.
    """
    files = read_town(folder)
    async with database.writing() as connection:
        now = time.time()
        decided = await towns.save_town(
            connection, _town(files), _areas(files), _rules(files), now=now
        )
        homes = [_home(line) for line in files.members]
        rows = [_place(line) for line in files.places] + homes
        ids = await places.save_places(connection, rows)
        await pickup_points.put(connection, _points(files.places, ids))
        people = [_member(line, ids) for line in files.members]
        await members.save_members(connection, people, only=members.IN_FILES)
        first = files.areas[0].id
        await fleet.save_vehicles(connection, [_vehicle(v, ids, first) for v in files.vehicles])
        lost = await anchor_places(connection, roads, network) if roads is not None else ()
    counts = (len(files.places), len(files.members), len(files.vehicles))
    others = tuple(f"{row.kind} {row.valid_from}" for row in decided)
    return ImportReport(files.town.name, *counts, unreachable=lost, decided=others)


async def anchor_places(connection: AsyncConnection, roads: Snaps, network: str) -> tuple[str, ...]:
    """Join every place to a road network; returns the names of those out of its reach."""
    rows = await places.all_places(connection)
    joined = [(row, anchor_of(roads, row.lat, row.lon)) for row in rows]
    await places.set_anchors(connection, network, [(row.id, anchor) for row, anchor in joined])
    return tuple(row.name for row, anchor in joined if anchor is None)


def anchor_of(roads: Snaps, lat: float, lon: float) -> str | None:
    """Return where a point joins the roads, as text; `None` when it is out of their reach."""
    snapped = roads.snap(lat, lon)
    return None if snapped is None or snapped.distance_m > REACH_M else str(snapped.anchor)


def _town(files: TownFiles) -> TownRow:
    town = files.town
    return TownRow(
        town.id, town.name, town.name_en, town.timezone, town.region, town.booking_phone,
        town.notice, town.notice_en,
    )  # fmt: skip


def _areas(files: TownFiles) -> list[AreaRow]:
    return [AreaRow(area.id, files.town.id, area.name, area.name_en) for area in files.areas]


def _rules(files: TownFiles) -> list[RuleRow]:
    return [
        RuleRow(rule.area, kind, rule.valid_from, rule.valid_to, write_rule(rule))
        for kind, rule in files.rules
    ]


def _place(line: PlaceLine) -> PlaceRow:
    return PlaceRow(
        id=0, code=line.id, name=line.name, kana=line.kana,
        name_en=line.name_en or line.name, kind=line.kind, address=line.address, oaza=line.oaza,
        lat=line.lat, lon=line.lon,
        nicknames=tuple(line.nicknames), anchor=None, network=None,
    )  # fmt: skip


def _points(lines: Sequence[PlaceLine], ids: Mapping[str, int]) -> list[PickupPoint]:
    return [
        PickupPoint(
            ids[line.id], line.point, ids.get(line.part_of), line.entrance, line.entrance_en,
            line.landmark, line.photo, line.step_free,
        )
        for line in lines
        if line.point is not None
    ]  # fmt: skip


def _home(line: MemberLine) -> PlaceRow:
    return home_place(line.number, line.address, line.oaza, line.lat, line.lon)


def home_place(number: str, address: str, oaza: str, lat: float, lon: float) -> PlaceRow:
    """Return the place where the member of a number lives."""
    home = PlaceLine(
        id=f"home:{number}", name="ご自宅", kana="ごじたく", name_en="Home", kind="home",
        address=address, oaza=oaza, lat=lat, lon=lon,
    )  # fmt: skip
    return _place(home)


def _member(line: MemberLine, ids: dict[str, int]) -> MemberRow:
    return MemberRow(
        id=0, number=line.number, name=line.name, kana=line.kana, phone=line.phone,
        birth_year=line.birth_year, address=line.address, oaza=line.oaza,
        home_place_id=ids[f"home:{line.number}"], tags=tuple(line.tags), notes=line.notes,
        favourites=tuple(ids[code] for code in line.favourites), language=line.language,
    )  # fmt: skip


def _vehicle(line: VehicleLine, ids: dict[str, int], area: str) -> VehicleRow:
    return VehicleRow(
        row=0, id=line.id, area_id=line.area or area, name=line.name,
        name_en=line.name_en or line.name, operator=line.operator, kind=line.kind,
        profile=line.profile, seats=line.seats, wheelchair_places=line.wheelchair_places,
        seats_lost_per_wheelchair=line.seats_lost_per_wheelchair, battery_wh=line.battery_wh,
        depot_place_id=ids.get(line.depot_place), plate=line.plate,
        shift_from_s=seconds(line.shift_from), shift_to_s=seconds(line.shift_to),
        block=line.block, driver=None, colour=line.colour,
    )  # fmt: skip


async def area_rules(connection: AsyncConnection, area: str) -> AreaRules:
    """Return every rule of an area as kept in the database."""
    rows = await towns.rules_of(connection, area)
    return AreaRules(
        area,
        hours=_of(rows, Hours),
        bookings=_of(rows, BookingRule),
        tariffs=_of(rows, Tariff),
        zones=_of(rows, Zone),
        relations=_of(rows, Relation),
        figures=_of(rows, Figure),
    )


D = TypeVar("D", bound=Dated)


def _of(rows: list[RuleRow], shape: type[D]) -> tuple[D, ...]:
    found = (rule_of(row) for row in rows if KINDS[row.kind] is shape)
    return tuple(rule for rule in found if isinstance(rule, shape))


def rule_of(row: RuleRow) -> Dated:
    """Return a rule as it was kept, also by an older version.  Raises ``ValueError``."""
    read = read_as(KINDS[row.kind], row.body)
    if isinstance(read, Fault):
        raise ValueError(f"{row.kind} of {row.valid_from}: {read.field}: {read.message}")  # noqa: TRY004
    return read
