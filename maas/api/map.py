"""What a map is drawn from: bounds, our own tiles, bus routes and stops."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gtfs import Feed
from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.service import Service
from maas.api.shapes import LonLat
from maas.api.tiles import TILES_PATH
from maas.auth.roles import Permission

router = APIRouter(tags=["map"])


class TownOut(BaseModel):
    """Whose map it is, and where one books a ride there."""

    name: str
    name_en: str
    phone: str


class MapOut(BaseModel):
    """`bounds` are west, south, east, north; `tiles` is null without a road network.

    `town` is null while none is imported.
    """

    town: TownOut | None
    bounds: Annotated[list[float], Field(min_length=4, max_length=4)]
    center: LonLat
    tiles: str | None
    synthetic: bool
    notice: str
    attribution: str
    lines: dict[str, Any]
    stops: dict[str, Any]


@router.get("/map", operation_id="readMap", **needs(Permission.PUBLIC))
async def read_map(service: The) -> MapOut:
    """Return the frame of the town's map with its bus routes and stops as GeoJSON."""
    about = service.road_facts
    west, south, east, north = _bounds(service, about)
    return MapOut(
        town=_town(service),
        bounds=[west, south, east, north],
        center=[(west + east) / 2, (south + north) / 2],
        tiles=TILES_PATH if about else None,
        synthetic=bool(about.get("synthetic", False)),
        notice="合成道路データ / synthetic roads" if about.get("synthetic") else "",
        attribution=str(about.get("attribution", "")),
        lines=_collection(_lines(service.buses.feed)),
        stops=_collection(_stops(service.buses.feed)),
    )


def _town(service: Service) -> TownOut | None:
    town = service.town
    if town is None:
        return None
    return TownOut(name=town.name, name_en=town.name_en, phone=town.booking_phone)


def _bounds(service: Service, about: Mapping[str, Any]) -> tuple[float, float, float, float]:
    if about:
        west, south, east, north = about["bounds"]
        return west, south, east, north
    lat_min, lon_min, lat_max, lon_max = service.region
    return lon_min, lat_min, lon_max, lat_max


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


@lru_cache(maxsize=4)
def _lines(feed: Feed | None) -> list[dict[str, Any]]:
    """One line for each way a route takes."""
    if feed is None:
        return []
    ways = {(trip.route_id, *_way(feed, trip.id)): trip for trip in feed.trips.values()}
    features = []
    for (route_id, *_), trip in ways.items():
        points = _points(feed, trip.id)
        route = feed.routes.get(route_id)
        if route is None or len(points) < 2:
            continue
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": points},
                "properties": {"route": route_id, "name": route.name, "color": route.color},
            }
        )
    return features


def _way(feed: Feed, trip_id: str) -> tuple[str, ...]:
    trip = feed.trips[trip_id]
    calls = feed.stop_times.get(trip_id, ())
    return (trip.shape_id,) if trip.shape_id else tuple(call.stop_id for call in calls)


def _points(feed: Feed, trip_id: str) -> list[tuple[float, float]]:
    try:
        line = feed.line(trip_id)
    except ValueError:
        return []
    return [(round(lon, 6), round(lat, 6)) for lat, lon in line.points]


def _stops(feed: Feed | None) -> list[dict[str, Any]]:
    stops = [] if feed is None else list(feed.stops.values())
    return [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": (stop.lon, stop.lat)},
            "properties": {"id": stop.id, "name": stop.name},
        }
        for stop in stops
        if stop.lat is not None and stop.location_type in {0, 1}
    ]
