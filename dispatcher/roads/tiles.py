"""The map: roads as vector tiles in one PMTiles file, drawn by maplibre-gl without a tile server.

Source layer ``roads``, zoom 8 to 14; small roads appear as one zooms in.  The same roads give the
same bytes.
"""

from __future__ import annotations

import gzip
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from dispatcher.roads.osm import OsmRoads, OsmWay
from dispatcher.roads.profiles import CLASSES, road_class

ZOOM_MIN, ZOOM_MAX = 8, 14
_EXTENT = 4096
_BUFFER = 64 / _EXTENT
_FROM_ZOOM = {
    **dict.fromkeys(CLASSES, 12),
    **dict.fromkeys(("motorway", "trunk", "primary", "secondary", "ferry"), 8),
    **dict.fromkeys(("motorway_link", "trunk_link", "primary_link"), 10),
    **dict.fromkeys(("tertiary", "secondary_link", "tertiary_link"), 9),
    **dict.fromkeys(("unclassified", "residential"), 11),
}


@dataclass(frozen=True, slots=True)
class MapRoad:
    """A road on the map in web-mercator units: the world is the square from 0 to 1, y down."""

    line: shapely.LineString
    properties: Mapping[str, str | bool]


def map_roads(roads: OsmRoads, ways: Sequence[OsmWay]) -> list[MapRoad]:
    """Return the ways as they appear on the map, in the order of their ids."""
    return [
        MapRoad(
            shapely.LineString([_mercator(*roads.positions[node]) for node in way.nodes]),
            _properties(way.tags),
        )
        for way in sorted(ways, key=lambda way: way.id)
    ]


def _mercator(lon: float, lat: float) -> tuple[float, float]:
    y = math.asinh(math.tan(math.radians(lat))) / math.pi
    return (lon + 180) / 360, (1 - y) / 2


def _properties(tags: Mapping[str, str]) -> dict[str, str | bool]:
    return {
        "class": road_class(tags),
        "name": tags.get("name", ""),
        "ref": tags.get("ref", ""),
        "oneway": tags.get("oneway") in ("yes", "1", "true", "-1"),
        "synthetic": tags.get("synthetic") == "yes",
    }


def write_tiles(
    path: Path,
    roads: Sequence[MapRoad],
    *,
    bounds: tuple[float, float, float, float],
    attribution: str,
) -> int:
    """Write the tile file and return how many tiles it holds.

    ``bounds`` is (west, south, east, north) in degrees.
    """
    tiles = {
        zxy_to_tileid(zoom, x, y): _encode(members, zoom, x, y)
        for zoom in range(ZOOM_MIN, ZOOM_MAX + 1)
        for (x, y), members in _by_tile(roads, zoom).items()
    }
    with path.open("wb") as file:
        writer: Any = Writer(file)  # type: ignore[no-untyped-call]
        for tile_id in sorted(tiles):
            writer.write_tile(tile_id, gzip.compress(tiles[tile_id], mtime=0))
        writer.finalize(_header(bounds), _metadata(attribution))
    return len(tiles)


def _by_tile(
    roads: Sequence[MapRoad], zoom: int
) -> dict[tuple[int, int], list[tuple[MapRoad, shapely.Geometry]]]:
    """Return the pieces of road in each tile, thinned to what the zoom can show."""
    tiles: dict[tuple[int, int], list[tuple[MapRoad, shapely.Geometry]]] = defaultdict(list)
    pixel = 1 / (2**zoom * _EXTENT)
    for road in roads:
        if _FROM_ZOOM[str(road.properties["class"])] > zoom:
            continue
        line = road.line.simplify(4 * pixel)
        for x, y in _touched(line, zoom):
            piece = shapely.clip_by_rect(line, *_box(zoom, x, y))
            if not piece.is_empty and piece.length > 0:
                tiles[x, y].append((road, piece))
    return tiles


def _touched(line: shapely.Geometry, zoom: int) -> Iterator[tuple[int, int]]:
    size = 2**zoom
    west, north, east, south = shapely.bounds(line).tolist()
    for x in range(int(west * size - _BUFFER), int(east * size + _BUFFER) + 1):
        for y in range(int(north * size - _BUFFER), int(south * size + _BUFFER) + 1):
            yield x, y


def _box(zoom: int, x: int, y: int) -> tuple[float, float, float, float]:
    size = 2**zoom
    return (
        (x - _BUFFER) / size,
        (y - _BUFFER) / size,
        (x + 1 + _BUFFER) / size,
        (y + 1 + _BUFFER) / size,
    )


def _encode(
    members: Sequence[tuple[MapRoad, shapely.Geometry]], zoom: int, x: int, y: int
) -> bytes:
    scale = 2**zoom * _EXTENT
    features = [
        {
            "geometry": shapely.transform(
                piece, lambda points: points * scale - [x * _EXTENT, y * _EXTENT]
            ),
            "properties": dict(road.properties),
        }
        for road, piece in members
    ]
    layer = {"name": "roads", "features": features}
    encoded: bytes = mapbox_vector_tile.encode(
        [layer], default_options={"extents": _EXTENT, "y_coord_down": True}
    )
    return encoded


def _header(bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    west, south, east, north = (round(degrees * 10_000_000) for degrees in bounds)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_zoom": ZOOM_MIN,
        "max_zoom": ZOOM_MAX,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 11,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }


def _metadata(attribution: str) -> dict[str, Any]:
    fields = {"class": "String", "name": "String", "ref": "String"}
    flags = {"oneway": "Boolean", "synthetic": "Boolean"}
    return {
        "name": "roads",
        "attribution": attribution,
        "vector_layers": [
            {
                "id": "roads",
                "minzoom": ZOOM_MIN,
                "maxzoom": ZOOM_MAX,
                "fields": {**fields, **flags},
            }
        ],
    }
