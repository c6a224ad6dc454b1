"""Kill processes of a service whose parts run apart, while callers book and listeners listen.

Two processes of each part (`maas serve --role api|hub|dispatch`) share a PostgreSQL and a Redis.
Callers book by both APIs; somebody at each hub hears of every booking.  Killed one after the other:
the process that keeps the area, a hub, an API.  Nobody may miss anything, and what the database
holds in the end is compared with what callers were told.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from maas.parts import Part
from tests.chaos.faults import PATIENCE_S, Outcome, stream_of, today_of, until
from tests.chaos.kill import HANDED_ON_WITHIN_S, Load, Server, find_problems, handed_on, prepare
from tests.maas.tiny_town import AREA

APART = (Part.API, Part.HUB, Part.DISPATCH)
KEPT = f'maas_area_kept{{area="{AREA}"}} 1.0'
BOOKINGS = f"bookings:{AREA}"
VAN = "veh:van-1"
"""A topic that is told only where somebody listens."""


class Apart:
    """A service whose parts run apart, two processes of each."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.of: dict[Part, list[Server]] = {}
        for part in APART:
            self.of[part] = []
            for name in ("one", "other"):
                own = folder / f"{part}-{name}"
                own.mkdir()
                self.of[part].append(Server(env, own, part=part))

    @property
    def all(self) -> list[Server]:
        """Every process."""
        return [each for servers in self.of.values() for each in servers]

    async def keeps(self) -> Server | None:
        """Return the process that keeps the area, `None` while there is none."""
        for server in self.of[Part.DISPATCH]:
            lives = server.process is not None and server.process.poll() is None
            if lives and KEPT in await metrics(server):
                return server
        return None


async def metrics(server: Server) -> list[str]:
    """Return what a process counts, line by line."""
    async with httpx.AsyncClient(timeout=10) as client:
        return (await client.get(f"{server.address}/metrics")).text.splitlines()


@dataclass(slots=True)
class Listener:
    """Somebody at the desk who hears of bookings and vehicles; a hub that dies is left for another.

    `gaps` counts frames that did not follow the one before and did not say so, `begun` those that
    said that they begin anew, as a hub does when Redis was too slow for it.
    """

    hubs: list[Server]
    cookie: str
    booked: set[str] = field(default_factory=set)
    vehicles: int = 0
    van: int = 0
    gaps: int = 0
    begun: int = 0
    moved: int = 0
    _at: dict[str, tuple[str, int]] = field(default_factory=dict)

    async def listen(self) -> None:
        """Listen until cancelled."""
        while True:
            address = self.hubs[0].address.replace("http", "ws")
            headers = {"Cookie": self.cookie}
            try:
                async with connect(
                    f"{address}/ws/live", additional_headers=headers, proxy=None
                ) as socket:
                    asked: dict[str, Any] = {"sub": [BOOKINGS, "vehicles", VAN]}
                    await socket.send(json.dumps(asked | {"since": self._at}))
                    async for frame in socket:
                        self._take(json.loads(frame))
            except (ConnectionClosed, InvalidHandshake, OSError):
                self.hubs.reverse()
                self.moved += 1
                await asyncio.sleep(0.05)

    def _take(self, frame: dict[str, Any]) -> None:
        topic, now = frame["t"], (frame["e"], frame["s"])
        before = self._at.get(topic)
        if frame["k"] == "snap":
            self.begun += before is not None and not frame.get("recovered", True)
            self.gaps += before is not None and frame.get("recovered", True)
        elif before is None or now not in {before, (before[0], before[1] + 1)}:
            self.gaps += 1
        self._at[topic] = now
        ids = {each["id"] for each in frame["u"]}
        if topic == BOOKINGS:
            self.booked |= ids
        elif topic == VAN:
            self.van += len(ids)
        else:
            self.vehicles += len(ids)


