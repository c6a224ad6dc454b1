"""Many alternatives of one trip, the best place of each in one compiled call."""

from __future__ import annotations

from collections.abc import Sequence

from dispatcher.fleet import Approach
from dispatcher.insert import Insertion
from dispatcher.model import Request


def best_in(
    approach: Approach, requests: Sequence[Request], banned: frozenset[str] = frozenset()
) -> list[Insertion | None]:
    """Return each request's best place in the whole fleet, ``None`` where there is none.

    The requests are alternatives between the two places of ``approach``.  Each answer is the first
    of ``insert.found_in``.
    """
    found = approach.search_many(requests, banned)
    ids = approach.fleet.vehicle_ids
    rows = zip(*(column.tolist() for column in (*found[:5], found.vehicle)), strict=True)
    return [
        None
        if v < 0
        else Insertion(ids[v], i, j + 1, cost, at_p, at_d, at_d - at_p - request.boarding_s)
        for request, (cost, i, j, at_p, at_d, v) in zip(requests, rows, strict=True)
    ]
