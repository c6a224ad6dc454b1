"""The town's places and vehicles as the office keeps them, and its areas."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, field_validator, model_validator

from gtfs.calendar import format_time, parse_time
from maas.api.identity import SignedIn, The
from maas.api.permissions import needs
from maas.api.pickup_points import PickupPointOut
from maas.api.problems import Problem
from maas.api.requests import In, Key
from maas.api.service import Service
from maas.api.shapes import PlaceOut, Rendering, Shape
from maas.auth.roles import Permission
from maas.fleet.desk import VehicleWish, put_vehicle
from maas.store import fleet, pickup_points, places, towns
from maas.store.fleet import VehicleRow
from maas.store.once import By, Done
from maas.store.places import PlaceRow
from maas.town.desk import NOT_HERE, PlaceWish, Promised, add_place, change_place
from maas.town.files import Colour

router = APIRouter(prefix="/town", tags=["town"])

# No control characters: PostgreSQL does not keep all of them.
Words = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f]*$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Kana = Annotated[
    str,
    Field(min_length=1, max_length=100, pattern=r"^[ぁ-ゖァ-ヺー・　 0-9A-Za-z０-９Ａ-Ｚａ-ｚ]+$"),
]
PlaceId = Annotated[int, Path(ge=1, lt=2**31)]
VehicleId = Annotated[str, Path(min_length=1, max_length=64)]
NewId = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[a-z0-9][a-z0-9-]*$")]
PlaceKind = Literal[
    "hall", "hospital", "clinic", "shop", "market", "school", "hub", "stop", "facility", "depot",
    "park",
]  # fmt: skip
VehicleKind = Literal["van", "wheelchair_van", "micro_ev", "bus"]
Clock = Annotated[str, Field(pattern=r"^([01]?[0-9]|2[0-9]):[0-5][0-9]$", examples=["08:00"])]


class AreaOut(Shape):
    """A part of the town with rules of its own."""

    id: str
    name: str
    name_en: str


class TownPlaceIn(BaseModel):
    """A place; a hidden one is no longer found or offered."""

    name: Name
    kana: Kana
    name_en: Words = ""
    kind: PlaceKind
    address: Words = ""
    oaza: Words = ""
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    nicknames: Annotated[list[Name], Field(max_length=20)] = []
    hidden: bool = False

    def wish(self) -> PlaceWish:
        """Return it as the desk takes it."""
        values = self.model_dump() | {
            "name_en": self.name_en or self.name,
            "nicknames": tuple(self.nicknames),
        }
        return PlaceWish(**values)


class TownPlaceOut(PlaceOut):
    """A place as the office sees it; one that is not `reachable` is far from every road."""

    code: str
    nicknames: list[str]
    hidden: bool
    reachable: bool
    pickup_point: PickupPointOut | None


class FleetVehicleIn(BaseModel):
    """A vehicle; one that is not in service is promised to nobody."""

    area: str = Field(min_length=1, max_length=64)
    name: Name
    name_en: Words = ""
    operator: Words = ""
    kind: VehicleKind
    profile: Literal["car", "micro_ev"] = "car"
    seats: int = Field(ge=0, le=100)
    wheelchair_places: int = Field(0, ge=0, le=10)
    seats_lost_per_wheelchair: int = Field(0, ge=0, le=10)
    battery_wh: int | None = Field(None, ge=1, le=1_000_000)
    depot: int | None = Field(None, ge=1, lt=2**31, description="The place where it stands.")
    plate: Words = ""
    colour: Colour = Field("", description="What riders look for.")
    shift_from: Clock
    shift_to: Clock
    in_service: bool = True

    @model_validator(mode="after")
    def shift_has_length(self) -> FleetVehicleIn:
        """Refuse a shift that ends before it begins."""
        if _seconds(self.shift_from) >= _seconds(self.shift_to):
            raise ValueError("shift_to must be later than shift_from")
        return self

    def wish(self) -> VehicleWish:
        """Return it as the desk takes it."""
        values = self.model_dump(exclude={"area", "depot", "shift_from", "shift_to"})
        return VehicleWish(
            **values | {"name_en": self.name_en or self.name},
            area_id=self.area,
            depot_place_id=self.depot,
            shift_from_s=_seconds(self.shift_from),
            shift_to_s=_seconds(self.shift_to),
        )


class NewVehicleIn(FleetVehicleIn):
    """A new vehicle and its id; buses come with the timetable."""

    id: NewId

    @field_validator("kind")
    @classmethod
    def no_bus(cls, kind: str) -> str:
        """Refuse a bus."""
        if kind == "bus":
            raise ValueError("buses come with the timetable")
        return kind

    def wish(self) -> VehicleWish:
        """Return it as the desk takes it, without its id."""
        return FleetVehicleIn(**self.model_dump(exclude={"id"})).wish()


class FleetVehicleOut(BaseModel):
    """A vehicle as the office sees it; one with a `block` runs a timetable."""

    id: str
    area: str
    name: str
    name_en: str
    operator: str
    kind: str
    profile: str
    seats: int
    wheelchair_places: int
    seats_lost_per_wheelchair: int
    battery_wh: int | None
    depot: int | None
    depot_name: str | None
    depot_name_en: str | None
    plate: str
    colour: str
    shift_from: str
    shift_to: str
    in_service: bool
    block: str | None
    driver: str | None


_CHANGES = ("not-found", "key-missing", "key-reused")


@router.get("/areas", operation_id="listAreas", **needs(Permission.SIGNED_IN))
async def list_areas(service: The, write: In) -> list[AreaOut]:
    """Return the areas of the town."""
    async with service.database.reading() as db:
        return write.many(AreaOut, await towns.all_areas(db))


@router.get("/places", operation_id="listTownPlaces", **needs(Permission.EDIT_PLACES))
async def list_places(service: The, write: In) -> list[TownPlaceOut]:
    """Return every place but homes, hidden ones too."""
    async with service.database.reading() as db:
        rows = [row for row in await places.all_places(db) if row.kind not in NOT_HERE]
        points = await pickup_points.points_of(db, [row.id for row in rows])
    return write.many(TownPlaceOut, [_place(row, points.get(row.id)) for row in rows])


@router.post(
    "/places",
    operation_id="addTownPlace",
    status_code=201,
    **needs(Permission.EDIT_PLACES, *_CHANGES, changes=True),
)
async def add(
    asked: TownPlaceIn, key: Key, person: SignedIn, service: The, write: In
) -> TownPlaceOut:
    """Add a place where riders can be picked up from now on."""
    by = By(person.name, service.clock(), key)
    roads = service.roads.get("car")
    done = _granted(
        await add_place(service.database, asked.wish(), roads, service.network_id, by), "place"
    )
    await service.refresh_people()
    return await _one_place(service, done.answer, write)


@router.put(
    "/places/{place_id}",
    operation_id="changeTownPlace",
    **needs(Permission.EDIT_PLACES, *_CHANGES, "place-promised", changes=True),
)
async def change(
    place_id: PlaceId, asked: TownPlaceIn, key: Key, person: SignedIn, service: The, write: In
) -> TownPlaceOut:
    """Change a place, or hide it; it is not moved while promised rides go from or to it."""
    by = By(person.name, service.clock(), key)
    roads, network, today = service.roads.get("car"), service.network_id, service.today()
    done = await change_place(
        service.database, place_id, asked.wish(), roads, network, today=today, by=by
    )
    _granted(done, "place")
    await service.refresh_people()
    return await _one_place(service, place_id, write)


@router.get("/vehicles", operation_id="listFleet", **needs(Permission.READ_PLAN))
async def list_fleet(person: SignedIn, service: The) -> list[FleetVehicleOut]:
    """Return the vehicles of the caller's area with all that is kept of them."""
    async with service.database.reading() as db:
        rows = await fleet.all_vehicles(db, person.area)
    return [_vehicle(row, service) for row in rows]


