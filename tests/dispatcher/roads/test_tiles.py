"""The map file, read back as maplibre's pmtiles protocol would."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import Compression, TileType

from tests.dispatcher.roads.towns import Town


def tile_of(lat: float, lon: float, zoom: int) -> tuple[int, int]:
    size = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * size), int(y * size)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield Reader(MmapSource(file))  # type: ignore[no-untyped-call]


def roads_at(reader: Any, lat: float, lon: float, zoom: int) -> list[dict[str, Any]]:  # noqa: ANN401
    packed = reader.get(zoom, *tile_of(lat, lon, zoom))
    if packed is None:
        return []
    tile = mapbox_vector_tile.decode(gzip.decompress(packed))
    assert list(tile) == ["roads"]
    features: list[dict[str, Any]] = tile["roads"]["features"]
    return features


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town()
    town.way((0, 0), (1, 0), (2, 0), highway="secondary", name="県道", ref="72", synthetic="yes")
    town.way((1, 0), (1, 1), highway="service")
    town.way((2, 0), (3, 0), (2, 1), (2, 0), oneway="yes")
    town.build(tmp_path)
    return town


def test_the_header_says_what_maplibre_needs(town: Town, tmp_path: Path) -> None:
    with opened(tmp_path / "roads" / "roads.pmtiles") as reader:
        header, metadata = reader.header(), reader.metadata()

    assert header["tile_type"] is TileType.MVT
    assert header["tile_compression"] is Compression.GZIP
    assert (header["min_zoom"], header["max_zoom"]) == (8, 14)
    assert header["min_lon_e7"] == pytest.approx(1e7 * town.lat_lon((0, 0))[1], abs=2)
    assert header["max_lat_e7"] == pytest.approx(1e7 * town.lat_lon((0, 1))[0], abs=2)
    assert metadata["vector_layers"][0]["id"] == "roads"
    assert "合成道路データ" in metadata["attribution"]


def test_a_tile_shows_the_roads_in_it_with_their_names(town: Town, tmp_path: Path) -> None:
    with opened(tmp_path / "roads" / "roads.pmtiles") as reader:
        features = roads_at(reader, *town.lat_lon((0.9, 0.0)), 12)

    by_class = {feature["properties"]["class"]: feature for feature in features}
    main = by_class["secondary"]["properties"]
    assert main == {
        "class": "secondary",
        "name": "県道",
        "ref": "72",
        "oneway": False,
        "synthetic": True,
    }
    assert by_class["residential"]["properties"]["oneway"] is True
    assert by_class["service"]["geometry"]["type"] == "LineString"


def test_small_roads_appear_as_one_zooms_in(town: Town, tmp_path: Path) -> None:
    point = town.lat_lon((0.9, 0.0))
    with opened(tmp_path / "roads" / "roads.pmtiles") as reader:
        shown = {
            zoom: {f["properties"]["class"] for f in roads_at(reader, *point, zoom)}
            for zoom in (8, 11, 12)
        }

    assert shown == {
        8: {"secondary"},
        11: {"secondary", "residential"},
        12: {"secondary", "residential", "service"},
    }


def test_a_road_lies_in_its_tile_where_it_lies_on_earth(town: Town, tmp_path: Path) -> None:
    lat, lon = town.lat_lon((0.5, 0.0))
    x, y = tile_of(lat, lon, 14)
    with opened(tmp_path / "roads" / "roads.pmtiles") as reader:
        features = roads_at(reader, lat, lon, 14)

    (feature,) = [f for f in features if f["properties"]["class"] == "secondary"]
    size = 2**14
    world_y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * size
    for east, north in feature["geometry"]["coordinates"]:
        assert -65 <= east <= 4096 + 65
        assert 4096 - north == pytest.approx((world_y - y) * 4096, abs=2)  # decoded with y up
    assert x == int((lon + 180) / 360 * size)
