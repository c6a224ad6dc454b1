"""What was asked for, as the demand model counts it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from maas.records.demand import Cell, Seen, hour_of
from maas.records.ridership import purpose_of
from maas.records.whatif_asks import Asked
from maas.store.places import PlaceRow


def seen_of(asked: Iterable[Asked], places: Mapping[int, PlaceRow]) -> list[Seen]:
    """Return each trip with its hour, the part of the town it begins in, and its purpose."""
    return [Seen(each.day, _cell(each, places)) for each in asked]


def _cell(each: Asked, places: Mapping[int, PlaceRow]) -> Cell:
    origin, destination = places[each.origin], places[each.destination]
    return Cell(hour_of(each), origin.oaza, purpose_of(origin.kind, destination.kind))