@router.post(
    "/vehicles",
    operation_id="addVehicle",
    status_code=201,
    **needs(Permission.EDIT_FLEET, *_CHANGES, "vehicle-known", changes=True),
)
async def add_vehicle(
    asked: NewVehicleIn, key: Key, person: SignedIn, service: The
) -> FleetVehicleOut:
    """Add a vehicle; it takes bookings from now on when it has a depot."""
    return await _put(service, person.name, person.area, asked.id, asked, key, new=True)


@router.put(
    "/vehicles/{vehicle_id}",
    operation_id="changeVehicle",
    **needs(Permission.EDIT_FLEET, *_CHANGES, "vehicle-promised", changes=True),
)
async def change_vehicle(
    vehicle_id: VehicleId, asked: FleetVehicleIn, key: Key, person: SignedIn, service: The
) -> FleetVehicleOut:
    """Change a vehicle; what would break a promise is refused."""
    return await _put(service, person.name, person.area, vehicle_id, asked, key, new=False)


async def _put(
    service: Service,
    actor: str,
    within: str | None,
    vehicle_id: str,
    asked: FleetVehicleIn,
    key: str,
    *,
    new: bool,
) -> FleetVehicleOut:
    by = By(actor, service.clock(), key)
    done = await put_vehicle(
        service.database, vehicle_id, asked.wish(),
        new=new, within=within, today=service.today(), by=by,
    )  # fmt: skip
    _granted(done, "vehicle")
    await service.refresh_people()
    async with service.database.reading() as db:
        row = await fleet.vehicle(db, vehicle_id)
    if row is None:
        raise Problem("not-found")
    return _vehicle(row, service)


def _granted(done: Done | Promised | str, what: str) -> Done:
    if isinstance(done, Promised):
        raise Problem(f"{what}-promised", count=done.count, extra={"count": done.count})
    if isinstance(done, str):
        raise Problem(done)
    return done


async def _one_place(service: Service, place_id: int, write: Rendering) -> TownPlaceOut:
    async with service.database.reading() as db:
        row = await places.place(db, place_id)
        points = await pickup_points.points_of(db, [place_id])
    if row is None:
        raise Problem("not-found")
    return write.one(TownPlaceOut, _place(row, points.get(place_id)))


def _place(row: PlaceRow, point: object) -> dict[str, object]:
    reachable = row.network is None or row.anchor is not None
    shown = ("id", "code", "name", "kana", "name_en", "kind", "address", "oaza", "lat", "lon",
             "hidden")  # fmt: skip
    values = {name: getattr(row, name) for name in shown}
    return values | {
        "nicknames": list(row.nicknames),
        "reachable": reachable,
        "pickup_point": point,
    }


def _vehicle(row: VehicleRow, service: Service) -> FleetVehicleOut:
    depot = service.directory.place_by_id.get(row.depot_place_id or 0)
    same = ("id", "name", "name_en", "operator", "kind", "profile", "seats", "wheelchair_places",
            "seats_lost_per_wheelchair", "battery_wh", "plate", "colour", "in_service", "block",
            "driver")  # fmt: skip
    return FleetVehicleOut(
        **{name: getattr(row, name) for name in same},
        area=row.area_id,
        depot=row.depot_place_id,
        depot_name=None if depot is None else depot.name,
        depot_name_en=None if depot is None else depot.name_en,
        shift_from=format_time(row.shift_from_s)[:5],
        shift_to=format_time(row.shift_to_s)[:5],
    )


def _seconds(clock: str) -> int:
    return parse_time(f"{clock}:00")
