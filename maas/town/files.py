"""Read a town's directory: town.toml and its lists, checked line by line.

Everything wrong is reported as the file, the line and the field, because the person who mends it
works in a spreadsheet.  Columns the town keeps for itself are left alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from maas.town.rulebook import (
    Rule,
    check_rules,
    check_zones,
    parse,
    read_table,
    read_tables,
    rules_in,
    table_line,
)
from maas.town.rulebook import TownError as TownError
from maas.town.rules import (
    KINDS,
    NEEDED,
    Clock,
    Count,
    Fault,
    PlaceKind,
    Positive,
    Text1,
    Zone,
    read_as,
    seconds,
)

Latitude = Annotated[float, Meta(ge=-90.0, le=90.0)]
Longitude = Annotated[float, Meta(ge=-180.0, le=180.0)]
Lists = list[str]


class TownFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The town itself; `region` is lat_min, lon_min, lat_max, lon_max."""

    id: Text1
    name: Text1
    name_en: Text1
    timezone: Text1
    region: tuple[Latitude, Longitude, Latitude, Longitude]
    booking_phone: str = ""
    notice: str = ""
    notice_en: str = ""

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a point lies in the region."""
        lat_min, lon_min, lat_max, lon_max = self.region
        return lat_min <= lat <= lat_max and lon_min <= lon <= lon_max


class AreaFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An area of the town."""

    id: Text1
    name: Text1
    name_en: Text1


class PlaceLine(Struct, frozen=True, kw_only=True):
    """A line of places.csv; `part_of` is the id of the facility whose other entrance it is."""

    id: Text1
    name: Text1
    kana: str = ""
    name_en: str = ""
    kind: PlaceKind
    address: str = ""
    oaza: str = ""
    lat: Latitude
    lon: Longitude
    nicknames: Lists = []
    point: Literal["door", "stop", "entrance"] | None = None
    part_of: str = ""
    entrance: str = ""
    entrance_en: str = ""
    landmark: str = ""
    photo: str = ""
    step_free: bool = False


Colour = Literal[
    "", "white", "silver", "black", "blue", "light_blue", "green", "yellow", "orange", "red",
    "pink", "brown",
]  # fmt: skip
"""What riders are told to look for: the paint of a vehicle."""


class MemberLine(Struct, frozen=True, kw_only=True):
    """A line of members.csv; `favourites` are ids of places."""

    number: Text1
    name: Text1
    kana: str = ""
    phone: str = ""
    birth_year: Annotated[int, Meta(ge=1880, le=2200)] | None = None
    address: str = ""
    oaza: str = ""
    lat: Latitude
    lon: Longitude
    tags: Lists = []
    notes: str = ""
    favourites: Annotated[Lists, Meta(max_length=9)] = []
    language: Literal["ja", "en"] = "ja"


class VehicleLine(Struct, frozen=True, kw_only=True):
    """A line of vehicles.csv; a bus has the `block` it runs and takes no bookings."""

    id: Text1
    name: Text1
    name_en: str = ""
    operator: str = ""
    kind: Literal["van", "wheelchair_van", "micro_ev", "bus"]
    profile: Literal["car", "micro_ev"] = "car"
    seats: Positive
    wheelchair_places: Count = 0
    seats_lost_per_wheelchair: Count = 0
    battery_wh: Positive | None = None
    depot_place: str = ""
    plate: str = ""
    shift_from: Clock
    shift_to: Clock
    block: str | None = None
    area: str = ""
    colour: Colour = ""


@dataclass(frozen=True, slots=True)
class TownFiles:
    """A whole town, checked."""

    town: TownFacts
    areas: tuple[AreaFacts, ...]
    rules: tuple[Rule, ...]
    places: tuple[PlaceLine, ...]
    members: tuple[MemberLine, ...]
    vehicles: tuple[VehicleLine, ...]


S = TypeVar("S", bound=Struct)
Line = tuple[int, S]


def read_town(folder: Path) -> TownFiles:
    """Return the town in `folder`.  Raises ``TownError`` at the first thing that is wrong."""
    town, areas, rules = read_town_toml(folder / "town.toml")
    places = _read_lines(folder / "places.csv", PlaceLine, lambda line: line.id, "id")
    members = _read_lines(folder / "members.csv", MemberLine, lambda line: line.number, "number")
    vehicles = _read_lines(folder / "vehicles.csv", VehicleLine, lambda line: line.id, "id")
    _check_inside("places.csv", town, places)
    _check_inside("members.csv", town, members)
    _check_parts(places)
    _check_members(members, {line.id for _, line in places})
    _check_zones(rules, {line.id for _, line in places})
    _check_vehicles(vehicles, {line.id for _, line in places}, {area.id for area in areas})
    return TownFiles(town, areas, rules, _bare(places), _bare(members), _bare(vehicles))


