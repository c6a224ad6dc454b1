"""A road network as arrays, on disk and in memory.

An *edge* is a stretch of one way between two junctions.  Edge ``e`` has two *arcs*: ``2e`` drives
along its geometry, ``2e + 1`` against it.  A *state* is an arc about to be driven; most arcs have
one, an arc that is the middle of a turn restriction has one more for those who came the
restricted way.  *Turns* lead from state to state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

EARTH_M = 6_371_008.8


def distances_m(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the metres from each point to the next (one fewer than there are points)."""
    middle = np.radians((lat[1:] + lat[:-1]) / 2)
    east = np.radians(np.diff(lon)) * np.cos(middle)
    return np.asarray(EARTH_M * np.hypot(east, np.radians(np.diff(lat))), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of a network, by state.

    ``arc[s]`` is the arc of state ``s``; turn ``i`` leads from ``tail[i]`` to ``head[i]`` and costs
    ``cost_ds[i]`` tenths of a second; ``enters[i]`` when it leaves the open roads for one that only
    visitors may use.
    """

    arc: NDArray[np.int32]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    cost_ds: NDArray[np.int32]
    enters: NDArray[np.bool_]


@dataclass(frozen=True)
class RoadNetwork:
    """Everything ``Roads`` needs, immutable.

    ``speed_kmh[p, a]`` is the speed of profile ``p`` on arc ``a``, 0 where it may not drive or
    could not come back from.  ``delay_ds[a]`` is lost at signals and gates along the arc.
    ``climb_m`` and ``descent_m`` are those of driving along the edge.
    """

    node_lon: NDArray[np.float64]
    node_lat: NDArray[np.float64]
    edge_tail: NDArray[np.int32]
    edge_head: NDArray[np.int32]
    edge_start: NDArray[np.int64]
    vertex_lon: NDArray[np.float64]
    vertex_lat: NDArray[np.float64]
    edge_class: NDArray[np.int8]
    edge_way: NDArray[np.int64]
    edge_name: NDArray[np.int32]
    edge_ref: NDArray[np.int32]
    edge_synthetic: NDArray[np.bool_]
    speed_kmh: NDArray[np.float32]
    delay_ds: NDArray[np.int32]
    visitors_only: NDArray[np.bool_]
    climb_m: NDArray[np.float32]
    descent_m: NDArray[np.float32]
    turn_arc: NDArray[np.int32]
    turn_tail: NDArray[np.int32]
    turn_head: NDArray[np.int32]
    turn_cost_ds: NDArray[np.int32]
    turn_enters: NDArray[np.bool_]
    words: tuple[str, ...]
    profiles: tuple[str, ...]
    meta: Mapping[str, Any]

    @classmethod
    def load(cls, folder: Path) -> RoadNetwork:
        """Return the network that ``build`` wrote into ``folder``.

        Raises ``FileNotFoundError`` when there is none.
        """
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
        with np.load(folder / "network.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return cls(words=tuple(words), profiles=tuple(meta["profiles"]), meta=meta, **arrays)

    def save(self, folder: Path) -> None:
        """Write the network into ``folder``, which must exist."""
        np.savez_compressed(folder / "network.npz", allow_pickle=False, **self.arrays())
        _write_json(folder / "words.json", list(self.words))
        _write_json(folder / "meta.json", dict(self.meta))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by field name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}

    @property
    def id(self) -> str:
        """What the network is called by anchors and caches: a hash of its content."""
        return str(self.meta["id"])

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return len(self.edge_tail)

    @property
    def turns(self) -> Turns:
        """The turns by state."""
        return Turns(
            self.turn_arc, self.turn_tail, self.turn_head, self.turn_cost_ds, self.turn_enters
        )

    @cached_property
    def vertex_m(self) -> NDArray[np.float64]:
        """How far each vertex is along its edge, in metres."""
        step_m = np.concatenate(([0.0], distances_m(self.vertex_lon, self.vertex_lat)))
        along_m = np.cumsum(step_m)
        counts = np.diff(self.edge_start)
        return np.asarray(along_m - np.repeat(along_m[self.edge_start[:-1]], counts))

    @cached_property
    def length_m(self) -> NDArray[np.float64]:
        """The length of each edge in metres."""
        return np.asarray(self.vertex_m[self.edge_start[1:] - 1])

    def name_of(self, edge: int) -> str:
        """Return the road's name, else its number, else an empty string."""
        return self.words[int(self.edge_name[edge])] or self.words[int(self.edge_ref[edge])]

    def line_of(self, edge: int) -> list[tuple[float, float]]:
        """Return an edge as (longitude, latitude) from its tail to its head."""
        rows = slice(int(self.edge_start[edge]), int(self.edge_start[edge + 1]))
        return list(
            zip(self.vertex_lon[rows].tolist(), self.vertex_lat[rows].tolist(), strict=True)
        )

    def met_at(self, node: int, edge: int) -> list[str]:
        """Return the names of the other roads where an edge ends, those without one left out."""
        meet = np.flatnonzero((self.edge_tail == node) | (self.edge_head == node))
        names = dict.fromkeys(self.name_of(int(each)) for each in meet)
        return [name for name in names if name and name != self.name_of(edge)]

    def arcs_within(
        self, lat_min: float, lon_min: float, lat_max: float, lon_max: float
    ) -> NDArray[np.int64]:
        """Return both arcs of every edge with a vertex inside the box (degrees)."""
        inside = (
            (self.vertex_lat >= lat_min)
            & (self.vertex_lat <= lat_max)
            & (self.vertex_lon >= lon_min)
            & (self.vertex_lon <= lon_max)
        )
        edges = np.flatnonzero(np.logical_or.reduceat(inside, self.edge_start[:-1]))
        return np.sort(np.concatenate((2 * edges, 2 * edges + 1)))


def _write_json(path: Path, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")
