"""What was driven and who rode, as TIDES tables (tides-transit.org) in one data package.

The rows are plain values with TIDES' own field names; the tables' schemas are read off them, so
that a package describes itself and what it describes is what is written.  Only what the service
records is here; TIDES has many more columns that may be left out.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from types import NoneType
from typing import Any, ClassVar, Final, get_args, get_type_hints

PROFILE: Final = (
    "https://raw.githubusercontent.com/TIDES-transit/TIDES/main/spec/tides-datapackage-profile.json"
)
"""The name TIDES gives its packages; nothing is read from there."""
TYPES: Final[Mapping[type, str]] = {
    str: "string", int: "integer", float: "number", bool: "boolean",
    date: "date", datetime: "datetime",
}  # fmt: skip


class Status(StrEnum):
    """Where a vehicle is on its way to a stop."""

    INCOMING = "Incoming at"
    STOPPED = "Stopped at"
    IN_TRANSIT = "In transit to"


class TripType(StrEnum):
    """What a vehicle is out for."""

    IN_SERVICE = "In service"
    DEADHEAD = "Deadhead"
    LAYOVER = "Layover"
    OTHER = "Other not in service"


class TripRelation(StrEnum):
    """How a trip came to be driven, or not."""

    SCHEDULED = "Scheduled"
    ADDED = "Added"
    CANCELED = "Canceled"


class StopRelation(StrEnum):
    """How a call at a stop came to be made, or not."""

    SCHEDULED = "Scheduled"
    SKIPPED = "Skipped"
    MISSING = "Missing"


class PassengerEventType(StrEnum):
    """What a counter or a driver counts."""

    BOARDED = "Passenger boarded"
    ALIGHTED = "Passenger alighted"


Limits = Mapping[str, float]
COUNTED: Final[Limits] = {"minimum": 0}
FROM_ONE: Final[Limits] = {"minimum": 1}
LATITUDE: Final[Limits] = {"minimum": -90, "maximum": 90}
LONGITUDE: Final[Limits] = {"minimum": -180, "maximum": 180}
HEADING: Final[Limits] = {"minimum": 0, "maximum": 360}


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleLocation:
    """One fix of a vehicle: degrees, metres a second, seconds late."""

    table: ClassVar = "vehicle_locations"
    key: ClassVar = ("location_ping_id",)

    location_ping_id: str
    event_timestamp: datetime
    vehicle_id: str
    service_date: date | None = None
    trip_id_performed: str | None = None
    trip_id_scheduled: str | None = None
    trip_stop_sequence: int | None = field(default=None, metadata=FROM_ONE)
    stop_id: str | None = None
    current_status: Status | None = None
    latitude: float | None = field(default=None, metadata=LATITUDE)
    longitude: float | None = field(default=None, metadata=LONGITUDE)
    heading: float | None = field(default=None, metadata=HEADING)
    speed: float | None = field(default=None, metadata=COUNTED)
    schedule_deviation: int | None = None
    trip_type: TripType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripPerformed:
    """A trip as it was driven on a service day."""

    table: ClassVar = "trips_performed"
    key: ClassVar = ("service_date", "trip_id_performed")

    service_date: date
    trip_id_performed: str
    vehicle_id: str
    trip_id_scheduled: str | None = None
    route_id: str | None = None
    shape_id: str | None = None
    direction_id: int | None = None
    block_id: str | None = None
    trip_start_stop_id: str | None = None
    trip_end_stop_id: str | None = None
    schedule_trip_start: datetime | None = None
    schedule_trip_end: datetime | None = None
    actual_trip_start: datetime | None = None
    actual_trip_end: datetime | None = None
    trip_type: TripType | None = None
    schedule_relationship: TripRelation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopVisit:
    """One call of a trip: when it was, how long (seconds), who boarded and alighted."""

    table: ClassVar = "stop_visits"
    key: ClassVar = ("service_date", "trip_id_performed", "trip_stop_sequence")

    service_date: date
    trip_id_performed: str
    trip_stop_sequence: int = field(metadata=FROM_ONE)
    scheduled_stop_sequence: int | None = field(default=None, metadata=COUNTED)
    vehicle_id: str | None = None
    dwell: int | None = field(default=None, metadata=COUNTED)
    stop_id: str | None = None
    timepoint: bool | None = None
    schedule_arrival_time: datetime | None = None
    schedule_departure_time: datetime | None = None
    actual_arrival_time: datetime | None = None
    actual_departure_time: datetime | None = None
    boarding_1: int | None = field(default=None, metadata=COUNTED)
    alighting_1: int | None = field(default=None, metadata=COUNTED)
    departure_load: int | None = field(default=None, metadata=COUNTED)
    schedule_relationship: StopRelation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassengerEvent:
    """People counted getting in or out; never who."""

    table: ClassVar = "passenger_events"
    key: ClassVar = ("passenger_event_id",)

    passenger_event_id: str
    service_date: date
    event_timestamp: datetime
    trip_stop_sequence: int = field(metadata=FROM_ONE)
    event_type: PassengerEventType
    vehicle_id: str
    trip_id_performed: str | None = None
    stop_id: str | None = None
    event_count: int | None = field(default=None, metadata=COUNTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetVehicle:
    """A vehicle and whom it can carry."""

    table: ClassVar = "vehicles"
    key: ClassVar = ("vehicle_id",)

    vehicle_id: str
    model_name: str | None = None
    capacity_seated: int | None = field(default=None, metadata=COUNTED)
    capacity_wheelchair: int | None = field(default=None, metadata=COUNTED)
    capacity_standing: int | None = field(default=None, metadata=COUNTED)


Row = VehicleLocation | TripPerformed | StopVisit | PassengerEvent | FleetVehicle
KINDS: Final[Sequence[type[Row]]] = (
    VehicleLocation, StopVisit, TripPerformed, PassengerEvent, FleetVehicle,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class About:
    """What a package says of itself; `licence` is a name such as CC-BY-4.0."""

    name: str
    title: str
    agency: str
    description: str
    licence: str


def package(rows: Iterable[Row], about: About) -> dict[str, bytes]:
    """Return the files of a data package by name: descriptor, schemas, and a CSV a table.

    Rows are sorted by their key, so that the same rows give the same bytes.  Raises `ValueError`
    naming the table and field of a value that TIDES forbids, or of a key that is there twice.
    """
    tables: dict[type[Row], list[Row]] = {kind: [] for kind in KINDS}
    for row in rows:
        tables[type(row)].append(row)
    files = {"datapackage.json": _json(_descriptor(about))}
    for kind, found in tables.items():
        files[f"schemas/{kind.table}.schema.json"] = _json(schema(kind))
        files[f"{kind.table}.csv"] = _csv(kind, found)
    return files


def schema(kind: type[Row]) -> dict[str, Any]:
    """Return the table schema of a kind of row, read off its fields."""
    hints = get_type_hints(kind)
    return {
        "name": f"{kind.table}.schema.json",
        "missingValues": [""],
        "primaryKey": list(kind.key),
        "fields": [
            {"name": each.name, **_kind_of(hints[each.name], each.metadata)}
            for each in fields(kind)
        ],
    }


def _kind_of(hint: object, limits: Limits) -> dict[str, Any]:
    options = [option for option in get_args(hint) if option is not NoneType] or [hint]
    (value,) = options
    required = options[0] is hint
    constraints: dict[str, Any] = {"required": True} if required else {}
    constraints |= limits
    if isinstance(value, type) and issubclass(value, StrEnum):
        return {"type": "string", "constraints": constraints | {"enum": [str(v) for v in value]}}
    kind = next(name for type_, name in TYPES.items() if value is type_)
    return {"type": kind} | ({"constraints": constraints} if constraints else {})


def _descriptor(about: About) -> dict[str, Any]:
    return {
        "profile": PROFILE,
        "name": about.name,
        "title": about.title,
        "agency": about.agency,
        "description": about.description,
        "licenses": [{"name": about.licence}],
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": kind.table,
                "path": f"{kind.table}.csv",
                "tides-table": kind.table,
                "schema": f"schemas/{kind.table}.schema.json",
            }
            for kind in KINDS
        ],
    }


def _csv(kind: type[Row], rows: Sequence[Row]) -> bytes:
    names = [each.name for each in fields(kind)]
    seen: set[tuple[str, ...]] = set()
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in sorted(rows, key=_key):
        _check(row)
        key = tuple(map(_text, _key(row)))
        if key in seen:
            raise ValueError(f"{kind.table} {', '.join(kind.key)}: {key} is there twice")
        seen.add(key)
        writer.writerow([_text(getattr(row, name)) for name in names])
    return out.getvalue().encode()


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in row.key)


def _check(row: Row) -> None:
    for each in fields(row):
        value, limits = getattr(row, each.name), each.metadata
        if value is None or not limits:
            continue
        if value < limits["minimum"] or value > limits.get("maximum", value):
            raise ValueError(f"{row.table}.{each.name}: {value} is out of bounds")


def _text(value: object) -> str:
    """Return a value as a table holds it; instants are in UTC."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
