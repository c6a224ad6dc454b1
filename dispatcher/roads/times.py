"""Driving times and ways between anchors under one set of weights; immutable.

A place touches the network by the two arcs of its edge, so a table is the smaller of two rows and
of two columns of a table between arcs.  Times from arc to arc run from the start of the one to the
start of the other, so the part of the first arc already behind a place is subtracted and the part
of the last arc before a place is added.  Weights are tenths of a second.

A road that only visitors may use (private, delivery, destination) must not become a short cut, yet
a house on it must be reachable at its true time: entering one costs ``ENTRY_DS`` on top, more than
any drive takes, and what is a multiple of it is taken off the answer.  So ways enter as few such
roads as they can, and are the fastest among those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads.anchor import Anchor
from dispatcher.roads.engines import INFINITE, Metric, Topology
from dispatcher.roads.network import RoadNetwork
from dispatcher.roads.path import Leg

ENTRY_DS = 1_000_000
FAR_DS = 2**30
NEVER_DS = 2**29

Ints = NDArray[np.int32]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a profile finds on a network whatever is closed.

    ``leaves`` are the arcs worth leaving a place along and ``arrives`` those worth arriving along:
    out of a dead end there is one way, and coming from its closed end means having passed.
    ``copies`` are the further states of an arc, ``first_turn[s]`` the first turn out of state s.
    """

    network: RoadNetwork
    drivable: Mask
    leaves: Mask
    arrives: Mask
    copies: Mapping[int, Sequence[int]]
    first_turn: Rows
    topology: Topology


def ground_of(network: RoadNetwork, drivable: Mask, topology: Topology) -> Ground:
    """Return the ground of a profile that may drive on these arcs."""
    turns = network.turns
    copies: dict[int, list[int]] = {}
    for state in range(2 * network.edge_count, len(turns.arc)):
        copies.setdefault(int(turns.arc[state]), []).append(state)
    degree = np.bincount(np.concatenate((network.edge_tail, network.edge_head)))
    closed_end = degree == 1
    into = np.stack((closed_end[network.edge_head], closed_end[network.edge_tail]), axis=1)
    return Ground(
        network,
        drivable,
        leaves=drivable & ~into.ravel(),
        arrives=drivable & ~into[:, ::-1].ravel(),
        copies=copies,
        first_turn=np.searchsorted(turns.tail, np.arange(len(turns.arc) + 1)),
        topology=topology,
    )


class Ends(NamedTuple):
    """Where some places touch the network.

    ``arcs`` are the different arcs; place ``i`` has the rows ``first[i]`` and ``second[i]`` of
    them (-1: none), with the offset to add in tenths of a second.
    """

    edge: Rows
    fraction: NDArray[np.float64]
    arcs: Rows
    first: Rows
    second: Rows
    first_ds: Ints
    second_ds: Ints


