"""The road network: the way between two points, the road at one."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from maas.api.identity import The
from maas.api.permissions import needs
from maas.api.problems import Problem
from maas.api.shapes import LonLat
from maas.api.stretches import OFF_ROAD_M, StretchOut, stretch_at
from maas.auth.roles import Permission

router = APIRouter(prefix="/roads", tags=["roads"])

_LAT = r"-?([0-8]?[0-9](\.[0-9]{1,10})?|90(\.0{1,10})?)"
_LON = r"-?((1[0-7][0-9]|[0-9]?[0-9])(\.[0-9]{1,10})?|180(\.0{1,10})?)"
Point = Annotated[
    str,
    Query(pattern=f"^{_LAT},{_LON}$", description="lat,lon", examples=["34.86,133.69"]),
]


class RoadOut(BaseModel):
    """A drive; `path` is [lon, lat] pairs."""

    duration_s: int
    length_m: float
    climb_m: float
    descent_m: float
    path: list[LonLat]


@router.get("/route", operation_id="readRoute", **needs(Permission.SIGNED_IN, "no-roads", "no-way"))
async def read_route(
    service: The,
    start: Annotated[Point, Query(alias="from")],
    end: Annotated[Point, Query(alias="to")],
    profile: Literal["car", "micro_ev"] = "car",
) -> RoadOut:
    """Return the fastest way by road between the road points nearest to two coordinates."""
    roads = service.roads.get(profile)
    if roads is None:
        raise Problem("no-roads")
    ends = [roads.snap(*_lat_lon(point)) for point in (start, end)]
    if any(snap.distance_m > OFF_ROAD_M for snap in ends):
        raise Problem("no-way")
    found = roads.path(ends[0].anchor, ends[1].anchor)
    if found is None:
        raise Problem("no-way")
    return RoadOut(
        duration_s=found.duration_s,
        length_m=round(found.length_m, 1),
        climb_m=round(found.climb_m, 1),
        descent_m=round(found.descent_m, 1),
        path=[[round(lon, 6), round(lat, 6)] for lon, lat in found.lonlats],
    )


@router.get(
    "/stretch", operation_id="readStretch", **needs(Permission.READ_PLAN, "no-roads", "no-way")
)
async def read_stretch(service: The, at: Point) -> StretchOut:
    """Return the road, from junction to junction, that a closure at a point would close."""
    if not service.roads:
        raise Problem("no-roads")
    found = stretch_at(service, *_lat_lon(at))
    if found is None:
        raise Problem("no-way")
    return found


def _lat_lon(text: str) -> tuple[float, float]:
    lat, _, lon = text.partition(",")
    return float(lat), float(lon)
