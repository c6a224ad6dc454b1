"""What it costs to turn, and which turns are forbidden.

Costs follow OSRM's ``process_turn``: a sigmoid of the angle up to 7.5 s where more than two roads
meet, a little more against the oncoming traffic, and 20 s more for turning round.  Turning round
is possible at dead ends and junctions, not where one road merely continues as another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads.graph import RawGraph
from dispatcher.roads.network import Turns
from dispatcher.roads.osm import OsmRestriction

_TURN_S = 7.5
_TURN_ROUND_S = 20.0
_BIAS = 1.075
_LOOK_M = 15.0


@dataclass(slots=True)
class _Rules:
    """Restrictions in terms of arcs.

    ``banned`` are pairs of arcs; ``through`` maps (from arc, arcs in between) to the arcs that may
    not follow; ``skipped`` are restrictions that fit no road.
    """

    banned: set[tuple[int, int]] = field(default_factory=set)
    through: dict[tuple[int, ...], set[int]] = field(default_factory=lambda: defaultdict(set))
    skipped: list[int] = field(default_factory=list)


def turns_of(graph: RawGraph, restrictions: Sequence[OsmRestriction]) -> tuple[Turns, list[int]]:
    """Return every legal turn and the ids of restrictions that could not be applied."""
    open_arc: NDArray[np.bool_] = np.logical_or.reduce(graph.speed_kmh > 0)
    tail, head = _pairs(graph, open_arc)
    degree = np.bincount(np.concatenate((graph.tail, graph.head)), minlength=len(graph.node_ids))
    here = graph.arc_head[tail]
    round_turn = head == (tail ^ 1)
    blocked = np.array([_blocked(graph, node) for node in graph.node_ids.tolist()], dtype=np.bool_)
    passes = _merely_goes_on(graph, degree) & ~blocked
    legal = np.where(round_turn, ~passes[here], ~blocked[here])
    rules = _rules(graph, restrictions, tail, head)
    if rules.banned:
        pairs = zip(tail.tolist(), head.tolist(), strict=True)
        legal &= np.array([pair not in rules.banned for pair in pairs], dtype=np.bool_)
    tail, head = tail[legal], head[legal]
    cost_ds = _costs_ds(graph, tail, head, degree)
    enters = ~graph.visitors_only[tail] & graph.visitors_only[head]
    arcs = np.arange(2 * len(graph.edges), dtype=np.int32)
    return _with_copies(Turns(arcs, tail, head, cost_ds, enters), rules), rules.skipped


def _merely_goes_on(graph: RawGraph, degree: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the nodes where one road open both ways to everybody continues as another."""
    everybody: NDArray[np.bool_] = np.logical_and.reduce(graph.speed_kmh > 0)
    size = len(graph.node_ids)
    leaving = np.bincount(graph.arc_tail[everybody], minlength=size)
    arriving = np.bincount(graph.arc_head[everybody], minlength=size)
    goes_on: NDArray[np.bool_] = (degree == 2) & (leaving == 2) & (arriving == 2)
    return goes_on


def _blocked(graph: RawGraph, node: int) -> bool:
    rule = graph.nodes.get(node)
    return rule is not None and rule.blocked


