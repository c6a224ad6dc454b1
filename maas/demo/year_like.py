"""Which town the fixture is of."""

from __future__ import annotations

import hashlib

from maas.fleet.vehicles import taxis
from maas.rides.show import Names


def likeness(names: Names) -> str:
    """Return a short name of whom and where the fixture tells of.

    Roads, rules and times of a town may change and the past stays as it was; members, their usual
    places and the vehicles may not.
    """
    known = hashlib.sha256()
    for row in sorted(names.members.values(), key=lambda row: row.number):
        usual = [names.places[id_].code for id_ in row.favourites]
        known.update(f"{row.number} {row.oaza} {usual}\n".encode())
    ours = taxis(names.vehicles.values())
    known.update(repr(sorted((row.id, row.profile) for row in ours)).encode())
    return known.hexdigest()[:16]
