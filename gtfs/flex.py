"""Demand service in a feed: when to call, where one is fetched, and the areas on the ground."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from gtfs.calendar import parse_time
from gtfs.rows import degrees, whole
from gtfs.tables import FeedError, Table

LOCATIONS = "locations.geojson"

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class BookingRule:
    """How a ride is booked; times are service-day seconds, ``None`` where not given.

    ``type``: 0 at once, 1 on the day with notice, 2 on a day before.
    """

    id: str
    type: int
    notice_min: int | None
    notice_max_min: int | None
    last_day: int | None
    last_time_s: int | None
    start_day: int | None
    start_time_s: int | None
    service_id: str
    message: str
    phone: str
    info_url: str
    booking_url: str


@dataclass(frozen=True, slots=True)
class LocationGroup:
    """Stops that are served as one: the rider is fetched at any of them."""

    id: str
    name: str
    stop_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Location:
    """An area on the ground: polygons of rings (the first the outline), points (lat, lon)."""

    id: str
    name: str
    desc: str
    polygons: tuple[tuple[Ring, ...], ...]


def booking_rules(table: Table) -> list[BookingRule]:
    """Return the rows of booking_rules.txt.  Raises ``FeedError``."""
    cells = zip(
        table.required("booking_rule_id", str),
        table.required("booking_type", _booking_type),
        table.parsed("prior_notice_duration_min", whole, None),
        table.parsed("prior_notice_duration_max", whole, None),
        table.parsed("prior_notice_last_day", whole, None),
        table.parsed("prior_notice_last_time", parse_time, None),
        table.parsed("prior_notice_start_day", whole, None),
        table.parsed("prior_notice_start_time", parse_time, None),
        table.texts("prior_notice_service_id"),
        table.texts("message"),
        table.texts("phone_number"),
        table.texts("info_url"),
        table.texts("booking_url"),
        strict=True,
    )
    return [BookingRule(*row) for row in cells]


def location_groups(groups: Table, members: Table) -> list[LocationGroup]:
    """Return location_groups.txt with the stops of location_group_stops.txt.

    Raises ``FeedError``, also for a stop of a group that is not there.
    """
    ids = groups.required("location_group_id", str)
    names = dict(zip(ids, groups.texts("location_group_name"), strict=True))
    stop_ids: dict[str, list[str]] = {group: [] for group in names}
    pairs = zip(
        members.required("location_group_id", str), members.required("stop_id", str), strict=True
    )
    for i, (group, stop_id) in enumerate(pairs):
        if group not in stop_ids:
            raise members.error(i, "location_group_id", f"there is no group {group!r}")
        stop_ids[group].append(stop_id)
    return [LocationGroup(group, name, tuple(stop_ids[group])) for group, name in names.items()]


def locations(data: bytes) -> list[Location]:
    """Return the areas of locations.geojson.  Raises ``FeedError`` with the feature's number."""
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise FeedError(LOCATIONS, line, None, f"not JSON in UTF-8: {error}") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not _is_list(features):
        raise FeedError(LOCATIONS, None, "features", "not a collection of features")
    return [_location(i, feature) for i, feature in enumerate(features, 1)]


def _location(number: int, feature: object) -> Location:
    if not isinstance(feature, dict):
        raise _fault(number, "type", "not a feature")
    found: Mapping[str, Any] = feature
    id_, geometry = found.get("id"), found.get("geometry")
    if not isinstance(id_, str) or not id_:
        raise _fault(number, "id", "the value is missing")
    properties = found.get("properties")
    words = properties if isinstance(properties, dict) else {}
    name, desc = (words.get(key) or "" for key in ("stop_name", "stop_desc"))
    if not isinstance(name, str) or not isinstance(desc, str):
        raise _fault(number, "properties", "names are text")
    return Location(id_, name, desc, tuple(_polygons(number, geometry)))


def _polygons(number: int, geometry: object) -> Iterator[tuple[Ring, ...]]:
    kind, shapes = (
        (geometry.get("type"), geometry.get("coordinates"))
        if isinstance(geometry, dict)
        else (None, None)
    )
    # Not a set: what stands in a file may be a list, which has no hash.
    if kind not in ("Polygon", "MultiPolygon") or not _is_list(shapes) or not shapes:
        raise _fault(number, "geometry", "neither a Polygon nor a MultiPolygon")
    for rings in [shapes] if kind == "Polygon" else shapes:
        if not _is_list(rings) or not rings:
            raise _fault(number, "geometry", "a polygon without an outline")
        yield tuple(_ring(number, ring) for ring in rings)


def _ring(number: int, ring: object) -> Ring:
    if not _is_list(ring) or len(ring) < 4 or ring[0] != ring[-1]:
        raise _fault(number, "geometry", "a ring has four points and ends where it starts")
    return tuple(_point(number, point) for point in ring)


def _point(number: int, point: object) -> tuple[float, float]:
    if not _is_list(point) or len(point) < 2 or not all(map(_is_number, point[:2])):
        raise _fault(number, "geometry", "a point is a longitude and a latitude")
    try:
        return degrees(point[1], 90.0), degrees(point[0], 180.0)
    except ValueError as error:
        raise _fault(number, "geometry", str(error)) from error


def _fault(number: int, field: str, message: str) -> FeedError:
    return FeedError(LOCATIONS, None, field, f"feature {number}: {message}")


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, list)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _booking_type(text: str) -> int:
    if text not in {"0", "1", "2"}:
        raise ValueError(f"{text!r} is neither 0, 1 nor 2")
    return int(text)
