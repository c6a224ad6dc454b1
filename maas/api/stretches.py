"""The road between two junctions in words and as a line: what is closed with a point of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, hypot, radians
from typing import Final

from pydantic import BaseModel, Field

from gtfs.geo import distance_m
from maas.api.service import Service
from maas.api.shapes import LonLat
from maas.directory import HOME, SPOT
from maas.rides.closures import Stretch
from maas.store.places import PlaceRow

OFF_ROAD_M: Final = 3_000
"""Farther from every road than this a point is outside the network, not beside a road."""


class NearOut(BaseModel):
    """A public place, and how far it is."""

    name: str
    name_en: str
    distance_m: int


class StretchEndOut(BaseModel):
    """A junction: the roads that meet there (none has a name: empty), and the nearest place."""

    lat: float
    lon: float
    meets: list[str]
    near: NearOut | None


class StretchOut(BaseModel):
    """A road from one junction to the next; `off_m` is how far from it the point asked for is."""

    road: str = Field(description="Name or number; empty when it has neither.")
    length_m: int
    off_m: int
    path: list[LonLat]
    ends: list[StretchEndOut] = Field(min_length=2, max_length=2)


def stretches_at(service: Service, points: Iterable[tuple[float, float]]) -> list[StretchOut]:
    """Return what is closed with points, a road with two of them once."""
    found = [stretch_at(service, lat, lon) for lat, lon in points]
    return list({str(one.path): one for one in found if one is not None}.values())


def stretch_at(service: Service, lat: float, lon: float) -> StretchOut | None:
    """Return what is closed with a point, `None` without a road beside it."""
    found = service.closures.stretch(lat, lon)
    if found is None or found.off_m > OFF_ROAD_M:
        return None
    known = [
        place
        for place in service.directory.place_by_id.values()
        if place.kind not in {HOME, SPOT} and not place.hidden
    ]
    return StretchOut(
        road=found.road,
        length_m=round(found.length_m),
        off_m=round(found.off_m),
        path=[[round(lon, 6), round(lat, 6)] for lon, lat in found.lonlats],
        ends=[_end(found, at, known) for at in (0, -1)],
    )


def _end(stretch: Stretch, at: int, known: Sequence[PlaceRow]) -> StretchEndOut:
    lon, lat = stretch.lonlats[at]
    wide = cos(radians(lat))
    near = min(
        known, key=lambda place: hypot(place.lat - lat, (place.lon - lon) * wide), default=None
    )
    return StretchEndOut(
        lat=round(lat, 6),
        lon=round(lon, 6),
        meets=stretch.meets[at],
        near=None if near is None else _near(near, lat, lon),
    )


def _near(place: PlaceRow, lat: float, lon: float) -> NearOut:
    away_m = distance_m(lat, lon, place.lat, place.lon)
    return NearOut(name=place.name, name_en=place.name_en, distance_m=round(away_m))
