"""The booked vehicles that come to a stop, as a sign may tell everybody: no names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from gtfs import Stop
from gtfs.geo import distance_m
from maas.api.service import Service

AHEAD_S: Final = 2 * 3600
LATE_S: Final = 1800
BESIDE_M: Final = 60.0
"""Who waits here sees the vehicle: the door of a clinic beside its bus stop."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """A pickup at a stop, in epoch seconds; `digits` are the last of the reception number."""

    id: str
    vehicle: str
    vehicle_en: str
    planned: int
    window_from: int
    window_to: int
    arrived: bool
    digits: str


class _Place(msgspec.Struct):
    lat: float
    lon: float


class _Stop(msgspec.Struct):
    kind: str
    booking_id: str
    reference: str
    place: _Place
    planned: datetime
    window_from: datetime | None
    window_to: datetime
    state: str


class _Plan(msgspec.Struct):
    name: str
    name_en: str
    stops: list[_Stop]


def reserved_at(service: Service, stop: Stop, now: float) -> list[Reserved]:
    """Return the pickups at a stop within two hours, soonest first.

    They are read from what was last published of each vehicle's plan, so a sign costs no plan.
    """
    if stop.place is None:
        return []
    found = [
        one
        for area in service.keepers
        for fragment in service.hub.values(f"plan:{area}").values()
        for one in _pickups(msgspec.json.decode(fragment, type=_Plan), *stop.place)
        if now - LATE_S < one.planned < now + AHEAD_S
    ]
    return sorted(found, key=lambda one: (one.planned, one.id))


def _pickups(plan: _Plan, lat: float, lon: float) -> Iterator[Reserved]:
    for stop in plan.stops:
        waits = stop.kind == "pickup" and stop.state in {"planned", "arrived"}
        if waits and distance_m(lat, lon, stop.place.lat, stop.place.lon) <= BESIDE_M:
            window_from = stop.window_from or stop.planned
            yield Reserved(
                id=stop.booking_id[:8],
                vehicle=plan.name,
                vehicle_en=plan.name_en,
                planned=int(stop.planned.timestamp()),
                window_from=int(window_from.timestamp()),
                window_to=int(stop.window_to.timestamp()),
                arrived=stop.state == "arrived",
                digits=stop.reference[-2:],
            )
