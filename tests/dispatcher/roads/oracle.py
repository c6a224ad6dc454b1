"""Driving times found by walking, one arc at a time, from one place to another.

It reads the arcs and legal turns of a network and shares no code with ``Times``: no tables, no
offsets from the start of an arc, no lookup of places on one edge.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping

from dispatcher.roads import UNREACHABLE_S, Anchor, RoadNetwork


def drive_s(
    network: RoadNetwork,
    origin: Anchor,
    destination: Anchor,
    *,
    closed: Collection[int] = (),
    slow: Mapping[int, float] | None = None,
    profile: int = 0,
) -> float:
    """Return the seconds of the drive that enters fewest visitors' roads, then is fastest."""
    slow = slow or {}
    speed = {
        arc: float(network.speed_kmh[profile, arc]) * slow.get(arc, 1.0)
        for arc in range(2 * network.edge_count)
        if network.speed_kmh[profile, arc] > 0 and arc not in closed
    }
    time_s = {
        arc: float(network.length_m[arc // 2]) * 3.6 / kmh + int(network.delay_ds[arc]) / 10
        for arc, kmh in speed.items()
    }
    turns: dict[int, list[tuple[int, bool, float]]] = {}
    for tail, head, cost_ds, enters in zip(
        network.turn_tail.tolist(),
        network.turn_head.tolist(),
        network.turn_cost_ds.tolist(),
        network.turn_enters.tolist(),
        strict=True,
    ):
        turns.setdefault(tail, []).append((head, enters, cost_ds / 10))
    queue: list[tuple[int, float, int, float]] = []
    for arc in (2 * origin.edge, 2 * origin.edge + 1):
        if arc in speed:
            heapq.heappush(queue, (0, 0.0, arc, _share(arc, origin)))
    seen: set[int] = set()
    best = (1_000_000, float("inf"))
    while queue:
        entries, at_s, state, share = heapq.heappop(queue)
        arc = int(network.turn_arc[state])
        if share == 0.0:
            if state in seen:
                continue
            seen.add(state)
        goal = _share(arc, destination)
        if arc // 2 == destination.edge and goal >= share:
            best = min(best, (entries, at_s + (goal - share) * time_s[arc]))
        for head, enters, cost_s in turns.get(state, ()):
            if int(network.turn_arc[head]) in speed:
                later_s = at_s + (1 - share) * time_s[arc] + cost_s
                heapq.heappush(queue, (entries + enters, later_s, head, 0.0))
    return UNREACHABLE_S if best[1] == float("inf") else best[1]


def _share(arc: int, anchor: Anchor) -> float:
    return 1 - anchor.fraction if arc % 2 else anchor.fraction
