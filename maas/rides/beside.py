"""What goes on beside the calls: the lease, what others wrote, events, a better plan."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

import msgspec

from dispatcher import Plan
from dispatcher.rebase import with_stops_of
from dispatcher.roads import RoadTimes
from maas.rides import kept
from maas.rides.commit import Change
from maas.rides.day import Day, planned_bookings, stops_of
from maas.rides.disruption import retry
from maas.rides.earlier import fetched_earlier
from maas.rides.improver import Improver, differing, is_better
from maas.rides.late import LOOK_S, watch
from maas.rides.outbox import Deliver, Outbox, Told
from maas.rides.screens import Screens
from maas.rides.shuffler import Shuffler
from maas.rides.views import Event
from maas.rides.worker import Fate
from maas.store import commits
from maas.store.commits import AuditEntry
from maas.store.database import Database

log = logging.getLogger(__name__)

LEASE_S: Final = 3.0
WATCH_S: Final = 1.0


class Beside(Screens):
    """Keeps the lease of an area, follows other processes, hands events on and improves the plan.

    `deliver` gets every committed event at least once; it is kept until `told` returns, which waits
    until what was delivered can no longer be lost with this process.  `improve_s` is how long a
    search for a better plan may take; 0 is never, and no room is looked for before a refusal
    either.  Without `may_lead` it leaves the lease, and what whoever holds it does, to others.
    `ray` is the address of a Ray cluster that searches instead of a process here.
    """

    def __init__(
        self,
        database: Database,
        *,
        area: str,
        roads: Mapping[str, RoadTimes],
        network: str | None,
        clock: Callable[[], float],
        deliver: Deliver | None,
        told: Told,
        improve_s: float,
        may_lead: bool,
        ray: str | None,
    ) -> None:
        super().__init__(database, area=area, roads=roads, network=network, clock=clock)
        self._outbox = None if deliver is None else Outbox(database, area, deliver, told)
        self._improve_s = improve_s
        self._may_lead = may_lead
        self._holder = uuid.uuid4().hex
        self._leads = False
        self._improver = Improver(ray)
        self._shuffler = Shuffler()
        self._searched: Mapping[str, int] = {}
        self._looked_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def fates(self) -> Mapping[str, Fate]:
        """What has become of the processes that search, by what they search for."""
        return {"plan": self._improver.fate, **self._shuffler.fates}

    async def start(self) -> None:
        """Rebuild the plan from the database and begin the work beside it.

        Raises `ValueError` when no town is imported or a vehicle's profile has no roads.
        """
        await self.refresh()
        await self.recall_positions()
        work = [self._watch()]
        if self._improve_s > 0:
            work.append(self._compile())
        if self._may_lead:
            async with self.database.writing() as connection:
                until = time.time() + LEASE_S
                await commits.take_lease(connection, self.area, self._holder, until)
            self._leads = True
            work.append(self._watch_late())
            if self._outbox is not None:
                work += [self._publish(self._outbox), self._forget(self._outbox)]
            if self._improve_s > 0:
                work.append(self._improve())
        await self._day(self.today)
        self._tasks = [asyncio.create_task(each) for each in work]

    async def stop(self) -> None:
        """End the work beside the plan; nothing is lost by not calling it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._improver.close()
        self._shuffler.close()

    async def _watch(self) -> None:
        """Keep the lease, and notice what another process wrote."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self._look()
            except Exception:
                log.exception("cannot look after the area %s", self.area)

    async def _look(self) -> None:
        if self._may_lead:
            now = time.time()
            async with self.database.writing() as connection:
                self._leads = await commits.renew_lease(
                    connection, self.area, self._holder, now, now + LEASE_S
                )
        async with self._writing:
            for day in list(self._days):
                if day < self.today - timedelta(days=1):
                    del self._days[day]
                    self._planned.pop(day, None)
            await self._follow(list(self._days))

    async def _watch_late(self) -> None:
        """Look after vehicles that run late, as often as the service clock says."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                due = abs(self.clock() - self._looked_at) >= LOOK_S
                if self._leads and due and not self.behind_s:
                    self._looked_at = self.clock()
                    await watch(self)
            except Exception:
                log.exception("cannot look after the late vehicles of %s", self.area)

    async def _publish(self, outbox: Outbox) -> None:
        """Hand committed events on as they come, and those left by a process that died."""
        while True:
            self._news.clear()
            try:
                while self._leads and await outbox.hand_on():
                    pass
            except Exception:
                log.exception("cannot hand on the events of %s", self.area)
            with contextlib.suppress(TimeoutError):
                # wait_for would lose a cancellation that comes together with the news.
                async with asyncio.timeout(WATCH_S):
                    await self._news.wait()

    async def _forget(self, outbox: Outbox) -> None:
        """Forget events that others have by now, without making the next ones wait."""
        while True:
            await outbox.given.wait()
            try:
                await outbox.forget()
            except Exception:
                log.exception("cannot forget the events of %s", self.area)
                await asyncio.sleep(WATCH_S)

    async def _compile(self) -> None:
        """Keep the processes ready to search; the second loads what the first compiled."""
        if self._may_lead:
            await self._improver.compiled()
        while True:
            if not await self._shuffler.compiled():
                log.error("no process looks for room in %s", self.area)
            await asyncio.sleep(WATCH_S)

    async def _improve(self) -> None:
        """Search for a better plan whenever the plan has changed."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                if self._leads:
                    await self.improve_once()
            except Exception:
                log.exception("cannot improve the plan of %s", self.area)

    async def improve_once(self) -> bool:
        """Look for a better plan for today and take it if it still is one; True when taken."""
        day = await self._day(self.today)
        if self.behind_s:
            return False
        versions = {id_: row.version for id_, row in day.plans.items()}
        if versions == self._searched:
            return False
        if day.unplaced and await retry(self):
            return True
        self._searched = versions
        if await fetched_earlier(self, self._improver, self._improve_s):
            return True
        plan = kept.without(self._plan(day), self.out_of_sight())
        if len(plan.requests) < 2:
            return False
        better = await self._improver.better(plan, self.here.travel, self._improve_s)
        return better is not None and await self.accept(day, plan, better)

    async def accept(self, seen: Day, plan: Plan, better: Plan) -> bool:
        """Take a better plan made from `plan` of `seen`; False when it is too late or not better.

        Nothing is taken when a vehicle it touches has moved on or is out of sight, a locked stop or
        a rider on board would be moved, or any promise could no longer be kept.
        """
        async with self._writing:
            day = await self._day_while_writing(seen.day)
            moved = differing(plan, better)
            if any(day.plan_row(id_) != seen.plan_row(id_) for id_ in moved):
                return False
            if not self.out_of_sight().isdisjoint(moved):
                return False
            now = self._plan(day)
            taken = with_stops_of(now, moved)
            if taken is None or not is_better(now, taken, self.here.travel):
                return False
            return await self._write(self._improvement(day, taken, moved), None)

    def _improvement(self, day: Day, plan: Plan, moved: Iterable[str]) -> Change:
        now = self.clock()
        rows = tuple(
            replace(day.plan_row(id_), stops=stops_of(plan.routes[id_])) for id_ in sorted(moved)
        )
        event = Event("plan.improved", self.area, day.day, now, vehicles=tuple(sorted(moved)))
        detail = msgspec.json.encode({row.vehicle_id: row.stops for row in rows}).decode()
        return Change(
            plans=rows,
            events=(event,),
            audit=AuditEntry(now, "improver", "plan.improved", str(day.day), detail),
            updated=tuple(planned_bookings(day, plan, moved, self.here.travel)),
        )
