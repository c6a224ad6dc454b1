"""Where somebody could board or get off instead, who may not where they asked to.

People who cannot be fetched at the door are not left with a no: the nearest places between which
the rules would carry them are named, with how far away they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from gtfs.geo import distance_m
from maas.town.calendars import DayRules, Refused
from maas.town.messages import Text, say
from maas.town.rules import AreaRules
from maas.town.trips import Trip, for_trip
from maas.town.zones import Spot

PRIVATE: Final = frozenset({"home", "depot", "spot"})
NEAR_M: Final = 3000.0
"""So far somebody of the family can bring them; what is further is no help."""
_LOOKED_AT: Final = 12


@dataclass(frozen=True, slots=True)
class Near:
    """A trip that would be allowed, and how far its ends are from those asked for."""

    trip: Trip
    origin_m: float
    destination_m: float


def nearest(rules: AreaRules, found: DayRules, trip: Trip, spots: Iterable[Spot]) -> Near | None:
    """Return the allowed trip whose ends are least far from those asked for, `None` without one.

    `found` are the rules of the day, `spots` the places to choose from; only public ones are taken.
    """
    public = [spot for spot in spots if spot.kind not in PRIVATE]
    first, last = _around(trip.origin, public), _around(trip.destination, public)
    pairs = [(a_m + b_m, a_m, b_m, a, b) for a_m, a in first for b_m, b in last if a != b]
    for _, origin_m, destination_m, origin, destination in sorted(pairs, key=lambda pair: pair[0]):
        other = replace(trip, origin=origin, destination=destination)
        if isinstance(for_trip(rules, found, other), DayRules):
            return Near(other, origin_m, destination_m)
    return None


def helped(
    refusal: Refused, rules: AreaRules, found: DayRules, trip: Trip, spots: Iterable[Spot]
) -> Refused:
    """Return a refusal that says where one could board or get off instead, when one could."""
    near = nearest(rules, found, trip, spots)
    if near is None:
        return refusal
    said = [refusal.text]
    if near.origin_m > 0:
        said.append(_said("near_origin", near.trip.origin, near.origin_m))
    if near.destination_m > 0:
        said.append(_said("near_destination", near.trip.destination, near.destination_m))
    text = Text("".join(each.ja for each in said), " ".join(each.en for each in said))
    return replace(refusal, text=text)


def _around(end: Spot, spots: Iterable[Spot]) -> list[tuple[float, Spot]]:
    """Return the place itself and those nearest to it, each with how far away it is."""
    away = ((distance_m(end.lat, end.lon, spot.lat, spot.lon), spot) for spot in spots)
    near = [(m, spot) for m, spot in away if m <= NEAR_M and spot.code != end.code]
    near.sort(key=lambda found: (found[0], found[1].code))
    return [(0.0, end), *((max(m, 1.0), spot) for m, spot in near[:_LOOKED_AT])]


def _said(message: str, spot: Spot, away_m: float) -> Text:
    far = distance_words(away_m)
    return say(message, place=spot.name, place_en=spot.name_en, far=far.ja, far_en=far.en)


def distance_words(away_m: float) -> Text:
    """Return how far away something is, as one says it.

    >>> distance_words(640)
    Text(ja='約600メートル', en='about 600 m')
    >>> distance_words(2240)
    Text(ja='約2.2キロ', en='about 2.2 km')
    """
    if away_m < 950:
        rounded = max(50, round(away_m / 50) * 50) if away_m < 500 else round(away_m / 100) * 100
        return Text(f"約{rounded}メートル", f"about {rounded} m")
    return Text(f"約{away_m / 1000:.1f}キロ", f"about {away_m / 1000:.1f} km")
