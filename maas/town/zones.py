"""Where the service goes: parts of the map, and between which of them it carries people.

A zone is drawn (polygons of latitude, longitude), listed (oaza, places), or both.  While a day has
no relation in force every trip is allowed; otherwise a trip must keep one of them.  A destination
in another town is a zone like any other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal, Protocol

import msgspec
import shapely
from msgspec import Meta

from maas.town.dated import Dated, Text1
from maas.town.sentences import Sentence, check_sentences
from maas.town.times import Clock, DayName

PlaceKind = Literal[
    "hall", "hospital", "clinic", "shop", "market", "school", "hub", "stop", "facility", "depot",
    "park", "home",
]  # fmt: skip
Point = tuple[
    Annotated[float, Meta(ge=-90.0, le=90.0)], Annotated[float, Meta(ge=-180.0, le=180.0)]
]
Ring = Annotated[tuple[Point, ...], Meta(min_length=3)]
ZoneId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]*$")]

EVERYWHERE = "*"
"""Stands for every zone in a relation, also for places in none."""


class Spot(Protocol):
    """What the rules look at of a place."""

    @property
    def code(self) -> str:
        """Its id in the town's files."""
        ...

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def name_en(self) -> str:
        """What it is called in English."""
        ...

    @property
    def kind(self) -> str:
        """What it is: one of `PlaceKind`."""
        ...

    @property
    def oaza(self) -> str:
        """The part of the town it is in, empty when unknown."""
        ...

    @property
    def lat(self) -> float:
        """Its latitude."""
        ...

    @property
    def lon(self) -> float:
        """Its longitude."""
        ...


class Zone(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the map: inside any polygon or oaza, there only `kinds` if given; and `places`.

    Only `kinds` and nothing drawn or listed is all places of those kinds.
    """

    id: ZoneId
    name: Text1
    name_en: Text1
    polygons: tuple[Ring, ...] = ()
    oaza: tuple[Text1, ...] = ()
    kinds: tuple[PlaceKind, ...] = ()
    places: tuple[Text1, ...] = ()

    def __post_init__(self) -> None:
        """Raise ``ValueError`` when it is nowhere, or a polygon crosses itself."""
        if not (self.polygons or self.oaza or self.kinds or self.places):
            raise ValueError(f"{self.id}: polygons, oaza, kinds or places are needed")
        if self.polygons and not all(shapely.is_valid(part) for part in _parts(self.polygons)):
            raise ValueError(f"{self.id}: a polygon crosses itself")

    def holds(self, spot: Spot) -> bool:
        """Whether a place lies in it; the border belongs to it."""
        if spot.code in self.places:
            return True
        if self.kinds and spot.kind not in self.kinds:
            return False
        if not (self.polygons or self.oaza):
            return bool(self.kinds)
        return spot.oaza in self.oaza or self._surrounds(spot.lat, spot.lon)

    def _surrounds(self, lat: float, lon: float) -> bool:
        return any(bool(shapely.intersects_xy(part, lon, lat)) for part in _parts(self.polygons))


@lru_cache(maxsize=256)
def _parts(polygons: tuple[Ring, ...]) -> tuple[shapely.Polygon, ...]:
    parts = tuple(shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in polygons)
    for part in parts:
        shapely.prepare(part)
    return parts


class Relation(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Between which zones people are carried, by default both ways; `*` is everywhere.

    `days` are those it runs on, none meaning every service day.  `runs` are its own departures
    (`runs_back` those of the way back) in place of those of the hours.  `stopped` ends a relation
    of this id that began earlier.
    """

    id: ZoneId
    origins: Annotated[tuple[str, ...], Meta(min_length=1)] = msgspec.field(name="from")
    destinations: Annotated[tuple[str, ...], Meta(min_length=1)] = msgspec.field(name="to")
    both_ways: bool = True
    days: tuple[DayName, ...] = ()
    runs: tuple[Clock, ...] = ()
    runs_back: tuple[Clock, ...] = ()
    stopped: bool = False
    sentences: dict[str, Sentence] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ``ValueError`` when it has a way back it does not run, or an odd sentence."""
        if self.runs_back and not self.both_ways:
            raise ValueError(f"{self.id}: runs_back of a relation that is one way")
        check_sentences(self.sentences, ("not_that_day",))

    @property
    def zones(self) -> frozenset[str]:
        """The zones it names."""
        return frozenset(self.origins + self.destinations) - {EVERYWHERE}
