"""One server process: the real parts, wired as `maas.running` wires them, on the world's disk.

It starts, dies at any moment, freezes and wakes; what it tells the far sides goes to the world.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from busloc import Hub, Ping
from busloc.io.history import History
from busloc.io.stream import running as ticking
from dispatcher.roads import Roads
from maas import running
from maas.api.live import Publisher
from maas.api.service import Service
from maas.arrivals import Arrivals
from maas.buses import Buses
from maas.clock import Clock, SteadyWall
from maas.directory import read_directory
from maas.notify.channels import Sender
from maas.notify.occasions import Channel
from maas.notify.post import Post
from maas.posting import Reminders
from maas.rides.closures import Closures
from maas.rides.disruption import Disruption
from maas.rides.keeper import Keeper
from maas.rides.trips import Trips
from maas.rides.views import Event
from maas.settings import Settings
from maas.store import towns
from tests.maas.line_town import LineRoads
from tests.sim.loop import Host, SimLoop
from tests.sim.solver import Solver
from tests.sim.sql import Disk, database_for
from tests.sim.town import REGION

AREA = "line"
SETTINGS = Settings(secret=None)
BUSY = (OperationalError, PoolTimeoutError)
"""What a database that somebody holds for too long makes of a call: the client tries again."""

Reach = Callable[[Host, str], Awaitable[None]]


@dataclass(eq=False)
class Ends:
    """The far sides of a server, and the points at which it may die."""

    senders: Mapping[Channel, Sender]
    reach: Reach
    delivered: Callable[[Event], None]
    wrong: Callable[[str], None]
    judged: Callable[[Host, Sequence[Ping], Sequence[str]], None]
    lost_races: int = 0


@dataclass(eq=False)
class Server:
    """One of the processes behind the service's address, started again when it has died."""

    name: str
    loop: SimLoop
    disk: Disk
    clock: Clock
    ends: Ends
    solver: Solver
    host: Host = field(init=False)
    service: Service = field(init=False)
    is_up: bool = False
    starts: int = 0
    leave: list[Callable[[], None]] = field(default_factory=list)
    """What tells listeners that their connection broke."""

    def start(self) -> None:
        """Begin another process."""
        self.starts += 1
        self.host = Host(f"{self.name}.{self.starts}")
        self.loop.start(self.host, self._run(self.host))

    def kill(self) -> None:
        """End the process between two of its steps."""
        self.host.alive = False
        self.is_up = False
        self.disk.close_of(self.host)
        listeners, self.leave = self.leave, []
        for hang_up in listeners:
            hang_up()

    async def reach(self, where: str) -> None:
        """Come to a point where the process may die."""
        await self.ends.reach(self.host, where)

    def failed(self, error: Exception) -> None:
        """Note what was raised while a call was answered."""
        if isinstance(error, TimeoutError):
            self.ends.lost_races += 1
        elif not isinstance(error, BUSY):
            self.ends.wrong(f"5xx: {type(error).__name__}: {error}")

    @property
    def keeper(self) -> Keeper:
        """The keeper of the town's only area."""
        return self.service.keepers[AREA]

    @property
    def trips(self) -> Trips:
        """What drivers report to."""
        return Trips(self.keeper)

    @property
    def disruption(self) -> Disruption:
        """What goes wrong is told to."""
        return Disruption(self.keeper, self.service.closures)

    def take_fixes(self, allowed: frozenset[str], items: Sequence[Ping]) -> list[str]:
        """Take in what a device sends; returns what became of each fix."""
        verdicts = [verdict.value for verdict in self.service.accept(allowed, items)]
        self.ends.judged(self.host, items, verdicts)
        return verdicts

    async def _run(self, host: Host) -> None:
        try:
            await self._open(host)
        except BUSY as error:  # a supervisor starts it again
            logging.getLogger(__name__).warning("%s did not start: %s", self.name, error)
            self.kill()
            self.loop.call_later(1.0, self.start)

    async def _open(self, host: Host) -> None:
        self.clock = replace(self.clock, wall=SteadyWall())  # as it is when the process begins
        database = database_for(self.name)
        history = History(running._writer(database))
        hub = Hub(now=self.clock, monotonic=self.loop.time)
        directory = await read_directory(database)
        async with database.reading() as db:
            town = await towns.the_town(db)
        buses = Buses(
            hub,
            {},
            region=REGION,
            zone=ZoneInfo("Asia/Tokyo"),
            directory=directory,
            record=history.add,
        )
        roads = cast("dict[str, Roads]", {"car": LineRoads()})
        service = Service(
            settings=SETTINGS,
            clock=self.clock,
            database=database,
            registry=CollectorRegistry(),
            hub=hub,
            buses=buses,
            region=REGION,
            timezone="Asia/Tokyo",
            closures=Closures(database, roads, self.clock),
            history=history,
            town=town,
            directory=directory,
            roads=roads,
            arrivals=Arrivals(),
        )
        service.post = Post(database, self.ends.senders, self.clock)
        self.loop.start(host, _ticking(hub))
        await self._keep(service)
        self.service = service
        await Publisher(service).all()
        self._go_on(service, history, host)
        self.is_up = True

    async def _keep(self, service: Service) -> None:
        tell = Publisher(service)
        in_memory: list[Event] = []

        async def deliver(event: Event) -> None:
            await self.reach("before_deliver")
            await tell(event)
            in_memory.append(event)
            await self.reach("after_deliver")

        async def told() -> None:
            sent = len(in_memory)
            await tell.told()
            for event in in_memory[:sent]:
                self.ends.delivered(event)
            del in_memory[:sent]
            await self.reach("before_forget")

        keeper = Keeper(
            service.database,
            area=AREA,
            roads=service.roads,
            network="line-roads",
            clock=self.clock,
            signing_key=b"simulated",
            deliver=deliver,
            told=told,
            improve_s=1.0,
        )
        self.solver.put_into(keeper)
        service.keepers = {AREA: keeper}
        await service.refresh_rules()
        await service.closures.follow()
        await keeper.start()

    def _go_on(self, service: Service, history: History, host: Host) -> None:
        remind = Reminders(
            service.database, service.clock, service.timezone, lambda: service.keepers
        )
        assert service.post is not None
        work: list[tuple[float, Callable[[], Awaitable[object]]]] = [
            (running.TICK_S, lambda: running._tick(service)),
            (2 * running.PLAN_S, Publisher(service).refresh),
            (3 * running.ROSTER_S, service.refresh_people),
            (running.LIFE_S, running._living(service)),
            (running.REMIND_S, remind),
            (3 * running.POST_S, service.post.all),
        ]
        for period_s, each in work:
            self.loop.start(host, cast("Any", running._every(period_s, each)))
        self.loop.start(host, history.run())


async def _ticking(hub: Hub) -> None:
    async with ticking(hub):
        await asyncio.get_running_loop().create_future()
