"""What drives take from a battery along the fastest ways between anchors.

Energy adds up along a way as time does, so both are found in one sweep (``sums``).  Of two ways
that are equally fast to the tenth of a second the dearer one counts, for the driver alone and for
what each rider adds separately: nobody knows which one is driven.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads.anchor import Anchor
from dispatcher.roads.consumption import VehicleBody, Weather, drive_wh
from dispatcher.roads.sums import NO_WAY, Keys, SumsMetric, keys_of, sums_of, times_of
from dispatcher.roads.sweep import SweepTopology
from dispatcher.roads.times import NEVER_DS, Ends, Ground, Ints, Pairs, Rows, Times
from dispatcher.roads.travel import Roads

NEVER_WH: Final = 10_000_000
"""The energy of a drive that does not exist: more than any battery holds."""

_CALM = Weather()


class RoadEnergy:
    """The energy one kind of vehicle needs on the roads of its profile, in some weather.

    Follows the roads' closures and slow zones; safe to share between threads.  Where the network
    was built without heights, every road is flat.  ``margin`` is the share by which a drive may
    take more, and a descent return less, than the model says: what a plan cannot know.

    Raises ``ValueError`` for a margin that is no share.
    """

    def __init__(
        self, roads: Roads, body: VehicleBody, weather: Weather = _CALM, margin: float = 0.0
    ) -> None:
        if not 0 <= margin < 1:
            raise ValueError(f"margin={margin} is not a share from 0")
        self.roads, self.body, self.weather, self.margin = roads, body, weather, margin
        self._topology = topology_of(roads.times().ground)
        self._uses: dict[str, Uses] = {}
        self.energy([Anchor(0, 0.5)], [Anchor(0, 0.5)])  # compiles, so that no quote has to wait

    def table(
        self, origins: Sequence[Anchor], destinations: Sequence[Anchor], band: str = "day"
    ) -> Ints:
        """Return the driving times; see ``Roads.table``."""
        return self.roads.table(origins, destinations, band)

    def energy(
        self, origins: Sequence[Anchor], destinations: Sequence[Anchor], band: str = "day"
    ) -> Ints:
        """Return watt-hours rounded up, as (2, origins, destinations).

        The first layer is the drive with the driver alone, the second what each rider adds.  Below
        zero where a descent gives more than the drive takes; ``NEVER_WH`` where there is no way.

        Raises ``ValueError`` for an unknown band.
        """
        keys = self._now(band).table(origins, destinations)
        wh = -(-sums_of(keys) // 1000)
        wh[:, times_of(keys[0]) >= NEVER_DS] = NEVER_WH
        return wh.astype(np.int32)

    def arcs_wh(self, band: str = "day") -> NDArray[np.float64]:
        """Return the watt-hours of driving each whole arc, as (2, arcs); turns are not in it."""
        return self._now(band).arc_mwh / 1000

    def _now(self, band: str) -> Uses:
        """Return the energy under today's closures, found anew after each change."""
        times = self.roads.times(band)
        uses = self._uses.get(band)
        if uses is None or uses.times is not times:
            uses = self._uses[band] = self._found(times)
        return uses

    def _found(self, times: Times) -> Uses:
        network = self.roads.network
        length_m = np.repeat(network.length_m, 2)
        moving_s = np.maximum(times.time_ds - network.delay_ds, 1) / 10
        climb_m = np.stack((network.climb_m, network.descent_m), axis=1).ravel()
        descent_m = np.stack((network.descent_m, network.climb_m), axis=1).ravel()
        wh = drive_wh(
            self.body,
            self.weather,
            length_m=length_m,
            climb_m=climb_m.astype(np.float64),
            descent_m=descent_m.astype(np.float64),
            speed_kmh=np.where(times.open, 3.6 * length_m / moving_s, 0.0),
            time_s=times.time_ds / 10,
            margin=self.margin,
        )
        arc_mwh = np.rint(1000 * wh).astype(np.int64)
        weights = self._turn_keys(times, arc_mwh)
        return Uses(times, arc_mwh, weights, SumsMetric(self._topology, weights))

    def _turn_keys(self, times: Times, arc_mwh: Rows) -> Keys:
        """Return the key of each turn with the arc before it, as (turns, 2)."""
        turns = self.roads.network.turns
        watts = (1 + self.margin) * (self.body.aux_w + self.weather.heater_w)
        turning_mwh = np.rint(turns.cost_ds * watts / 36).astype(np.int64)
        mwh = arc_mwh[:, turns.arc[turns.tail]]
        mwh[0] += turning_mwh
        return np.ascontiguousarray(keys_of(times.weights.astype(np.int64), mwh).T)


