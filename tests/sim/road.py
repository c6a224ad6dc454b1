"""Vans on the road: drivers by script, and the device that reports where they are.

A driver goes by the plan as it was last seen; without a signal steps and fixes wait on the device.
Who physically sits where is known here alone, whatever the server believes.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

from busloc import Ping
from maas.rides.disruption import Upset
from maas.rides.merge import Tap
from maas.rides.outcome import Outcome
from maas.rides.views import JobView, PlanStopView, Step
from tests.maas.line_town import LAT, LON, STEP, Van
from tests.sim.net import LostError
from tests.sim.town import MINUTE_S, SPEED

if TYPE_CHECKING:
    from tests.sim.day import Town

LOOK_S = 1.5
"""So often, in seconds of the machines, a driver looks at the plan."""
HERE = 0.05
"""So near to a stop, in steps, a vehicle is there."""
WAIT_S = 300
"""`no_show_wait_min` of the town's rules."""
REPORTS_S = 1.0
BATCH = 40


class Vehicle:
    """One van with its driver and its device."""

    def __init__(self, town: Town, van: Van) -> None:
        self.town = town
        self.id = van.id
        self.rng = random.Random(f"{van.id}:{town.seed}")  # noqa: S311
        self.pace = self.rng.uniform(0.75, 1.1)
        self.stuck = 0
        self.by_step = self.rng.random() < 0.4
        self.x = 0.0
        self.broken = False
        self.seated: set[str] = set()
        self.stops: list[PlanStopView] = []
        self.looked_s = -LOOK_S
        self.arrived_s: dict[str, float] = {}
        self.taps: list[Tap] = []
        self.tapped = 0
        self.boot, self.seq, self.boots = f"{van.id}-0", 0, 0
        self.wrong_s = self.rng.choice([0.0, 0.0, 0.0, -400.0, 400.0])
        """By how many service seconds the device's clock is ahead."""
        self.fixes: list[Ping] = []

    def begin(self) -> None:
        """Let the driver and the device go to work."""
        self.town.begin(self._drive())
        self.town.begin(self._report())

    @property
    def online(self) -> bool:
        """Whether there is a signal."""
        return self.id not in self.town.net.cut

    def device_now(self) -> float:
        """Return the time by the device's clock, in epoch seconds of the service."""
        return self.town.now() + self.wrong_s

    def left(self) -> list[str]:
        """Return what must not be left when all is quiet."""
        found = [
            f"I5: {id_[:6]} sits in {self.id} and is never brought" for id_ in sorted(self.seated)
        ]
        if self.taps:
            found.append(f"liveness: {self.id} still keeps {len(self.taps)} steps")
        return found

    # The driver

    async def _drive(self) -> None:
        await asyncio.sleep(1.0)
        while True:
            if self.taps and self.online:
                await self._send_taps()
            if self.broken:
                await asyncio.sleep(0.5)
                continue
            if self.online and self.town.loop.time() - self.looked_s >= LOOK_S:
                await self._look()
            if not self.stops:
                await asyncio.sleep(1.5 + self.rng.random())
                continue
            await self._go(self.stops[0])

    async def _look(self) -> None:
        try:
            job = await self.town.net.ask(self.id, lambda s: s.trips.job(self.id))
        except LostError:
            await asyncio.sleep(0.5)
            return
        if job is not None and not self.taps:
            self._take(job)

    def _take(self, job: JobView) -> None:
        self.looked_s = self.town.loop.time()
        ahead = () if job.next is None else (job.next, *job.then)
        self.stops = list(ahead)

    async def _go(self, stop: PlanStopView) -> None:
        to = (stop.place.lon - LON) / STEP
        far = abs(to - self.x)
        if far > HERE:
            pace = 0.02 if self.stuck else self.pace
            minutes = min(far / pace, 2.0)
            await asyncio.sleep(minutes * MINUTE_S)
            if not self.broken:
                self.x += min(far, minutes * pace) * (1 if to > self.x else -1)
        elif stop.kind == "pickup":
            await self._pick_up(stop)
        else:
            await self._set_down(stop)

    async def _pick_up(self, stop: PlanStopView) -> None:
        id_, now = stop.booking_id, self.town.now()
        if id_ not in self.arrived_s:
            self.arrived_s[id_] = now
            if stop.state == "planned":
                await self._tap(id_, "arrived")
                return
        window_from = stop.window_from or 0
        if now < window_from:
            await asyncio.sleep(min(1.0, (window_from - now) / SPEED + 0.01))
        elif self.town.fetched_by(self, id_):
            await asyncio.sleep(MINUTE_S)
            await self._tap(id_, "aboard")
        elif now > max(window_from, self.arrived_s[id_]) + WAIT_S + 60:
            await self._tap(id_, "no_show")
        else:
            await asyncio.sleep(MINUTE_S)

    async def _set_down(self, stop: PlanStopView) -> None:
        if stop.booking_id not in self.seated:
            self.town.counts["nobody to set down"] += 1
            await asyncio.sleep(1.0)
            self.stops = self.stops[1:] if not self.online else self.stops
            return
        await asyncio.sleep(MINUTE_S / 2)
        await self._tap(stop.booking_id, "dropped")

    async def _tap(self, id_: str, step: Step) -> None:
        """Report a step: at once and waiting for the answer, or by the device's queue."""
        if self.broken:
            return
        self.tapped += 1
        event = f"{self.id}-{self.tapped}"
        if self.by_step and self.online and not self.taps:
            await self._step(id_, step, event)
            return
        tap = Tap(event, id_, step, self.device_now(), boot="app", seq=self.tapped)
        self.taps.append(tap)
        self._happens(id_, step)
        self.stops = [s for s in self.stops if not _is_done(s, id_, step)]
        if self.online:
            await self._send_taps()

    async def _step(self, id_: str, step: Step, event: str) -> None:
        at = self.town.now()

        def tell(server: Any) -> Any:  # noqa: ANN401
            return server.keeper.step(self.id, id_, step, at=at, key=event, actor=self.id)

        answer = await self.town.surely(self.id, tell, self.rng)
        self.town.note("step", event, step, type(answer).__name__)
        self.looked_s = -LOOK_S
        if isinstance(answer, JobView):
            self._happens(id_, step)
            self._take(answer)
        else:
            await asyncio.sleep(0.5)

    async def _send_taps(self) -> None:
        taps, sent_at = list(self.taps), self.device_now()
        if self.rng.random() < 0.2:
            self.rng.shuffle(taps)  # the queue's order is not to be relied on, its numbers are
        try:
            results = await self.town.net.ask(
                self.id, lambda s: s.trips.merge(self.id, taps, sent_at=sent_at, actor=self.id)
            )
        except LostError:
            await asyncio.sleep(0.5)
            return
        answered = {result.event for result in results}
        self.taps = [tap for tap in self.taps if tap.event not in answered]
        boarded = {tap.event: tap.booking_id for tap in taps if tap.step == "aboard"}
        for result in results:
            self.town.note("tap", result.event, result.outcome, result.codes)
            if result.outcome == "refused" and result.event in boarded:
                self.seated.discard(boarded[result.event])  # the driver is told to let them out
        self.looked_s = -LOOK_S

    def _happens(self, id_: str, step: Step) -> None:
        if step == "aboard":
            self.town.boards(self, id_)
        elif step == "dropped":
            self.seated.discard(id_)
            self.town.brought.add(id_)

    # What goes wrong with it

    async def break_down(self, for_s: float) -> None:
        """Go no further; an operator reports it, and later that it goes again."""
        if self.broken:
            return
        self.town.note("broken", self.id)
        self.broken = True
        where = LAT, LON + self.x * STEP
        out = await self._upset("vehicle_out", f"{self.id}-out-{self.tapped}", where)
        await asyncio.sleep(for_s)
        if out:
            await self._upset("back", f"{self.id}-back-{self.tapped}", where)
            self.town.set_down(self)
        self.broken = False
        self.looked_s = -LOOK_S

    async def stand(self, for_s: float) -> None:
        """Stand in a queue of cars, and say nothing."""
        self.town.note("stands", self.id)
        self.stuck += 1
        await asyncio.sleep(for_s)
        self.stuck -= 1

    async def _upset(self, kind: Any, key: str, where: tuple[float, float]) -> bool:  # noqa: ANN401
        upset = Upset(kind, vehicles=(self.id,), where=where)

        def tell(server: Any) -> Any:  # noqa: ANN401
            return server.disruption.report(upset, key=key, actor="op-1")

        answer = await self.town.surely("op-1", tell, self.rng)
        self.town.note(kind, self.id, type(answer).__name__)
        return isinstance(answer, Outcome)

    def reboot(self) -> None:
        """Start the device anew: it counts from 0 again, and still has what it kept."""
        self.boots += 1
        self.boot, self.seq = f"{self.id}-{self.boots}", 0
        self.town.note("rebooted", self.id)

    # The device

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORTS_S)
            self._fix()
            batch = self.fixes[-BATCH:]
            if self.online:
                self.town.begin(self._send(batch))

    def _fix(self) -> None:
        lon = LON + self.x * STEP + self.rng.uniform(-1e-4, 1e-4)
        self.fixes.append(Ping(self.id, self.boot, self.seq, self.device_now(), LAT, lon))
        self.seq += 1

    async def _send(self, batch: list[Ping]) -> None:
        allowed = frozenset((self.id,))

        async def take(server: Any) -> Any:  # noqa: ANN401
            return server.take_fixes(allowed, batch)

        try:
            verdicts = await self.town.net.ask(self.id, take)
        except LostError:
            return
        sent = {(ping.boot, ping.seq) for ping, verdict in zip(batch, verdicts, strict=True)
                if verdict in {"live", "history", "duplicate"}}  # fmt: skip
        self.fixes = [ping for ping in self.fixes if (ping.boot, ping.seq) not in sent]


def _is_done(stop: PlanStopView, id_: str, step: Step) -> bool:
    """Whether a step is what a stop was planned for."""
    kinds = {"aboard": {"pickup"}, "no_show": {"pickup", "dropoff"}, "dropped": {"dropoff"}}
    return stop.booking_id == id_ and stop.kind in kinds.get(step, set())