async def run(folder: Path, url: str, redis: str) -> Outcome:
    """Start the parts, kill one of each, and return what came of it."""
    env = await prepare(folder, url) | {"MAAS_REDIS_URL": redis}
    apart, outcome = Apart(env, folder), Outcome()
    try:
        for servers in apart.of.values():  # not all at once, for machines busy with others
            for server in servers:
                server.start()
            for server in servers:
                await server.ready()
        outcome.problems += await _answered_elsewhere(apart)
        loads = await _callers(apart, env)
        listeners = [Listener(hubs, _cookie(loads[0])) for hubs in _both_ways(apart.of[Part.HUB])]
        tasks = [asyncio.create_task(each.listen()) for each in listeners]
        booking = [
            asyncio.create_task(load.book(2 * number + each, 1))
            for number, load in enumerate(loads)
            for each in range(2)
        ]
        van = await stream_of(apart.of[Part.API][0], url)
        tasks.append(asyncio.create_task(van.report()))
        try:
            await _killed(apart, loads, listeners, outcome)
            for load in loads:
                load.stopping = True
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*booking)
            if not await handed_on(url, HANDED_ON_WITHIN_S * 4):
                outcome.problems.append("events never handed on")
            await _all_heard(loads, listeners)
        finally:
            for task in tasks + booking:
                task.cancel()
    finally:
        for server in apart.all:
            server.kill()
    for load in loads[1:]:
        loads[0].acknowledged |= load.acknowledged
        loads[0].problems += load.problems
    outcome.acknowledged = len(loads[0].acknowledged)
    outcome.figures |= {
        "gaps": sum(each.gaps for each in listeners),
        "begun_anew": sum(each.begun for each in listeners),
        "hubs_left": sum(each.moved for each in listeners),
        "vehicles_heard_least": min(min(each.vehicles, each.van) for each in listeners),
    }
    outcome.problems += loads[0].problems + await find_problems(folder, url, loads[0])
    return outcome


async def _answered_elsewhere(apart: Apart) -> list[str]:
    """Return which process answers what another part does, by a call or a socket."""
    wrong = []
    paths = {"/api/v1/places": Part.API, "/": Part.API, "/api/v1/live/poll?topic=alerts": Part.HUB}
    async with httpx.AsyncClient(timeout=10) as client:
        for part, servers in apart.of.items():
            for path, whose in paths.items():
                answer = await client.get(servers[0].address + path)
                if (answer.status_code == httpx.codes.MISDIRECTED_REQUEST) != (part is not whose):
                    wrong.append(f"{part} answers {path}: {answer.status_code}")
    try:
        async with connect(f"ws{apart.of[Part.API][0].address[4:]}/ws/live", proxy=None):
            wrong.append("the API takes listeners")
    except InvalidStatus as refused:
        if refused.response.status_code != httpx.codes.MISDIRECTED_REQUEST:
            wrong.append(f"the API refuses listeners by {refused.response.status_code}")
    return wrong


async def _callers(apart: Apart, env: dict[str, str]) -> list[Load]:
    """Return callers of each API, all signed in at the first."""
    loads = [Load(server, today_of(env)) for server in apart.of[Part.API]]
    await loads[0].sign_in()
    for load in loads[1:]:
        load.cookies = loads[0].cookies
    return loads


def _cookie(load: Load) -> str:
    return "; ".join(f"{name}={value}" for name, value in load.cookies.items())


def _both_ways(servers: list[Server]) -> list[list[Server]]:
    return [list(servers), servers[::-1]]


async def _killed(
    apart: Apart, loads: list[Load], listeners: list[Listener], outcome: Outcome
) -> None:
    """Kill the process that keeps the area, then a hub, then an API."""
    await _more(loads, listeners)
    keeper = await apart.keeps()
    assert keeper is not None, "nobody keeps the area"
    keeper.kill()
    outcome.figures["kept_again_after_s"] = await until(apart.keeps, "nobody takes over")
    await _more(loads, listeners)
    hub = apart.of[Part.HUB][0]
    hub.kill()
    at = time.monotonic()
    await _more(loads, listeners)
    outcome.figures["heard_without_the_hub_after_s"] = time.monotonic() - at
    left, gone = apart.of[Part.API]
    gone.kill()
    loads[1].server = left
    await _more(loads, listeners)


async def _more(loads: list[Load], listeners: list[Listener]) -> None:
    """Wait until callers of each API have booked again and every listener has heard of it."""
    goals = [(load, len(load.acknowledged) + 3) for load in loads]
    heard = [(each, len(each.booked) + 3, each.vehicles + 3, each.van + 3) for each in listeners]

    async def come() -> bool:
        return all(len(load.acknowledged) >= goal for load, goal in goals) and all(
            len(each.booked) >= booked and each.vehicles >= vehicles and each.van >= van
            for each, booked, vehicles, van in heard
        )

    await until(come, "nobody books or hears any more")


async def _all_heard(loads: list[Load], listeners: list[Listener]) -> None:
    told = {json.loads(body)["id"] for load in loads for body in load.acknowledged.values()}

    async def come() -> bool:
        return all(told <= each.booked for each in listeners)

    await until(come, "a listener has not heard of every booking")