@dataclass(frozen=True, slots=True)
class Uses:
    """The energy, or two other sums, beside some driving times; immutable.

    ``arc_mwh`` is (2, arcs), ``weights`` the keys of the turns as (turns, 2).
    """

    times: Times
    arc_mwh: Rows
    weights: Keys
    metric: SumsMetric
    rounds: dict[int, Keys] = field(default_factory=dict)

    def table(self, origins: Sequence[Anchor], destinations: Sequence[Anchor]) -> Keys:
        """Return the keys of the fastest ways, as (2, origins, destinations)."""
        times = self.times
        source, target = times.ends(origins, leaving=True), times.ends(destinations, leaving=False)
        pairs = Pairs(*np.nonzero(source.edge[:, None] == target.edge))
        between = self._between(source.arcs, target.arcs)
        self._mend_same_arc(between, source, target, pairs)
        rows = self._least(between, source, -1)
        keys = self._least(rows.transpose(0, 2, 1), target, 1).transpose(0, 2, 1)
        if len(pairs.origin):
            spots = slice(None), pairs.origin, pairs.destination
            keys[spots] = np.minimum(keys[spots], self._direct(source, target, pairs))
        return keys

    def _between(self, sources: Rows, targets: Rows) -> Keys:
        """Return the keys from arc to arc, whatever the state one arrives in."""
        if not len(sources) or not len(targets):
            return np.full((2, len(sources), len(targets)), NO_WAY)
        copies = self.times.ground.copies
        copied = [
            (column, copy)
            for column, arc in enumerate(targets.tolist() if copies else ())
            for copy in copies.get(arc, ())
        ]
        states = np.concatenate((targets, [copy for _, copy in copied])).astype(np.int64)
        keys = self.metric.table(sources, states)
        for extra, (column, _) in enumerate(copied, start=len(targets)):
            np.minimum(keys[:, :, column], keys[:, :, extra], out=keys[:, :, column])
        return keys[:, :, : len(targets)]

    def _mend_same_arc(self, between: Keys, source: Ends, target: Ends, pairs: Pairs) -> None:
        """Replace the zero from an arc to itself by coming round to it; see ``Times``."""
        _, rows, columns = np.intersect1d(
            source.arcs, target.arcs, assume_unique=True, return_indices=True
        )
        between[:, rows, columns] = NO_WAY
        if not len(pairs.origin) or not len(rows):
            return
        wanted = self.times.going_round(source, target, pairs)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            arc = int(source.arcs[row])
            if arc in wanted:
                between[:, row, column] = self._round_trip(arc)

    def _round_trip(self, arc: int) -> Keys:
        """Return the keys from the start of an arc along it and back to its start."""
        known = self.rounds.get(arc)
        if known is None:
            turns = self.times.turns_from(arc)
            heads = self.times.ground.network.turn_head[turns].astype(np.int64)
            back = self._between(heads, np.array([arc]))[:, :, 0]
            known = (back + self.weights[turns].T).min(axis=1, initial=NO_WAY)
            self.rounds[arc] = known
        return known

    def _least(self, between: Keys, ends: Ends, sign: int) -> Keys:
        """Return the smaller of each place's two rows with its offsets, as (2, places, columns).

        ``sign`` is -1 for what is already behind a place, 1 for what is still before it.
        """
        if not len(ends.arcs):
            return np.full((2, len(ends.edge), between.shape[2]), NO_WAY)
        best = between[:, ends.first] + sign * self._offset(ends, ends.first)[:, :, None]
        best[:, ends.first < 0] = NO_WAY
        twice = np.flatnonzero(ends.second >= 0)
        offset = self._offset(ends, ends.second)[:, twice, None]
        other = between[:, ends.second[twice]] + sign * offset
        best[:, twice] = np.minimum(best[:, twice], other)
        return best

    def _offset(self, ends: Ends, rows: Rows) -> Keys:
        """Return the keys from the start of an arc of each place to the place."""
        arc = ends.arcs[rows]
        return self._part(np.where(arc & 1, 1 - ends.fraction, ends.fraction), arc)

    def _part(self, share: NDArray[np.float64], arc: Rows) -> Keys:
        ds = np.rint(share * self.times.time_ds[arc]).astype(np.int64)
        return keys_of(ds, np.rint(share * self.arc_mwh[:, arc]).astype(np.int64))

    def _direct(self, source: Ends, target: Ends, pairs: Pairs) -> Keys:
        """Return the keys of driving along the one edge both places are on."""
        edge = source.edge[pairs.origin]
        here, there = source.fraction[pairs.origin], target.fraction[pairs.destination]
        best = np.full((2, len(edge)), NO_WAY)
        for arc, sign in ((2 * edge, 1), (2 * edge + 1, -1)):
            keys = sign * (self._part(there, arc) - self._part(here, arc))
            possible = (sign * there >= sign * here) & self.times.open[arc]
            best[:, possible] = np.minimum(best, keys)[:, possible]
        return best


def topology_of(ground: Ground) -> SweepTopology:
    """Return the sweep over the network's turns, whichever engine finds the times."""
    if isinstance(ground.topology, SweepTopology):
        return ground.topology
    network = ground.network
    middle = ((network.edge_start[:-1] + network.edge_start[1:]) // 2)[network.turn_arc >> 1]
    tail, head = network.turn_tail.astype(np.uint32), network.turn_head.astype(np.uint32)
    lat, lon = network.vertex_lat[middle], network.vertex_lon[middle]
    places = lat.astype(np.float32), lon.astype(np.float32)
    try:
        return SweepTopology(tail, head, *places)
    except ImportError:
        return SweepTopology(tail, head, *places, order=_plain_order(tail, head, len(lat)))


def _plain_order(tail: NDArray[np.uint32], head: NDArray[np.uint32], size: int) -> list[int]:
    """Return an order that keeps neighbours together; slower than that of routingkit-cch."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    ends = tail.astype(np.int32), head.astype(np.int32)
    graph = csr_array((np.ones(len(tail)), ends), shape=(size, size))
    return [int(state) for state in reverse_cuthill_mckee(graph + graph.T, symmetric_mode=True)]
