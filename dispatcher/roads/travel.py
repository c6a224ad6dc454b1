"""Driving times and paths between anchors, for one kind of vehicle, with today's closures.

Weights are tenths of a second.  A road that only visitors may use (private, delivery, destination)
must not become a short cut, yet a house on it must be reachable at its true time: entering one
costs ``_ENTRY_DS`` on top, more than any drive takes, and what is a multiple of it is taken off
the answer.  So routes enter as few such roads as they can, and are the fastest among those.

Times are honest only to a stop: at its stop a vehicle may leave in either direction, so a stop
beside a junction can save the few seconds of turning round there.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads.anchor import Anchor, Snap, Snapper
from dispatcher.roads.bands import BANDS, factors
from dispatcher.roads.engines import INFINITE, Metric, topology
from dispatcher.roads.network import RoadNetwork
from dispatcher.roads.path import Leg, RoadPath, draw

UNREACHABLE_S = 2**30
"""The driving time of a drive that does not exist (the dispatcher's word for it)."""

_ENTRY_DS = 1_000_000
_FAR_DS = 2**30
_NEVER_DS = 2**29

Ints = NDArray[np.int32]
ArcsOrAnchors = Iterable[int] | Iterable[Anchor]


class RoadTimes(Protocol):
    """Driving times on roads that can be closed."""

    @property
    def version(self) -> int:
        """Grows whenever a closure or slow zone changes."""
        ...

    def snap(self, lat: float, lon: float) -> Snap:
        """Return the nearest point on a road."""
        ...

    def table(
        self, origins: Sequence[Anchor], destinations: Sequence[Anchor], band: str = "day"
    ) -> Ints:
        """Return the driving times in seconds, ``UNREACHABLE_S`` where there is no way."""
        ...

    def path(self, origin: Anchor, destination: Anchor, band: str = "day") -> RoadPath | None:
        """Return the fastest way, or ``None`` when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class _Band:
    """One metric: what each arc takes, and an engine over the turns."""

    time_ds: NDArray[np.int64]
    weights: NDArray[np.uint32]
    metric: Metric
    cycle_ds: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _State:
    """The roads as they are now; replaced as a whole when something changes."""

    version: int
    closed_until_s: Mapping[int, float | None]
    slow: Mapping[int, float]
    open: NDArray[np.bool_]
    bands: dict[str, _Band] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where some places touch the network: an edge and up to two arcs each.

    ``arcs`` are the different arcs; place ``i`` has ``first[i]`` and, if not -1, ``second[i]``,
    rows of ``arcs``, with the offset to add in tenths of a second.
    """

    edge: NDArray[np.int64]
    fraction: NDArray[np.float64]
    arcs: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    first_ds: Ints
    second_ds: Ints


class Roads:
    """Driving times of one profile on one network; safe to share between threads.

    ``engine`` is ``auto``, ``pyroutingkit``, ``routingkit_cch`` or ``scipy``.

    Raises ``ValueError`` for a profile the network was not built for or an unknown engine.
    """

    def __init__(self, network: RoadNetwork, profile: str = "car", engine: str = "auto") -> None:
        if profile not in network.profiles:
            raise ValueError(f"no profile {profile!r}: choose {', '.join(network.profiles)}")
        self.network = network
        self.profile = profile
        self._speed_kmh = network.speed_kmh[network.profiles.index(profile)].astype(np.float64)
        self._drivable = self._speed_kmh > 0
        turns = network.turns
        self._copies: dict[int, list[int]] = {}
        for state in range(2 * network.edge_count, len(turns.arc)):
            self._copies.setdefault(int(turns.arc[state]), []).append(state)
        self._first_turn = np.searchsorted(turns.tail, np.arange(len(turns.arc) + 1))
        middle = (network.edge_start[:-1] + network.edge_start[1:]) // 2
        edge_of_state = turns.arc >> 1
        self._topology = topology(
            engine,
            turns.tail.astype(np.uint32),
            turns.head.astype(np.uint32),
            network.vertex_lat[middle][edge_of_state].astype(np.float32),
            network.vertex_lon[middle][edge_of_state].astype(np.float32),
        )
        self._leaves, self._arrives = self._useful_ends()
        self._entries = bool(turns.enters.any())
        self._snapper = Snapper(network, self._drivable.reshape(-1, 2).any(axis=1))
        self._changing = threading.Lock()
        self._state = _State(0, {}, {}, self._drivable)
        self._band(self._state, "day")

    def _useful_ends(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the arcs worth leaving a place along, and those worth arriving along.

        Out of a dead end there is one way, and coming from its closed end means having passed.
        """
        network = self.network
        ends = np.concatenate((network.edge_tail, network.edge_head))
        dead_end = np.bincount(ends) == 1
        into_dead_end = np.stack((dead_end[network.edge_head], dead_end[network.edge_tail]), axis=1)
        lone = into_dead_end.all(axis=1)
        into = np.where(lone[:, None], False, into_dead_end).ravel()  # noqa: FBT003
        out_of = into.reshape(-1, 2)[:, ::-1].ravel()
        return self._drivable & ~into, self._drivable & ~out_of

    # -- what changes ------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Grows whenever a closure or slow zone changes."""
        return self._state.version

    @property
    def closed_arcs(self) -> Mapping[int, float | None]:
        """The arcs closed now, with the epoch second until which, ``None`` for open-ended."""
        return self._state.closed_until_s

    def close(self, what: ArcsOrAnchors, until_s: float | None = None) -> int:
        """Close arcs, or both arcs at anchors, and return the new version.

        ``until_s`` is the epoch second at which ``reopen_due`` opens them again.
        """
        arcs = self._arcs(what)
        state = self._state
        return self._change({**state.closed_until_s, **dict.fromkeys(arcs, until_s)}, state.slow)

    def slow(self, what: ArcsOrAnchors, factor: float) -> int:
        """Let arcs, or both arcs at anchors, be driven at ``factor`` of their speed.

        Raises ``ValueError`` when ``factor`` is not above 0 and at most 1.
        """
        if not 0 < factor <= 1:
            raise ValueError(f"factor={factor} is not above 0 and at most 1")
        state = self._state
        return self._change(
            state.closed_until_s, {**state.slow, **dict.fromkeys(self._arcs(what), factor)}
        )

    def reopen(self, what: ArcsOrAnchors | None = None) -> int:
        """Make arcs, or both arcs at anchors, normal again; everything when ``None``."""
        state = self._state
        if what is None:
            return self._change({}, {})
        again = set(self._arcs(what))
        return self._change(
            {arc: until for arc, until in state.closed_until_s.items() if arc not in again},
            {arc: factor for arc, factor in state.slow.items() if arc not in again},
        )

    def reopen_due(self, now_s: float) -> int:
        """Open what was closed until ``now_s`` or before, and return the version."""
        closed = self._state.closed_until_s
        due = [arc for arc, until in closed.items() if until is not None and until <= now_s]
        return self.reopen(due) if due else self.version

    def _arcs(self, what: ArcsOrAnchors) -> list[int]:
        """Return the arcs meant.  Raises ``ValueError`` for one the network does not have."""
        arcs = [
            arc
            for item in what
            for arc in (
                (2 * item.edge, 2 * item.edge + 1) if isinstance(item, Anchor) else (int(item),)
            )
        ]
        for arc in arcs:
            if not 0 <= arc < len(self._speed_kmh):
                raise ValueError(f"the network has no arc {arc}")
        return arcs

    def _change(self, closed: Mapping[int, float | None], slow: Mapping[int, float]) -> int:
        with self._changing:
            open_ = self._drivable.copy()
            open_[list(closed)] = False
            state = _State(self._state.version + 1, closed, slow, open_)
            self._band(state, "day")
            self._state = state
            return state.version

    def _band(self, state: _State, name: str) -> _Band:
        """Return the metric of a band, made when first asked for."""
        band = state.bands.get(name)
        if band is None:
            time_ds = self._times_ds(state, name)
            weights = self._weights(state, time_ds)
            band = _Band(time_ds, weights, self._topology.metric(weights))
            state.bands[name] = band
        return band

    def _times_ds(self, state: _State, name: str) -> NDArray[np.int64]:
        if name not in BANDS:
            raise ValueError(f"no time band {name!r}: choose {', '.join(BANDS)}")
        network = self.network
        speed_kmh = self._speed_kmh * np.repeat(factors(name)[network.edge_class], 2)
        if state.slow:
            speed_kmh[list(state.slow)] *= list(state.slow.values())
        length_m = np.repeat(network.length_m, 2)
        drive_s = np.divide(
            3.6 * length_m, speed_kmh, out=np.zeros_like(length_m), where=speed_kmh > 0
        )
        return np.asarray(np.maximum(np.rint(10 * drive_s), 1), dtype=np.int64) + network.delay_ds

    def _weights(self, state: _State, time_ds: NDArray[np.int64]) -> NDArray[np.uint32]:
        turns = self.network.turns
        tail, head = turns.arc[turns.tail], turns.arc[turns.head]
        weights = time_ds[tail] + turns.cost_ds + _ENTRY_DS * turns.enters
        weights[~(state.open[tail] & state.open[head])] = INFINITE
        return weights.astype(np.uint32)

    # -- what is asked -----------------------------------------------------------------------

    def snap(self, lat: float, lon: float) -> Snap:
        """Return the nearest point on a road this profile may drive on (degrees)."""
        return self._snapper.snap(lat, lon)

    def table(
        self, origins: Sequence[Anchor], destinations: Sequence[Anchor], band: str = "day"
    ) -> Ints:
        """Return the driving times in seconds, ``UNREACHABLE_S`` where there is no way."""
        table_ds = self._table_ds(origins, destinations, band)
        never = table_ds >= _NEVER_DS
        if self._entries:
            table_ds %= _ENTRY_DS
        table_ds += 5
        table_ds //= 10
        table_ds[never] = UNREACHABLE_S
        return table_ds

    def path(self, origin: Anchor, destination: Anchor, band: str = "day") -> RoadPath | None:
        """Return the fastest way, or ``None`` when there is none."""
        state = self._state
        metric = self._band(state, band)
        legs = self._legs(state, metric, origin, destination)
        return draw(self.network, legs) if legs else None

    def _table_ds(
        self, origins: Sequence[Anchor], destinations: Sequence[Anchor], name: str
    ) -> Ints:
        if not origins or not destinations:
            return np.zeros((len(origins), len(destinations)), dtype=np.int32)
        state = self._state
        band = self._band(state, name)
        source = self._ends(state, band, origins, leaving=True)
        target = self._ends(state, band, destinations, leaving=False)
        between = self._between(band, source.arcs, target.arcs)
        pairs = np.nonzero(source.edge[:, None] == target.edge)
        self._mend_same_arc(state, band, between, source, target, pairs)
        table = _least(_least(between, source).T, target).T
        if len(pairs[0]):
            rows, columns = pairs
            direct = self._direct_ds(state, band, source, target, pairs)
            table[rows, columns] = np.minimum(table[rows, columns], direct)
        return table

    def _ends(
        self, state: _State, band: _Band, places: Sequence[Anchor], *, leaving: bool
    ) -> _Ends:
        raw = np.array(places, dtype=np.float64).reshape(-1, 2)
        edge, fraction = raw[:, 0].astype(np.int64), raw[:, 1]
        useful = state.open & (self._leaves if leaving else self._arrives)
        along, against = useful[2 * edge], useful[2 * edge + 1]
        first = np.where(along, 2 * edge, np.where(against, 2 * edge + 1, -1))
        second = np.where(along & against, 2 * edge + 1, -1)
        sign = -1 if leaving else 1
        along_ds = sign * np.rint(fraction * band.time_ds[2 * edge])
        against_ds = sign * np.rint((1 - fraction) * band.time_ds[2 * edge + 1])
        arcs, rows = np.unique(np.concatenate((first, second)), return_inverse=True)
        if arcs[0] == -1:
            arcs, rows = arcs[1:], rows - 1
        return _Ends(
            edge,
            fraction,
            arcs,
            rows[: len(edge)],
            rows[len(edge) :],
            np.where(along, along_ds, against_ds).astype(np.int32),
            against_ds.astype(np.int32),
        )

    def _between(self, band: _Band, sources: NDArray[np.int64], targets: NDArray[np.int64]) -> Ints:
        """Return the tenths of a second from arc to arc, as (sources, targets)."""
        states = targets
        copied: list[tuple[int, int]] = []
        if self._copies:
            copied = [
                (column, copy)
                for column, arc in enumerate(targets.tolist())
                for copy in self._copies.get(arc, ())
            ]
            states = np.concatenate((targets, [copy for _, copy in copied])).astype(np.int64)
        found = band.metric.table(sources.astype(np.uint32), states.astype(np.uint32))
        table = np.minimum(found, _FAR_DS).astype(np.int32)
        for extra, (column, _) in enumerate(copied, start=len(targets)):
            np.minimum(table[:, column], table[:, extra], out=table[:, column])
        return table[:, : len(targets)]

    def _mend_same_arc(
        self,
        state: _State,
        band: _Band,
        between: Ints,
        source: _Ends,
        target: _Ends,
        pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    ) -> None:
        """Replace the zero from an arc to itself by the time of coming round to it again.

        Only where some destination lies behind an origin and driving back is not plainly shorter.
        """
        _, row, column = np.intersect1d(
            source.arcs, target.arcs, assume_unique=True, return_indices=True
        )
        between[row, column] = _FAR_DS
        if not len(pairs[0]) or not len(row):
            return
        edge = source.edge[pairs[0]]
        ahead = target.fraction[pairs[1]] - source.fraction[pairs[0]]
        arc = np.where(ahead < 0, 2 * edge, 2 * edge + 1)
        back_ds = np.where(state.open[arc ^ 1], np.abs(ahead) * band.time_ds[arc ^ 1], _FAR_DS)
        round_trip = (ahead != 0) & (back_ds > (1 - np.abs(ahead)) * band.time_ds[arc])
        wanted = set(arc[round_trip].tolist())
        for r, c in zip(row.tolist(), column.tolist(), strict=True):
            if source.arcs[r] in wanted:
                between[r, c] = self._cycle_ds(band, int(source.arcs[r]))

    def _cycle_ds(self, band: _Band, arc: int) -> int:
        """Return the time from the start of an arc along it and back to its start."""
        known = band.cycle_ds.get(arc)
        if known is None:
            turns = slice(self._first_turn[arc], self._first_turn[arc + 1])
            heads = self.network.turns.head[turns].astype(np.int64)
            if not len(heads):
                return _FAR_DS
            back = self._between(band, heads, np.array([arc]))[:, 0].astype(np.int64)
            known = int(min((back + band.weights[turns]).min(), _FAR_DS))
            band.cycle_ds[arc] = known
        return known

    def _direct_ds(
        self,
        state: _State,
        band: _Band,
        source: _Ends,
        target: _Ends,
        pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    ) -> Ints:
        """Return the time of driving along the one edge both places are on."""
        rows, columns = pairs
        edge = source.edge[rows]
        here, there = source.fraction[rows], target.fraction[columns]
        best = np.full(len(rows), _FAR_DS, dtype=np.int32)
        for arc, ahead in ((2 * edge, there >= here), (2 * edge + 1, there <= here)):
            ds = _offset(there, band.time_ds[arc]) - _offset(here, band.time_ds[arc])
            possible = ahead & state.open[arc]
            best[possible] = np.minimum(best[possible], np.abs(ds[possible]))
        return best

    # -- one way -----------------------------------------------------------------------------

    def _legs(self, state: _State, band: _Band, origin: Anchor, destination: Anchor) -> list[Leg]:
        """Return the arcs of the fastest way with their times, empty when there is none."""
        source = self._ends(state, band, [origin], leaving=True)
        target = self._ends(state, band, [destination], leaving=False)
        best_ds, best = _FAR_DS, list[int]()
        for arc, leave_ds in _options(source):
            for last, arrive_ds in _options(target):
                for states in self._routes(band, arc, last):
                    total_ds = self._states_ds(band, states) + leave_ds + arrive_ds
                    if total_ds < best_ds:
                        best_ds, best = total_ds, states
        if origin.edge == destination.edge:
            pair = (np.zeros(1, dtype=np.intp), np.zeros(1, dtype=np.intp))
            direct_ds = int(self._direct_ds(state, band, source, target, pair)[0])
            if direct_ds <= best_ds and direct_ds < _NEVER_DS:
                return self._direct_leg(state, band, origin, destination, direct_ds)
        return self._cut_ends(band, best, origin, destination)

    def _routes(self, band: _Band, first: int, last: int) -> list[list[int]]:
        """Return the candidate routes (as states) from one arc to another or round to itself."""
        goals = [last, *self._copies.get(last, ())]
        if first != last:
            routes = [band.metric.route(first, goal) for goal in goals]
            return [route for route in routes if route]
        turns = slice(self._first_turn[first], self._first_turn[first + 1])
        heads = self.network.turns.head[turns][band.weights[turns] < INFINITE]
        routes = [band.metric.route(int(head), goal) for head in heads for goal in goals]
        return [[first, *route] for route in routes if route]

    def _states_ds(self, band: _Band, states: list[int]) -> int:
        return sum(int(band.weights[self._turn(a, b)]) for a, b in itertools.pairwise(states))

    def _turn(self, tail: int, head: int) -> int:
        """Return the row of the turn from one state to another, which must exist."""
        first, last = self._first_turn[tail], self._first_turn[tail + 1]
        return int(first + np.flatnonzero(self.network.turn_head[first:last] == head)[0])

    def _cut_ends(
        self, band: _Band, states: list[int], origin: Anchor, destination: Anchor
    ) -> list[Leg]:
        turns = self.network.turns
        legs: list[Leg] = []
        for index, state in enumerate(states):
            arc = int(turns.arc[state])
            start = _along(arc, origin) if index == 0 else 0.0
            end = _along(arc, destination) if index == len(states) - 1 else 1.0
            time_ds = int(band.time_ds[arc])
            spent_ds = _round(end * time_ds) - _round(start * time_ds)
            wait_ds = 0
            if index < len(states) - 1:
                wait_ds = int(turns.cost_ds[self._turn(state, states[index + 1])])
            legs.append(Leg(arc, start, end, spent_ds, wait_ds))
        return legs

    def _direct_leg(
        self, state: _State, band: _Band, origin: Anchor, destination: Anchor, direct_ds: int
    ) -> list[Leg]:
        for arc in (2 * origin.edge, 2 * origin.edge + 1):
            start, end = _along(arc, origin), _along(arc, destination)
            here, there = origin.fraction, destination.fraction
            time_ds = int(band.time_ds[arc])
            spent_ds = abs(_round(there * time_ds) - _round(here * time_ds))
            if state.open[arc] and start <= end and spent_ds == direct_ds:
                return [Leg(arc, start, end, direct_ds, 0)]
        raise AssertionError("a direct drive has an open arc")


def _along(arc: int, anchor: Anchor) -> float:
    return 1 - anchor.fraction if arc & 1 else anchor.fraction


def _round(value: float) -> int:
    return int(np.rint(value))


def _offset(fraction: NDArray[np.float64], time_ds: NDArray[np.int64]) -> Ints:
    return np.rint(fraction * time_ds).astype(np.int32)


def _options(ends: _Ends) -> list[tuple[int, int]]:
    """Return the (arc, offset) pairs of the one place in ``ends``."""
    rows = ((ends.first[0], ends.first_ds[0]), (ends.second[0], ends.second_ds[0]))
    return [(int(ends.arcs[row]), int(offset_ds)) for row, offset_ds in rows if row >= 0]


def _least(between: Ints, ends: _Ends) -> Ints:
    """Return the smaller of a place's two rows, with its offsets, as (places, columns)."""
    if not len(ends.arcs):
        return np.full((len(ends.edge), between.shape[1]), _FAR_DS, dtype=np.int32)
    best = between[ends.first] + ends.first_ds[:, None]
    best[ends.first < 0] = _FAR_DS
    twice = np.flatnonzero(ends.second >= 0)
    other = between[ends.second[twice]] + ends.second_ds[twice, None]
    best[twice] = np.minimum(best[twice], other)
    return best
