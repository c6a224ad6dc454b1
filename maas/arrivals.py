"""Stop events, and what riders had been told of them, written behind the live map in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from busloc.told import Judged
from busloc.visits import Visit
from maas.store.arrivals import JudgedRow, VisitRow, add_judged, add_visits, forget_judged
from maas.store.database import Database

WAITING_MAX: Final = 100_000
"""More rows than this do not wait for a database that does not answer."""
KEPT_DAYS: Final = 60
JUDGED_MAX: Final = 300_000
"""So many rows a day are enough to tell how true we are."""


@dataclass(slots=True)
class Arrivals:
    """What waits to be written."""

    visits: list[VisitRow] = field(default_factory=list)
    judged: list[JudgedRow] = field(default_factory=list)
    ours: Callable[[], bool] = lambda: True
    """Whether what comes now was heard by this process and not told by another."""
    _day: date | None = None
    _today: int = 0

    def take_visits(self, vehicle: str, visits: Sequence[Visit]) -> None:
        """Take in stop events of a vehicle."""
        if self.ours() and len(self.visits) < WAITING_MAX:
            self.visits += [_visit(vehicle, visit) for visit in visits]

    def take_judged(self, judged: Sequence[Judged]) -> None:
        """Take in what was told of a call that is made now."""
        if self.ours() and len(self.judged) < WAITING_MAX:
            self.judged += [_judged(each) for each in judged]

    async def write(self, database: Database, today: date) -> None:
        """Write what waits; once a day, drop what is old.  What cannot be written waits on."""
        if self._day != today:
            self._today = 0
        room = max(0, JUDGED_MAX - self._today)
        visits, judged = self.visits, self.judged[:room]
        self.visits, self.judged = [], []
        try:
            async with database.writing() as db:
                await add_visits(db, visits)
                await add_judged(db, judged)
                if self._day != today:
                    await forget_judged(db, today - timedelta(days=KEPT_DAYS))
        except Exception:
            self.visits, self.judged = visits + self.visits, judged + self.judged
            raise
        self._day, self._today = today, self._today + len(judged)


def _visit(vehicle: str, visit: Visit) -> VisitRow:
    return VisitRow(
        visit.run.day,
        visit.run.trip_id,
        visit.index,
        vehicle,
        visit.arrive_s,
        visit.depart_s,
        visit.passed,
    )


def _judged(judged: Judged) -> JudgedRow:
    said = judged.saying
    return JudgedRow(
        judged.run.day,
        judged.route_id,
        judged.stop_id,
        judged.run.trip_id,
        None if said is None else said.said_at,
        None if said is None else said.expected,
        None if said is None else said.low,
        None if said is None else said.high,
        None if said is None else said.be_there_by,
        judged.actual,
    )
