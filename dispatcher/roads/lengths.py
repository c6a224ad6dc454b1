"""How long the fastest ways between places are, all of a table at once.

Metres add up along a way as time does, so both are found in one sweep (``sums``).  Of two ways
that are equally fast to the tenth of a second the longer one counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dispatcher.roads.anchor import Anchor
from dispatcher.roads.energy import Uses, topology_of
from dispatcher.roads.sums import SumsMetric, keys_of, sums_of, times_of
from dispatcher.roads.times import NEVER_DS, Ints
from dispatcher.roads.travel import Roads


def lengths_m(
    roads: Roads, origins: Sequence[Anchor], destinations: Sequence[Anchor], band: str = "day"
) -> Ints:
    """Return whole metres, one row an origin, 0 where there is no way.

    Raises ``ValueError`` for an unknown band.
    """
    times, turns = roads.times(band), roads.network.turns
    arc_dm = np.rint(10 * np.repeat(roads.network.length_m, 2)).astype(np.int64)
    before_dm = arc_dm[turns.arc[turns.tail]]
    keys = keys_of(times.weights.astype(np.int64), np.stack((before_dm, before_dm)))
    weights = np.ascontiguousarray(keys.T)
    metric = SumsMetric(topology_of(times.ground), weights)
    uses = Uses(times, np.stack((arc_dm, arc_dm)), weights, metric)
    found = uses.table(origins, destinations)[0]
    metres = np.rint(sums_of(found) / 10)
    metres[times_of(found) >= NEVER_DS] = 0
    return metres.astype(np.int32)
