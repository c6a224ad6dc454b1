"""Map cells: the hexagons of H3 as topics, so that a map hears only what is in view.

Cells of resolution 8 are about 1 km across, those of 7 about 3 km.
"""

from __future__ import annotations

from typing import Final

import h3

RESOLUTIONS: Final = (7, 8)
CELLS_MAX: Final = 48
"""So many cells cover an area at most; whoever looks at more hears ``vehicles`` instead."""

Area = tuple[float, float, float, float]
"""lat_min, lon_min, lat_max, lon_max, in degrees."""


def topics_at(lat: float, lon: float) -> tuple[str, ...]:
    """Return the topics of the cells that a place lies in, the coarsest first.

    >>> topics_at(34.85, 133.7)
    ('cell:872e68b90ffffff', 'cell:882e68b907fffff')
    """
    return tuple(f"cell:{h3.latlng_to_cell(lat, lon, each)}" for each in RESOLUTIONS)


def topics_within(area: Area) -> list[str]:
    """Return the topics of the finest cells that cover an area, none when it takes too many."""
    lat_min, lon_min, lat_max, lon_max = area
    corners = [(lat_min, lon_min), (lat_min, lon_max), (lat_max, lon_max), (lat_max, lon_min)]
    shape = h3.LatLngPoly(corners)
    for resolution in reversed(RESOLUTIONS):
        if _surely_too_large(area, resolution):
            continue
        cells = h3.polygon_to_cells_experimental(shape, resolution, contain="overlap")
        if len(cells) <= CELLS_MAX:
            return [f"cell:{cell}" for cell in sorted(cells)]
    return []


def parse_area(text: str) -> Area | None:
    """Read ``lat_min,lon_min,lat_max,lon_max``; ``None`` when it is no rectangle on the map.

    >>> parse_area("34.8,133.6,34.9,133.8")
    (34.8, 133.6, 34.9, 133.8)
    """
    try:
        lat_min, lon_min, lat_max, lon_max = map(float, text.split(","))
    except ValueError:
        return None
    if not (-90 <= lat_min < lat_max <= 90 and -180 <= lon_min < lon_max <= 180):
        return None
    return lat_min, lon_min, lat_max, lon_max


def _surely_too_large(area: Area, resolution: int) -> bool:
    """Say so without counting cells, of which a large area has millions."""
    lat_min, lon_min, lat_max, lon_max = area
    height, width = lat_max - lat_min, lon_max - lon_min
    if max(height, width) > 5:
        return True
    centre = h3.latlng_to_cell((lat_min + lat_max) / 2, (lon_min + lon_max) / 2, resolution)
    corners = h3.cell_to_boundary(centre)
    cell_height = max(lat for lat, _ in corners) - min(lat for lat, _ in corners)
    cell_width = max(lon for _, lon in corners) - min(lon for _, lon in corners)
    return bool(height * width > 2 * CELLS_MAX * cell_height * cell_width)
