"""One simulated service day: who is in it, how it goes, and what came of it."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import random
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from maas.clock import Clock
from maas.notify.occasions import Channel
from maas.rides.views import Event
from tests.maas.line_town import DAY0
from tests.sim import sql
from tests.sim.far import Gateway
from tests.sim.invariants import Checker
from tests.sim.loop import NOBODY, START, DeadlockError, SimLoop, virtual_world
from tests.sim.nemesis import Nemesis
from tests.sim.net import LostError, Net
from tests.sim.people import Operator
from tests.sim.road import Vehicle
from tests.sim.screens import Screen
from tests.sim.server import Ends, Server
from tests.sim.solver import Solver
from tests.sim.town import SPEED, VANS

T = TypeVar("T")

FIRST_S = 8 * 3600 + 50 * 60
"""The service second at which a day begins."""
OPEN_S = 18.0
"""So long, in seconds of the machines, people come up with something new."""
HOME_S = 150.0
"""By then everybody must have been brought where they wanted to go."""
SETTLED_S = 6.0
"""So long after trouble the watch over late vehicles has come round again."""
QUIET_S = 5.0
"""Ten minutes of the service in which nobody does anything."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a day: what was wrong with it, a hash of all that happened, some counts."""

    seed: int
    wrong: tuple[str, ...]
    hash: str
    counts: dict[str, int]


