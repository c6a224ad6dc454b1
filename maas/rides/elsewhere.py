"""Roads are of the whole town: what one area's office closes, the plans of the others drive around.

The command replans the area it was given in.  Every other area that has rides today is replanned
by the process that leads it, with its own outcome, list of calls and messages.
"""

from __future__ import annotations

from collections.abc import Iterator

from maas.rides.closures import Closures
from maas.rides.disruption import Disruption
from maas.rides.held import Held
from maas.rides.outcome import Kind
from maas.store import closures
from maas.store.closures import ClosureRow

_OPEN = frozenset({"booked", "arrived", "aboard"})


class Elsewhere:
    """What other areas close and open, for one area."""

    def __init__(self, keeper: Held, known: Closures) -> None:
        self._keeper = keeper
        self._closures = known
        self._learnt: set[tuple[str, str]] = set()

    async def go_on(self) -> int:
        """Replan for what was closed or opened today and is new to the area; returns how often."""
        since = self._keeper.here.names.epoch(self._keeper.today, 0)
        async with self._keeper.database.reading() as connection:
            rows = await closures.closures_since(connection, since)
        news = [each for row in rows for each in _news(row, since)]
        fresh = [each for each in news if (each[0], each[1].id) not in self._learnt]
        return await self._learn(fresh) if fresh else 0

    async def _learn(self, fresh: list[tuple[Kind, ClosureRow, str]]) -> int:
        disruption = Disruption(self._keeper, self._closures)
        own = {(each.kind, each.closure) for each in await disruption.on()}
        day = await self._keeper.day_of(self._keeper.today)
        rides = any(row.state in _OPEN for row in day.bookings.values())
        done = 0
        for kind, row, who in fresh:
            if rides and (kind, row.id) not in own:
                done += await disruption.learn(kind, row, who) is not None
            self._learnt.add((kind, row.id))
        return done


def _news(row: ClosureRow, since: float) -> Iterator[tuple[Kind, ClosureRow, str]]:
    """Yield what became of a road since an epoch second, and who did it."""
    if row.at >= since:
        yield "road_closed" if row.factor is None else "road_slow", row, row.by
    if row.opened_at is not None and row.opened_at >= since:
        yield "road_open", row, row.opened_by or row.by
