"""Driving times of one kind of vehicle on a network, with today's closures.

Times are honest only from stop to stop: at its stop a vehicle may leave in either direction, so a
stop beside a junction can save the seconds of turning round there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads.anchor import Anchor, Snap, Snapper
from dispatcher.roads.bands import BANDS, factors
from dispatcher.roads.engines import INFINITE, Topology, topology
from dispatcher.roads.network import RoadNetwork
from dispatcher.roads.path import RoadPath, draw
from dispatcher.roads.times import ENTRY_DS, NEVER_DS, Ints, Mask, Rows, Times, ground_of

UNREACHABLE_S = 2**30
"""The driving time of a drive that does not exist (the dispatcher's word for it)."""

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
class _State:
    """The roads as they are now; replaced as a whole when something changes."""

    version: int
    closed_until_s: Mapping[int, float | None]
    slow: Mapping[int, float]
    open: Mask
    bands: dict[str, Times] = field(default_factory=dict)


class Roads:
    """Driving times of one profile on one network; safe to share between threads.

    ``engine`` is ``auto`` (the fastest installed) or one of ``sweep``, ``pyroutingkit``,
    ``routingkit_cch`` and ``scipy``.

    Raises ``ValueError`` for a profile the network was not built for or an unknown engine.
    """

    def __init__(self, network: RoadNetwork, profile: str = "car", engine: str = "auto") -> None:
        if profile not in network.profiles:
            raise ValueError(f"no profile {profile!r}: choose {', '.join(network.profiles)}")
        self.network = network
        self.profile = profile
        self._speed_kmh = network.speed_kmh[network.profiles.index(profile)].astype(np.float64)
        drivable: Mask = self._speed_kmh > 0
        self._ground = ground_of(network, drivable, _prepared(network, engine))
        self._snapper = Snapper(network, drivable[0::2] | drivable[1::2])
        self._changing = threading.Lock()
        self._state = _State(0, {}, {}, drivable)
        self.table([Anchor(0, 0.5)], [Anchor(0, 0.5)])  # compiles, so that no quote has to wait

    @property
    def version(self) -> int:
        """Grows whenever a closure or slow zone changes."""
        return self._state.version

    @property
    def closed_until_s(self) -> Mapping[int, float | None]:
        """The arcs closed now, with the epoch second until which, ``None`` for open-ended."""
        return self._state.closed_until_s

    # -- what is asked -----------------------------------------------------------------------

    def snap(self, lat: float, lon: float) -> Snap:
        """Return the nearest point on a road this profile may drive on (degrees)."""
        return self._snapper.snap(lat, lon)

    def table(
        self, origins: Sequence[Anchor], destinations: Sequence[Anchor], band: str = "day"
    ) -> Ints:
        """Return the driving times in seconds, ``UNREACHABLE_S`` where there is no way.

        Raises ``ValueError`` for an unknown band.
        """
        table = self._times(self._state, band).table_ds(origins, destinations)
        never = table >= NEVER_DS
        table %= ENTRY_DS
        table += 5
        table //= 10
        table[never] = UNREACHABLE_S
        return table

    def path(self, origin: Anchor, destination: Anchor, band: str = "day") -> RoadPath | None:
        """Return the fastest way, or ``None`` when there is none."""
        legs = self._times(self._state, band).legs(origin, destination)
        return draw(self.network, legs) if legs else None

    def times(self, band: str = "day") -> Times:
        """Return the times of a band as the roads are now; another object after each change.

        Raises ``ValueError`` for an unknown band.
        """
        return self._times(self._state, band)

    # -- what changes ------------------------------------------------------------------------

    def close(self, what: ArcsOrAnchors, until_s: float | None = None) -> int:
        """Close arcs, or both arcs at anchors, and return the new version.

        ``until_s`` is the epoch second at which ``reopen_due`` opens them again.
        """
        closed = dict.fromkeys(self._arcs(what), until_s)
        with self._changing:
            return self._change({**self._state.closed_until_s, **closed}, self._state.slow)

    def slow(self, what: ArcsOrAnchors, factor: float) -> int:
        """Let arcs, or both arcs at anchors, be driven at ``factor`` of their speed.

        Returns the new version.  Raises ``ValueError`` unless ``factor`` is above 0 and at most 1.
        """
        if not 0 < factor <= 1:
            raise ValueError(f"factor={factor} is not above 0 and at most 1")
        slow = dict.fromkeys(self._arcs(what), factor)
        with self._changing:
            return self._change(self._state.closed_until_s, {**self._state.slow, **slow})

    def reopen(self, what: ArcsOrAnchors | None = None) -> int:
        """Make arcs, or both arcs at anchors, normal again (all: ``None``); return the version."""
        again = None if what is None else set(self._arcs(what))
        with self._changing:
            state = self._state
            return self._change(
                {
                    arc: s
                    for arc, s in state.closed_until_s.items()
                    if again is not None and arc not in again
                },
                {arc: f for arc, f in state.slow.items() if again is not None and arc not in again},
            )

    def reopen_due(self, now_s: float) -> int:
        """Open what was closed until ``now_s`` or before, and return the version."""
        with self._changing:
            closed = self._state.closed_until_s
            still = {arc: s for arc, s in closed.items() if s is None or s > now_s}
            if len(still) == len(closed):
                return self._state.version
            return self._change(still, self._state.slow)

    def _arcs(self, what: ArcsOrAnchors) -> list[int]:
        """Return the arcs meant.  Raises ``ValueError`` for one the network does not have."""
        arcs: list[int] = []
        for item in what:
            arcs += [2 * item.edge, 2 * item.edge + 1] if isinstance(item, Anchor) else [int(item)]
        for arc in arcs:
            if not 0 <= arc < len(self._speed_kmh):
                raise ValueError(f"the network has no arc {arc}")
        return arcs

    def _change(self, closed: Mapping[int, float | None], slow: Mapping[int, float]) -> int:
        open_ = self._ground.drivable.copy()
        open_[list(closed)] = False
        state = _State(self._state.version + 1, closed, slow, open_)
        self._times(state, "day")
        self._state = state
        return state.version

    def _times(self, state: _State, band: str) -> Times:
        """Return the times of a band, made when first asked for."""
        times = state.bands.get(band)
        if times is None:
            time_ds = self._arc_times_ds(state, band)
            weights = self._weights(state, time_ds)
            metric = self._ground.topology.metric(weights)
            times = Times(self._ground, state.open, time_ds, weights, metric)
            state.bands[band] = times
        return times

    def _arc_times_ds(self, state: _State, band: str) -> Rows:
        if band not in BANDS:
            raise ValueError(f"no time band {band!r}: choose {', '.join(BANDS)}")
        network = self.network
        speed_kmh = self._speed_kmh * np.repeat(factors(band)[network.edge_class], 2)
        if state.slow:
            speed_kmh[list(state.slow)] *= list(state.slow.values())
        length_m = np.repeat(network.length_m, 2)
        idle = np.zeros_like(length_m)
        drive_ds = np.divide(36 * length_m, speed_kmh, out=idle, where=speed_kmh > 0)
        times_ds: Rows = np.maximum(np.rint(drive_ds), 1).astype(np.int64)
        return times_ds + network.delay_ds

    def _weights(self, state: _State, time_ds: Rows) -> NDArray[np.uint32]:
        turns = self.network.turns
        tail, head = turns.arc[turns.tail], turns.arc[turns.head]
        weights = time_ds[tail] + turns.cost_ds + ENTRY_DS * turns.enters
        weights[~(state.open[tail] & state.open[head])] = INFINITE
        return weights.astype(np.uint32)


def _prepared(network: RoadNetwork, engine: str) -> Topology:
    """Return the engine over the network's turns; a state lies in the middle of its arc."""
    turns = network.turns
    middle = ((network.edge_start[:-1] + network.edge_start[1:]) // 2)[turns.arc >> 1]
    return topology(
        engine,
        turns.tail.astype(np.uint32),
        turns.head.astype(np.uint32),
        network.vertex_lat[middle].astype(np.float32),
        network.vertex_lon[middle].astype(np.float32),
    )