@dataclass(eq=False)
class Town:
    """Everybody and everything of one day, and what they know of each other."""

    seed: int
    loop: SimLoop
    disk: sql.Disk
    rng: random.Random = field(init=False)
    clock: Clock = field(default_factory=lambda: Clock(DAY0 + FIRST_S, START, SPEED))
    counts: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    """Questions that somebody has not got an answer to yet."""
    is_open: bool = True

    def __post_init__(self) -> None:
        self.rng = random.Random(f"town:{self.seed}")  # noqa: S311
        self.digest = hashlib.blake2b(digest_size=16)
        self.checker = Checker(self.disk.file, self.now)
        self.net = Net(self.loop, random.Random(f"net:{self.seed}"))  # noqa: S311
        self.gateway = Gateway(self)
        self.nemesis = Nemesis(self)
        ends = Ends(
            senders={each: self.gateway.sender(each) for each in (Channel.SMS, Channel.EMAIL)},
            reach=self.nemesis.reach,
            delivered=self._delivered,
            wrong=self.wrong,
            judged=self.checker.judged,
        )
        instances = self.rng.choice([1, 2])
        self.servers = [
            Server(
                name,
                self.loop,
                self.disk,
                self.clock,
                ends,
                Solver(random.Random(f"solver {name}:{self.seed}")),  # noqa: S311
            )
            for name in ("a", "b")[:instances]
        ]
        self.net.servers = self.servers
        self.operators = [Operator(self, f"op-{n}") for n in range(2)]
        self.vehicles = [Vehicle(self, van) for van in VANS]
        self.brought: set[str] = set()
        self.beside: dict[str, float] = {}
        """Who waits where a van had broken down that goes again, to be fetched by another."""
        self.absent = random.Random(f"absent:{self.seed}")  # noqa: S311
        self._comes: dict[str, bool] = {}
        self.checker.where = self._where
        self.screens = [
            Screen(self, "monitor", ("plan:line", "bookings:line", "calls", "vehicles")),
            Screen(self, "sign", ("vehicles",)),
        ]
        self.disk.point = self.nemesis.point
        self.disk.committed = self._committed
        self._tasks: list[asyncio.Task[Any]] = []

    # What time it is

    def now(self) -> float:
        """Return the true service time, in epoch seconds."""
        return DAY0 + FIRST_S + self.loop.time() * SPEED

    @property
    def now_s(self) -> int:
        """The same in seconds of the service day."""
        return int(self.now() - DAY0)

    # Who is where

    def _where(self, vehicle_id: str) -> float | None:
        found = next(each for each in self.vehicles if each.id == vehicle_id)
        return None if found.broken else found.x

    def fetched_by(self, vehicle: Vehicle, booking_id: str) -> bool:
        """Whether a rider stands where a vehicle is, ready to get in, or sits in a broken one."""
        if booking_id not in self._comes:
            self._comes[booking_id] = self.absent.random() < 0.95
        if booking_id in self.brought or not self._comes[booking_id]:
            return False
        if booking_id in self.beside:
            return abs(self.beside[booking_id] - vehicle.x) < 0.5
        carrier = next((each for each in self.vehicles if booking_id in each.seated), None)
        if carrier is None or carrier is vehicle:
            return True
        return carrier.broken and abs(carrier.x - vehicle.x) < 0.5

    def boards(self, vehicle: Vehicle, booking_id: str) -> None:
        """Let a rider get in, out of whatever they sat in."""
        for each in self.vehicles:
            each.seated.discard(booking_id)
        self.beside.pop(booking_id, None)
        vehicle.seated.add(booking_id)

    def set_down(self, vehicle: Vehicle) -> None:
        """Let those out of a van that goes again who were told that another fetches them there."""
        theirs = {tap.booking_id for tap in vehicle.taps}
        for id_ in sorted(vehicle.seated - theirs):
            if self.checker.state(id_) in {"booked", "arrived"}:
                vehicle.seated.discard(id_)
                self.beside[id_] = vehicle.x

    # What happens

    def note(self, what: str, *about: object) -> None:
        """Keep what happened, for the hash of the day."""
        self.counts[what] += 1
        self.digest.update(f"{self.loop.time():.6f} {what} {about}\n".encode())

    def wrong(self, what: str) -> None:
        """Keep what must not have happened."""
        if what not in self.checker.wrong:
            self.checker.wrong.append(what)

    def _committed(self, tables: set[str]) -> None:
        self.note("commit", sorted(tables))
        self.checker.look(tables)

    def _delivered(self, event: Event) -> None:
        self.note("event", event.id, event.kind)
        self.checker.delivered(event)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let somebody outside the servers do something beside the others."""
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(self.loop.start(NOBODY, work))

    async def surely(
        self, client: str, what: Callable[[Server], Awaitable[T]], rng: random.Random
    ) -> T:
        """Ask again and again until there is an answer, as every client of ours does."""
        self.waiting[client] += 1
        tries = 0
        while True:
            try:
                answer = await self.net.ask(client, what)
            except LostError:
                tries += 1
                self.counts["asked again"] += 1
                await asyncio.sleep(rng.random() * min(4.0, 0.5 * 2**tries))
            else:
                self.waiting[client] -= 1
                return answer

    # The day

    async def live(self) -> None:
        """Let the day go by."""
        for server in self.servers:
            server.start()
        for operator in self.operators:
            self.begin(operator.work())
        for vehicle in self.vehicles:
            vehicle.begin()
        for screen in self.screens:
            screen.connect()
        self.begin(self.nemesis.work())
        self.begin(self._watch())
        await asyncio.sleep(OPEN_S)
        self.is_open = False
        while self.loop.time() < HOME_S and not self._is_home():  # noqa: ASYNC110 -- rows on a disk
            await asyncio.sleep(1.0)
        await asyncio.sleep(QUIET_S)
        for screen in self.screens:
            await screen.settle()
        self._judge()

    def _is_home(self) -> bool:
        is_over = self.nemesis.is_over and all(each.is_over for each in self.operators)
        return is_over and not self.checker.open_rides() and not +self.waiting

    async def _watch(self) -> None:
        """Look every moment at what time alone can make wrong."""
        while True:
            await asyncio.sleep(1.0)
            if self.nemesis.calm_s > SETTLED_S:
                self.checker.silence()

    def _judge(self) -> None:
        """Look at what must hold when all is quiet."""
        for who, count in (+self.waiting).items():
            self.wrong(f"liveness: {who} still waits for {count} answers")
        for vehicle in self.vehicles:
            for wrong in vehicle.left():
                self.wrong(wrong)
        for id_ in sorted(self.beside):
            self.wrong(f"I5: {id_[:6]} waits where a van had broken down and is never brought")
        self.checker.at_rest()
        self.gateway.at_rest()

    def outcome(self) -> Outcome:
        """Return what came of it."""
        self.digest.update(self.checker.content())
        self.counts["steps"], self.counts["seconds"] = self.loop.steps, int(self.loop.time())
        wrong = tuple(self.checker.wrong)
        return Outcome(self.seed, wrong, self.digest.hexdigest(), dict(self.counts))


def run(seed: int, template: Path, folder: Path) -> Outcome:
    """Live through the day of a seed, on a copy of the town."""
    file = folder / f"{seed}.db"
    _clear(folder, seed)
    shutil.copy(template, file)
    loop = SimLoop(seed)
    disk = sql.Disk(loop, file)
    asyncio.set_event_loop(loop)
    sql.enter(disk)
    gc.disable()  # a day makes little garbage, and looking for it takes a fifth of the time
    try:
        with virtual_world(loop, seed):
            town = Town(seed, loop, disk)
            try:
                loop.run_until_complete(town.live())
            except DeadlockError:
                town.wrong("liveness: nothing is left to run")
            outcome = town.outcome()
            _bury(loop, disk, town)
        return outcome
    finally:
        sql.enter(None)
        asyncio.set_event_loop(None)
        loop.close()
        gc.enable()
        _clear(folder, seed)


def _clear(folder: Path, seed: int) -> None:
    for path in folder.glob(f"{seed}.db*"):
        path.unlink()


def _bury(loop: SimLoop, disk: sql.Disk, town: Town) -> None:
    """End all that is left, dead or alive, so that nothing of it outlives the day."""
    for server in town.servers:
        server.kill()
    loop.bury()
    town.checker.close()
    disk.open.clear()
