"""The town's places and members in memory, for search while somebody is on the telephone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from maas.people.riders import RiderIndex
from maas.store import fleet, members, places
from maas.store.database import Database
from maas.store.fleet import VehicleRow
from maas.store.members import MemberRow
from maas.store.places import PlaceRow
from maas.town.search import Index, place_index

HOME = "home"


@dataclass(frozen=True, slots=True)
class Directory:
    """One state of the lists; made anew when one of them changes.

    `ride_areas` is the area of each vehicle that takes bookings; buses take none.
    """

    place_by_id: Mapping[int, PlaceRow] = field(default_factory=dict)
    public_places: Index[PlaceRow] = field(default_factory=lambda: place_index(()))
    all_places: Index[PlaceRow] = field(default_factory=lambda: place_index(()))
    member_by_id: Mapping[int, MemberRow] = field(default_factory=dict)
    riders: RiderIndex = field(default_factory=lambda: RiderIndex(()))
    vehicles: tuple[VehicleRow, ...] = ()
    ride_areas: Mapping[str, str] = field(default_factory=dict)


async def read_directory(database: Database) -> Directory:
    """Return the lists as the database has them now."""
    async with database.reading() as db:
        known = await places.all_places(db)
        people = await members.all_members(db)
        vehicles = tuple(await fleet.all_vehicles(db))
    return Directory(
        place_by_id={place.id: place for place in known},
        public_places=place_index(place for place in known if place.kind != HOME),
        all_places=place_index(known),
        member_by_id={member.id: member for member in people},
        riders=RiderIndex(people),
        vehicles=vehicles,
        ride_areas={vehicle.id: vehicle.area_id for vehicle in vehicles if not vehicle.block},
    )
