"""A rural town as files (nodes, edges, requests, fleet) and as what the dispatcher drives in.

One visit of a stop takes ``VISIT_S`` however many get in or out.  That is exact here without a word
of it in the dispatcher: a stop is another place than the junction it stands at, and leaving a stop
takes a minute more, while a drive from a stop to the same stop takes nothing.  So nobody's boarding
takes time of its own, and whoever shares a visit shares its minute.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from dispatcher.day import Call, Day
from dispatcher.model import Place, Request, Vehicle

VISIT_S: Final = 60
MAX_WAIT_S: Final = 1800
SERVICE_END_S: Final = 41_400

_MARGIN_S: Final = 2
"""Drives are whole seconds, rounded up: cut in two, one may take a second or two more."""


def junction(node: int) -> Place:
    """Return a node that vehicles pass or wait at."""
    return Place(2 * node)


def stop(node: int) -> Place:
    """Return a node where riders get in or out."""
    return Place(2 * node + 1)


def node_of(place: Place) -> int:
    """Return where a place is."""
    return place // 2


@dataclass(frozen=True, slots=True)
class Trip:
    """One line of a request file."""

    id: str
    request_s: int
    earliest_s: int
    origin: int
    destination: int
    passengers: int
    direct_s: float
    direct_m: float

    @property
    def longest_ride_s(self) -> float:
        """From the start of boarding to the arrival."""
        return max((self.direct_s + VISIT_S) * 1.5, self.direct_s + VISIT_S + 600)


class Network:
    """Fastest paths between all nodes."""

    def __init__(self, edges: Sequence[tuple[int, int, float, float]], count: int) -> None:
        """Search all paths over edges of (from, to, metres, seconds)."""
        self.edges = {(a, b): (metres, seconds) for a, b, metres, seconds in edges}
        a, b = np.array(list(self.edges)).T
        metres, seconds = np.array(list(self.edges.values())).T
        graph = csr_array((seconds, (a, b)), shape=(count, count))
        self.seconds, self.before = dijkstra(graph, return_predecessors=True)
        self.metres = self._along_tree(csr_array((metres, (a, b)), shape=(count, count)))
        reached = np.isfinite(self.seconds)
        self.whole = np.where(reached, np.ceil(np.round(self.seconds, 6)), 2**30).astype(np.int32)
        self._paths: dict[tuple[int, int], list[int]] = {}

    def _along_tree(self, metres: csr_array) -> NDArray[np.float64]:
        """Return the length of every fastest path."""
        count = len(self.seconds)
        step = np.asarray(metres.todense())
        long = np.zeros((count, count))
        for origin in range(count):
            for node in np.argsort(self.seconds[origin], kind="stable").tolist():
                before = int(self.before[origin, node])
                if before >= 0:
                    long[origin, node] = long[origin, before] + step[before, node]
        return long

    def path(self, origin: int, destination: int) -> list[int]:
        """Return the nodes of the fastest path, both ends included."""
        known = self._paths.get((origin, destination))
        if known is None:
            known = [destination]
            while known[-1] != origin:
                known.append(int(self.before[origin, known[-1]]))
            known.reverse()
            self._paths[origin, destination] = known
        return known


@dataclass(slots=True)
class RuralRoads:
    """The network as dispatcher and simulation see it; see ``dispatcher.day.Roads``."""

    network: Network

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return driving seconds, the visit at a stop that is left included."""
        rows, columns = np.asarray(origins), np.asarray(destinations)
        a, b = rows // 2, columns // 2
        stands = (rows % 2 * VISIT_S)[:, None] * (a[:, None] != b[None, :])
        return np.asarray(self.network.whole[np.ix_(a, b)] + stands, dtype=np.int32)

    def leaving(self, place: Place, /) -> tuple[Place, int]:
        """See ``dispatcher.day.Roads``."""
        return junction(node_of(place)), VISIT_S * (place % 2)

    def along(self, origin: Place, destination: Place, elapsed_s: float, /) -> tuple[Place, int]:
        """Return the next node of a drive, and how long after its begin it is reached."""
        a, b = node_of(origin), node_of(destination)
        for node in self.network.path(a, b)[1:-1]:
            at_s = int(self.network.whole[a, node])
            if at_s >= elapsed_s:
                return junction(node), at_s
        return destination, int(self.network.whole[a, b])


