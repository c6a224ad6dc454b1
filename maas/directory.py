"""The town's places and members in memory, for search while somebody is on the telephone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from maas.people.intake import ALL
from maas.people.riders import RiderIndex
from maas.store import commits, fleet, members, places
from maas.store.database import Database
from maas.store.fleet import VehicleRow
from maas.store.members import MemberRow
from maas.store.places import PlaceRow
from maas.town.search import Index, place_index

HOME = "home"
SPOT = "spot"
"""Where a vehicle broke down: a place for those on board, which nobody asks for."""
TOWN = "town."
"""How actions of the audit begin that change places or vehicles."""
ONE_BY_ONE = 500
"""More changed members than this are read together with all others."""


@dataclass(frozen=True, slots=True)
class Directory:
    """One state of the lists; made anew when one of them changes.

    `ride_areas` is the area of each vehicle that takes bookings; buses take none.  `seq` is the end
    of the audit when it was read: what the audit says of members after that is not in it yet.
    """

    place_by_id: Mapping[int, PlaceRow] = field(default_factory=dict)
    public_places: Index[PlaceRow] = field(default_factory=lambda: place_index(()))
    all_places: Index[PlaceRow] = field(default_factory=lambda: place_index(()))
    riders: RiderIndex = field(default_factory=lambda: RiderIndex(()))
    vehicles: tuple[VehicleRow, ...] = ()
    ride_areas: Mapping[str, str] = field(default_factory=dict)
    seq: int = 0

    @property
    def member_by_id(self) -> Mapping[int, MemberRow]:
        """Every member by id; one who was merged into another is the other."""
        return self.riders.by_id

    def same_town(self, other: Directory) -> bool:
        """Whether places but homes, and vehicles, are as in other lists; homes go with members."""
        return self.vehicles == other.vehicles and self._places() == other._places()

    def _places(self) -> dict[int, PlaceRow]:
        known = self.place_by_id.values()
        return {place.id: place for place in known if place.kind not in {HOME, SPOT}}

    def with_people(self, rows: Iterable[MemberRow], homes: Iterable[PlaceRow]) -> Directory:
        """Return the lists with members and places that are new or have changed."""
        known = {**self.place_by_id, **{place.id: place for place in homes}}
        return replace(
            self,
            place_by_id=known,
            public_places=place_index(_public(known.values()), self.public_places),
            all_places=place_index(_asked_for(known.values()), self.all_places),
            riders=self.riders.with_members(rows),
        )


async def read_directory(database: Database) -> Directory:
    """Return the lists as the database has them now."""
    async with database.one_moment() as db:
        seq = await commits.last_seq(db)
        known = await places.all_places(db)
        people = await members.all_members(db)
        vehicles = tuple(await fleet.all_vehicles(db))
    public = place_index(_public(known))
    return Directory(
        place_by_id={place.id: place for place in known},
        public_places=public,
        all_places=place_index(_asked_for(known), public),
        riders=RiderIndex(people),
        vehicles=vehicles,
        ride_areas={vehicle.id: vehicle.area_id for vehicle in vehicles if not vehicle.block},
        seq=seq,
    )


async def follow(database: Database, before: Directory) -> Directory:
    """Return the lists with what was done to members, places, vehicles since, by the audit."""
    async with database.one_moment() as db:
        seq = await commits.last_seq(db)
        if seq == before.seq:
            return before
        subjects = await commits.subjects_since(db, before.seq, "member.")
        town = await commits.subjects_since(db, before.seq, TOWN)
        if town or ALL in subjects or len(subjects) > ONE_BY_ONE:
            return await read_directory(database)
        rows = await members.by_ids(db, map(int, subjects))
        used = {
            place
            for row in rows.values()
            for place in (row.home_place_id, *row.favourites)
            if place
        }
        homes = await places.by_ids(db, used)
    return replace(before.with_people(rows.values(), homes) if rows else before, seq=seq)


def _asked_for(known: Iterable[PlaceRow]) -> Iterable[PlaceRow]:
    return (place for place in known if place.kind != SPOT and not place.hidden)


def _public(known: Iterable[PlaceRow]) -> Iterable[PlaceRow]:
    return (place for place in _asked_for(known) if place.kind != HOME)