class Pairs(NamedTuple):
    """The (origin, destination) pairs that lie on one edge."""

    origin: NDArray[np.intp]
    destination: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Times:
    """The driving times over a ground while ``open`` arcs take ``time_ds``."""

    ground: Ground
    open: Mask
    time_ds: Rows
    weights: NDArray[np.uint32]
    metric: Metric
    cycle_ds: dict[int, int] = field(default_factory=dict)

    def table_ds(self, origins: Sequence[Anchor], destinations: Sequence[Anchor]) -> Ints:
        """Return the times in tenths of a second, ``NEVER_DS`` or more where there is no way.

        Still holds a multiple of ``ENTRY_DS`` per road entered that only visitors may use.
        """
        if not origins or not destinations:
            return np.zeros((len(origins), len(destinations)), dtype=np.int32)
        source, target = self.ends(origins, leaving=True), self.ends(destinations, leaving=False)
        pairs = Pairs(*np.nonzero(source.edge[:, None] == target.edge))
        between = self._between(source.arcs, target.arcs)
        self._mend_same_arc(between, source, target, pairs)
        table = _least(_least(between, source).T, target).T
        if len(pairs.origin):
            direct_ds = self._direct_ds(source, target, pairs)
            table[pairs] = np.minimum(table[pairs], direct_ds)
        return table

    def legs(self, origin: Anchor, destination: Anchor) -> list[Leg]:
        """Return the arcs of the fastest way with their times, empty when there is none."""
        source, target = (
            self.ends([origin], leaving=True),
            self.ends([destination], leaving=False),
        )
        pairs = Pairs(*np.nonzero(source.edge[:, None] == target.edge))
        between = self._between(source.arcs, target.arcs)
        self._mend_same_arc(between, source, target, pairs)
        best_ds, first, last = min(
            (
                (int(between[row, column]) + leave_ds + arrive_ds, row, column)
                for row, leave_ds in _options(source)
                for column, arrive_ds in _options(target)
            ),
            default=(FAR_DS, 0, 0),
        )
        direct_ds = int(self._direct_ds(source, target, pairs)[0]) if len(pairs.origin) else FAR_DS
        if min(best_ds, direct_ds) >= NEVER_DS:
            return []
        if direct_ds <= best_ds:
            return self._direct_leg(origin, destination, direct_ds)
        states = self._route(int(source.arcs[first]), int(target.arcs[last]))
        return self._cut_ends(states, origin, destination)

    # -- tables ------------------------------------------------------------------------------

    def ends(self, places: Sequence[Anchor], *, leaving: bool) -> Ends:
        """Return where places touch the network for those who leave, or arrive."""
        numbers = np.fromiter(chain.from_iterable(places), np.float64, 2 * len(places))
        edge, fraction = numbers[0::2].astype(np.int64), numbers[1::2]
        useful = self.ground.leaves if leaving else self.ground.arrives
        along, against = useful[2 * edge], useful[2 * edge + 1]
        first = np.where(along, 2 * edge, np.where(against, 2 * edge + 1, -1))
        second = np.where(along & against, 2 * edge + 1, -1)
        sign = -1 if leaving else 1
        along_ds = sign * _offset(fraction, self.time_ds[2 * edge])
        against_ds = sign * _offset(1 - fraction, self.time_ds[2 * edge + 1])
        both = np.concatenate((first, second))
        touched = np.zeros(len(self.open) + 1, dtype=np.bool_)  # the last one stands for -1
        touched[both] = True
        touched[-1] = False
        arcs = np.flatnonzero(touched)
        row_of = np.full(len(touched), -1, dtype=np.int64)
        row_of[arcs] = np.arange(len(arcs))
        rows = row_of[both]
        first_ds = np.where(along, along_ds, against_ds)
        return Ends(
            edge, fraction, arcs, rows[: len(edge)], rows[len(edge) :], first_ds, against_ds
        )

    def _between(self, sources: Rows, targets: Rows) -> Ints:
        """Return the tenths of a second from arc to arc, as (sources, targets)."""
        if not len(sources) or not len(targets):
            return np.full((len(sources), len(targets)), FAR_DS, dtype=np.int32)
        states = targets
        copied = [
            (column, copy)
            for column, arc in enumerate(targets.tolist() if self.ground.copies else ())
            for copy in self.ground.copies.get(arc, ())
        ]
        if copied:
            states = np.concatenate((targets, [copy for _, copy in copied]))
        found = self.metric.table(sources.astype(np.uint32), states.astype(np.uint32))
        table = np.minimum(found, FAR_DS).astype(np.int32)
        for extra, (column, _) in enumerate(copied, start=len(targets)):
            np.minimum(table[:, column], table[:, extra], out=table[:, column])
        return table[:, : len(targets)]

    def _mend_same_arc(self, between: Ints, source: Ends, target: Ends, pairs: Pairs) -> None:
        """Replace the zero from an arc to itself by the time of coming round to it again.

        Only where some destination lies behind an origin and driving back is not plainly shorter;
        elsewhere driving straight there is better anyway.
        """
        _, rows, columns = np.intersect1d(
            source.arcs, target.arcs, assume_unique=True, return_indices=True
        )
        between[rows, columns] = FAR_DS
        if not len(pairs.origin) or not len(rows):
            return
        wanted = self.going_round(source, target, pairs)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            arc = int(source.arcs[row])
            if arc in wanted:
                between[row, column] = self._round_trip_ds(arc)

    def going_round(self, source: Ends, target: Ends, pairs: Pairs) -> set[int]:
        """Return the arcs along which going round to a place behind may be worth it."""
        edge = source.edge[pairs.origin]
        ahead = target.fraction[pairs.destination] - source.fraction[pairs.origin]
        arc = np.where(ahead < 0, 2 * edge, 2 * edge + 1)
        share = np.abs(ahead)
        back_ds = np.where(self.open[arc ^ 1], share * self.time_ds[arc ^ 1], FAR_DS)
        worth = (ahead != 0) & (back_ds > (1 - share) * self.time_ds[arc])
        return set(arc[worth].tolist())

    def _round_trip_ds(self, arc: int) -> int:
        """Return the time from the start of an arc along it and back to its start."""
        known = self.cycle_ds.get(arc)
        if known is None:
            turns = self.turns_from(arc)
            heads = self.ground.network.turn_head[turns].astype(np.int64)
            known = FAR_DS
            if len(heads):
                back = self._between(heads, np.array([arc]))[:, 0].astype(np.int64)
                known = int(min((back + self.weights[turns]).min(), FAR_DS))
            self.cycle_ds[arc] = known
        return known

    def _direct_ds(self, source: Ends, target: Ends, pairs: Pairs) -> Ints:
        """Return the time of driving along the one edge both places are on."""
        edge = source.edge[pairs.origin]
        here, there = source.fraction[pairs.origin], target.fraction[pairs.destination]
        best = np.full(len(edge), FAR_DS, dtype=np.int32)
        for arc, ahead in ((2 * edge, there >= here), (2 * edge + 1, there <= here)):
            ds = np.abs(_offset(there, self.time_ds[arc]) - _offset(here, self.time_ds[arc]))
            possible = ahead & self.open[arc]
            best[possible] = np.minimum(best[possible], ds[possible])
        return best

    # -- ways --------------------------------------------------------------------------------

    def turns_from(self, state: int) -> slice:
        """Return the rows of the turns out of a state."""
        return slice(int(self.ground.first_turn[state]), int(self.ground.first_turn[state + 1]))

    def _route(self, first: int, last: int) -> list[int]:
        """Return the states of the fastest way from one arc to another, or round to itself."""
        goals = [last, *self.ground.copies.get(last, ())]
        starts = [first]
        if first == last:
            turns = self.turns_from(first)
            heads = self.ground.network.turn_head[turns]
            starts = heads[self.weights[turns] < INFINITE].tolist()
        found = [self.metric.route(start, goal) for start in starts for goal in goals]
        whole = [[first, *route] if first == last else route for route in found if route]
        return min(whole, key=self._states_ds)

    def _states_ds(self, states: list[int]) -> int:
        return sum(int(self.weights[self._turn(a, b)]) for a, b in pairwise(states))

    def _turn(self, tail: int, head: int) -> int:
        """Return the row of the turn from one state to another, which must exist."""
        turns = self.turns_from(tail)
        heads = self.ground.network.turn_head[turns].tolist()
        return int(turns.start) + int(heads.index(head))

    def _cut_ends(self, states: list[int], origin: Anchor, destination: Anchor) -> list[Leg]:
        network = self.ground.network
        legs = [
            self._leg(
                int(network.turn_arc[a]), 0.0, 1.0, int(network.turn_cost_ds[self._turn(a, b)])
            )
            for a, b in pairwise(states)
        ]
        legs.append(self._leg(int(network.turn_arc[states[-1]]), 0.0, 1.0, 0))
        first, last = legs[0], legs[-1]
        legs[0] = self._leg(first.arc, _along(first.arc, origin), first.end, first.wait_ds)
        legs[-1] = self._leg(last.arc, 0.0, _along(last.arc, destination), 0)
        return legs

    def _leg(self, arc: int, start: float, end: float, wait_ds: int) -> Leg:
        time_ds = int(self.time_ds[arc])
        return Leg(arc, start, end, _round(end * time_ds) - _round(start * time_ds), wait_ds)

    def _direct_leg(self, origin: Anchor, destination: Anchor, direct_ds: int) -> list[Leg]:
        forward = destination.fraction >= origin.fraction and self.open[2 * origin.edge]
        arc = 2 * origin.edge + (0 if forward else 1)
        return [Leg(arc, _along(arc, origin), _along(arc, destination), direct_ds, 0)]


def _along(arc: int, anchor: Anchor) -> float:
    return 1 - anchor.fraction if arc & 1 else anchor.fraction


def _round(value: float) -> int:
    return int(np.rint(value))


def _offset(fraction: NDArray[np.float64], time_ds: Rows) -> Ints:
    return np.rint(fraction * time_ds).astype(np.int32)


def _options(ends: Ends) -> list[tuple[int, int]]:
    """Return the (row of an arc, offset) pairs of the one place in ``ends``."""
    both = ((ends.first[0], ends.first_ds[0]), (ends.second[0], ends.second_ds[0]))
    return [(int(row), int(offset_ds)) for row, offset_ds in both if row >= 0]


def _least(between: Ints, ends: Ends) -> Ints:
    """Return the smaller of each place's two rows with its offsets, as (places, columns)."""
    if not len(ends.arcs):
        return np.full((len(ends.edge), between.shape[1]), FAR_DS, dtype=np.int32)
    best = between[ends.first] + ends.first_ds[:, None]
    best[ends.first < 0] = FAR_DS
    twice = np.flatnonzero(ends.second >= 0)
    other = between[ends.second[twice]] + ends.second_ds[twice, None]
    best[twice] = np.minimum(best[twice], other)
    return best
