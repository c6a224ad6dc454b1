"""The messages of the live stream, as the contract writes them."""

from __future__ import annotations

import msgspec

encode = msgspec.json.encode


class NextStop(msgspec.Struct, frozen=True):
    """Where a bus calls next, and when (epoch seconds)."""

    stop: str
    name: str
    expected: int


class Vehicle(msgspec.Struct, frozen=True, omit_defaults=True):
    """A vehicle on the live map.  ``ts`` is the epoch second of its fix."""

    id: str
    lat: float
    lon: float
    bearing: float | None
    speed: float | None
    ts: float
    state: str
    name: str = ""
    trip: str = ""
    route: str = ""
    delay_s: int | None = None
    next: NextStop | None = None


class Departure(msgspec.Struct, frozen=True):
    """A departure from a stop, in epoch seconds; ``id`` tells a trip's days and loops apart.

    ``expected``, ``low`` and ``high`` are ``None`` while nothing is known but the timetable.
    """

    id: str
    trip: str
    route: str
    route_name: str
    route_name_en: str
    headsign: str
    headsign_kana: str
    headsign_en: str
    color: str
    text_color: str
    platform: str
    scheduled: int
    expected: int | None
    low: int | None
    high: int | None
    be_there_by: int
    state: str
    delay_s: int | None
    vehicle: str | None

    @property
    def leaves(self) -> int:
        """The best-known departure."""
        return self.scheduled if self.expected is None else self.expected


def gone(key: str) -> bytes:
    """Return what tells clients that a vehicle or departure has left a topic."""
    return encode({"id": key, "gone": True})