def _pairs(
    graph: RawGraph, open_arc: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return every (arc, arc that starts where it ends), open arcs only."""
    arcs = np.flatnonzero(open_arc).astype(np.int32)
    by_tail = arcs[np.argsort(graph.arc_tail[arcs], kind="stable")]
    tails = graph.arc_tail[by_tail]
    at = graph.arc_head[arcs]
    first, last = np.searchsorted(tails, at, "left"), np.searchsorted(tails, at, "right")
    counts = last - first
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(arcs, counts), by_tail[np.repeat(first, counts) + offsets]


def _costs_ds(
    graph: RawGraph,
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    degree: NDArray[np.int64],
) -> NDArray[np.int32]:
    leaving, arriving = _bearings(graph)
    angle = (leaving[head] - arriving[tail] + 180.0) % 360.0 - 180.0
    round_turn = head == (tail ^ 1)
    angle[round_turn] = 180.0
    bias = 1 / _BIAS if graph.country == "jp" else _BIAS
    side = np.where(angle >= 0, bias, 1 / bias)
    cost_s = _TURN_S / (1 + np.exp(-(13 / side * np.abs(angle) / 180 - 6.5 * side)))
    cost_s += np.where(round_turn, _TURN_ROUND_S, 0.0)
    counts = round_turn | (degree[graph.arc_head[tail]] > 2)
    return np.rint(np.where(counts, 10 * cost_s, 0)).astype(np.int32)


def _bearings(graph: RawGraph) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bearing of each arc where it starts and where it ends, seen over 15 m."""
    leaving = np.zeros(2 * len(graph.edges))
    arriving = np.zeros(2 * len(graph.edges))
    for edge, (a, b) in enumerate(zip(graph.start[:-1], graph.start[1:], strict=True)):
        lat = graph.lat[a:b]
        north = (lat - lat[0]) * 111_195
        east = (graph.lon[a:b] - graph.lon[a]) * 111_195 * np.cos(np.radians(lat[0]))
        start, end = _over_first_metres(east, north), _over_first_metres(east[::-1], north[::-1])
        leaving[2 * edge], leaving[2 * edge + 1] = start, end
        arriving[2 * edge], arriving[2 * edge + 1] = end + 180, start + 180
    return leaving, arriving


def _over_first_metres(east: NDArray[np.float64], north: NDArray[np.float64]) -> float:
    dx, dy = east - east[0], north - north[0]
    far = np.flatnonzero(np.hypot(dx, dy) >= _LOOK_M)
    index = far[0] if len(far) else len(dx) - 1
    return float(np.degrees(np.arctan2(dx[index], dy[index])))


def _rules(
    graph: RawGraph,
    restrictions: Sequence[OsmRestriction],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
) -> _Rules:
    rules = _Rules()
    if not restrictions:
        return rules
    following: dict[int, list[int]] = defaultdict(list)
    for a, b in zip(tail.tolist(), head.tolist(), strict=True):
        following[a].append(b)
    arcs_of: dict[int, list[int]] = defaultdict(list)
    for index, edge in enumerate(graph.edges):
        arcs_of[edge.raw.way.id] += [2 * index, 2 * index + 1]
    index_of = {node: row for row, node in enumerate(graph.node_ids.tolist())}
    for restriction in restrictions:
        paths = list(_paths(graph, restriction, arcs_of, index_of, following))
        if not paths:
            rules.skipped.append(restriction.id)
        for *before, last in paths:
            _add(rules, restriction.kind, tuple(before), last, following)
    return rules


def _paths(
    graph: RawGraph,
    restriction: OsmRestriction,
    arcs_of: dict[int, list[int]],
    index_of: dict[int, int],
    following: dict[int, list[int]],
) -> Iterable[tuple[int, ...]]:
    """Yield the restriction as arcs: the one it comes from, those between, the one it leads to."""
    targets = {arc for way in restriction.to_ways for arc in arcs_of[way]}
    starts = [arc for way in restriction.from_ways for arc in arcs_of[way]]
    if restriction.via_node is not None:
        at = index_of.get(restriction.via_node)
        for arc in starts:
            if graph.arc_head[arc] == at:
                yield from ((arc, next_) for next_ in following[arc] if next_ in targets)
        return
    between = {arc for way in restriction.via_ways for arc in arcs_of[way]}
    for arc in starts:
        for first in following[arc]:
            if first in between and first >> 1 != arc >> 1:
                yield from _through((arc, first), between, targets, following)


def _through(
    path: tuple[int, ...], between: set[int], targets: set[int], following: dict[int, list[int]]
) -> Iterable[tuple[int, ...]]:
    for next_ in following[path[-1]]:
        if next_ in targets and next_ != path[-1] ^ 1:
            yield (*path, next_)
        elif next_ in between and next_ >> 1 not in {arc >> 1 for arc in path}:
            yield from _through((*path, next_), between, targets, following)


def _add(
    rules: _Rules, kind: str, before: tuple[int, ...], last: int, following: dict[int, list[int]]
) -> None:
    only = kind.startswith("only_")
    forbidden = [arc for arc in following[before[-1]] if arc != last] if only else [last]
    if len(before) == 1:
        rules.banned |= {(before[0], arc) for arc in forbidden}
    else:
        rules.through[before].update(forbidden)
        if only:
            for length in range(2, len(before)):
                others = set(following[before[length - 1]]) - {before[length]}
                rules.through[before[:length]].update(others)


def _with_copies(turns: Turns, rules: _Rules) -> Turns:
    """Return the turns with one more state per arc that somebody restricted drives along.

    Whoever turns from the first arc into the second goes on in the copies, which remember it.
    """
    if not rules.through:
        return turns
    prefixes = sorted({p[:n] for p in rules.through for n in range(2, len(p) + 1)}, key=len)
    state_of = {prefix: len(turns.arc) + row for row, prefix in enumerate(prefixes)}
    after: dict[int, list[int]] = defaultdict(list)
    for row, arc in enumerate(turns.tail.tolist()):
        after[arc].append(row)
    tail, head, source = turns.tail.tolist(), turns.head.tolist(), list(range(len(turns.tail)))
    for row, (a, b) in enumerate(zip(tail, head, strict=True)):
        head[row] = state_of.get((a, b), b)
    for prefix, state in state_of.items():
        for row in after[prefix[-1]]:
            next_ = int(turns.head[row])
            if next_ in rules.through.get(prefix, ()):
                continue
            tail.append(state)
            head.append(state_of.get((*prefix, next_), state_of.get((prefix[-1], next_), next_)))
            source.append(row)
    arcs = np.concatenate((turns.arc, [prefix[-1] for prefix in prefixes])).astype(np.int32)
    return Turns(
        arcs,
        np.array(tail, dtype=np.int32),
        np.array(head, dtype=np.int32),
        turns.cost_ds[source],
        turns.enters[source],
    )