def _bare(lines: Iterable[Line[S]]) -> tuple[S, ...]:
    return tuple(line for _, line in lines)


# --- town.toml --------------------------------------------------------------------------------


def read_town_toml(file: Path) -> tuple[TownFacts, tuple[AreaFacts, ...], tuple[Rule, ...]]:
    """Return what a town.toml says of the town, its areas and rules.  Raises ``TownError``."""
    text = _text(file)
    values = parse(text, file.name)
    for name in values.keys() - {"town", "areas", *KINDS}:
        raise TownError(file.name, table_line(text, name, 0), name, "no such table here")
    town = read_table(file.name, text, "town", 0, values.get("town", {}), TownFacts)
    areas = read_tables(file.name, text, "areas", values, AreaFacts)
    if not areas:
        raise TownError(file.name, None, "areas", "at least one [[areas]] is needed")
    rules = rules_in(text, values, file.name)
    ids = {area.id for area in areas}
    check_rules(file.name, text, ids, rules)
    check_zones(file.name, text, rules, ())
    for area in sorted(ids):
        for kind in NEEDED:
            if not any(rule.area == area for of, rule in rules if of == kind):
                raise TownError(file.name, None, kind, f"the area {area!r} has no [[{kind}]]")
    return town, areas, rules


# --- lists ------------------------------------------------------------------------------------


def _read_lines(
    file: Path, shape: type[S], key: Callable[[S], Hashable], key_field: str
) -> list[Line[S]]:
    """Return the lines of a CSV file with their numbers; an empty cell is a missing field."""
    reader = csv.DictReader(io.StringIO(_text(file), newline=""))
    lists = {f.name for f in msgspec.structs.fields(shape) if _is_list(f.type)}
    lines: list[Line[S]] = []
    seen: dict[Hashable, int] = {}
    for cells in reader:
        number = reader.line_num
        if None in cells or None in cells.values():
            raise TownError(file.name, number, "", "as many cells as the first line are needed")
        read = read_as(shape, _filled(cells, lists), strict=False)
        if isinstance(read, Fault):
            raise TownError(file.name, number, read.field, read.message)
        first = seen.setdefault(key(read), number)
        if first != number:
            raise TownError(file.name, number, key_field, f"is already on line {first}")
        lines.append((number, read))
    return lines


def _filled(cells: dict[str, str], lists: set[str]) -> dict[str, Any]:
    filled = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
    return {
        name: [part.strip() for part in cell.split(";") if part.strip()] if name in lists else cell
        for name, cell in filled.items()
    }


def _is_list(shape: object) -> bool:
    return "list[" in str(shape)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise TownError(file.name, None, "", f"not found in {file.parent}") from None
    except UnicodeDecodeError as error:
        raise TownError(file.name, None, "", f"not UTF-8 at byte {error.start}") from error


def _check_inside(
    file: str, town: TownFacts, lines: Iterable[tuple[int, PlaceLine | MemberLine]]
) -> None:
    for number, line in lines:
        if not town.holds(line.lat, line.lon):
            message = f"{line.lat}, {line.lon} is outside the town's region"
            raise TownError(file, number, "lat", message)


def _check_parts(lines: Sequence[Line[PlaceLine]]) -> None:
    """Entrances are of another place, which is not an entrance of a third one itself."""
    whole = {line.id for _, line in lines if not line.part_of}
    for number, line in lines:
        if line.part_of and line.part_of not in whole:
            raise TownError("places.csv", number, "part_of", f"no whole place {line.part_of!r}")
        if line.point is None and (line.part_of or line.entrance or line.landmark or line.photo):
            raise TownError("places.csv", number, "point", "door, stop or entrance is needed")


def _check_members(lines: Iterable[Line[MemberLine]], places: set[str]) -> None:
    for number, line in lines:
        for place in line.favourites:
            if place not in places:
                raise TownError("members.csv", number, "favourites", f"no place {place!r}")


def _check_zones(rules: Iterable[Rule], places: set[str]) -> None:
    for _, rule in rules:
        if isinstance(rule, Zone):
            for place in rule.places:
                if place not in places:
                    raise TownError("town.toml", None, "zone.places", f"no place {place!r}")


def _check_vehicles(lines: Iterable[Line[VehicleLine]], places: set[str], areas: set[str]) -> None:
    for number, line in lines:
        faults = (
            ("depot_place", line.kind != "bus" and line.depot_place not in places, "no such place"),
            ("area", bool(line.area) and line.area not in areas, "no such area"),
            ("block", (line.kind == "bus") != bool(line.block), "a bus has one, a taxi has none"),
            (
                "shift_to",
                seconds(line.shift_to) <= seconds(line.shift_from),
                "not after shift_from",
            ),
        )
        for field, wrong, message in faults:
            if wrong:
                raise TownError("vehicles.csv", number, field, message)
