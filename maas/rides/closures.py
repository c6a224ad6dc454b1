"""Roads closed or slow: kept in the database, and put on the roads of every process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.roads import Anchor, Roads, RoadTimes
from maas.store import closures
from maas.store.closures import ClosureRow
from maas.store.database import Database


@runtime_checkable
class Closable(Protocol):
    """Roads that can be closed; a copy of them can be closed alone."""

    def close(self, what: Iterable[int | Anchor], until_s: float | None = None) -> int:
        """Close arcs, or both arcs at anchors."""
        ...

    def slow(self, what: Iterable[int | Anchor], factor: float) -> int:
        """Let arcs, or both arcs at anchors, be driven at `factor` of their speed."""
        ...

    def reopen(self, what: Iterable[int | Anchor] | None = None) -> int:
        """Make arcs, or both arcs at anchors, normal again (all: `None`)."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """The road between two junctions that is closed with a point of it.

    `lonlats` go from one junction to the other; `meets` are the roads that come in at each end.
    """

    road: str
    length_m: float
    off_m: float
    lonlats: list[tuple[float, float]]
    meets: tuple[list[str], list[str]]


@dataclass(frozen=True, slots=True)
class Closed:
    """A closure as part of a change."""

    row: ClosureRow

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Keep it; always True."""
        await closures.add_closure(connection, self.row)
        return True


@dataclass(frozen=True, slots=True)
class Opened:
    """The end of a closure as part of a change."""

    closure_id: str
    now: float
    who: str

    async def write(self, connection: AsyncConnection, /) -> bool:
        """Keep it; False when it does not hold any more."""
        return await closures.open_again(connection, self.closure_id, self.now, self.who)


class Closures:
    """The closures that hold, on the roads of one process.

    `clock` is the service clock in epoch seconds.
    """

    def __init__(
        self, database: Database, roads: Mapping[str, RoadTimes], clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._roads = roads
        self._clock = clock
        self._applied: tuple[str, ...] = ()
        self._following = asyncio.Lock()

    async def holding(self) -> list[ClosureRow]:
        """Return the closures that hold now, oldest first."""
        async with self._database.reading() as connection:
            return await closures.closures_at(connection, self._clock())

    async def follow(self) -> bool:
        """Put on the roads what the database says; True when anything changed."""
        async with self._following:
            rows = await self.holding()
            ids = tuple(row.id for row in rows)
            if ids == self._applied:
                return False
            await asyncio.to_thread(self._apply, rows)
            self._applied = ids
            return True

    def _apply(self, rows: Sequence[ClosureRow]) -> None:
        known = set(self._applied)
        grows = known <= {row.id for row in rows}
        fresh = [row for row in rows if row.id not in known] if grows else rows
        for roads in self._roads.values():
            if isinstance(roads, Closable):
                if not grows:
                    roads.reopen()
                for row in fresh:
                    self._close(roads, row)

    def stretch(self, lat: float, lon: float) -> Stretch | None:
        """Return what is closed with a point; `None` without a road network."""
        first = next(iter(self._roads.values()), None)
        if not isinstance(first, Roads):
            return None
        snap, network = first.snap(lat, lon), first.network
        edge = snap.anchor.edge
        return Stretch(
            road=snap.road_name,
            length_m=float(network.length_m[edge]),
            off_m=snap.distance_m,
            lonlats=network.line_of(edge),
            meets=(
                network.met_at(int(network.edge_tail[edge]), edge),
                network.met_at(int(network.edge_head[edge]), edge),
            ),
        )

    def under(self, rows: Sequence[ClosureRow]) -> dict[str, RoadTimes]:
        """Return the roads as they would be if exactly these closures held."""
        return {name: self._copied(roads, rows) for name, roads in self._roads.items()}

    def _copied(self, roads: RoadTimes, rows: Sequence[ClosureRow]) -> RoadTimes:
        if not isinstance(roads, Closable):
            return roads
        # Roads hold their state as one value that a change replaces: a copy has its own.
        other = copy(roads)
        other.reopen()
        for row in rows:
            self._close(other, row)
        return other

    def _close(self, roads: Closable, row: ClosureRow) -> None:
        what = self._where(roads, row.points)
        if row.factor is None:
            roads.close(what, row.until)
        else:
            roads.slow(what, row.factor)

    def _where(
        self, roads: Closable, points: Sequence[tuple[float, float]]
    ) -> Sequence[int | Anchor]:
        """Return the roads at points, by the first profile: the others share its network."""
        first = next(iter(self._roads.values()))
        if not points and isinstance(roads, Roads):
            return range(2 * len(roads.network.length_m))
        return [first.snap(lat, lon).anchor for lat, lon in points]
