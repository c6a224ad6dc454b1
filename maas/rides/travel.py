"""Driving times between the town's places and its moving vehicles, as the dispatcher asks for them.

A place is its id in the database; where a vehicle is now is the place `VEHICLE_PLACE_BASE` plus its
row number, whose anchor moves with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher import Place, TravelTimes
from dispatcher.roads import Anchor, RoadPath, RoadTimes
from maas.rides.drives import KeptTimes

VEHICLE_PLACE_BASE: Final = 1_000_000


def vehicle_place(row: int) -> Place:
    """Return the place that stands for where the vehicle of a row is now."""
    return Place(VEHICLE_PLACE_BASE + row)


@dataclass(slots=True)
class Anchors:
    """Where each place joins the roads; a place without an anchor cannot be reached."""

    of: dict[int, Anchor] = field(default_factory=dict)

    def put(self, place: int, anchor: Anchor | None) -> None:
        """Note where a place is, `None` nowhere."""
        if anchor is None:
            self.of.pop(place, None)
        else:
            self.of[place] = anchor


@dataclass(frozen=True, slots=True)
class Drives:
    """The driving times of one vehicle profile; satisfies the dispatcher's `TravelTimes`."""

    roads: RoadTimes
    anchors: Anchors
    _kept: KeptTimes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kept", KeptTimes(self.roads))

    @property
    def is_parted(self) -> bool:
        """Whether roads are closed, so that places may lie on either side."""
        return bool(getattr(self.roads, "closed_until_s", None))

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """See `dispatcher.TravelTimes.table`."""
        return self._kept.table(origins, destinations, self.anchors.of)

    def path(self, origin: int, destination: int) -> RoadPath | None:
        """Return the drive from one place to another, `None` when there is no way."""
        start, end = self.anchors.of.get(origin), self.anchors.of.get(destination)
        return None if start is None or end is None else self.roads.path(start, end)

    def length_m(self, places: Sequence[int]) -> int:
        """Return how long the drive through `places` is; a leg without a way counts nothing."""
        paths = [self.path(a, b) for a, b in pairwise(places) if a != b]
        return round(sum(path.length_m for path in paths if path is not None))


@dataclass(frozen=True, slots=True)
class Matrix:
    """Driving times looked up once, small enough to send to another process."""

    row: Mapping[int, int]
    seconds: NDArray[np.int32]

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """See `dispatcher.TravelTimes.table`."""
        rows, columns = [self.row[a] for a in origins], [self.row[b] for b in destinations]
        return np.ascontiguousarray(self.seconds[np.ix_(rows, columns)])


def matrix(travel: TravelTimes, places: Sequence[Place]) -> Matrix:
    """Return the times between all pairs of `places`."""
    return Matrix({place: at for at, place in enumerate(places)}, travel.table(places, places))
