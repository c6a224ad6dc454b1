"""What goes wrong on a day, drawn from its seed: who dies where, what is cut, whose clock jumps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tests.sim.loop import NOBODY, Host
from tests.sim.net import OUTSIDE

if TYPE_CHECKING:
    from tests.sim.day import Town
    from tests.sim.server import Server

POINTS = (
    "before_commit", "after_commit", "before_deliver", "after_deliver", "before_forget",
    "before_send", "after_send", "before_reply",
)  # fmt: skip


class Nemesis:
    """Brings about the faults of one day, and knows since when all has been well."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.rng = random.Random(f"nemesis:{town.seed}")  # noqa: S311
        self.gap_s = self.rng.choice([1.5, 3.0, 6.0])
        self.armed: dict[str, tuple[str, int]] = {}
        self.is_over = False
        self._troubles = 0
        self._calm_since_s = 0.0

    @property
    def calm_s(self) -> float:
        """Return for how long every server has been up, awake and on time."""
        if self._troubles or not all(server.is_up for server in self.town.servers):
            self._calm_since_s = self.town.loop.time()
        return self.town.loop.time() - self._calm_since_s

    # The points at which a server may die

    def point(self, host: Host, where: str) -> None:
        """Kill the server whose host comes to the point it was to die at."""
        server = self._server(host)
        at, left = self.armed.get(server.name, ("", 0)) if server else ("", 0)
        if server is None or at != where:
            return
        if left > 1:
            self.armed[server.name] = at, left - 1
            return
        del self.armed[server.name]
        self._kill(server, where)

    async def reach(self, host: Host, where: str) -> None:
        """Come to a point; when the host dies there, nothing after it is run."""
        self.point(host, where)
        if not host.alive:
            await self.town.loop.create_future()

    def _server(self, host: Host) -> Server | None:
        found = [server for server in self.town.servers if server.starts and server.host is host]
        return found[0] if found and host.alive else None

    def _kill(self, server: Server, where: str) -> None:
        self.town.note("killed", server.name, where)
        server.kill()
        self._calm_since_s = self.town.loop.time()
        again_s = 0.5 + 4.0 * self.rng.random()
        self.town.loop.call_later(again_s, server.start, context=OUTSIDE)

    # The day

    async def work(self) -> None:
        """Let things go wrong while the day is open, then let all be well."""
        await asyncio.sleep(2.0)
        while self.town.is_open:
            await asyncio.sleep(self.rng.expovariate(1 / self.gap_s))
            self._troubles += 1  # from now on, not from when it gets its turn
            self.town.loop.start(NOBODY, self._one(self.rng.choice(self._acts())))
        while self._troubles:  # noqa: ASYNC110 -- simplest
            await asyncio.sleep(0.5)
        self.armed.clear()
        self.is_over = True

    async def _one(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        finally:
            self._troubles -= 1
            self._calm_since_s = self.town.loop.time()

    def _acts(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self._dies, self._dies_at, self._dies_at, self._dies_at, self._freezes,
            self._cut_vehicle, self._cut_vehicle, self._cut_screen, self._cut_server,
            self._clock, self._storm, self._bad_network, self._reboot, self._breakdown,
            self._jam, self._jam,
        ]  # fmt: skip

    def _some_server(self) -> Server:
        return self.rng.choice(self.town.servers)

    async def _dies(self) -> None:
        server = self._some_server()
        if server.is_up:
            self._kill(server, "anywhere")

    async def _dies_at(self) -> None:
        self.armed[self._some_server().name] = self.rng.choice(POINTS), self.rng.randrange(1, 6)

    async def _freezes(self) -> None:
        server = self._some_server()
        host = server.host
        if not server.is_up or host.frozen:
            return
        self.town.note("frozen", server.name)
        host.frozen = True
        await asyncio.sleep(self.rng.uniform(1.0, 8.0))
        self.town.loop.thaw(host)

    async def _cut(self, name: str, for_s: float) -> None:
        if name in self.town.net.cut:
            return
        self.town.note("cut", name)
        self.town.net.cut.add(name)
        await asyncio.sleep(for_s)
        self.town.net.cut.discard(name)

    async def _cut_vehicle(self) -> None:
        await self._cut(self.rng.choice(self.town.vehicles).id, self.rng.uniform(1.0, 10.0))

    async def _cut_screen(self) -> None:
        await self._cut(self.rng.choice(self.town.screens).name, self.rng.uniform(1.0, 40.0))

    async def _cut_server(self) -> None:
        await self._cut(self._some_server().name, self.rng.uniform(1.0, 5.0))

    async def _clock(self) -> None:
        host = self._some_server().host
        jump_s = self.rng.choice([-60.0, -5.0, -1.0, 1.0, 5.0, 60.0])
        self.town.note("clock", host.name, jump_s)
        host.wrong_s += jump_s
        await asyncio.sleep(self.rng.uniform(1.0, 6.0))
        host.wrong_s -= jump_s

    async def _storm(self) -> None:
        """Everybody calls for the same half hour at once, and all screens come back at once."""
        self.town.note("storm")
        for operator in self.town.operators:
            for _ in range(2):
                self.town.begin(operator.book())
        for screen in self.town.screens:
            if screen.line is not None:
                screen.line.hang_up()

    async def _bad_network(self) -> None:
        net = self.town.net
        net.loses, net.doubles, net.slow_s = 0.15, 0.15, 1.0
        await asyncio.sleep(self.rng.uniform(2.0, 10.0))
        net.loses, net.doubles, net.slow_s = 0.0, 0.02, 0.15

    async def _reboot(self) -> None:
        self.rng.choice(self.town.vehicles).reboot()

    async def _jam(self) -> None:
        """Stop a van for half an hour, so that it is late and nobody has said so."""
        await self.rng.choice(self.town.vehicles).stand(self.rng.uniform(6.0, 15.0))

    async def _breakdown(self) -> None:
        await self.rng.choice(self.town.vehicles).break_down(self.rng.uniform(3.0, 10.0))