@dataclass(slots=True)
class Town:
    """A scenario folder, read."""

    network: Network
    stops: list[int]
    hubs: list[int]
    fleets: dict[int, list[dict[str, str]]]
    roads: RuralRoads = field(init=False)

    def __post_init__(self) -> None:
        self.roads = RuralRoads(self.network)

    def day(self, trips: Sequence[Trip], vehicles: int) -> Day:
        """Return a service day; raises ``ValueError`` for a fleet the scenario has not."""
        if vehicles not in self.fleets:
            raise ValueError(f"vehicles={vehicles}: the fleet file knows {sorted(self.fleets)}")
        vans = tuple(
            Vehicle(
                row["vehicle_id"],
                junction(int(row["start_node"])),
                None,
                0,
                SERVICE_END_S - _MARGIN_S,
                seats=int(row["seats"]),
            )
            for row in self.fleets[vehicles]
        )
        calls = tuple(Call(trip.request_s, request_of(trip)) for trip in trips)
        return Day(vans, calls, {"car": self.roads})


def request_of(trip: Trip) -> Request:
    """Return a trip within the widest windows the rules allow."""
    longest_s = int(trip.longest_ride_s) - _MARGIN_S
    return Request(
        trip.id,
        stop(trip.origin),
        stop(trip.destination),
        trip.earliest_s,
        trip.earliest_s + MAX_WAIT_S - _MARGIN_S,
        trip.earliest_s,
        min(trip.earliest_s + MAX_WAIT_S + longest_s, SERVICE_END_S),
        longest_s,
        seats=trip.passengers,
        boarding_s=0,
        alighting_s=0,
    )


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def read_town(folder: Path) -> Town:
    """Read nodes.csv, edges.csv and fleet.csv of a scenario."""
    nodes = rows(folder / "nodes.csv")
    edges = [
        (int(r["from_node"]), int(r["to_node"]), float(r["length_m"]), float(r["travel_time_s"]))
        for r in rows(folder / "edges.csv")
    ]
    fleets: dict[int, list[dict[str, str]]] = {}
    for row in rows(folder / "fleet.csv"):
        fleets.setdefault(int(row["fleet_size"]), []).append(row)
    return Town(
        Network(edges, len(nodes)),
        [int(r["node_id"]) for r in nodes if r["kind"] == "stop"],
        [int(r["node_id"]) for r in nodes if "hub" in r["kind"]],
        fleets,
    )


def read_trips(path: Path) -> list[Trip]:
    """Read a request file, in the order in which requests become known."""
    trips = [
        Trip(
            r["request_id"],
            int(r["request_time_s"]),
            int(r["earliest_pickup_s"]),
            int(r["origin_node"]),
            int(r["destination_node"]),
            int(r["passengers"]),
            float(r["direct_time_s"]),
            float(r["direct_length_m"]),
        )
        for r in rows(path)
    ]
    return sorted(trips, key=lambda trip: (trip.request_s, int(trip.id)))


def trip_row(trip: Trip) -> dict[str, Any]:
    """Return a trip as a line of a request file."""
    return {
        "request_id": trip.id,
        "request_time_s": trip.request_s,
        "earliest_pickup_s": trip.earliest_s,
        "origin_node": trip.origin,
        "destination_node": trip.destination,
        "passengers": trip.passengers,
        "direct_time_s": round(trip.direct_s, 2),
        "direct_length_m": round(trip.direct_m, 1),
    }
