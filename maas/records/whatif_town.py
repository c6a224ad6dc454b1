"""A town as a what-if needs it: rules, places, vehicles, and every drive in one table.

Small enough to be sent to other processes and machines; nobody's name or telephone is in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from dispatcher import Place
from dispatcher.roads import Roads
from dispatcher.roads.lengths import lengths_m
from maas.rides.standing import Standing
from maas.store.fleet import VehicleRow
from maas.store.members import MemberRow
from maas.store.places import PlaceRow
from maas.town.rules import AreaRules

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Drives:
    """The drives of one profile between all places: whole seconds and metres.

    It is what `dispatcher.day.Roads` asks for: who is on the way somewhere gets there, since
    between two places there is nothing.
    """

    row: Mapping[int, int]
    seconds: Ints
    metres: Ints

    def table(self, origins: Sequence[Place], destinations: Sequence[Place], /) -> Ints:
        """See `dispatcher.TravelTimes.table`."""
        row = self.row
        rows = np.array([row[a] for a in origins], dtype=np.intp)
        columns = np.array([row[b] for b in destinations], dtype=np.intp)
        found: Ints = self.seconds[rows[:, None], columns]
        return found

    def along(self, origin: Place, destination: Place, elapsed_s: float, /) -> tuple[Place, int]:
        """See `dispatcher.day.Roads`."""
        del elapsed_s
        return destination, int(self.seconds[self.row[origin], self.row[destination]])

    def leaving(self, place: Place, /) -> tuple[Place, int]:
        """See `dispatcher.day.Roads`."""
        return place, 0

    def length_m(self, origin: int, destination: int) -> int:
        """Return how long the drive is."""
        return int(self.metres[self.row[origin], self.row[destination]])


@dataclass(frozen=True, slots=True)
class Town:
    """One area; `stops` are the places that are stops of the timetable."""

    area: str
    timezone: str
    rules: AreaRules
    places: Mapping[int, PlaceRow]
    members: Mapping[int, MemberRow]
    taxis: tuple[VehicleRow, ...]
    drives: Mapping[str, Drives]

    @property
    def reachable(self) -> Mapping[int, int]:
        """The places that are on the roads."""
        return next(iter(self.drives.values())).row


_NOBODY: Final = MemberRow(0, "", "", "", "", None, "", "", None, (), "", (), "ja")


def town_of(standing: Standing, roads: Mapping[str, Roads]) -> Town:
    """Return what a running service knows of its area, with every drive between its places."""
    names, anchors = standing.names, standing.anchors.of
    ids = sorted(id_ for id_ in names.places if id_ in anchors)
    return Town(
        area=names.area,
        timezone=names.timezone,
        rules=standing.rules,
        places={id_: _nameless(names.places[id_]) for id_ in ids},
        members={id_: _anonymous(row) for id_, row in names.members.items()},
        taxis=standing.taxis,
        drives={
            profile: _drives(standing, roads[profile], profile, ids)
            for profile in sorted({row.profile for row in standing.taxis})
        },
    )


def _drives(standing: Standing, roads: Roads, profile: str, ids: Sequence[int]) -> Drives:
    places, anchors = [Place(id_) for id_ in ids], [standing.anchors.of[id_] for id_ in ids]
    seconds = standing.travel[profile].table(places, places).astype(np.int32)
    rows = {id_: at for at, id_ in enumerate(ids)}
    return Drives(rows, seconds, lengths_m(roads, anchors, anchors))


def _nameless(row: PlaceRow) -> PlaceRow:
    """Return a home without whose it is."""
    if row.kind != "home":
        return row
    return replace(row, name="", kana="", name_en="", address="", nicknames=())


def _anonymous(row: MemberRow) -> MemberRow:
    """Return a member with nothing but what fares and drivers go by."""
    return replace(_NOBODY, id=row.id, tags=row.tags, aids=row.aids, eligibility=row.eligibility)


def fingerprint(town: Town) -> str:
    """Return a short name of exactly this town: another when anything in it changes."""
    known = hashlib.sha256()
    plain = (
        town.area,
        town.rules,
        sorted(town.places.items()),
        sorted((id_, sorted(row.tags)) for id_, row in town.members.items()),
        [replace(row, driver=None) for row in town.taxis],
    )
    known.update(msgspec.json.encode(plain, order="deterministic"))
    for profile, drives in sorted(town.drives.items()):
        known.update(profile.encode())
        known.update(drives.seconds.tobytes())
        known.update(drives.metres.tobytes())
    return known.hexdigest()[:16]
